"""The restricted likelihood of the one-way model, as a function of the variance ratio alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from assess.psychometrics.ratings import Floats

RATIOS = np.concatenate([[0.0], np.geomspace(1e-8, 1e32, 321)])
"""Where the likelihood is looked at first, eight to each power of ten: it may have two peaks."""


@dataclass(frozen=True)
class Profile:
    r"""Sufficient statistics of nested ratings; leaders with equally many raters stand together.

    Attributes
    ----------
    sizes : (C,) the different numbers of raters a leader has
    leaders : (C,) how many leaders have so many
    sums, squares : (C,) sum and sum of squares of the means of these leaders
    within
        Sum of squares of the ratings about their leaders' means, above 0.
    ratings
        All of them, N.
    """

    sizes: Floats
    leaders: Floats
    sums: Floats
    squares: Floats
    within: float
    ratings: int

    @classmethod
    def of(cls, sizes: NDArray[np.intp], means: Floats, within: float) -> "Profile":
        """Summarise leaders by their (J,) numbers of ratings and (J,) means."""
        different, which = np.unique(sizes, return_inverse=True)
        return cls(
            different.astype(np.float64),
            np.bincount(which).astype(np.float64),
            np.bincount(which, weights=means).astype(np.float64),
            np.bincount(which, weights=means**2).astype(np.float64),
            within,
            int(sizes.sum()),
        )

    def deviance(self, ratios: Floats | float) -> Floats:
        """Give twice the negative restricted log-likelihood of variance ratios, but for a constant."""
        weights = self._weights(ratios)
        about, _ = self._about(weights, weights)
        spread = np.log1p(np.multiply.outer(ratios, self.sizes)) @ self.leaders
        total = (self.ratings - 1) * np.log(self.within + about)
        return np.asarray(total + spread + np.log(weights @ self.leaders))

    def slope(self, ratios: Floats | float) -> Floats:
        """Give the derivative of the deviance."""
        weights = self._weights(ratios)
        about, falling = self._about(weights, weights**2)
        sums, squares = weights @ self.leaders, weights**2 @ self.leaders
        fit = (self.ratings - 1) * falling / (self.within + about)
        return np.asarray(sums - squares / sums - fit)

    def best(self) -> float:
        """Find the ratio of the greatest likelihood, which may be 0."""
        slopes = self.slope(RATIOS)
        turns = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
        found = [_solve(self.slope, RATIOS[i], RATIOS[i + 1]) for i in turns]
        candidates = np.array(found if slopes[0] < 0 else [0.0, *found])
        return float(candidates[np.argmin(self.deviance(candidates))])

    def interval(self, confidence: float) -> tuple[float, float]:
        """Find the smallest and the largest ratio whose likelihood comes near enough to the greatest."""
        best = self.best()
        limit = self.deviance(best) + special.chdtri(1, 1 - confidence)
        ratios = np.insert(RATIOS, np.searchsorted(RATIOS, best), best)
        near = np.flatnonzero(self.deviance(ratios) <= limit)
        first, last = int(near[0]), int(near[-1])

        def excess(ratio: float) -> Floats:
            return self.deviance(ratio) - limit

        low = _solve(excess, ratios[first - 1], ratios[first]) if first else 0.0
        beyond = last + 1 < ratios.size
        high = _solve(excess, ratios[last], ratios[last + 1]) if beyond else float(ratios[last])
        return low, high

    def _weights(self, ratios: Floats | float) -> Floats:
        return np.asarray(self.sizes / (1 + np.multiply.outer(ratios, self.sizes)))

    def _about(self, weights: Floats, others: Floats) -> tuple[Floats, Floats]:
        """Sum the squares of leaders' means about the mean which `weights` give, under both weights."""
        mean = (weights @ self.sums) / (weights @ self.leaders)
        first, second = (
            used @ self.squares - 2 * mean * (used @ self.sums) + mean**2 * (used @ self.leaders)
            for used in (weights, others)
        )
        return first, second


def _solve(curve: Callable[[float], Floats], low: float, high: float) -> float:
    return float(optimize.brentq(lambda at: float(curve(at)), low, high, xtol=1e-20, rtol=1e-14))
