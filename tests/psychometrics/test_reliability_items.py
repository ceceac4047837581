import math

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from assess.psychometrics.reliability import cronbach_alpha, item_statistics
from tests.psychometrics.samples import GAPPY, by_hand, one_trait, tables

Floats = NDArray[np.float64]
NAN = math.nan


@given(tables(GAPPY))
def test_alpha_if_dropped_is_alpha_of_the_other_items(scores: Floats) -> None:
    others = (np.delete(scores, item, axis=1) for item in range(scores.shape[1]))
    expected = [cronbach_alpha(rest).estimate for rest in others]
    found = item_statistics(scores).alpha_if_dropped
    assert found == pytest.approx(np.array(expected), rel=1e-6, abs=1e-8, nan_ok=True)


def test_an_item_correlates_with_the_total_of_the_others() -> None:
    scores = one_trait(items=5)
    rest = scores.sum(axis=1, keepdims=True) - scores
    expected = [float(np.corrcoef(scores[:, i], rest[:, i])[0, 1]) for i in range(5)]
    assert item_statistics(scores).item_rest_r == pytest.approx(np.array(expected))


def test_an_item_is_described_by_the_answers_it_has() -> None:
    found = item_statistics([[1.0, NAN, 2.0], [3.0, 4.0, 2.0], [NAN, 4.0, 3.0]])
    assert found.n.tolist() == [2, 2, 3]
    assert found.mean == pytest.approx(np.array([2, 4, 7 / 3]))
    assert found.sd == pytest.approx(np.array([math.sqrt(2), 0, math.sqrt(1 / 3)]))


def test_two_items_have_no_alpha_with_one_dropped() -> None:
    scores = one_trait(items=2)
    found = item_statistics(scores)
    assert np.isnan(found.alpha_if_dropped).all()
    r = float(np.corrcoef(scores[:, 0], scores[:, 1])[0, 1])
    assert found.item_rest_r == pytest.approx(np.full(2, r))


def test_an_item_that_does_not_vary_correlates_with_nothing() -> None:
    scores = one_trait()
    scores[:, 1] = 0.1
    found = item_statistics(scores)
    assert np.isnan(found.item_rest_r).tolist() == [False, True, False, False]
    assert found.alpha_if_dropped[1] == pytest.approx(by_hand(np.delete(scores, 1, axis=1)))
    assert found.sd[1] == 0


def test_an_item_nobody_answered_hides_nothing_but_what_it_takes_part_in() -> None:
    scores = one_trait()
    scores[:, 1] = NAN
    found = item_statistics(scores)
    rest = np.delete(scores, 1, axis=1)
    assert found.n.tolist() == [200, 0, 200, 200]
    assert np.isnan(found.mean).tolist() == [False, True, False, False]
    assert np.isnan(found.sd).tolist() == [False, True, False, False]
    assert np.isnan(found.item_rest_r).all()
    assert np.isnan(found.alpha_if_dropped).tolist() == [True, False, True, True]
    assert found.alpha_if_dropped[1] == pytest.approx(by_hand(rest))


@pytest.mark.parametrize("respondents", [0, 1])
def test_items_are_not_known_from_one_respondent_or_none(respondents: int) -> None:
    found = item_statistics(np.full((respondents, 3), 4.0))
    assert found.n.tolist() == [respondents] * 3
    assert np.isnan(found.mean).tolist() == [not respondents] * 3
    for figures in (found.sd, found.item_rest_r, found.alpha_if_dropped):
        assert np.isnan(figures).all()


def test_others_whose_total_does_not_vary_tell_nothing_of_an_item() -> None:
    found = item_statistics([[1, 0.1, 0.5], [2, 0.2, 0.4], [5, 0.3, 0.3]])
    assert np.isnan(found.item_rest_r).tolist() == [True, False, False]
    assert np.isnan(found.alpha_if_dropped).tolist() == [True, False, False]


def test_one_item_has_no_others() -> None:
    with pytest.raises(ValueError, match="at least 2 items"):
        item_statistics([[1], [2]])
