"""The report as a book: its chapters laid out for the template, in the same order for every leader."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assess.publication.symbols import scaled_band, symbol_of_mean
from assess.scorecards.types import CompetencyRow, ItemRow, Scorecard
from instruments.questionnaires import Competency, Item
from reports import charts
from reports.documents import captions, sentences, words
from reports.documents.comparisons import Matrix, Verdict, matrix, smallest_gap, verdicts
from reports.documents.findings import Finding, far_up, standing_out, strengths
from reports.documents.questions import OPEN_QUESTIONS, questions
from reports.documents.readings import Evidence, Reading
from reports.documents.remarks import Answers, remarks
from reports.documents.words import Voice

ROOT = Path(__file__).parents[2]
FEW_LEAVES = 3
MANY_LEAVES = 6  # so many stand tight in the overview; more stand close in item tables, too


@dataclass(frozen=True)
class Row:
    """One leaf's line in a chart."""

    voice: Voice
    chart: Markup
    score: str
    note: str


@dataclass(frozen=True)
class ItemLine:
    """One item's line in a table."""

    item: Item
    strip: Markup | None
    cells: tuple[ItemRow, ...]


@dataclass(frozen=True)
class Chapter:
    """What is said of one competency."""

    competency: Competency
    sentence: str
    agreement: str
    rows: tuple[Row, ...]
    items: tuple[ItemLine, ...]

    @cached_property
    def symbols(self) -> frozenset[str | None]:
        return frozenset(cell.symbol for line in self.items for cell in line.cells)

    @property
    def bands(self) -> list[str]:
        """Return the bands that stand in the table, the highest first."""
        return sorted(filter(words.is_band, self.symbols), reverse=True)

    @property
    def has_dashes(self) -> bool:
        return None in self.symbols


