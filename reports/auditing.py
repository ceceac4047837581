"""The auditor over real documents: from answers, by all that publishes, to the bytes that are published.

Figures of the round as a whole are held fast. They are made of ten leaders and eighty raters at least, to two
digits, and that is what protects them; no leader's report is where they could give somebody away.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import cycle

import numpy as np

from assess.closing.answers import Floats, OpenedSheet
from assess.closing.publishing import Rows, Rules
from assess.closing.tables import ANYBODY, Table, laid, sheet_of
from assess.models import (
    PublishedAgreement,
    PublishedComment,
    PublishedLeaf,
    PublishedSymbol,
    WithheldGroup,
)
from assess.publication.auditor import Answers, Exposed, Limits, audit
from assess.publication.protection import Protection
from assess.scorecards.cards import Occasion, Parameters, Published, scorecard_of
from assess.scorecards.types import Scorecard
from instruments.questionnaires import Instrument, Scale
from reports.documents import report_html
from reports.exports import leader_document, to_json
from surveys.forms.answers import AnswerRow
from surveys.models import NAMED

WRITES = 0.6
"""How often somebody answers an open question."""

Draw = Callable[[np.random.Generator, Scale, tuple[int, int]], Floats]
"""Draws what the raters of a group say of the items, NaN for nothing."""


@dataclass(frozen=True)
class Audited:
    """A leader's table, and the way from it to all that is published of the leader."""

    table: Table
    occasion: Occasion
    known: Parameters = field(default_factory=dict)

    @property
    def shows_groups(self) -> bool:
        """Whether anything is shown of those who are to be protected."""
        return any(not leaf.named for leaf in self.table.plan.leaves)

    def card(self, answers: Answers) -> Scorecard:
        published = as_published(self.table.published(answers))
        return scorecard_of(published, self.occasion, self.known)

    def document(self, answers: Answers) -> bytes:
        """Return what the report is laid out from, what machines get, and what pages are drawn from."""
        card = self.card(answers)
        parts = (report_html(card).encode(), to_json(leader_document(card)), repr(card).encode())
        return b"\n".join(parts)

    def exposed(self) -> list[Exposed]:
        scale = self.occasion.instrument.scale
        limits = Limits(self.occasion.protection, scale.low, scale.high)
        return audit(self.table.answers, self.document, limits)


def as_published(rows: Rows) -> Published:
    """Return the rows of one leader as they would be read again from the database."""
    symbols, agreements = defaultdict(list), defaultdict(list)
    for row in rows[PublishedSymbol]:
        symbols[row["leaf_id"]].append(PublishedSymbol(**row))
    for row in rows[PublishedAgreement]:
        agreements[row["leaf_id"]].append(PublishedAgreement(**row))
    return Published(
        [
            PublishedLeaf(**row, symbols=symbols[row["id"]], agreements=agreements[row["id"]])
            for row in rows[PublishedLeaf]
        ],
        [WithheldGroup(**row) for row in rows[WithheldGroup]],
        [PublishedComment(**row) for row in rows[PublishedComment]],
    )


def from_rows(card: Scorecard, rows: Iterable[AnswerRow], known: Parameters) -> Audited:
    """Return the table of a leader whose answers were collected elsewhere, and of which `card` was made."""
    own = [row for row in rows if row.leader == card.leader]
    answered = [row for row in own if row.sheet.ratings or row.sheet.comments]
    sheets = [OpenedSheet(ANYBODY, row.group, row.sheet) for row in answered]
    occasion = Occasion(
        card.leader, card.round_name, card.closed_on, card.instrument, card.protection
    )
    return Audited(_laid(sheets, occasion, asked={row.group for row in own}), occasion, known)


def drawn(
    instrument: Instrument, raters: Mapping[str, int], protection: Protection, *, seed: int
) -> Iterator[tuple[str, Audited]]:
    """Yield leaders without end whose answers are drawn, likely ones and hostile ones by turns."""
    rng = np.random.default_rng(seed)
    occasion = Occasion("A leader", "An audit", date(2026, 1, 1), instrument, protection)
    for kind, draw in cycle(KINDS.items()):
        ratings = {
            group: draw(rng, instrument.scale, (number, len(instrument.items)))
            for group, number in raters.items()
        }
        sheets = list(_sheets(ratings, instrument, rng))
        yield kind, Audited(_laid(sheets, occasion, asked=raters), occasion)


def _laid(sheets: Sequence[OpenedSheet], occasion: Occasion, *, asked: Iterable[str]) -> Table:
    rules = Rules(occasion.instrument, occasion.protection)
    return laid(sheets, rules, named=NAMED, asked=dict.fromkeys(asked, 0))


def _sheets(
    ratings: Mapping[str, Floats], instrument: Instrument, rng: np.random.Generator
) -> Iterator[OpenedSheet]:
    for group, given in ratings.items():
        for row in given:
            sheet = sheet_of([None if np.isnan(v) else int(v) for v in row], instrument)
            comments = {
                question.key: f"Remark {rng.integers(10**9)}."
                for question in instrument.questions
                if rng.random() < WRITES
            }
            yield OpenedSheet(ANYBODY, group, replace(sheet, comments=comments))


def _likely(rng: np.random.Generator, scale: Scale, shape: tuple[int, int]) -> Floats:
    """Draw answers around a mean in the upper half; raters differ, and not everybody sees everything."""
    raters, items = shape
    unit = (scale.high - scale.low) / 4
    level = scale.low + unit * (2.85 + rng.normal(0, 0.4, (1, items)))
    answers = level + unit * (rng.normal(0, 0.4, (raters, 1)) + rng.normal(0, 0.6, shape))
    return _observed(rng, np.clip(np.rint(answers), scale.low, scale.high), 0.93)


def _at(end: str) -> Draw:
    return lambda _rng, scale, shape: np.full(shape, float(getattr(scale, end)))


def _one_dissents(rng: np.random.Generator, scale: Scale, shape: tuple[int, int]) -> Floats:
    answers = _at("high")(rng, scale, shape)
    answers[:1] = scale.low
    return answers


def _camps(rng: np.random.Generator, scale: Scale, shape: tuple[int, int]) -> Floats:
    """Draw every answer from one of both ends."""
    return rng.choice([float(scale.low), float(scale.high)], shape)


def _few_observe(rng: np.random.Generator, scale: Scale, shape: tuple[int, int]) -> Floats:
    return _observed(rng, rng.integers(scale.low, scale.high + 1, shape).astype(float), 0.4)


def _observed(rng: np.random.Generator, answers: Floats, share: float) -> Floats:
    return np.where(rng.random(answers.shape) < share, answers, np.nan)


KINDS: Mapping[str, Draw] = {
    "likely answers": _likely,
    "all the highest": _at("high"),
    "all the lowest": _at("low"),
    "one dissenter": _one_dissents,
    "two camps": _camps,
    "few observe": _few_observe,
}
