import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from assess.psychometrics.reliability import all_split_halves, cronbach_alpha, split_half
from tests.psychometrics.samples import ANSWERS, GAPPY, one_trait, tables

Floats = NDArray[np.float64]
NAN = math.nan


@given(tables(ANSWERS, least=2))
def test_halves_are_the_odd_and_the_even_items(scores: Floats) -> None:
    odd, even = scores[:, ::2].sum(axis=1), scores[:, 1::2].sum(axis=1)
    assume(odd.var() > 0 and even.var() > 0 and (odd + even).var() > 0)
    found, r = split_half(scores), np.corrcoef(odd, even)[0, 1]
    assert found.r == pytest.approx(r, abs=1e-12)
    stepped = 2 * r / (1 + r) if r > -1 + 1e-9 else NAN
    assert found.spearman_brown == pytest.approx(stepped, rel=1e-6, abs=1e-12, nan_ok=True)
    lambda4 = 2 * (1 - (odd.var() + even.var()) / (odd + even).var())
    assert found.lambda4 == pytest.approx(lambda4, rel=1e-6, abs=1e-12)


def test_halves_leave_out_who_skipped_an_item() -> None:
    gappy = np.vstack([one_trait(), [[1, NAN, 5, 2]]])
    assert split_half(gappy) == split_half(one_trait())


@pytest.mark.parametrize(
    ("scores", "known"),
    [
        (np.empty((0, 3)), ()),
        (np.array([[1.0, 2, 3], [4, NAN, 5]]), ()),
        (np.full((5, 4), 0.1), ()),
        (np.array([[1.0, 4], [2, 4], [5, 4]]), ("lambda4",)),
        (np.array([[0.1, 1.0, 0.3], [0.2, 3, 0.2], [0.3, 4, 0.1]]), ("lambda4",)),
        (np.array([[1.0, 5], [2, 4], [3, 3]]), ("r",)),
        (np.array([[0.1, 0.3], [0.2, 0.2], [0.3, 0.1]]), ("r",)),
        (np.array([[2.0, 2], [2, 2], [2, 2], [2, 2], [2, 2], [5, 1], [2, 2]]), ("r", "lambda4")),
    ],
    ids=[
        "nobody",
        "one",
        "constant",
        "a half constant",
        "balance",
        "opposite",
        "nearly so",
        "against",
    ],
)
def test_halves_that_cannot_tell_are_not_known(scores: Floats, known: tuple[str, ...]) -> None:
    found = split_half(scores)
    for name in ("r", "spearman_brown", "lambda4"):
        assert math.isnan(getattr(found, name)) == (name not in known)


@pytest.mark.parametrize("items", [2, 3, 6, 7])
def test_every_split_is_gone_through_once(items: int) -> None:
    scores = stats.zscore(one_trait(items=items, respondents=50))
    total = scores.sum(axis=1)
    halves = [
        scores[:, half].sum(axis=1)
        for half in combinations(range(items), items // 2)
        if items % 2 or 0 in half
    ]
    expected = [2 * (1 - (half.var() + (total - half).var()) / total.var()) for half in halves]
    found = all_split_halves(scores)
    assert found.lambda4 == pytest.approx(np.array(expected))
    assert found.greatest == pytest.approx(max(expected))
    assert found.least == pytest.approx(min(expected))
    assert found.mean == pytest.approx(np.mean(expected))


@given(tables(ANSWERS, least=2))
def test_the_mean_of_all_splits_is_alpha_of_standardized_items(scores: Floats) -> None:
    alpha, items = cronbach_alpha(scores).standardized, scores.shape[1]
    assume(not math.isnan(alpha))
    expected = alpha * (1 - 1 / items**2) if items % 2 else alpha
    assert all_split_halves(scores).mean == pytest.approx(expected, rel=1e-6, abs=1e-8)


@given(tables(GAPPY, least=2), st.integers(0, 99))
def test_all_splits_do_not_depend_on_unit_or_order(scores: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    moved = rng.permutation(scores, axis=1) * rng.uniform(0.1, 9, scores.shape[1]) - 30
    before, after = all_split_halves(scores), all_split_halves(moved)
    for name in ("greatest", "least", "mean"):
        expected = pytest.approx(getattr(before, name), rel=1e-5, abs=1e-6, nan_ok=True)
        assert getattr(after, name) == expected


@pytest.mark.parametrize(
    "scores",
    [
        np.empty((0, 3)),
        np.array([[1.0, 4, 2], [2, 4, 3], [5, 4, 1]]),
        np.array([[1.0, NAN, 2], [NAN, 2, 1], [2, NAN, 5], [NAN, 3, 4]]),
        np.array([[1.0, 5], [2, 4], [3, 3]]),
    ],
    ids=["nobody", "constant", "no pair", "opposite"],
)
def test_all_splits_are_not_known_from_data_that_cannot_tell(scores: Floats) -> None:
    found = all_split_halves(scores)
    assert np.isnan([found.greatest, found.least, found.mean]).all()
    assert np.isnan(found.lambda4).all()


def test_halves_need_two_items_and_all_splits_at_most_sixteen() -> None:
    with pytest.raises(ValueError, match="at least 2 items"):
        split_half([[1], [2]])
    with pytest.raises(ValueError, match="at least 2 items"):
        all_split_halves([[1], [2]])
    with pytest.raises(ValueError, match="give at most 16"):
        all_split_halves(one_trait(items=17))
    assert all_split_halves(one_trait(items=16)).lambda4.size == 6435
