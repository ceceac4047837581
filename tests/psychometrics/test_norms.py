import datetime as dt
import json
import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from assess.psychometrics.norms import Norm, norm_of, percentile_ranks, standard_scores

Floats = NDArray[np.float64]
NAN = math.nan
DAY = dt.date(2026, 11, 21)

PUBLISHED = st.integers(10, 50).map(lambda tenths: tenths / 10)
SAMPLES = st.lists(PUBLISHED, min_size=1, max_size=30)


def normal(n: int, *, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(3.8, 0.45, n).clip(1, 5).round(1)


@given(SAMPLES)
def test_a_norm_keeps_what_its_scores_say_together(scores: list[float]) -> None:
    norm = norm_of(scores, date=DAY)
    assert (norm.n, norm.date) == (len(scores), DAY)
    assert norm.mean == pytest.approx(np.mean(scores))
    expected = np.std(scores, ddof=1) if len(scores) > 1 else NAN
    assert norm.sd == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(SAMPLES, st.integers(0, 99))
def test_a_norm_does_not_tell_who_reached_what(scores: list[float], seed: int) -> None:
    norm = norm_of(scores, date=DAY)
    shuffled = np.random.default_rng(seed).permutation(scores)
    assert norm_of([*shuffled, NAN], date=DAY) == norm


def test_a_norm_is_frozen_and_can_be_kept() -> None:
    norm = norm_of(normal(50), date=DAY)
    with pytest.raises(FrozenInstanceError):
        norm.counts = ()  # type: ignore[misc]  # this is what must fail
    with pytest.raises(TypeError):
        norm.counts[0] = 7  # type: ignore[index]  # and this
    kept = json.loads(json.dumps([norm.scores, norm.counts]))
    again = Norm(norm.date, *kept)
    ranks = percentile_ranks([3.8], again).percentile
    assert ranks.tolist() == percentile_ranks([3.8], norm).percentile.tolist()


@given(SAMPLES, PUBLISHED)
def test_a_percentile_counts_who_is_lower_and_half_of_who_is_equal(
    scores: list[float], score: float
) -> None:
    lower = sum(each < score for each in scores)
    equal = sum(each == score for each in scores)
    (found,) = percentile_ranks([score], norm_of(scores, date=DAY)).percentile
    assert found == pytest.approx(100 * (lower + equal / 2) / len(scores))


@given(SAMPLES, st.lists(PUBLISHED, min_size=2, max_size=6))
def test_a_higher_score_never_stands_lower(norm_scores: list[float], scores: list[float]) -> None:
    ranks = percentile_ranks(sorted(scores), norm_of(norm_scores, date=DAY))
    for figures in (ranks.percentile, ranks.low, ranks.high):
        assert (np.diff(figures) >= 0).all()
    assert (ranks.low >= 0).all()
    assert (ranks.low <= ranks.percentile).all()
    assert (ranks.percentile <= ranks.high).all()
    assert (ranks.high <= 100).all()


@given(SAMPLES)
def test_those_of_the_norm_are_on_average_in_its_middle(scores: list[float]) -> None:
    norm = norm_of(scores, date=DAY)
    assert percentile_ranks(scores, norm).percentile.mean() == pytest.approx(50)


def test_beyond_all_scores_the_interval_reaches_the_end() -> None:
    ranks = percentile_ranks([1.0, 5.0], norm_of([3.0, 3.5, 4.0], date=DAY))
    assert ranks.percentile.tolist() == [0, 100]
    assert (ranks.low[0], ranks.high[1]) == (0, 100)
    assert (ranks.high[0], ranks.low[1]) == pytest.approx(
        (100 * stats.beta(0.5, 3.5).ppf(0.975), 100 * stats.beta(3.5, 0.5).ppf(0.025))
    )


def test_the_interval_narrows_with_the_norm_and_widens_with_confidence() -> None:
    def width(n: int, confidence: float) -> float:
        ranks = percentile_ranks([3.8], norm_of(normal(n), date=DAY), confidence=confidence)
        return float(ranks.high[0] - ranks.low[0])

    assert width(20, 0.95) > width(200, 0.95) > width(2000, 0.95)
    assert width(200, 0.80) < width(200, 0.95) < width(200, 0.99)


@pytest.mark.parametrize("n", [20, 100])
def test_the_interval_holds_the_rank_in_the_population(n: int) -> None:
    population = normal(100_000)
    true = percentile_ranks([3.3, 3.8, 4.3], norm_of(population, date=DAY)).percentile
    rng = np.random.default_rng(2)
    held = []
    for _ in range(1000):
        ranks = percentile_ranks([3.3, 3.8, 4.3], norm_of(rng.choice(population, n), date=DAY))
        held.append((ranks.low <= true) & (true <= ranks.high))
    assert np.mean(held) == pytest.approx(0.955, abs=0.02)
    assert np.mean(held, axis=0).min() > 0.92


@given(st.lists(PUBLISHED, min_size=2, max_size=30))
def test_the_norms_own_standard_scores_have_mean_0_and_sd_1(scores: list[float]) -> None:
    norm = norm_of(scores, date=DAY)
    assume(norm.sd > 0)
    standard = standard_scores(scores, norm)
    assert standard.z.mean() == pytest.approx(0, abs=1e-9)
    assert standard.z.std(ddof=1) == pytest.approx(1)
    np.testing.assert_allclose(standard.t, 50 + 10 * standard.z)


def test_the_norms_number_and_date_go_with_every_figure() -> None:
    norm = norm_of(normal(120), date=DAY)
    for found in (percentile_ranks([3.8], norm), standard_scores([3.8], norm)):
        assert (found.n, found.date) == (120, DAY)


def test_a_score_that_is_none_stands_nowhere() -> None:
    norm = norm_of(normal(50), date=DAY)
    ranks = percentile_ranks([NAN, 3.8], norm)
    standard = standard_scores([NAN, 3.8], norm)
    for figures in (ranks.percentile, ranks.low, ranks.high, standard.z, standard.t):
        assert np.isnan(figures).tolist() == [True, False]


def test_an_empty_norm_tells_nothing() -> None:
    norm = norm_of([NAN, NAN], date=DAY)
    assert norm == Norm(DAY, (), ())
    assert norm.n == 0
    assert np.isnan([norm.mean, norm.sd]).all()
    ranks, standard = percentile_ranks([3.8], norm), standard_scores([3.8], norm)
    for figures in (ranks.percentile, ranks.low, ranks.high, standard.z, standard.t):
        assert np.isnan(figures).all()


@pytest.mark.parametrize("norm_scores", [[0.1], [0.1, 0.1, 0.1]])
def test_a_norm_in_which_nobody_differs_has_ranks_but_no_standard_scores(
    norm_scores: list[float],
) -> None:
    norm = norm_of(norm_scores, date=DAY)
    assert norm.mean == 0.1
    assert percentile_ranks([0.0, 0.1, 0.2], norm).percentile.tolist() == [0, 50, 100]
    assert np.isnan(standard_scores([0.0, 0.1, 0.2], norm).z).all()


def test_no_scores_give_no_figures() -> None:
    norm = norm_of(normal(50), date=DAY)
    assert percentile_ranks([], norm).percentile.size == standard_scores([], norm).z.size == 0


@pytest.mark.parametrize("counts", [(1,), (1, 0, 2), (1, 1, 1, 1)])
def test_each_score_of_a_norm_occurred(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="give for each score of the norm how often it occurred"):
        replace(norm_of([3, 4, 5], date=DAY), counts=counts)


@pytest.mark.parametrize("scores", [(3, 5, 4), (3, 3, 4), (3, 4, NAN)])
def test_the_scores_of_a_norm_ascend(scores: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="do not ascend: give each value once, in order"):
        Norm(DAY, scores, (1, 1, 1))
    with pytest.raises(ValueError, match="do not ascend"):
        Norm(DAY, (NAN,), (1,))


def test_what_is_no_column_of_scores_is_refused() -> None:
    norm = norm_of([3, 4, 5], date=DAY)
    for wrong in ([[3.0, 4.0]], [math.inf]):
        with pytest.raises(ValueError, match="give"):
            norm_of(wrong, date=DAY)
        with pytest.raises(ValueError, match="give"):
            percentile_ranks(wrong, norm)
        with pytest.raises(ValueError, match="give"):
            standard_scores(wrong, norm)


@pytest.mark.parametrize("confidence", [0, 1, NAN])
def test_confidence_lies_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence is"):
        percentile_ranks([4], norm_of([3, 4, 5], date=DAY), confidence=confidence)
