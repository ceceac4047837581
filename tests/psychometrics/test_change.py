import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from scipy import stats

from assess.psychometrics.change import reliable_change

Floats = NDArray[np.float64]
NAN = math.nan

SCORES = npst.arrays(np.float64, 5, elements=st.floats(1, 5))
ERRORS = st.floats(0.01, 2)


@given(SCORES, SCORES, ERRORS, ERRORS)
def test_the_index_is_the_formula_and_p_that_of_a_normal(
    before: Floats, after: Floats, sem_before: float, sem_after: float
) -> None:
    found = reliable_change(before, after, sem_before=sem_before, sem_after=sem_after)
    expected = (after - before) / math.sqrt(sem_before**2 + sem_after**2)
    np.testing.assert_allclose(found.index, expected, atol=1e-12)
    np.testing.assert_allclose(found.p, 2 * stats.norm.sf(np.abs(expected)), atol=1e-12)


@given(SCORES, SCORES, ERRORS, ERRORS)
def test_a_change_the_other_way_gets_the_flag_the_other_way(
    before: Floats, after: Floats, sem_before: float, sem_after: float
) -> None:
    there = reliable_change(before, after, sem_before=sem_before, sem_after=sem_after)
    back = reliable_change(after, before, sem_before=sem_after, sem_after=sem_before)
    opposite = {"improved": "declined", "declined": "improved"}
    assert back.flag.tolist() == [opposite.get(flag, flag) for flag in there.flag.tolist()]
    np.testing.assert_allclose(back.p, there.p, atol=1e-12)


@given(SCORES, SCORES, ERRORS)
def test_neither_unit_nor_origin_of_the_scale_matters(
    before: Floats, after: Floats, sem: float
) -> None:
    found = reliable_change(before, after, sem_before=sem, sem_after=2 * sem)
    moved = reliable_change(4 * before - 4, 4 * after - 4, sem_before=4 * sem, sem_after=8 * sem)
    np.testing.assert_allclose(moved.index, found.index, rtol=1e-6, atol=1e-9)


def test_a_change_is_flagged_beyond_the_two_sided_5_percent() -> None:
    after = np.array([1.97, 1.95, 0.0, -1.95, -1.97])
    found = reliable_change(np.zeros(5), after, sem_before=0.6, sem_after=0.8)
    none = ["no reliable change"] * 3
    assert found.flag.tolist() == ["improved", *none, "declined"]


def test_more_confidence_flags_less() -> None:
    found = reliable_change([3.0], [5.2], sem_before=0.6, sem_after=0.8, confidence=0.99)
    assert found.flag.tolist() == ["no reliable change"]
    assert reliable_change([3.0], [5.2], sem_before=0.6, sem_after=0.8).flag.tolist() == [
        "improved"
    ]


def test_each_leader_may_have_errors_of_their_own() -> None:
    found = reliable_change([3, 3], [4, 4], sem_before=[0.3, 0.6], sem_after=[0.4, 0.8])
    np.testing.assert_allclose(found.index, [2, 1])
    assert found.flag.tolist() == ["improved", "no reliable change"]


def test_one_in_twenty_who_have_not_changed_is_flagged() -> None:
    rng = np.random.default_rng(7)
    true = rng.normal(3.8, 0.4, 100_000)
    before = true + rng.normal(0, 0.25, true.size)
    after = true + rng.normal(0, 0.15, true.size)
    found = reliable_change(before, after, sem_before=0.25, sem_after=0.15)
    assert np.mean(found.flag == "improved") == pytest.approx(0.025, abs=0.002)
    assert np.mean(found.flag == "declined") == pytest.approx(0.025, abs=0.002)
    assert np.quantile(found.p, 0.5) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("before", "after", "sem_before", "sem_after"),
    [(NAN, 4, 0.2, 0.2), (4, NAN, 0.2, 0.2), (3, 4, NAN, 0.2), (3, 4, 0.2, NAN), (NAN, 4, 0, 0)],
)
def test_what_was_not_measured_cannot_be_told(
    before: float, after: float, sem_before: float, sem_after: float
) -> None:
    found = reliable_change([before], [after], sem_before=sem_before, sem_after=[sem_after])
    assert np.isnan([*found.index, *found.p]).all()
    assert found.flag.tolist() == ["cannot tell"]


def test_without_error_every_difference_is_certain() -> None:
    found = reliable_change([3, 3, 3], [3.1, 2.9, 3], sem_before=0, sem_after=0)
    assert found.index.tolist() == [math.inf, -math.inf, 0]
    assert found.p.tolist() == [0, 0, 1]
    assert found.flag.tolist() == ["improved", "declined", "no reliable change"]


def test_an_error_next_to_nothing_raises_no_alarm() -> None:
    assert reliable_change([1], [5], sem_before=0, sem_after=1e-310).index.tolist() == [math.inf]


def test_no_leaders_give_no_figures() -> None:
    found = reliable_change([], [], sem_before=0.2, sem_after=[])
    assert found.index.size == found.p.size == found.flag.size == 0


@pytest.mark.parametrize("sem", [-0.1, math.inf, [0.2, -0.1], [0.2], [[0.2, 0.2]]])
def test_a_standard_error_which_makes_no_sense_is_refused(sem: float | list[float]) -> None:
    with pytest.raises(ValueError, match=r"standard error.*give|give one standard error"):
        reliable_change([3, 3], [4, 4], sem_before=sem, sem_after=0.2)
    with pytest.raises(ValueError, match=r"standard error.*give|give one standard error"):
        reliable_change([3, 3], [4, 4], sem_before=0.2, sem_after=sem)


def test_each_leader_needs_both_scores() -> None:
    with pytest.raises(ValueError, match="2 scores before and 1 after: give both"):
        reliable_change([3, 3], [4], sem_before=0.2, sem_after=0.2)
    with pytest.raises(ValueError, match="give one number a rating"):
        reliable_change(3, 4, sem_before=0.2, sem_after=0.2)  # scores are arrays, also of one
    with pytest.raises(ValueError, match="infinite"):
        reliable_change([3], [math.inf], sem_before=0.2, sem_after=0.2)


@pytest.mark.parametrize("confidence", [0, 1, NAN])
def test_confidence_lies_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence is"):
        reliable_change([3], [4], sem_before=0.2, sem_after=0.2, confidence=confidence)
