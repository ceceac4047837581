"""How consistently the items of a scale are answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from assess.psychometrics.covariances import (
    correlations_from,
    is_singular,
    pairwise_covariances,
    within_covariances,
)
from assess.psychometrics.ratings import NOISE, Floats, complete, grouped, probability, table
from assess.psychometrics.reliability.lengths import lengthened

NAN = float("nan")


@dataclass(frozen=True)
class Alpha:
    """Coefficient alpha with its interval, and its relatives; numbers without unit.

    Attributes
    ----------
    estimate, low, high
        Alpha from the covariances, and its exact-F interval.
    standardized
        Alpha of items brought to one variance.
    lambda6
        Guttman's lambda 6, from squared multiple correlations.
    average_r
        Mean correlation of two items.
    items, respondents
        How many columns and rows went in.
    """

    estimate: float
    low: float
    high: float
    standardized: float
    lambda6: float
    average_r: float
    items: int
    respondents: int


def cronbach_alpha(
    scores: ArrayLike, *, missing: str = "pairwise", confidence: float = 0.95
) -> Alpha:
    r"""Estimate how consistently the items of a scale are answered.

    .. math:: \alpha = \frac{k}{k-1}\left(1 - \frac{\sum_i c_{ii}}{\sum_{ij} c_{ij}}\right), \qquad
              1 - (1-\alpha)\,F_{1-\gamma/2} \le \alpha_0 \le 1 - (1-\alpha)\,F_{\gamma/2}

    with the covariances :math:`c_{ij}` of items and quantiles of F with N - 1 and (N - 1)(k - 1) degrees of
    freedom. `standardized`, `lambda6` and `average_r` come from these covariances turned into
    correlations, also when answers are missing.

    Raters of one leader are not independent of each other: pooled over leaders this is the textbook
    coefficient, and its interval is too narrow. `alpha_within` is free of the differences between leaders.

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered
    missing
        "pairwise": each covariance from all who answered both items, and N is the number of rows;
        "listwise": complete respondents only.
    confidence
        Of the two-sided interval, above 0 and below 1.

    Returns
    -------
    Alpha
        Everything is NaN when an item pair has fewer than two respondents, or the total score does not vary.
        A constant item counts as an item without variance; the three figures from correlations are then NaN.
        `lambda6` is NaN too when the correlations are singular.

    Raises
    ------
    ValueError
        With fewer than two items, an infinite answer, or an unknown `missing`.

    References
    ----------
    Cronbach (1951), Psychometrika 16:297. Feldt (1965), Psychometrika 30:357. Guttman (1945),
    Psychometrika 10:255.

    Examples
    --------
    >>> alpha = cronbach_alpha([[1, 2, 1], [2, 2, 3], [4, 3, 4], [5, 4, 5]])
    >>> round(alpha.estimate, 3), round(alpha.low, 3), round(alpha.high, 3)
    (0.944, 0.63, 0.996)
    """
    checked = table(scores, least_items=2)
    if missing not in {"pairwise", "listwise"}:
        raise ValueError(f"missing is {missing!r}: give 'pairwise' or 'listwise'")
    if missing == "listwise":
        checked = checked[complete(checked)]
    respondents, items = checked.shape
    covariances = pairwise_covariances(checked)
    estimate = _alpha(covariances)
    low, high = _feldt(estimate, respondents, items, probability(confidence, "confidence"))
    average_r, lambda6 = _from_correlations(covariances)
    standardized = lengthened(average_r, items)
    return Alpha(estimate, low, high, standardized, lambda6, average_r, items, respondents)


def alpha_within(scores: ArrayLike, groups: ArrayLike) -> float:
    r"""Estimate how consistently raters of the *same* leader answer the items of a scale.

    Alpha of the pooled within-leader covariances. For items i and j, with all raters r of leader t who
    answered both,

    .. math:: c_{ij} = \frac{\sum_t \sum_r (x_{tri} - \bar x_{ti})(x_{trj} - \bar x_{tj})}{N_{ij} - J_{ij}}

    where the means are taken over those same raters, :math:`N_{ij}` counts them, and :math:`J_{ij}` the
    leaders who have one. A missing answer thus costs nothing but the pairs it belongs to; with complete
    answers the degrees of freedom are N - J, J(n - 1) with n raters each.

    Parameters
    ----------
    scores : (N, k) ratings x items; NaN = not answered
    groups : (N,) the leader of each rating

    Returns
    -------
    float
        NaN when for some pair no leader has two raters who answered both, or when raters of one leader never
        differ in their totals.

    Raises
    ------
    ValueError
        With fewer than two items, or when there is not one leader a rating.

    References
    ----------
    Geldhof, Preacher & Zyphur (2014), Psychological Methods 19:72, on reliability at two levels.

    Examples
    --------
    >>> scores = [[1, 2], [2, 2], [3, 4], [4, 4], [5, 4], [6, 5]]
    >>> round(alpha_within(scores, ["Ana", "Ana", "Ana", "Ida", "Ida", "Ida"]), 3)
    0.9
    """
    checked = table(scores, least_items=2)
    return _alpha(within_covariances(checked, grouped(groups, checked.shape[0])))


def _alpha(covariances: Floats) -> float:
    items = len(covariances)
    variances, total = float(np.trace(covariances)), float(covariances.sum())
    if not total > NOISE * variances:
        return NAN
    return items / (items - 1) * (1 - variances / total)


def _feldt(estimate: float, respondents: int, items: int, confidence: float) -> tuple[float, float]:
    between, residual = respondents - 1, (respondents - 1) * (items - 1)
    if respondents < 2:
        return NAN, NAN
    tail = (1 - confidence) / 2
    low = 1 - (1 - estimate) * float(special.fdtri(between, residual, 1 - tail))
    return low, 1 - (1 - estimate) * float(special.fdtri(between, residual, tail))


def _from_correlations(covariances: Floats) -> tuple[float, float]:
    """Give the mean correlation and lambda 6."""
    correlations = correlations_from(covariances)
    if correlations is None:
        return NAN, NAN
    items = correlations.shape[0]
    total = float(correlations.sum())
    average = (total - items) / (items * (items - 1))
    if is_singular(correlations):
        return average, NAN
    unexplained = 1 / np.diag(np.linalg.inv(correlations))
    return average, 1 - float(unexplained.sum()) / total
