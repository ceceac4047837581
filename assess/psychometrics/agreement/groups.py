"""How far the raters of one leader say the same, on a scale of so many options."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.ratings import (
    Codes,
    Floats,
    Grouping,
    Labels,
    column,
    complete,
    grouped,
    table,
)

NULL_VARIANCES: Mapping[str, Mapping[int, float]] = {
    "slight_skew": {5: 1.34, 6: 1.85, 7: 2.90, 9: 5.66, 10: 6.30},
    "moderate_skew": {5: 0.90, 6: 1.26, 7: 2.14, 9: 4.73, 10: 5.09},
    "heavy_skew": {5: 0.44, 6: 0.69, 7: 1.39, 9: 3.16, 10: 3.46},
}
"""Variance of raters who answer by leniency alone, by number of options, in squared scale points."""


def rwg(values: ArrayLike, groups: Labels, *, options: int, null: str = "uniform") -> Floats:
    r"""Measure the agreement of each group's raters on one item.

    .. math:: r_{wg} = \max\left(0,\; 1 - s^2 / \sigma^2_E\right)

    where :math:`s^2` is the variance of the group's answers, divisor n - 1, and :math:`\sigma^2_E` that of
    raters who answer by chance: (A² - 1)/12 for A options when all are equally likely ("uniform"), less when
    chance leans to one end.

    Parameters
    ----------
    values : (N,) scale points; NaN = not answered
    groups : (N,) the group each rating belongs to
    options
        How many options the scale has, at least 2.
    null
        "uniform"; or "slight_skew", "moderate_skew", "heavy_skew", known for 5, 6, 7, 9 and 10 options.

    Returns
    -------
    (J,) array
        0 (none, or worse than chance) to 1 (all say the same), in order of the groups' first appearance;
        NaN for a group with fewer than two answers.

    Raises
    ------
    ValueError
        With a null that has no sourced variance, answers further apart than the options allow, or not one
        group a rating.

    References
    ----------
    James, Demaree & Wolf (1984), Journal of Applied Psychology 69:85. Null variances: LeBreton & Senter
    (2008), Organizational Research Methods 11:815.

    Examples
    --------
    >>> rwg([3, 4, 4, 2, 5], ["Ana", "Ana", "Ana", "Ida", "Ida"], options=5).round(3)
    array([0.833, 0.   ])
    """
    return rwg_j(column(values)[:, np.newaxis], groups, options=options, null=null)


def rwg_j(values: ArrayLike, groups: Labels, *, options: int, null: str = "uniform") -> Floats:
    r"""Measure the agreement of each group's raters on a scale of several items.

    .. math:: r_{wg(J)} = \frac{J (1 - q)}{J (1 - q) + q}, \qquad
              q = \min\left(1,\; \overline{s^2} / \sigma^2_E\right)

    with the mean of the items' variances over the raters who answered *all* items. It grows with the number
    of items: compare it only between scales of one length.

    Parameters
    ----------
    values : (N, J) ratings x items, scale points; NaN = not answered
    groups : (N,) the group each rating belongs to
    options
        How many options the scale has, at least 2.
    null
        As for `rwg`.

    Returns
    -------
    (groups,) array
        0 to 1, in order of first appearance; NaN for a group with fewer than two complete ratings.

    Raises
    ------
    ValueError
        As `rwg`.

    References
    ----------
    As `rwg`.

    Examples
    --------
    >>> rwg_j([[3, 4], [4, 4], [4, 5]], ["Ana", "Ana", "Ana"], options=5).round(3)
    array([0.909])
    """
    scores = table(values)
    chance = null_variance(options, null)
    origin = _fit_on(scores, options)
    scores, raters = _complete(scores, grouped(groups, scores.shape[0]))
    share = np.clip(_mean_variances(scores - origin, raters) / chance, 0.0, 1.0)
    agreed = scores.shape[1] * (1 - share)
    return np.asarray(agreed / (agreed + share))


def average_deviation(values: ArrayLike, groups: Labels, *, center: str = "mean") -> Floats:
    r"""Measure how far each group's raters are from their middle, in scale points.

    .. math:: AD = \frac{1}{J n} \sum_j \sum_r \left| x_{rj} - c_j \right|

    with :math:`c_j` the group's mean or median of item j, over the raters who answered all items. Up to
    A/6 with A options counts as agreement (Burke & Dunlap 2002).

    Parameters
    ----------
    values : (N,) or (N, J) scale points; NaN = not answered
    groups : (N,) the group each rating belongs to
    center
        "mean" or "median".

    Returns
    -------
    (groups,) array
        0 (all say the same) and up, in order of first appearance; NaN for a group with fewer than two
        complete ratings.

    Raises
    ------
    ValueError
        With an unknown center, or not one group a rating.

    References
    ----------
    Burke, Finkelstein & Dusig (1999), Organizational Research Methods 2:49.

    Examples
    --------
    >>> average_deviation([3, 4, 5, 2, 2], ["Ana", "Ana", "Ana", "Ida", "Ida"]).round(3)
    array([0.667, 0.   ])
    """
    if center not in {"mean", "median"}:
        raise ValueError(f"the center is {center!r}: give 'mean' or 'median'")
    scores = _items(values)
    scores, raters = _complete(scores, grouped(groups, scores.shape[0]))
    middles = raters.means(scores) if center == "mean" else _medians(scores, raters)
    apart = _apart(scores, middles, raters)
    distances = np.abs(apart, out=apart) @ np.ones(scores.shape[1])
    deviations = _per(raters.sums(distances), scores.shape[1] * raters.sizes)
    return np.where(raters.sizes >= 2, deviations, np.nan)


def a_wg(values: ArrayLike, groups: Labels, *, low: float, high: float) -> Floats:
    r"""Measure each group's agreement against the most its raters could disagree, given their mean.

    .. math:: a_{wg} = 1 - \frac{2\, s^2}{(H - M)(M - L)\, k / (k - 1)}, \qquad
              a_{wg(J)} = \frac{1}{J} \sum_j a_{wg,j}

    for k raters with mean M and variance :math:`s^2` (divisor k - 1) on a scale from L to H, over the raters
    who answered all items. Other than `rwg` it needs no idea of chance, and does not take a mean near an
    end of the scale for agreement.

    Parameters
    ----------
    values : (N,) or (N, J) scale points; NaN = not answered
    groups : (N,) the group each rating belongs to
    low, high
        The ends of the scale, L and H.

    Returns
    -------
    (groups,) array
        -1 (half of the raters at either end) over 0 (half as much variance as possible) to 1 (all say the
        same), in order of first appearance. An item with a mean nearer to an end than (H - L)/k cannot be
        interpreted and is left out of the mean over items; where all raters are at the very end it is 1.
        NaN for a group without an item left, or with fewer than two complete ratings. Two raters who are not
        both at an end can be interpreted only where their mean is the middle of the scale.

    Raises
    ------
    ValueError
        When `low` is not below `high`, with answers beyond them, or not one group a rating.

    References
    ----------
    Brown & Hauenstein (2005), Organizational Research Methods 8:165.

    Examples
    --------
    >>> a_wg([2, 3, 4, 2, 5, 3], ["Ana", "Ana", "Ana", "Ida", "Ida", "Ida"], low=1, high=5).round(3)
    array([0.667, 0.2  ])
    """
    scores = _items(values)
    _between(scores, low, high)
    scores, raters = _complete(scores, grouped(groups, scores.shape[0]))
    means = raters.means(scores)
    apart = _apart(scores, means, raters)
    squares = raters.sums(np.square(apart, out=apart))
    of_items = _shares_of_largest(means - low, high - means, squares, raters.sizes[:, np.newaxis])
    some = ~np.isnan(of_items)
    agreement = _per(np.where(some, of_items, 0.0).sum(axis=1), some.sum(axis=1))
    return np.where(raters.sizes >= 2, agreement, np.nan)


def null_variance(options: int, null: str) -> float:
    """Tell the variance of answers given by chance, in squared scale points.

    Examples
    --------
    >>> null_variance(5, "uniform"), null_variance(5, "slight_skew")
    (2.0, 1.34)
    """
    if options < 2:
        raise ValueError(f"the scale has {options} options: give at least 2")
    if null == "uniform":
        return (options**2 - 1) / 12
    if options not in NULL_VARIANCES.get(null, {}):
        known = "; ".join(
            f"{name} for {', '.join(map(str, found))}" for name, found in NULL_VARIANCES.items()
        )
        raise ValueError(
            f"no source gives the variance of {null!r} for {options} options: "
            f"take uniform for any number of options, or {known}"
        )
    return NULL_VARIANCES[null][options]


def _items(values: ArrayLike) -> Floats:
    answers = np.asarray(values, dtype=np.float64)
    return table(answers[:, np.newaxis] if answers.ndim == 1 else answers)


def _ends(scores: Floats) -> tuple[float, float]:
    lowest = np.fmin.reduce(scores, axis=None, initial=np.nan)
    return float(lowest), float(np.fmax.reduce(scores, axis=None, initial=np.nan))


def _fit_on(scores: Floats, options: int) -> float:
    """Check that a scale of so many options has room for the answers, and give their middle."""
    lowest, highest = _ends(scores)
    if highest - lowest > options - 1:
        raise ValueError(
            f"answers from {lowest} to {highest} do not fit on a scale of {options} options: "
            "check the options, or the answers"
        )
    return lowest / 2 + highest / 2


def _between(scores: Floats, low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"the scale goes from {low} to {high}: give its lower end as low")
    lowest, highest = _ends(scores)
    if lowest < low or highest > high:
        raise ValueError(
            f"answers from {lowest} to {highest} are beyond a scale from {low} to {high}: "
            "check its ends, or the answers"
        )


def _complete(scores: Floats, raters: Grouping) -> tuple[Floats, Grouping]:
    rows: NDArray[np.bool_] = complete(scores)
    return (scores, raters) if rows.all() else (scores[rows], raters.only(rows))


def _apart(scores: Floats, middles: Floats, raters: Grouping) -> Floats:
    """Subtract the scores from their group's middles."""
    apart = np.take(middles, raters.codes, axis=0)
    apart -= scores  # in place: finding room for as many numbers again costs more than the numbers
    return apart


