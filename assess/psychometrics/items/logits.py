"""Ordered answers explained by predictors: the proportional-odds model, with two answers the logistic one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assess.psychometrics.ratings import Codes, Floats

GAIN = 1e-9
"""A step which raises the log-likelihood by less is the last."""


@dataclass(frozen=True)
class Fit:
    """The best that predictors can do.

    Attributes
    ----------
    log_likelihood
        Its supremum: where predictors part the answers without fail, there is no maximum.
    slopes : (P,) log odds of a higher answer for one unit of each predictor
    """

    log_likelihood: float
    slopes: Floats


@dataclass(frozen=True)
class Ladder:
    r"""Thresholds on one logistic scale, which the predictors move along it.

    .. math:: P(y \le k) = \operatorname{expit}(\theta_k - x^\top \beta)

    Each row is an answer between two rungs, linear in the parameters :math:`(\theta, \beta)`.

    Attributes
    ----------
    upper, lower : (R, C - 1 + P) designs of the rungs above and below an answer
    highest, lowest : (R,) whether there is no rung above, or below
    weights : (R,) respondents who gave it
    thresholds : (C - 1,) of the model without slopes
    """

    upper: Floats
    lower: Floats
    highest: NDArray[np.bool_]
    lowest: NDArray[np.bool_]
    weights: Floats
    thresholds: Floats

    @classmethod
    def of(cls, counts: Floats, predictors: Floats) -> "Ladder":
        """Build it from (cells, C) respondents by answer and the (cells, P) predictors of each cell."""
        rungs = counts.shape[1] - 1
        cells, answers = np.nonzero(counts)
        moved = -predictors[cells]
        below = np.cumsum(counts.sum(axis=0))[:-1] / counts.sum()
        return cls(
            np.hstack([_indicator(answers, rungs), moved]),
            np.hstack([_indicator(answers - 1, rungs), moved]),
            answers == rungs,
            answers == 0,
            counts[cells, answers],
            special.logit(below),
        )

    def log_likelihood(self, at: Floats) -> float:
        """Give it for parameters; minus infinity where rungs have crossed."""
        above, below = self._rungs(at)
        likely = special.expit(above) - special.expit(below)
        logs = np.full(likely.size, -np.inf)
        return float(self.weights @ np.log(likely, out=logs, where=likely > 0))

    def climb(self) -> Fit:
        """Climb by Newton's steps, halved where they overshoot: the log-likelihood is concave."""
        at = np.zeros(self.upper.shape[1])
        at[: self.thresholds.size] = self.thresholds
        height = self.log_likelihood(at)
        while True:
            step = self._step(at)
            while (reached := self.log_likelihood(at + step)) < height:
                step = step / 2
            at = at + step
            if reached < height + GAIN:
                return Fit(reached, at[self.thresholds.size :])
            height = reached

    def _rungs(self, at: Floats) -> tuple[Floats, Floats]:
        above = np.where(self.highest, np.inf, self.upper @ at)
        below = np.where(self.lowest, -np.inf, self.lower @ at)
        return above, below

    def _step(self, at: Floats) -> Floats:
        """Give Newton's step, from the derivatives of log(F(above) - F(below))."""
        above, below = self._rungs(at)
        high, low = special.expit(above), special.expit(below)
        f, g = high * (1 - high) / (high - low), low * (1 - low) / (high - low)
        of_above = f * (1 - 2 * high) - f**2
        of_below = -g * (1 - 2 * low) - g**2
        score = self.upper.T @ (self.weights * f) - self.lower.T @ (self.weights * g)
        crossed = (self.upper.T * (self.weights * f * g)) @ self.lower
        curvature = (
            (self.upper.T * (self.weights * of_above)) @ self.upper
            + (self.lower.T * (self.weights * of_below)) @ self.lower
            + crossed
            + crossed.T
        )
        return np.asarray(np.linalg.lstsq(-curvature, score)[0])


def _indicator(rung: Codes, rungs: int) -> Floats:
    """Give a row of zeros with a 1 at the rung, if there is such a rung."""
    return np.asarray(rung[:, np.newaxis] == np.arange(rungs), dtype=np.float64)
