import math
from dataclasses import astuple
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from assess.psychometrics.selection import adverse_impact, mantel_haenszel

GROUP = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CELL = st.integers(0, 12)
TABLE = st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=2, max_size=2)
TABLES = st.lists(TABLE, min_size=1, max_size=6)

BERKELEY = [
    [[512, 313], [89, 19]],
    [[353, 207], [17, 8]],
    [[120, 205], [202, 391]],
    [[138, 279], [131, 244]],
    [[53, 138], [94, 299]],
    [[22, 351], [24, 317]],
]
"""Men, then women, admitted and rejected by six departments: Bickel et al. (1975), Science 187:398."""
SMOKING = [
    [[126, 100], [35, 61]],
    [[908, 688], [497, 807]],
    [[913, 747], [336, 598]],
    [[235, 172], [58, 121]],
    [[402, 308], [121, 215]],
    [[182, 156], [72, 98]],
    [[60, 99], [11, 43]],
    [[104, 89], [21, 36]],
]
"""Smoking and lung cancer in eight Chinese cities: Liu (1992), in Agresti (2002), Table 6.6."""


def test_the_authorities_own_example_shows_impact() -> None:
    found = adverse_impact([48, 12], [80, 40])
    assert found.rates.tolist() == [0.6, 0.3]
    assert found.ratio == 0.5
    assert found.four_fifths
    assert found.enough
    assert round(found.fisher_p, 5) == 0.00341


@pytest.mark.parametrize(("percent", "flagged"), [(45, True), (48, False), (51, False)])
def test_each_group_is_compared_with_the_highest_rate(percent: int, *, flagged: bool) -> None:
    """Questions and Answers, 12: of whites 60 % are hired; 75 % of that is impact, 80 % and 85 % are not."""
    assert adverse_impact([60, percent], [100, 100]).four_fifths is flagged
    assert adverse_impact([percent, 60], [100, 100]).four_fifths is flagged


