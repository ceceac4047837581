import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha

Floats = NDArray[np.float64]
NAN = math.nan

WEIGHTS = st.sampled_from([None, "linear", "quadratic"])
PAIRS = st.integers(0, 12).flatmap(
    lambda n: npst.arrays(np.float64, (2, n), elements=st.sampled_from([1, 2, 3.5, 7, NAN]))
)
TABLES = st.tuples(st.integers(0, 8), st.integers(1, 5)).flatmap(
    lambda shape: npst.arrays(np.float64, shape, elements=st.sampled_from([1, 2, 3]))
)
WORDS = np.array(["", "never", "sometimes", "always"])


def disagreement(one: float, other: float, weights: str | None) -> float:
    return {None: float(one != other), "linear": abs(one - other)}.get(weights, (one - other) ** 2)


def naive_cohen(pairs: Floats, weights: str | None) -> float:
    both = pairs[:, ~np.isnan(pairs).any(axis=0)]
    if len(set(both.ravel())) < 2:
        return NAN
    observed = np.mean([disagreement(one, other, weights) for one, other in both.T])
    chance = np.mean([disagreement(one, other, weights) for one in both[0] for other in both[1]])
    return float(1 - observed / chance)


def naive_fleiss(ratings: Floats) -> float:
    subjects, raters = ratings.shape
    categories = np.unique(ratings)
    if raters < 2 or categories.size < 2:
        return NAN
    counts = (ratings[:, :, np.newaxis] == categories).sum(axis=1)
    same = (counts * (counts - 1)).sum() / (subjects * raters * (raters - 1))
    chance = ((counts.sum(axis=0) / ratings.size) ** 2).sum()
    return float((same - chance) / (1 - chance))


@given(PAIRS, WEIGHTS)
def test_cohens_kappa_is_what_comparing_all_pairs_says(pairs: Floats, weights: str | None) -> None:
    found = cohen_kappa(*pairs, weights=weights)
    assert found == pytest.approx(naive_cohen(pairs, weights), nan_ok=True)


@given(PAIRS, WEIGHTS)
def test_cohens_kappa_is_at_most_1_and_takes_either_rater_first(
    pairs: Floats, weights: str | None
) -> None:
    found = cohen_kappa(*pairs, weights=weights)
    assert not found > 1 + 1e-12
    assert cohen_kappa(*pairs[::-1], weights=weights) == pytest.approx(found, nan_ok=True)


@given(TABLES)
def test_fleiss_kappa_is_what_the_formula_says(ratings: Floats) -> None:
    assert fleiss_kappa(ratings) == pytest.approx(naive_fleiss(ratings), nan_ok=True)


@given(TABLES)
def test_fleiss_kappa_is_nominal_alpha_but_for_the_size_of_the_sample(ratings: Floats) -> None:
    found, alpha = fleiss_kappa(ratings), krippendorff_alpha(ratings, level="nominal")
    expected = found + (1 - found) / max(ratings.size, 1)
    assert alpha == pytest.approx(expected, nan_ok=True)


@given(TABLES)
def test_the_names_of_categories_do_not_matter(ratings: Floats) -> None:
    words = WORDS[ratings.astype(int)]
    assert fleiss_kappa(words) == pytest.approx(fleiss_kappa(ratings), nan_ok=True)
    found = cohen_kappa(words[:, 0], words[:, -1])
    assert found == pytest.approx(cohen_kappa(ratings[:, 0], ratings[:, -1]), nan_ok=True)


def test_raters_who_agree_beyond_chance_have_a_kappa_above_0() -> None:
    same = ["a", "b", "c"]
    assert cohen_kappa(same, same) == fleiss_kappa(np.column_stack([same, same, same])) == 1
    assert cohen_kappa([1, 1, 2, 2], [1, 2, 1, 2]) == 0
    assert cohen_kappa([1, 2], [2, 1]) == fleiss_kappa([[1, 2], [2, 1]]) == -1


def test_weights_tell_near_from_far() -> None:
    first, near, far = [1, 2, 3, 1], [1, 2, 3, 2], [1, 2, 3, 3]
    for weights in ("linear", "quadratic"):
        assert cohen_kappa(first, near, weights=weights) > cohen_kappa(first, far, weights=weights)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param([1, 1], [1, 1], id="one category"),
        pytest.param([1, NAN], [NAN, 2], id="none by both"),
        pytest.param([], [], id="no subject"),
    ],
)
def test_raters_who_cannot_differ_have_no_kappa(first: ArrayLike, second: ArrayLike) -> None:
    for weights in (None, "linear", "quadratic"):
        assert math.isnan(cohen_kappa(first, second, weights=weights))


@pytest.mark.parametrize("ratings", [[["a", "a"]], [[1], [2]], np.empty((0, 2))])
def test_one_category_one_rater_or_no_subject_has_no_kappa(ratings: ArrayLike) -> None:
    assert math.isnan(fleiss_kappa(ratings))


def test_a_rater_who_never_differs_tells_nothing() -> None:
    assert cohen_kappa([1, 1, 1], [1, 2, 3], weights="linear") == 0


def test_ratings_that_are_missing_are_refused_by_fleiss() -> None:
    with pytest.raises(ValueError, match="krippendorff_alpha at level 'nominal'"):
        fleiss_kappa(np.array([[1, NAN], [1, 2]]))


def test_categories_in_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="in two dimensions"):
        fleiss_kappa(["a", "b"])
    with pytest.raises(ValueError, match=r"these have shapes \(2,\) and \(1,\)"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(ValueError, match=r"these have shapes \(1, 2\) and \(1, 2\)"):
        cohen_kappa([[1, 2]], [[1, 2]])


def test_weights_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="give None, 'linear' or 'quadratic'"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")
    with pytest.raises(ValueError, match="weights need distances"):
        cohen_kappa(["a", "b"], ["a", "b"], weights="linear")


def test_text_and_numbers_are_not_compared() -> None:
    with pytest.raises(ValueError, match="give one kind of categories"):
        cohen_kappa(["a", "b"], [1, 2])
