import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from scipy import stats

from assess.psychometrics.agreement import (
    Icc,
    intraclass_correlations,
    kendall_w,
    two_way_mean_squares,
)
from assess.psychometrics.nested import one_way
from assess.psychometrics.reliability import cronbach_alpha, spearman_brown

Floats = NDArray[np.float64]
NAN = math.nan

SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]
FORMS = ["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
TABLES = st.tuples(st.integers(2, 6), st.integers(2, 4)).flatmap(
    lambda shape: npst.arrays(np.float64, shape, elements=st.sampled_from([1, 2, 3, 4, 5]))
)


def figures(found: dict[str, Icc]) -> Floats:
    return np.array([[icc.estimate, icc.low, icc.high, icc.f, icc.p] for icc in found.values()])


@given(TABLES)
def test_mean_squares_are_what_the_analysis_of_variance_says(ratings: Floats) -> None:
    targets, judges = ratings.shape
    of_targets, of_judges = ratings.mean(axis=1), ratings.mean(axis=0)
    within = sum(((row - row.mean()) ** 2).sum() for row in ratings)
    lenient = targets * ((of_judges - ratings.mean()) ** 2).sum()
    found = two_way_mean_squares(ratings)
    assert found.between_targets == pytest.approx(judges * of_targets.var(ddof=1))
    assert found.between_judges == pytest.approx(lenient / (judges - 1))
    assert found.within_targets == pytest.approx(within / (targets * (judges - 1)))
    rest = (within - lenient) / ((targets - 1) * (judges - 1))
    assert found.residual == pytest.approx(rest, abs=1e-9)
    assert (found.targets, found.judges) == ratings.shape


def test_the_six_forms_are_named_as_shrout_and_fleiss_do() -> None:
    assert list(intraclass_correlations(SHROUT_FLEISS)) == FORMS


@given(TABLES)
def test_the_forms_are_shares_of_variance_components(ratings: Floats) -> None:
    squares = two_way_mean_squares(ratings)
    assume(squares.residual > 0)
    assume(squares.between_targets > 0)
    targets, judges = ratings.shape
    noise = squares.residual
    target = (squares.between_targets - noise) / judges
    judge = (squares.between_judges - noise) / targets
    nested = (squares.between_targets - squares.within_targets) / judges
    expected = {
        "ICC(1,1)": (nested, squares.within_targets),
        "ICC(2,1)": (target, judge + noise),
        "ICC(3,1)": (target, noise),
        "ICC(1,k)": (nested, squares.within_targets / judges),
        "ICC(2,k)": (target, (judge + noise) / judges),
        "ICC(3,k)": (target, noise / judges),
    }
    for form, icc in intraclass_correlations(ratings).items():
        true, error = expected[form]
        if true + error > 1e-9:
            assert icc.estimate == pytest.approx(true / (true + error), abs=1e-9), form


@given(TABLES)
def test_the_mean_of_k_judges_is_one_judge_stepped_up(ratings: Floats) -> None:
    found = intraclass_correlations(ratings)
    for model in (1, 2, 3):
        single, mean = found[f"ICC({model},1)"], found[f"ICC({model},k)"]
        for name in ("estimate", "low", "high"):
            stepped = getattr(mean, name)
            expected = spearman_brown(getattr(single, name), ratings.shape[1])
            known = stepped + expected  # either is NaN where a mean varies by rounding alone
            if not math.isnan(known):
                assert stepped == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("form", "df2"), [("ICC(1,1)", 18), ("ICC(3,1)", 15)])
def test_intervals_divide_f_by_its_quantiles(form: str, df2: int) -> None:
    icc = intraclass_correlations(SHROUT_FLEISS, confidence=0.9)[form]
    low, high = icc.f / stats.f.ppf(0.95, 5, df2), icc.f * stats.f.ppf(0.95, df2, 5)
    assert [icc.low, icc.high] == pytest.approx([(f - 1) / (f + 3) for f in (low, high)])


def test_mcgraw_and_wong_give_the_same_interval_of_the_mean_of_k_judges() -> None:
    squares = two_way_mean_squares(SHROUT_FLEISS)
    icc, n, k = intraclass_correlations(SHROUT_FLEISS)["ICC(2,k)"], 6, 4
    c = icc.estimate / (n * (1 - icc.estimate))
    of_judges, of_rest = c * squares.between_judges, (1 + c * (n - 1)) * squares.residual
    spread = of_judges**2 / (k - 1) + of_rest**2 / ((n - 1) * (k - 1))
    degrees = (of_judges + of_rest) ** 2 / spread
    for bound, tail in ((icc.low, 0.025), (icc.high, 0.975)):
        between = squares.between_targets * stats.f.ppf(tail, degrees, n - 1)
        whole = between + (squares.between_judges - squares.residual) / n
        assert bound == pytest.approx((between - squares.residual) / whole)


