"""An auditor of its own: which answers may lie behind what is printed, by integer programming.

It reads plan and print afresh, from the rules as they are written down, and shares no code with what it
audits. Unknown is how many raters of a group gave each answer to each item. Whatever is printed, also a mean
over an unknown number of answers, is a linear inequality of these; a solver then looks for counts which
satisfy all of them and in which somebody of a group gave a certain answer. The method is that of auditors of
statistical tables, who give the least and the greatest value each hidden cell may have.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

SILENT = None
Answer = int | None
Unknown = tuple[str, str, Answer]
"""How many of a group (first) gave this answer (last) to an item; None: did not answer."""

ANSWERED = {"standard": 3, "strict": 5, "threshold": 3}
"""Fewest answers an anonymous leaf's symbol rests on."""


class ImpossibleError(Exception):
    """No answers whatsoever give what is printed."""


@dataclass(frozen=True)
class Row:
    """An inequality: the weighted sum of unknowns lies between two whole numbers; None: no bound."""

    weights: Mapping[Unknown, int]
    least: int | None = None
    most: int | None = None

    def holds(self, counts: Mapping[Unknown, int]) -> bool:
        total = sum(weight * counts[unknown] for unknown, weight in self.weights.items())
        return (self.least is None or total >= self.least) and (
            self.most is None or total <= self.most
        )


@dataclass(frozen=True)
class Further:
    """Something that is printed beside the symbols, about raw answers of some groups to some items."""

    groups: tuple[str, ...]
    items: tuple[str, ...]
    mean: str | None = None
    answered: int | None = None
    histogram: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """What an onlooker holds of one leader: the plan, the scale, and what is printed.

    `raters` has every group, also those which are set aside; `leaves` the groups of each leaf; `printed` the
    text of each leaf and item, None where there are not enough answers. `insider` is a rater (group) who
    knows their own answers (by item).
    """

    protection: str
    low: int
    high: int
    raters: Mapping[str, int]
    leaves: Mapping[str, tuple[str, ...]]
    named: frozenset[str]
    printed: Mapping[tuple[str, str], str | None]
    further: Sequence[Further] = ()
    insider: tuple[str, Mapping[str, Answer]] | None = None

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        return (SILENT, *range(self.low, self.high + 1))

    @cached_property
    def items(self) -> list[str]:
        return sorted({item for _, item in self.printed})

    @cached_property
    def protected(self) -> list[str]:
        return [group for group, count in self.raters.items() if count and group not in self.named]

    def band(self, raters: int) -> Fraction | None:
        """Return how far from either end the leaf's means are banded, in points of this scale."""
        if self.protection == "threshold":
            return None
        strict = {5: "1", 6: "1", 7: "0.8", 8: "0.7", 9: "0.7", 11: "0.6"}
        stated = strict.get(raters, "0.5") if self.protection == "strict" else "0.5"
        return Fraction(stated) * max(self.high - self.low, 4) / 4


def exposed(document: Document, *, least: int) -> list[str]:
    """Name every group and item of which a rater is left fewer answers than promised, and which these are."""
    return [
        f"{group} x {item}: {', '.join(str(value) for value in values)}"
        for (group, item), found in sorted(possible(document).items())
        if len(values := sorted(found, key=lambda value: (value is not None, value))) < least
    ]


def possible(document: Document) -> dict[tuple[str, str], set[Answer]]:
    """Return, for every protected group and item, what one of its raters may have answered.

    With an insider, one of the other raters.

    Raises
    ------
    ImpossibleError
        When no answers give what is printed.
    """
    found: dict[tuple[str, str], set[Answer]] = {}
    for items in _together(document):
        for unknown in _reached(document, items):
            group, item, answer = unknown
            if group in document.protected:
                found.setdefault((group, item), set()).add(answer)
    return found


def _together(document: Document) -> Iterator[list[str]]:
    """Yield items apart, but those which a figure is about together in one."""
    left = document.items
    while left:
        bound = {left[0]}
        while more := {
            item
            for figure in document.further
            if bound & {*figure.items}
            for item in {*figure.items} - bound
        }:
            bound |= more
        yield sorted(bound)
        left = [item for item in left if item not in bound]


def _reached(document: Document, items: Sequence[str]) -> set[Unknown]:
    """Return the unknowns that can be so large that somebody gave that answer.

    Each solution is a witness for as many of them as it can be; the last one, that there are no more.
    """
    program = Program(document, items)
    left = {unknown for unknown in program.unknowns if unknown[0] in document.protected}
    reached = set[Unknown]()
    while left:
        counts = program.witness(left)
        witnessed = {unknown for unknown in left if counts[unknown] >= program.needed(unknown)}
        if not witnessed:
            break
        reached |= witnessed
        left -= witnessed
    return reached


