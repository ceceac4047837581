"""The least of a function of many parameters, for many matrices at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics.ratings import Floats

FLAT, STUCK, STEPS = 1e-10, 1e6, 200
"""A search ends where the slope is flat, where steps damped so much lead nowhere, or after so many."""

ROUNDING = 1e-12
"""What of a discrepancy may be rounding."""

Flags = NDArray[np.bool_]
Bounds = tuple[float, float]
Shape = tuple[Floats, Floats, Floats]
"""Value (n,), slope (n, k) and curvature (n, k, k) of a discrepancy."""
Discrepancy = Callable[[Floats, Floats, int], Shape]
"""Of parameters (n, k), correlations (n, k, k), and the number of factors."""


def minimise(
    discrepancy: Discrepancy, correlations: Floats, *, factors: int, start: Floats, bounds: Bounds
) -> Floats:
    """Make a discrepancy least within bounds, by Newton's steps, damped where they led upwards.

    Parameters
    ----------
    correlations : (..., k, k)
    start : (..., k) the parameters to start from; brought within the bounds

    Returns
    -------
    (..., k)

    References
    ----------
    Bertsekas (1982), SIAM Journal on Control and Optimization 20:221, for the bounds.
    """
    items = correlations.shape[-1]
    matrices = correlations.reshape(-1, items, items)
    found = np.clip(start, *bounds).reshape(-1, items)
    value, slope, curvature = discrepancy(found, matrices, factors)
    damping = np.full(len(found), 1e-3)
    for _ in range(STEPS):
        free = np.where(_held(found, slope, bounds), 0.0, slope)
        rows = np.flatnonzero((np.abs(free).max(axis=1) > FLAT) & (damping < STUCK))
        if not rows.size:
            break
        step = _step(free[rows], curvature[rows], damping[rows])
        trial = np.clip(found[rows] - step, *bounds)
        shape = discrepancy(trial, matrices[rows], factors)
        better = shape[0] <= value[rows] + ROUNDING * (1 + value[rows])
        damping[rows] = np.maximum(damping[rows] * np.where(better, 0.1, 10.0), 1e-10)
        for old, new in zip((found, value, slope, curvature), (trial, *shape), strict=True):
            old[rows[better]] = new[better]
    return found.reshape(start.shape)


def _held(found: Floats, slope: Floats, bounds: Bounds) -> Flags:
    """Say which parameters are at a bound and would go beyond it."""
    low, high = bounds
    return np.asarray(((found <= low) & (slope > 0)) | ((found >= high) & (slope < 0)))


def _step(slope: Floats, curvature: Floats, damping: Floats) -> Floats:
    """Give the damped step back; where the curvature is negative, away from the peak rather than to it."""
    free = slope != 0
    values, vectors = np.linalg.eigh(curvature * (free[:, :, np.newaxis] & free[:, np.newaxis]))
    along = (
        slope[:, np.newaxis] @ vectors / (np.abs(values) + damping[:, np.newaxis])[:, np.newaxis]
    )
    return np.asarray((along @ vectors.mT)[:, 0])
