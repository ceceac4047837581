import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assess.psychometrics.likelihood import RATIOS, Profile

Floats = NDArray[np.float64]

SIZES = st.lists(st.integers(1, 5), min_size=2, max_size=8).filter(lambda sizes: max(sizes) > 1)


def ratings(sizes: list[int], seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    leaders = np.repeat(np.arange(len(sizes)), sizes)
    made: Floats = rng.normal(size=len(sizes))[leaders] + rng.normal(size=leaders.size)
    return made


def profile(sizes: list[int], values: Floats) -> Profile:
    parts = np.split(values, np.cumsum(sizes)[:-1])
    means = np.array([part.mean() for part in parts])
    within = float(sum(((part - part.mean()) ** 2).sum() for part in parts))
    return Profile.of(np.array(sizes), means, within)


def dense(sizes: list[int], values: Floats, ratio: float) -> float:
    """Twice the negative restricted log-likelihood from the whole covariance matrix, but for a constant."""
    leaders = np.repeat(np.arange(len(sizes)), sizes)
    covariance = np.eye(values.size) + ratio * np.equal.outer(leaders, leaders)
    precision = np.linalg.inv(covariance)
    weight = precision.sum()
    about = values - precision.sum(axis=0) @ values / weight
    total = (values.size - 1) * np.log(about @ precision @ about)
    return float(total + np.linalg.slogdet(covariance)[1] + np.log(weight))


@given(SIZES, st.integers(0, 999), st.floats(0, 50))
def test_the_likelihood_is_that_of_the_whole_covariance_matrix(
    sizes: list[int], seed: int, ratio: float
) -> None:
    values = ratings(sizes, seed)
    found = float(profile(sizes, values).deviance(ratio))
    assert found == pytest.approx(dense(sizes, values, ratio), abs=1e-7)


@given(SIZES, st.integers(0, 999), st.floats(0.01, 50))
def test_the_slope_is_that_of_the_likelihood(sizes: list[int], seed: int, ratio: float) -> None:
    curve = profile(sizes, ratings(sizes, seed))
    step = 1e-5 * ratio
    rise = float(curve.deviance(ratio + step) - curve.deviance(ratio - step))
    assert float(curve.slope(ratio)) == pytest.approx(rise / (2 * step), abs=1e-4, rel=1e-4)


@given(SIZES, st.integers(0, 999))
def test_no_ratio_is_likelier_than_the_best(sizes: list[int], seed: int) -> None:
    curve = profile(sizes, ratings(sizes, seed))
    best = curve.best()
    assert curve.deviance(RATIOS).min() >= float(curve.deviance(best)) - 1e-9


@given(SIZES, st.integers(0, 999), st.floats(0.5, 0.999))
def test_the_ends_of_the_interval_are_equally_likely_or_0(
    sizes: list[int], seed: int, confidence: float
) -> None:
    curve = profile(sizes, ratings(sizes, seed))
    low, high = curve.interval(confidence)
    assert low <= curve.best() <= high
    ends = [end for end in (low, high) if end > 0]
    heights = curve.deviance(np.array(ends)) - float(curve.deviance(curve.best()))
    np.testing.assert_allclose(heights, heights[-1], atol=1e-6)


def test_of_two_peaks_the_higher_counts() -> None:
    curve = Profile.of(np.array([1, 10, 1000]), np.array([-1.9, 0.8, 0.5]), 1008.0)
    slopes = curve.slope(RATIOS)
    assert slopes[0] > 0  # so 0 is a peak, the lower one
    assert curve.best() == pytest.approx(1.0056, abs=1e-4)
    assert float(curve.deviance(0.0)) > float(curve.deviance(curve.best()))


def test_an_interval_without_end_ends_at_the_last_ratio() -> None:
    curve = Profile.of(np.array([2, 2]), np.array([-1.0, 1.0]), 1e-20)
    assert curve.interval(1 - 1e-15)[1] == RATIOS[-1]
