"""How many answers every rater can still claim to have given, whatever is published of the leaf.

The enumeration is exact. It runs over sums, not over data sets: which data sets have a sum decides
nothing but whether a rater's answer and the answers of the others can make it up, and the others can make up
any sum between all-lowest and all-highest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import groupby
from math import ceil

from assess.publication.protection import Protection
from assess.publication.symbols import scaled_band, symbol_of_mean


@dataclass(frozen=True)
class Told:
    """What an onlooker knows of one item of a leaf.

    Of `raters` with unknown answers `answered` have answered, with a sum from `least` to `most`.
    """

    raters: int
    answered: int
    least: int
    most: int


@cache
def fewest(raters: int, *, protection: Protection, low: int, high: int, insiders: int = 0) -> int:
    """Return the fewest answers that any rater of a leaf may have given, whatever the symbol.

    "Not answered" counts as an answer where fewer have answered than there are raters; how many have
    answered is taken as known, which it is not. A cell without symbol leaves every answer open.

    Parameters
    ----------
    raters
        How many the leaf has.
    low, high
        Ends of the scale.
    insiders
        Raters of the leaf who put their own answers together to find out another's.

    Raises
    ------
    ValueError
        When no rater is left beside the insiders.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD, STRICT, THRESHOLD
    >>> fewest(4, protection=STANDARD, low=1, high=5)
    3
    >>> fewest(5, protection=STRICT, low=1, high=5, insiders=1)
    2
    >>> fewest(3, protection=THRESHOLD, low=1, high=5)
    1
    """
    if insiders >= raters:
        raise ValueError("beside the insiders there must be a rater to protect")
    first, width = protection.answered_minimum, high - low
    if raters < first:
        return width + 2
    band = scaled_band(protection, raters, low=low, high=high)
    enough = raters if band is None else max(first, _enough_answers(band, width, insiders))
    return min(
        width + 1,  # what is left where all have answered, and many
        *(
            answers(told, low=low, high=high)
            for answered in range(first, min(raters, enough) + 1)
            for least, most in sums(answered, band, low=low, high=high)
            for told in views(Told(raters, answered, least, most), insiders, low=low, high=high)
        ),
    )


def sums(answered: int, band: Fraction | None, *, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield for every symbol the least and the greatest sum of answers that is published so.

    >>> list(sums(3, Fraction(1, 2), low=1, high=5))[-2:]
    [(13, 13), (14, 15)]
    """

    def shown(total: int) -> str:
        return symbol_of_mean(Fraction(total, answered), band, low=low, high=high)

    for _, group in groupby(range(answered * low, answered * high + 1), key=shown):
        totals = list(group)
        yield totals[0], totals[-1]


def views(told: Told, insiders: int, *, low: int, high: int) -> Iterator[Told]:
    """Yield what insiders may be left with once they have taken their own answers away.

    >>> list(views(Told(5, 5, 20, 25), 1, low=4, high=5))
    [Told(raters=4, answered=4, least=16, most=21), Told(raters=4, answered=4, least=15, most=20)]
    """
    raters = told.raters - insiders
    for answering in range(insiders + 1):
        answered = told.answered - answering
        if not 0 <= answered <= raters:
            continue
        for own in range(answering * low, answering * high + 1):
            left = Told(raters, answered, told.least - own, told.most - own)
            if left.least <= answered * high and left.most >= answered * low:
                yield left


def answers(told: Told, *, low: int, high: int) -> int:
    """Return how many different answers one of the raters may have given.

    >>> answers(Told(raters=4, answered=4, least=18, most=20), low=1, high=5)
    3
    >>> answers(Told(raters=4, answered=3, least=14, most=15), low=1, high=5)
    3
    """
    silence = int(told.answered < told.raters)
    if not told.answered:
        return silence
    others = told.answered - 1
    smallest = max(low, told.least - others * high)
    greatest = min(high, told.most - others * low)
    return greatest - smallest + 1 + silence


def _enough_answers(band: Fraction, width: int, insiders: int) -> int:
    """Return from how many answers on every point of the scale is open: more need not be looked at.

    The band then has room for one answer, and all those of the insiders, at the far end of the scale.
    """
    return ceil(width * (1 + insiders) / band)
