import math
from dataclasses import astuple

import numpy as np
import pytest

from assess.psychometrics.dimensions import ParallelAnalysis, parallel, parallel_analysis
from tests.psychometrics import oracle
from tests.psychometrics.checks.dimensions import inventory
from tests.psychometrics.samples import Floats, one_trait

NAN = float("nan")


def traits(factors: int, *, respondents: int = 300, seed: int = 1) -> Floats:
    """Four items for each of so many correlated traits."""
    rng = np.random.default_rng(seed)
    each = 0.5 * rng.normal(size=(respondents, 1)) + rng.normal(size=(respondents, factors))
    return np.asarray(np.repeat(each, 4, axis=1) + rng.normal(size=(respondents, 4 * factors)))


def analysed(scores: Floats, *, seed: int = 42) -> ParallelAnalysis:
    return parallel_analysis(scores, np.random.default_rng(seed))


@pytest.mark.parametrize("factors", [1, 2, 3, 4])
def test_as_many_factors_as_were_planted_are_found(factors: int) -> None:
    found = analysed(traits(factors))
    assert (found.factors, found.components) == (factors, factors)


def test_in_noise_hardly_ever_a_factor_is_found() -> None:
    noises = [np.random.default_rng(seed).normal(size=(150, 6)) for seed in range(20)]
    found = [analysed(scores) for scores in noises]
    assert sum(one.factors > 0 for one in found) <= 3
    assert sum(one.components > 0 for one in found) <= 3


def test_the_same_seed_gives_the_same_result_and_another_one_a_similar() -> None:
    scores = traits(2)
    first, again, other = analysed(scores), analysed(scores), analysed(scores, seed=43)
    for one, two in zip(astuple(first), astuple(again), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(first.component_thresholds, other.component_thresholds, atol=0.06)
    assert (first.component_thresholds != other.component_thresholds).any()


def test_eigenvalues_come_in_order_and_thresholds_lie_above_the_middle() -> None:
    found = analysed(traits(2))
    assert found.component_eigenvalues.sum() == pytest.approx(8)
    assert found.simulated_component_eigenvalues.sum() == pytest.approx(8, abs=0.1)
    for values in astuple(found)[2:]:
        assert (np.diff(values) <= 0).all()
    assert (found.component_thresholds > found.simulated_component_eigenvalues).all()
    assert (found.factor_thresholds > found.simulated_factor_eigenvalues).all()


@pytest.mark.parametrize(("respondents", "items"), [(60, 5), (8, 12), (3, 4)])
def test_the_noise_is_that_of_uncorrelated_normal_items(respondents: int, items: int) -> None:
    rng = np.random.default_rng(9)
    drawn = np.concatenate([parallel.noise(rng, respondents, items) for _ in range(5)])
    samples = rng.normal(size=(len(drawn), respondents, items))
    samples -= samples.mean(axis=1, keepdims=True)
    samples /= np.linalg.norm(samples, axis=1, keepdims=True)
    plain = samples.mT @ samples
    np.testing.assert_allclose(np.diagonal(drawn, axis1=1, axis2=2), 1)
    np.testing.assert_allclose((drawn**2).mean(axis=0), (plain**2).mean(axis=0), atol=0.06)
    ours, theirs = (np.linalg.eigvalsh(each) for each in (drawn, plain))
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), atol=0.03)


def test_counting_ends_with_the_first_eigenvalue_that_is_not_above() -> None:
    above = parallel.leading_above(np.array([3.0, 1.0, 0.9, 0.1]), np.array([2.0, 1.0, 0.5, 0.0]))
    assert above == 1
    assert parallel.leading_above(np.array([3.0, 2.0]), np.array([1.0, 1.0])) == 2


def test_missing_answers_make_noise_larger() -> None:
    scores = traits(2)
    gaps = np.random.default_rng(6).random(scores.shape) < 0.3
    gappy = analysed(np.where(gaps, NAN, scores))
    assert (gappy.component_thresholds[:2] > analysed(scores).component_thresholds[:2]).all()
    assert (gappy.factors, gappy.components) == (2, 2)


def test_the_number_of_respondents_is_that_of_the_pairs() -> None:
    assert parallel.effective_respondents(traits(1)) == 300
    scores = np.array([[1.0, 2, 3]] * 20)
    scores[:10, 0] = NAN
    assert parallel.effective_respondents(scores) == 12  # the harmonic mean of 10, 10 and 20


@pytest.mark.parametrize("respondents", [3, 5, 12])
def test_fewer_respondents_than_items_are_compared_with_such_noise(respondents: int) -> None:
    found = analysed(traits(3, respondents=respondents))
    assert found.component_thresholds[0] > 2
    assert 0 <= found.components <= 2


def test_items_that_say_the_same_have_one_component() -> None:
    found = analysed(np.repeat(one_trait(items=1), 4, axis=1))
    assert (found.factors, found.components) == (1, 1)


@pytest.mark.parametrize(
    "scores",
    [
        np.empty((0, 4)),
        np.array([[1.0, 2, 3], [2.0, 1, 5]]),
        np.full((9, 3), 0.1),
        np.array([[1.0, NAN, 3], [2, NAN, 1], [4, NAN, 4], [5, NAN, 4]]),
    ],
    ids=["nobody", "two", "constant", "an item nobody answered"],
)
def test_nothing_is_counted_where_a_correlation_is_unknown(scores: Floats) -> None:
    found = analysed(scores)
    assert math.isnan(found.factors)
    assert math.isnan(found.components)
    for values in astuple(found)[2:]:
        assert values.shape == (scores.shape[1],)
        assert np.isnan(values).all()


def test_a_factor_needs_three_items() -> None:
    with pytest.raises(ValueError, match="at least 3 items"):
        analysed(one_trait(items=2))


def test_the_noise_is_as_large_as_that_of_another_program() -> None:
    """Its eigenvalues were drawn, too: its note asks for 0.02."""
    oracle.require()
    (record,) = (one for one in oracle.records() if one.name == "bfi/parallel_analysis")
    found = analysed(inventory())
    np.testing.assert_allclose(
        found.simulated_component_eigenvalues, record.value["pc_sim"], atol=0.02
    )
    np.testing.assert_allclose(
        found.simulated_factor_eigenvalues, record.value["fa_sim"], atol=0.02
    )
