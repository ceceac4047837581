from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.psychometrics.dimensions import FactorLoadings, factor_loadings, rotation
from tests.psychometrics.samples import Floats, one_trait

NAN = float("nan")
SEEDS = st.integers(0, 99)
FEW = settings(max_examples=20)
"""As many as tell: each example is fitted and rotated."""

KINDS = ("oblimin", "varimax", "none")
BETWEEN = np.array([[1, 0.4, 0.2], [0.4, 1, -0.1], [0.2, -0.1, 1]])
PATTERN = np.zeros((12, 3))
PATTERN[:5, 0], PATTERN[5:9, 1], PATTERN[9:, 2] = 0.8, 0.7, [0.6, 0.5, 0.65]


def exactly(correlations: Floats, *, respondents: int = 40) -> Floats:
    """Make respondents whose correlations are exactly these."""
    raw = np.random.default_rng(3).normal(size=(respondents, len(correlations)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return np.asarray(white @ np.linalg.cholesky(correlations).T)


def of_pattern(pattern: Floats, between: Floats) -> Floats:
    common = pattern @ between @ pattern.T
    return np.asarray(common + np.diag(1 - np.diag(common)))


def two_traits(seed: int, *, respondents: int = 300) -> Floats:
    rng = np.random.default_rng(seed)
    traits = rng.normal(size=(respondents, 2)) @ np.array([[1, 0.4], [0, 0.9]])
    weights = rng.uniform(0.5, 1.5, 8)
    return np.asarray(np.repeat(traits, 4, axis=1) * weights + rng.normal(size=(respondents, 8)))


def fitted(found: FactorLoadings) -> Floats:
    return np.asarray(found.loadings @ found.correlations @ found.loadings.T)


def test_the_planted_factors_and_their_correlations_are_found() -> None:
    found = factor_loadings(exactly(of_pattern(PATTERN, BETWEEN)), factors=3)
    np.testing.assert_allclose(found.loadings, PATTERN, atol=1e-5)
    np.testing.assert_allclose(found.correlations, BETWEEN, atol=1e-5)
    np.testing.assert_allclose(found.uniquenesses, 1 - (PATTERN**2).sum(axis=1), atol=1e-5)
    assert found.rms_residual == pytest.approx(0, abs=1e-6)


def test_two_groups_exactly_alike_are_told_apart() -> None:
    """Unrotated, they lie so symmetrically that oblimin alone would see no way down."""
    pattern = np.kron(np.eye(2), np.full((4, 1), 0.7))
    correlations = of_pattern(pattern, np.array([[1, 0.3], [0.3, 1]]))
    found = factor_loadings(exactly(correlations), factors=2)
    np.testing.assert_allclose(np.sort(found.loadings, axis=1)[:, 1], 0.7, atol=1e-5)
    np.testing.assert_allclose(np.sort(found.loadings, axis=1)[:, 0], 0, atol=1e-5)


def test_planted_factors_without_correlations_are_found_by_varimax() -> None:
    scores = exactly(of_pattern(PATTERN, np.eye(3)))
    found = factor_loadings(scores, factors=3, rotation="varimax")
    np.testing.assert_allclose(found.loadings, PATTERN, atol=1e-5)


@FEW
@given(SEEDS)
def test_no_rotation_changes_what_the_factors_explain(seed: int) -> None:
    scores = two_traits(seed)
    plain, *turned = (factor_loadings(scores, factors=2, rotation=kind) for kind in KINDS)
    for found in (plain, *turned):
        np.testing.assert_allclose(fitted(found), fitted(plain), atol=1e-9)
        np.testing.assert_allclose(np.diag(fitted(found)), found.communalities, atol=1e-9)
        np.testing.assert_allclose(found.communalities, plain.communalities)
        assert found.rms_residual == pytest.approx(plain.rms_residual)


@FEW
@given(SEEDS)
def test_only_oblique_factors_correlate(seed: int) -> None:
    scores = two_traits(seed)
    for kind in ("varimax", "none"):
        found = factor_loadings(scores, factors=2, rotation=kind)
        np.testing.assert_array_equal(found.correlations, np.eye(2))
    between = factor_loadings(scores, factors=2).correlations
    np.testing.assert_allclose(np.diag(between), 1)
    assert 0.1 < between[0, 1] < 0.8


@FEW
@given(SEEDS, st.sampled_from(KINDS))
def test_the_strongest_factor_comes_first_and_points_to_its_largest_loading(
    seed: int, kind: str
) -> None:
    scores = two_traits(seed) * np.array([1, -1, -1, -1, 1, 1, -1, 1])
    found = factor_loadings(scores, factors=2, rotation=kind)
    explained = np.diag(found.correlations @ found.loadings.T @ found.loadings)
    assert explained[0] > explained[1]
    assert explained.sum() == pytest.approx(found.communalities.sum())
    assert (found.loadings.max(axis=0) == np.abs(found.loadings).max(axis=0)).all()


@FEW
@given(SEEDS, st.sampled_from(KINDS))
def test_neither_order_nor_unit_of_the_items_matters(seed: int, kind: str) -> None:
    scores, rng = two_traits(seed), np.random.default_rng(seed)
    order, units = rng.permutation(8), 10.0 ** np.arange(-3, 5)
    before = factor_loadings(scores, factors=2, rotation=kind)
    after = factor_loadings(units * (2 + scores[:, order]), factors=2, rotation=kind)
    np.testing.assert_allclose(after.loadings, before.loadings[order], atol=1e-5)
    np.testing.assert_allclose(after.correlations, before.correlations, atol=1e-5)
    np.testing.assert_allclose(after.uniquenesses, before.uniquenesses[order], atol=1e-6)


def test_unrotated_factors_explain_as_much_as_they_can_one_after_the_other() -> None:
    found = factor_loadings(two_traits(1), factors=2, rotation="none")
    products = found.loadings.T @ found.loadings
    assert products[0, 1] == pytest.approx(0, abs=1e-9)
    assert products[0, 0] > 2 * products[1, 1]


def varied(loadings: Floats) -> float:
    """Kaiser's criterion: how much the squared loadings of items of one length vary."""
    squares = loadings**2 / (loadings**2).sum(axis=1, keepdims=True)
    return float(squares.var(axis=0).sum())


@FEW
@given(SEEDS)
def test_no_other_turn_makes_squared_loadings_vary_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(9, 3)) * [0.8, 0.5, 0.4]
    found = rotation.varimax(loadings)
    assert varied(found) >= varied(loadings)
    for _ in range(20):
        small, _ = np.linalg.qr(np.eye(3) + rng.normal(scale=0.02, size=(3, 3)))
        assert varied(found) >= varied(found @ small) - 1e-9


def test_varimax_leaves_an_item_without_communality_alone() -> None:
    loadings = np.array([[0.6, 0.6], [0.5, -0.5], [0.4, 0.4], [0, 0]])
    found = rotation.varimax(loadings)
    np.testing.assert_array_equal(found[3], [0, 0])
    np.testing.assert_allclose(np.abs(found).min(axis=1), 0, atol=1e-9)


def test_varimax_leaves_factors_alone_which_no_turn_improves() -> None:
    angles = np.arange(6) * np.pi / 6
    loadings = 0.7 * np.column_stack([np.cos(angles), np.sin(angles)])
    np.testing.assert_allclose(rotation.varimax(loadings), loadings)


@FEW
@given(SEEDS)
def test_no_other_oblique_turn_is_simpler(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(9, 3)) * 0.5
    turned, between = rotation.quartimin(loadings)
    np.testing.assert_allclose(turned @ between @ turned.T, loadings @ loadings.T, atol=1e-9)
    for _ in range(20):
        small = np.eye(3) + rng.normal(scale=0.02, size=(3, 3))
        small /= np.sqrt(np.diag(small.T @ between @ small))
        assert mixed(turned) <= mixed(turned @ np.linalg.inv(small).T) + 1e-9


def mixed(loadings: Floats) -> float:
    """Write the quartimin criterion as it is defined, over pairs of different factors."""
    squares = loadings**2
    products = squares.T @ squares
    return float(products.sum() - np.trace(products))


def test_a_rotation_which_does_not_end_is_still_a_rotation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotation, "TURNS", 1)
    monkeypatch.setattr(rotation, "HALVINGS", 1)
    loadings = np.random.default_rng(4).normal(size=(9, 3)) * 0.5
    turned, between = rotation.quartimin(loadings)
    np.testing.assert_allclose(turned @ between @ turned.T, loadings @ loadings.T, atol=1e-9)
    turned = rotation.varimax(loadings)
    np.testing.assert_allclose(turned @ turned.T, loadings @ loadings.T, atol=1e-9)


