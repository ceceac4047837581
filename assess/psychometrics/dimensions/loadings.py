"""Which items belong together: loadings on common factors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.dimensions.correlations import is_positive, pairwise_correlations
from assess.psychometrics.dimensions.extraction import least_squares, most_factors
from assess.psychometrics.dimensions.rotation import quartimin, varimax
from assess.psychometrics.ratings import Floats, table

ROTATIONS = ("oblimin", "varimax", "none")
NAN = float("nan")


@dataclass(frozen=True)
class FactorLoadings:
    """Common factors of k items; numbers without unit.

    The factor that explains most comes first, and each points where its largest loading is positive.

    Attributes
    ----------
    loadings : (k, factors)
        Weights of the factors in each standardized item (the pattern).
    correlations : (factors, factors)
        Of the factors; the identity unless they were rotated obliquely.
    communalities : (k,)
        Share of each item's variance that the factors explain; no rotation changes it.
    uniquenesses : (k,)
        The rest, 1 - communality, but never below 0.005. One of 0.005 is a Heywood case: the fit would
        explain all of that item or more. Ask for fewer factors, or distrust that item's loadings.
    rms_residual
        Root of the mean square of what the factors leave of the correlations of two items.
    """

    loadings: Floats
    correlations: Floats
    communalities: Floats
    uniquenesses: Floats
    rms_residual: float


def factor_loadings(
    scores: ArrayLike, *, factors: int, rotation: str = "oblimin"
) -> FactorLoadings:
    r"""Fit common factors to the correlations of items, by minimum residuals.

    .. math:: R \approx \Lambda \Phi \Lambda^\top + \Psi

    Each correlation is that of all who answered both items. Loadings and uniquenesses make
    :math:`\sum_{ij} (r_{ij} - \hat r_{ij})^2` least; the loadings are then rotated:

    - "oblimin": factors may correlate; direct quartimin (oblimin with gamma 0), no normalisation.
    - "varimax": uncorrelated factors, Kaiser-normalised.
    - "none": uncorrelated factors, the first of which explains as much as one can, and so on.

    Parameters
    ----------
    scores : (N, k) respondents x items; NaN = not answered
    factors
        How many: at most 1 for 3 items, 2 for 5, 3 for 6, 4 for 8, 5 for 9, ... (Ledermann's bound).
    rotation
        "oblimin", "varimax" or "none".

    Returns
    -------
    FactorLoadings
        All NaN when the correlations are unknown or singular: an item that is constant or follows from the
        others, a pair which fewer than three have answered, too few respondents for so many items, or
        pairs answered by such different people that their correlations contradict each other.

    Raises
    ------
    ValueError
        With an unknown rotation, an infinite answer, or more factors than so many items determine.

    References
    ----------
    Harman & Jones (1966), Psychometrika 31:351. Ledermann (1937), Psychometrika 2:85. Kaiser (1958),
    Psychometrika 23:187. Jennrich & Sampson (1966), Psychometrika 31:313.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> abilities = rng.normal(size=(500, 2))
    >>> scores = np.repeat(abilities, 3, axis=1) + rng.normal(size=(500, 6))
    >>> factor_loadings(scores, factors=2).loadings.round(1) + 0.0
    array([[0. , 0.6],
           [0. , 0.7],
           [0. , 0.7],
           [0.7, 0. ],
           [0.7, 0. ],
           [0.7, 0. ]])
    """
    if rotation not in ROTATIONS:
        raise ValueError(f"the rotation is {rotation!r}: give one of {', '.join(ROTATIONS)}")
    checked = table(scores)
    items = checked.shape[1]
    if not 1 <= factors <= most_factors(items):
        raise ValueError(
            f"{items} items determine at most {most_factors(items)} factors, asked for are {factors}: "
            "ask for at least one and not more than that, or give more items"
        )
    correlations = pairwise_correlations(checked)
    if not is_positive(correlations):
        return _unknown(items, factors)
    loadings, uniquenesses = least_squares(correlations, factors=factors)
    turned, between = _in_order(*_rotated(loadings, rotation))
    return FactorLoadings(
        loadings=turned,
        correlations=between,
        communalities=(loadings**2).sum(axis=1),
        uniquenesses=uniquenesses,
        rms_residual=_rms_residual(correlations - loadings @ loadings.T),
    )


def _rotated(loadings: Floats, rotation: str) -> tuple[Floats, Floats]:
    uncorrelated = np.eye(loadings.shape[1])
    if rotation == "none":
        return loadings, uncorrelated
    if rotation == "varimax":
        return varimax(loadings), uncorrelated
    return quartimin(varimax(loadings))  # unrotated, groups exactly alike offer no way down


def _in_order(loadings: Floats, correlations: Floats) -> tuple[Floats, Floats]:
    """Put first the factor which explains most, and let each point where its largest loading does."""
    explained = (correlations * (loadings.T @ loadings)).sum(axis=0)
    order = np.argsort(-explained, kind="stable")
    largest = np.abs(loadings).argmax(axis=0)
    signs = np.where(loadings[largest, np.arange(loadings.shape[1])] < 0, -1.0, 1.0)
    between = correlations * np.outer(signs, signs)
    return (loadings * signs)[:, order], between[np.ix_(order, order)]


def _rms_residual(residuals: Floats) -> float:
    return float(np.sqrt((residuals[np.triu_indices_from(residuals, 1)] ** 2).mean()))


def _unknown(items: int, factors: int) -> FactorLoadings:
    return FactorLoadings(
        loadings=np.full((items, factors), NAN),
        correlations=np.full((factors, factors), NAN),
        communalities=np.full(items, NAN),
        uniquenesses=np.full(items, NAN),
        rms_residual=NAN,
    )
