from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.psychometrics.dimensions import (
    extraction,
    is_positive,
    least_squares,
    maximum_likelihood,
    pairwise_correlations,
    search,
)
from tests.psychometrics.samples import GAPPY, Floats, one_trait, tables

Fit = Callable[..., tuple[Floats, Floats]]
FITS = pytest.mark.parametrize("fit", [least_squares, maximum_likelihood])
SEEDS = st.integers(0, 99)
HEYWOOD = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
"""The first item's communality would be 0.8 x 0.8 / 0.5, above 1."""


def planted(seed: int, *, items: int = 9, factors: int = 2) -> tuple[Floats, Floats]:
    """Give correlations which common factors explain exactly, and the uniquenesses."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(items, factors))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    uniquenesses = rng.uniform(0.3, 0.8, items)
    loadings = directions * np.sqrt(1 - uniquenesses)[:, np.newaxis]
    return loadings @ loadings.T + np.diag(uniquenesses), uniquenesses


def noisy(seed: int, *, respondents: int = 60, items: int = 7) -> Floats:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(respondents, 2)) @ rng.normal(size=(2, items))
    return np.asarray(np.corrcoef((common + rng.normal(size=(respondents, items))).T))


def pair_correlation(scores: Floats, i: int, j: int) -> float:
    """Correlate two items over all who answered both, written as plainly as one can."""
    both = scores[~np.isnan(scores[:, [i, j]]).any(axis=1)][:, [i, j]]
    if len(both) < 3 or (np.ptp(both, axis=0) == 0).any():
        return np.nan
    return float(np.asarray(np.corrcoef(both.T))[0, 1])


@given(tables(GAPPY))
def test_each_pair_is_correlated_over_all_who_answered_both(scores: Floats) -> None:
    items = range(scores.shape[1])
    expected = [[pair_correlation(scores, i, j) for j in items] for i in items]
    np.testing.assert_allclose(pairwise_correlations(scores), expected, atol=1e-9)


def test_correlations_are_those_of_numpy_where_all_is_answered() -> None:
    scores = 1e6 + one_trait()
    np.testing.assert_allclose(pairwise_correlations(scores), np.corrcoef(scores.T), atol=1e-9)


def test_an_item_constant_among_those_who_answered_both_correlates_with_none_of_them() -> None:
    first, second = [0.1] * 7 + [0.73], [1, 2, 4, 3, 9, 5, 3, np.nan]
    correlations = pairwise_correlations(np.column_stack([first, second]))
    assert np.isnan(correlations[0, 1])
    assert correlations[0, 0] == pytest.approx(1)


def test_correlations_are_told_apart_that_a_model_can_be_fitted_to() -> None:
    assert is_positive(HEYWOOD)
    assert not is_positive(np.ones((3, 3)))
    assert not is_positive(np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    assert not is_positive(np.array([[1, np.nan], [np.nan, 1]]))


def test_the_most_factors_leave_no_fewer_correlations_than_parameters() -> None:
    for items in range(1, 60):
        fitting = [q for q in range(items) if (items - q) ** 2 >= items + q]
        assert extraction.most_factors(items) == max(fitting)


@FITS
@pytest.mark.parametrize("factors", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_factors_that_explain_everything_are_found(fit: Fit, factors: int, seed: int) -> None:
    correlations, uniquenesses = planted(seed, factors=factors)
    loadings, left = fit(correlations, factors=factors)
    np.testing.assert_allclose(left, uniquenesses, atol=1e-6)
    np.testing.assert_allclose(loadings @ loadings.T + np.diag(left), correlations, atol=1e-6)


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 3))
def test_least_squares_leaves_nothing_of_an_item_that_is_not_held(seed: int, factors: int) -> None:
    correlations = noisy(seed)
    loadings, uniquenesses = least_squares(correlations, factors=factors)
    free = uniquenesses > extraction.LEAST_UNIQUENESS
    shared = (loadings**2).sum(axis=1)
    np.testing.assert_allclose((shared + uniquenesses)[free], 1, atol=1e-6)


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 3))
def test_no_uniquenesses_nearby_leave_less(seed: int, factors: int) -> None:
    correlations = noisy(seed)
    uniquenesses = least_squares(correlations, factors=factors)[1]
    moves = np.random.default_rng(seed).normal(scale=1e-3, size=(50, uniquenesses.size))
    nearby = np.clip(uniquenesses + moves, extraction.LEAST_UNIQUENESS, 1)
    assert (
        residual(correlations, nearby, factors) >= residual(correlations, uniquenesses, factors)
    ).all()


def residual(correlations: Floats, uniquenesses: Floats, factors: int) -> Floats:
    values = np.linalg.eigvalsh(extraction.reduced(correlations, uniquenesses))
    return np.asarray((values[..., :-factors] ** 2).sum(axis=-1))


@pytest.mark.parametrize("discrepancy", [extraction.residuals, extraction.unlikelihood])
@pytest.mark.parametrize("level", [0.45, -0.8])
@pytest.mark.parametrize("factors", [1, 3])
def test_slopes_and_curvatures_are_those_of_small_differences(
    discrepancy: search.Discrepancy, level: float, factors: int
) -> None:
    at, correlations = np.full((1, 7), level), noisy(3)[np.newaxis]
    _, slope, curvature = discrepancy(at, correlations, factors)
    for i, small in enumerate(np.eye(7) * 1e-5):
        after = discrepancy(at + small, correlations, factors)
        before = discrepancy(at - small, correlations, factors)
        assert (after[0] - before[0]) / 2e-5 == pytest.approx(slope[:, i], abs=1e-7)
        assert (after[1] - before[1]) / 2e-5 == pytest.approx(curvature[:, i], abs=1e-6)


@FITS
def test_many_matrices_at_once_are_fitted_like_each_alone(fit: Fit) -> None:
    stack = np.stack([noisy(seed) for seed in range(4)]).reshape(2, 2, 7, 7)
    loadings, uniquenesses = fit(stack, factors=2)
    assert loadings.shape == (2, 2, 7, 2)
    for at in np.ndindex(2, 2):
        alone = fit(stack[at], factors=2)
        np.testing.assert_allclose(np.abs(loadings[at]), np.abs(alone[0]), atol=1e-7)
        np.testing.assert_allclose(uniquenesses[at], alone[1], atol=1e-7)


@FITS
def test_a_uniqueness_the_fit_would_have_negative_is_held(fit: Fit) -> None:
    uniquenesses = fit(HEYWOOD, factors=1)[1]
    assert uniquenesses[0] == pytest.approx(extraction.LEAST_UNIQUENESS)
    assert (uniquenesses[1:] > 0.1).all()


def test_items_with_nothing_in_common_load_on_nothing() -> None:
    loadings, uniquenesses = least_squares(np.eye(5), factors=2)
    np.testing.assert_allclose(loadings, 0, atol=1e-9)
    np.testing.assert_allclose(uniquenesses, 1)


def test_two_pairs_equally_strong_are_fitted_to_one_of_them() -> None:
    correlations = np.kron(np.eye(2), [[1, 0.5], [0.5, 1]])
    uniquenesses = least_squares(np.asarray(correlations, dtype=np.float64), factors=1)[1]
    assert sorted(uniquenesses) == pytest.approx([0.5, 0.5, 1, 1])


def test_items_which_say_the_same_are_held_at_the_least_uniqueness() -> None:
    loadings, uniquenesses = least_squares(np.ones((4, 4)), factors=1)
    np.testing.assert_allclose(uniquenesses, extraction.LEAST_UNIQUENESS)
    np.testing.assert_allclose(loadings**2, loadings[0, 0] ** 2)


@FITS
def test_a_factor_for_which_nothing_is_left_has_no_loadings(fit: Fit) -> None:
    nearly_one = np.full((6, 6), 0.999) + 0.001 * np.eye(6)
    loadings, uniquenesses = fit(nearly_one, factors=2)
    np.testing.assert_allclose(uniquenesses, extraction.LEAST_UNIQUENESS)
    np.testing.assert_array_equal(loadings[:, 0], 0)
    np.testing.assert_allclose(loadings[:, 1] ** 2, 1, atol=0.01)


def test_a_search_which_does_not_end_gives_the_best_it_has_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "STEPS", 1)
    correlations = noisy(1)
    after_one = least_squares(correlations, factors=2)[1]
    monkeypatch.setattr(search, "STEPS", 0)
    start = least_squares(correlations, factors=2)[1]
    assert residual(correlations, after_one, 2) < residual(correlations, start, 2)


def test_a_search_leaves_a_peak_and_goes_down_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def two_valleys(at: Floats, _: Floats, __: int) -> search.Shape:
        value = (at**4 / 4 - at**2 / 2).sum(axis=1)
        return value, at**3 - at, (3 * at**2 - 1)[:, :, np.newaxis] * np.eye(at.shape[1])

    monkeypatch.setattr(search, "STEPS", 12)
    start, bounds = np.array([0.05, -0.1]), (-9.0, 9.0)
    found = search.minimise(two_valleys, np.eye(2), factors=1, start=start, bounds=bounds)
    np.testing.assert_allclose(found, [1, -1], atol=1e-6)


def test_a_search_ends_where_no_step_leads_down() -> None:
    asked = []

    def steeper_than_it_is(at: Floats, _: Floats, __: int) -> search.Shape:
        asked.append(at)
        return np.full(1, len(asked)), np.ones_like(at), np.eye(2)[np.newaxis]

    start = np.array([0.5, 0.5])
    found = search.minimise(steeper_than_it_is, np.eye(2), factors=1, start=start, bounds=(0, 1))
    np.testing.assert_array_equal(found, start)
    assert len(asked) < 20


def test_a_search_ends_where_rounding_hides_the_way_down() -> None:
    """With one respondent more than items the likelihood is known to few digits only."""
    rng = np.random.default_rng(8)
    scores = rng.normal(size=(35, 1)) + 0.3 * rng.normal(size=(35, 34))
    correlations = pairwise_correlations(scores)
    uniquenesses = maximum_likelihood(correlations, factors=1)[1]
    assert (uniquenesses > extraction.LEAST_UNIQUENESS / 2).all()
