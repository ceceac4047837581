"""The report as a book: its chapters laid out for the template, in the same order for every leader."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assess.publication.symbols import scaled_band, symbol_of_mean
from assess.scorecards.types import AwarenessRow, Comment, CompetencyRow, ItemRow, Scorecard
from instruments.questionnaires import Competency, Item, Question
from reports import charts
from reports.documents import captions, sentences, words
from reports.documents.findings import (
    OPEN_QUESTIONS,
    Finding,
    questions,
    standing_out,
    strengths,
)
from reports.documents.readings import Evidence, Reading
from reports.documents.words import Voice

ROOT = Path(__file__).parents[2]
MANY_LEAVES = 6  # so many stand tight in the overview; more stand close in item tables, too
LONG_COMMENT = 1500  # characters; a longer one may run over a page
VERDICTS = (
    ("blind spot", "You see more of this than they do", "Worth asking about first."),
    ("hidden strength", "They see more of this than you do", "Easily taken for granted."),
    ("agree", "You see this alike", "Any difference is too small to matter."),
    ("cannot tell", "We cannot tell", "The ranges hold both a difference that matters and none."),
)


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


@dataclass(frozen=True)
class Remark:
    """A comment, and by whom where that is told."""

    text: str
    writer: str
    is_long: bool


@dataclass(frozen=True)
class GapLine:
    competency: str
    voice: Voice
    words: str
    span: str


@dataclass(frozen=True)
class Verdict:
    """Gaps between self and others which a test has told apart, or has not."""

    title: str
    note: str
    lines: tuple[GapLine, ...]


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
        named = {leaf.leaf for leaf in self.card.leaves if leaf.named}
        return any(row.flag and row.leaf in named for row in self.card.awareness)

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
    def verdicts(self) -> Iterator[Verdict]:
        for flag, title, note in VERDICTS:
            lines = tuple(self._gap_line(row) for row in self.card.awareness if row.flag == flag)
            if lines:
                yield Verdict(title, note, lines)

    @property
    def remarks(self) -> Iterator[tuple[Question, list[Remark]]]:
        for question in self.card.instrument.questions:
            of_question = [row for row in self.card.comments if row.question == question.key]
            yield question, [self._remark(row) for row in of_question]

    @property
    def ticks(self) -> dict[str, float]:
        """Where the scale's numbers stand over a chart, in millimetres."""
        first, step = charts.tick_offsets(self.axis)
        return {"first": first / 10 - step / 20, "step": step / 10}

    @property
    def bands(self) -> list[str]:
        """The bands of this report as they are printed; where there is none, those there might have been."""
        printed = {row.symbol for row in self.card.items if row.symbol and row.symbol[-1] in "+-"}
        return sorted(printed, reverse=True) or self._possible_bands()

    def _possible_bands(self) -> list[str]:
        protection, scale = self.card.protection, self.card.instrument.scale
        ends = {"low": scale.low, "high": scale.high}
        band = scaled_band(protection, protection.minimum, **ends)
        if band is None:
            return []
        means = (Fraction(scale.high), Fraction(scale.low))
        return [symbol_of_mean(mean, band, **ends) for mean in means]

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
        span = words.between(row.low, row.high)
        note = span or ("" if row.score is not None else sentences.absence(row))
        said = f"{words.points(row.score)}, {note}" if note else words.points(row.score)
        figure = charts.Figure(row.leaf, f"{who.label}: {said}", row.score, row.low, row.high)
        drawn = charts.interval(figure, self.axis, frame)
        return Row(who, drawn, words.points(row.score), note)

    def _item_line(self, item: Item) -> ItemLine:
        cells = tuple(self._cells[item.key, who.leaf] for who in self.voices)
        return ItemLine(item, None if self.is_close else self._strip(cells), cells)

    def _strip(self, cells: tuple[ItemRow, ...]) -> Markup:
        pairs = list(zip(self.voices, cells, strict=True))
        said = "; ".join(f"{who.label} {words.said_symbol(cell.symbol)}" for who, cell in pairs)
        drawn = [(cell.leaf, cell.symbol) for cell in cells]
        return charts.strip(drawn, self.axis, said)

    @cached_property
    def _cells(self) -> dict[tuple[str, str], ItemRow]:
        return {(row.item, row.leaf): row for row in self.card.items}

    def _gap_line(self, row: AwarenessRow) -> GapLine:
        who = self.reading.voices[row.leaf]
        title = self.reading.competencies[row.competency].title
        return GapLine(title, who, sentences.gap(row, who.subject), sentences.gap_range(row))

    def _remark(self, row: Comment) -> Remark:
        writer = self.reading.voices[row.leaf].label if row.leaf in self.reading.voices else ""
        return Remark(row.text, writer, len(row.text) > LONG_COMMENT)


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
_ENVIRONMENT.globals |= {"words": words, "sentences": sentences, "mark": charts.mark}
