"""Common factors of correlations: what each item shares with the others, and what it has for itself."""

import math

import numpy as np

from assess.psychometrics.dimensions.search import Shape, minimise
from assess.psychometrics.ratings import Floats

LEAST_UNIQUENESS = 0.005
"""No item is taken for wholly common: where the fit would have it so, its uniqueness is held here."""

NEAREST = 1e-9
"""How far apart two eigenvalues count at least."""


def most_factors(items: int) -> int:
    r"""Tell how many factors so many items determine, at most.

    It is the largest number q which leaves no fewer correlations than parameters,

    .. math:: (k - q)^2 \ge k + q .

    References
    ----------
    Ledermann (1937), Psychometrika 2:85.

    Examples
    --------
    >>> [most_factors(items) for items in (2, 3, 5, 6, 25)]
    [0, 1, 2, 3, 18]
    """
    return (2 * items - math.isqrt(8 * items)) // 2


def least_squares(correlations: Floats, *, factors: int) -> tuple[Floats, Floats]:
    r"""Fit common factors by unweighted least squares, also called minimum residuals ("minres").

    .. math:: \min_{\Lambda, \Psi} \tfrac12 \lVert R - \Lambda \Lambda^\top - \Psi \rVert^2

    The loadings follow from the uniquenesses, so that only these are searched, by Newton's method with the
    exact second derivatives; many matrices at once.

    Parameters
    ----------
    correlations : (..., k, k) of items; may be singular
    factors
        How many, at least one and not more than `most_factors`.

    Returns
    -------
    tuple
        Loadings (..., k, factors), unrotated, the strongest factor last, of either sign; and
        uniquenesses (..., k), from 0.005 to 1.

    References
    ----------
    Harman & Jones (1966), Psychometrika 31:351. Joreskog (1977), in Enslein, Ralston & Wilf, Statistical
    Methods for Digital Computers, 125, for the derivatives.

    Examples
    --------
    >>> loadings, uniquenesses = least_squares(
    ...     np.array([[1, 0.42, 0.48], [0.42, 1, 0.56], [0.48, 0.56, 1]]), factors=1)
    >>> np.abs(loadings[:, 0]).round(3), uniquenesses.round(3)
    (array([0.6, 0.7, 0.8]), array([0.64, 0.51, 0.36]))
    """
    nearest = np.abs(correlations - np.eye(correlations.shape[-1])).max(axis=-1)
    start = 1 - nearest**2  # needs no inverse, which singular correlations have not
    bounds = (LEAST_UNIQUENESS, 1.0)
    uniquenesses = minimise(residuals, correlations, factors=factors, start=start, bounds=bounds)
    values, vectors = _strongest(reduced(correlations, uniquenesses), factors)
    return vectors * np.sqrt(np.maximum(values, 0.0)), uniquenesses


def maximum_likelihood(correlations: Floats, *, factors: int) -> tuple[Floats, Floats]:
    r"""Fit common factors by maximum likelihood.

    .. math:: \min_{\Lambda, \Psi} \log |\Sigma| + \operatorname{tr} R \Sigma^{-1} - \log |R| - k,
              \qquad \Sigma = \Lambda \Lambda^\top + \Psi

    Searched like `least_squares`, over the logarithms of the uniquenesses.

    Parameters
    ----------
    correlations : (..., k, k) of items, not singular
    factors
        How many, at least one and not more than `most_factors`.

    Returns
    -------
    tuple
        As `least_squares` gives them.

    References
    ----------
    Joreskog (1967), Psychometrika 32:443. Clarke (1970), British Journal of Mathematical and Statistical
    Psychology 23:43, for the derivatives.

    Examples
    --------
    >>> loadings, uniquenesses = maximum_likelihood(
    ...     np.array([[1, 0.42, 0.48], [0.42, 1, 0.56], [0.48, 0.56, 1]]), factors=1)
    >>> np.abs(loadings[:, 0]).round(3), uniquenesses.round(3)
    (array([0.6, 0.7, 0.8]), array([0.64, 0.51, 0.36]))
    """
    items = correlations.shape[-1]
    unexplained = 1 / np.diagonal(np.linalg.inv(correlations), axis1=-2, axis2=-1)
    start = np.log((1 - 0.5 * factors / items) * unexplained)
    bounds = (math.log(LEAST_UNIQUENESS), 0.0)
    found = minimise(unlikelihood, correlations, factors=factors, start=start, bounds=bounds)
    uniquenesses = np.exp(found)
    values, vectors = _strongest(_scaled(correlations, uniquenesses), factors)
    strengths = np.sqrt(np.maximum(values - 1, 0.0))
    return np.sqrt(uniquenesses)[..., np.newaxis] * vectors * strengths, uniquenesses


