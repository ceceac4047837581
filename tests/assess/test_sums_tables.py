"""Tables of how items are answered grow by rounds of many, rounded, and are compared from many on."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.closing.differences import add_round
from assess.closing.voices import Voices
from assess.methodology import comparisons
from instruments.questionnaires import Instrument
from tests.assess.studied import plausible, said, together
from tests.factories import SMALL_INSTRUMENT

SMALL = Instrument.from_document(SMALL_INSTRUMENT)
ITEMS = [item.key for item in SMALL.items]


def cell(
    raters: int, *, leaders: int = 10, group: str = "peer", language: str = "en", seed: int = 1
) -> Voices:
    return said(
        plausible(leaders, raters // leaders, seed=seed),
        leaders=leaders,
        group=group,
        language=language,
    )


def counts(tables: dict[str, Any], item: str = "trust1") -> np.ndarray:
    return np.array(tables["cells"]["peer"]["en"][item]["counts"])


def test_a_round_of_eighty_raters_and_ten_leaders_joins() -> None:
    tables = add_round({}, cell(80), SMALL)

    place = tables["cells"]["peer"]["en"]
    assert list(place) == ITEMS
    assert place["trust1"]["raters"] == 78
    assert counts(tables).shape == (5, 5)
    assert (counts(tables) % 3 == 0).all()
    assert abs(counts(tables).sum() - 80) <= 12
    assert all(cut == round(cut, 1) for cut in tables["cuts"])


def test_cuts_make_fifths() -> None:
    fifths = counts(add_round({}, cell(1000), SMALL)).sum(axis=1)

    assert fifths.min() > 100
    assert fifths.max() < 350


@pytest.mark.parametrize("few", [cell(78, leaders=13), cell(90, leaders=9)])
def test_fewer_add_nothing(few: Voices) -> None:
    assert add_round({}, few, SMALL) == {}
    known = add_round({}, cell(80), SMALL)
    assert add_round(known, few, SMALL) == known


def test_the_same_people_on_many_sheets_are_not_many() -> None:
    crowd = cell(160)

    assert add_round({}, replace(crowd, raters=np.arange(160) % 79), SMALL) == {}


def test_an_item_joins_with_eighty_who_answered_it() -> None:
    voices = cell(80)
    voices.ratings[5, 0] = np.nan

    assert list(add_round({}, voices, SMALL)["cells"]["peer"]["en"]) == ITEMS[1:]


def test_who_answered_little_joins_nothing() -> None:
    voices = cell(80)
    voices.ratings[5, :3] = np.nan

    assert add_round({}, voices, SMALL) == {}


def test_rounds_add_up_on_the_cuts_of_the_first() -> None:
    first = add_round({}, cell(80), SMALL)
    second = add_round(first, cell(100, seed=2), SMALL)

    assert second["cuts"] == first["cuts"]
    assert second["cells"]["peer"]["en"]["trust1"]["raters"] == 78 + 99
    alone = add_round({"cuts": first["cuts"], "cells": {}}, cell(100, seed=2), SMALL)
    assert (counts(second) == counts(first) + counts(alone)).all()


def test_adding_changes_nothing_of_before() -> None:
    first = add_round({}, cell(80), SMALL)
    kept = counts(first).copy()

    add_round(first, cell(80, seed=3), SMALL)

    assert (counts(first) == kept).all()


def test_what_is_stored_subtracts_to_nobody_but_dozens() -> None:
    """Five clients and five who were asked in Finnish stand in no table, nor in what tables differ by."""
    big = [
        cell(100, group=group, language=language)
        for group, language in product(("peer", "direct_report"), ("en", "de"))
    ]
    small = [cell(10, group="client"), cell(10, language="fi")]

    assert add_round({}, together(*big, *small), SMALL) == add_round({}, together(*big), SMALL)


def test_all_answering_alike_is_not_told() -> None:
    """Eighty raters in one fifth, all with a 5: one of them may as well have said 4."""
    same = said(np.full((80, 6), 5.0), leaders=10)
    other = replace(same, ratings=same.ratings.copy())
    other.ratings[33, 0] = 4.0

    tables = add_round({}, same, SMALL)
    assert counts(add_round({"cuts": tables["cuts"], "cells": {}}, other, SMALL)).tolist() == (
        counts(tables).tolist()
    )


@settings(max_examples=25)
@given(st.integers(0, 79), st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_one_of_eighty_moves_each_count_by_three_at_most(sheet: int, answers: list[int]) -> None:
    before = cell(80)
    ratings = before.ratings.copy()
    ratings[sheet] = answers
    cuts = {"cuts": [3.2, 3.6, 3.9, 4.2], "cells": {}}

    one = add_round(cuts, before, SMALL)
    other = add_round(cuts, replace(before, ratings=ratings), SMALL)

    for item in ITEMS:
        assert set(np.unique(abs(counts(one, item) - counts(other, item)))) <= {0, 3}


# --- Compared


def harder(voices: Voices, by: float) -> Voices:
    """Let an item be answered lower than the others."""
    ratings = voices.ratings.copy()
    ratings[:, 0] = np.clip(ratings[:, 0] - by, 1, 5)
    return replace(voices, ratings=ratings)


def test_an_item_which_one_language_answers_lower_is_found() -> None:
    german = harder(cell(300, language="de", seed=2), 1)
    tables = add_round({}, together(cell(300), german), SMALL)

    (found,) = comparisons(tables, SMALL)

    assert (found.reference, found.focal) == (("peer", "en"), ("peer", "de"))
    assert found.items[0].category == "C"
    assert found.items[0].smd is not None
    assert found.items[0].smd < -0.5
    assert max(found.items, key=lambda item: abs(item.effect or 0)) == found.items[0]


def test_sound_items_are_seldom_suspected() -> None:
    tables = add_round({}, together(cell(300), cell(300, language="de", seed=2)), SMALL)

    (found,) = comparisons(tables, SMALL)

    assert [item.category for item in found.items].count("A") >= 5
    assert "C" not in [item.category for item in found.items]


def test_groups_are_compared_within_a_language_and_languages_within_a_group() -> None:
    cells = [
        cell(300, group=group, language=language, seed=seed)
        for seed, (group, language) in enumerate(
            product(("direct_report", "peer"), ("de", "en")), start=1
        )
    ]

    found = [
        (row.reference, row.focal)
        for row in comparisons(add_round({}, together(*cells), SMALL), SMALL)
    ]

    assert found == [
        (("peer", "en"), ("peer", "de")),
        (("peer", "en"), ("direct_report", "en")),
        (("peer", "de"), ("direct_report", "de")),
        (("direct_report", "en"), ("direct_report", "de")),
    ]


def test_two_hundred_on_either_side_are_needed() -> None:
    once = add_round({}, together(cell(300), cell(100, language="de", seed=2)), SMALL)
    assert list(comparisons(once, SMALL)) == []

    twice = add_round(once, cell(100, language="de", seed=3), SMALL)
    assert list(comparisons(twice, SMALL)) == []

    (found,) = comparisons(add_round(twice, cell(100, language="de", seed=4), SMALL), SMALL)
    assert {(item.reference_raters, item.focal_raters) for item in found.items} == {(300, 297)}


def test_where_nothing_was_added_nothing_is_compared() -> None:
    assert list(comparisons({}, SMALL)) == []
