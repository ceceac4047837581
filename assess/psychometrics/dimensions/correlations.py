"""Correlations of items where not everybody answered everything."""

import numpy as np

from assess.psychometrics.covariances import is_singular
from assess.psychometrics.ratings import NOISE, Floats, centred


def pairwise_correlations(scores: Floats) -> Floats:
    """Correlate items, each pair over all who answered both.

    Means and variances are those of the same respondents, so that this is not the matrix of pairwise
    covariances over the items' own standard deviations.

    Parameters
    ----------
    scores : (N, k) respondents x items, checked; NaN = not answered

    Returns
    -------
    (k, k), NaN where an item does not vary among those who answered both, or they are fewer than three, of
    whom every correlation is 1 or -1.
    """
    answered = ~np.isnan(scores)
    shifted = np.where(answered, centred(scores)[1], 0.0)
    present = answered.astype(np.float64)
    pairs = present.T @ present
    known = np.maximum(pairs, 1)
    sums = shifted.T @ present
    variances = (shifted**2).T @ present / known - (sums / known) ** 2
    covariances = shifted.T @ shifted / known - sums * sums.T / known**2
    rounding = NOISE * np.abs(shifted).max(axis=0, initial=0.0) ** 2
    varies = (variances > rounding[:, np.newaxis]) & (pairs > 2)
    both = varies & varies.T
    spread = np.sqrt(variances * variances.T, out=np.ones_like(pairs), where=both)
    return np.where(both, covariances / spread, np.nan)


def is_positive(correlations: Floats) -> bool:
    """Say whether all correlations are known, and no item follows from the others."""
    return bool(np.isfinite(correlations).all()) and not is_singular(correlations)
