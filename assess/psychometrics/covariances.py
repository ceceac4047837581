"""Covariances of items where not everybody answered everything."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assess.psychometrics.ratings import NOISE, Codes, Floats, Grouping

ANSWERS, LEADERS = 40_000, 128
"""How many are taken at a time, so that what is computed from them stays in the processor's cache."""
LAST_BITS = 1e-14
"""Answers that differ by no more than this share of themselves are the same, but for rounding."""


@dataclass(frozen=True)
class Moments:
    """What the covariances of items need to know of the answers.

    Attributes
    ----------
    origin : (k,) from where the answers to each item are counted; NaN where nobody has answered
    pairs, sums, products : (k, k)
        Over all who answered both items i and j: how many they are, their answers to i summed, and the
        products of their answers to i and j summed.
    """

    origin: Floats
    pairs: Floats
    sums: Floats
    products: Floats

    @property
    def counts(self) -> Floats:
        """How many answered each item, (k,)."""
        return np.diag(self.pairs)

    @property
    def means(self) -> Floats:
        """Of the answers to each item, (k,); NaN where nobody has answered."""
        means = np.full_like(self.origin, np.nan)
        np.divide(np.diag(self.sums), self.counts, out=means, where=self.counts > 0)
        return np.asarray(self.origin + means)

    @property
    def covariances(self) -> Floats:
        """Of each two items, from all who answered both; NaN from fewer than two."""
        about = self.sums * self.sums.T / np.maximum(self.pairs, 1)
        return _per_degree(
            self.products - about, self.pairs - 1, np.diag(self.products), self.origin
        )


def moments(scores: Floats) -> Moments:
    """Count and sum the answers to items, NaN = not answered, pair by pair."""
    respondents, items = scores.shape
    origin = _origin(scores)
    summed = np.zeros((3, items, items))
    rows = max(ANSWERS // items, 1)
    for start in range(0, respondents, rows):
        shifted = scores[start : start + rows] - origin
        sums = np.ones(len(shifted)) @ shifted
        if np.isnan(sums).any():
            summed += _of_available(shifted)
        else:  # the same, three times as fast
            summed[0] += len(shifted)
            summed[1] += sums[:, np.newaxis]
            summed[2] += shifted.T @ shifted
    return Moments(origin, *summed)


def pairwise_covariances(scores: Floats) -> Floats:
    """Covariances of items, each from all who answered both; NaN from fewer than two."""
    return moments(scores).covariances


def within_covariances(scores: Floats, leaders: Grouping) -> tuple[Floats, Floats]:
    """Give pooled within-leader covariances of items, and the degrees of freedom each of them has.

    A pair of items takes part with all who answered both.
    """
    origin = _origin(scores)
    shifted = scores - origin
    pool = _within_available if np.isnan(shifted.sum()) else _within_complete
    products, degrees, squares = pool(shifted, leaders)
    return _per_degree(products, degrees, squares, origin), degrees


def correlations_from(covariances: Floats) -> Floats | None:
    """Turn covariances into correlations; None where an item has no variance, or a pair no covariance."""
    variances = np.diag(covariances)
    if not ((variances > 0).all() and np.isfinite(covariances).all()):
        return None
    spread = np.sqrt(variances)
    return np.asarray(covariances / np.outer(spread, spread))


def is_singular(correlations: Floats) -> bool:
    """Say whether an item follows from the others, or the pairs contradict each other."""
    smallest = np.linalg.eigvalsh(correlations)[0]
    return bool(smallest <= correlations.shape[0] * 1e-10)


def _origin(scores: Floats) -> Floats:
    """Choose an answer to each item: where everybody says the same, the rest are exact zeros."""
    first = scores[:1].sum(axis=0)
    if np.isnan(first).any():
        first = np.fmin.reduce(scores, axis=0, initial=np.nan)
    return np.asarray(first)


def _of_available(shifted: Floats) -> Floats:
    items = shifted.shape[1]
    answered = ~np.isnan(shifted)
    both = np.hstack([answered, np.where(answered, shifted, 0.0)])
    summed = both.T @ both
    return np.stack([summed[:items, :items], summed[items:, :items], summed[items:, items:]])


def _within_complete(shifted: Floats, leaders: Grouping) -> tuple[Floats, Floats, Floats]:
    sums = leaders.sums(shifted)
    products = shifted.T @ shifted
    about = sums.T @ (sums / leaders.sizes[:, np.newaxis])
    degrees = np.full_like(products, len(shifted) - leaders.labels.size)
    return products - about, degrees, np.diag(products)


def _within_available(shifted: Floats, leaders: Grouping) -> tuple[Floats, Floats, Floats]:
    items = shifted.shape[1]
    products, about, degrees = np.zeros((3, items, items))
    for rows in _blocks(leaders):
        answered = ~np.isnan(shifted[rows])
        theirs, ones = np.where(answered, shifted[rows], 0.0), answered.astype(np.float64)
        pairs = ones.swapaxes(1, 2) @ ones
        sums = theirs.swapaxes(1, 2) @ ones
        flat = theirs.reshape(-1, items)
        products += flat.T @ flat
        about += (sums * sums.swapaxes(1, 2) / np.maximum(pairs, 1)).sum(axis=0)
        degrees += (pairs - (pairs > 0)).sum(axis=0)
    return products - about, degrees, np.diag(products)


def _blocks(leaders: Grouping) -> Iterator[Codes]:
    """Give the rows of all leaders, (leaders, ratings), some leaders of one size at a time."""
    by_leader = np.argsort(leaders.codes, kind="stable")
    starts = np.cumsum(leaders.sizes) - leaders.sizes
    for size in np.unique(leaders.sizes):
        rows = by_leader[starts[leaders.sizes == size, np.newaxis] + np.arange(size)]
        yield from np.array_split(rows, np.arange(LEADERS, len(rows), LEADERS))


def _per_degree(products: Floats, degrees: Floats, squares: Floats, origin: Floats) -> Floats:
    """Divide; and set the rows and columns of items to zero whose variance is nothing but rounding.

    Rounding is a share of the squares about the origin, and of the origin itself.
    """
    covariances = np.full_like(products, np.nan)
    np.divide(products, degrees, out=covariances, where=degrees > 0)
    rounding = NOISE * squares + np.diag(degrees) * (LAST_BITS * origin) ** 2
    varies = np.diag(products) > rounding
    return np.where(np.outer(varies, varies) | np.isnan(covariances), covariances, 0.0)
