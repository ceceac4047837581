"""Covariances of items where not everybody answered everything."""

import numpy as np

from assess.psychometrics.ratings import Floats, Grouping, centred, noise


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


def pairwise_covariances(scores: Floats) -> Floats:
    """Covariances of items, each from all who answered both; NaN from fewer than two."""
    answered, shifted = _answered_and_centred(scores)
    pairs = answered.T @ answered
    sums = shifted.T @ answered
    products = shifted.T @ shifted - sums * sums.T / np.maximum(pairs, 1)
    return _without_noise(_per_degree(products, pairs - 1), noise(shifted))


def within_covariances(scores: Floats, leaders: Grouping) -> Floats:
    """Pooled within-leader covariances of items, each from all who answered both."""
    answered, shifted = _answered_and_centred(scores)
    if answered.all():
        about = leaders.means(shifted).T @ leaders.sums(shifted)
        products = shifted.T @ shifted - about
        degrees = np.full_like(products, scores.shape[0] - leaders.labels.size)
        covariances = _per_degree(products, degrees)
    else:
        covariances = _within_available(answered, shifted, leaders)
    return _without_noise(covariances, noise(shifted))


def _within_available(answered: Floats, shifted: Floats, leaders: Grouping) -> Floats:
    items = answered.shape[1]
    products, degrees = np.empty((items, items)), np.empty((items, items))
    for i in range(items):  # over items, never over leaders: each step treats all leaders at once
        here, rest = answered[:, [i]], slice(i, items)
        pairs = leaders.sums(answered[:, rest] * here)
        theirs = leaders.sums(shifted[:, rest] * here)
        own = leaders.sums(shifted[:, [i]] * answered[:, rest])
        row = shifted[:, i] @ shifted[:, rest] - (theirs * own / np.maximum(pairs, 1)).sum(axis=0)
        products[i, rest] = products[rest, i] = row
        degrees[i, rest] = degrees[rest, i] = pairs.sum(axis=0) - (pairs > 0).sum(axis=0)
    return _per_degree(products, degrees)


def _answered_and_centred(scores: Floats) -> tuple[Floats, Floats]:
    """Give who answered what as 1 and 0, and the answers less the middle of their range, 0 where missing."""
    unanswered = np.isnan(scores)
    return (~unanswered).astype(np.float64), np.where(unanswered, 0.0, centred(scores)[1])


def _per_degree(products: Floats, degrees: Floats) -> Floats:
    covariances = np.full_like(products, np.nan)
    return np.divide(products, degrees, out=covariances, where=degrees > 0)


def _without_noise(covariances: Floats, rounding: float) -> Floats:
    """Set the rows and columns of items to zero whose variance is nothing but rounding."""
    varies = ~(np.diag(covariances) <= rounding)
    return np.where(np.outer(varies, varies) | np.isnan(covariances), covariances, 0.0)
