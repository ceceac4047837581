"""The table of deniable answers: as the code reckons, as trying everything gives, as the gate keeps."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise, product

import pytest

from assess.publication.deniable import Left, least_left
from assess.publication.gate import LARGE
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import Symbol, symbol
from assess.publication.table import SCALES, lines, summary
from tests.publication.tables import PROMISE, TABLE, as_text, parts

AGAIN = "write it anew: python -m tests.publication.tables"
LAST_DIGIT = Fraction(1, 10_000)
SILENT = None
Scale = tuple[int, int]
ENDS = pytest.mark.parametrize("scale", SCALES, ids=str)
LEVELS = pytest.mark.parametrize("protection", PROTECTIONS.values(), ids=lambda level: level.name)
PROTECTING = pytest.mark.parametrize("protection", [STANDARD, STRICT], ids=lambda level: level.name)


@dataclass(frozen=True)
class Run:
    """Symbols of one line which leave equally many answers; outsiders first, then an insider."""

    first: Symbol
    last: Symbol
    lefts: tuple[Left, ...]


@dataclass(frozen=True)
class Line:
    raters: range
    answered: int
    runs: tuple[Run, ...]


@cache
def table() -> Mapping[tuple[str, Scale], list[Line]]:
    found: dict[tuple[str, Scale], list[Line]] = defaultdict(list)
    with TABLE.open() as file:
        for row in csv.DictReader(file):
            low, high = map(int, row["scale"].split(".."))
            found[row["protection"], (low, high)].append(read_line(row))
    return found


def read_line(row: Mapping[str, str]) -> Line:
    first, _, last = row["raters"].replace("+", f"-{LARGE * 3}").partition("-")
    runs = tuple(map(read_run, row["left"].split("; ")))
    return Line(range(int(first), int(last) + 1), int(row["answered"]), runs)


def read_run(text: str) -> Run:
    symbols, *figures = text.split(" ")
    ends = [Symbol(end) for end in symbols.split("..")]
    lefts = (Left(int(n), Fraction(p)) for n, p in zip(figures[::2], figures[1::2], strict=True))
    return Run(ends[0], ends[-1], tuple(lefts))


def test_the_table_is_the_one_that_the_code_reckons() -> None:
    assert TABLE.read_text() == as_text([*lines()]), AGAIN


def test_its_summary_stands_in_the_promise() -> None:
    assert parts(PROMISE.read_text())[1] == as_text([*summary()]), AGAIN


def left_by(seen: Counter[int | None]) -> Left:
    """Return what is left where each answer of the first rater occurs so often."""
    ratings = [often for answer, often in seen.items() if answer is not SILENT]
    return Left(len(seen), Fraction(max(ratings, default=0), seen.total()))


def by_trying_everything(
    raters: int, protection: Protection, scale: Scale
) -> dict[tuple[int, Symbol], tuple[Left, Left]]:
    """Return for each number answered and symbol what is left to outsiders, and to an insider; slow.

    Of symbols of as many answers the lowest comes first.
    """
    low, high = scale
    outside: dict[tuple[int, Symbol], Counter[int | None]] = defaultdict(Counter)
    inside: dict[tuple[int, Symbol], dict[int | None, Counter[int | None]]] = {}
    sheets = product((SILENT, *range(low, high + 1)), repeat=raters)
    for given in sorted(sheets, key=lambda given: sum(answer or 0 for answer in given)):
        values = [value for value in given if value is not SILENT]
        shown = symbol(values, raters=raters, protection=protection, low=low, high=high)
        if isinstance(shown, Symbol):
            outside[len(values), shown][given[0]] += 1
            seen = inside.setdefault((len(values), shown), defaultdict(Counter))
            seen[given[1]][given[0]] += 1
    return {
        cell: (left_by(seen), Left.worst(map(left_by, inside[cell].values())))
        for cell, seen in outside.items()
    }


def among(runs: Sequence[Run], symbols: list[Symbol]) -> Iterator[tuple[Run, list[Symbol]]]:
    """Yield each run with its symbols."""
    starts = [symbols.index(run.first) for run in runs]
    for run, (start, end) in zip(runs, pairwise([*starts, len(symbols)]), strict=True):
        yield run, symbols[start:end]


@ENDS
@pytest.mark.parametrize(
    ("protection", "raters"),
    [(THRESHOLD, 3), (THRESHOLD, 4), (STANDARD, 4), (STANDARD, 5), (STRICT, 5)],
    ids=str,
)
def test_the_table_says_what_trying_everything_says(
    protection: Protection, raters: int, scale: Scale
) -> None:
    tried = by_trying_everything(raters, protection, scale)
    here = [line for line in table()[protection.name, scale] if raters in line.raters]
    assert {line.answered for line in here} == {answered for answered, _ in tried}
    for line in here:
        symbols = [shown for answered, shown in tried if answered == line.answered]
        for run, members in among(line.runs, symbols):
            assert members[-1] == run.last
            for onlooker, left in enumerate(run.lefts):
                found = [tried[line.answered, shown][onlooker] for shown in members]
                surest = Left.worst(found).certainty
                assert {each.answers for each in found} == {left.answers}
                assert surest <= left.certainty
                assert left.certainty < surest + LAST_DIGIT or raters > line.raters[0]


def strongest(protection: Protection, scale: Scale) -> Iterator[tuple[Line, Left]]:
    """Yield what is left to the strongest onlooker against whom the protection holds."""
    for line in table()[protection.name, scale]:
        for run in line.runs:
            yield line, run.lefts[protection.insiders]


@LEVELS
@ENDS
def test_every_line_keeps_the_promise(protection: Protection, scale: Scale) -> None:
    for _, left in strongest(protection, scale):
        assert left.answers >= protection.deniable
        assert left.certainty < protection.certainty + LAST_DIGIT


@PROTECTING
@ENDS
@pytest.mark.parametrize("raters", range(5, 20))
def test_the_gate_reckons_as_the_table_says(
    protection: Protection, scale: Scale, raters: int
) -> None:
    lefts = [left for line, left in strongest(protection, scale) if raters in line.raters]
    everywhere = Left.worst(left for _, left in strongest(protection, scale))
    points, insiders = scale[1] - scale[0] + 1, protection.insiders

    reckoned = least_left(raters, protection=protection, points=points, insiders=insiders)

    assert reckoned.answers == Left.worst(lefts).answers
    assert reckoned.certainty <= everywhere.certainty


@PROTECTING
@pytest.mark.parametrize("raters", [25, 40, 60, 61, 66])
def test_more_raters_than_the_table_has_are_safer(protection: Protection, raters: int) -> None:
    left = least_left(raters, protection=protection, points=4, insiders=protection.insiders)

    assert left.answers >= protection.deniable
    assert left.certainty < protection.certainty - Fraction(1, 30)


def test_the_pulse_scale_is_the_one_of_seven_points_moved() -> None:
    for level in PROTECTIONS:
        pulse, seven = table()[level, (-3, 3)], table()[level, (1, 7)]
        for one, other in zip(pulse, seven, strict=True):
            assert [run.lefts for run in one.runs] == [run.lefts for run in other.runs]
            assert [run.first.figure + 4 for run in one.runs] == [
                r.first.figure for r in other.runs
            ]
            assert [run.last.kind for run in one.runs] == [run.last.kind for run in other.runs]