def test_missing_answers_cost_only_the_pairs_they_belong_to() -> None:
    scores = two_traits(5, respondents=2000)
    whole = factor_loadings(scores, factors=2)
    gaps = np.random.default_rng(6).random(scores.shape) < 0.2
    gappy = factor_loadings(np.where(gaps, NAN, scores), factors=2)
    np.testing.assert_allclose(gappy.loadings, whole.loadings, atol=0.06)


def test_a_heywood_case_shows_as_the_least_uniqueness() -> None:
    scores = exactly(np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]]))
    found = factor_loadings(scores, factors=1)
    assert found.uniquenesses[0] == pytest.approx(0.005)
    assert found.communalities[0] > 0.99


def constant() -> Floats:
    scores = one_trait()
    scores[:, 0] = 0.1
    return scores


def contradictory() -> Floats:
    """Make answers whose pairs correlate .9, .9 and -.9, each pair answered by other people."""
    rng = np.random.default_rng(7)
    signs = ((0, 1, 1), (1, 2, 1), (0, 2, -1))
    scores = np.full((90, 3), NAN)
    for block, (first, second, sign) in enumerate(signs):
        rows = slice(30 * block, 30 * block + 30)
        scores[rows, first] = rng.normal(size=30)
        scores[rows, second] = sign * scores[rows, first] + 0.3 * rng.normal(size=30)
    return scores


