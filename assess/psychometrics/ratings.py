"""What every statistic asks of the ratings it is given.

One rule holds in the whole package. An *argument* that makes no sense (a wrong shape, an infinite answer,
a scale of one option) raises `ValueError`; *data* that cannot answer the question (one rater, one leader,
nobody who differs) give NaN in the figures concerned, never an exception and never a made-up number.
NaN in an answer means: not answered.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

NOISE = 1e-12
"""A variance below this share of the squared range of the answers is rounding in the last bits."""


LARGEST = 1e100
"""Beyond this an answer is refused: squares of differences, summed, would soon be infinite."""

ITEMS_SHARE = 2 / 3
"""How much of a scale has to be answered before the mean of what was answered stands for it."""


@dataclass(frozen=True)
class Grouping:
    """Which group each rating belongs to.

    Whoever asks several statistics of the same ratings makes it once, with `grouped`, and gives it to them in
    place of the labels.

    Attributes
    ----------
    labels : (J,) the groups, in order of first appearance
    codes : (N,) 0 .. J-1, the group of each rating
    """

    labels: NDArray[Any]
    codes: Codes

    @cached_property
    def sizes(self) -> Codes:
        """Ratings in each group, (J,)."""
        return np.bincount(self.codes, minlength=self.labels.size)

    @cached_property
    def _members(self) -> sparse.csc_array:
        """Who belongs to which group, (J, N), as ones among nothing."""
        ratings = self.codes.size
        ones = (np.ones(ratings), self.codes, np.arange(ratings + 1))
        return sparse.csc_array(ones, shape=(self.labels.size, ratings))

    def sums(self, values: Floats) -> Floats:
        """Sum (N,) or (N, K) values over the members of each group: (J,) or (J, K)."""
        return np.asarray(self._members @ values, dtype=np.float64)

    def means(self, values: Floats) -> Floats:
        """Average (N,) or (N, K) values over the members of each group; NaN for a group without members."""
        sums = self.sums(values)
        sizes = self.sizes.reshape(-1, *(1,) * (values.ndim - 1))
        return np.divide(sums, sizes, out=np.full_like(sums, np.nan), where=sizes > 0)

    def only(self, rows: NDArray[np.bool_]) -> "Grouping":
        """Keep some of the ratings and all of the groups: a group may then be empty."""
        return Grouping(self.labels, self.codes[rows])

    def inhabited(self) -> "Grouping":
        """Leave out the groups without ratings."""
        some = self.sizes > 0
        return Grouping(self.labels[some], (np.cumsum(some) - 1)[self.codes])


Labels = ArrayLike | Grouping
"""(N,) labels of groups, or their `Grouping`."""


def column(values: ArrayLike) -> Floats:
    """Check one number a rating, (N,), in which NaN means not answered."""
    return _finite(values, dimensions=1, shape="one number a rating, in one dimension")


def table(scores: ArrayLike, *, least_items: int = 1) -> Floats:
    """Check ratings x items, (N, K), in which NaN means not answered."""
    checked = _finite(scores, dimensions=2, shape="a table of ratings x items, in two dimensions")
    if checked.shape[1] < least_items:
        raise ValueError(
            f"this statistic needs at least {least_items} items, there are {checked.shape[1]}: "
            "give one column for each item"
        )
    return checked


def _finite(values: ArrayLike, *, dimensions: int, shape: str) -> Floats:
    checked = np.asarray(
        values, dtype=np.float64, order="C"
    )  # strided columns cost four times as much
    if checked.ndim != dimensions:
        raise ValueError(f"give {shape}; these have {checked.ndim}")
    highest = np.fmax.reduce(checked, axis=None, initial=0.0)
    if max(highest, -np.fmin.reduce(checked, axis=None, initial=0.0)) > LARGEST:
        raise ValueError(
            "an answer is infinite, or so large that its square would be: "
            "give numbers on the scale, and NaN for not answered"
        )
    return checked


def probability(value: float, name: str) -> float:
    """Check a number which has to lie strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}: give a number above 0 and below 1")
    return value