@given(TABLES)
def test_consistency_of_the_mean_is_coefficient_alpha_with_its_interval(ratings: Floats) -> None:
    alpha, icc = cronbach_alpha(ratings), intraclass_correlations(ratings)["ICC(3,k)"]
    expected = [alpha.estimate, alpha.low, alpha.high]
    found = [icc.estimate, icc.low, icc.high]
    assert found == pytest.approx(expected, nan_ok=True, abs=1e-9)


@given(TABLES)
def test_the_first_model_is_the_one_way_model(ratings: Floats) -> None:
    targets, judges = ratings.shape
    found = intraclass_correlations(ratings)["ICC(1,1)"]
    leaders = np.repeat(np.arange(targets), judges)
    anova = one_way(ratings.ravel(), leaders, method="anova").icc1
    if math.isnan(found.estimate):
        assert math.isnan(anova)
    else:
        assert max(found.estimate, 0) == pytest.approx(anova, abs=1e-9)


def test_the_test_of_no_differences_between_targets_is_that_of_the_analysis_of_variance() -> None:
    found = intraclass_correlations(SHROUT_FLEISS)
    expected = stats.f_oneway(*SHROUT_FLEISS)
    assert found["ICC(1,1)"].f == pytest.approx(expected.statistic)
    assert found["ICC(1,k)"].p == pytest.approx(expected.pvalue)
    assert [(icc.df1, icc.df2) for icc in found.values()] == [(5, 18), (5, 15), (5, 15)] * 2


@given(TABLES)
def test_estimates_lie_in_their_intervals_and_never_pass_1(ratings: Floats) -> None:
    for icc in intraclass_correlations(ratings).values():
        known = [x for x in (icc.low, icc.estimate, icc.high) if not math.isnan(x)]
        assert known == pytest.approx(sorted(known))
        assert all(x <= 1 + 1e-9 for x in known)


@given(TABLES)
@example(np.array([[1.0, 2], [2, 1], [2, 2]]))  # all of ICC(2,k)'s denominator is rounding
def test_neither_the_unit_nor_the_order_of_judges_and_targets_matters(ratings: Floats) -> None:
    expected = figures(intraclass_correlations(ratings))
    found = figures(intraclass_correlations(1000 - 2 * ratings[::-1, ::-1]))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@given(TABLES, st.sampled_from([0.5, 3.0]))
def test_leniency_matters_for_agreement_but_not_for_consistency(
    ratings: Floats, more: float
) -> None:
    lenient = ratings + more * np.arange(ratings.shape[1])
    before, after = intraclass_correlations(ratings), intraclass_correlations(lenient)
    for form in ("ICC(3,1)", "ICC(3,k)"):
        assert after[form].estimate == pytest.approx(before[form].estimate, nan_ok=True, abs=1e-9)
    alike = intraclass_correlations([[1, 1], [2, 2], [4, 5]])["ICC(2,1)"]
    apart = intraclass_correlations([[1, 1 + more], [2, 2 + more], [4, 5 + more]])["ICC(2,1)"]
    assert apart.estimate < alike.estimate


def test_more_confidence_takes_a_wider_interval() -> None:
    wide = intraclass_correlations(SHROUT_FLEISS, confidence=0.99)
    for form, icc in intraclass_correlations(SHROUT_FLEISS, confidence=0.8).items():
        assert wide[form].low < icc.low < icc.estimate < icc.high < wide[form].high


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_hold_as_often_as_they_say(confidence: float) -> None:
    rng = np.random.default_rng(1)
    held = dict.fromkeys(FORMS, 0)
    truth = {"ICC(1,1)": 0.4, "ICC(2,1)": 0.4, "ICC(3,1)": 0.5}
    for _ in range(300):
        shape = (1, 6), (20, 6)
        target = rng.normal(size=(20, 1)) * math.sqrt(0.4)
        judge, noise = rng.normal(size=shape[0]), rng.normal(size=shape[1])
        nested = intraclass_correlations(target + noise * math.sqrt(0.6), confidence=confidence)
        crossed = intraclass_correlations(
            target + judge * math.sqrt(0.2) + noise * math.sqrt(0.4), confidence=confidence
        )
        for form, true in truth.items():
            icc = (nested if form == "ICC(1,1)" else crossed)[form]
            held[form] += icc.low <= true <= icc.high
    shares = [held[form] / 300 for form in truth]
    assert shares == pytest.approx([confidence] * 3, abs=0.06)


