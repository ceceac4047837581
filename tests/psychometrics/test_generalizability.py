import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize

from assess.psychometrics.generalizability import GStudy, d_study, g_study, raters_for
from assess.psychometrics.generalizability.blocks import Blocks
from assess.psychometrics.generalizability.search import Likelihood, Parts, best
from assess.psychometrics.generalizability.squares import Squares
from assess.psychometrics.nested import one_way
from assess.psychometrics.ratings import grouped

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
NAN = math.nan
NAMES = ("target", "rater", "item", "target_item", "residual")
USUAL = (0.25, 0.20, 0.05, 0.05, 0.45)

NOTHING = (NAN, NAN, NAN, NAN, NAN)
TWO_PEAKS = np.array(
    [
        [0.86, 0.24, NAN, 1.42, 1.39, NAN, 5.94, 2.86, 3.43],
        [0.77, NAN, 1.85, 2.27, 2.11, 0.36, 5.40, 3.89, NAN],
    ]
).T
"""Simulated, one of a thousand: likely with a residual of 0.33 alone, but likelier with almost none."""

SEEDS = st.integers(0, 9999)
VARIANCES = st.tuples(*[st.sampled_from([0.0, 0.05, 0.3, 1.0])] * 4, st.sampled_from([0.1, 0.5]))
SIZES = st.lists(st.integers(1, 4), min_size=2, max_size=6).filter(lambda sizes: max(sizes) > 1)
STUDIES = st.builds(GStudy, st.floats(0.01, 2), *[st.floats(0, 2)] * 4, mean=st.just(3.0))


def ratings(
    sizes: list[int], items: int, seed: int, variances: tuple[float, ...] = USUAL
) -> tuple[Floats, Codes]:
    rng = np.random.default_rng(seed)
    targets = np.repeat(np.arange(len(sizes)), sizes)
    shapes = [(len(sizes), 1), (targets.size, 1), (items,), (len(sizes), items)]
    t, r, i, ti, e = (
        math.sqrt(variance) * rng.normal(size=shape)
        for variance, shape in zip(variances, [*shapes, (targets.size, items)], strict=True)
    )
    return 3.5 + t[targets] + r + i + ti[targets] + e, targets


def with_gaps(values: Floats, seed: int, share: float = 0.15) -> Floats:
    gaps = np.random.default_rng(seed).random(values.shape) < share
    return np.where(gaps, NAN, values)


def components(study: GStudy) -> Floats:
    return np.array([getattr(study, name) for name in NAMES])


