"""Comments are shown among enough others, in an order that tells nothing, and without hidden marks."""

import hashlib
import random
import sys
import unicodedata
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assess.publication.comments import plain_text, publishable
from assess.publication.plans import Leaf

PEERS = Leaf("peer", ("peer",), 12, named=False)
REPORTS = Leaf("direct_report", ("direct_report",), 12, named=False)
CLIENTS = Leaf("client", ("client",), 12, named=False)
CHIEF = Leaf("supervisor", ("supervisor",), 1, named=True)


def written(count: int, by: str = "") -> list[str]:
    return [f"{by} {number}" for number in range(count)]


def labels(comments: dict[Leaf, list[str]]) -> Counter[str]:
    return Counter(label for label, _ in publishable(comments))


def test_comments_of_all_anonymous_leaves_are_one_pool() -> None:
    assert labels({PEERS: written(3), REPORTS: written(2)}) == {"": 5}


def test_fewer_than_five_writers_are_not_shown() -> None:
    assert labels({PEERS: written(2), REPORTS: written(2)}) == {}


def test_named_raters_stand_under_their_name_always() -> None:
    assert publishable({CHIEF: ["Ask more."], PEERS: written(4)}) == [("supervisor", "Ask more.")]


def test_named_raters_do_not_help_to_fill_the_pool() -> None:
    assert labels({CHIEF: ["x"], PEERS: written(4)}) == {"supervisor": 1}


def test_a_group_is_told_from_eight_writers_on() -> None:
    assert labels({PEERS: written(8)}) == {"peer": 8}
    assert labels({PEERS: written(7)}) == {"": 7}
    assert labels({PEERS: written(8), REPORTS: written(9)}) == {"peer": 8, "direct_report": 9}


def test_the_rest_is_at_least_five_or_nobody_is_told_apart() -> None:
    assert labels({PEERS: written(8), REPORTS: written(4)}) == {"": 12}
    assert labels({PEERS: written(9), REPORTS: written(2), CLIENTS: written(2)}) == {"": 13}
    assert labels({PEERS: written(9), REPORTS: written(3), CLIENTS: written(2)}) == {
        "peer": 9,
        "": 5,
    }


def test_a_single_group_left_over_is_as_good_as_named() -> None:
    assert labels({PEERS: written(8), REPORTS: written(7)}) == {"": 15}
    assert labels({PEERS: written(8), REPORTS: written(7), CLIENTS: []}) == {"": 15}


def test_who_wrote_nothing_one_can_see_has_not_written() -> None:
    assert labels({PEERS: [*written(4), " \u200b\n"]}) == {}


def test_two_who_wrote_the_same_are_two() -> None:
    assert publishable({PEERS: ["Good."] * 5}) == [("", "Good.")] * 5


def test_what_cannot_be_seen_is_taken_away() -> None:
    hidden = "".join(map(chr, (0x200B, 0x202E, 0xFEFF, 0x3164, 0xFE0F, 0xE0101, 0x1B, 0xE000)))
    assert plain_text(f"a{hidden}b") == "ab"


def test_of_all_there_is_in_unicode_nothing_unseen_is_kept() -> None:
    """A character that is drawn as nothing, or a blank that is not the usual one, could mark a text."""
    unseen = {"Cc", "Cf", "Zl", "Zp", "Zs"}
    every = map(chr, range(sys.maxunicode + 1))
    suspects = [character for character in every if unicodedata.category(character) in unseen]
    never_drawn = "\ud800\ue000\u0378\U0010ffff\u2800\u3164\u034f\U0001d159"

    kept = {c for c in (*suspects, *never_drawn) if len(plain_text(f"a{c}b")) > 2}
    kept -= {c for c in kept if plain_text(f"a{c}b") in {"a b", "a\nb"}}

    assert len(suspects) > 200
    assert kept == {"\u1680"}  # a line in Ogham, and no blank


def test_paragraphs_stay_and_blanks_are_single() -> None:
    assert plain_text(" One  two\tthree \r\n\r\n\r\n\r\n four\u2028five ") == (
        "One two three\n\nfour\nfive"
    )


@given(st.lists(st.text(), max_size=12), st.lists(st.text(), max_size=12), st.randoms())
def test_the_order_of_arrival_changes_nothing(
    peers: list[str], reports: list[str], chance: random.Random
) -> None:
    before = publishable({PEERS: peers, REPORTS: reports})
    after = publishable(
        {
            REPORTS: chance.sample(reports, len(reports)),
            PEERS: chance.sample(peers, len(peers)),
        }
    )
    assert before == after


def test_the_order_is_that_of_a_digest() -> None:
    """Neither that of writing, nor of the alphabet, nor of length, which are all somebody's."""
    texts = [
        "Asks first.",
        "Be bolder.",
        "Cares.",
        "Decides late, and then alone.",
        "Explains why.",
    ]

    order = [text for _, text in publishable({PEERS: texts})]

    assert order == sorted(texts, key=lambda text: hashlib.blake2b(text.encode()).digest())
    assert order not in (texts, texts[::-1], sorted(texts, key=len))


@given(st.lists(st.text(min_size=1, alphabet="abc"), max_size=14), st.integers(0, 7))
def test_within_the_pool_nobody_can_tell_who_is_from_which_group(
    texts: list[str], peers: int
) -> None:
    """Where no group is named, the page is the same whoever of the pool has written what."""
    split = {PEERS: texts[:peers], REPORTS: texts[peers : peers + 7]}
    mixed = {PEERS: split[REPORTS], REPORTS: split[PEERS]}

    assert publishable(split) == publishable(mixed)


@given(st.text())
def test_plain_text_is_visible_and_stays_as_it_is(text: str) -> None:
    plain = plain_text(text)
    assert plain_text(plain) == plain
    assert not {unicodedata.category(c) for c in plain if c != "\n"} & {"Cc", "Cf", "Cs"}


COMMENTS = st.lists(st.text(min_size=1, alphabet="abc"), max_size=12)


@given(st.fixed_dictionaries({PEERS: COMMENTS, REPORTS: COMMENTS, CLIENTS: COMMENTS}))
def test_every_part_that_is_told_apart_is_large_enough(comments: dict[Leaf, list[str]]) -> None:
    told = labels(comments)
    rest = told.pop("", 0)
    assert rest == 0 or rest >= 5
    assert all(count >= 8 for count in told.values())


@given(st.fixed_dictionaries({CHIEF: COMMENTS, PEERS: COMMENTS, REPORTS: COMMENTS}))
def test_all_is_printed_word_for_word_or_the_whole_pool_is_kept_back(
    comments: dict[Leaf, list[str]],
) -> None:
    anonymous = [*comments[PEERS], *comments[REPORTS]]
    printed = publishable(comments)
    expected = Counter(anonymous if len(anonymous) >= 5 else [])

    assert Counter(text for label, text in printed if label != "supervisor") == expected
    assert [t for label, t in printed if label == "supervisor"] == sorted(
        comments[CHIEF], key=lambda text: hashlib.blake2b(text.encode()).digest()
    )
