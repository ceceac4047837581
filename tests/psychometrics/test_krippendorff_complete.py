"""Krippendorff's alpha against its definition, first of all on complete data of more than two raters.

There a unit counts by its ratings less one too; irr 0.84.1 divides by one instead (trap 1 in the list of
the reference values), and says .1230 of the ratings of Shrout & Fleiss.
"""

import math
import tracemalloc
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from assess.psychometrics.agreement import krippendorff_alpha

Floats = NDArray[np.float64]
NAN = math.nan

NAMES = ("nominal", "ordinal", "interval", "ratio")
LEVELS = st.sampled_from(NAMES)
every_level = pytest.mark.parametrize("level", NAMES)
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def tables(*values: float) -> st.SearchStrategy[Floats]:
    shapes = st.tuples(st.integers(0, 6), st.integers(1, 5))
    return shapes.flatmap(
        lambda shape: npst.arrays(np.float64, shape, elements=st.sampled_from(values))
    )


COMPLETE = tables(0, 1, 2, 3.5, 7)
WITH_GAPS = tables(0, 1, 2, 3.5, 7, NAN, NAN)


def ordinal(one: float, other: float, everything: Floats) -> float:
    low, high = sorted((one, other))
    between = np.sum((everything >= low) & (everything <= high))
    return float(between - np.sum(everything == low) / 2 - np.sum(everything == high) / 2) ** 2


DIFFERENCES: dict[str, Callable[[float, float, Floats], float]] = {
    "nominal": lambda _one, _other, _: 1.0,
    "ordinal": ordinal,
    "interval": lambda one, other, _: (one - other) ** 2,
    "ratio": lambda one, other, _: ((one - other) / (one + other)) ** 2,
}


def by_definition(ratings: Floats, level: str) -> float:
    """Compare every rating with every other one of its unit, and of all units."""
    answered = [row[~np.isnan(row)] for row in ratings]
    units = [unit for unit in answered if len(unit) >= 2]
    everything = np.concatenate([np.empty(0), *units])
    if len(set(everything)) < 2:
        return NAN

    def disagreement(values: Floats) -> float:
        pairs = permutations(values.tolist(), 2)
        return sum(DIFFERENCES[level](a, b, everything) for a, b in pairs if a != b)

    observed = sum(disagreement(unit) / (len(unit) - 1) for unit in units)
    return 1 - observed / (disagreement(everything) / (everything.size - 1))


@given(COMPLETE, LEVELS)
def test_krippendorff_complete_data_are_compared_as_the_definition_says(
    ratings: Floats, level: str
) -> None:
    expected = by_definition(ratings, level)
    assert krippendorff_alpha(ratings, level=level) == pytest.approx(expected, nan_ok=True)


def test_krippendorff_complete_data_of_more_than_two_raters_are_not_divided_by_one() -> None:
    found = krippendorff_alpha(SHROUT_FLEISS, level="interval")
    assert found == pytest.approx(0.147307850390465)
    assert found == pytest.approx(by_definition(np.array(SHROUT_FLEISS, dtype=float), "interval"))


@given(WITH_GAPS, LEVELS)
def test_ratings_that_are_missing_are_not_compared(ratings: Floats, level: str) -> None:
    expected = by_definition(ratings, level)
    assert krippendorff_alpha(ratings, level=level) == pytest.approx(expected, nan_ok=True)


@given(WITH_GAPS, LEVELS)
def test_a_unit_with_fewer_than_two_ratings_changes_nothing(ratings: Floats, level: str) -> None:
    lonely = np.full((2, ratings.shape[1]), NAN)
    lonely[0, -1] = 9
    found = krippendorff_alpha(np.vstack([lonely, ratings, lonely]), level=level)
    assert found == pytest.approx(krippendorff_alpha(ratings, level=level), nan_ok=True)


@given(WITH_GAPS, LEVELS, st.integers(0, 99))
def test_neither_the_order_of_units_nor_who_said_what_matters(
    ratings: Floats, level: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    mixed = rng.permuted(rng.permutation(ratings), axis=1)
    found = krippendorff_alpha(mixed, level=level)
    assert found == pytest.approx(krippendorff_alpha(ratings, level=level), nan_ok=True)


@given(WITH_GAPS, LEVELS)
def test_alpha_is_at_most_1(ratings: Floats, level: str) -> None:
    assert not krippendorff_alpha(ratings, level=level) > 1 + 1e-12


@pytest.mark.parametrize(
    ("level", "told_otherwise"),
    [
        ("nominal", lambda x: np.select([x == 0, x == 1, x > 1], [5, -2, 9 - x], x)),
        ("ordinal", lambda x: x**3 - 4),
        ("interval", lambda x: 6 - 2 * x),
        ("ratio", lambda x: 3 * x),
    ],
)
@given(ratings=WITH_GAPS)
def test_alpha_keeps_what_its_level_says_of_numbers(
    ratings: Floats, level: str, told_otherwise: Callable[[Floats], Floats]
) -> None:
    found = krippendorff_alpha(told_otherwise(ratings), level=level)
    assert found == pytest.approx(krippendorff_alpha(ratings, level=level), nan_ok=True)


@every_level
def test_raters_who_all_say_the_same_of_units_that_differ_agree_perfectly(level: str) -> None:
    ratings = np.array([[1, 1, 1], [2, NAN, 2], [0.1, 0.1, 0.1]])
    assert krippendorff_alpha(ratings, level=level) == pytest.approx(1)


@pytest.mark.parametrize(
    "ratings",
    [
        pytest.param([[3, 3], [3, 3]], id="all the same"),
        pytest.param([[3, NAN], [NAN, 4]], id="no unit with two ratings"),
        pytest.param([[3, 3], [NAN, 4]], id="what differs cannot be compared"),
        pytest.param([[1], [2]], id="one rater"),
        pytest.param(np.empty((0, 3)), id="no unit"),
        pytest.param([[NAN, NAN]], id="no rating"),
    ],
)
@every_level
def test_what_cannot_be_compared_has_no_alpha(ratings: Floats, level: str) -> None:
    assert math.isnan(krippendorff_alpha(ratings, level=level))


def test_one_unit_alone_shows_no_agreement() -> None:
    assert krippendorff_alpha([[1, 2, 2]], level="nominal") == pytest.approx(0)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_many_different_values_take_no_more_room_than_their_ratings(level: str) -> None:
    ratings = np.random.default_rng(1).normal(size=(20_000, 3))
    tracemalloc.start()
    krippendorff_alpha(ratings, level=level)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * ratings.nbytes  # a matrix of the values would take 20 000 times as much


def test_nothing_is_a_ratio_but_less_than_nothing_is_not() -> None:
    ratings = np.array([[0, 0], [1, 2], [4, 0]])
    assert krippendorff_alpha(ratings, level="ratio") == pytest.approx(
        by_definition(ratings.astype(float), "ratio")
    )
    with pytest.raises(ValueError, match="take level 'interval'"):
        krippendorff_alpha(ratings - 1, level="ratio")
    with pytest.raises(ValueError, match="take level 'interval'"):
        krippendorff_alpha(np.array([[1, 2], [NAN, -1]]), level="ratio")


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="give one of nominal, ordinal, interval, ratio"):
        krippendorff_alpha([[1, 2]], level="likert")


def test_ratings_that_are_no_table_are_refused() -> None:
    with pytest.raises(ValueError, match="in two dimensions"):
        krippendorff_alpha([1, 2], level="nominal")
