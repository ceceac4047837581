from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assess.psychometrics.ratings import column, grouped, item_means, probability, table

LABELS = st.one_of(
    st.lists(st.integers(-3, 3), max_size=12).map(lambda some: np.array(some, dtype=np.int64)),
    st.lists(st.integers(-(2**60), 2**60), max_size=12).map(
        lambda some: np.array(some, dtype=np.int64)
    ),
    st.lists(st.sampled_from(["Ana", "Ida", "Kai"]), max_size=12).map(
        lambda some: np.array(some, dtype=np.str_)
    ),
)


@given(LABELS)
def test_groups_are_coded_in_order_of_first_appearance(labels: NDArray[Any]) -> None:
    found = grouped(labels, labels.size)
    assert found.labels.tolist() == list(dict.fromkeys(labels.tolist()))
    assert found.labels[found.codes].tolist() == labels.tolist()


def test_sums_and_means_of_groups() -> None:
    found = grouped(["Ana", "Ida", "Ana"], 3)
    assert found.sizes.tolist() == [2, 1]
    assert found.sums(np.array([1.0, 2, 4])).tolist() == [5, 2]
    assert found.means(np.array([[1.0, 0], [2, 1], [4, 3]])).tolist() == [[2.5, 1.5], [2, 1]]


def test_a_group_left_without_ratings_has_no_mean_and_can_be_left_out() -> None:
    rest = grouped(["Ana", "Ida", "Kai"], 3).only(np.array([True, False, True]))
    assert rest.sizes.tolist() == [1, 0, 1]
    assert np.isnan(rest.means(np.array([1.0, 2]))[1])
    assert rest.inhabited().labels.tolist() == ["Ana", "Kai"]
    assert rest.inhabited().codes.tolist() == [0, 1]


def test_every_rating_has_one_group() -> None:
    with pytest.raises(ValueError, match="one group for each of the 3 ratings"):
        grouped([1, 2], 3)
    with pytest.raises(ValueError, match="name its group"):
        grouped([1.0, np.nan], 2)


def test_shapes_and_infinite_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="in one dimension"):
        column([[1, 2]])
    with pytest.raises(ValueError, match="in two dimensions"):
        table([1, 2])
    with pytest.raises(ValueError, match="at least 2 items, there are 1"):
        table([[1], [2]], least_items=2)
    with pytest.raises(ValueError, match="NaN for not answered"):
        column([1, np.inf])


@pytest.mark.parametrize("value", [0.0, 1.0, -0.5, float("nan")])
def test_a_probability_lies_between_0_and_1(value: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        probability(value, "confidence")


def test_two_thirds_of_the_items_stand_for_the_scale() -> None:
    scores = np.array([[4, 5, np.nan], [4, np.nan, np.nan], [np.nan] * 3, [1, 2, 3]])
    assert np.array_equal(item_means(scores), [4.5, np.nan, np.nan, 2.0], equal_nan=True)


def test_what_has_been_grouped_is_taken_as_it_is() -> None:
    found = grouped(["Ana", "Ida", "Ana"], 3)
    assert grouped(found, 3) is found
    with pytest.raises(ValueError, match="one group for each of the 2 ratings"):
        grouped(found, 2)


@pytest.mark.parametrize("answer", [np.inf, -np.inf, 1e101, -1e101])
def test_an_answer_too_large_to_be_squared_is_refused(answer: float) -> None:
    with pytest.raises(ValueError, match="infinite"):
        column([1.0, answer, np.nan])
