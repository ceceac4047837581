"""What common factors explain of a scale's total score."""

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.covariances import correlations_from, is_singular, pairwise_covariances
from assess.psychometrics.dimensions import one_factor
from assess.psychometrics.ratings import complete, table

NAN = float("nan")


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
