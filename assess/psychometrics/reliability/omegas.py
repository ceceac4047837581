"""What common factors explain of a scale's total score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.covariances import correlations_from, is_singular, pairwise_covariances
from assess.psychometrics.dimensions import (
    factor_loadings,
    least_squares,
    maximum_likelihood,
    pairwise_correlations,
)
from assess.psychometrics.ratings import complete_rows, table

NAN = float("nan")


@dataclass(frozen=True)
class Omega:
    """What common factors explain of the total of standardized items; numbers without unit.

    Attributes
    ----------
    hierarchical
        What the one factor explains which all items share.
    total
        What all common factors explain together.
    """

    hierarchical: float
    total: float


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
    covariances = pairwise_covariances(complete_rows(checked))
    correlations = correlations_from(covariances)
    if correlations is None or is_singular(correlations):
        return NAN
    loadings, uniquenesses = maximum_likelihood(correlations, factors=1)
    variances = np.diag(covariances)
    common = float(loadings[:, 0] @ np.sqrt(variances)) ** 2
    return common / (common + float(uniquenesses @ variances))


def omega_hierarchical(scores: ArrayLike, *, factors: int = 3) -> Omega:
    r"""Estimate how far the total score measures one thing, although its items form groups.

    .. math:: \omega_h = \frac{(\sum_i g_i)^2}{\sum_{ij} r_{ij}}, \qquad
              \omega_t = 1 - \frac{\sum_i \psi_i}{\sum_{ij} r_{ij}}, \qquad g = \Lambda \gamma, \quad
              \Phi \approx \gamma \gamma^\top

    `factor_loadings` gives the loadings :math:`\Lambda` of oblique factors (minres, oblimin), their
    correlations :math:`\Phi` and the uniquenesses :math:`\psi`. One general factor is fitted to these
    correlations in turn, again by minimum residuals; through the factors each item loads on it with
    :math:`g` (Schmid & Leiman).

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered
    factors
        Groups of items, at least three: to the one correlation of two factors any number of general
        factors fit. Three need six items.

    Returns
    -------
    Omega
        NaN where `factor_loadings` is: correlations that are unknown or singular.

    Raises
    ------
    ValueError
        With fewer than three factors, more than so many items determine, or an infinite answer.

    References
    ----------
    Schmid & Leiman (1957), Psychometrika 22:53. Zinbarg, Revelle, Yovel & Li (2005), Psychometrika 70:123.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> groups = rng.normal(size=(500, 1)) + rng.normal(size=(500, 3))
    >>> scores = np.repeat(groups, 3, axis=1) + rng.normal(size=(500, 9))
    >>> omega = omega_hierarchical(scores)
    >>> round(omega.hierarchical, 2), round(omega.total, 2)
    (0.68, 0.92)
    """
    if factors < 3:
        raise ValueError(
            f"the factors are {factors}: give at least 3, or take omega_total for a single one"
        )
    groups = factor_loadings(scores, factors=factors)
    if np.isnan(groups.loadings).any():
        return Omega(NAN, NAN)
    general = groups.loadings @ least_squares(groups.correlations, factors=1)[0]
    variance = float(pairwise_correlations(table(scores)).sum())
    return Omega(
        hierarchical=float(general.sum()) ** 2 / variance,
        total=1 - float(groups.uniquenesses.sum()) / variance,
    )