def test_judges_who_agree_perfectly_are_perfectly_reliable() -> None:
    alike = np.array([[0.1 + 0.2, 0.3], [0.1, 0.1], [5, 5]])
    for icc in intraclass_correlations(alike).values():
        assert (icc.estimate, icc.low, icc.high, icc.f, icc.p) == (1, 1, 1, math.inf, 0)


def test_judges_who_differ_in_leniency_alone_are_perfectly_consistent() -> None:
    found = intraclass_correlations(
        [[0.1, 0.3], [0.2, 0.4], [0.7, 0.9]]
    )  # with noise in the last bits
    assert found["ICC(3,1)"].estimate == found["ICC(3,k)"].low == 1
    assert found["ICC(3,1)"].f == math.inf
    assert 0 < found["ICC(2,1)"].low < found["ICC(2,1)"].estimate < found["ICC(2,1)"].high < 1


@pytest.mark.parametrize(
    "ratings",
    [
        pytest.param([[3, 3], [3, 3]], id="all the same"),
        pytest.param([[1, 2, 3]], id="one target"),
        pytest.param([[1], [2], [3]], id="one judge"),
        pytest.param(np.empty((0, 2)), id="no target"),
    ],
)
def test_ratings_that_cannot_tell_have_no_reliability(ratings: Floats) -> None:
    assert np.isnan(figures(intraclass_correlations(ratings))).all()
    assert math.isnan(kendall_w(ratings))


def test_targets_of_one_mean_leave_the_mean_of_judges_without_reliability() -> None:
    found = intraclass_correlations([[1, 2], [2, 1], [2, 1]])
    assert found["ICC(1,1)"].estimate == found["ICC(3,1)"].estimate == -1
    assert math.isnan(found["ICC(1,k)"].estimate)
    assert math.isnan(found["ICC(3,k)"].low)
    assert (found["ICC(1,k)"].f, found["ICC(1,k)"].p) == (0, 1)


def test_mean_squares_without_degrees_of_freedom_are_unknown() -> None:
    one = two_way_mean_squares([[1, 2, 3]])
    assert math.isnan(one.between_targets)
    assert math.isnan(one.residual)
    assert one.within_targets == one.between_judges == 1
    none = two_way_mean_squares(np.empty((0, 2)))
    assert np.isnan([none.between_targets, none.within_targets]).all()
    assert np.isnan([none.between_judges, none.residual]).all()


@given(TABLES)
def test_kendalls_w_is_what_the_formula_with_ties_says(ratings: Floats) -> None:
    targets, judges = ratings.shape
    ranks = np.column_stack([stats.rankdata(judge) for judge in ratings.T])
    sums = ranks.sum(axis=1)
    ties = sum(
        (np.unique(judge, return_counts=True)[1] ** 3).sum() - targets for judge in ratings.T
    )
    most = judges**2 * (targets**3 - targets) - judges * ties
    expected = 12 * ((sums - sums.mean()) ** 2).sum() / most if most else NAN
    assert kendall_w(ratings) == pytest.approx(expected, nan_ok=True)


@given(TABLES)
def test_kendalls_w_lies_between_0_and_1_and_looks_at_the_order_alone(ratings: Floats) -> None:
    found = kendall_w(ratings)
    assert math.isnan(found) or -1e-12 <= found <= 1 + 1e-12
    assert kendall_w(-(ratings**3)) == pytest.approx(found, nan_ok=True)


def test_judges_of_one_order_agree_perfectly_on_it() -> None:
    assert kendall_w([[1, 10], [2, 20], [3, 21]]) == pytest.approx(1)
    assert kendall_w([[1, 2], [2, 1]]) == 0


def test_ratings_that_are_missing_are_refused() -> None:
    gappy = np.array([[1, 2], [NAN, 3]])
    for measure in (intraclass_correlations, kendall_w, two_way_mean_squares):
        with pytest.raises(ValueError, match="take krippendorff_alpha, which needs no complete"):
            measure(gappy)


def test_confidence_beyond_0_and_1_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence is 95"):
        intraclass_correlations(SHROUT_FLEISS, confidence=95)
