import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, special, stats

from assess.psychometrics.items import TwoParameter, two_parameter

Floats = NDArray[np.float64]
NAN = math.nan

SLOPES = np.array([0.7, 1.0, 1.3, 1.6, 2.0, 1.2, 0.9, 1.5])
PLACES = np.array([-1.5, -1.0, -0.5, 0.0, 0.3, 0.6, 1.0, 1.6])


def simulated(respondents: int, seed: int, *, items: int = 8) -> tuple[Floats, Floats]:
    """Right and wrong answers, and the abilities behind them."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=respondents)
    at = SLOPES[:items] * (ability[:, np.newaxis] - PLACES[:items])
    return (at > rng.logistic(size=at.shape)).astype(np.float64), ability


def log_likelihood(responses: Floats, slopes: Floats, places: Floats) -> float:
    """Integrate abilities out on a fine grid, by Simpson's rule."""
    abilities = np.linspace(-9, 9, 1001)
    right = special.expit(np.multiply.outer(abilities, slopes) - slopes * places)
    answers = responses[:, np.newaxis]
    each = np.where(np.isnan(answers), 1.0, np.where(answers == 1, right, 1 - right))
    chances = each.prod(axis=2) * stats.norm.pdf(abilities)
    return float(np.log(integrate.simpson(chances, x=abilities)).sum())


def figures(found: TwoParameter) -> Floats:
    return np.concatenate(
        [
            found.discrimination,
            found.difficulty,
            found.discrimination_se,
            found.difficulty_se,
            [found.log_likelihood],
        ]
    )


def test_slopes_places_and_abilities_are_found_again() -> None:
    responses, ability = simulated(5000, 1)
    found = two_parameter(responses)
    np.testing.assert_allclose(found.discrimination, SLOPES, atol=0.15)
    np.testing.assert_allclose(found.difficulty, PLACES, atol=0.15)
    assert np.corrcoef(found.ability, ability)[0, 1] > 0.8
    assert np.mean((found.ability - ability) ** 2) == pytest.approx(
        np.mean(found.ability_sd**2), rel=0.05
    )
    assert found.respondents == 5000


def test_standard_errors_are_as_large_as_the_errors() -> None:
    z = []
    for seed in range(25):
        found = two_parameter(simulated(600, seed)[0])
        z.append(
            (np.log(found.discrimination / SLOPES)) * found.discrimination / found.discrimination_se
        )
        z.append((found.difficulty - PLACES) / found.difficulty_se)
    assert np.std(z[::2]) == pytest.approx(1, abs=0.15)
    assert np.std(z[1::2]) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_likelihood_is_that_of_exact_integration(seed: int) -> None:
    responses = simulated(300, seed, items=5)[0]
    responses[np.random.default_rng(seed).random(responses.shape) < 0.1] = NAN
    found = two_parameter(responses)
    exact = log_likelihood(responses, found.discrimination, found.difficulty)
    assert found.log_likelihood == pytest.approx(exact, abs=1e-7)


def test_no_other_slopes_and_places_are_likelier() -> None:
    responses = simulated(40, 3, items=4)[0]
    found = two_parameter(responses, minimum=40)
    best = log_likelihood(responses, found.discrimination, found.difficulty)
    rng = np.random.default_rng(1)
    for size in (1e-2, 1e-2, 0.1, 0.1):
        slopes = found.discrimination + rng.normal(scale=size, size=4)
        places = found.difficulty + rng.normal(scale=size, size=4)
        assert log_likelihood(responses, slopes, places) < best


def test_standard_errors_are_those_of_the_exact_curvature() -> None:
    """Second differences of the exact log-likelihood, in slopes and places."""
    responses = simulated(40, 1, items=3)[0]
    found = two_parameter(responses, minimum=40)
    at, step = np.concatenate([found.discrimination, found.difficulty]), 1e-3

    def height(*moves: tuple[int, int]) -> float:
        moved = at.copy()
        for where, side in moves:
            moved[where] += side * step
        return log_likelihood(responses, *np.split(moved, 2))

    curvature = np.array(
        [
            [
                sum(a * b * height((i, a), (j, b)) for a in (-1, 1) for b in (-1, 1))
                for j in range(6)
            ]
            for i in range(6)
        ]
    ) / (4 * step**2)
    errors = np.sqrt(np.diag(np.linalg.inv(-curvature)))
    np.testing.assert_allclose(found.discrimination_se, errors[:3], rtol=1e-3)
    np.testing.assert_allclose(found.difficulty_se, errors[3:], rtol=1e-3)


@settings(max_examples=10)
@given(st.integers(0, 999))
def test_the_order_of_respondents_and_items_does_not_matter(seed: int) -> None:
    responses = simulated(250, seed, items=5)[0]
    rng = np.random.default_rng(seed)
    responses[rng.random(responses.shape) < 0.1] = NAN
    people, places = rng.permutation(250), rng.permutation(5)
    before, after = two_parameter(responses), two_parameter(responses[people][:, places])
    np.testing.assert_allclose(after.discrimination, before.discrimination[places], atol=1e-4)
    np.testing.assert_allclose(after.ability, before.ability[people], atol=1e-4)
    assert after.log_likelihood == pytest.approx(before.log_likelihood, abs=1e-6)


@settings(max_examples=10)
@given(st.integers(0, 999))
def test_right_and_wrong_exchanged_turn_the_scale_round(seed: int) -> None:
    responses = simulated(300, seed, items=5)[0]
    before, after = two_parameter(responses), two_parameter(1 - responses)
    np.testing.assert_allclose(after.discrimination, before.discrimination, atol=1e-4)
    np.testing.assert_allclose(after.difficulty, -before.difficulty, atol=1e-3)
    np.testing.assert_allclose(after.ability, -before.ability, atol=1e-4)


