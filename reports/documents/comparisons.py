"""How own answers compare with those of others: first what a test told apart, then all the rest."""

from collections.abc import Iterator
from dataclasses import dataclass

from assess.scorecards.scores import MINIMUM_GAP
from assess.scorecards.types import AwarenessRow
from instruments.questionnaires import Scale
from reports.documents.readings import Reading
from reports.documents.words import Voice, between, difference, points, signed

FLAGGED = (
    ("blind spot", "You see more of this than they do", "Worth asking about first.", "You see", 1),
    (
        "hidden strength",
        "They see more of this than you do",
        "Easily taken for granted.",
        "They see",
        -1,
    ),
)


@dataclass(frozen=True)
class GapLine:
    """One difference, from the side of whoever sees more."""

    competency: str
    voice: Voice
    words: str
    span: str


@dataclass(frozen=True)
class Verdict:
    """The differences that a test told apart, of one direction."""

    title: str
    note: str
    head: str
    lines: tuple[GapLine, ...]


@dataclass(frozen=True)
class Cell:
    """What is printed of one comparison in the matrix, a figure over its range."""

    figure: str
    span: str
    is_alike: bool = False


@dataclass(frozen=True)
class Matrix:
    """Every comparison that is not told apart: a row for each competency, a column for each leaf."""

    voices: tuple[Voice, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def verdicts(reading: Reading) -> Iterator[Verdict]:
    for flag, title, note, head, side in FLAGGED:
        rows = [row for key in reading.competencies for row in reading.flagged(flag, key)]
        lines = tuple(_gap_line(reading, row, side) for row in rows)
        if lines:
            yield Verdict(title, note, head, lines)


def matrix(reading: Reading) -> Matrix | None:
    """Return the rest of the comparisons; None where nothing was compared."""
    rows = {(row.competency, row.leaf): row for row in reading.card.awareness}
    if all(row.gap is None for row in rows.values()):
        return None
    voices = tuple(
        who for who in reading.voices.values() if any(who.leaf == leaf for _, leaf in rows)
    )
    return Matrix(
        voices,
        tuple(
            (competency.title, tuple(_cell(reading, rows.get((key, who.leaf))) for who in voices))
            for key, competency in reading.competencies.items()
        ),
    )


def least_gap(scale: Scale) -> float:
    """Return the smallest difference that matters, in scale points."""
    return MINIMUM_GAP * (scale.high - scale.low) / 4


def smallest_gap(scale: Scale) -> str:
    """Return the smallest difference that matters, in words."""
    gap = least_gap(scale)
    return "half a point" if gap == MINIMUM_GAP else f"{points(gap)} of a point"


def gap_range(low: float, high: float) -> str:
    """Return the interval of a gap: "0.3 to 1.5 more", "0.2 less to 0.8 more"."""
    near, far = sorted((low, high), key=abs)
    if low * high > 0:
        return f"{between(abs(near), abs(far))} {'more' if far > 0 else 'less'}"
    return f"{difference(low)} to {difference(high)}"


def _gap_line(reading: Reading, row: AwarenessRow, side: int) -> GapLine:
    ends = sorted((side * (row.low or 0.0), side * (row.high or 0.0)))
    return GapLine(
        reading.competencies[row.competency].title,
        reading.voices[row.leaf],
        difference(side * (row.gap or 0.0)),
        gap_range(*ends),
    )


def _cell(reading: Reading, row: AwarenessRow | None) -> Cell:
    if row is None or row.gap is None or row.low is None or row.high is None:
        return Cell("", _why_empty(reading, row))
    if row.flag in {"blind spot", "hidden strength"}:
        return Cell("", "see above")
    return Cell(signed(row.gap), between(row.low, row.high), row.flag == "agree")


def _why_empty(reading: Reading, row: AwarenessRow | None) -> str:
    if row and reading.own(row.competency) is None:
        return "you answered too little"
    return "answered too little" if row and row.leaf in reading.named else "too few answers"
