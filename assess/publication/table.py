"""The table of what every rater can still claim: for every protection, scale, leaf and symbol.

The gate does not read it but reckons anew: the table is there to be read by people, and to be compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import count, groupby
from math import ceil

from assess.publication.deniable import Left, Told, cells, left, views
from assess.publication.protection import PROTECTIONS, STRICT_BANDS, Protection
from assess.publication.symbols import Symbol

SCALES = ((1, 4), (1, 5), (1, 6), (1, 7), (-3, 3))
"""Lowest and highest point: scales of four to seven points, and the pulse scale."""


@dataclass(frozen=True)
class Leaves:
    """Leaves of `first` to `last` raters, or any more, of whom so many answered: the same is left of all."""

    protection: Protection
    low: int
    high: int
    answered: int
    first: int
    last: int | None

    @property
    def points(self) -> int:
        return self.high - self.low + 1


@cache
def left_by_symbol(some: Leaves) -> list[tuple[Symbol, tuple[Left, ...]]]:
    """Return what each symbol leaves an outsider and, where that is promised, an insider.

    It is reckoned of the smallest leaf: the more were silent, the less one can be sure.
    """
    onlookers = range(some.protection.insiders + 1)
    told = cells(
        some.first, some.answered, protection=some.protection, low=some.low, high=some.high
    )
    return [
        (symbol, tuple(_left(each, insiders, some.points) for insiders in onlookers))
        for symbol, each in told
    ]


def _left(told: Told, insiders: int, points: int) -> Left:
    return Left.worst(left(view, points) for view in views(told, insiders, points))


def leaves(protection: Protection, *, low: int, high: int) -> Iterator[Leaves]:
    """Yield the leaves of a scale, up to so many answers that no symbol narrows anything down."""
    settled = max(STRICT_BANDS) if protection.insiders else protection.minimum
    enough = next(
        number
        for number in count(settled)
        if _narrow_nothing(Leaves(protection, low, high, number, number, number))
    )
    most = enough + protection.insiders
    for answered in range(protection.answered_minimum, enough):
        for first, last in _alike(protection, answered, most):
            end = last if last < most else None
            yield Leaves(protection, low, high, answered, first, end)


def lines() -> Iterator[str]:
    """Yield the whole table as comma-separated values.

    The last column holds runs of symbols which leave equally many answers: the first and the last symbol, how
    many answers, and how sure one can at most be of one of them, rounded up; under a protection that holds
    against an insider both figures follow again for an insider.
    """
    yield "protection,scale,raters,answered,left"
    for protection in PROTECTIONS.values():
        for low, high in SCALES:
            for some in leaves(protection, low=low, high=high):
                numbers = f"{some.first}+" if some.last is None else f"{some.first}-{some.last}"
                runs = "; ".join(_runs(some))
                yield f"{protection.name},{low}..{high},{numbers},{some.answered},{runs}"


def summary() -> Iterator[str]:
    """Yield the table in brief, as lines of Markdown: the worst case of each protection on each scale."""
    yield "What stays possible for every rater, whatever the symbol ([all cases](deniable.csv)):"
    yield ""
    yield "| protection | against | scale | raters from | answers left | the likeliest, at most |"
    yield "|---|---|---|---|---|---|"
    for protection in PROTECTIONS.values():
        onlooker = "a rater of the leaf" if protection.insiders else "outsiders"
        for low, high in SCALES:
            worst = _worst(protection, low=low, high=high)
            yield (
                f"| {protection.name} | {onlooker} | {low} to {high} | {protection.minimum} "
                f"| {worst.answers} | {_odds(worst.certainty)} |"
            )


def _narrow_nothing(some: Leaves) -> bool:
    """Say whether every symbol leaves everybody every point of the scale."""
    return all(left.answers >= some.points for _, lefts in left_by_symbol(some) for left in lefts)


def _alike(protection: Protection, answered: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield first and last number of raters of whom the same is left: band and silence decide."""

    def kind(raters: int) -> tuple[Fraction | None, int]:
        return protection.band(raters), min(raters - answered, protection.insiders + 1)

    for _, group in groupby(range(max(answered, protection.minimum), most + 1), key=kind):
        same = list(group)
        yield same[0], same[-1]


def _runs(some: Leaves) -> Iterator[str]:
    for _, group in groupby(left_by_symbol(some), key=_answers):
        symbols, lefts = zip(*group, strict=True)
        ends = dict.fromkeys(str(symbol) for symbol in (symbols[0], symbols[-1]))
        worst = (Left.worst(cases) for cases in zip(*lefts, strict=True))
        told = (f"{left.answers} {_rounded_up(left.certainty)}" for left in worst)
        yield " ".join(["..".join(ends), *told])


def _answers(cell: tuple[Symbol, tuple[Left, ...]]) -> list[int]:
    return [left.answers for left in cell[1]]


def _worst(protection: Protection, *, low: int, high: int) -> Left:
    """Return what is left in the worst case against the strongest onlooker of whom anything is promised."""
    return Left.worst(
        lefts[-1]
        for some in leaves(protection, low=low, high=high)
        for _, lefts in left_by_symbol(some)
    )


def _rounded_up(certainty: Fraction) -> str:
    return f"{ceil(certainty * 10_000) / 10_000:.4f}"


def _odds(certainty: Fraction) -> str:
    return f"{certainty.numerator} in {certainty.denominator}"
