import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, special, stats

from assess.psychometrics.items import (
    LogisticDif,
    MantelHaenszelDif,
    logistic_dif,
    mantel_haenszel_dif,
)
from assess.psychometrics.selection import mantel_haenszel

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
NAN = math.nan
SEEDS = st.integers(0, 9999)


def groups(
    seed: int,
    *,
    respondents: int = 400,
    items: int = 5,
    options: int = 2,
    shift: float = 0.0,
    slope: float = 1.5,
) -> tuple[Floats, Booleans]:
    """Two groups of unequal ability, of whom the focal one finds the first item harder by `shift`."""
    rng = np.random.default_rng(seed)
    focal = rng.random(respondents) < 0.4
    ability = rng.normal(size=respondents) - 0.5 * focal
    slopes = np.full((respondents, items), 1.5)
    slopes[focal, 0] = slope
    at = slopes * (ability[:, np.newaxis] - rng.normal(scale=0.5, size=items))
    at[focal, 0] -= shift
    steps = np.linspace(-1.5, 1.5, options - 1) if options > 2 else np.zeros(1)
    noise = rng.logistic(size=at.shape)
    above = (at + noise)[..., np.newaxis] > steps
    return above.sum(axis=2).astype(np.float64), focal


def strata(scores: Floats, focal: Booleans, item: int) -> list[tuple[Floats, Floats]]:
    """Answers of the reference and of the focal group at each total score found in both."""
    totals = scores.sum(axis=1)
    pairs = [
        (scores[(totals == t) & ~focal, item], scores[(totals == t) & focal, item])
        for t in np.unique(totals)
    ]
    return [(r, f) for r, f in pairs if r.size and f.size]


def test_the_example_of_one_total_is_its_two_by_two_table() -> None:
    """Twenty have one of two items right: 8 of 10 in one group have the first, 3 of 10 in the other."""
    first = np.array([1] * 8 + [0] * 2 + [1] * 3 + [0] * 7, dtype=np.float64)
    focal = np.arange(20) >= 10
    found = mantel_haenszel_dif(np.column_stack([first, 1 - first]), focal)
    odds = (8 * 7) / (2 * 3)
    np.testing.assert_allclose(found.odds_ratio, [odds, 1 / odds])
    np.testing.assert_allclose(found.delta, [-2.35 * math.log(odds), 2.35 * math.log(odds)])
    np.testing.assert_allclose(found.smd, [-0.5, 0.5])
    np.testing.assert_allclose(found.effect, [-0.5 / first.std(ddof=1), 0.5 / first.std(ddof=1)])


@given(SEEDS, st.floats(-2, 2))
def test_two_answers_are_judged_by_the_tables_at_each_total(seed: int, shift: float) -> None:
    scores, focal = groups(seed, respondents=120, items=4, shift=shift)
    found = mantel_haenszel_dif(scores, focal)
    for item in range(4):
        pairs = strata(scores, focal, item)
        tables = [[[r.sum(), (1 - r).sum()], [f.sum(), (1 - f).sum()]] for r, f in pairs]
        table = mantel_haenszel(tables)
        theirs = table.odds_ratio, table.low, table.high, table.chi_squared, table.p
        ours = [
            figures[item]
            for figures in (found.odds_ratio, found.low, found.high, found.chi_squared, found.p)
        ]
        assert ours == pytest.approx(theirs, nan_ok=True)
        assert found.delta[item] == pytest.approx(-2.35 * log(table.odds_ratio))
        assert found.smd[item] == pytest.approx(standardized(pairs))
        assert found.category[item] == ets_category(found, item)


