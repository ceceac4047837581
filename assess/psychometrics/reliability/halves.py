"""How far one half of a scale tells the same as the other."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.covariances import correlations_from, pairwise_covariances
from assess.psychometrics.ratings import NOISE, Floats, complete_rows, table
from assess.psychometrics.reliability.lengths import lengthened

NAN = float("nan")
MOST_ITEMS = 16
"""Their 6,435 splits are gone through in some milliseconds; every two items more make four times as many."""


@dataclass(frozen=True)
class SplitHalf:
    """How reliable a scale is by its odd and its even items; numbers without unit.

    Attributes
    ----------
    r
        Correlation of the totals of both halves.
    spearman_brown
        This correlation stepped up to the whole scale, which takes the halves for equally good.
    lambda4
        Guttman's lambda 4, which lets their variances differ.
    """

    r: float
    spearman_brown: float
    lambda4: float


@dataclass(frozen=True)
class AllSplitHalves:
    """How reliable a scale is by each way to split it; numbers without unit.

    Attributes
    ----------
    lambda4 : (splits,)
        Guttman's lambda 4 of every split, the first half in the order of `itertools.combinations`.
    greatest, least, mean
        Of these; the least one is Revelle's beta.
    """

    lambda4: Floats
    greatest: float
    least: float
    mean: float


def split_half(scores: ArrayLike) -> SplitHalf:
    r"""Estimate reliability from the first, third, fifth ... against the second, fourth ... item of a scale.

    .. math:: r = \frac{c_{AB}}{s_A s_B}, \qquad \frac{2r}{1 + r}, \qquad
              \lambda_4 = \frac{4\,c_{AB}}{s_A^2 + s_B^2 + 2\,c_{AB}}

    with the variances and the covariance of the totals of both halves, as the items were answered, over
    those who answered all of them. Another order of the items gives another result: `all_split_halves`
    tells how different.

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered

    Returns
    -------
    SplitHalf
        Everything is NaN with fewer than two complete respondents. `r` and `spearman_brown` are NaN where a
        half does not vary, the latter also where the halves are opposite; `lambda4` is NaN where the total
        does not vary.

    Raises
    ------
    ValueError
        With fewer than two items, or an infinite answer.

    References
    ----------
    Spearman (1910), British Journal of Psychology 3:271. Guttman (1945), Psychometrika 10:255.

    Examples
    --------
    >>> found = split_half([[1, 2, 1, 2], [2, 2, 3, 1], [4, 3, 4, 5], [5, 4, 5, 3]])
    >>> round(found.r, 3), round(found.spearman_brown, 3), round(found.lambda4, 3)
    (0.78, 0.877, 0.841)
    """
    checked = table(scores, least_items=2)
    covariances = pairwise_covariances(complete_rows(checked))
    odd = np.arange(len(covariances)) % 2 == 0
    halves = np.vstack([odd, ~odd]).astype(np.float64)
    (first, shared), (_, second) = (halves @ covariances @ halves.T).tolist()
    rounding = NOISE * float(np.trace(covariances))
    r = shared / math.sqrt(first * second) if min(first, second) > rounding else NAN
    total = first + second + 2 * shared
    return SplitHalf(r, lengthened(r, 2), 4 * shared / total if total > rounding else NAN)


def all_split_halves(scores: ArrayLike) -> AllSplitHalves:
    r"""Estimate reliability from every way to split a scale into halves.

    With the correlations :math:`r_{ij}` of items, from the covariances of all who answered both, and
    :math:`e_i = 1` for the items of one half and -1 for those of the other,

    .. math:: \lambda_4 = 1 - \frac{\sum_{ij} e_i e_j r_{ij}}{\sum_{ij} r_{ij}}

    is Guttman's lambda 4 of items brought to one variance. Halves of an odd number of items differ by one
    item, and all such splits count. The mean over all splits is `Alpha.standardized`, times 1 - 1/k² for an
    odd number k of items. In small samples the greatest one is too great: it is picked.

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered

    Returns
    -------
    AllSplitHalves
        Everything is NaN where an item does not vary, an item pair has fewer than two respondents, or the
        total score of the standardised items does not vary.

    Raises
    ------
    ValueError
        With fewer than two items, with more than 16, of which there are too many splits, or with an infinite
        answer.

    References
    ----------
    Guttman (1945), Psychometrika 10:255. Cronbach (1951), Psychometrika 16:297, on the mean. Revelle (1979),
    Multivariate Behavioral Research 14:57, on the least. Revelle & Zinbarg (2009), Psychometrika 74:145.

    Examples
    --------
    >>> found = all_split_halves([[1, 2, 1, 2], [2, 2, 3, 1], [4, 3, 4, 5], [5, 4, 5, 3]])
    >>> found.lambda4.round(3)
    array([0.937, 0.911, 0.916])
    """
    checked = table(scores, least_items=2)
    if checked.shape[1] > MOST_ITEMS:
        raise ValueError(
            f"{checked.shape[1]} items have too many splits: give at most {MOST_ITEMS}, "
            "or split them once, by `split_half`"
        )
    sides = _sides(checked.shape[1])
    correlations = correlations_from(pairwise_covariances(checked))
    lambda4 = np.full(len(sides), NAN)
    if correlations is not None and correlations.sum() > NOISE * len(correlations):
        lambda4 = 1 - ((sides @ correlations) * sides).sum(axis=1) / correlations.sum()
    greatest, least, mean = (float(pick(lambda4)) for pick in (np.max, np.min, np.mean))
    return AllSplitHalves(lambda4, greatest, least, mean)


def _sides(items: int) -> Floats:
    """Give every split once, (splits, items): 1 for the items of one half, -1 for those of the other."""
    halves = list(combinations(range(items), items // 2))
    if items % 2 == 0:
        halves = halves[: len(halves) // 2]  # the rest are the other halves of these
    sides = -np.ones((len(halves), items))
    np.put_along_axis(sides, np.array(halves), 1.0, axis=1)
    return sides
