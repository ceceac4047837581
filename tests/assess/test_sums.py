"""What close keeps for a methodologist: coarse, and only with enough people behind each figure."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.closing.figures import variance
from assess.closing.sums import careless, components, histograms, structure
from assess.closing.voices import Voices, threes
from instruments.questionnaires import Instrument
from tests.assess.studied import plausible, said, together
from tests.factories import SMALL_INSTRUMENT

SMALL = Instrument.from_document(SMALL_INSTRUMENT)


def longer(instrument: Instrument, items: int) -> Instrument:
    """Return the same questionnaire with so many items in each competency."""
    competencies = [
        competency
        | {
            "items": [
                {"key": f"{competency['key']}{n}", "text": f"{n}.", "self_text": f"I {n}."}
                for n in range(items)
            ]
        }
        for competency in instrument.document()["competencies"]
    ]
    return Instrument.from_document(instrument.document() | {"competencies": competencies})


LONG = longer(SMALL, 6)
SHORT = Instrument.from_document(
    SMALL.document() | {"competencies": SMALL.document()["competencies"][:1]}
)


def peers(leaders: int, raters: int, *, items: int = 6) -> Voices:
    return said(plausible(leaders, raters, items=items), leaders=leaders)


def without(voices: Voices, sheet: int) -> Voices:
    return voices.only(np.arange(len(voices.raters)) != sheet)


# --- Components


def test_ten_leaders_and_eighty_raters_are_enough_for_components() -> None:
    found = components(peers(10, 8), SMALL)

    assert set(found["peer"]) == {"trust", "listening"}
    figures = found["peer"]["trust"]
    assert (figures["raters"], figures["items"]) == (80, 3)
    assert figures["target"] > 0
    assert figures["residual"] > 0


def test_seventy_nine_raters_are_not_enough() -> None:
    assert components(without(peers(10, 8), 0), SMALL) == {}


def test_nine_leaders_are_not_enough() -> None:
    assert components(peers(9, 30), SMALL) == {}


def test_people_are_counted_and_not_sheets() -> None:
    """Sixteen people who rate ten leaders each fill 160 sheets; they are still sixteen people."""
    crowd = peers(10, 16)
    few = replace(crowd, raters=np.arange(160) % 16)

    assert components(few, SMALL) == {}
    assert structure(few) == []
    assert histograms(few, SMALL) == []
    assert careless(said(plausible(10, 16, items=12), leaders=10), LONG) is not None
    assert (
        careless(replace(said(plausible(10, 16, items=12), leaders=10), raters=few.raters), LONG)
        is None
    )


def test_a_leader_with_one_rater_stands_behind_no_component() -> None:
    """Eighty raters, but ten of them alone with their leader."""
    voices = peers(10, 8)
    alone = replace(
        voices, leaders=np.where(np.arange(80) < 10, 100 + np.arange(80), voices.leaders)
    )

    assert components(alone, SMALL) == {}


def test_an_item_which_few_answered_enters_no_component() -> None:
    ratings = plausible(10, 8)
    ratings[0, 2] = np.nan
    many = together(said(ratings, leaders=10), said(plausible(10, 8, seed=2)[:, :], leaders=10))
    few = said(ratings, leaders=10)

    assert components(many, SMALL)["peer"]["trust"]["items"] == 3
    assert components(few, SMALL)["peer"]["trust"]["items"] == 2


def test_everybody_saying_the_same_withholds_nothing() -> None:
    same = said(np.full((200, 6), 4.0), leaders=10)

    figures = components(same, SMALL)["peer"]["trust"]
    assert [figures[name] for name in ("target", "rater", "residual")] == [0.0, 0.0, 0.0]
    (cell,) = histograms(same, SMALL)
    assert cell["items"]["trust1"] == [0, 0, 0, 198, 0]
    (spread,) = structure(same)
    assert spread["sds"] == [0.1] * 6
    assert spread["correlations"][0][1] is None


def test_one_who_differs_by_a_point_among_eighty_shows_in_no_component() -> None:
    """Were the exact 0 told, everybody's answers would be: all are the same."""
    ratings = np.full((80, 6), 5.0)
    unanimous = components(said(ratings, leaders=10), SMALL)
    ratings[17, 1] = 4.0

    assert components(said(ratings, leaders=10), SMALL) == unanimous


@pytest.mark.parametrize(
    ("value", "raters", "kept"),
    [
        (0.4567, 80, 0.45),
        (0.4567, 399, 0.45),
        (0.4567, 400, 0.46),
        (0.0249, 80, 0.0),
        (1.234, 80, 1.2),
        (1.234, 400, 1.2),
        (np.nan, 80, None),
    ],
)
def test_a_variance_is_told_in_steps(value: float, raters: int, kept: float | None) -> None:
    assert variance(value, raters=raters) == kept


@pytest.mark.parametrize("seed", range(3))
def test_whoever_knows_seventy_nine_of_eighty_is_not_sure_of_the_last(seed: int) -> None:
    """They try all 125 sheets on three items: several give the components that were told."""
    ratings = plausible(10, 8, seed=seed)[:, :3]

    def told(sheet: tuple[int, ...]) -> object:
        tried = ratings.copy()
        tried[0] = sheet
        return components(said(tried, leaders=10), SHORT)

    truth = told(tuple(ratings[0]))
    possible = [sheet for sheet in product(range(1, 6), repeat=3) if told(sheet) == truth]

    assert len({sheet[0] for sheet in possible}) >= 2


# --- Items by group and language


def test_two_hundred_raters_in_one_language_are_enough_for_items() -> None:
    enough = peers(20, 10)

    (spread,) = structure(enough)
    assert (spread["group"], spread["language"], spread["raters"]) == ("peer", "en", 200)
    assert all(sd == round(sd, 2) >= 0.1 for sd in spread["sds"])
    assert spread["correlations"][0][1] == spread["correlations"][1][0]
    assert spread["correlations"][2][2] == 1.0
    assert len(histograms(enough, SMALL)) == 1


