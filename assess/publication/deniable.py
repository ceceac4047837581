"""What every rater can still claim to have answered, whatever is published of the leaf.

The enumeration is exact. It runs over sums, not over data sets: which data sets have a sum decides nothing
but how often a rater's answer and the answers of the others make it up. Sums are of steps above the lowest
point, so that all scales of one length are one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import accumulate, groupby

from assess.publication.protection import Protection
from assess.publication.symbols import Symbol, scaled_band, symbol_of_mean


@dataclass(frozen=True)
class Told:
    """What an onlooker knows of one item of a leaf.

    Of `raters` with unknown answers `answered` have answered, with a sum of steps from `least` to `most`.
    """

    raters: int
    answered: int
    least: int
    most: int


@dataclass(frozen=True)
class Left:
    """What an onlooker must still reckon with: so many answers of a rater, the likeliest so likely.

    "Not answered" is one of the answers where some were silent. All data sets are taken to be equally likely
    before; how many have answered is taken as known, which it is not.
    """

    answers: int
    certainty: Fraction

    @classmethod
    def worst(cls, cases: Iterable["Left"]) -> "Left":
        known = list(cases)
        return cls(min(case.answers for case in known), max(case.certainty for case in known))


@cache
def least_left(raters: int, *, protection: Protection, points: int, insiders: int = 0) -> Left:
    """Return what is left of any rater of a leaf in the worst case, however many answer and whatever.

    Parameters
    ----------
    raters
        How many the leaf has: as many at least as must answer an item.
    points
        Of the scale.
    insiders
        Raters of the leaf who put their own answers together to find out another's.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD, STRICT
    >>> least_left(4, protection=STANDARD, points=5)
    Left(answers=3, certainty=Fraction(2, 3))
    >>> least_left(5, protection=STRICT, points=5, insiders=1)
    Left(answers=2, certainty=Fraction(4, 5))
    """
    return Left.worst(
        left(view, points)
        for answered in range(protection.answered_minimum, raters + 1)
        for _, told in cells(raters, answered, protection=protection, low=0, high=points - 1)
        for view in views(told, insiders, points)
    )


def cells(
    raters: int, answered: int, *, protection: Protection, low: int, high: int
) -> Iterator[tuple[Symbol, Told]]:
    """Yield every symbol that so many answers may be told as, lowest first, and what it tells.

    >>> from assess.publication.protection import STANDARD
    >>> list(cells(4, 3, protection=STANDARD, low=1, high=5))[-1]
    (Symbol(text='4.5+'), Told(raters=4, answered=3, least=11, most=12))
    """
    band = scaled_band(protection, raters, low=low, high=high)
    for symbol, least, most in _sums(answered, band, low, high):
        yield symbol, Told(raters, answered, least, most)


def views(told: Told, insiders: int, points: int) -> Iterator[Told]:
    """Yield what insiders may be left with once they have taken their own answers away.

    >>> list(views(Told(5, 5, 0, 1), 1, points=5))
    [Told(raters=4, answered=4, least=0, most=1), Told(raters=4, answered=4, least=-1, most=0)]
    """
    raters, highest = told.raters - insiders, points - 1
    for answering in range(insiders + 1):
        answered = told.answered - answering
        if not 0 <= answered <= raters:
            continue
        for own in range(answering * highest + 1):
            view = Told(raters, answered, told.least - own, told.most - own)
            if view.least <= answered * highest and view.most >= 0:
                yield view


def left(told: Told, points: int) -> Left:
    """Return how many different answers one of the raters may have given, and how likely the likeliest is.

    >>> left(Told(raters=4, answered=4, least=14, most=16), points=5)
    Left(answers=3, certainty=Fraction(2, 3))
    """
    silence = int(told.answered < told.raters)
    if not told.answered:
        return Left(silence, Fraction(0))
    ways = [
        _ways(told.answered - 1, points, told.least - own, told.most - own) for own in range(points)
    ]
    certainty = Fraction(told.answered * max(ways), told.raters * sum(ways))
    return Left(sum(map(bool, ways)) + silence, certainty)


@cache
def _sums(
    answered: int, band: Fraction | None, low: int, high: int
) -> list[tuple[Symbol, int, int]]:
    """Return each symbol with the least and the greatest sum of steps that is told so."""

    def shown(steps: int) -> Symbol:
        return symbol_of_mean(low + Fraction(steps, answered), band, low=low, high=high)

    grouped = groupby(range(answered * (high - low) + 1), key=shown)
    sums = ((symbol, list(group)) for symbol, group in grouped)
    return [(symbol, steps[0], steps[-1]) for symbol, steps in sums]


def _ways(raters: int, points: int, least: int, most: int) -> int:
    """Return in how many ways so many raters reach a sum of steps from `least` to `most`."""
    below = _ways_below(raters, points)
    end = len(below) - 1
    return below[max(0, min(most + 1, end))] - below[max(0, min(least, end))]


@cache
def _ways_below(raters: int, points: int) -> tuple[int, ...]:
    """Return in how many ways so many raters reach less than each sum of steps, up to one too many."""
    if not raters:
        return 0, 1
    reached = (
        _ways(raters - 1, points, steps - points + 1, steps)
        for steps in range(raters * (points - 1) + 1)
    )
    return tuple(accumulate(reached, initial=0))