def same(ours: GStudy, theirs: GStudy, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(components(ours), components(theirs), tolerance, tolerance)
    np.testing.assert_allclose(ours.mean, theirs.mean, tolerance, tolerance)


def deviance_of(values: Floats, targets: Codes) -> Callable[[Floats], float]:
    """Give the restricted likelihood of components as a textbook does, from the whole variance matrix."""
    rater, item = np.nonzero(~np.isnan(values))
    answers, target = values[rater, item], targets[rater]
    alike = [
        np.equal.outer(levels, levels).astype(float)
        for levels in (target, rater, item, target * 1000 + item, np.arange(rater.size))
    ]

    def deviance(variances: Floats) -> float:
        matrix = sum(variance * effect for variance, effect in zip(variances, alike, strict=True))
        inverse = np.linalg.inv(matrix)
        information = inverse.sum()
        off = answers - inverse.sum(axis=1) @ answers / information
        return float(np.linalg.slogdet(matrix)[1] + np.log(information) + off @ inverse @ off)

    return deviance


@settings(max_examples=50)
@given(SIZES, st.integers(2, 4), SEEDS, st.tuples(*[st.floats(0, 9)] * 4))
def test_the_likelihood_is_the_textbooks(
    sizes: list[int], items: int, seed: int, ratios: tuple[float, ...]
) -> None:
    values, targets = ratings(sizes, items, seed)
    values = with_gaps(values, seed)
    assume(not np.isnan(values).all(axis=1).any() and not np.isnan(values).all(axis=0).any())
    ours = Blocks.of(values, grouped(targets, targets.size))
    naive = deviance_of(values, targets)

    def both(ratios: Floats) -> tuple[float, float]:
        fit = ours.at(ratios)
        return fit.deviance, naive(fit.residual * np.append(ratios, 1.0))

    here, origin = both(np.array(ratios)), both(np.zeros(4))
    np.testing.assert_allclose(here[0] - origin[0], here[1] - origin[1], rtol=1e-5, atol=1e-5)
    for step in 1e-5 * np.eye(4):
        up, down = (ours.at(np.array(ratios) + step * sign + 1e-5).deviance for sign in (1, -1))
        slope = ours.at(np.array(ratios) + 1e-5).slope @ step / 1e-5
        np.testing.assert_allclose(slope, (up - down) / 2e-5, rtol=1e-4, atol=1e-3)


@settings(max_examples=25)
@given(SIZES, st.integers(2, 4), SEEDS, VARIANCES)
def test_no_other_components_are_more_likely(
    sizes: list[int], items: int, seed: int, variances: tuple[float, ...]
) -> None:
    values, targets = ratings(sizes, items, seed, variances)
    values = with_gaps(values, seed)
    found = components(g_study(values, targets))
    assume(not np.isnan(found).any() and found[-1] > 1e-3)
    naive = deviance_of(values, targets)
    better = optimize.minimize(
        naive, found, method="L-BFGS-B", bounds=[(0, None)] * 4 + [(1e-4, None)]
    )
    assert naive(found) <= better.fun + 1e-5


def mean_squares(values: Floats, raters: int) -> Floats:
    """Give the components of a balanced design from the means of a targets x raters x items cube."""
    cube = values.reshape(-1, raters, values.shape[1])
    j, n, k = cube.shape
    grand, t, i = cube.mean(), cube.mean(axis=(1, 2)), cube.mean(axis=(0, 1))
    ti, r = cube.mean(axis=1), cube.mean(axis=2)
    e = cube - ti[:, None, :] - r[:, :, None] + t[:, None, None]
    of_e = (e**2).sum() / (j * (n - 1) * (k - 1))
    of_r = k * ((r - t[:, None]) ** 2).sum() / (j * (n - 1))
    of_ti = n * ((ti - t[:, None] - i + grand) ** 2).sum() / ((j - 1) * (k - 1))
    of_i = j * n * ((i - grand) ** 2).sum() / (k - 1)
    of_t = n * k * ((t - grand) ** 2).sum() / (j - 1)
    return np.array(
        [
            (of_t - of_r - of_ti + of_e) / (n * k),
            (of_r - of_e) / k,
            (of_i - of_ti) / (j * n),
            (of_ti - of_e) / n,
            of_e,
        ]
    )


@given(st.integers(2, 6), st.integers(2, 4), st.integers(2, 5), SEEDS)
def test_balanced_ratings_have_the_components_of_their_mean_squares(
    targets: int, raters: int, items: int, seed: int
) -> None:
    values, groups = ratings([raters] * targets, items, seed, (1.0, 1.0, 1.0, 1.0, 0.2))
    expected = mean_squares(values, raters)
    squares = Squares.of(values, grouped(groups, groups.size))
    np.testing.assert_allclose(squares.components(), expected, rtol=1e-7, atol=1e-9)
    if (expected > 0).all():
        np.testing.assert_allclose(components(g_study(values, groups)), expected, rtol=1e-7)


@settings(max_examples=30)
@given(st.integers(2, 6), st.integers(2, 4), st.integers(2, 5), SEEDS, VARIANCES)
def test_all_ways_to_the_components_of_balanced_ratings_meet(
    targets: int, raters: int, items: int, seed: int, variances: tuple[float, ...]
) -> None:
    values, groups = ratings([raters] * targets, items, seed, variances)
    rows, expected = grouped(groups, groups.size), components(g_study(values, groups))
    assume(expected[-1] > 1e-3)
    ways: list[Likelihood] = [Squares.of(values - 3, rows), Blocks.of(values - 3, rows)]
    for likelihood in ways:
        found, mean = best(likelihood)
        assert mean == pytest.approx(values.mean() - 3)
        np.testing.assert_allclose(found, expected, 1e-4, 1e-4)


def test_a_negative_component_is_more_than_set_to_zero() -> None:
    values, groups = ratings([3] * 12, 4, 3, (0.3, 0.0, 0.3, 0.0, 0.5))
    anova, found = mean_squares(values, 3), components(g_study(values, groups))
    assert min(anova) < 0
    assert (found[anova < 0] == 0).all()
    naive = deviance_of(values, groups)
    assert naive(found) < naive(np.maximum(anova, 0)) - 1e-4


def test_of_two_peaks_the_higher_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [0, 0, 1, 1, 1, 1, 2, 3, 3]
    assert g_study(TWO_PEAKS, targets).rater == pytest.approx(0.526, abs=0.002)
    monkeypatch.setattr("assess.psychometrics.generalizability.search.MANY", 0)
    assert g_study(TWO_PEAKS, targets).rater == 0


@settings(max_examples=30)
@given(SIZES, st.integers(2, 4), SEEDS, st.floats(0.1, 9), st.floats(-99, 99))
def test_components_follow_the_unit_and_not_the_origin(
    sizes: list[int], items: int, seed: int, unit: float, origin: float
) -> None:
    values, targets = ratings(sizes, items, seed)
    values = with_gaps(values, seed)
    before, after = g_study(values, targets), g_study(unit * values + origin, targets)
    np.testing.assert_allclose(
        components(after) / unit**2, components(before), rtol=1e-3, atol=1e-4
    )
    assert after.mean == pytest.approx(unit * before.mean + origin, rel=1e-4, abs=1e-4)


@settings(max_examples=30)
@given(SIZES, st.integers(2, 4), SEEDS)
def test_no_order_matters(sizes: list[int], items: int, seed: int) -> None:
    values, targets = ratings(sizes, items, seed)
    values = with_gaps(values, seed)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(targets.size), rng.permutation(items)
    names = np.array(["Ana", "Ida", "Kai", "Lea", "Max", "Zoe"])
    same(g_study(values[rows][:, columns], names[targets[rows]]), g_study(values, targets), 1e-3)


@pytest.mark.parametrize("sizes", [[3, 4, 2, 3], [3, 3, 3, 3]])
def test_who_and_what_has_no_answer_is_left_out(sizes: list[int]) -> None:
    values, targets = ratings(sizes, 4, 5)
    wider = np.column_stack([values, np.full(12, NAN)])
    longer = np.vstack([np.full(5, NAN), wider, np.full(5, NAN)])
    same(g_study(longer, [9, *targets, 0]), g_study(values, targets), 1e-12)
    some = grouped([9, *targets], 13).only(np.arange(13) > 0)
    same(g_study(values, some), g_study(values, targets), 1e-12)


def test_a_weight_lost_in_rounding_does_not_stop_a_search() -> None:
    fit = Parts(10, 1.0, -1e-17, 0.0, np.ones(4), np.ones(4), 3.0).fit()
    assert fit.residual > 0
    assert math.isfinite(fit.deviance)


def test_it_does_not_matter_how_targets_are_cut_into_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, targets = ratings([3, 1, 4, 2, 3, 7], 4, 6)
    values = with_gaps(values, 6)
    whole = g_study(values, targets)
    monkeypatch.setattr("assess.psychometrics.generalizability.blocks.NUMBERS", 60)
    same(g_study(values, targets), whole, 1e-6)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_many_ratings_give_the_truth_back(share: float) -> None:
    values, targets = ratings([2, 3, 5, 8] * 100, 20, 8)
    found = g_study(with_gaps(values, 8, share), targets)
    np.testing.assert_allclose(components(found), USUAL, rtol=0.12, atol=0.02)


@pytest.mark.parametrize("variance", [0.5, 0.0])
def test_raters_who_say_the_same_of_every_item_leave_a_one_way_design(variance: float) -> None:
    values, targets = ratings([3, 5, 2, 4] * 5, 1, 9, (1.0, variance, 0.0, 0.0, 0.0))
    found, simple = g_study(np.repeat(values, 4, axis=1), targets), one_way(values[:, 0], targets)
    assert found.item == found.target_item == found.residual == 0
    assert found.target == pytest.approx(simple.between, rel=1e-4)
    assert found.rater == pytest.approx(simple.within, rel=1e-4)


def test_answers_that_follow_wholly_leave_no_residual() -> None:
    variances = (1.0, 0.5, 0.3, 0.3, 0.0)
    values, targets = ratings([3] * 20, 5, 10, variances)
    balanced, gappy = g_study(values, targets), g_study(with_gaps(values, 10, 0.05), targets)
    assert balanced.residual == gappy.residual == 0
    np.testing.assert_allclose(components(balanced), mean_squares(values, 3), atol=1e-9)
    np.testing.assert_allclose(components(gappy), components(balanced), rtol=0.1)


@pytest.mark.parametrize(
    ("values", "targets", "told"),
    [
        (np.empty((0, 3)), [], NOTHING),
        (np.full((2, 3), NAN), [1, 2], NOTHING),
        ([[3.0]], [1], NOTHING),
        ([[3.0, 1.0]], [1], NOTHING),
        ([[3.0], [4.0], [1.0], [2.0]], [1, 1, 2, 2], NOTHING),
        ([[3.0, 2.0], [1.0, 5.0], [4.0, 2.0]], [1, 1, 1], (NAN, 1, NAN, NAN, 1)),
        ([[3.0, 2.0], [1.0, 5.0], [4.0, 2.0]], [1, 2, 3], (NAN, NAN, 1, NAN, NAN)),
        ([[3.0, NAN], [1.0, NAN], [NAN, 2.0], [NAN, 5.0]], [1, 1, 2, 2], NOTHING),
        ([[3.0, NAN], [NAN, 1.0], [4.0, NAN], [NAN, 5.0]], [1, 1, 2, 2], (1, NAN, 1, NAN, NAN)),
        ([[3.0, 2.0], [3.0, 1.0], [NAN, 2.0], [4.0, 2.0]], [1, 1, 2, 2], (1, 1, 1, 1, 1)),
    ],
    ids=[
        "none",
        "no answer",
        "one answer",
        "one rater",
        "one item",
        "one target",
        "one rater each",
        "a target has an item of its own",
        "raters have an item of their own",
        "enough",
    ],
)
def test_components_that_cannot_be_told_apart_are_not_known(
    values: Any, targets: list[int], told: tuple[float, ...]
) -> None:
    found = g_study(values, targets)
    assert np.isnan(components(found)).tolist() == np.isnan(told).tolist()
    assert math.isnan(found.mean) == np.isnan(values).all()


@pytest.mark.parametrize("sizes", [[2, 2, 2], [3, 2, 1], [6]])
def test_when_everybody_says_the_same_there_is_no_variance(sizes: list[int]) -> None:
    found = g_study(np.full((6, 3), 3.3), np.repeat(range(len(sizes)), sizes))
    assert found.mean == 3.3
    assert found.rater == found.residual == 0
    assert math.isnan(found.target) == (len(sizes) == 1)
    assert len(sizes) == 1 or found.target == found.item == found.target_item == 0


def test_an_item_on_which_all_agree_is_an_item_like_others() -> None:
    values, targets = ratings([3, 2, 4, 3], 4, 12)
    values[:, 1] = 3.0
    found = components(g_study(values, targets))
    assert (found >= 0).all()
    assert found[-1] > 0


def test_a_study_of_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="two dimensions"):
        g_study([1, 2], [1, 2])
    with pytest.raises(ValueError, match="one group for each"):
        g_study([[1, 2]], [1, 2])
    with pytest.raises(ValueError, match="infinite"):
        g_study([[1, math.inf]], [1])


