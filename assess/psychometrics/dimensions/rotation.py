"""Factors turned until each item belongs to few of them."""

from itertools import combinations

import numpy as np

from assess.psychometrics.ratings import Floats

TURNS, HALVINGS = 1000, 30
"""How often to turn, and how often to halve a step, at most."""

STILL, LEVEL = 1e-6, 1e-12
"""A slope or an angle where the search ends; and a criterion that is the same at all angles."""


def varimax(loadings: Floats) -> Floats:
    r"""Turn orthogonal factors until their squared loadings vary most, each item weighing the same.

    .. math:: \max_T \sum_f \Bigl( \sum_i (\lambda_{if} / h_i)^4
              - \tfrac1k \bigl( \sum_i (\lambda_{if} / h_i)^2 \bigr)^2 \Bigr), \qquad
              \Lambda = A T, \quad h_i^2 = \sum_f a_{if}^2, \quad T^\top T = I

    Two factors at a time are turned to where this is largest, until none moves.

    Parameters
    ----------
    loadings : (k, q) unrotated, A

    References
    ----------
    Kaiser (1958), Psychometrika 23:187.

    Examples
    --------
    >>> varimax(np.array([[0.6, 0.6], [0.5, 0.5], [0.7, -0.7], [0.4, -0.4]])).round(3) + 0.0
    array([[ 0.849,  0.   ],
           [ 0.707,  0.   ],
           [ 0.   , -0.99 ],
           [ 0.   , -0.566]])
    """
    common = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    turned = np.divide(loadings, common, out=np.zeros_like(loadings), where=common > 0)
    planes = list(combinations(range(loadings.shape[1]), 2))
    for _ in range(TURNS):
        if max((abs(_turn(turned, *plane)) for plane in planes), default=0.0) < STILL:
            break
    return np.asarray(turned * common)


def _turn(loadings: Floats, first: int, second: int) -> float:
    """Turn two factors in their plane, in place, to where the criterion is largest; give the angle."""
    points = loadings[:, first] + 1j * loadings[:, second]
    squares = points**2
    moment = (squares**2).sum() - squares.sum() ** 2 / len(points)
    angle = float(np.angle(moment)) / 4 if abs(moment) > LEVEL else 0.0
    points = points * np.exp(-1j * angle)
    loadings[:, first], loadings[:, second] = points.real, points.imag
    return angle


def quartimin(loadings: Floats) -> tuple[Floats, Floats]:
    r"""Let factors correlate, and turn each until no item loads on two: direct oblimin with gamma 0.

    .. math:: \min_T \tfrac14 \sum_{f \ne g} \sum_i \lambda_{if}^2 \lambda_{ig}^2, \qquad
              \Lambda = A (T^\top)^{-1}, \quad \Phi = T^\top T, \quad \operatorname{diag} \Phi = 1

    Searched by gradient projection, from the given loadings on.

    Parameters
    ----------
    loadings : (k, q) of uncorrelated factors, A

    Returns
    -------
    tuple
        Loadings (k, q) and correlations of the factors (q, q).

    References
    ----------
    Jennrich & Sampson (1966), Psychometrika 31:313. Jennrich (2002), Psychometrika 67:7, for the search.
    Bernaards & Jennrich (2005), Educational and Psychological Measurement 65:676.

    Examples
    --------
    >>> loadings, correlations = quartimin(np.array([[0.9, 0.1], [0.8, 0.1], [0.3, 0.7], [0.3, 0.8]]))
    >>> loadings.round(2) + 0.0
    array([[ 0.91, -0.01],
           [ 0.8 ,  0.01],
           [ 0.03,  0.75],
           [-0.02,  0.86]])
    """
    turn, step = np.eye(loadings.shape[1]), 1.0
    for _ in range(TURNS):
        slope = _slope(loadings, turn)
        along = slope - turn * (turn * slope).sum(axis=0)  # what keeps the columns at length 1
        if np.linalg.norm(along) < STILL:
            break
        turn, step = _descended(loadings, turn, along, 2 * step)
    return _obliquely(loadings, turn), turn.T @ turn


def _obliquely(loadings: Floats, turn: Floats) -> Floats:
    return np.asarray(loadings @ np.linalg.inv(turn).T)


def _complexity(loadings: Floats) -> float:
    """Half of the squared loadings' products over pairs of factors, summed over items."""
    squares = loadings**2
    return float((squares.sum(axis=1) ** 2).sum() - (squares**2).sum()) / 4


def _slope(loadings: Floats, turn: Floats) -> Floats:
    turned = _obliquely(loadings, turn)
    squares = turned**2
    others = squares.sum(axis=1, keepdims=True) - squares
    return np.asarray(-np.linalg.inv(turn).T @ (turned * others).T @ turned)


def _descended(loadings: Floats, turn: Floats, along: Floats, step: float) -> tuple[Floats, float]:
    """Go down along a slope, half as far each time until it was worth it."""
    before, gain = _complexity(_obliquely(loadings, turn)), float((along**2).sum()) / 2
    for _ in range(HALVINGS):
        trial = turn - step * along
        trial /= np.linalg.norm(trial, axis=0)
        if _complexity(_obliquely(loadings, trial)) <= before - step * gain:
            break
        step /= 2
    return trial, step
