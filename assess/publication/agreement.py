"""Whether a leaf's agreement on a competency may be told beside its symbols.

Agreement is made from answers, as symbols are. Told together they can say more than each alone: "4.5+" five
times with low agreement leaves nothing but one lowest mark among highest ones. So it is decided from the
symbols alone, before agreement is looked at: whichever band it might fall into, every rater must keep as many
answers to claim as the protection promises, and nobody may be surer of one - under a protection which holds
against an insider, not even a rater of the leaf who takes all their own answers into account.

The onlooker is taken to know the very sums behind the symbols: what even they cannot find out, nobody can.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from assess.publication.plans import Withheld
from assess.publication.protection import Protection
from assess.publication.symbols import Symbol, agreement_band, symbol_of_mean

Floats = NDArray[np.float64]

AGREEMENT_RATERS = 8
AGREEMENT_ITEMS = 3
"""Fewest raters of a leaf, and items of a competency, whose agreement is told."""

NOT_TOLD = Withheld("agreement", "too few raters or items, or it could give single raters away")

AFFORDABLE, FEW = 2_500, 80
"""How many cases are tried: sums behind the symbols, times what an insider may have given or a few."""

LARGE = 20
"""From so many raters on agreement is told in the middle half of the scale where there is too much to try."""

ROUNDING = 1e-9


@dataclass(frozen=True)
class Sums:
    """What is known of a competency: the sum of each item, in steps above the lowest point of the scale.

    All raters have answered everything; the insiders among them put their answers together.
    """

    totals: tuple[int, ...]
    raters: int
    points: int
    insiders: int

    def ways(self, total: int, single: int) -> Floats:
        return _ways(total, self.raters, self.points, single)

    def bands(self, squares: NDArray[np.int64]) -> NDArray[np.str_]:
        """Return the band of rwg(j) by the sum of all squared answers above the least there can be."""
        items, chance = len(self.totals), (self.points**2 - 1) / 12
        least = sum(min(_squares(self.raters, self.points)[total]) for total in self.totals)
        spread = self.raters * (least + squares) - sum(total**2 for total in self.totals)
        shares = spread / (items * self.raters * (self.raters - 1) * chance)
        alike = np.clip(items * (1 - shares), 0.0, None)
        return np.array([agreement_band(float(rwgj)) for rwgj in alike / (alike + shares)])


@cache
def may_tell(
    symbols: tuple[Symbol, ...], *, raters: int, protection: Protection, low: int, high: int
) -> bool:
    """Say whether every band of agreement would leave every rater enough answers to claim.

    Parameters
    ----------
    symbols
        Of the items of one competency, none of them missing.
    raters
        How many the leaf has; all of them are taken to have answered, which only lessens what they can claim.
    low, high
        Ends of the scale.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD
    >>> may_tell((Symbol("3.5"),) * 5, raters=8, protection=STANDARD, low=1, high=5)
    True
    >>> may_tell((Symbol("4.5+"),) * 5, raters=8, protection=STANDARD, low=1, high=5)
    False
    """
    if protection.deniable <= 1:
        return True
    if any(symbol.kind != "mean" for symbol in symbols):
        return False
    points, insiders = high - low + 1, protection.insiders
    behind = [_totals(symbol, raters, low=low, high=high) for symbol in symbols]
    own = points ** (insiders * (len(symbols) - 1))
    if not all(behind):
        return False  # nobody could have answered so if all did: how many did not would be known
    if prod(map(len, behind)) * max(own, FEW) > AFFORDABLE:
        quarter = Fraction(high - low, 4)
        central = (low + quarter <= symbol.figure <= high - quarter for symbol in symbols)
        return raters >= LARGE and all(central)
    return all(
        leaves_enough(Sums(totals, raters, points, insiders), protection)
        for totals in {tuple(sorted(totals)) for totals in product(*behind)}
    )


def _totals(symbol: Symbol, raters: int, *, low: int, high: int) -> list[int]:
    """Return the sums of steps that are told as a plain symbol."""
    return [
        steps
        for steps in range(raters * (high - low) + 1)
        if symbol_of_mean(low + Fraction(steps, raters), None, low=low, high=high) == symbol
    ]


def leaves_enough(sums: Sums, protection: Protection) -> bool:
    """Say whether every rater keeps enough on every item, whatever is told and whatever insiders gave."""
    sure = float(protection.certainty) + ROUNDING
    places = {total: place for place, total in enumerate(sums.totals)}
    return all(
        bool(np.all(np.count_nonzero(ways, axis=1) >= protection.deniable))
        and bool(np.all(ways.max(axis=1) <= sure * ways.sum(axis=1)))
        for place in places.values()
        for ways in _by_answer(sums, place)
    )


def _by_answer(sums: Sums, place: int) -> Iterator[Floats]:
    """Yield for every band in how many ways each answer of a rater to one item comes about.

    Shape (cases, points): in each case insiders gave other answers to this item and to the others.
    """
    elsewhere = (*sums.totals[:place], *sums.totals[place + 1 :])
    others = reduce(_together, (_cases(sums.ways(each, sums.insiders)) for each in elsewhere))
    here = sums.ways(sums.totals[place], sums.insiders + 1)
    steps = np.add.outer(np.arange(others.shape[-1]), np.arange(here.shape[-1]))
    bands = sums.bands(2 * np.arange(steps.max() + 1))
    for band in np.unique(bands):
        found = np.tensordot(others @ (bands[steps] == band), here, axes=(-1, -1))
        cases = found.reshape(-1, sums.points)
        yield cases[cases.any(axis=1)]


def _cases(ways: Floats) -> Floats:
    """Return one row for all that insiders may have answered."""
    return ways.reshape(-1, ways.shape[-1])


def _together(some: Floats, more: Floats) -> Floats:
    """Return in how many ways two items come about together, a row for each two rows."""
    length = some.shape[1] + more.shape[1] - 1
    found = np.zeros((len(some), len(more), length))
    for step, ways in enumerate(more.T):
        found[:, :, step : step + some.shape[1]] += some[:, None] * ways[None, :, None]
    return found.reshape(-1, length)


@cache
def _ways(total: int, raters: int, points: int, single: int) -> Floats:
    """Return in how many ways a sum comes about, by the answers of single raters and by the sum of squares.

    Shape (points, ..., squares); squares rise in steps of two, being even or odd as the sum is.
    """
    squares, others = _squares(raters, points)[total], _squares(raters - single, points)
    least, most = min(squares), max(squares)
    found = np.zeros((points,) * single + ((most - least) // 2 + 1,))
    for answers in product(range(points), repeat=single):
        own = sum(answer**2 for answer in answers) - least
        for square, ways in others.get(total - sum(answers), {}).items():
            found[*answers, (square + own) // 2] = ways
    return found


@cache
def _squares(raters: int, points: int) -> dict[int, dict[int, float]]:
    """Return in how many ways so many raters reach each sum and, with it, each sum of squares."""
    if not raters:
        return {0: {0: 1.0}}
    reached: dict[int, dict[int, float]] = {}
    for total, squares in _squares(raters - 1, points).items():
        for answer in range(points):
            there = reached.setdefault(total + answer, {})
            for square, ways in squares.items():
                there[square + answer**2] = there.get(square + answer**2, 0.0) + ways
    return reached