def test_decisions_are_those_of_the_formulas() -> None:
    study = GStudy(target=0.4, rater=0.3, item=0.2, target_item=0.1, residual=0.6, mean=3.0)
    found = d_study(study, raters=3, items=2)
    assert found.relative_sem**2 == pytest.approx(0.3 / 3 + 0.1 / 2 + 0.6 / 6)
    assert found.absolute_sem**2 == pytest.approx(0.3 / 3 + 0.1 / 2 + 0.6 / 6 + 0.2 / 2)
    assert found.generalizability == pytest.approx(0.4 / 0.65)
    assert found.dependability == pytest.approx(0.4 / 0.75)
    assert found.same_items == pytest.approx(0.45 / 0.65)


@given(STUDIES, st.integers(1, 30), st.integers(1, 30))
def test_coefficients_stand_in_their_order_and_grow(study: GStudy, raters: int, items: int) -> None:
    found, more = (d_study(study, raters=raters + more, items=items) for more in (0, 1))
    assert 0 < found.dependability <= found.generalizability <= found.same_items + 1e-12 <= 1 + 1e-9
    assert 0 <= found.relative_sem <= found.absolute_sem
    assert more.generalizability >= found.generalizability - 1e-12
    assert more.relative_sem <= found.relative_sem


@given(STUDIES, st.floats(0.05, 0.95), st.integers(1, 30))
def test_so_many_raters_are_needed_and_no_fewer(study: GStudy, target: float, items: int) -> None:
    number = raters_for(study, target=target, items=items)
    if math.isinf(number):
        assert d_study(study, raters=1e9, items=items).generalizability < target + 1e-6
        return
    assert number == int(number) >= 1
    assert d_study(study, raters=number, items=items).generalizability >= target - 1e-6
    if number > 1:
        assert d_study(study, raters=number - 1, items=items).generalizability < target + 1e-9


