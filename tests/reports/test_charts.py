"""Charts show published figures and nothing else, to every eye and to none."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.charts import ABSENT, MARKS, PAD, ROW, Axis, Figure, absent, interval, mark, strip
from surveys.models import GROUPS

SCALE = Axis(1, 5)
PEERS = Figure("peer", "3.5 to 4.1", 3.8, 3.5, 4.1)


def numbers(svg: str) -> list[str]:
    drawn = re.sub(r"<title>.*?</title>", "", svg)
    return re.findall(r'(?<=[ "MHVLhvl])-?\d+(?:\.\d+)?', drawn)


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_no_letter_stands_in_a_chart() -> None:
    assert "<text" not in interval(PEERS, SCALE) + strip([("peer", "3.8")], SCALE)


def test_the_title_says_what_is_not_printed_beside() -> None:
    assert "<title>3.5 to 4.1</title>" in interval(PEERS, SCALE)


def test_what_is_printed_beside_is_only_for_the_eye() -> None:
    drawn = (
        interval(Figure("peer", "", 3.8), SCALE),
        strip([("peer", "3.8")], SCALE),
        mark("peer"),
    )

    assert all("aria-hidden" in svg and "<title>" not in svg for svg in drawn)


def test_a_dash_says_why_nothing_stands_there() -> None:
    assert "<title>too few answers</title>" in absent("too few answers")


def test_words_from_outside_stay_words() -> None:
    assert "<script" not in interval(Figure("peer", "<script>", 3.0), SCALE)


@given(st.floats(1, 5), st.floats(0, 2))
def test_marks_and_lines_stay_inside_the_scale(score: float, half: float) -> None:
    svg = interval(Figure("peer", "", score, score - half, score + half), SCALE)

    places = re.findall(r'd="M(-?\d+) \d+H(-?\d+)"', svg)
    assert all(PAD <= int(x) <= ROW.width - PAD for line in places for x in line)


@given(st.floats(1, 5))
def test_a_place_tells_no_more_than_two_decimals(score: float) -> None:
    assert interval(Figure("peer", "", score), SCALE) == interval(
        Figure("peer", "", round(score, 2)), SCALE
    )


def test_a_score_stands_where_the_scale_has_it() -> None:
    middle = (PAD + ROW.width - PAD) // 2

    assert f'd="M{middle} ' in interval(Figure("self", "", 3.0), SCALE)


def test_what_is_not_given_is_drawn_as_absent() -> None:
    svg = interval(Figure("peer", "Peers: too few answered", None), SCALE)

    assert "stroke-dasharray" in svg
    assert MARKS["peer"].colour not in svg


@pytest.mark.parametrize(("symbol", "ends"), [("4.5+", (332, 376)), ("1.5-", (24, 68))])
def test_a_band_is_drawn_as_a_band(symbol: str, ends: tuple[int, int]) -> None:
    svg = strip([("peer", symbol)], SCALE)

    left, width = re.search(r'<rect x="(\d+)" y="\d+" width="(\d+)"', svg).groups()  # type: ignore[union-attr]  # fails the test
    assert (int(left), int(left) + int(width)) == ends
    assert svg.count("<path") == 1  # the guides alone


def test_two_groups_never_look_the_same_in_grey() -> None:
    shapes = {leaf: re.sub(r"#[0-9a-f]{6}", "", mark(leaf)) for leaf in MARKS}
    opened = {leaf: MARKS[leaf].is_open for leaf in MARKS}

    assert all(
        shapes[one] != shapes[other] or opened[one] != opened[other]
        for one, other in combinations(MARKS, 2)
    )


@pytest.mark.parametrize("ground", ["#ffffff", "#fbfaf7"], ids=["white", "paper"])
def test_every_colour_stands_out_from_its_ground(ground: str) -> None:
    light = luminance(ground) + 0.05

    assert all(light / (luminance(look.colour) + 0.05) >= 4.5 for look in MARKS.values())
    assert light / (luminance(ABSENT) + 0.05) >= 3


@pytest.mark.parametrize("leaf", [*GROUPS, "pooled"])
def test_every_leaf_has_a_mark(leaf: str) -> None:
    assert "<path" in mark(leaf)


def test_coordinates_are_whole_numbers() -> None:
    for svg in (interval(PEERS, SCALE), strip([("peer", "3.8"), ("self", "5")], SCALE)):
        assert {n for n in numbers(svg) if "." in n} <= {"0.55", "1.5"}  # opacity, guides' width
