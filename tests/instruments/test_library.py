"""What every shipped instrument keeps, so that raters can answer it without guessing."""

import re
from itertools import chain

import pytest

from instruments.queries import shipped, shipped_instrument
from instruments.questionnaires import Instrument, Item
from surveys.models import GROUPS

INSTRUMENTS = [pytest.param(instrument, id=instrument.key) for instrument in shipped()]
ITEMS = [pytest.param(item, id=item.key) for instrument in shipped() for item in instrument.items]
JOINING = re.compile(r"\b(and|or|as well as|both|either)\b|/|;", re.IGNORECASE)
NEGATIVE = re.compile(r"\b(not|never|always|without|no|none|nobody|nothing)\b|n't", re.IGNORECASE)
PRONOUNS = re.compile(r"\b(me|my|i|he|she|his|her|him|hers|you|your|we|us|our)\b", re.IGNORECASE)


def verb_and_verb_of_self(item: Item) -> tuple[str, str]:
    return item.text.split()[0].lower(), item.self_text.split()[1].lower()


def syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word.lower().removesuffix("es").removesuffix("e"))
    return max(1, len(groups))


def grade(texts: list[str]) -> float:
    """The school year that can read them (Flesch & Kincaid, 1975); each text is one sentence."""
    words = list(chain.from_iterable(re.findall(r"[A-Za-z'-]+", text) for text in texts))
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * len(words) / len(texts) + 11.8 * per_word - 15.59


def test_managers_are_asked_about_eight_competencies_by_forty_items() -> None:
    instrument = shipped_instrument("manager_coaching_effectiveness")

    assert [len(competency.items) for competency in instrument.competencies] == [5] * 8
    assert len(instrument.questions) == 3


def test_executives_are_asked_about_six_competencies_by_thirty_items() -> None:
    instrument = shipped_instrument("executive_coaching_effectiveness")

    assert [len(competency.items) for competency in instrument.competencies] == [5] * 6
    assert len(instrument.questions) == 3
    assert set(instrument.audience) == {
        "self",
        "supervisor",
        "past_supervisor",
        "direct_report",
        "past_direct_report",
    }


def test_managers_are_asked_whether_people_matter_beyond_their_work() -> None:
    items = {item.key: item for item in shipped_instrument("manager_coaching_effectiveness").items}

    assert "human beings" in items["cares_as_person"].text


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_competency_names_its_source(instrument: Instrument) -> None:
    named = {source.partition(":")[0].lower() for source in instrument.sources}
    several = {"accountability": "expectations", "results_and_values": "results and values"}
    wanted = [several.get(each.key, each.title.lower()) for each in instrument.competencies]
    wanted = ["consistency" if title.startswith("consistency") else title for title in wanted]

    assert set(wanted) <= named


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_no_text_is_used_twice(instrument: Instrument) -> None:
    texts = [text for item in instrument.items for text in (item.text, item.self_text)]

    assert len({text.lower() for text in texts}) == len(texts)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_reverse_items_are_few_and_spread(instrument: Instrument) -> None:
    per_competency = [sum(item.reverse for item in each.items) for each in instrument.competencies]

    assert 3 <= sum(per_competency) <= 5
    assert max(per_competency) == 1


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_the_items_can_be_read_after_eight_years_of_school(instrument: Instrument) -> None:
    assert grade([item.text for item in instrument.items]) <= 8
    assert grade([item.self_text for item in instrument.items]) <= 8


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_the_audience_is_made_of_rater_groups(instrument: Instrument) -> None:
    assert set(instrument.audience) <= set(GROUPS)


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_is_a_short_sentence(item: Item) -> None:
    for text in (item.text, item.self_text):
        assert 3 <= len(text.split()) <= 16
        assert text.endswith(".")
        assert text.count(".") == 1


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_begins_with_the_verb_that_the_leader_reads_after_i(item: Item) -> None:
    verb, verb_of_self = verb_and_verb_of_self(item)

    assert item.self_text.startswith("I ")
    assert verb in {f"{verb_of_self}s", f"{verb_of_self}es", f"{verb_of_self.rstrip('y')}ies"}


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_asks_for_one_thing(item: Item) -> None:
    assert not JOINING.search(item.text)
    assert not JOINING.search(item.self_text)


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_holds_no_negation_and_leaves_how_often_to_the_scale(item: Item) -> None:
    assert not NEGATIVE.search(item.text)


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_reads_the_same_to_every_rater(item: Item) -> None:
    assert not PRONOUNS.search(item.text)
