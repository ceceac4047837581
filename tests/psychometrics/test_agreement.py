import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from assess.psychometrics.agreement import (
    a_wg,
    average_deviation,
    null_variance,
    rwg,
    rwg_j,
)

Floats = NDArray[np.float64]
NAN = math.nan

NULLS = st.sampled_from(["uniform", "slight_skew", "moderate_skew", "heavy_skew"])
TABLES = st.tuples(st.integers(0, 14), st.integers(1, 4)).flatmap(
    lambda shape: npst.arrays(np.float64, shape, elements=st.sampled_from([1, 2, 3, 4, 5, NAN]))
)


def leaders_of(values: Floats, seed: int) -> NDArray[np.intp]:
    return np.random.default_rng(seed).integers(0, 4, len(values))


def complete_ratings(values: Floats, leaders: NDArray[np.intp]) -> list[Floats]:
    known = ~np.isnan(values).any(axis=1)
    return [values[known & (leaders == one)] for one in dict.fromkeys(leaders.tolist())]


def naive_rwg_j(group: Floats, chance: float) -> float:
    if len(group) < 2:
        return NAN
    share = min(float(group.var(axis=0, ddof=1).mean()) / chance, 1.0)
    items = group.shape[1]
    return float(items * (1 - share) / (items * (1 - share) + share))


def naive_deviation(group: Floats, center: str) -> float:
    if len(group) < 2:
        return NAN
    middle = group.mean(axis=0) if center == "mean" else np.median(group, axis=0)
    return float(np.abs(group - middle).mean())


def naive_a_wg(group: Floats, low: float, high: float) -> float:
    raters = len(group)
    if raters < 2:
        return NAN
    found = []
    for item in group.T:
        mean = item.mean()
        most = (high - mean) * (mean - low) * raters / (raters - 1)
        if (item == low).all() or (item == high).all():
            found.append(1.0)
        elif low * (raters - 1) + high - 1e-9 <= item.sum() <= high * (raters - 1) + low + 1e-9:
            found.append(1 - 2 * item.var(ddof=1) / most)
    return float(np.mean(found)) if found else NAN


@given(TABLES, st.integers(0, 99), NULLS)
def test_rwg_j_is_what_the_formula_says_for_each_group(
    values: Floats, seed: int, null: str
) -> None:
    leaders = leaders_of(values, seed)
    chance = null_variance(5, null)
    expected = [naive_rwg_j(group, chance) for group in complete_ratings(values, leaders)]
    found = rwg_j(values, leaders, options=5, null=null)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@given(TABLES, st.integers(0, 99), st.sampled_from(["mean", "median"]))
def test_average_deviation_is_what_the_formula_says_for_each_group(
    values: Floats, seed: int, center: str
) -> None:
    leaders = leaders_of(values, seed)
    expected = [naive_deviation(group, center) for group in complete_ratings(values, leaders)]
    found = average_deviation(values, leaders, center=center)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@given(TABLES, st.integers(0, 99))
def test_a_wg_is_what_the_formula_says_for_each_group(values: Floats, seed: int) -> None:
    leaders = leaders_of(values, seed)
    expected = [naive_a_wg(group, 1, 5) for group in complete_ratings(values, leaders)]
    np.testing.assert_allclose(a_wg(values, leaders, low=1, high=5), expected, atol=1e-9)


@given(TABLES, st.integers(0, 99), st.sampled_from([0.1, 3.0]))
def test_a_wg_lies_between_minus_1_and_1_and_does_not_depend_on_how_the_scale_is_counted(
    values: Floats, seed: int, step: float
) -> None:
    leaders = leaders_of(values, seed)
    found = a_wg(values, leaders, low=1, high=5)
    known = found[~np.isnan(found)]
    assert ((known >= -1 - 1e-9) & (known <= 1)).all()
    turned = a_wg(step * (5 - values), leaders, low=0, high=4 * step)
    np.testing.assert_allclose(turned, found, atol=1e-9)


@given(TABLES, st.integers(0, 99), st.sampled_from([-100.3, 2020.0, 1e6]))
def test_agreement_does_not_depend_on_where_the_scale_begins(
    values: Floats, seed: int, origin: float
) -> None:
    leaders = leaders_of(values, seed)
    moved = values + origin
    pairs = [
        (rwg_j(moved, leaders, options=5), rwg_j(values, leaders, options=5)),
        (average_deviation(moved, leaders), average_deviation(values, leaders)),
        (
            a_wg(moved, leaders, low=1 + origin, high=5 + origin),
            a_wg(values, leaders, low=1, high=5),
        ),
    ]
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, atol=1e-6)


@given(TABLES, st.integers(0, 99), NULLS)
def test_agreement_lies_between_0_and_1_and_does_not_depend_on_the_end_it_is_counted_from(
    values: Floats, seed: int, null: str
) -> None:
    leaders = leaders_of(values, seed)
    found = rwg_j(values, leaders, options=5, null=null)
    known = found[~np.isnan(found)]
    assert ((known >= 0) & (known <= 1)).all()
    np.testing.assert_allclose(rwg_j(6 - values, leaders, options=5, null=null), found, atol=1e-9)


