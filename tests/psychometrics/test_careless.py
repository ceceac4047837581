import math
from collections.abc import Callable, Sequence
from itertools import combinations, groupby

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from assess.psychometrics.careless import (
    average_string,
    even_odd,
    longstring,
    mahalanobis_squared,
    psychometric_synonyms,
    response_variability,
)

Floats = NDArray[np.float64]
Measure = Callable[[Floats], Floats]
NAN = math.nan

ANSWERS = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0])
GAPPY = st.one_of(ANSWERS, st.just(NAN))
SCALES = ["A", "B", "A", "C", "B", "C", "A", "D"]
MEASURES: dict[str, Measure] = {
    "longstring": longstring,
    "average_string": average_string,
    "response_variability": response_variability,
    "mahalanobis_squared": mahalanobis_squared,
    "even_odd": lambda scores: even_odd(scores, scales=SCALES[: scores.shape[-1]]),
    "psychometric_synonyms": lambda scores: psychometric_synonyms(scores, least=0.3),
}
every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


def tables(
    elements: st.SearchStrategy[float], *, respondents: tuple[int, int] = (1, 8)
) -> st.SearchStrategy[Floats]:
    shapes = st.tuples(st.integers(*respondents), st.integers(1, 8))
    return shapes.flatmap(lambda shape: npst.arrays(np.float64, shape, elements=elements))


def careful(*, respondents: int = 300, scales: int = 6, seed: int = 1) -> Floats:
    """Five-point answers of people who differ from scale to scale; four items each, one after the other."""
    rng = np.random.default_rng(seed)
    traits = np.repeat(rng.normal(3, 0.9, (respondents, scales)), 4, axis=1)
    return np.clip(np.round(traits + rng.normal(0, 0.6, traits.shape)), 1, 5)


def runs(answers: Sequence[float]) -> list[int]:
    """Runs of one answer; each gap is a run for itself."""
    told_apart = [f"gap {at}" if math.isnan(each) else each for at, each in enumerate(answers)]
    return [len(list(run)) for _, run in groupby(told_apart)]


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    known = np.array([pair for pair in pairs if not np.isnan(pair).any()]).reshape(-1, 2)
    if len(known) < 3 or (np.ptp(known, axis=0) < 1e-9).any():
        return NAN
    return float(np.corrcoef(known.T)[0, 1])


def mean(answers: Floats) -> float:
    known = answers[~np.isnan(answers)]
    return float(known.mean()) if known.size else NAN


def halves(answers: Floats, scales: Sequence[str]) -> list[tuple[float, float]]:
    items = [answers[np.array(scales) == scale] for scale in dict.fromkeys(scales)]
    return [(mean(of_scale[::2]), mean(of_scale[1::2])) for of_scale in items]


def item_correlation(first: Floats, second: Floats) -> float:
    """Give the covariance of those who answered both, by the spread of those who answered each."""
    both = ~np.isnan(first) & ~np.isnan(second)
    spread = [each[~np.isnan(each)] for each in (first, second)]
    if both.sum() < 2 or any(np.ptp(each) == 0 for each in spread):
        return NAN
    covariance = np.cov(first[both], second[both])[0, 1]
    return float(covariance / (spread[0].std(ddof=1) * spread[1].std(ddof=1)))


@given(tables(GAPPY))
def test_runs_are_those_one_counts_by_hand(scores: Floats) -> None:
    by_hand = [runs(row) if not np.isnan(row).all() else [NAN] for row in scores]
    np.testing.assert_array_equal(longstring(scores), [max(each) for each in by_hand])
    np.testing.assert_allclose(average_string(scores), [np.mean(each) for each in by_hand])


def test_the_figures_of_runs_lie_between_1_and_the_number_of_items() -> None:
    for scores in (np.full((1, 6), 3.0), np.arange(6.0)[np.newaxis]):
        (longest,), (average,) = longstring(scores), average_string(scores)
        assert longest == average == (6 if np.ptp(scores) == 0 else 1)


def test_a_missing_answer_ends_a_run_and_is_one_of_its_own() -> None:
    assert longstring([[3, 3, NAN, 3, 3, 3], [NAN, NAN, NAN, 2, 1, NAN]]).tolist() == [3, 1]
    assert average_string([[3, 3, NAN, 3, 3, 3], [NAN, NAN, NAN, 2, 1, NAN]]).tolist() == [2, 1]


