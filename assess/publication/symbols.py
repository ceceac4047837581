"""Symbols: the only figures that are made from answers. Everything else is made from symbols.

All arithmetic is of whole numbers and fractions: a rounding error could not be told from a leak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from assess.publication.plans import Withheld
from assess.publication.protection import Protection

Kind = Literal["mean", "top", "bottom"]
Agreement = Literal["low", "medium", "high"]

NOT_ENOUGH_ANSWERS = Withheld("answers to an item", "not enough answers")

SOME_AGREEMENT = 0.50
STRONG_AGREEMENT = 0.70

_WIDTH = 4
"""The width of the five-point scale for which bands are stated; on a shorter one they are no narrower."""


@dataclass(frozen=True)
class Symbol:
    """What is told of a leaf's answers to one item: all of it is in how it is printed.

    A sign behind the figure makes it a band, a sign before it is its own: "-2.25-" is -2.25 or less.

    Examples
    --------
    >>> Symbol("4.5+").kind, Symbol("-2.25-").kind, Symbol("-0.5").kind
    ('top', 'bottom', 'mean')
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def kind(self) -> Kind:
        if self.text.endswith("+"):
            return "top"
        return "bottom" if self.text.endswith("-") else "mean"

    @property
    def figure(self) -> Fraction:
        """The mean, or where the band begins, in scale points."""
        return Fraction(self.text.rstrip("+-"))

    def value(self, *, low: int, high: int) -> float:
        """Return the scale points it counts as: a band its middle.

        >>> Symbol("4.5+").value(low=1, high=5), Symbol("1.5-").value(low=1, high=5)
        (4.75, 1.25)
        >>> Symbol("3.8").value(low=1, high=5)
        3.8
        """
        ends = {"top": Fraction(high), "bottom": Fraction(low), "mean": self.figure}
        return float((self.figure + ends[self.kind]) / 2)


def symbol(
    values: Sequence[int], *, raters: int, protection: Protection, low: int, high: int
) -> Symbol | Withheld:
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
    Symbol or Withheld
        Withheld where fewer than `protection.answered_minimum` answered.

    Raises
    ------
    ValueError
        With more answers than raters, or an answer outside the scale.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD
    >>> symbol([5, 5, 4, 5], raters=4, protection=STANDARD, low=1, high=5)
    Symbol(text='4.5+')
    >>> symbol([5, 3, 4, 3], raters=5, protection=STANDARD, low=1, high=5)
    Symbol(text='3.8')
    """
    if len(values) > raters or not all(low <= value <= high for value in values):
        raise ValueError("answers must be as many as raters at most, and within the scale")
    if len(values) < protection.answered_minimum:
        return NOT_ENOUGH_ANSWERS
    band = scaled_band(protection, raters, low=low, high=high)
    return symbol_of_mean(Fraction(sum(values), len(values)), band, low=low, high=high)


def scaled_band(protection: Protection, raters: int, *, low: int, high: int) -> Fraction | None:
    """Return how far from either end means are published as a band, in points of this scale.

    >>> from assess.publication.protection import STANDARD
    >>> scaled_band(STANDARD, 6, low=1, high=7), scaled_band(STANDARD, 6, low=1, high=4)
    (Fraction(3, 4), Fraction(1, 2))
    """
    band = protection.band(raters)
    return None if band is None else band * max(high - low, _WIDTH) / _WIDTH


def symbol_of_mean(mean: Fraction, band: Fraction | None, *, low: int, high: int) -> Symbol:
    """Return the symbol of an exact mean.

    >>> symbol_of_mean(Fraction(15, 4), None, low=1, high=5)
    Symbol(text='3.8')
    """
    if band is not None and mean >= high - band:
        return Symbol(f"{_decimal(_rounded(high - band, 3), least=1)}+")
    if band is not None and mean <= low + band:
        return Symbol(f"{_decimal(_rounded(low + band, 3), least=1)}-")
    return Symbol(_decimal(_rounded(mean, 1), least=1))


def named_symbol(values: Sequence[int]) -> Symbol | Withheld:
    """Return the exact mean of raters who are named, to two decimals at most; withheld when none answered.

    >>> named_symbol([4]), named_symbol([3, 3, 4])
    (Symbol(text='4'), Symbol(text='3.33'))
    """
    if not values:
        return NOT_ENOUGH_ANSWERS
    return Symbol(_decimal(_rounded(Fraction(sum(values), len(values)), 2), least=0))


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


def _rounded(value: Fraction, decimals: int) -> int:
    """Return thousandths, rounded half up to so many decimals."""
    steps: int = 10**decimals
    twice = 2 * value.denominator
    return (2 * steps * value.numerator + value.denominator) // twice * (1000 // steps)


def _decimal(thousandths: int, *, least: int) -> str:
    """Print thousandths with as few decimals as show them and `least` at least."""
    sign, whole = "-" if thousandths < 0 else "", abs(thousandths)
    decimals = f"{whole % 1000:03}".rstrip("0").ljust(least, "0")
    return f"{sign}{whole // 1000}" + (f".{decimals}" if decimals else "")
