import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assess.psychometrics.nested import OneWay, one_way, pooled_within
from assess.psychometrics.reliability import spearman_brown

Floats = NDArray[np.float64]
NAN = math.nan

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=np.float64,
)
"""Six targets, four judges: Shrout & Fleiss (1979), Psychological Bulletin 86:420, Table 2."""

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=9).filter(lambda sizes: max(sizes) > 1)
METHODS = st.sampled_from(["reml", "anova"])


def nested(
    sizes: list[int], seed: int, *, between: float = 1.0, within: float = 1.0
) -> tuple[Floats, NDArray[np.intp]]:
    rng = np.random.default_rng(seed)
    leaders = np.repeat(np.arange(len(sizes)), sizes)
    levels = rng.normal(scale=math.sqrt(between), size=len(sizes))
    values = 3.5 + levels[leaders] + rng.normal(scale=math.sqrt(within), size=leaders.size)
    return values, leaders


def same(ours: OneWay, theirs: OneWay, *names: str) -> None:
    for name in names:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", ["reml", "anova"])
def test_shrout_and_fleiss_find_17_and_44(method: str) -> None:
    found = one_way(SHROUT_FLEISS.ravel(), np.repeat(np.arange(6), 4), method=method)
    assert round(found.icc1, 2) == 0.17
    assert round(found.reliability_of_mean, 2) == 0.44
    assert round(found.within, 2) == 6.26


@given(st.integers(2, 6), st.integers(2, 9), st.integers(0, 999))
def test_with_equally_many_raters_both_methods_agree(raters: int, leaders: int, seed: int) -> None:
    values, groups = nested([raters] * leaders, seed)
    reml, anova = one_way(values, groups), one_way(values, groups, method="anova")
    np.testing.assert_allclose(reml.between, anova.between, atol=1e-6)
    if reml.between > 0:
        same(reml, anova, "within", "icc1", "mean", "shrunken", "shrunken_sd")
        together = spearman_brown(reml.icc1, raters)
        np.testing.assert_allclose(reml.group_reliabilities, together, atol=1e-6)


@given(SIZES, st.integers(0, 999), METHODS)
def test_figures_keep_within_their_bounds(sizes: list[int], seed: int, method: str) -> None:
    values, groups = nested(sizes, seed, between=0.5)
    found = one_way(values, groups, method=method)
    assert found.between >= 0
    assert found.within > 0
    assert 0 <= found.icc1_low <= found.icc1_high <= 1
    assert ((found.group_reliabilities >= 0) & (found.group_reliabilities < 1)).all()
    assert (found.shrunken_sd >= found.conditional_sd).all()
    drawn = np.abs(found.shrunken - found.mean)
    assert (drawn <= np.abs(found.group_means - found.mean) + 1e-9).all()
    if method == "reml":
        assert found.icc1_low <= found.icc1 <= found.icc1_high


