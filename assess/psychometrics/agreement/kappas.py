"""Agreement on categories beyond chance, for raters who all rated every subject."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.agreement.tallies import tally
from assess.psychometrics.ratings import Codes, Floats, column, complete, table

NAN = float("nan")

POWERS: Mapping[str, int] = {"linear": 1, "quadratic": 2}
"""To which power the distance of two categories counts, by weights."""


def fleiss_kappa(ratings: ArrayLike) -> float:
    r"""Measure how far several raters put subjects into the same categories: Fleiss' kappa.

    .. math:: \kappa = \frac{\bar P - P_e}{1 - P_e}, \quad
              \bar P = \frac{1}{n} \sum_{ij} \frac{n_{ij} (n_{ij} - 1)}{m (m - 1)}, \quad P_e = \sum_j p_j^2

    with the :math:`n_{ij}` of m raters who put subject i into category j, and the share :math:`p_j` of all
    ratings in that category. The raters need not be the same for every subject, but as many.

    Parameters
    ----------
    ratings : (n, m) subjects x raters; the categories as numbers or as text, in any order, complete

    Returns
    -------
    float
        1 (all the same) over 0 (as by chance) to -1/(m - 1); NaN without subjects, with one rater, or with
        one category.

    Raises
    ------
    ValueError
        When a rating is missing or infinite, or `ratings` is no table.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76:378.

    Examples
    --------
    >>> round(fleiss_kappa([["yes", "yes", "no"], ["no", "no", "no"], ["yes", "yes", "yes"]]), 3)
    0.55
    """
    numbers = table(_numbered(np.asarray(ratings)))
    if not complete(numbers).all():
        raise ValueError(
            "a rating is missing: leave out the subjects without all ratings, or take "
            "krippendorff_alpha at level 'nominal'"
        )
    subjects, raters = numbers.shape
    _, uses = np.unique(numbers, return_counts=True)
    if uses.size < 2 or raters < 2:
        return NAN
    same = ((tally(numbers).counts ** 2).sum() / subjects - raters) / (raters * (raters - 1))
    chance = ((uses / numbers.size) ** 2).sum()
    return float((same - chance) / (1 - chance))


def cohen_kappa(first: ArrayLike, second: ArrayLike, *, weights: str | None = None) -> float:
    r"""Measure how far two raters put subjects into the same categories: Cohen's kappa, also weighted.

    .. math:: \kappa = 1 - \frac{\sum_s d(x_s, y_s) / n}{\sum_{ij} p_i\, q_j\, d(i, j)}

    with the shares p and q of the categories in what the first and the second rater say. The disagreement d
    is 1 for different categories, whichever they are; weighted, it is their distance ("linear") or its square
    ("quadratic"), so that the categories have to be numbers.

    Parameters
    ----------
    first, second : (n,) the categories as numbers or as text; NaN = not rated, by either: left out
    weights
        None, "linear" or "quadratic".

    Returns
    -------
    float
        1 (all the same) over 0 (as by chance) to below; NaN when no subject was rated by both, or both name
        but one category.

    Raises
    ------
    ValueError
        With unknown weights, weighted text, raters of different subjects, text from one rater alone, or an
        infinite number.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20:37. Cohen (1968), Psychological Bulletin
    70:213.

    Examples
    --------
    >>> round(cohen_kappa(["a", "b", "b", "a"], ["a", "b", "a", "a"]), 3)
    0.5
    >>> round(cohen_kappa([1, 2, 3, 3], [1, 3, 3, 2], weights="quadratic"), 3)
    0.636
    """
    if weights is not None and weights not in POWERS:
        raise ValueError(f"the weights are {weights!r}: give None, 'linear' or 'quadratic'")
    one, other = _rated_by_both(first, second, weighted=weights is not None)
    categories, codes = _coded(np.concatenate([one, other]))
    if categories.size < 2:
        return NAN
    p, q = (np.bincount(each, minlength=categories.size) / one.size for each in np.split(codes, 2))
    if weights is None:
        return float(1 - (one != other).mean() / (1 - p @ q))
    observed = (np.abs(one - other) ** POWERS[weights]).mean()
    return float(1 - observed / EXPECTED[weights](categories, p, q))


def _rated_by_both(first: ArrayLike, second: ArrayLike, *, weighted: bool) -> tuple[Floats, Floats]:
    one, other = np.asarray(first), np.asarray(second)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError(
            "give one category of each subject from either rater, and NaN for not rated; "
            f"these have shapes {one.shape} and {other.shape}"
        )
    if _is_text(one) != _is_text(other):
        raise ValueError("one rater gives text and the other numbers: give one kind of categories")
    if weighted and _is_text(one):
        raise ValueError("weights need distances: give numbers for the categories, or no weights")
    one, other = np.split(column(_numbered(np.concatenate([one, other]))), 2)
    known = ~np.isnan(one + other)
    return one[known], other[known]


def _coded(ratings: Floats) -> tuple[Floats, Codes]:
    """Give categories, ascending, and which one each rating is; of whole numbers also those in between."""
    lowest = ratings.min(initial=np.inf)
    offsets = ratings - lowest
    if offsets.max(initial=0.0) < ratings.size and (offsets == np.rint(offsets)).all():
        codes = offsets.astype(np.intp)  # without sorting, which is five times as fast
        return lowest + np.arange(codes.max(initial=-1) + 1), codes
    return np.unique(ratings, return_inverse=True)


def _is_text(labels: NDArray[Any]) -> bool:
    return labels.dtype.kind == "U"


def _numbered(labels: NDArray[Any]) -> NDArray[Any]:
    """Give categories that are text a number each."""
    return np.unique(labels, return_inverse=True)[1] if _is_text(labels) else labels


def _distance(categories: Floats, p: Floats, q: Floats) -> float:
    """Give the mean distance of two independent ratings, without comparing every pair of categories."""
    below, too = np.cumsum(p)[:-1], np.cumsum(q)[:-1]
    either_side = below * (1 - too) + too * (1 - below)  # of the gap to the next category
    return float(np.diff(categories) @ either_side)


def _squared_distance(categories: Floats, p: Floats, q: Floats) -> float:
    squares = (categories - p @ categories) ** 2
    return float(p @ squares + q @ squares)


EXPECTED: Mapping[str, Callable[[Floats, Floats, Floats], float]] = {
    "linear": _distance,
    "quadratic": _squared_distance,
}
"""The mean disagreement of two raters who know nothing of each other, by weights."""
