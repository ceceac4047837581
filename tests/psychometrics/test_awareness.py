import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from scipy import stats

from assess.psychometrics.awareness import SelfOther, self_other, self_other_from_scores

Floats = NDArray[np.float64]
NAN = math.nan

GAPS = npst.arrays(np.float64, st.integers(0, 9), elements=st.floats(-4, 4))
CORRECTIONS = st.sampled_from(["bh", "holm", "none"])


def compare(
    gaps: Floats, *, sigma2: float = 0.4, df: float = 200.0, **how: float | str
) -> SelfOther:
    raters = np.full(gaps.shape, 6)
    others = np.zeros(gaps.shape)
    return self_other_from_scores(gaps, others, raters, sigma2=sigma2, df=df, **how)  # type: ignore[arg-type]  # any of the options


def naive_adjusted(p: list[float], correction: str) -> list[float]:
    """Adjust by the definitions: the least level at which a comparison is found."""
    ordered, family = sorted(p), len(p)

    def step(rank: int) -> float:
        if correction == "bh":
            return min(ordered[later] * family / (later + 1) for later in range(rank, family))
        return max(ordered[earlier] * (family - earlier) for earlier in range(rank + 1))

    return [value if correction == "none" else min(1.0, step(ordered.index(value))) for value in p]


@given(GAPS, st.floats(0, 2), st.floats(0.01, 4))
def test_p_is_the_chance_of_such_a_gap_when_the_true_one_is_the_minimum(
    gaps: Floats, minimum: float, sigma2: float
) -> None:
    found = compare(gaps, minimum=minimum, sigma2=sigma2)
    beyond = stats.t.sf((np.abs(gaps) - minimum) / found.se, 200)
    before = stats.t.sf((np.abs(gaps) + minimum) / found.se, 200)
    np.testing.assert_allclose(found.p, np.minimum(beyond + before, 1), atol=1e-12)
    assert ((found.p >= 0) & (found.p <= 1)).all()


@given(st.lists(st.floats(-4, 4), max_size=9, unique=True), CORRECTIONS)
def test_p_is_adjusted_for_its_family(gaps: list[float], correction: str) -> None:
    found = compare(np.array(gaps), correction=correction)
    expected = naive_adjusted(found.p.tolist(), correction)
    np.testing.assert_allclose(found.adjusted_p, expected, atol=1e-12)
    assert (found.adjusted_p >= found.p).all()


@given(GAPS, CORRECTIONS)
def test_a_gap_the_other_way_gets_the_flag_the_other_way(gaps: Floats, correction: str) -> None:
    turned = {
        "blind spot": "hidden strength",
        "hidden strength": "blind spot",
        "agree": "agree",
        "cannot tell": "cannot tell",
    }
    found, other = compare(gaps, correction=correction), compare(-gaps, correction=correction)
    assert [turned[flag] for flag in found.flag.tolist()] == other.flag.tolist()


@given(GAPS, CORRECTIONS)
def test_a_flag_says_no_more_than_the_figures(gaps: Floats, correction: str) -> None:
    found = compare(gaps, correction=correction)
    for gap, adjusted, flag in zip(found.gap, found.adjusted_p, found.flag, strict=True):
        if flag in {"blind spot", "hidden strength"}:
            assert adjusted < 0.05
            assert abs(gap) > 0.5
            assert (gap > 0) == (flag == "blind spot")
        if flag == "agree":
            assert abs(gap) < 0.5


@given(GAPS, st.floats(0.5, 0.99))
def test_the_interval_is_as_wide_as_its_confidence(gaps: Floats, confidence: float) -> None:
    found = compare(gaps, confidence=confidence)
    np.testing.assert_allclose((found.low + found.high) / 2, found.gap, atol=1e-9)
    covered = stats.t.cdf((found.high - found.gap) / found.se, 200)
    np.testing.assert_allclose(2 * covered - 1, confidence)


def test_four_flags() -> None:
    found = self_other_from_scores(
        [5, 2, 4, 4], [3.5, 3.9, 4.0, 3.6], [8, 8, 40, 2], sigma2=0.4, df=math.inf
    )
    assert found.flag.tolist() == ["blind spot", "hidden strength", "agree", "cannot tell"]