@given(SEEDS, st.floats(-2, 2), st.integers(3, 5))
def test_more_answers_are_judged_by_their_sums_at_each_total(
    seed: int, shift: float, options: int
) -> None:
    scores, focal = groups(seed, respondents=120, items=3, options=options, shift=shift)
    found = mantel_haenszel_dif(scores, focal)
    assume(all(np.unique(answered).size > 2 for answered in scores.T))
    for item in range(3):
        pairs = strata(scores, focal, item)
        away = sum(f.sum() - f.size * np.concatenate([r, f]).mean() for r, f in pairs)
        variance = sum(
            r.size * f.size / (r.size + f.size) * np.concatenate([r, f]).var(ddof=1)
            for r, f in pairs
        )
        assert found.chi_squared[item] == pytest.approx(away**2 / variance)
        assert found.p[item] == pytest.approx(stats.chi2.sf(away**2 / variance, 1))
        assert found.smd[item] == pytest.approx(standardized(pairs))
        assert found.effect[item] == pytest.approx(found.smd[item] / scores[:, item].std(ddof=1))
        assert found.category[item] == effect_category(found, item)
    assert np.isnan([found.odds_ratio, found.low, found.high, found.delta]).all()


def log(odds: float) -> float:
    return math.log(odds) if odds else -math.inf


def standardized(pairs: list[tuple[Floats, Floats]]) -> float:
    return float(
        np.average([f.mean() - r.mean() for r, f in pairs], weights=[f.size for _, f in pairs])
    )


def ets_category(found: MantelHaenszelDif, item: int) -> str:
    delta = abs(found.delta[item])
    if found.p[item] >= 0.05 or delta < 1:
        return "A"
    if math.isinf(delta):
        return "C"
    se = 2.35 * math.log(found.high[item] / found.low[item]) / (2 * 1.959964)
    return "C" if delta >= 1.5 and delta - 1.644854 * se > 1 else "B"


def effect_category(found: MantelHaenszelDif, item: int) -> str:
    effect = abs(found.effect[item])
    if found.p[item] >= 0.05 or effect <= 0.17:
        return "A"
    return "C" if effect > 0.25 else "B"


@pytest.mark.parametrize(("options", "rule"), [(2, ets_category), (5, effect_category)])
def test_categories_ask_for_size_as_well_as_for_p(
    options: int, rule: Callable[[MantelHaenszelDif, int], str]
) -> None:
    found = [
        mantel_haenszel_dif(*groups(3, respondents=3000, options=options, shift=shift))
        for shift in np.arange(0, 1.2, 0.05)
    ]
    assert [one.category[0] for one in found] == [rule(one, 0) for one in found]
    assert any(one.category[0] == "A" and one.p[0] < 0.001 for one in found)
    assert {one.category[0] for one in found} == {"A", "B", "C"}


@pytest.mark.parametrize("options", [2, 5])
def test_every_category_is_found_and_told_from_the_sign(options: int) -> None:
    """Shifts of 0, 0.5 and 1.5 logits are, as delta, 0, 1.2 and 3.5."""
    for shift, category in ((0.0, "A"), (0.5, "B"), (1.5, "C")):
        scores, focal = groups(2, respondents=6000, items=12, options=options, shift=shift)
        found = mantel_haenszel_dif(scores, focal)
        assert found.category[0] == category
        assert set(found.category[1:]) <= {"A", "B"}
        assert shift == 0 or found.smd[0] < 0
        fitted = logistic_dif(scores, focal)
        assert shift == 0 or fitted.log_odds[0] < 0


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([2, 4]))
def test_exchanging_the_groups_turns_the_figures_round(seed: int, options: int) -> None:
    scores, focal = groups(seed, respondents=150, options=options, shift=0.5)
    one, other = mantel_haenszel_dif(scores, focal), mantel_haenszel_dif(scores, ~focal)
    np.testing.assert_allclose(one.delta, -other.delta)
    np.testing.assert_allclose(one.chi_squared, other.chi_squared)
    first, second = logistic_dif(scores, focal), logistic_dif(scores, ~focal)
    np.testing.assert_allclose(first.log_odds, -second.log_odds, atol=1e-4)
    np.testing.assert_allclose(first.both.chi_squared, second.both.chi_squared, atol=1e-6)


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([2, 4]))
def test_turning_the_scale_turns_the_sign(seed: int, options: int) -> None:
    scores, focal = groups(seed, respondents=150, options=options, shift=0.5)
    one, other = mantel_haenszel_dif(scores, focal), mantel_haenszel_dif(7 - scores, focal)
    np.testing.assert_allclose(one.smd, -other.smd, atol=1e-12)
    np.testing.assert_allclose(one.delta, -other.delta)
    first, second = logistic_dif(scores, focal), logistic_dif(7 - scores, focal)
    np.testing.assert_allclose(first.log_odds, -second.log_odds, atol=1e-4)
    np.testing.assert_allclose(first.nonuniform.p, second.nonuniform.p, atol=1e-6)