@dataclass(frozen=True)
class Book:
    """Everything the template prints."""

    card: Scorecard

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.card)

    @cached_property
    def voices(self) -> tuple[Voice, ...]:
        return tuple(self.reading.voices.values())

    @property
    def axis(self) -> charts.Axis:
        return charts.Axis(self.card.instrument.scale.low, self.card.instrument.scale.high)

    @property
    def has_others(self) -> bool:
        return any(who.leaf != "self" for who in self.voices)

    @property
    def compares_named(self) -> bool:
        """Whether somebody shown by name is compared with the leader."""
        return any(row.flag and row.leaf in self.reading.named for row in self.card.awareness)

    @property
    def is_stacked(self) -> bool:
        """Whether so few answered that a competency's name has no room beside its rows."""
        return len(self.voices) < FEW_LEAVES

    @property
    def is_close(self) -> bool:
        return len(self.voices) > MANY_LEAVES

    @property
    def is_tight(self) -> bool:
        return len(self.voices) >= MANY_LEAVES

    @cached_property
    def strengths(self) -> list[Finding]:
        return strengths(self.reading)

    @property
    def nothing_stands_out(self) -> bool:
        """Whether the strengths are none, or only what the leader takes for granted."""
        return not standing_out(self.reading)

    @cached_property
    def questions(self) -> list[Finding]:
        return questions(self.reading)

    @property
    def sure_questions(self) -> list[Finding]:
        return [found for found in self.questions if found.is_sure]

    @property
    def leanings(self) -> list[Finding]:
        """What shows in the figures without being sure."""
        return [found for found in self.questions if not found.is_sure]

    @property
    def less_sure(self) -> str:
        return sentences.less_sure(is_all=not self.sure_questions)

    @property
    def put_together(self) -> list[str]:
        """What was put together or left out, in sentences."""
        return [*sentences.pooling(self.card), *sentences.left_out(self.card)]

    @property
    def open_questions(self) -> tuple[str, ...]:
        """What to ask where the figures ask too little."""
        return OPEN_QUESTIONS[: len(OPEN_QUESTIONS) - len(self.questions)]

    @cached_property
    def chapters(self) -> list[Chapter]:
        return [self._chapter(competency) for competency in self.card.instrument.competencies]

    @cached_property
    def overview(self) -> list[tuple[Competency, tuple[Row, ...]]]:
        frame = charts.TIGHT if self.is_tight else charts.SMALL
        return [
            (competency, self._rows(competency, frame))
            for competency in self.card.instrument.competencies
        ]

    @property
    def has_gaps(self) -> bool:
        """Whether a score is missing somewhere."""
        return any(row.score is None for row in self.card.competencies)

    @property
    def verdicts(self) -> list[Verdict]:
        return list(verdicts(self.reading))

    @property
    def matrix(self) -> Matrix | None:
        return matrix(self.reading)

    @property
    def remarks(self) -> Iterator[Answers]:
        return remarks(self.reading)

    @property
    def ticks(self) -> dict[str, float]:
        """Where the scale's numbers stand over a chart, in millimetres."""
        first, step = charts.tick_offsets(self.axis)
        return {"first": first / 10 - step / 20, "step": step / 10}

    @property
    def far_up(self) -> str:
        return words.points(far_up(self.card.instrument.scale))

    @property
    def smallest_gap(self) -> str:
        return smallest_gap(self.card.instrument.scale)

    @cached_property
    def bands(self) -> list[str]:
        """The bands of this report as they are printed; where there is none, those there might have been."""
        printed = {symbol for chapter in self.chapters for symbol in chapter.bands}
        return sorted(printed, reverse=True) or self._possible_bands()

    def _possible_bands(self) -> list[str]:
        protection, scale = self.card.protection, self.card.instrument.scale
        ends = {"low": scale.low, "high": scale.high}
        band = scaled_band(protection, protection.minimum, **ends)
        if band is None:
            return []
        means = (Fraction(scale.high), Fraction(scale.low))
        return [str(symbol_of_mean(mean, band, **ends)) for mean in means]

    def evidence(self, finding: Finding) -> list[tuple[Row, Evidence]]:
        """Return what a finding rests on, drawn."""
        rows = {row.voice.leaf: row for row in self._rows(finding.competency, charts.ROW)}
        return [(rows[fact.voice.leaf], fact) for fact in finding.evidence]

    def _chapter(self, competency: Competency) -> Chapter:
        return Chapter(
            competency,
            captions.what_to_see(self.reading, competency.key),
            captions.agreement(self.reading, competency.key),
            self._rows(competency, charts.ROW),
            tuple(self._item_line(item) for item in competency.items),
        )

    def _rows(self, competency: Competency, frame: charts.Frame) -> tuple[Row, ...]:
        found = [self.reading.rows.get((competency.key, who.leaf)) for who in self.voices]
        pairs = zip(self.voices, found, strict=True)
        return tuple(self._row(who, row, frame) for who, row in pairs if row)

    def _row(self, who: Voice, row: CompetencyRow, frame: charts.Frame) -> Row:
        """Draw a row; what its words do not print beside it, the chart says."""
        absence = sentences.absence(row, is_named=who.leaf in self.reading.named)
        note = words.between(row.low, row.high) or ("" if row.score is not None else absence)
        said = "" if frame == charts.ROW else note
        figure = charts.Figure(row.leaf, said, row.score, row.low, row.high)
        drawn = charts.interval(figure, self.axis, frame)
        return Row(who, drawn, "" if row.score is None else words.points(row.score), note)

    def _item_line(self, item: Item) -> ItemLine:
        cells = tuple(self._cells[item.key, who.leaf] for who in self.voices)
        return ItemLine(item, None if self.is_close else self._strip(cells), cells)

    def _strip(self, cells: tuple[ItemRow, ...]) -> Markup:
        return charts.strip([(cell.leaf, cell.symbol) for cell in cells], self.axis)

    @cached_property
    def _cells(self) -> dict[tuple[str, str], ItemRow]:
        return {(row.item, row.leaf): row for row in self.card.items}


def report_html(card: Scorecard) -> str:
    """Return a scorecard's report as one page of HTML, the same for the same card."""
    template = _ENVIRONMENT.get_template("reports/report.html")
    return template.render(book=Book(card), card=card, scale=card.instrument.scale)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(ROOT / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "words": words,
    "sentences": sentences,
    "mark": charts.mark,
    "absent": charts.absent,
}