def study_of(target: float, rater: float, item: float, both: float, residual: float) -> GStudy:
    return GStudy(target, rater, item, both, residual, mean=3.0)


@pytest.mark.parametrize(
    ("study", "needed"),
    [
        (study_of(0.5, 0.5, 0.0, 0.0, 0.0), 4.0),
        (study_of(0.5, 0.0, 0.0, 0.0, 0.0), 1.0),
        (study_of(0.5, 0.0, 0.0, 0.1, 0.0), 1.0),
        (study_of(0.5, 0.0, 0.0, 9.0, 0.0), math.inf),
        (study_of(0.5, 0.1, 0.0, 9.0, 0.0), math.inf),
        (study_of(0.0, 0.1, 0.0, 0.0, 0.1), math.inf),
        (study_of(0.0, 0.0, 0.3, 0.0, 0.0), NAN),
        (study_of(NAN, 0.1, NAN, NAN, 0.1), NAN),
        (study_of(0.5, 0.5, NAN, 0.0, 0.0), 4.0),
    ],
)
def test_raters_needed_where_it_is_plain(study: GStudy, needed: float) -> None:
    assert raters_for(study, target=0.8, items=5) == pytest.approx(needed, nan_ok=True)


def test_without_a_component_or_variance_nothing_is_told() -> None:
    unknown = d_study(study_of(NAN, 0.1, NAN, NAN, 0.1), raters=2, items=3)
    assert math.isnan(unknown.generalizability)
    assert math.isnan(unknown.absolute_sem)
    none = d_study(study_of(0.0, 0.0, 0.0, 0.0, 0.0), raters=2, items=3)
    assert math.isnan(none.generalizability)
    assert math.isnan(none.same_items)
    assert none.relative_sem == 0


def test_decisions_about_nobody_are_refused() -> None:
    study = study_of(*USUAL)
    with pytest.raises(ValueError, match=r"0\.5 raters"):
        d_study(study, raters=0.5, items=3)
    with pytest.raises(ValueError, match="0 items"):
        d_study(study, raters=3, items=0)
    with pytest.raises(ValueError, match="nan items"):
        raters_for(study, target=0.7, items=NAN)
    with pytest.raises(ValueError, match="target is 1"):
        raters_for(study, target=1, items=3)