def test_agreement_needs_the_1_minus_2q_interval_inside_the_minimum() -> None:
    edge = 0.5 - 1.6448536 * math.sqrt(0.4 / 6)
    assert compare(np.array([edge - 1e-4]), df=math.inf).flag.tolist() == ["agree"]
    assert compare(np.array([edge + 1e-4]), df=math.inf).flag.tolist() == ["cannot tell"]


def test_variance_and_degrees_may_differ_by_comparison() -> None:
    found = self_other_from_scores([4, 4], [3, 3], [4, 4], sigma2=[0.4, 1.6], df=[200, 3])
    assert found.se.tolist() == pytest.approx([math.sqrt(0.1), math.sqrt(0.4)])
    assert found.p[0] < found.p[1]


def test_what_is_not_there_counts_in_no_family() -> None:
    alone = self_other_from_scores([5.0], [4.0], [6], sigma2=0.4, df=200)
    found = self_other_from_scores([NAN, 5, 4], [4, 4, NAN], 6, sigma2=0.4, df=200)
    assert np.isnan(found.gap).tolist() == [True, False, True]
    assert np.isnan(found.adjusted_p).tolist() == [True, False, True]
    assert found.adjusted_p[1] == alone.adjusted_p[0]
    assert found.flag[[0, 2]].tolist() == ["cannot tell", "cannot tell"]


@pytest.mark.parametrize(("sigma2", "df"), [(NAN, 200.0), (0.4, NAN), (0.4, 0.0)])
def test_without_a_variance_nothing_can_be_told(sigma2: float, df: float) -> None:
    found = compare(np.array([3.0]), sigma2=sigma2, df=df)
    assert found.gap.tolist() == [3.0]
    assert np.isnan(found.p).all()
    assert found.flag.tolist() == ["cannot tell"]


def test_raters_who_never_differ_make_a_gap_exact() -> None:
    found = compare(np.array([0.6, 0.5, 0.0]), sigma2=0.0)
    assert found.p.tolist() == [0, 1, 1]
    assert found.flag.tolist() == ["blind spot", "agree", "agree"]
    assert found.low.tolist() == found.high.tolist() == [0.6, 0.5, 0.0]


def test_raw_ratings_are_compared_with_the_variance_pooled_over_leaders() -> None:
    values = np.array([2, 4, 3, 5, 5, 5, NAN])
    leaders = np.array(["Ana", "Ana", "Ida", "Ida", "Kai", "Kai", "Zoe"])
    found = self_other([5, NAN, 5, 4], values, leaders, q=0.1)
    pooled = (2 + 2 + 0) / 3
    expected = self_other_from_scores([5, 5], [3, 5], [2, 2], sigma2=pooled, df=3, q=0.1)
    np.testing.assert_allclose(found.gap, [2, NAN, 0, NAN])
    np.testing.assert_allclose(found.p[[0, 2]], expected.p)
    np.testing.assert_allclose(found.adjusted_p[[0, 2]], expected.adjusted_p)


def test_leaders_with_one_rater_each_cannot_be_compared() -> None:
    assert self_other([5, 1], [1, 5], ["Ana", "Ida"]).flag.tolist() == ["cannot tell"] * 2


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="'bh', 'holm' or 'none'"):
        compare(np.array([1.0]), correction="bonferroni")
    with pytest.raises(ValueError, match="twice q"):
        compare(np.array([1.0]), q=0.5)
    with pytest.raises(ValueError, match="the minimum is -1"):
        compare(np.array([1.0]), minimum=-1)
    with pytest.raises(ValueError, match="one of each"):
        self_other_from_scores([1], [1, 2], [3, 3], sigma2=1, df=9)
    with pytest.raises(ValueError, match="for each of the 1 comparisons"):
        self_other_from_scores([1], [1], [3, 3], sigma2=1, df=9)
    with pytest.raises(ValueError, match="raters are at least 1"):
        self_other_from_scores([1], [1], [0], sigma2=1, df=9)
    with pytest.raises(ValueError, match="one self score for each of the 2 leaders"):
        self_other([1], [1, 2], ["Ana", "Ida"])