@settings(max_examples=15)
@given(SEEDS)
def test_order_and_incomplete_respondents_do_not_matter(seed: int) -> None:
    scores, focal = groups(seed, respondents=80, options=3)
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random((30, 5)) < 0.5, NAN, 9.0)
    gaps[:, 2] = NAN
    order = rng.permutation(110)
    more, members = np.vstack([scores, gaps])[order], np.append(focal, gaps[:, 0] > 0)[order]
    before, after = mantel_haenszel_dif(scores, focal), mantel_haenszel_dif(more, members)
    np.testing.assert_allclose(after.p, before.p)
    fitted, refitted = logistic_dif(scores, focal), logistic_dif(more, members)
    np.testing.assert_allclose(refitted.both.p, fitted.both.p, atol=1e-9)


def test_totals_of_broken_answers_are_matched_though_rounding_parts_them() -> None:
    """0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1."""
    scores, focal = groups(5, items=3, options=4)
    whole, tenths = mantel_haenszel_dif(scores, focal), mantel_haenszel_dif(scores / 10, focal)
    np.testing.assert_allclose(tenths.p, whole.p)
    np.testing.assert_allclose(tenths.smd, whole.smd / 10)


def slow_fit(answered: Floats, predictors: list[Floats]) -> float:
    """The greatest log-likelihood of proportional odds, by a search that knows no derivatives of ours."""
    given, codes = np.unique(answered, return_inverse=True)
    x = np.column_stack([np.zeros(answered.size), *predictors])[:, 1:]
    rungs = given.size - 1

    def cost(at: Floats) -> float:
        steps = at[0] + np.concatenate([[0], np.cumsum(np.exp(at[1:rungs]))])
        edges = np.concatenate([[-np.inf], steps, [np.inf]])
        moved = x @ at[rungs:]
        likely = special.expit(edges[codes + 1] - moved) - special.expit(edges[codes] - moved)
        return -float(np.log(np.maximum(likely, 1e-300)).sum())

    start = np.zeros(rungs + x.shape[1])
    found = optimize.minimize(cost, start, method="BFGS", options={"gtol": 1e-4})
    return -float(found.fun)


@pytest.mark.parametrize("options", [2, 3, 5])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_likelihood_ratios_are_those_of_a_slow_search(seed: int, options: int) -> None:
    scores, focal = groups(seed, options=options, shift=0.8, slope=0.7)
    found = logistic_dif(scores, focal)
    score, group = stats.zscore(scores.sum(axis=1)), focal.astype(np.float64)
    predictors = [score, group, score * group]
    heights = [slow_fit(scores[:, 0], predictors[:some]) for some in range(4)]
    assert found.uniform.chi_squared[0] == pytest.approx(2 * (heights[2] - heights[1]), abs=1e-5)
    assert found.nonuniform.chi_squared[0] == pytest.approx(2 * (heights[3] - heights[2]), abs=1e-5)
    r2 = [-math.expm1(2 * (heights[0] - height) / 400) for height in heights]
    best = -math.expm1(2 * heights[0] / 400)
    assert found.both.r2[0] == pytest.approx((r2[3] - r2[1]) / best, abs=1e-6)


