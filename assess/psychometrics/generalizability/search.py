"""The variance components of the greatest restricted likelihood, none of them below 0."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import optimize

from assess.psychometrics.ratings import Floats

TRACE = 1e-6
"""Down to about this share of the variance of the answers a residual is told from none."""
STARTS = 0.3, 1e5
"""Ratio of every component to the residual where a search starts: as usual, and with almost no residual."""
MANY = 30
"""With as many targets the likelier start is enough."""
REACH = 3.0
"""How far a search may go from its start, in logarithms, before it starts anew from where it is."""
FLAT = 1e-7
"""Slope, as a multiple of the root of the number of answers, at which a search ends: rounding leaves less."""
NEAR_ENOUGH = 1e-7
"""Gain in the deviance with which a new start is the last."""
BEFORE = np.array([[0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=np.float64)
"""Which other components (columns) are in the mean square of each: target, rater, item, target x item."""


@dataclass(frozen=True)
class Fit:
    """What the answers say of four variances, given as ratios to that of the residual.

    Attributes
    ----------
    deviance
        Twice the negative restricted log-likelihood, but for a constant.
    slope : (4,) its derivatives
    residual
        Best variance of the residual, squared scale points.
    mean
        Best mean, scale points.
    """

    deviance: float
    slope: Floats
    residual: float
    mean: float


class Likelihood(Protocol):
    """A restricted likelihood, as a function of the ratios of target, rater, item, and target x item."""

    @property
    def answers(self) -> int:
        """How many there are."""

    @property
    def levels(self) -> Floats:
        """How many targets, raters, items, and targets x items there are, (4,)."""

    def at(self, ratios: Floats) -> Fit:
        """Evaluate it."""


@dataclass(frozen=True)
class Parts:
    """A restricted likelihood taken apart, (4,) arrays by component.

    Attributes
    ----------
    answers
        How many there are.
    total, weighted
        Their sum of squares about 0, and that weighted with the inverse of their variance.
    logdet
        Of that variance, and of the precision of the mean.
    traces, squares : (4,) how often a component is in the variance, and what its effects explain
    mean
        As in `Fit`.
    """

    answers: int
    total: float
    weighted: float
    logdet: float
    traces: Floats
    squares: Floats
    mean: float

    def fit(self) -> Fit:
        r"""Give the deviance with the residual that is best for these ratios.

        Where the answers follow wholly from rater, target, and item, the likelihood would grow without end.
        So the logarithm is taken of :math:`\sqrt{Q^2 + \delta^2}` instead of Q, with a delta that
        changes nothing where there is a residual.
        """
        weighted = max(self.weighted, TRACE**2 * self.total)  # rounding may leave less than nothing
        squares = weighted**2 + (TRACE * self.total) ** 2
        residual = squares / weighted / (self.answers - 1)
        deviance = (self.answers - 1) / 2 * float(np.log(squares)) + self.logdet
        return Fit(deviance, self.traces - self.squares / residual, residual, self.mean)


def best(likelihood: Likelihood) -> tuple[Floats, float]:
    """Find the components of the greatest likelihood, (5,), and the mean.

    The search goes over the logarithms of what a component adds to its mean square, as a multiple of what
    is in it already, as if the design were balanced. In these the deviance is nearly a parabola, and a
    variance of 0 is an ordinary point at the border. Each is stretched by the root of the number of its
    levels, so that one unit is about a standard error. With few targets there may be two peaks.
    """
    starts = sorted(STARTS, key=lambda start: likelihood.at(np.full(4, start)).deviance)
    if likelihood.levels[0] >= MANY:
        del starts[1:]
    ratios = min((_peak(likelihood, start) for start in starts), key=lambda peak: peak[0])[1]
    fit = likelihood.at(ratios)
    components = fit.residual * np.append(ratios, 1.0)
    if fit.residual < 10 * TRACE * components.sum():
        components[-1] = 0.0
    return components, fit.mean


def _peak(likelihood: Likelihood, start: float) -> tuple[float, Floats]:
    """Go downhill from a ratio which all components have, and give the deviance and the ratios there."""
    stretch = np.sqrt(likelihood.levels)
    unit = likelihood.levels / likelihood.answers

    def ratios_at(added: Floats) -> Floats:
        return np.asarray(unit * added * (1 + BEFORE @ added))

    def downhill(point: Floats) -> tuple[float, Floats]:
        added = np.expm1(point / stretch)
        fit = likelihood.at(ratios_at(added))
        pull = fit.slope * unit
        slope = pull * (1 + BEFORE @ added) + (pull * added) @ BEFORE
        return fit.deviance, slope * (1 + added) / stretch

    point, reach = stretch * np.log1p(start / unit / (1 + BEFORE @ (start / unit))), REACH * stretch
    deviance, gain = np.inf, np.inf
    while gain > NEAR_ENOUGH:
        found = optimize.minimize(
            downhill,
            point,
            jac=True,
            method="L-BFGS-B",
            bounds=optimize.Bounds(np.maximum(point - reach, 0.0), point + reach),
            options={"gtol": FLAT * math.sqrt(likelihood.answers), "ftol": 0.0},
        )
        point, deviance, gain = found.x, found.fun, deviance - found.fun
    return deviance, ratios_at(np.expm1(point / stretch))
