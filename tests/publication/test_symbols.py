"""A symbol is a mean to one decimal, or a band where a mean would tell too much."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.plans import Withheld
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import (
    NOT_ENOUGH_ANSWERS,
    Symbol,
    agreement_band,
    named_symbol,
    reverse_keyed,
    scaled_band,
    symbol,
)

LEVELS = st.sampled_from(list(PROTECTIONS.values()))


def shown(*values: int, raters: int = 0, protection: Protection = STANDARD) -> str:
    raters = raters or len(values)
    return text(symbol(values, raters=raters, protection=protection, low=1, high=5))


def text(told: Symbol | Withheld) -> str:
    return told.text if isinstance(told, Symbol) else told.reason


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((3, 3, 3, 3), "3.0"),
        ((3, 4, 4, 4), "3.8"),
        ((4, 4, 4, 5), "4.3"),
        ((5, 5, 4, 4), "4.5+"),
        ((5, 5, 5, 5), "4.5+"),
        ((1, 2, 1, 2), "1.5-"),
        ((1, 1, 1, 1), "1.5-"),
        ((1, 2, 2, 2), "1.8"),
    ],
)
def test_means_are_rounded_half_up_and_banded_at_the_ends(
    values: tuple[int, ...], expected: str
) -> None:
    assert shown(*values) == expected


def test_a_mean_just_below_the_band_is_printed_as_it_rounds() -> None:
    assert shown(5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4) == "4.5"


def test_too_few_answers_give_no_symbol() -> None:
    assert shown(4, 4, raters=4) == "not enough answers"
    assert shown(4, 4, 4, raters=4) == "4.0"
    assert shown(4, 4, 4, 4, raters=5, protection=STRICT) == "not enough answers"


@pytest.mark.parametrize(
    ("raters", "expected"), [(5, "4.0+"), (6, "4.0+"), (7, "4.2+"), (8, "4.3+"), (10, "4.5+")]
)
def test_strict_bands_are_wider_the_fewer_raters(raters: int, expected: str) -> None:
    assert shown(*[5] * raters, protection=STRICT) == expected


def test_the_band_hangs_on_raters_not_on_answers() -> None:
    assert shown(*[5] * 5, raters=10, protection=STRICT) == "4.5+"


def test_threshold_has_no_bands() -> None:
    assert shown(5, 5, 5, protection=THRESHOLD) == "5.0"
    assert scaled_band(THRESHOLD, 3, low=1, high=5) is None


@pytest.mark.parametrize(
    ("low", "high", "top", "bottom"),
    [
        (1, 7, "6.25+", "1.75-"),
        (0, 10, "8.75+", "1.25-"),
        (1, 6, "5.375+", "1.625-"),
        (-3, 3, "2.25+", "-2.25-"),
        (-2, 2, "1.5+", "-1.5-"),
    ],
)
def test_bands_scale_with_the_width_of_the_scale(
    low: int, high: int, top: str, bottom: str
) -> None:
    ends = [
        text(symbol([end] * 4, raters=4, protection=STANDARD, low=low, high=high))
        for end in (high, low)
    ]
    assert ends == [top, bottom]


def test_bands_on_a_short_scale_are_no_narrower() -> None:
    assert text(symbol([4, 4, 3, 3], raters=4, protection=STANDARD, low=1, high=4)) == "3.5+"


def test_means_below_nought_round_half_up_too() -> None:
    for values, expected in (([-1, -1, -1, 0], "-0.7"), ([0, 0, 0, 0], "0.0")):
        told = symbol(values, raters=4, protection=STANDARD, low=-2, high=2)
        assert text(told) == expected


@pytest.mark.parametrize(("values", "raters"), [([1, 2, 3, 4], 3), ([0, 1, 2], 4), ([6, 1, 2], 4)])
def test_impossible_answers_are_refused(values: list[int], raters: int) -> None:
    with pytest.raises(ValueError, match="as many as raters at most, and within the scale"):
        symbol(values, raters=raters, protection=STANDARD, low=1, high=5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([4], "4"), ([3, 4], "3.5"), ([3, 3, 4], "3.33"), ([3, 4, 4], "3.67"), ([-1], "-1")],
)
def test_named_raters_are_shown_exactly(values: list[int], expected: str) -> None:
    assert named_symbol(values) == Symbol(expected)


def test_a_named_rater_who_did_not_answer_has_no_symbol() -> None:
    assert named_symbol([]) == NOT_ENOUGH_ANSWERS


@pytest.mark.parametrize(
    ("printed", "value"),
    [("4.5+", 4.75), ("1.5-", 1.25), ("4.0+", 4.5), ("3.8", 3.8), ("4", 4.0), ("1.0", 1.0)],
)
def test_a_band_counts_as_its_middle(printed: str, value: float) -> None:
    assert Symbol(printed).value(low=1, high=5) == value


def test_the_middle_of_a_band_below_nought() -> None:
    assert Symbol("-1.5-").value(low=-2, high=2) == -1.75


@given(st.lists(st.integers(-3, 3), min_size=5, max_size=12), LEVELS)
def test_what_is_printed_below_nought_is_read_as_it_was_meant(
    values: list[int], protection: Protection
) -> None:
    """The same answers on a scale from one to seven are told as the same, four points higher."""
    told, moved = (
        symbol(
            [value + up for value in values],
            raters=12,
            protection=protection,
            low=low,
            high=low + 6,
        )
        for up, low in ((0, -3), (4, 1))
    )
    assert isinstance(told, Symbol)
    assert isinstance(moved, Symbol)
    assert (told.kind, told.figure) == (moved.kind, moved.figure - 4)
    assert told.value(low=-3, high=3) == pytest.approx(moved.value(low=1, high=7) - 4)


ANSWERS = st.lists(st.integers(1, 5), min_size=5, max_size=5)


@given(ANSWERS, ANSWERS, LEVELS, st.integers(5, 12))
def test_who_is_rated_higher_never_has_a_lower_symbol(
    one: list[int], other: list[int], protection: Protection, raters: int
) -> None:
    lower, higher = sorted((one, other), key=sum)
    values = [
        Symbol(shown(*values, raters=raters, protection=protection)).value(low=1, high=5)
        for values in (lower, higher)
    ]
    assert values == sorted(values)


@given(st.lists(st.integers(0, 10), min_size=5, max_size=20), LEVELS)
def test_a_symbol_is_near_the_mean(values: list[int], protection: Protection) -> None:
    printed = symbol(values, raters=len(values), protection=protection, low=0, high=10)
    assert isinstance(printed, Symbol)
    away = abs(printed.value(low=0, high=10) - Fraction(sum(values), len(values)))
    band = scaled_band(protection, len(values), low=0, high=10) or Fraction(0)
    assert away <= max(Fraction(1, 20), band / 2) + Fraction(1, 10**9)


@given(st.integers(1, 7))
def test_reverse_keying_twice_is_nothing(value: int) -> None:
    turned = reverse_keyed(value, low=1, high=7)
    assert 1 <= turned <= 7
    assert reverse_keyed(turned, low=1, high=7) == value


@pytest.mark.parametrize(
    ("rwgj", "band"),
    [
        (1.0, "high"),
        (0.70, "high"),
        (0.69, "medium"),
        (0.50, "medium"),
        (0.49, "low"),
        (0.0, "low"),
        (-3.0, "low"),
        (1.5, "low"),
        (float("nan"), "low"),
        (float("inf"), "low"),
    ],
)
def test_agreement_has_three_bands(rwgj: float, band: str) -> None:
    assert agreement_band(rwgj) == band
