"""Whether a leaf's agreement on a competency may be told beside its symbols.

Agreement is made from answers, as symbols are. Told together they can say more than each alone: "4.5+" five
times with low agreement leaves nothing but one lowest mark among highest ones. So it is decided from the
symbols alone, before agreement is looked at: whichever band it might fall into, every rater must keep as many
answers to claim as the symbols by themselves leave.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce

import numpy as np
from numpy.typing import NDArray

from assess.publication.protection import Protection
from assess.publication.symbols import agreement_band, symbol_of_mean

AGREEMENT_RATERS = 8
AGREEMENT_ITEMS = 3
"""Fewest raters of a leaf, and items of a competency, whose agreement is told."""

LARGE = 30
"""From so many raters on, plain symbols leave every rater the whole scale."""


@dataclass(frozen=True, eq=False)
class Spread:
    """In how many ways each dispersion can come about.

    The dispersion of n answers is n times their sum of squares less the square of their sum: n (n - 1) times
    their variance, and a whole number.
    """

    values: NDArray[np.int64]
    ways: NDArray[np.float64]

    def __add__(self, other: "Spread") -> "Spread":
        """Return the spread of the sum of two independent dispersions."""
        values, where = np.unique(np.add.outer(self.values, other.values), return_inverse=True)
        ways = np.bincount(where.ravel(), weights=np.multiply.outer(self.ways, other.ways).ravel())
        return Spread(values, np.asarray(ways, dtype=np.float64))

    @classmethod
    def either(cls, spreads: Iterable["Spread"]) -> "Spread":
        """Return the spread of what may come about in one way or another."""
        known = list(spreads)
        values, where = np.unique(np.concatenate([s.values for s in known]), return_inverse=True)
        ways = np.bincount(where, weights=np.concatenate([s.ways for s in known]))
        return cls(values, np.asarray(ways, dtype=np.float64))


NOTHING = Spread(np.zeros(1, dtype=np.int64), np.ones(1))


@cache
def may_tell(
    symbols: tuple[str, ...], *, raters: int, protection: Protection, low: int, high: int
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
    >>> may_tell(("3.5",) * 5, raters=8, protection=STANDARD, low=1, high=5)
    True
    >>> may_tell(("4.5+",) * 5, raters=8, protection=STANDARD, low=1, high=5)
    False
    """
    if protection.deniable <= 1:
        return True
    if any(symbol.endswith(("+", "-")) for symbol in symbols):
        return False
    if raters >= LARGE:
        return True
    items = [_item(symbol, raters, low, high) for symbol in symbols]
    if not all(items):
        return False  # nobody could have answered so if all did: how many did not would be known
    chance = raters * (raters - 1) * ((high - low + 1) ** 2 - 1) / 12
    return all(
        _leaves_enough(posterior, protection)
        for place in range(len(items))
        if symbols[place] not in symbols[:place]
        for posterior in _posteriors(items, place, chance=chance)
    )


def _leaves_enough(posterior: NDArray[np.float64], protection: Protection) -> bool:
    return bool(
        np.count_nonzero(posterior) >= protection.deniable
        and posterior.max() <= float(protection.certainty) + 1e-9
    )


def _posteriors(
    items: Sequence[dict[int, Spread]], place: int, *, chance: float
) -> Iterator[NDArray[np.float64]]:
    """Yield how likely each answer of a rater to one item is, for every band that can come about."""
    others = (Spread.either(item.values()) for at, item in enumerate(items) if at != place)
    rest = reduce(Spread.__add__, others, NOTHING)
    together = [spread + rest for spread in items[place].values()]
    bands = [_bands(spread.values / (len(items) * chance), len(items)) for spread in together]
    for band in sorted({str(band) for each in bands for band in each}):
        mass = np.array(
            [spread.ways[each == band].sum() for spread, each in zip(together, bands, strict=True)]
        )
        yield mass / mass.sum()


def _bands(shares: NDArray[np.float64], items: int) -> NDArray[np.str_]:
    """Return the bands of rwg(j), from mean variances as shares of that of chance."""
    alike = np.clip(items * (1 - shares), 0.0, None)
    return np.array([agreement_band(float(agreement)) for agreement in alike / (alike + shares)])


@cache
def _item(symbol: str, raters: int, low: int, high: int) -> dict[int, Spread]:
    """Return, for each answer one rater may have given to an item, the spread of all answers to it."""
    others = _squares(raters - 1, low, high)
    found: dict[int, list[Spread]] = {}
    for total in _totals(symbol, raters, low=low, high=high):
        for answer in range(low, high + 1):
            if squares := others.get(total - answer):
                spread = _dispersions(squares, answer, total, raters)
                found.setdefault(answer, []).append(spread)
    return {answer: Spread.either(spreads) for answer, spreads in found.items()}


def _totals(symbol: str, raters: int, *, low: int, high: int) -> Iterator[int]:
    """Yield the sums of all answers that are told as a plain symbol."""
    for total in range(raters * low, raters * high + 1):
        if symbol_of_mean(Fraction(total, raters), None, low=low, high=high) == symbol:
            yield total


@cache
def _squares(raters: int, low: int, high: int) -> dict[int, dict[int, float]]:
    """Return in how many ways so many raters reach each sum and, with it, each sum of squares."""
    if not raters:
        return {0: {0: 1.0}}
    reached: dict[int, dict[int, float]] = {}
    for total, squares in _squares(raters - 1, low, high).items():
        for answer in range(low, high + 1):
            there = reached.setdefault(total + answer, {})
            for square, ways in squares.items():
                there[square + answer**2] = there.get(square + answer**2, 0.0) + ways
    return reached


def _dispersions(squares: dict[int, float], answer: int, total: int, raters: int) -> Spread:
    own = raters * answer**2 - total**2
    values = np.array(list(squares), dtype=np.int64) * raters + own
    return Spread(values, np.array(list(squares.values())))
