"""Agreement beside symbols leaves every rater as much to claim as the symbols alone."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.agreement import LARGE, Sums, leaves_enough, may_tell
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import Symbol, agreement_band, symbol_of_mean

Column = tuple[int, ...]


def told(*texts: str) -> tuple[Symbol, ...]:
    return tuple(map(Symbol, texts))


def columns(raters: int, high: int) -> dict[Symbol, list[Column]]:
    """Return every column of answers there can be, by the symbol it is told as."""
    found: dict[Symbol, list[Column]] = defaultdict(list)
    for column in product(range(1, high + 1), repeat=raters):
        mean = Fraction(sum(column), raters)
        found[symbol_of_mean(mean, None, low=1, high=high)].append(column)
    return found


def variance(column: Column) -> float:
    mean = sum(column) / len(column)
    return sum((value - mean) ** 2 for value in column) / (len(column) - 1)


def band_of(both: tuple[Column, Column], high: int) -> str:
    share = (variance(both[0]) + variance(both[1])) / 2 / ((high**2 - 1) / 12)
    alike = max(0.0, 2 * (1 - share))
    return agreement_band(alike / (alike + share))


def posteriors(
    first: list[Column], second: list[Column], high: int, insiders: int
) -> Iterator[Counter[int]]:
    """Yield, for each thing that can be known, how often each answer of the first rater occurs.

    That is the band, and what the raters next to the first gave to both items, where they are insiders.
    """
    known: dict[object, Counter[int]] = defaultdict(Counter)
    for both in product(first, second):
        own = [column[1 : 1 + insiders] for column in both]
        known[band_of(both, high), *own][both[0][0]] += 1
    yield from known.values()


def by_trying(first: list[Column], second: list[Column], protection: Protection, high: int) -> bool:
    return all(
        len(told) >= protection.deniable
        and max(told.values()) / told.total() <= protection.certainty + 1e-9
        for one, other in ((first, second), (second, first))
        for told in posteriors(one, other, high, protection.insiders)
    )


@pytest.mark.parametrize(
    ("protection", "raters", "high"),
    [(STANDARD, 4, 4), (STANDARD, 4, 5), (STRICT, 6, 3), (replace(STRICT, insiders=0), 4, 5)],
    ids=str,
)
def test_the_reckoning_equals_trying_every_answer_of_everybody(
    protection: Protection, raters: int, high: int
) -> None:
    everything = columns(raters, high)
    pairs = combinations_with_replacement(sorted(everything, key=str)[::2], 2)
    tried = {
        (first, second): by_trying(everything[first], everything[second], protection, high)
        for first, second in pairs
    }

    assert tried == {
        pair: may_tell(pair, raters=raters, protection=protection, low=1, high=high)
        for pair in tried
    }
    assert {*tried.values()} == {True, False}


@pytest.mark.parametrize("items", [3, 5, 8])
@pytest.mark.parametrize("raters", [8, 9, 12, 40])
def test_bands_at_the_end_are_told_without_agreement(raters: int, items: int) -> None:
    """Nine people, one lowest mark, eight highest: "4.5+" with low agreement would say just that."""
    symbols = told(*["4.5+"] * items)

    assert not may_tell(symbols, raters=raters, protection=STANDARD, low=1, high=5)


def test_a_dissenter_close_to_the_end_is_not_told() -> None:
    """Low agreement beside 4.4 from nine people on seven items leaves but 1, 4 and 5, and mostly 5."""
    assert not may_tell(told(*["4.4"] * 7), raters=9, protection=STANDARD, low=1, high=5)


def test_agreement_in_the_middle_is_told() -> None:
    assert may_tell(told("3.4", "3.5", "3.6"), raters=8, protection=STANDARD, low=1, high=5)


def test_a_symbol_which_gives_away_that_somebody_was_silent_is_told_without() -> None:
    """Eight answers have no mean of 3.2."""
    assert not may_tell(told("3.2", "3.5", "3.6"), raters=8, protection=STANDARD, low=1, high=5)


def test_an_insider_knows_more_than_an_outsider() -> None:
    symbols, outsider = told("2.8", "2.8", "3.6"), replace(STRICT, insiders=0)

    assert may_tell(symbols, raters=8, protection=outsider, low=1, high=5)
    assert not may_tell(symbols, raters=8, protection=STRICT, low=1, high=5)


@given(st.lists(st.integers(16, 34), min_size=3, max_size=3), st.sampled_from([8, 9]))
def test_whom_an_insider_may_be_told_an_outsider_may(totals: list[int], raters: int) -> None:
    means = (Fraction(total, 8) for total in totals)
    symbols = tuple(symbol_of_mean(mean, None, low=1, high=5) for mean in means)
    inside, outside = (
        may_tell(symbols, raters=raters, protection=level, low=1, high=5)
        for level in (STRICT, replace(STRICT, insiders=0))
    )

    assert outside or not inside


@pytest.mark.parametrize("protection", [STANDARD, STRICT], ids=lambda level: level.name)
def test_the_scale_may_lie_anywhere(protection: Protection) -> None:
    for texts, moved in ((("3.5", "4.0", "4.5"), ("-0.5", "0.0", "0.5")), (("5.0",), ("1.0",))):
        here, there = told(*texts * 3)[:3], told(*moved * 3)[:3]
        assert may_tell(here, raters=8, protection=protection, low=1, high=7) == may_tell(
            there, raters=8, protection=protection, low=-3, high=3
        )


def test_many_raters_near_an_end_are_not_told_either() -> None:
    """Forty people at 4.4: low agreement would make an onlooker surer of a 5 than 5 in 7."""
    assert not may_tell(told(*["4.4"] * 5), raters=40, protection=STANDARD, low=1, high=5)


def test_many_raters_in_the_middle_are_told_without_reckoning() -> None:
    for texts, is_told in ((["4.0", "2.0", "3.1"], True), (["4.1", "3.0", "3.0"], False)):
        symbols = told(*texts, *["3.0"] * 3)
        assert may_tell(symbols, raters=60, protection=STRICT, low=1, high=5) == is_told


@pytest.mark.parametrize("protection", [STANDARD, STRICT], ids=lambda level: level.name)
@pytest.mark.parametrize("totals", [(20, 20, 20), (60, 60, 60), (20, 40, 60), (40, 40, 40)])
def test_what_is_told_without_reckoning_could_be(
    protection: Protection, totals: tuple[int, ...]
) -> None:
    sums = Sums(totals, LARGE, points=5, insiders=protection.insiders)

    assert leaves_enough(sums, protection)


def test_what_is_too_much_to_try_is_not_told() -> None:
    symbols = told(*["3.3"] * 8)

    assert may_tell(symbols, raters=9, protection=STANDARD, low=1, high=5)
    assert not may_tell(symbols, raters=9, protection=STRICT, low=1, high=5)


def test_threshold_promises_no_more_than_group_sizes() -> None:
    assert may_tell(told(*["5.0"] * 5), raters=8, protection=THRESHOLD, low=1, high=5)


def test_no_protection_promises_more_certainty_than_there_is() -> None:
    assert all(0 < level.certainty <= 1 for level in PROTECTIONS.values())
    assert isclose(STANDARD.certainty, 0.714, abs_tol=0.001)