@pytest.mark.parametrize(
    "scores",
    [
        np.empty((0, 4)),
        np.array([[1.0, 2, 3, 4]]),
        one_trait(respondents=4),
        constant(),
        one_trait()[:, [0, 1, 2, 2]],
        contradictory(),
        np.full((9, 3), NAN),
    ],
    ids=["nobody", "one", "too few", "constant", "doubled", "contradictory", "unanswered"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_loadings_are_not_known_from_data_that_cannot_tell(scores: Floats, kind: str) -> None:
    found = factor_loadings(scores, factors=1, rotation=kind)
    assert found.loadings.shape == (scores.shape[1], 1)
    assert found.correlations.shape == (1, 1)
    for figure in astuple(found):
        assert np.isnan(figure).all()


def test_more_respondents_than_items_suffice() -> None:
    assert not np.isnan(factor_loadings(one_trait(respondents=5), factors=1).loadings).any()


def test_impossible_questions_are_refused() -> None:
    scores = one_trait(items=5)
    with pytest.raises(ValueError, match="one of oblimin, varimax, none"):
        factor_loadings(scores, factors=1, rotation="promax")
    with pytest.raises(ValueError, match="at most 2 factors, asked for are 3"):
        factor_loadings(scores, factors=3)
    with pytest.raises(ValueError, match="at least one"):
        factor_loadings(scores, factors=0)
    with pytest.raises(ValueError, match="at most 0 factors"):
        factor_loadings(scores[:, :2], factors=1)
    with pytest.raises(ValueError, match="two dimensions"):
        factor_loadings([1, 2, 3], factors=1)


def test_the_result_is_frozen_and_can_be_replaced() -> None:
    found = factor_loadings(two_traits(1), factors=2)
    assert replace(found, rms_residual=0.0).rms_residual == 0
