"""Symbols: the only figures that are made from answers. Everything else is made from symbols.

All arithmetic is of whole numbers and fractions: a rounding error could not be told from a leak.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from assess.publication.protection import Protection

Agreement = Literal["low", "medium", "high"]

SOME_AGREEMENT = 0.50
STRONG_AGREEMENT = 0.70

_WIDTH = 4
"""The width of the five-point scale for which bands are stated."""


def symbol(
    values: Sequence[int], *, raters: int, protection: Protection, low: int, high: int
) -> str | None:
    """Return what is published of an anonymous leaf's answers to one item.

    The mean to one decimal, half up; near an end of the scale a band ("4.5+", "1.5-"), because a mean there
    would tell what everybody answered.

    Parameters
    ----------
    values
        The answers given, in scale points, reverse-keyed items turned round already.
    raters
        How many the leaf has, whether they answered this item or not: the width of the band hangs on it.
    low, high
        Ends of the scale.

    Returns
    -------
    str or None
        None where fewer than `protection.answered_minimum` answered.

    Raises
    ------
    ValueError
        With more answers than raters, or an answer outside the scale.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD
    >>> symbol([5, 5, 4, 5], raters=4, protection=STANDARD, low=1, high=5)
    '4.5+'
    >>> symbol([5, 3, 4, 3], raters=5, protection=STANDARD, low=1, high=5)
    '3.8'
    """
    if len(values) > raters or not all(low <= value <= high for value in values):
        raise ValueError("answers must be as many as raters at most, and within the scale")
    if len(values) < protection.answered_minimum:
        return None
    band = scaled_band(protection, raters, low=low, high=high)
    return symbol_of_mean(Fraction(sum(values), len(values)), band, low=low, high=high)


def scaled_band(protection: Protection, raters: int, *, low: int, high: int) -> Fraction | None:
    """Return how far from either end means are published as a band, in points of this scale.

    >>> from assess.publication.protection import STANDARD
    >>> scaled_band(STANDARD, 6, low=1, high=7)
    Fraction(3, 4)
    """
    band = protection.band(raters)
    return None if band is None else band * (high - low) / _WIDTH


def symbol_of_mean(mean: Fraction, band: Fraction | None, *, low: int, high: int) -> str:
    """Return the symbol of an exact mean.

    >>> symbol_of_mean(Fraction(15, 4), None, low=1, high=5)
    '3.8'
    """
    if band is not None and mean >= high - band:
        return f"{_decimal(high - band, least=1)}+"
    if band is not None and mean <= low + band:
        return f"{_decimal(low + band, least=1)}-"
    return _decimal(_half_up(mean, 10), least=1)


def named_symbol(values: Sequence[int]) -> str | None:
    """Return the exact mean of raters who are named, to two decimals at most; None when none answered.

    >>> named_symbol([4]), named_symbol([3, 4]), named_symbol([3, 3, 4]), named_symbol([])
    ('4', '3.5', '3.33', None)
    """
    if not values:
        return None
    return _decimal(_half_up(Fraction(sum(values), len(values)), 100), least=0)


def symbol_value(symbol: str, *, low: int, high: int) -> float:
    """Return the scale points a symbol counts as: a band its middle.

    >>> symbol_value("4.5+", low=1, high=5), symbol_value("1.5-", low=1, high=5)
    (4.75, 1.25)
    >>> symbol_value("3.8", low=1, high=5)
    3.8
    """
    if symbol.endswith("+"):
        return float((Fraction(symbol[:-1]) + high) / 2)
    if symbol.endswith("-"):
        return float((Fraction(symbol[:-1]) + low) / 2)
    return float(symbol)


def reverse_keyed(value: int, *, low: int, high: int) -> int:
    """Return the answer to a reverse-keyed item as if the item were the right way round.

    >>> reverse_keyed(2, low=1, high=5)
    4
    """
    return low + high - value


def agreement_band(rwgj: float) -> Agreement:
    """Return how far the raters of a leaf agree on a competency: "high" from .70, "medium" from .50.

    The cuts are those of strong and of moderate agreement in LeBreton & Senter (2008), Organizational
    Research Methods 11, 836. Values outside 0 to 1, which come of more spread than chance would give, and
    values which cannot be computed count as 0, as is recommended there.

    >>> agreement_band(0.72), agreement_band(0.5), agreement_band(-0.2)
    ('high', 'medium', 'low')
    """
    if STRONG_AGREEMENT <= rwgj <= 1:
        return "high"
    return "medium" if SOME_AGREEMENT <= rwgj <= 1 else "low"


def _half_up(value: Fraction, steps: int) -> Fraction:
    return Fraction((value * steps + Fraction(1, 2)).__floor__(), steps)


def _decimal(value: Fraction, *, least: int) -> str:
    """Print a fraction of at most three decimals, with as few as show it and `least` at least."""
    sign, thousandths = "-" if value < 0 else "", abs(round(value * 1000))
    decimals = f"{thousandths % 1000:03}".rstrip("0").ljust(least, "0")
    return f"{sign}{thousandths // 1000}" + (f".{decimals}" if decimals else "")
