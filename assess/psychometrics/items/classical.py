"""How hard an item is, and how well it tells high from low."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.ratings import Floats, item_means, table
from assess.psychometrics.reliability import item_statistics

TAILS = 0.27
"""Kelley (1939): so large, the two groups differ most in units of the error of their difference."""


@dataclass(frozen=True)
class Discrimination:
    """How well each item tells respondents with a high from those with a low score; arrays over items, (K,).

    Attributes
    ----------
    item_rest_r
        Correlation of the item with the sum of the others, -1 to 1.
    upper_lower
        Difficulty among the 27 % with the highest scores less that among the 27 % with the lowest, -1 to 1.
    """

    item_rest_r: Floats
    upper_lower: Floats


def item_difficulty(scores: ArrayLike, *, low: float = 0.0, high: float = 1.0) -> Floats:
    r"""Give the mean of each item as a share of the range of the scale.

    .. math:: p_i = \frac{\bar x_i - low}{high - low}

    Of items scored 0 and 1 it is the share of right answers. *High* means easy, or often endorsed: the name
    is an old one.

    Parameters
    ----------
    scores : (N, K) respondents x items, reverse-keyed items turned; NaN = not answered
    low, high
        Ends of the scale: 0 and 1 for right and wrong, 1 and 5 for five options.

    Returns
    -------
    (K,) array
        0 to 1, over those who answered the item; NaN for an item nobody answered.

    Raises
    ------
    ValueError
        With ends in the wrong order, or an answer beyond them.

    References
    ----------
    Lord & Novick (1968), Statistical Theories of Mental Test Scores, chapter 15.

    Examples
    --------
    >>> item_difficulty([[1, 0], [1, 1], [1, 0], [0, 0]])
    array([0.75, 0.25])
    >>> item_difficulty([[4, 2], [5, 1]], low=1, high=5)
    array([0.875, 0.125])
    """
    shares = _shares(scores, low, high)
    return _weighted_means(shares, np.ones(shares.shape[0]))


def item_discrimination(
    scores: ArrayLike, *, low: float = 0.0, high: float = 1.0
) -> Discrimination:
    """Measure how well each item tells respondents with a high score from those with a low one.

    `item_rest_r` is that of `item_statistics`: the item is correlated with the *other* items, not with a
    total it is part of. `upper_lower` compares the tails of the total, the item included, as Kelley did:
    this makes it larger, the more so the fewer items there are. Respondents who tie where a tail ends belong
    to it in part, so that their order does not matter.

    Parameters
    ----------
    scores : (N, K) respondents x items, reverse-keyed items turned; NaN = not answered
    low, high
        Ends of the scale, as for `item_difficulty`.

    Returns
    -------
    Discrimination
        `item_rest_r` is NaN where the item, or the rest, does not vary. For `upper_lower` a score is the mean
        of the answered items, if these are at least two thirds; it is 0 when all scores are the same, and
        NaN for an item which nobody in one of the tails answered.

    Raises
    ------
    ValueError
        With fewer than two items, ends in the wrong order, or an answer beyond them.

    References
    ----------
    Kelley (1939), Journal of Educational Psychology 30:17. Henrysson (1963), Psychometrika 28:211, on
    leaving the item out of the rest.

    Examples
    --------
    >>> found = item_discrimination([[1, 1, 1], [1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 0]])
    >>> found.item_rest_r.round(3), found.upper_lower.round(3)
    (array([0.645, 0.   , 0.327]), array([1.   , 0.611, 0.87 ]))
    """
    shares = _shares(scores, low, high)
    totals = item_means(shares)
    scored = ~np.isnan(totals)
    # Of means over different items the last bits differ, though they be the same.
    totals = np.round(totals[scored], 9)
    upper, lower = (
        _weighted_means(shares[scored], _in_upper_tail(side * totals)) for side in (1, -1)
    )
    return Discrimination(item_statistics(shares).item_rest_r, upper - lower)


def _shares(scores: ArrayLike, low: float, high: float) -> Floats:
    if not low < high:
        raise ValueError(f"the scale goes from {low} to {high}: give the lower end as low")
    checked = table(scores)
    if ((checked < low) | (checked > high)).any():
        raise ValueError(
            f"answers from {np.nanmin(checked)} to {np.nanmax(checked)} lie beyond {low} to {high}: "
            "check the ends of the scale, or the answers"
        )
    return np.asarray((checked - low) / (high - low))


def _weighted_means(shares: Floats, weights: Floats) -> Floats:
    """Average each item over those who answered it."""
    answered = weights @ ~np.isnan(shares)
    means = np.full(shares.shape[1], np.nan)
    np.divide(weights @ np.nan_to_num(shares), answered, out=means, where=answered > 0)
    return means


def _in_upper_tail(totals: Floats) -> Floats:
    """Say which part of each respondent belongs to the highest 27 %, (N,)."""
    _, codes, ties = np.unique(totals, return_inverse=True, return_counts=True)
    above = totals.size - np.cumsum(ties)
    return np.asarray(np.clip((TAILS * totals.size - above) / ties, 0, 1)[codes])
