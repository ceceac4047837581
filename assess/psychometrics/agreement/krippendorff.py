"""Agreement of any number of raters, on any kind of scale, with ratings missing."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.agreement.tallies import Tally, tally
from assess.psychometrics.ratings import Floats, table

NAN = float("nan")


def krippendorff_alpha(ratings: ArrayLike, *, level: str) -> float:
    r"""Measure agreement beyond chance: Krippendorff's alpha.

    .. math:: \alpha = 1 - \frac{D_o}{D_e}, \quad
              D_o = \frac{1}{N} \sum_u \frac{1}{m_u - 1} \sum_{i \ne j} \delta^2(v_{ui}, v_{uj}), \quad
              D_e = \frac{1}{N (N - 1)} \sum_{i \ne j} \delta^2(v_i, v_j)

    with the :math:`m_u` ratings of each unit u, and the N ratings of all units that have at least two. The
    difference :math:`\delta^2` of two ratings is

    - "nominal": 1, unless they are the same;
    - "ordinal": the square of how many ratings lie between them, the ratings at either end counted half;
    - "interval": the square of their difference;
    - "ratio": the square of their difference divided by their sum.

    A unit counts by its ratings less one, so that missing ratings need no guess. Units with complete ratings
    are no special case: :math:`m_u - 1` also there.

    Parameters
    ----------
    ratings : (units, raters) numbers; NaN = not rated. Which rater said what does not matter.
    level
        "nominal", "ordinal", "interval" or "ratio".

    Returns
    -------
    float
        1 (no disagreement) over 0 (as much as by chance) to somewhat below; NaN when no two ratings can be
        compared, or all that can be are the same.

    Raises
    ------
    ValueError
        With an unknown level, an infinite rating, a negative one at level "ratio" (where 0 means nothing), or
        when `ratings` is no table.

    Notes
    -----
    Time and room grow with the ratings, however many different values there are; but at level "ratio" time
    grows with the square of the number of different values.

    References
    ----------
    Krippendorff (2004), Content Analysis, 2nd edition, chapter 11. Krippendorff (2011), Computing
    Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> nan = float("nan")
    >>> round(krippendorff_alpha([[1, 1, nan], [2, 2, 3], [3, 3, 3], [nan, nan, 1]], level="ordinal"), 3)
    0.781
    """
    if level not in DISAGREEMENTS:
        raise ValueError(f"the level is {level!r}: give one of {', '.join(DISAGREEMENTS)}")
    given = tally(table(ratings))
    if level == "ratio" and (given.values < 0).any():
        raise ValueError(
            "a rating is negative, but on a ratio scale 0 means nothing: take level 'interval'"
        )
    units = given.comparable()
    everybody, places = units.pooled()
    if everybody.values.size < 2:
        return NAN
    if level == "ordinal":
        everybody = replace(everybody, values=_mean_ranks(everybody))
        units = replace(units, values=everybody.values[places])
    disagreement = DISAGREEMENTS[level]
    observed = (disagreement(units) / np.maximum(units.sizes - 1, 1)).sum()
    expected = disagreement(everybody)[0] / (everybody.sizes[0] - 1)
    return float(1 - observed / expected)


def _mean_ranks(everybody: Tally) -> Floats:
    """Give each value the mean rank of its ratings, about zero: their differences are the ordinal ones."""
    counts = everybody.counts
    return np.asarray(np.cumsum(counts) - (counts + counts.sum()) / 2)


def _different(ratings: Tally) -> Floats:
    """Count the pairs of different ratings in each unit, each pair twice as in what follows."""
    return np.asarray(ratings.sizes**2 - ratings.sums(ratings.counts**2))


def _squared(ratings: Tally) -> Floats:
    """Sum the squared differences of the pairs in each unit."""
    values = ratings.values - (ratings.values.min() / 2 + ratings.values.max() / 2)
    sums = ratings.sums(ratings.counts * values)
    return np.asarray(2 * (ratings.sizes * ratings.sums(ratings.counts * values**2) - sums**2))


def _squared_per_sum(ratings: Tally) -> Floats:
    """Sum the squares of difference by sum: of neighbours among a unit's values, then of those beyond."""
    found = np.zeros_like(ratings.sizes)
    left = np.arange(ratings.units.size)
    for apart in range(1, ratings.units.size):
        left = left[left + apart < ratings.units.size]
        left = left[ratings.units[left + apart] == ratings.units[left]]
        if not left.size:
            break
        one, other = ratings.values[left], ratings.values[left + apart]
        pairs = 2 * ratings.counts[left] * ratings.counts[left + apart]
        squares = pairs * ((other - one) / (other + one)) ** 2
        found += np.bincount(ratings.units[left], weights=squares, minlength=found.size)
    return found


DISAGREEMENTS: Mapping[str, Callable[[Tally], Floats]] = {
    "nominal": _different,
    "ordinal": _squared,
    "interval": _squared,
    "ratio": _squared_per_sum,
}
"""The sum of the differences between all ratings of each unit, by level of measurement."""
