"""How often each value was given to each unit, however many values there are."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics.ratings import Codes, Floats


@dataclass(frozen=True)
class Tally:
    """Which values a unit was given, and how often: a line for each value of each unit.

    It takes room for the ratings there are, not for every value in every unit.

    Attributes
    ----------
    units : (L,) 0 .. U-1, ascending
    values : (L,) ascending within each unit
    counts : (L,) how many ratings, at least 1
    """

    units: Codes
    values: Floats
    counts: Codes

    def sums(self, amounts: Floats | Codes) -> Floats:
        """Sum an amount for each line over the lines of each unit, (U,)."""
        return np.asarray(np.bincount(self.units, weights=amounts), dtype=np.float64)

    @cached_property
    def sizes(self) -> Floats:
        """Ratings of each unit, (U,)."""
        return self.sums(self.counts)

    def only(self, lines: NDArray[np.bool_]) -> "Tally":
        """Keep some of the lines, and the numbers of the units."""
        if lines.all():
            return self
        return Tally(self.units[lines], self.values[lines], self.counts[lines])

    def comparable(self) -> "Tally":
        """Leave out what units with a single rating were given."""
        return self.only((self.sizes >= 2)[self.units])

    def pooled(self) -> tuple["Tally", Codes]:
        """Take all ratings for those of one unit; and say which of its lines each line went into."""
        values = np.unique(self.values)
        places = np.searchsorted(values, self.values)
        counts = np.bincount(places, weights=self.counts, minlength=values.size)
        return Tally(np.zeros_like(values, dtype=np.intp), values, counts.astype(np.intp)), places


def tally(ratings: Floats) -> Tally:
    """Count the values of each unit, from units x raters with NaN for not rated."""
    raters = ratings.shape[1]
    ordered = np.sort(ratings, axis=1).ravel()  # NaN goes to the end of its unit
    fresh = np.ones(ordered.size, dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    fresh[::raters] = True
    starts = np.flatnonzero(fresh)
    values, counts = ordered[starts], np.diff(starts, append=ordered.size)
    return Tally(starts // raters, values, counts).only(~np.isnan(values))