@given(TABLES, st.integers(0, 99))
def test_agreement_does_not_depend_on_the_order_of_raters(values: Floats, seed: int) -> None:
    leaders = leaders_of(values, seed)
    found = dict(
        zip(dict.fromkeys(leaders.tolist()), rwg_j(values, leaders, options=5), strict=True)
    )
    order = np.random.default_rng(seed).permutation(len(values))
    again = rwg_j(values[order], leaders[order], options=5)
    expected = [found[one] for one in dict.fromkeys(leaders[order].tolist())]
    np.testing.assert_allclose(again, expected, atol=1e-9)


@given(TABLES.map(lambda values: values[:, :1]), st.integers(0, 99))
def test_rwg_is_rwg_j_of_one_item(values: Floats, seed: int) -> None:
    leaders = leaders_of(values, seed)
    np.testing.assert_array_equal(
        rwg(values[:, 0], leaders, options=5), rwg_j(values, leaders, options=5)
    )


def test_raters_who_all_say_the_same_agree_perfectly() -> None:
    everybody = np.full((5, 3), 4.0)
    assert rwg_j(everybody, ["Ana"] * 5, options=5, null="heavy_skew").tolist() == [1.0]
    assert average_deviation(everybody, ["Ana"] * 5).tolist() == [0.0]


def test_rounding_does_not_lift_agreement_above_1() -> None:
    values = np.random.default_rng(1).uniform(1, 5, size=200).repeat(7)
    found = rwg(values, np.arange(200).repeat(7), options=5)
    assert found == pytest.approx(1)
    assert (found <= 1).all()


def test_a_wg_looks_only_where_so_many_raters_could_disagree() -> None:
    leaders = ["Ana", "Ana"]
    assert a_wg([[3, 5], [3, 5]], leaders, low=1, high=5).tolist() == [1]
    assert a_wg([1, 5], leaders, low=1, high=5).tolist() == [-1]
    assert np.isnan(a_wg([4, 4], leaders, low=1, high=5)).all()
    assert a_wg([[2, 4], [4, 4]], leaders, low=1, high=5).tolist() == [0.5]
    assert a_wg([5, 5, 4, 4] * 2, ["Ana"] * 8, low=1, high=5)[0] == pytest.approx(0.714, abs=1e-3)
    assert np.isnan(a_wg([5, 5, 5, 4] * 2, ["Ana"] * 8, low=1, high=5)).all()


def test_groups_with_fewer_than_two_complete_ratings_have_no_agreement() -> None:
    values = np.array([[3, 4], [4, 4], [2, 2], [5, 5], [NAN, 5]])
    leaders = ["Ana", "Ana", "Ida", "Kai", "Kai"]
    assert np.isnan(rwg_j(values, leaders, options=5)).tolist() == [False, True, True]
    assert np.isnan(average_deviation(values, leaders)).tolist() == [False, True, True]
    assert np.isnan(a_wg(values, leaders, low=1, high=5)).tolist() == [True, True, True]
    assert np.isnan(rwg([3, NAN], ["Ana", "Ana"], options=5)).all()


def test_chance_is_the_variance_of_the_answers_it_gives() -> None:
    options = np.arange(1, 6)
    skewed = np.array([0.05, 0.15, 0.20, 0.35, 0.25])
    variance = skewed @ options**2 - (skewed @ options) ** 2
    assert null_variance(5, "slight_skew") == pytest.approx(variance)
    assert [null_variance(n, "uniform") for n in (2, 5, 7)] == [0.25, 2.0, 4.0]


@pytest.mark.parametrize("options", [5, 6, 7, 9, 10])
def test_chance_varies_less_the_more_it_leans(options: int) -> None:
    nulls = ("uniform", "slight_skew", "moderate_skew", "heavy_skew")
    variances = [null_variance(options, null) for null in nulls]
    assert variances == sorted(variances, reverse=True)


def test_a_null_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="no source gives the variance of 'slight_skew' for 4"):
        rwg([1, 2], [1, 1], options=4, null="slight_skew")
    with pytest.raises(ValueError, match="no source gives the variance of 'triangular' for 5"):
        rwg([1, 2], [1, 1], options=5, null="triangular")
    with pytest.raises(ValueError, match="give at least 2"):
        rwg([1, 1], [1, 1], options=1)


def test_answers_that_do_not_fit_the_scale_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit on a scale of 5 options"):
        rwg([1, 7], [1, 1], options=5)


def test_a_scale_without_room_for_the_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="give its lower end as low"):
        a_wg([1, 2], [1, 1], low=5, high=1)
    with pytest.raises(ValueError, match="beyond a scale from 1 to 5"):
        a_wg([0, 2], [1, 1], low=1, high=5)
    with pytest.raises(ValueError, match="beyond a scale from 1 to 5"):
        a_wg([NAN, 6], [1, 1], low=1, high=5)


def test_an_unknown_center_is_refused() -> None:
    with pytest.raises(ValueError, match="'mean' or 'median'"):
        average_deviation([1, 2], [1, 1], center="mode")