@given(tables(GAPPY))
def test_runs_and_spread_are_the_same_read_backwards_or_turned(scores: Floats) -> None:
    for measure in (longstring, average_string, response_variability):
        np.testing.assert_allclose(measure(scores[:, ::-1]), measure(scores), atol=1e-12)
        np.testing.assert_allclose(measure(6 - scores), measure(scores), atol=1e-12)


@given(tables(GAPPY))
def test_variability_is_the_standard_deviation_of_what_was_answered(scores: Floats) -> None:
    answers = [row[~np.isnan(row)] for row in scores]
    by_hand = [each.std(ddof=1) if each.size > 1 else NAN for each in answers]
    np.testing.assert_allclose(response_variability(scores), by_hand, atol=1e-12)


@given(st.floats(-1e6, 1e6), st.integers(2, 9))
def test_one_and_the_same_answer_varies_by_exactly_nothing(answer: float, items: int) -> None:
    scores = np.full((1, items), answer)
    assert response_variability(scores).tolist() == [0]
    assert longstring(scores).tolist() == average_string(scores).tolist() == [items]


def test_distance_is_the_formula() -> None:
    scores = careful()
    deviations = scores - scores.mean(axis=0)
    inverse = np.linalg.inv(np.cov(scores.T))
    expected = [each @ inverse @ each for each in deviations]
    np.testing.assert_allclose(mahalanobis_squared(scores), expected)


@given(tables(ANSWERS, respondents=(2, 12)))
def test_the_distances_of_complete_answers_add_up_to_degrees_times_rank(scores: Floats) -> None:
    varying = scores[:, np.ptp(scores, axis=0) > 0]
    assume(varying.size)
    rank = np.linalg.matrix_rank(np.corrcoef(varying.T), tol=1e-9)
    distances = mahalanobis_squared(scores)
    assert distances.sum() == pytest.approx((len(scores) - 1) * rank)
    assert (distances >= 0).all()


