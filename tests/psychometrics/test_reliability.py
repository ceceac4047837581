import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from assess.psychometrics.reliability import (
    alpha_within,
    cronbach_alpha,
    omega_total,
    raters_needed,
    spearman_brown,
    standard_error_of_measurement,
)
from tests.psychometrics.samples import ANSWERS, GAPPY, by_hand, one_trait, tables

Floats = NDArray[np.float64]
NAN = math.nan


def pair_covariance(scores: Floats, i: int, j: int, leaders: NDArray[np.intp]) -> float:
    """Pooled within leaders, written as plainly as the formula reads."""
    both = ~np.isnan(scores[:, i]) & ~np.isnan(scores[:, j])
    product, degrees = 0.0, 0
    for leader in np.unique(leaders[both]):
        rows = both & (leaders == leader)
        first, second = scores[rows, i], scores[rows, j]
        product += float(((first - first.mean()) * (second - second.mean())).sum())
        degrees += int(rows.sum()) - 1
    return product / degrees if degrees else NAN


def naive_alpha(scores: Floats, leaders: NDArray[np.intp]) -> float:
    items = range(scores.shape[1])
    pairs = np.array([[pair_covariance(scores, i, j, leaders) for j in items] for i in items])
    total = pairs.sum()
    if not total > 1e-9:
        return NAN
    return float(len(items) / (len(items) - 1) * (1 - np.trace(pairs) / total))


@given(tables(ANSWERS))
def test_alpha_of_complete_answers_is_the_textbook_formula(scores: Floats) -> None:
    assume(scores.sum(axis=1).var() > 0)
    assert cronbach_alpha(scores).estimate == pytest.approx(by_hand(scores), abs=1e-9)


@given(tables(GAPPY))
def test_alpha_of_gappy_answers_is_that_of_pairwise_covariances(scores: Floats) -> None:
    everybody = np.zeros(len(scores), dtype=np.intp)
    expected = naive_alpha(scores, everybody)
    assert cronbach_alpha(scores).estimate == pytest.approx(expected, abs=1e-8, nan_ok=True)


@given(tables(GAPPY), st.integers(0, 9))
def test_alpha_within_leaders_is_that_of_pooled_covariances(scores: Floats, seed: int) -> None:
    leaders = np.random.default_rng(seed).integers(0, 3, len(scores))
    expected = naive_alpha(scores, leaders)
    assert alpha_within(scores, leaders).estimate == pytest.approx(expected, abs=1e-8, nan_ok=True)


@given(tables(ANSWERS), st.integers(0, 9))
def test_alpha_within_leaders_of_complete_answers(scores: Floats, seed: int) -> None:
    leaders = np.random.default_rng(seed).integers(0, 3, len(scores))
    expected = naive_alpha(scores, leaders)
    assert alpha_within(scores, leaders).estimate == pytest.approx(expected, abs=1e-8, nan_ok=True)


@given(tables(ANSWERS), st.floats(0.1, 10), st.floats(-100, 100), st.integers(0, 99))
def test_alpha_does_not_depend_on_unit_origin_or_order(
    scores: Floats, unit: float, origin: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    moved = rng.permutation(rng.permutation(scores * unit + origin, axis=1), axis=0)
    before, after = cronbach_alpha(scores), cronbach_alpha(moved)
    for name in ("estimate", "low", "high", "standardized", "lambda6", "average_r"):
        expected = pytest.approx(getattr(before, name), rel=1e-5, abs=1e-6, nan_ok=True)
        assert getattr(after, name) == expected


@given(tables(ANSWERS))
def test_the_interval_of_alpha_holds_the_estimate_and_none_exceeds_1(scores: Floats) -> None:
    alpha = cronbach_alpha(scores)
    assume(not math.isnan(alpha.estimate))
    assert alpha.low <= alpha.estimate <= alpha.high <= 1
    wider = cronbach_alpha(scores, confidence=0.99)
    assert wider.low <= alpha.low
    assert wider.high >= alpha.high


def test_items_which_say_the_same_have_an_alpha_of_1() -> None:
    alpha = cronbach_alpha([[1, 1, 1], [4, 4, 4], [2, 2, 2]])
    assert alpha.estimate == pytest.approx(1)
    assert alpha.standardized == pytest.approx(1)
    assert math.isnan(alpha.lambda6)


def test_lambda_6_is_alpha_for_two_items_of_one_variance() -> None:
    rng = np.random.default_rng(5)
    scores = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 50)
    scores /= scores.std(axis=0)
    alpha = cronbach_alpha(scores)
    assert alpha.estimate == pytest.approx(alpha.standardized)
    assert alpha.standardized == pytest.approx(spearman_brown(alpha.average_r, 2))