def _mean_variances(scores: Floats, raters: Grouping) -> Floats:
    """Average the items' variances within each group, for scores about zero."""
    sums = raters.sums(scores)
    squares = raters.sums(np.einsum("ij,ij->i", scores, scores))
    squares -= np.einsum("ij,ij->i", sums, sums) / np.maximum(raters.sizes, 1)
    return _per(squares, scores.shape[1] * (raters.sizes - 1))


def _medians(scores: Floats, raters: Grouping) -> Floats:
    middles = np.full((raters.sizes.size, scores.shape[1]), np.nan)
    by_group = np.argsort(raters.codes, kind="stable")
    first = np.cumsum(raters.sizes) - raters.sizes
    for size in np.unique(raters.sizes[raters.sizes > 0]):  # groups of one size at once
        these = np.flatnonzero(raters.sizes == size)
        rows = by_group[first[these, np.newaxis] + np.arange(size)]
        ordered = np.sort(scores[rows], axis=1)
        middles[these] = (ordered[:, (size - 1) // 2] + ordered[:, size // 2]) / 2
    return middles


def _shares_of_largest(above: Floats, below: Floats, squares: Floats, raters: Codes) -> Floats:
    """Compare squares about means so far from the ends with half of what they could be; a_wg of each item."""
    length, nearest = above + below, np.minimum(above, below)
    rounding = 1e-9 * length
    agreement = np.where(nearest <= rounding, 1.0, np.nan)
    largest = raters * above * below
    inside = nearest * raters >= length - rounding * raters
    return np.asarray(1 - np.divide(2 * squares, largest, out=1 - agreement, where=inside))


def _per(sums: Floats, counts: NDArray[np.intp]) -> Floats:
    unknown = np.full_like(sums, np.nan)
    return np.divide(sums, counts, out=unknown, where=counts > 0)