@given(SIZES, st.integers(0, 999), st.floats(0.1, 9), st.floats(-99, 99), METHODS)
def test_components_follow_the_unit_and_not_the_origin(
    sizes: list[int], seed: int, unit: float, origin: float, method: str
) -> None:
    values, groups = nested(sizes, seed)
    before = one_way(values, groups, method=method)
    after = one_way(values * unit + origin, groups, method=method)
    same(after, before, "icc1", "icc1_low", "icc1_high", "group_reliabilities")
    np.testing.assert_allclose(after.within, before.within * unit**2, rtol=1e-5)
    np.testing.assert_allclose(
        after.shrunken, before.shrunken * unit + origin, rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(after.shrunken_sd, before.shrunken_sd * unit, rtol=1e-4)


@given(SIZES, st.integers(0, 999))
def test_the_order_of_ratings_does_not_matter(sizes: list[int], seed: int) -> None:
    values, groups = nested(sizes, seed)
    order = np.random.default_rng(seed).permutation(values.size)
    before, after = one_way(values, groups), one_way(values[order], groups[order])
    same(after, before, "mean", "between", "within", "icc1", "icc1_low", "icc1_high")
    assert after.group_labels.tolist() == list(dict.fromkeys(groups[order].tolist()))
    np.testing.assert_allclose(after.shrunken, before.shrunken[after.group_labels], atol=1e-6)


def test_ratings_not_given_are_left_out_and_leaders_without_any_too() -> None:
    values, groups = nested([3, 4, 2], 1)
    labels = np.array(["Ana", "Ida", "Kai"])[groups]
    before = one_way(values, labels)
    gappy = np.concatenate([[NAN, NAN], values, [NAN]])
    after = one_way(gappy, np.concatenate([["Zoe", "Ida"], labels, ["Kai"]]))
    same(after, before, "mean", "between", "within", "icc1_low", "icc1_high")
    assert after.group_labels.tolist() == ["Ida", "Ana", "Kai"]
    assert after.group_sizes.tolist() == [4, 3, 2]
    assert after.shrunken[0] == pytest.approx(before.shrunken[1])


def test_leaders_who_differ_no_more_than_raters_do_have_no_variance() -> None:
    found = one_way([1, 5, 5, 1, 3, 3], [1, 1, 2, 2, 3, 3])
    assert found.between == found.icc1 == found.icc1_low == 0
    assert found.shrunken.tolist() == [3, 3, 3]
    assert found.conditional_sd.tolist() == [0, 0, 0]
    assert (found.shrunken_sd > 0).all()
    assert one_way([1, 5, 5, 1, 3, 3], [1, 1, 2, 2, 3, 3], method="anova").between == 0


@pytest.mark.parametrize("method", ["reml", "anova"])
def test_raters_who_agree_about_leaders_who_differ_are_fully_reliable(method: str) -> None:
    values, leaders = [0.1] * 3 + [0.3] * 7 + [0.7] * 2, ["Ana"] * 3 + ["Ida"] * 7 + ["Kai"] * 2
    found = one_way(values, leaders, method=method)
    assert found.within == 0
    assert found.icc1 == found.reliability_of_mean == 1
    assert math.isnan(found.icc1_low)
    assert math.isnan(found.icc1_high)
    np.testing.assert_allclose(found.shrunken, [0.1, 0.3, 0.7])
    assert found.shrunken_sd.tolist() == [0, 0, 0]


def test_full_agreement_is_the_limit_of_near_agreement() -> None:
    leaders = np.repeat([0, 1, 2], [3, 7, 2])
    level = np.array([1.0, 3, 7])[leaders]
    rng = np.random.default_rng(1)
    near = one_way(level + 1e-4 * rng.normal(size=12), leaders)
    full = one_way(level, leaders)
    np.testing.assert_allclose([near.between, near.mean], [full.between, full.mean], rtol=1e-3)


@pytest.mark.parametrize("method", ["reml", "anova"])
def test_when_everybody_says_the_same_reliability_is_not_known(method: str) -> None:
    found = one_way([0.1] * 5, ["Ana", "Ana", "Ida", "Ida", "Ida"], method=method)
    assert found.mean == 0.1
    assert found.between == found.within == 0
    assert math.isnan(found.icc1)
    assert np.isnan(found.group_reliabilities).all()


@pytest.mark.parametrize(
    ("values", "groups", "within"),
    [
        ([1.0, 2, 3], ["Ana", "Ana", "Ana"], 1.0),
        ([1.0, 1, 1], ["Ana", "Ana", "Ana"], 0.0),
        ([1.0, 2, 3], ["Ana", "Ida", "Kai"], NAN),
        ([1.0], ["Ana"], NAN),
        ([NAN], ["Ana"], NAN),
        ([], [], NAN),
    ],
    ids=[
        "one leader",
        "one leader, one voice",
        "one rater each",
        "one rating",
        "no answer",
        "none",
    ],
)
def test_components_are_not_known_from_data_that_cannot_tell(
    values: list[float], groups: list[Any], within: float
) -> None:
    found = one_way(values, groups)
    answers = [value for value in values if not math.isnan(value)]
    mean = sum(answers) / len(answers) if answers else NAN
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert found.within == pytest.approx(within, nan_ok=True)
    for name in ("between", "icc1", "icc1_low", "icc1_high", "reliability_of_mean"):
        assert math.isnan(getattr(found, name)), name
    assert np.isnan(found.shrunken).all()
    assert np.isnan(found.shrunken_sd).all()


def test_shrunken_scores_are_as_far_off_as_their_corrected_sd_says() -> None:
    """With 12 leaders the plug-in SD is too small; what is added to it makes up for that."""
    rng, sizes = np.random.default_rng(7), np.tile([3, 5, 8], 4)
    leaders = np.repeat(np.arange(12), sizes)
    missed, plain, corrected = [], [], []
    for _ in range(600):
        truth = rng.normal(scale=0.6, size=12)
        found = one_way(truth[leaders] + rng.normal(scale=0.7, size=leaders.size), leaders)
        missed.append((found.shrunken - truth) ** 2)
        plain.append(found.conditional_sd**2)
        corrected.append(found.shrunken_sd**2)
    assert np.mean(plain) < 0.88 * np.mean(missed)
    assert np.mean(corrected) == pytest.approx(np.mean(missed), rel=0.1)


def test_the_interval_holds_the_true_icc_as_often_as_it_says() -> None:
    rng, sizes = np.random.default_rng(11), np.tile([3, 5, 8], 7)
    leaders = np.repeat(np.arange(21), sizes)
    held = 0
    for _ in range(400):
        truth = rng.normal(scale=0.6, size=21)[leaders]
        found = one_way(truth + rng.normal(scale=0.6, size=leaders.size), leaders)
        held += found.icc1_low <= 0.5 <= found.icc1_high
    assert held / 400 == pytest.approx(0.95, abs=0.03)


def test_the_pooled_variance_is_the_mean_square_within() -> None:
    assert pooled_within([1, 3, 2, 2, 9, NAN], [1, 1, 2, 2, 3, 3]) == (1.0, 2)
    assert math.isnan(pooled_within([1, 2], [1, 2])[0])


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="'reml' or 'anova'"):
        one_way([1, 2], [1, 1], method="ml")
    with pytest.raises(ValueError, match="confidence is 2"):
        one_way([1, 2], [1, 1], confidence=2)
    with pytest.raises(ValueError, match="one group for each"):
        one_way([1, 2], [1])