def test_listwise_alpha_leaves_out_who_skipped_an_item() -> None:
    scores = one_trait()
    gappy = np.vstack([scores, [[1, NAN, 5, 2]]])
    assert cronbach_alpha(gappy, missing="listwise") == cronbach_alpha(scores)
    assert cronbach_alpha(gappy).respondents == 201


def test_a_constant_item_counts_as_an_item_without_variance() -> None:
    scores = one_trait()
    scores[:, 0] = 0.1
    alpha = cronbach_alpha(scores)
    assert alpha.estimate == pytest.approx(by_hand(scores))
    assert math.isnan(alpha.standardized)
    assert math.isnan(omega_total(scores))


@pytest.mark.parametrize(
    "scores",
    [
        np.empty((0, 3)),
        np.array([[1.0, 2, 3]]),
        np.full((5, 3), 0.1),
        np.array([[1.0, 5], [2, 4], [3, 3]]),
        np.array([[1.0, NAN], [2, NAN], [4, NAN]]),
        np.array([[1.0, NAN], [2, 1], [NAN, 4]]),
    ],
    ids=["nobody", "one", "constant", "opposite", "an item nobody answered", "no pair"],
)
def test_alpha_is_not_known_from_data_that_cannot_tell(scores: Floats) -> None:
    alpha = cronbach_alpha(scores)
    assert math.isnan(alpha.estimate)
    assert math.isnan(alpha.low)
    assert math.isnan(alpha.high)
    assert alpha.respondents == len(scores)
    assert math.isnan(alpha_within(scores, np.zeros(len(scores), dtype=np.intp)).estimate)


@pytest.mark.parametrize("value", [3.0, 0.1])
def test_alpha_within_is_not_known_when_raters_of_each_leader_agree(value: float) -> None:
    scores = np.repeat([[value] * 3, [2 * value] * 3], 7, axis=0)
    leaders = np.repeat(["Ana", "Ida"], 7)
    assert math.isnan(alpha_within(scores, leaders).estimate)
    assert math.isnan(alpha_within(scores, np.arange(14)).estimate)


def test_alpha_within_is_free_of_the_leaders() -> None:
    scores = one_trait(respondents=400)
    leaders = np.repeat(np.arange(100), 4)
    moved = scores + np.random.default_rng(2).normal(scale=9, size=100)[leaders, np.newaxis]
    expected = alpha_within(scores, leaders).estimate
    assert alpha_within(moved, leaders).estimate == pytest.approx(expected)
    assert cronbach_alpha(moved).estimate > 0.9


def feldt(alpha: float, degrees: float, items: int) -> list[float]:
    ratio = stats.f(degrees, degrees * (items - 1))
    return [1 - (1 - alpha) * float(ratio.ppf(tail)) for tail in (0.975, 0.025)]


def test_the_interval_within_leaders_has_n_less_j_degrees_of_freedom() -> None:
    leaders = np.repeat(np.arange(20), [1, 2, 3, 4] * 5)
    alpha = alpha_within(one_trait(respondents=50), leaders)
    assert [alpha.low, alpha.high] == pytest.approx(feldt(alpha.estimate, 50 - 20, 4))
    wider = alpha_within(one_trait(respondents=50), leaders, confidence=0.99)
    assert wider.low < alpha.low < alpha.high < wider.high


def test_missing_answers_cost_the_interval_within_leaders_degrees_of_freedom() -> None:
    scores, leaders = one_trait(respondents=60, items=3), np.repeat(np.arange(12), 5)
    scores[:12, 0] = NAN  # two leaders wholly, two of five raters of the third
    degrees = np.mean([48 - 10, 48 - 10, 60 - 12])
    alpha = alpha_within(scores, leaders)
    assert [alpha.low, alpha.high] == pytest.approx(feldt(alpha.estimate, float(degrees), 3))
    assert alpha.respondents == 60


def test_a_rating_without_an_answer_tells_nothing_within_leaders() -> None:
    scores, leaders = one_trait(respondents=60), np.repeat(np.arange(12), 5)
    before = alpha_within(scores, leaders)
    after = alpha_within(np.vstack([scores, np.full((30, 4), NAN)]), np.append(leaders, [0] * 30))
    assert (after.low, after.high) == pytest.approx((before.low, before.high))
    assert (before.respondents, after.respondents) == (60, 90)


@given(tables(ANSWERS))
def test_alpha_within_one_leader_is_alpha(scores: Floats) -> None:
    within, plain = alpha_within(scores, ["Ana"] * len(scores)), cronbach_alpha(scores)
    for name in ("estimate", "low", "high", "standardized", "lambda6", "average_r"):
        assert getattr(within, name) == pytest.approx(
            getattr(plain, name), rel=1e-6, abs=1e-8, nan_ok=True
        )


