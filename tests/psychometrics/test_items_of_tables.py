"""Differential item functioning from tables alone: the same as from the answers they were counted from."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.psychometrics.items import mantel_haenszel_dif, mantel_haenszel_dif_of_tables


@settings(max_examples=40)
@given(st.integers(0, 9999), st.integers(2, 5))
def test_tables_at_every_total_give_what_the_answers_give(seed: int, options: int) -> None:
    rng = np.random.default_rng(seed)
    scores, focal = rng.integers(0, options, (200, 4)), rng.random(200) < 0.4
    totals, strata = np.unique(scores.sum(axis=1), return_inverse=True)
    counts = np.zeros((4, totals.size, 2, options))
    for item in range(4):
        np.add.at(counts[item], (strata, focal.astype(int), scores[:, item]), 1)

    of_tables = mantel_haenszel_dif_of_tables(counts, np.arange(options))
    of_answers = mantel_haenszel_dif(scores, focal)

    for field in fields(of_answers):
        one, other = getattr(of_tables, field.name), getattr(of_answers, field.name)
        assert (
            (one == other).all()
            if field.name == "category"
            else np.allclose(one, other, equal_nan=True)
        )


def test_an_answer_nobody_gave_changes_nothing() -> None:
    counts = np.array([[[[30.0, 70], [60, 40]], [[10, 90], [30, 70]]]])
    wider = np.insert(counts, 1, 0, axis=3)

    found = mantel_haenszel_dif_of_tables(wider, [1, 2, 3])

    assert found.delta == mantel_haenszel_dif_of_tables(counts, [1, 3]).delta
    assert found.category.tolist() == ["C"]


@pytest.mark.parametrize(
    "counts", [[[[1, 2]]], [[[[1, 2], [1, 2], [1, 2]]]], [[[[1, 2], [1, -2]]]]]
)
def test_what_is_no_table_of_two_groups_is_refused(counts: object) -> None:
    with pytest.raises(ValueError, match="items x strata x 2 groups x 2 answers"):
        mantel_haenszel_dif_of_tables(counts, [0, 1])  # type: ignore[arg-type]  # that is the test