def test_an_item_keyed_wrongly_discriminates_negatively() -> None:
    responses = simulated(1000, 4)[0]
    turned = responses.copy()
    turned[:, 2] = 1 - turned[:, 2]
    before, after = two_parameter(responses), two_parameter(turned)
    expected = before.discrimination * [1, 1, -1, 1, 1, 1, 1, 1]
    np.testing.assert_allclose(after.discrimination, expected, atol=1e-4)
    np.testing.assert_allclose(after.difficulty, before.difficulty, atol=1e-3)
    np.testing.assert_allclose(after.discrimination_se, before.discrimination_se, atol=1e-4)
    np.testing.assert_allclose(after.difficulty_se, before.difficulty_se, atol=1e-3)


@pytest.mark.parametrize("wrongly", [[2, 4, 7], [0, 1, 4, 5], [0, 1, 2, 3, 4]])
def test_the_scale_is_turned_to_where_discriminations_add_up(wrongly: list[int]) -> None:
    responses = simulated(1000, 4)[0]
    before = two_parameter(responses)
    responses[:, wrongly] = 1 - responses[:, wrongly]
    after = two_parameter(responses)
    assert after.discrimination.sum() > 0
    np.testing.assert_allclose(np.abs(after.discrimination), before.discrimination, atol=1e-4)
    side = np.sign(after.discrimination[6])
    np.testing.assert_allclose(after.ability, side * before.ability, atol=1e-4)


def test_items_all_or_none_got_right_are_left_out() -> None:
    responses = simulated(300, 5, items=5)[0]
    before = two_parameter(responses)
    ends = np.column_stack([np.ones(300), responses, np.zeros(300), np.full(300, NAN)])
    after = two_parameter(ends)
    kept = [False, *[True] * 5, False, False]
    for name in ("discrimination", "difficulty", "discrimination_se", "difficulty_se"):
        found = getattr(after, name)
        assert np.isfinite(found).tolist() == kept
        np.testing.assert_allclose(found[kept], getattr(before, name))
    np.testing.assert_allclose(after.ability, before.ability)


def test_who_answered_nothing_has_no_ability_and_changes_nothing() -> None:
    responses = simulated(300, 6, items=5)[0]
    before, after = two_parameter(responses), two_parameter(np.vstack([responses, [[NAN] * 5] * 9]))
    np.testing.assert_allclose(figures(after), figures(before), atol=1e-4)
    assert after.respondents == 300
    assert np.isnan(after.ability).tolist() == [False] * 300 + [True] * 9
    assert np.isnan(after.ability_sd[300:]).all()


def test_a_slope_without_end_is_not_known() -> None:
    """Who has more right of the first three has the last, without exception."""
    responses, ability = simulated(300, 7, items=7)
    steep = np.column_stack([responses, ability > 0, ability > 0])
    found = two_parameter(steep)
    for name in ("discrimination", "difficulty", "discrimination_se", "difficulty_se"):
        assert np.isfinite(getattr(found, name)).tolist() == [True] * 7 + [False] * 2, name
    assert np.isfinite(found.ability).all()


def test_of_items_that_are_all_the_same_no_slope_is_known() -> None:
    first = simulated(300, 7)[0][:, 3]
    found = two_parameter(np.column_stack([first, first, first]))
    assert np.isnan(figures(found)[:-1]).all()
    assert np.isfinite(found.log_likelihood)
    assert (found.ability[first == 1].min() > found.ability[first == 0].max()).all()


def test_where_slopes_trade_against_each_other_they_have_no_standard_error() -> None:
    """The third item goes with neither of the others, so that of these only the product is known."""
    pairs = np.repeat([[1.0, 1], [1, 0], [0, 1], [0, 0]], [90, 30, 30, 90], axis=0)
    responses = np.vstack([np.column_stack([pairs, np.full(240, last)]) for last in (0, 1)])
    found = two_parameter(responses)
    assert np.isfinite(found.discrimination).all()
    assert found.discrimination[2] == pytest.approx(0, abs=1e-4)
    assert np.isnan(found.discrimination_se).all()
    assert np.isnan(found.difficulty_se).all()


@pytest.mark.parametrize(
    ("responses", "respondents"),
    [
        (simulated(199, 8)[0], 199),
        (simulated(300, 8)[0][:, :2], 300),
        (np.ones((300, 5)), 300),
        (np.full((300, 5), NAN), 0),
        (np.zeros((0, 5)), 0),
    ],
    ids=["too few", "two items", "all right", "no answer", "nobody"],
)
def test_nothing_is_told_from_data_that_do_not_allow_it(
    responses: Floats, respondents: int
) -> None:
    found = two_parameter(responses)
    assert np.isnan(figures(found)).all()
    assert found.discrimination.shape == (responses.shape[1],)
    assert found.ability.shape == found.ability_sd.shape == (len(responses),)
    assert np.isnan(found.ability).all()
    assert np.isnan(found.ability_sd).all()
    assert found.respondents == respondents


def test_the_fewest_respondents_may_be_named() -> None:
    responses = simulated(199, 8)[0]
    assert np.isfinite(two_parameter(responses, minimum=199).discrimination).all()
    assert np.isnan(two_parameter(np.zeros((0, 5)), minimum=0).log_likelihood)


def test_answers_that_are_neither_right_nor_wrong_are_refused() -> None:
    with pytest.raises(ValueError, match="neither right nor wrong"):
        two_parameter([[1, 0, 2], [0, 1, 1]])