def test_alpha_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="'pairwise' or 'listwise'"):
        cronbach_alpha([[1, 2], [2, 3]], missing="ignore")
    with pytest.raises(ValueError, match="at least 2 items"):
        cronbach_alpha([[1], [2]])
    with pytest.raises(ValueError, match="confidence is 95"):
        cronbach_alpha([[1, 2], [2, 3]], confidence=95)
    with pytest.raises(ValueError, match="confidence is 95"):
        alpha_within([[1, 2], [2, 3]], [1, 1], confidence=95)
    with pytest.raises(ValueError, match="at least 2 items"):
        alpha_within([[1], [2]], [1, 1])
    with pytest.raises(ValueError, match="one group for each of the 2 ratings"):
        alpha_within([[1, 2], [2, 3]], [1])


def test_omega_of_one_factor_is_found() -> None:
    loadings, uniquenesses = np.array([0.9, 1.2, 0.6, 0.8]), np.array([0.5, 1.0, 0.3, 0.9])
    scores = exactly(np.outer(loadings, loadings) + np.diag(uniquenesses))
    expected = loadings.sum() ** 2 / (loadings.sum() ** 2 + uniquenesses.sum())
    assert omega_total(scores) == pytest.approx(expected, rel=1e-6)


def exactly(covariances: Floats) -> Floats:
    """Make respondents whose covariances are exactly these."""
    raw = np.random.default_rng(3).normal(size=(40, len(covariances)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    made: Floats = white @ np.linalg.cholesky(covariances).T
    return made


def test_omega_equals_alpha_where_all_loadings_are_equal() -> None:
    scores = exactly(np.full((5, 5), 0.4) + np.diag(np.full(5, 0.6)))
    assert omega_total(scores) == pytest.approx(cronbach_alpha(scores).estimate)


@given(st.integers(0, 50))
def test_omega_lies_between_0_and_1_and_keeps_its_value_in_other_units(seed: int) -> None:
    scores = one_trait(respondents=60, items=4, seed=seed)
    omega = omega_total(scores)
    assert 0 <= omega <= 1
    assert omega_total(5 - 3 * scores) == pytest.approx(omega, abs=1e-6)


def test_omega_is_not_known_from_fewer_respondents_than_items_or_doubled_items() -> None:
    scores = one_trait(respondents=3, items=4)
    assert math.isnan(omega_total(scores))
    doubled = np.column_stack([one_trait(), one_trait()[:, 0]])
    assert math.isnan(omega_total(doubled))
    assert math.isnan(omega_total(np.full((9, 3), NAN)))


def test_omega_needs_three_items() -> None:
    with pytest.raises(ValueError, match="at least 3 items"):
        omega_total([[1, 2], [2, 3]])


@pytest.mark.parametrize(
    ("single", "for_70", "for_80", "of_five"),
    [(0.30, 5.4, 9.3, 0.68), (0.37, 4.0, 6.8, 0.75), (0.50, 2.3, 4.0, 0.83)],
)
def test_raters_needed_by_source_as_in_conway_and_huffcutt(
    single: float, for_70: float, for_80: float, of_five: float
) -> None:
    assert round(raters_needed(single), 1) == for_70
    assert round(raters_needed(single, 0.80), 1) == for_80
    assert round(spearman_brown(single, 5), 2) == of_five


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_raters_needed_reach_the_target(single: float, target: float) -> None:
    assert spearman_brown(single, raters_needed(single, target)) == pytest.approx(target)


def test_no_number_of_raters_suffices_without_any_reliability() -> None:
    assert raters_needed(0.0) == math.inf
    assert raters_needed(-0.1) == math.inf
    assert math.isnan(raters_needed(NAN))


def test_spearman_brown_where_the_longer_measure_has_no_variance() -> None:
    assert math.isnan(spearman_brown(-0.5, 3))
    assert math.isnan(spearman_brown(-1 + 1e-16, 2))
    assert math.isnan(spearman_brown(NAN, 3))


@given(st.floats(0, 1), st.floats(0, 9))
def test_the_error_of_measurement_is_what_reliability_leaves(reliability: float, sd: float) -> None:
    error = standard_error_of_measurement(sd, reliability)
    assert error**2 + reliability * sd**2 == pytest.approx(sd**2)


def test_impossible_reliabilities_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 1"):
        spearman_brown(1.1, 2)
    with pytest.raises(ValueError, match="above 0"):
        spearman_brown(0.5, 0)
    with pytest.raises(ValueError, match="at most 1"):
        raters_needed(1.1)
    with pytest.raises(ValueError, match="target"):
        raters_needed(0.5, 1.0)
    with pytest.raises(ValueError, match="not negative"):
        standard_error_of_measurement(-1, 0.5)
    with pytest.raises(ValueError, match="at most 1"):
        standard_error_of_measurement(1, 1.5)