def test_exactly_four_fifths_is_not_below() -> None:
    pairs = [
        (adverse_impact([high, 4 * high * n // (5 * m)], [m, n]), (high, m, n))
        for m, n in product(range(5, 60, 6), range(5, 60, 5))
        for high in range(1, m + 1)
        if 4 * high * n % (5 * m) == 0
    ]
    assert len(pairs) > 50
    assert [where for found, where in pairs if found.four_fifths] == []
    assert any(found.ratio < 0.8 for found, _ in pairs)  # what rounding would have made of it


@given(GROUP, GROUP)
def test_ratio_interval_and_p_are_those_of_scipy(
    reference: tuple[int, int], focal: tuple[int, int]
) -> None:
    (s_r, n_r), (s_f, n_f) = reference, focal
    found = adverse_impact([s_r, s_f], [n_r, n_f])
    exact = stats.fisher_exact(np.array([[s_f, n_f - s_f], [s_r, n_r - s_r]]))
    assert found.fisher_p == pytest.approx(exact.pvalue, rel=1e-6)
    assume(s_r and s_f and (s_r, s_f) != (n_r, n_f))
    risk = stats.contingency.relative_risk(s_f, n_f, s_r, n_r)
    interval = risk.confidence_interval(0.95)
    theirs = (risk.relative_risk, interval.low, interval.high)
    assert (found.ratio, found.ratio_low, found.ratio_high) == pytest.approx(theirs)


@given(GROUP, GROUP)
def test_fisher_adds_up_the_tables_at_most_as_probable(
    reference: tuple[int, int], focal: tuple[int, int]
) -> None:
    (s_r, n_r), (s_f, n_f) = reference, focal
    total = s_r + s_f
    ways = [
        math.comb(n_f, s) * math.comb(n_r, total - s)
        for s in range(total + 1)
        if s <= n_f and total - s <= n_r
    ]
    observed = math.comb(n_f, s_f) * math.comb(n_r, s_r)
    expected = sum(way for way in ways if way <= observed) / sum(ways)
    assert adverse_impact([s_r, s_f], [n_r, n_f]).fisher_p == pytest.approx(expected, rel=1e-9)


def test_tables_equally_probable_count_though_rounding_parts_them() -> None:
    assert adverse_impact([1, 4], [2, 14]).fisher_p == pytest.approx(1)


@given(GROUP, GROUP)
def test_changing_the_roles_inverts_the_ratio_and_nothing_else(
    reference: tuple[int, int], focal: tuple[int, int]
) -> None:
    (s_r, n_r), (s_f, n_f) = reference, focal
    one, other = adverse_impact([s_r, s_f], [n_r, n_f]), adverse_impact([s_f, s_r], [n_f, n_r])
    assert (one.four_fifths, one.enough) == (other.four_fifths, other.enough)
    assert one.fisher_p == pytest.approx(other.fisher_p)
    if s_r and s_f:
        assert one.ratio == pytest.approx(1 / other.ratio)
        assert one.ratio_low == pytest.approx(1 / other.ratio_high, nan_ok=True)


def test_the_numbers_are_enough_with_five_persons_to_be_expected_in_each_cell() -> None:
    assert adverse_impact([8, 2], [20, 20]).enough  # 5, 5, 15 and 15
    assert not adverse_impact([7, 2], [20, 20]).enough
    assert not adverse_impact([13, 18], [20, 20]).enough
    assert adverse_impact([12, 18], [20, 20]).enough


def test_the_numbers_are_not_enough_where_one_person_turns_the_result() -> None:
    """Questions and Answers, 21, on more persons: 6 % and 4.7 %, or 5.5 % and 5.7 %."""
    found = adverse_impact([12, 5], [200, 106])
    assert found.four_fifths
    assert not found.enough
    assert adverse_impact([12, 5], [200, 116]).enough  # 5.5 % and 5.2 %
    assert adverse_impact([11, 5], [100, 60]).enough  # 10 % both
    assert adverse_impact([12, 6], [200, 106]).enough  # not flagged: there is nothing to turn
    assert not adverse_impact([16, 3], [80, 20]).enough  # the authorities' own numbers


@pytest.mark.parametrize(
    ("selected", "applicants", "ratio", "p", "flagged"),
    [
        ([0, 0], [5, 5], math.nan, 1.0, False),
        ([0, 3], [5, 5], math.inf, 1 / 6, True),
        ([3, 0], [5, 5], 0.0, 1 / 6, True),
        ([5, 5], [5, 5], 1.0, 1.0, False),
        ([2, 0], [5, 0], math.nan, math.nan, False),
        ([0, 2], [0, 5], math.nan, math.nan, False),
        ([0, 0], [0, 0], math.nan, math.nan, False),
    ],
    ids=["nobody", "no reference", "no focal", "everybody", "no focals", "no references", "none"],
)
def test_where_nobody_is_selected_rejected_or_there(
    selected: list[int], applicants: list[int], ratio: float, p: float, *, flagged: bool
) -> None:
    found = adverse_impact(selected, applicants)
    assert found.ratio == pytest.approx(ratio, nan_ok=True)
    assert found.fisher_p == pytest.approx(p, nan_ok=True)
    assert math.isnan(found.ratio_low)
    assert math.isnan(found.ratio_high)
    assert found.four_fifths is flagged
    assert found.enough is False
    rates = [s / n if n else math.nan for s, n in zip(selected, applicants, strict=True)]
    assert found.rates.tolist() == pytest.approx(rates, nan_ok=True)


@pytest.mark.parametrize(
    ("selected", "applicants", "sentence"),
    [
        ([3, 2, 1], [5, 5, 5], "compare each with the one of the highest rate"),
        ([3, 2], [5], "applicants has shape"),
        ([6, 2], [5, 5], "more persons were selected than applied"),
        ([3, -1], [5, 5], "selected has a count"),
        ([3, 2.5], [5, 5], "not a whole number"),
        ([3, 2], [5, math.nan], "applicants has a count"),
        ([3, 2], [5, math.inf], "applicants has a count"),
    ],
)
def test_counts_which_cannot_be_are_refused(
    selected: list[Any], applicants: list[Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        adverse_impact(selected, applicants)


def test_berkeley_admits_women_as_often_department_by_department() -> None:
    """The figures of R's documented example, mantelhaen.test(UCBAdmissions)."""
    found = mantel_haenszel(BERKELEY)
    assert round(found.odds_ratio, 4) == 0.9047
    assert (round(found.low, 4), round(found.high, 4)) == (0.7719, 1.0603)
    assert (round(found.chi_squared, 4), round(found.p, 4)) == (1.4269, 0.2323)
    together = mantel_haenszel([np.sum(BERKELEY, axis=0)])
    assert together.odds_ratio > 1.8


def test_smokers_have_lung_cancer_more_often_in_every_city() -> None:
    found = mantel_haenszel(SMOKING)
    assert round(found.odds_ratio, 3) == 2.174
    assert (round(found.low, 3), round(found.high, 3)) == (1.984, 2.383)
    assert found.chi_squared == pytest.approx(280, abs=1)


@given(TABLE)
def test_one_table_has_its_own_odds_ratio(table: list[list[int]]) -> None:
    (a, b), (c, d) = table
    assume(a and b and c and d)
    found = mantel_haenszel([table])
    theirs = stats.contingency.odds_ratio(table, kind="sample")
    interval = theirs.confidence_interval(0.95)
    assert found.odds_ratio == pytest.approx(theirs.statistic)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    n = a + b + c + d
    pearson = stats.chi2_contingency(table, correction=True)
    assert found.chi_squared == pytest.approx(pearson.statistic * (n - 1) / n)


@given(TABLES)
def test_the_common_odds_ratio_is_that_of_a_plain_loop(tables: list[list[list[int]]]) -> None:
    r = s = away = variance = strata = 0.0
    for (a, b), (c, d) in tables:
        n, margins = a + b + c + d, (a + b) * (c + d) * (a + c) * (b + d)
        if not margins:
            continue
        r, s, strata = r + a * d / n, s + b * c / n, strata + 1
        away += a - (a + b) * (a + c) / n
        variance += margins / (n**2 * (n - 1))
    found = mantel_haenszel(tables)
    assert found.strata == strata
    assume(strata)
    assert found.odds_ratio == pytest.approx(r / s if s else math.inf)
    assert found.chi_squared == pytest.approx(max(abs(away) - 0.5, 0) ** 2 / variance, abs=1e-9)
    assert found.p == pytest.approx(stats.chi2.sf(found.chi_squared, 1))
    assert math.isnan(found.log_se) == (r * s == 0)


@given(TABLES)
def test_exchanging_groups_or_outcomes_inverts_the_odds(tables: list[list[list[int]]]) -> None:
    before = mantel_haenszel(tables)
    assume(before.strata and 0 < before.odds_ratio < math.inf)
    for after in (mantel_haenszel(np.flip(tables, 1)), mantel_haenszel(np.flip(tables, 2))):
        assert after.odds_ratio == pytest.approx(1 / before.odds_ratio)
        assert after.low == pytest.approx(1 / before.high, nan_ok=True)
        assert after.chi_squared == pytest.approx(before.chi_squared, abs=1e-9)


@given(TABLES)
def test_tables_which_tell_nothing_change_nothing(tables: list[list[list[int]]]) -> None:
    silent = [[[0, 0], [0, 0]], [[3, 4], [0, 0]], [[3, 0], [4, 0]], [[1, 0], [0, 0]]]
    before, after = (astuple(mantel_haenszel(some)) for some in (tables, [*tables, *silent]))
    assert after == pytest.approx(before, nan_ok=True)


@pytest.mark.parametrize("tables", [np.zeros((0, 2, 2)), [[[3, 4], [0, 0]]], [[[3, 0], [4, 0]]]])
def test_without_a_table_that_tells_something_nothing_is_known(tables: Any) -> None:
    found = mantel_haenszel(tables)
    figures = (found.odds_ratio, found.low, found.high, found.log_se, found.chi_squared, found.p)
    assert np.isnan(figures).all()
    assert found.strata == 0


def test_an_empty_diagonal_makes_the_odds_ratio_nothing_or_infinite() -> None:
    never, always = mantel_haenszel([[[0, 4], [3, 5]]]), mantel_haenszel([[[4, 0], [5, 3]]])
    assert (never.odds_ratio, always.odds_ratio) == (0, math.inf)
    for found in (never, always):
        assert np.isnan([found.low, found.high, found.log_se]).all()
        assert 0 < found.p < 1


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ([[3, 4], [5, 6]], "strata x 2 x 2"),
        ([[[3, 4, 5], [5, 6, 7]]], "strata x 2 x 2"),
        ([[[3, -4], [5, 6]]], "whole number"),
        ([[[3, 0.5], [5, 6]]], "whole number"),
    ],
)
def test_tables_which_cannot_be_are_refused(tables: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        mantel_haenszel(tables)
