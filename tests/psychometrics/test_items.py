import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assess.psychometrics.items import item_difficulty, item_discrimination
from assess.psychometrics.reliability import item_statistics

Floats = NDArray[np.float64]
NAN = math.nan
SEEDS = st.integers(0, 9999)


def answers(seed: int, *, missing: float = 0.0) -> Floats:
    """Up to 60 respondents on up to 6 items, one to five points."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(5, 60), rng.integers(2, 7)
    level = rng.normal(3, 1, size=(shape[0], 1))
    points = np.clip(np.round(level + rng.normal(size=shape)), 1, 5)
    return np.where(rng.random(shape) < missing, NAN, points)


def test_of_right_and_wrong_the_difficulty_is_the_share_of_right_answers() -> None:
    found = item_difficulty([[1, 0, NAN], [1, 1, NAN], [0, NAN, NAN], [1, 0, NAN]])
    np.testing.assert_allclose(found, [3 / 4, 1 / 3, NAN])


@given(SEEDS)
def test_the_difficulty_is_the_mean_as_a_share_of_the_range(seed: int) -> None:
    scores = answers(seed)
    found = item_difficulty(scores, low=1, high=5)
    np.testing.assert_allclose(1 + 4 * found, scores.mean(axis=0))
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(item_difficulty(6 - scores, low=1, high=5), 1 - found)


def test_without_respondents_no_item_has_a_difficulty() -> None:
    assert np.isnan(item_difficulty(np.zeros((0, 3)))).all()


def test_discrimination_is_with_the_rest_and_not_with_the_total() -> None:
    scores = answers(1)
    rest = [np.corrcoef(x, scores.sum(axis=1) - x)[0, 1] for x in scores.T]
    np.testing.assert_allclose(item_discrimination(scores, low=1, high=5).item_rest_r, rest)


@given(SEEDS)
def test_with_gaps_it_is_that_of_the_item_statistics(seed: int) -> None:
    scores = answers(seed, missing=0.2)
    found = item_discrimination(scores, low=1, high=5).item_rest_r
    np.testing.assert_allclose(found, item_statistics(scores).item_rest_r, atol=1e-9)


def test_the_tails_are_27_percent_each() -> None:
    """A hundred respondents whose totals all differ: the first item parts the best 27 from the rest."""
    scores = np.column_stack([np.arange(100) >= 73, np.arange(100) < 27, np.arange(100) / 100])
    rising = scores @ np.diag([1, -1, 1]) + [0, 1, 0]
    assert item_discrimination(rising).upper_lower[:2].tolist() == pytest.approx([1, 1])
    less = rising * [0, 1, 1] + np.column_stack([np.arange(100) >= 80, np.zeros((100, 2))])
    assert item_discrimination(less).upper_lower[0] == pytest.approx(20 / 27)


@given(SEEDS)
def test_a_tie_at_the_end_of_a_tail_counts_in_part(seed: int) -> None:
    """As if those who tie had drawn lots for the place, on average over many draws."""
    scores = (answers(seed) - 1) / 4
    totals, tail = scores.sum(axis=1).round(9), 0.27 * len(scores)

    def above(totals: Floats, own: float) -> float:
        higher, same = float((totals > own).sum()), float((totals == own).sum())
        return min(max((tail - higher) / same, 0.0), 1.0)

    upper, lower = ([above(side * totals, side * own) for own in totals] for side in (1, -1))
    assert sum(upper) == pytest.approx(tail)
    naive = (np.array(upper) - np.array(lower)) @ scores / tail
    np.testing.assert_allclose(item_discrimination(scores).upper_lower, naive, atol=1e-9)


@given(SEEDS)
def test_discrimination_keeps_its_bounds_and_turns_with_the_scale(seed: int) -> None:
    scores = answers(seed, missing=0.1)
    found = item_discrimination(scores, low=1, high=5)
    turned = item_discrimination(6 - scores, low=1, high=5)
    np.testing.assert_allclose(found.item_rest_r, turned.item_rest_r, atol=1e-9)
    np.testing.assert_allclose(found.upper_lower, turned.upper_lower, atol=1e-9)
    known = found.upper_lower[~np.isnan(found.upper_lower)]
    assert (np.abs(known) <= 1 + 1e-9).all()
    order = np.random.default_rng(seed).permutation(len(scores))
    shuffled = item_discrimination(scores[order], low=1, high=5)
    np.testing.assert_allclose(shuffled.upper_lower, found.upper_lower, atol=1e-9)


def test_totals_of_broken_answers_tie_though_rounding_parts_them() -> None:
    """0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1."""
    scores = answers(4)
    eighths, tenths = item_discrimination(scores / 8), item_discrimination(scores / 10)
    np.testing.assert_allclose(tenths.upper_lower, eighths.upper_lower * 0.8)


def test_respondents_with_less_than_two_thirds_are_in_no_tail() -> None:
    scores = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=np.float64)
    more = np.vstack([scores, [[1, NAN, NAN], [NAN, NAN, NAN]]])
    np.testing.assert_allclose(
        item_discrimination(more).upper_lower, item_discrimination(scores).upper_lower
    )


def test_what_does_not_vary_does_not_discriminate() -> None:
    same = item_discrimination(np.ones((6, 3)))
    assert np.isnan(same.item_rest_r).all()
    assert same.upper_lower.tolist() == [0, 0, 0]
    nobody = item_discrimination(np.full((4, 2), NAN))
    assert np.isnan(nobody.item_rest_r).all()
    assert np.isnan(nobody.upper_lower).all()
    unanswered = item_discrimination([[1, 1, NAN], [1, 0, NAN], [0, 0, NAN]])
    assert np.isnan(unanswered.upper_lower).tolist() == [False, False, True]


def test_answers_beyond_the_scale_are_refused() -> None:
    with pytest.raises(ValueError, match=r"answers from 1\.0 to 4\.0 lie beyond 0\.0 to 1\.0"):
        item_difficulty([[1, 4], [2, 3]])
    with pytest.raises(ValueError, match="lie beyond 1 to 5"):
        item_discrimination([[1, 4], [0, 3]], low=1, high=5)
    with pytest.raises(ValueError, match="the scale goes from 5 to 1"):
        item_difficulty([[1, 4], [2, 3]], low=5, high=1)
    with pytest.raises(ValueError, match="at least 2 items"):
        item_discrimination([[1], [0]])