class Program:
    """The integer program of some items: besides each unknown, whether it counts as reached (0 or 1)."""

    def __init__(self, document: Document, items: Sequence[str]) -> None:
        self.document = document
        self.unknowns: list[Unknown] = [
            (group, item, answer)
            for group in document.raters
            for item in items
            for answer in document.answers
        ]
        self.rows = [row for item in items for row in _rows_of(document, item)]
        self.rows += [
            row
            for figure in document.further
            if {*figure.items} <= {*items}
            for row in _rows_of_further(document, figure)
        ]

    @cached_property
    def constraints(self) -> list[LinearConstraint]:
        places = {unknown: place for place, unknown in enumerate(self.unknowns)}
        matrix = np.zeros((len(self.rows), 2 * len(places)))
        for number, row in enumerate(self.rows):
            for unknown, weight in row.weights.items():
                matrix[number, places[unknown]] = weight
        least = [-np.inf if row.least is None else row.least for row in self.rows]
        most = [np.inf if row.most is None else row.most for row in self.rows]
        needed = np.diag([self.needed(unknown) for unknown in self.unknowns])
        enough = np.hstack([np.eye(len(places)), -needed])
        return [
            LinearConstraint(matrix, np.array(least), np.array(most)),
            LinearConstraint(enough, np.zeros(len(places)), np.full(len(places), np.inf)),
        ]

    @cached_property
    def bounds(self) -> Bounds:
        sizes = [float(self.document.raters[group]) for group, _, _ in self.unknowns]
        most = np.array([*sizes, *[1.0] * len(sizes)])
        return Bounds(np.zeros(len(most)), most)

    def needed(self, unknown: Unknown) -> int:
        """Return from how many on somebody gave an answer: the insider's own does not count."""
        group, item, answer = unknown
        insider = self.document.insider
        return 2 if insider and insider[0] == group and insider[1][item] == answer else 1

    def witness(self, wanted: Collection[Unknown]) -> dict[Unknown, int]:
        """Return a solution that reaches as many as it can, held against every row once more."""
        count = len(self.unknowns)
        result = milp(
            np.array([0.0] * count + [-float(unknown in wanted) for unknown in self.unknowns]),
            integrality=np.ones(2 * count, dtype=np.int64),
            bounds=self.bounds,
            constraints=self.constraints,
        )
        if result.x is None:
            raise ImpossibleError(result.message)
        counts = {u: round(x) for u, x in zip(self.unknowns, result.x[:count], strict=True)}
        assert all(row.holds(counts) for row in self.rows), "the solver's solution is none"
        return counts


def _rows_of(document: Document, item: str) -> Iterator[Row]:
    """Yield what is known of one item from the plan, the print, and an insider's memory."""
    for group, raters in document.raters.items():
        yield Row({(group, item, answer): 1 for answer in document.answers}, raters, raters)
    if document.insider:
        group, own = document.insider
        yield Row({(group, item, own[item]): 1}, least=1)
    for leaf, groups in document.leaves.items():
        yield from _rows_of_leaf(document, leaf, groups, item)


def _rows_of_leaf(document: Document, leaf: str, groups: Iterable[str], item: str) -> Iterator[Row]:
    text, cells = document.printed[leaf, item], [(group, item) for group in groups]
    named = leaf in document.named
    fewest = 1 if named else ANSWERED[document.protection]
    answered = _weighted(document, cells, dict.fromkeys(document.answers[1:], Fraction(1)))
    if text is None:
        yield Row(answered, most=fewest - 1)
        return
    yield Row(answered, least=fewest)
    band = None if named else document.band(sum(document.raters[group] for group in groups))
    yield from _rows_of_print(document, cells, text, band=band, decimals=2 if named else 1)


def _rows_of_print(
    document: Document,
    cells: Sequence[tuple[str, str]],
    text: str,
    *,
    band: Fraction | None,
    decimals: int,
) -> Iterator[Row]:
    """Yield between which bounds a mean lies. An answer weighs as much as it lies above or below a bound."""
    if text.endswith(("+", "-")):
        edge, sign = Fraction(text[:-1]), 1 if text.endswith("+") else -1
        yield _at_least(document, cells, edge, sign=sign)
        return
    half = Fraction(1, 2 * 10**decimals)
    yield _at_least(document, cells, Fraction(text) - half, sign=1)
    yield _at_least(document, cells, Fraction(text) + half, sign=-1, strictly=True)
    if band is not None:
        yield _at_least(document, cells, document.high - band, sign=-1, strictly=True)
        yield _at_least(document, cells, document.low + band, sign=1, strictly=True)


def _at_least(
    document: Document,
    cells: Sequence[tuple[str, str]],
    edge: Fraction,
    *,
    sign: int,
    strictly: bool = False,
) -> Row:
    """Return that a mean lies at an edge or above it (`sign` 1), or at it or below (-1)."""
    weights: dict[Answer, Fraction] = {
        answer: sign * (answer - edge) for answer in document.answers if answer is not None
    }
    return Row(_weighted(document, cells, weights), least=int(strictly))


def _weighted(
    document: Document,
    cells: Iterable[tuple[str, str]],
    weights: Mapping[Answer, Fraction],
) -> dict[Unknown, int]:
    """Return the weight of every unknown of some cells, as whole numbers of the same proportions."""
    whole = int(np.lcm.reduce([weight.denominator for weight in weights.values()]))
    return {
        (group, item, answer): int(weight * whole)
        for group, item in cells
        for answer, weight in weights.items()
    }


def _rows_of_further(document: Document, figure: Further) -> Iterator[Row]:
    cells = [(group, item) for group in figure.groups for item in figure.items]
    answered = _weighted(document, cells, dict.fromkeys(document.answers[1:], Fraction(1)))
    if figure.mean is not None:
        decimals = len(figure.mean.partition(".")[2])
        yield Row(answered, least=1)
        yield from _rows_of_print(document, cells, figure.mean, band=None, decimals=decimals)
    if figure.answered is not None:
        yield Row(answered, figure.answered, figure.answered)
    for answer, count in figure.histogram.items():
        yield Row({(group, item, answer): 1 for group, item in cells}, count, count)
