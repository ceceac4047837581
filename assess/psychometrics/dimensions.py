"""What a set of items has in common."""

import math

import numpy as np
from scipy import optimize

from assess.psychometrics.ratings import Floats

LEAST_UNIQUENESS = 0.005


def one_factor(correlations: Floats) -> tuple[Floats, Floats]:
    r"""Fit one common factor to correlations, by maximum likelihood.

    .. math:: R \approx \lambda \lambda^\top + \Psi

    The loadings follow from the uniquenesses, so that only these are searched, over their logarithms.

    Parameters
    ----------
    correlations : (k, k) of at least three items, not singular

    Returns
    -------
    tuple
        Loadings (k,), of either sign throughout, and uniquenesses (k,), none below 0.005.

    References
    ----------
    Joreskog (1967), Psychometrika 32:443.

    Examples
    --------
    >>> loadings, uniquenesses = one_factor(np.array([[1, 0.42, 0.48], [0.42, 1, 0.56], [0.48, 0.56, 1]]))
    >>> np.abs(loadings).round(3), uniquenesses.round(3)
    (array([0.6, 0.7, 0.8]), array([0.64, 0.51, 0.36]))
    """
    items = correlations.shape[0]
    start = np.log((1 - 0.5 / items) / np.diag(np.linalg.inv(correlations)))
    fit = optimize.minimize(
        _discrepancy,
        np.clip(start, math.log(LEAST_UNIQUENESS), 0.0),
        args=(correlations,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(math.log(LEAST_UNIQUENESS), 0.0)] * items,
        options={"ftol": 0.0, "gtol": 1e-9, "maxiter": 1000},
    )
    uniquenesses = np.exp(fit.x)
    return _loadings(correlations, uniquenesses)[0], uniquenesses


def _discrepancy(logarithms: Floats, correlations: Floats) -> tuple[float, Floats]:
    """Joreskog's function, the loadings being at their best, and its slope."""
    uniquenesses = np.exp(logarithms)
    loadings, rest = _loadings(correlations, uniquenesses)
    slope = (loadings**2 + uniquenesses - np.diag(correlations)) / uniquenesses
    return float((rest - np.log(rest) - 1).sum()), slope


def _loadings(correlations: Floats, uniquenesses: Floats) -> tuple[Floats, Floats]:
    """Give the best loadings for these uniquenesses, and the eigenvalues they leave."""
    spread = np.sqrt(uniquenesses)
    values, vectors = np.linalg.eigh(correlations / np.outer(spread, spread))
    return spread * vectors[:, -1] * math.sqrt(max(values[-1] - 1, 0.0)), values[:-1]
