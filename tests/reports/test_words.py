"""Leaves, numbers and gaps are said as a kind and exact person would say them."""

from dataclasses import replace

import pytest

from assess.scorecards.types import LeafRow
from reports.documents.comparisons import gap_range, smallest_gap
from reports.documents.words import (
    between,
    difference,
    listed,
    number,
    points,
    printed,
    said_symbol,
    signed,
    voice,
)
from tests.reports.cards import SCALE

SUPERVISORS = LeafRow("supervisor", ("supervisor", "past_supervisor"), 2, named=True)
CLIENTS = LeafRow("client", ("client", "other"), 5, named=False)


@pytest.mark.parametrize(
    ("row", "label", "subject"),
    [
        (LeafRow("self", ("self",), 1, named=True), "You", "you"),
        (LeafRow("supervisor", ("supervisor",), 1, named=True), "Supervisor", "your supervisor"),
        (LeafRow("peer", ("peer",), 6, named=False), "Peers", "your peers"),
        (
            SUPERVISORS,
            "Supervisors, present and past",
            "your present and past supervisors",
        ),
        (CLIENTS, "Clients and others", "your clients and the others"),
        (
            LeafRow("pooled", ("direct_report", "past_direct_report"), 5, named=False),
            "Direct reports, present and past",
            "your present and past direct reports",
        ),
        (
            LeafRow("pooled", ("past_supervisor", "past_direct_report"), 4, named=False),
            "Past supervisors and past direct reports",
            "your past supervisors and your past direct reports",
        ),
        (LeafRow("pooled", ("board",), 4, named=False), "Board", "your board members"),
    ],
    ids=lambda value: value.leaf if isinstance(value, LeafRow) else "",
)
def test_a_leaf_has_a_name_and_a_voice(row: LeafRow, label: str, subject: str) -> None:
    assert (voice(row).label, voice(row).subject) == (label, subject)


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        (LeafRow("supervisor", ("supervisor",), 1, named=True), "your supervisor"),
        (LeafRow("peer", ("peer",), 6, named=False), "six peers"),
        (CLIENTS, "five clients and others"),
        (LeafRow("other", ("other",), 4, named=False), "four others"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_answered_is_counted(row: LeafRow, counted: str) -> None:
    assert voice(row).counted == counted


def test_over_a_narrow_column_a_name_is_short() -> None:
    pooled = LeafRow("pooled", ("past_supervisor", "past_direct_report"), 4, named=False)

    assert voice(pooled).short == "Small groups"


def test_one_person_sees_and_many_see() -> None:
    one = voice(LeafRow("supervisor", ("supervisor",), 1, named=True))
    many = voice(LeafRow("peer", ("peer",), 5, named=False))

    assert (one.verb("see"), many.verb("see")) == ("sees", "see")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.3, 1.5, "0.3 to 1.5 more"),
        (-1.5, -0.3, "0.3 to 1.5 less"),
        (-0.2, 0.8, "0.2 less to 0.8 more"),
        (0.01, 0.8, "0.0 to 0.8 more"),
    ],
)
def test_an_interval_of_a_gap_is_said_in_words(low: float, high: float, words: str) -> None:
    assert gap_range(low, high).replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_gap_too_small_to_print_is_the_same() -> None:
    assert difference(0.04) == "the same"


@pytest.mark.parametrize(
    ("gap", "words"), [(0.84, "+0.8"), (-0.84, "\N{MINUS SIGN}0.8"), (0.04, "0.0"), (-0.04, "0.0")]
)
def test_a_gap_is_signed(gap: float, words: str) -> None:
    assert signed(gap) == words


def test_a_range_stands_in_one_line_with_a_true_minus() -> None:
    nb = "\N{NO-BREAK SPACE}"

    assert between(-0.2, 0.8) == f"\N{MINUS SIGN}0.2{nb}to{nb}0.8"


@pytest.mark.parametrize(("high", "words"), [(5, "half a point"), (7, "0.8 of a point")])
def test_the_smallest_gap_that_matters_goes_with_the_scale(high: int, words: str) -> None:
    assert smallest_gap(replace(SCALE, high=high)) == words


def test_numbers_are_words_up_to_twelve() -> None:
    assert [number(n) for n in (1, 12, 13)] == ["one", "twelve", "13"]


def test_points_have_one_decimal_and_no_negative_nought() -> None:
    assert [points(value) for value in (None, 3.75, -0.0)] == ["\N{EN DASH}", "3.8", "0.0"]


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("4.5+", "4.5 or more"),
        ("1.5-", "1.5 or less"),
        ("-1.5-", "\N{MINUS SIGN}1.5 or less"),
        ("-0.3", "\N{MINUS SIGN}0.3"),
        ("3.8", "3.8"),
        (None, "not enough answers"),
    ],
)
def test_a_symbol_is_read_aloud(symbol: str | None, words: str) -> None:
    assert said_symbol(symbol) == words


def test_a_symbol_is_printed_with_a_true_minus() -> None:
    assert [printed(symbol) for symbol in ("4.5+", "1.5-", "-0.3")] == [
        "4.5+",
        "1.5\N{MINUS SIGN}",
        "\N{MINUS SIGN}0.3",
    ]


def test_things_are_listed_as_one_speaks() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
