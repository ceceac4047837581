"""How many factors stand out from noise."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from assess.psychometrics.dimensions.correlations import pairwise_correlations
from assess.psychometrics.dimensions.extraction import least_squares, reduced
from assess.psychometrics.ratings import Floats, table

SIMULATIONS = 200
QUANTILE = 0.95
NAN = float("nan")


@dataclass(frozen=True)
class ParallelAnalysis:
    """Eigenvalues of k items beside those of noise, largest first.

    Attributes
    ----------
    factors, components
        How many of the first eigenvalues lie above their thresholds; whole numbers, or NaN.
    factor_eigenvalues, component_eigenvalues : (k,)
        Of the correlations with the communalities of one common factor in the diagonal, and with 1.
    simulated_factor_eigenvalues, simulated_component_eigenvalues : (k,)
        Medians of the same in noise.
    factor_thresholds, component_thresholds : (k,)
        What only one noise in twenty exceeds.
    """

    factors: float
    components: float
    factor_eigenvalues: Floats
    component_eigenvalues: Floats
    simulated_factor_eigenvalues: Floats
    simulated_component_eigenvalues: Floats
    factor_thresholds: Floats
    component_thresholds: Floats


def parallel_analysis(scores: ArrayLike, rng: Generator) -> ParallelAnalysis:
    r"""Count factors and components whose eigenvalues are larger than those of uncorrelated items.

    Two hundred samples of as many uncorrelated normal items and respondents are drawn, as correlations:
    :math:`R = D^{-1/2} T^\top T D^{-1/2}` with T triangular, its diagonal
    :math:`t_{ii}^2 \sim \chi^2_{N-i}` and normal values above (i from 1; D the diagonal of
    :math:`T^\top T`), which costs the same for any number of respondents. Where answers are missing, N is
    the harmonic mean of the numbers who answered both items of a pair.

    An eigenvalue counts when it and all before it lie above the 95th percentile of their fellows in noise.
    Horn compared with the mean; of two samples of noise this makes a factor in about one.

    Parameters
    ----------
    scores : (N, k) respondents x items; NaN = not answered
    rng
        Source of the noise: the same seed gives the same result.

    Returns
    -------
    ParallelAnalysis
        All NaN when a correlation is unknown: an item is constant, or fewer than three answered some pair.

    Raises
    ------
    ValueError
        With fewer than three items, or an infinite answer.

    References
    ----------
    Horn (1965), Psychometrika 30:179. Glorfeld (1995), Educational and Psychological Measurement 55:377,
    for the percentile. Odell & Feiveson (1966), Journal of the American Statistical Association 61:199,
    for the noise.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> abilities = rng.normal(size=(500, 2))
    >>> scores = np.repeat(abilities, 3, axis=1) + rng.normal(size=(500, 6))
    >>> found = parallel_analysis(scores, rng)
    >>> found.factors, found.components
    (2.0, 2.0)
    """
    checked = table(scores, least_items=3)
    correlations = pairwise_correlations(checked)
    if not np.isfinite(correlations).all():
        return ParallelAnalysis(NAN, NAN, *np.full((6, checked.shape[1]), NAN))
    drawn = noise(rng, effective_respondents(checked), checked.shape[1])
    factors, factor_noise = (_of_factors(each) for each in (correlations, drawn))
    components, component_noise = (_of_components(each) for each in (correlations, drawn))
    factor_thresholds = np.quantile(factor_noise, QUANTILE, axis=0)
    component_thresholds = np.quantile(component_noise, QUANTILE, axis=0)
    return ParallelAnalysis(
        factors=leading_above(factors, factor_thresholds),
        components=leading_above(components, component_thresholds),
        factor_eigenvalues=factors,
        component_eigenvalues=components,
        simulated_factor_eigenvalues=np.median(factor_noise, axis=0),
        simulated_component_eigenvalues=np.median(component_noise, axis=0),
        factor_thresholds=factor_thresholds,
        component_thresholds=component_thresholds,
    )


def effective_respondents(scores: Floats) -> int:
    """Average harmonically how many answered both items of a pair."""
    answered = (~np.isnan(scores)).astype(np.float64)
    pairs = (answered.T @ answered)[np.triu_indices(scores.shape[1], 1)]
    return round(1 / float((1 / pairs).mean()))


def noise(rng: Generator, respondents: int, items: int) -> Floats:
    """Draw correlations of uncorrelated items, (SIMULATIONS, k, k)."""
    rows = np.arange(min(respondents - 1, items))
    roots = np.triu(rng.normal(size=(SIMULATIONS, rows.size, items)), 1)
    roots[:, rows, rows] = np.sqrt(rng.chisquare(respondents - 1 - rows, (SIMULATIONS, rows.size)))
    roots /= np.sqrt((roots**2).sum(axis=1, keepdims=True))
    return roots.mT @ roots


def leading_above(eigenvalues: Floats, thresholds: Floats) -> float:
    """Count up to the first eigenvalue that is not above its threshold."""
    return float(np.logical_and.accumulate(eigenvalues > thresholds).sum())


def _of_components(correlations: Floats) -> Floats:
    return np.asarray(np.linalg.eigvalsh(correlations)[..., ::-1])


def _of_factors(correlations: Floats) -> Floats:
    uniquenesses = least_squares(correlations, factors=1)[1]
    return np.asarray(np.linalg.eigvalsh(reduced(correlations, uniquenesses))[..., ::-1])