def reduced(correlations: Floats, uniquenesses: Floats) -> Floats:
    """Give the correlations with what the items share in the diagonal, (..., k, k)."""
    return correlations - uniquenesses[..., np.newaxis] * np.eye(uniquenesses.shape[-1])


def _scaled(correlations: Floats, uniquenesses: Floats) -> Floats:
    spread = np.sqrt(uniquenesses)
    return np.asarray(correlations / (spread[..., np.newaxis] * spread[..., np.newaxis, :]))


def _strongest(matrices: Floats, factors: int) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eigh(matrices)
    return values[..., np.newaxis, -factors:], vectors[..., -factors:]


def residuals(uniquenesses: Floats, correlations: Floats, factors: int) -> Shape:
    """Half the squares that the best loadings for these uniquenesses leave."""
    values, vectors = np.linalg.eigh(reduced(correlations, uniquenesses))
    left, gaps = _left(values, factors)
    shape = _derivatives(vectors, -left, np.ones_like(left), -2 * left[:, np.newaxis] / gaps)
    return (left**2).sum(axis=1) / 2, *shape


def unlikelihood(logarithms: Floats, correlations: Floats, factors: int) -> Shape:
    """Joreskog's function, the loadings being at their best for these uniquenesses."""
    values, vectors = np.linalg.eigh(_scaled(correlations, np.exp(logarithms)))
    left, gaps = _left(values, factors)
    across = (1 - left)[:, np.newaxis] * (values[:, -factors:, np.newaxis] + left[:, np.newaxis])
    shape = _derivatives(vectors, 1 - left, left, across / gaps)
    return (left - np.log(left) - 1).sum(axis=1), *shape


def _left(values: Floats, factors: int) -> tuple[Floats, Floats]:
    """Give the eigenvalues no factor takes, (n, m), and how far below each that one does, (n, q, m)."""
    left, taken = values[:, :-factors], values[:, -factors:]
    return left, np.maximum(taken[:, :, np.newaxis] - left[:, np.newaxis], NEAREST)


def _derivatives(
    vectors: Floats, slope: Floats, within: Floats, across: Floats
) -> tuple[Floats, Floats]:
    r"""Sum over the eigenvectors w that are left, and v that are taken up by factors.

    The slope is :math:`\sum_m s_m w_{im}^2`, the curvature
    :math:`\sum_{mn} a_n w_{im} w_{jm} w_{in} w_{jn} + \sum_{fm} c_{fm} v_{if} v_{jf} w_{im} w_{jm}`.
    """
    left, taken = vectors[:, :, : slope.shape[1]], vectors[:, :, slope.shape[1] :]
    back = left.mT
    inside = (left @ back) * (left * within[:, np.newaxis] @ back)
    pairs = taken.mT[:, :, :, np.newaxis] * taken.mT[:, :, np.newaxis]
    outside = (left[:, np.newaxis] * across[:, :, np.newaxis]) @ back[:, np.newaxis] * pairs
    return (left**2 @ slope[:, :, np.newaxis])[..., 0], inside + outside.sum(axis=1)
