import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from assess.psychometrics.covariances import (
    ANSWERS,
    LEADERS,
    correlations_from,
    is_singular,
    moments,
    pairwise_covariances,
    within_covariances,
)
from assess.psychometrics.ratings import grouped

Floats = NDArray[np.float64]

GAPPY = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])
TABLES = npst.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=GAPPY)


def of_pair(first: Floats, second: Floats, leaders: NDArray[np.intp]) -> tuple[float, int]:
    """Pool a covariance within leaders as plainly as the formula reads; with its degrees of freedom."""
    both = ~np.isnan(first + second)
    product, degrees = 0.0, 0
    for leader in np.unique(leaders[both]):
        rows = both & (leaders == leader)
        product += float(
            ((first - first[rows].mean()) * (second - second[rows].mean()))[rows].sum()
        )
        degrees += int(rows.sum()) - 1
    return product / degrees if degrees else np.nan, degrees


def naive(scores: Floats, leaders: NDArray[np.intp]) -> tuple[Floats, Floats]:
    pairs = [[of_pair(a, b, leaders) for b in scores.T] for a in scores.T]
    covariances, degrees = np.moveaxis(np.array(pairs), -1, 0)
    return covariances, degrees


def many(*, gaps: float, leaders: int = 24 * LEADERS) -> tuple[Floats, NDArray[np.intp]]:
    """Make ratings of more leaders, and more ratings, than are taken at a time."""
    rng = np.random.default_rng(4)
    codes = rng.permutation(np.repeat(np.arange(leaders), rng.integers(1, 20, leaders)))
    scores = 1000 + rng.normal(size=(leaders, 1))[codes] + rng.normal(size=(len(codes), 3))
    scores[rng.random(scores.shape) < gaps] = np.nan
    assert scores.size > 2 * ANSWERS
    return scores, codes


@given(TABLES)
def test_a_covariance_is_that_of_all_who_answered_both(scores: Floats) -> None:
    expected, _ = naive(scores, np.zeros(len(scores), dtype=np.intp))
    assert pairwise_covariances(scores) == pytest.approx(expected, nan_ok=True)


@given(TABLES, st.integers(0, 99))
def test_a_covariance_within_leaders_is_pooled_over_all_who_answered_both(
    scores: Floats, seed: int
) -> None:
    leaders = np.random.default_rng(seed).integers(0, 4, len(scores))
    covariances, degrees = within_covariances(scores, grouped(leaders, len(scores)))
    expected = naive(scores, leaders)
    assert covariances == pytest.approx(expected[0], nan_ok=True)
    assert degrees == pytest.approx(expected[1])


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_covariances_of_many_are_those_of_all_at_once(gaps: float) -> None:
    scores, leaders = many(gaps=gaps)
    covariances, degrees = within_covariances(scores, grouped(leaders, len(scores)))
    expected = naive(scores, leaders)
    assert covariances == pytest.approx(expected[0])
    assert degrees == pytest.approx(expected[1])
    everybody = naive(scores, np.zeros_like(leaders))
    assert pairwise_covariances(scores) == pytest.approx(everybody[0])


def test_gaps_in_some_blocks_of_rows_alone_are_minded() -> None:
    scores, leaders = many(gaps=0.0)
    scores[ANSWERS // 3 + 1, 1] = np.nan
    expected, _ = naive(scores, np.zeros_like(leaders))
    assert pairwise_covariances(scores) == pytest.approx(expected)
    assert moments(scores).counts.tolist() == [len(scores), len(scores) - 1, len(scores)]


@given(TABLES)
def test_means_are_those_of_the_answers_there_are(scores: Floats) -> None:
    answers = [column[~np.isnan(column)] for column in scores.T]
    expected = [answer.mean() if answer.size else np.nan for answer in answers]
    found = moments(scores)
    assert found.means == pytest.approx(np.array(expected), nan_ok=True)
    assert found.counts.tolist() == [answer.size for answer in answers]


def test_an_item_whose_variance_is_but_rounding_has_none() -> None:
    scores = np.array([[0.1 + 0.2, 1.0], [0.3, 5.0], [0.3, 2.0], [0.1 + 0.2, 4.0]])
    assert np.ptp(scores[:, 0]) > 0
    for covariances in (
        pairwise_covariances(scores),
        within_covariances(scores, grouped([1, 1, 2, 2], 4))[0],
    ):
        assert covariances[0].tolist() == covariances[:, 0].tolist() == [0.0, 0.0]
        assert covariances[1, 1] > 0


def test_items_far_from_zero_keep_their_covariances() -> None:
    scores, leaders = many(gaps=0.1)
    far, leaders_of = scores + 1e6, grouped(leaders, len(scores))
    assert pairwise_covariances(far) == pytest.approx(pairwise_covariances(scores), rel=1e-6)
    near, _ = within_covariances(scores, leaders_of)
    assert within_covariances(far, leaders_of)[0] == pytest.approx(near, rel=1e-6)


def test_nobody_has_no_covariances() -> None:
    nobody = np.empty((0, 2))
    assert np.isnan(pairwise_covariances(nobody)).all()
    assert np.isnan(within_covariances(nobody, grouped([], 0))[0]).all()


def test_correlations_need_every_variance_and_covariance() -> None:
    assert correlations_from(np.array([[4.0, 3.0], [3.0, 9.0]])) == pytest.approx(
        np.array([[1.0, 0.5], [0.5, 1.0]])
    )
    assert correlations_from(np.array([[4.0, 0.0], [0.0, 0.0]])) is None
    assert correlations_from(np.array([[4.0, np.nan], [np.nan, 9.0]])) is None


def test_correlations_are_singular_where_items_follow_from_each_other() -> None:
    assert is_singular(np.array([[1.0, 1.0], [1.0, 1.0]]))
    assert not is_singular(np.array([[1.0, 0.9], [0.9, 1.0]]))


def test_an_item_far_larger_than_the_others_takes_nothing_from_them() -> None:
    rng = np.random.default_rng(5)
    scores = rng.integers(1, 6, (50, 3)).astype(float)
    income = rng.normal(1.5e6, 1.5e6, (50, 1))
    leaders = grouped(np.repeat(np.arange(10), 5), 50)
    together = np.hstack([scores, income])
    assert pairwise_covariances(together)[:3, :3] == pytest.approx(pairwise_covariances(scores))
    within = within_covariances(together, leaders)[0][:3, :3]
    assert within == pytest.approx(within_covariances(scores, leaders)[0])