def complete(scores: Floats) -> NDArray[np.bool_]:
    """Say which rows have an answer in every column, (N,)."""
    # A sum is NaN exactly when a term is; as a product it costs a fifth of looking at every cell.
    return np.asarray(~np.isnan(scores @ np.ones(scores.shape[1])))


def complete_rows(scores: Floats) -> Floats:
    """Keep the rows that have an answer in every column; where all have, the scores as they are."""
    rows = complete(scores)
    return scores if rows.all() else scores[rows]


def item_means(scores: Floats) -> Floats:
    """Give each row's mean over the items it answered, (N,); NaN where that is less than two thirds.

    Examples
    --------
    >>> item_means(np.array([[4.0, 2.0, np.nan], [4.0, np.nan, np.nan]]))
    array([ 3., nan])
    """
    answered = (~np.isnan(scores)).sum(axis=1)
    enough = (answered > 0) & (answered >= ITEMS_SHARE * scores.shape[1])
    means = np.full(scores.shape[0], np.nan)
    np.divide(np.nansum(scores, axis=1), answered, out=means, where=enough)
    return means


def centred(scores: Floats) -> tuple[Floats, Floats]:
    """Give the middle of each column's range, and the scores less that.

    The middle of the range rather than the mean, because it leaves exact zeros where everybody says the same.
    It is NaN where nobody has answered.
    """
    lowest = np.fmin.reduce(scores, axis=0, initial=np.nan)
    highest = np.fmax.reduce(scores, axis=0, initial=np.nan)
    middle = np.asarray(lowest / 2 + highest / 2)
    return middle, np.asarray(scores - middle)


def noise(shifted: Floats) -> float:
    """Tell which variance of centred answers is nothing but rounding."""
    highest = np.fmax.reduce(shifted, axis=None, initial=0.0)
    lowest = np.fmin.reduce(shifted, axis=None, initial=0.0)
    return NOISE * float(max(highest, -lowest)) ** 2


def grouped(groups: Labels, ratings: int) -> Grouping:
    """Code the groups of the ratings in order of first appearance.

    Parameters
    ----------
    groups : (N,) whole numbers, text, or anything else that can be sorted; or what this function gave
    ratings
        How many labels there have to be.

    Raises
    ------
    ValueError
        When there is not one label a rating, or when a label is NaN.

    Examples
    --------
    >>> grouped(["Ida", "Ana", "Ida"], 3)
    Grouping(labels=array(['Ida', 'Ana'], dtype='<U3'), codes=array([0, 1, 0]))
    """
    if isinstance(groups, Grouping) and groups.codes.size == ratings:
        return groups
    labels = groups.codes if isinstance(groups, Grouping) else np.asarray(groups)
    if labels.shape != (ratings,):
        raise ValueError(
            f"give one group for each of the {ratings} ratings; the groups have shape {labels.shape}"
        )
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError("a rating has no group: name its group, or leave the rating out")
    first, codes = _by_counting(labels) if _are_small(labels) else _by_sorting(labels)
    return Grouping(labels[first], codes)


def _are_small(labels: NDArray[Any]) -> bool:
    if labels.dtype.kind != "i" or not labels.size:
        return False
    return int(labels.max()) - int(labels.min()) <= 4 * labels.size


def _by_counting(labels: NDArray[Any]) -> tuple[Codes, Codes]:
    """Find first rows and codes without sorting, which is five times as fast."""
    offsets = labels.astype(np.intp) - int(labels.min())
    nowhere = labels.size
    first = np.full(int(offsets.max()) + 1, nowhere, dtype=np.intp)
    first[offsets[::-1]] = np.arange(nowhere)[::-1]  # of repeated assignments the last one stays
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < nowhere)]
    rank = np.empty_like(first)
    rank[order] = np.arange(order.size)
    return first[order], rank[offsets]


def _by_sorting(labels: NDArray[Any]) -> tuple[Codes, Codes]:
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return first[order], rank[codes]
