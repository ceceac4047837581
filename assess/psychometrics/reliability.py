"""How consistently several items, or several raters, measure one thing."""

import math
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
from assess.psychometrics.dimensions import one_factor
from assess.psychometrics.ratings import NOISE, Floats, complete, grouped, probability, table

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
    standardized = _lengthened(average_r, items)
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


def omega_total(scores: ArrayLike) -> float:
    r"""Estimate McDonald's omega: what a single common factor explains of the total score.

    .. math:: \omega = \frac{(\sum_i \lambda_i)^2}{(\sum_i \lambda_i)^2 + \sum_i \theta_i}

    with loadings and uniquenesses of a one-factor model fitted by maximum likelihood to the covariances of
    complete respondents. No uniqueness falls below 0.005 of its item's variance.

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered

    Returns
    -------
    float
        NaN when the covariances of the complete respondents are singular: too few of them, a constant item,
        or an item that says the same as others.

    Raises
    ------
    ValueError
        With fewer than three items, of which no single set of loadings follows.

    References
    ----------
    McDonald (1999), Test Theory. Joreskog (1967), Psychometrika 32:443.

    Examples
    --------
    >>> scores = [[1, 2, 1], [2, 2, 3], [4, 3, 4], [5, 4, 4], [3, 3, 5], [2, 1, 2]]
    >>> round(omega_total(scores), 3)
    0.908
    """
    checked = table(scores, least_items=3)
    covariances = pairwise_covariances(checked[complete(checked)])
    correlations = correlations_from(covariances)
    if correlations is None or is_singular(correlations):
        return NAN
    loadings, uniquenesses = one_factor(correlations)
    variances = np.diag(covariances)
    common = float((loadings * np.sqrt(variances)).sum()) ** 2
    return common / (common + float(uniquenesses @ variances))


def spearman_brown(reliability: float, factor: float) -> float:
    r"""Tell the reliability of a measure made `factor` times as long.

    .. math:: \rho_k = \frac{k \rho}{1 + (k - 1) \rho}

    Parameters
    ----------
    reliability
        Of the present measure, at most 1. NaN gives NaN.
    factor
        How many times as many items or raters, above 0; need not be whole.

    Returns
    -------
    float
        NaN for a reliability so far below zero that the longer measure would have no variance.

    Raises
    ------
    ValueError
        With a reliability above 1, or a factor that is not above 0.

    References
    ----------
    Spearman (1910), British Journal of Psychology 3:271. Brown (1910), the same volume, 296.

    Examples
    --------
    One peer of .37, five of them:

    >>> round(spearman_brown(0.37, 5), 2)
    0.75
    """
    _at_most_one(reliability)
    if not factor > 0:
        raise ValueError(f"the factor is {factor}: give a number above 0")
    return _lengthened(reliability, factor)


def raters_needed(single: float, target: float = 0.70) -> float:
    r"""Tell how many raters make a mean of the wanted reliability, as a number that is not rounded up.

    .. math:: k = \frac{R (1 - \rho)}{\rho (1 - R)}

    Parameters
    ----------
    single
        Reliability of one rater, ICC(1), at most 1. NaN gives NaN.
    target
        Reliability R the mean should have, above 0 and below 1.

    Returns
    -------
    float
        Infinity when one rater has no reliability at all: no number suffices.

    Raises
    ------
    ValueError
        With a reliability above 1, or a target outside 0 to 1.

    References
    ----------
    The formula of Spearman and Brown (see `spearman_brown`), solved for the factor.

    Examples
    --------
    >>> round(raters_needed(0.30), 1)
    5.4
    """
    _at_most_one(single)
    probability(target, "the target")
    if single <= 0:
        return math.inf
    return target * (1 - single) / (single * (1 - target))


def standard_error_of_measurement(sd: float, reliability: float) -> float:
    r"""Tell how far an observed score strays from the true one, in the unit of `sd`.

    .. math:: SEM = s \sqrt{1 - \rho}

    Parameters
    ----------
    sd
        Standard deviation of the observed scores, not negative.
    reliability
        Of these scores, at most 1. NaN gives NaN.

    Raises
    ------
    ValueError
        With a negative standard deviation, or a reliability above 1.

    References
    ----------
    Lord & Novick (1968), Statistical Theories of Mental Test Scores, chapter 3.

    Examples
    --------
    >>> standard_error_of_measurement(2.0, 0.75)
    1.0
    """
    _at_most_one(reliability)
    if sd < 0:
        raise ValueError(f"the standard deviation is {sd}: give one which is not negative")
    return sd * math.sqrt(1 - reliability)


def _at_most_one(reliability: float) -> None:
    if reliability > 1:
        raise ValueError(f"the reliability is {reliability}: give a number of at most 1")


def _lengthened(reliability: float, factor: float) -> float:
    length = 1 + (factor - 1) * reliability
    return factor * reliability / length if length > 0 else NAN


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