@given(tables(GAPPY, respondents=(2, 12)), st.integers(0, 99))
def test_distance_depends_on_no_unit_origin_direction_or_order(scores: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = scores.shape[1]
    units = rng.choice([-2.0, -1.0, 0.5, 1.0, 4.0], items)
    moved = (scores * units + rng.integers(-9, 9, items))[:, rng.permutation(items)]
    np.testing.assert_allclose(
        mahalanobis_squared(moved), mahalanobis_squared(scores), rtol=1e-6, atol=1e-6
    )


def test_an_item_which_repeats_another_counts_once() -> None:
    scores = careful(scales=1)
    repeating = np.column_stack([scores, 2 * scores[:, 0] + 1])
    np.testing.assert_allclose(mahalanobis_squared(repeating), mahalanobis_squared(scores))


def test_an_item_without_variance_tells_nothing_about_distance() -> None:
    scores = careful(scales=1)
    everybody_4 = np.full(len(scores), 4.0)
    only_one = np.where(np.arange(len(scores)) == 7, 4.0, NAN)
    with_both = np.column_stack([everybody_4, scores, only_one])
    np.testing.assert_allclose(mahalanobis_squared(with_both), mahalanobis_squared(scores))


def test_who_answered_only_what_does_not_vary_has_no_distance() -> None:
    scores = np.array([[4, 1, 2], [4, 2, 4], [4, 3, 3], [4, NAN, NAN]])
    assert np.isnan(mahalanobis_squared(scores)).tolist() == [False, False, False, True]


def test_a_gap_counts_as_the_mean() -> None:
    scores = careful(scales=1)
    scores[0, 2] = NAN
    filled = scores.copy()
    filled[0, 2] = np.nanmean(scores[:, 2])
    shorter = mahalanobis_squared(scores)[0]
    assert shorter == pytest.approx(mahalanobis_squared(filled)[0], rel=0.01)


def test_as_few_respondents_as_items_are_all_equally_far() -> None:
    scores = np.random.default_rng(3).normal(size=(4, 6))
    np.testing.assert_allclose(mahalanobis_squared(scores), 9 / 4)


def test_pairs_which_contradict_each_other_make_no_negative_distance() -> None:
    first_like_second = [[1, 1, NAN], [2, 2, NAN]]
    second_like_third = [[NAN, 1, 1], [NAN, 2, 2]]
    first_unlike_third = [[1, NAN, 2], [2, NAN, 1]]
    against_all = [1, 2, 1]
    pairs = (first_like_second + second_like_third + first_unlike_third) * 9
    assert (mahalanobis_squared(np.array([*pairs, against_all])) >= 0).all()


def test_without_anybody_who_answered_both_items_there_is_no_distance() -> None:
    scores = [[1, NAN], [2, NAN], [NAN, 3], [NAN, 5]]
    assert np.isnan(mahalanobis_squared(scores)).all()


def test_where_nobody_differs_there_is_no_distance() -> None:
    assert np.isnan(mahalanobis_squared(np.full((5, 3), 4.0))).all()


@given(tables(GAPPY))
def test_even_and_odd_are_the_halves_one_takes_by_hand(scores: Floats) -> None:
    scales = SCALES[: scores.shape[1]]
    r = np.array([correlation(halves(row, scales)) for row in scores])
    expected = [NAN if np.isnan(each) else -max(-1.0, 2 * each / (1 + each + 1e-99)) for each in r]
    np.testing.assert_allclose(even_odd(scores, scales=scales), expected, atol=1e-7)


def test_who_answers_both_halves_alike_is_consistent() -> None:
    scales = ["A", "A", "B", "B", "C", "C"]
    found = even_odd([[1, 1, 3, 3, 4, 4], [1, 4, 3, 3, 4, 1]], scales=scales)
    np.testing.assert_allclose(found, [-1, 1])


@given(tables(GAPPY), st.integers(0, 99))
def test_even_odd_does_not_depend_on_unit_or_origin_or_how_scales_are_called(
    scores: Floats, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    called = dict(zip("ABCD", rng.permutation(9)[:4].tolist(), strict=True))
    scales = SCALES[: scores.shape[1]]
    renamed = even_odd(scores * 2 - 7, scales=[called[scale] for scale in scales])
    np.testing.assert_allclose(renamed, even_odd(scores, scales=scales), atol=1e-7)


def test_an_item_without_scale_is_left_out() -> None:
    scores = careful(respondents=9)
    scales = np.repeat(np.arange(6.0), 4)
    widened = np.column_stack([np.ones(9), scores])
    found = even_odd(widened, scales=[NAN, *scales.tolist()])
    np.testing.assert_array_equal(found, even_odd(scores, scales=scales))


def test_fewer_than_three_scales_with_both_halves_tell_nothing() -> None:
    two = even_odd([[1, 2, 4, 5]], scales=["A", "A", "B", "B"])
    gap = even_odd([[1, 2, 4, 5, NAN, 3]], scales=["A", "A", "B", "B", "C", "C"])
    single = even_odd([[1, 2, 4, 5, 3]], scales=["A", "A", "B", "B", "C"])
    assert np.isnan([*two, *gap, *single]).all()


@given(tables(GAPPY), st.sampled_from([0.2, 0.6]))
def test_synonyms_are_the_pairs_one_finds_by_hand(scores: Floats, least: float) -> None:
    pairs = [
        (i, j, item_correlation(scores[:, i], scores[:, j]))
        for i, j in combinations(range(scores.shape[1]), 2)
    ]
    assume(not any(abs(r - least) < 1e-9 for _, _, r in pairs))
    expected = [
        correlation([(row[i], row[j]) for i, j, r in pairs if r >= least]) for row in scores
    ]
    found = psychometric_synonyms(scores, least=least)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_items_without_variance_are_no_synonyms() -> None:
    scores = careful()
    with_constant = np.column_stack([np.full(len(scores), 3.0), scores])
    np.testing.assert_allclose(psychometric_synonyms(with_constant), psychometric_synonyms(scores))


def test_fewer_than_three_pairs_tell_nothing() -> None:
    scores = careful(scales=1)[:, :3]
    assert not np.isnan(psychometric_synonyms(scores, least=0.4)).all()
    assert np.isnan(psychometric_synonyms(scores[:, :2], least=0.4)).all()
    assert np.isnan(psychometric_synonyms(scores, least=0.99)).all()


@given(tables(st.floats(-100, 100)))
# The product of its two variances is 0.
@example(np.array([[4.1e-92, 0.0, 4.1e-92, 0.0, 0.0, 0.0]]))
def test_what_is_a_correlation_stays_between_minus_1_and_1(scores: Floats) -> None:
    found = np.array([MEASURES[name](scores) for name in ("even_odd", "psychometric_synonyms")])
    assert (np.isnan(found) | (np.abs(found) <= 1 + 1e-12)).all()


def test_no_correlation_passes_1_by_its_last_bits() -> None:
    half = np.random.default_rng(6).normal(size=(1000, 3))
    halves_alike = np.stack([half, 0.3 + 0.7 * half], axis=2).reshape(1000, 6)
    consistency = even_odd(halves_alike, scales=["A", "A", "B", "B", "C", "C"])
    np.testing.assert_allclose(consistency, -1)
    assert (consistency >= -1).all()


def test_who_answers_at_random_stands_out() -> None:
    scores = careful()
    scales = np.repeat(np.arange(6), 4)
    scores[:30] = np.random.default_rng(2).integers(1, 6, (30, scores.shape[1]))
    random, others = slice(0, 30), slice(30, None)
    consistency = even_odd(scores, scales=scales)
    assert np.nanmedian(consistency[random]) > np.nanquantile(consistency[others], 0.95)
    synonyms = psychometric_synonyms(scores, least=0.4)
    assert np.nanmedian(synonyms[random]) < np.nanquantile(synonyms[others], 0.05)
    distance = mahalanobis_squared(scores)
    assert np.median(distance[random]) > np.quantile(distance[others], 0.9)


def test_who_ticks_one_option_stands_out() -> None:
    scores = careful()
    scores[0] = 4
    assert longstring(scores).argmax() == average_string(scores).argmax() == 0
    assert response_variability(scores).argmin() == 0


@every_measure
def test_respondents_may_come_in_any_order(measure: Measure) -> None:
    scores = careful(respondents=40)[:, ::3][:, :8]
    scores[np.random.default_rng(3).random(scores.shape) < 0.1] = NAN
    order = np.random.default_rng(4).permutation(len(scores))
    np.testing.assert_allclose(measure(scores[order]), measure(scores)[order], rtol=1e-9, atol=1e-9)


@every_measure
def test_a_respondent_without_answers_has_no_figure_and_changes_no_other(measure: Measure) -> None:
    scores = careful()[:, ::3][:, :8]
    gap = np.full((1, scores.shape[1]), NAN)
    found = measure(np.vstack([scores, gap]))
    assert np.isnan(found[-1])
    np.testing.assert_allclose(found[:-1], measure(scores), rtol=1e-9)


@every_measure
def test_nobody_gives_no_figures(measure: Measure) -> None:
    assert measure(np.empty((0, 8))).shape == (0,)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("longstring", [1, 1, NAN]),
        ("average_string", [1, 1, NAN]),
        ("response_variability", [NAN, NAN, NAN]),
        ("mahalanobis_squared", [0.5, 0.5, NAN]),
        ("even_odd", [NAN, NAN, NAN]),
        ("psychometric_synonyms", [NAN, NAN, NAN]),
    ],
)
def test_one_item_tells_little(name: str, figure: list[float]) -> None:
    found = MEASURES[name](np.array([[2.0], [4.0], [NAN]]))
    np.testing.assert_allclose(found, figure)


@every_measure
def test_one_respondent_is_compared_with_nobody(measure: Measure) -> None:
    found = measure(np.array([[1.0, 2.0, 2.0, 5.0, 3.0, 3.0, 1.0, 4.0]]))
    assert found.shape == (1,)


@every_measure
@pytest.mark.parametrize("scores", [[1.0, 2.0], np.empty((3, 0)), [[1.0, math.inf]]])
def test_what_is_no_table_of_answers_is_refused(measure: Measure, scores: Floats) -> None:
    with pytest.raises(ValueError, match="give"):
        measure(np.asarray(scores))


def test_each_item_needs_its_scale() -> None:
    with pytest.raises(ValueError, match="give the scale of each of the 3 items"):
        even_odd([[1, 2, 3]], scales=["A", "A"])


@pytest.mark.parametrize("least", [0.0, 1.0, -0.5, NAN])
def test_the_correlation_of_synonyms_lies_between_0_and_1(least: float) -> None:
    with pytest.raises(ValueError, match="give a number above 0 and below 1"):
        psychometric_synonyms([[1, 2]], least=least)