def test_one_score_far_off_does_not_lead_the_climb_astray() -> None:
    """A full Newton's step goes so far here that the likelihood becomes nothing."""
    cells = [(0, 0, 0), (0, 1, 0), (0, 1, 1), (100, 1, 1)]
    cells += [(1, 0, 0)] * 2 + [(1, 1, 0)] * 5 + [(2, 0, 0)] * 2 + [(2, 1, 0)] * 20
    total, group, item = np.array(cells, dtype=np.float64).T
    found = logistic_dif(np.column_stack([item, total - item]), group == 1)
    predictors = [stats.zscore(total), group]
    heights = [slow_fit(item, predictors[:some]) for some in (1, 2)]
    assert found.uniform.chi_squared[0] == pytest.approx(2 * (heights[1] - heights[0]), abs=1e-3)
    assert 0 < found.uniform.p[0] < 1


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([2, 3, 5]), st.floats(-2, 2), st.floats(0.2, 3))
def test_what_is_added_adds_up(seed: int, options: int, shift: float, slope: float) -> None:
    scores, focal = groups(seed, respondents=100, options=options, shift=shift, slope=slope)
    found = logistic_dif(scores, focal)
    parts = found.uniform, found.nonuniform
    for name in ("chi_squared", "r2"):
        whole = sum(getattr(part, name) for part in parts)
        np.testing.assert_allclose(getattr(found.both, name), whole, atol=1e-9)
    for part, degrees in zip((*parts, found.both), (1, 1, 2), strict=True):
        assert (part.chi_squared >= 0).all()
        np.testing.assert_allclose(part.p, stats.chi2.sf(part.chi_squared, degrees), atol=1e-12)
        assert ((part.r2 >= 0) & (part.r2 < 1)).all()
    assert found.category.tolist() == [jodoin_gierl(found, item) for item in range(5)]


def jodoin_gierl(found: LogisticDif, item: int) -> str:
    r2 = found.both.r2[item]
    if found.both.p[item] >= 0.05 or r2 < 0.035:
        return "A"
    return "B" if r2 < 0.070 else "C"


def test_the_bands_of_r2_ask_for_p_as_well() -> None:
    large = [
        logistic_dif(*groups(3, respondents=800, items=6, shift=shift))
        for shift in np.arange(1.3, 2.3, 0.06)
    ]
    small = [logistic_dif(*groups(seed, respondents=40, shift=0.5)) for seed in range(10)]
    for found in (*large, *small):
        assert found.category.tolist() == [
            jodoin_gierl(found, item) for item in range(len(found.category))
        ]
    assert any(0.035 <= one.both.r2[0] < 0.04 for one in large)
    assert any(0.065 <= one.both.r2[0] < 0.07 for one in large)
    assert any((one.both.r2[0] > 0.07) and one.category[0] == "A" for one in small)


def test_what_adds_nothing_adds_zero_and_not_less() -> None:
    """Few respondents and items: the richer model is no better, and rounding makes it look worse."""
    found = logistic_dif(*groups(0, respondents=20, items=3))
    assert found.nonuniform.chi_squared[1] == 0
    assert found.nonuniform.p[1] == 1


def test_a_difference_that_changes_sides_is_found_by_regression_alone() -> None:
    scores, focal = groups(4, respondents=4000, items=15, slope=-0.3)
    found = logistic_dif(scores, focal)
    assert found.nonuniform.p[0] < 1e-9
    assert found.nonuniform.r2[0] > 3 * abs(found.uniform.r2[0])
    assert found.category[0] == "C"
    assert mantel_haenszel_dif(scores, focal).category[0] != "C"