def test_a_hundred_and_ninety_nine_are_not() -> None:
    few = without(peers(20, 10), 7)

    assert structure(few) == []
    assert histograms(few, SMALL) == []


def test_languages_do_not_add_up() -> None:
    two = together(
        said(plausible(20, 10), leaders=20), said(plausible(20, 9), leaders=20, language="de")
    )

    assert [(row["group"], row["language"]) for row in structure(two)] == [("peer", "en")]
    assert [row["language"] for row in histograms(two, SMALL)] == ["en"]


def test_a_correlation_rests_on_two_hundred_who_answered_both() -> None:
    ratings = plausible(21, 10)
    ratings[:6, 0], ratings[6:12, 1] = np.nan, np.nan

    (spread,) = structure(said(ratings, leaders=21))

    assert spread["correlations"][0][1] is None
    assert None not in [spread["correlations"][0][2], spread["correlations"][1][2]]
    assert None not in spread["sds"]


def test_a_correlation_rests_on_leaders_with_two_who_answered_both() -> None:
    """250 raters, 150 of them the only one of their leader."""
    voices = said(plausible(25, 10), leaders=25)
    alone = replace(
        voices, leaders=np.where(np.arange(250) < 150, np.arange(250) + 50, voices.leaders)
    )

    (spread,) = structure(alone)

    assert set(spread["sds"]) == {None}
    assert {value for row in spread["correlations"] for value in row} == {None}


def test_a_histogram_rests_on_those_who_answered_the_item() -> None:
    ratings = plausible(20, 10)
    ratings[0, 3] = np.nan

    (cell,) = histograms(said(ratings, leaders=20), SMALL)

    assert set(cell["items"]) == {item.key for item in SMALL.items} - {"listening1"}


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=7))
def test_counts_are_rounded_to_threes(counts: list[int]) -> None:
    rounded = threes(np.array(counts))

    assert (rounded % 3 == 0).all()
    assert (abs(rounded - counts) <= 1 + 2 * (np.array(counts) > sum(counts) - 2)).all()


@pytest.mark.parametrize("raters", range(3, 100))
def test_that_all_answer_alike_is_told_of_no_number_of_raters(raters: int) -> None:
    """Whoever knows how many answered still finds that one or two of them may have answered otherwise."""
    all_alike, one_other = threes([0, 0, raters]), threes([0, 1, raters - 1])

    assert all_alike.tolist() == one_other.tolist()


# --- Careless sheets


def test_sheets_with_one_answer_throughout_are_counted_in_threes() -> None:
    ratings = plausible(12, 8, items=12)
    ratings[::2] = np.tile([3.0, 4.0], 6)
    ratings[:10] = 1.0

    found = careless(said(ratings, leaders=12), LONG)

    assert found is not None
    assert (found["sheets"], found["flagged"]) == (90, 9)
    assert found["largest_change"] == round(found["largest_change"], 1) > 0.1


def test_reverse_keyed_items_are_looked_at_as_they_stood_on_the_page() -> None:
    items = [item | {"reverse": number % 2 == 1} for number, item in enumerate(_items(LONG))]
    turned = Instrument.from_document(
        LONG.document() | {"competencies": [LONG.document()["competencies"][0] | {"items": items}]}
    )
    ratings = np.tile([2.0, 4.0], (80, 6))  # twos throughout, every other one turned

    found = careless(said(ratings, leaders=10), turned)

    assert found is not None
    assert found["flagged"] == 78
    assert found["largest_change"] is None


def test_seventy_nine_raters_tell_nothing_of_carelessness() -> None:
    voices = said(plausible(10, 8, items=12), leaders=10)

    assert careless(voices, LONG) is not None
    assert careless(without(voices, 3), LONG) is None
    assert careless(said(plausible(9, 20, items=12), leaders=9), LONG) is None


def test_how_many_of_a_small_group_answered_cannot_be_found_by_subtracting() -> None:
    """Eighty peers and perhaps one client: what is told is the same."""
    many = said(plausible(10, 8, items=12), leaders=10)
    one = said(plausible(10, 1, items=12), leaders=10, group="client")
    client = one.only(np.arange(10) == 0)

    assert careless(together(many, client), LONG) == careless(many, LONG)


def test_six_items_alike_are_nothing_unusual() -> None:
    assert careless(peers(10, 10), SMALL) is None


def _items(instrument: Instrument) -> list[dict[str, object]]:
    return [
        {"key": item.key, "text": item.text, "self_text": item.self_text}
        for item in instrument.items
    ]


# --- What one rater can change


@settings(max_examples=25)
@given(st.integers(0, 199), st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_what_one_of_two_hundred_says_moves_no_count_by_more_than_three(
    sheet: int, answers: list[int]
) -> None:
    before = peers(20, 10)
    ratings = before.ratings.copy()
    ratings[sheet] = answers

    (one,), (other,) = (
        histograms(before, SMALL),
        histograms(replace(before, ratings=ratings), SMALL),
    )

    for item in SMALL.items:
        moved = np.array(one["items"][item.key]) - np.array(other["items"][item.key])
        assert set(abs(moved)) <= {0, 3}
        assert np.count_nonzero(moved) <= 2


@pytest.mark.parametrize("group", ["peer", "client"])
def test_a_group_is_judged_by_itself(group: str) -> None:
    parts = {name: said(plausible(10, 4), leaders=10, group=name) for name in ("peer", "client")}
    parts[group] = said(plausible(10, 8), leaders=10, group=group)

    assert set(components(together(*parts.values()), SMALL)) == {group}