def test_items_alike_for_both_are_rejected_as_often_as_they_should() -> None:
    p: list[list[float]] = [[], []]
    for seed in range(25):
        scores, focal = groups(seed, respondents=300, items=8, options=4)
        p[0].extend(mantel_haenszel_dif(scores, focal).p)
        p[1].extend(logistic_dif(scores, focal).uniform.p)
    for one in p:
        assert np.mean(np.array(one) < 0.05) == pytest.approx(0.05, abs=0.025)
        assert np.mean(np.array(one) < 0.5) == pytest.approx(0.5, abs=0.07)
    steps = [np.mean(np.array(p[0]) < at) for at in (0.1, 0.3, 0.6, 0.9)]
    assert all(low < high for low, high in pairwise(steps))


def test_where_the_group_parts_the_answers_the_odds_are_infinite() -> None:
    """Of those with one of two items right, the first group has the first and the second the second."""
    first = np.array([1.0] * 8 + [0] * 8 + [0, 1] * 4)
    second = np.array([0.0] * 8 + [1] * 8 + [0, 1] * 4)
    focal = np.arange(24) >= 8
    focal[16:] = np.arange(8) >= 4
    scores = np.column_stack([first, second])
    found = mantel_haenszel_dif(scores, focal)
    assert found.odds_ratio.tolist() == [math.inf, 0]
    assert found.delta.tolist() == [-math.inf, math.inf]
    assert found.category.tolist() == ["C", "C"]
    assert np.isnan([found.low, found.high]).all()
    fitted = logistic_dif(scores, focal)
    assert fitted.log_odds.tolist() == [-math.inf, math.inf]
    assert fitted.uniform.chi_squared == pytest.approx(2 * 16 * math.log(2), abs=1e-6)
    assert fitted.category.tolist() == ["C", "C"]


def test_nothing_is_told_where_the_groups_cannot_be_compared() -> None:
    scores, focal = groups(6, respondents=60, items=3)
    constant = scores.copy()
    constant[:, 1] = 1
    for found in (mantel_haenszel_dif(constant, focal), logistic_dif(constant, focal)):
        assert (found.category == "cannot tell").tolist() == [False, True, False]
    everybody, nobody = np.ones(60, dtype=np.bool_), np.zeros((0, 3))
    one_right = np.eye(3)[np.arange(60) % 3]
    apart = np.where(focal[:, np.newaxis], 1 - one_right, one_right)  # totals 2 and 1
    same = np.tile([1.0, 0, 1], (60, 1))
    met = np.where(np.arange(60)[:, np.newaxis] % 2, [1, 1, 1], apart)  # at full marks alone
    cases = [(scores, everybody), (scores, ~everybody), (nobody, focal[:0]), (apart, focal)]
    for some, members in [*cases, (same, focal), (met, focal), (np.full((60, 3), NAN), focal)]:
        found = mantel_haenszel_dif(some, members)
        fitted = logistic_dif(some, members)
        for category in (found.category, fitted.category):
            assert category.tolist() == ["cannot tell"] * 3
        assert np.isnan([found.delta, found.smd, found.effect, found.chi_squared, found.p]).all()
        assert np.isnan([fitted.log_odds, fitted.both.p, fitted.uniform.r2]).all()


def test_one_total_is_enough_for_a_table_and_not_for_a_regression() -> None:
    first = np.array([1] * 8 + [0] * 2 + [1] * 3 + [0] * 7)
    scores, focal = np.column_stack([first, 1 - first]), np.arange(20) >= 10
    assert mantel_haenszel_dif(scores, focal).p[0] < 0.1
    assert logistic_dif(scores, focal).category.tolist() == ["cannot tell"] * 2


@pytest.mark.parametrize("find", [mantel_haenszel_dif, logistic_dif])
def test_what_is_no_test_of_two_groups_is_refused(find: type) -> None:
    with pytest.raises(ValueError, match="at least 2 items"):
        find([[1], [0]], [True, False])
    with pytest.raises(ValueError, match="for each of the 2 respondents"):
        find([[1, 0], [0, 1]], [True])
    with pytest.raises(ValueError, match=r"True \(focal group\)"):
        find([[1, 0], [0, 1]], ["men", "women"])
