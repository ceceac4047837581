"""Agreement beside symbols leaves every rater as much to claim as the symbols alone."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import isclose

import pytest

from assess.publication.agreement import may_tell
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import agreement_band, symbol_of_mean

Column = tuple[int, ...]


def columns(raters: int, high: int) -> dict[str, list[Column]]:
    """Return every column of answers there can be, by the symbol it is told as."""
    found: dict[str, list[Column]] = defaultdict(list)
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


def posteriors(first: list[Column], second: list[Column], high: int) -> Iterator[Counter[int]]:
    """Yield, for each band that can come about, how often each answer of the first rater occurs."""
    by_band: dict[str, Counter[int]] = defaultdict(Counter)
    for both in product(first, second):
        by_band[band_of(both, high)][both[0][0]] += 1
    yield from by_band.values()


def by_trying(first: list[Column], second: list[Column], protection: Protection, high: int) -> bool:
    return all(
        len(told) >= protection.deniable
        and max(told.values()) / told.total() <= protection.certainty + 1e-9
        for one, other in ((first, second), (second, first))
        for told in posteriors(one, other, high)
    )


@pytest.mark.parametrize("protection", [STANDARD, STRICT], ids=lambda level: level.name)
@pytest.mark.parametrize("high", [4, 5])
def test_the_reckoning_equals_trying_every_answer_of_everybody(
    protection: Protection, high: int
) -> None:
    everything = columns(4, high)
    symbols = sorted(everything)[:: 3 if high > 4 else 2]
    for first, second in product(symbols, repeat=2):
        if first <= second:
            assert may_tell(
                (first, second), raters=4, protection=protection, low=1, high=high
            ) == by_trying(everything[first], everything[second], protection, high)


@pytest.mark.parametrize("items", [3, 5, 8])
@pytest.mark.parametrize("raters", [8, 9, 12, 40])
def test_bands_at_the_end_are_told_without_agreement(raters: int, items: int) -> None:
    """Nine people, one lowest mark, eight highest: "4.5+" with low agreement would say just that."""
    symbols = ("4.5+",) * items

    assert not may_tell(symbols, raters=raters, protection=STANDARD, low=1, high=5)


def test_a_dissenter_close_to_the_end_is_not_told() -> None:
    """Low agreement beside 4.4 from nine people on seven items leaves but 1, 4 and 5, and mostly 5."""
    assert not may_tell(("4.4",) * 7, raters=9, protection=STANDARD, low=1, high=5)


def test_agreement_in_the_middle_is_told() -> None:
    assert may_tell(("3.4", "3.5", "3.6"), raters=8, protection=STANDARD, low=1, high=5)


def test_a_symbol_which_gives_away_that_somebody_was_silent_is_told_without() -> None:
    """Eight answers have no mean of 3.2."""
    assert not may_tell(("3.2", "3.5", "3.6"), raters=8, protection=STANDARD, low=1, high=5)


def test_many_raters_may_always_be_told() -> None:
    assert may_tell(("4.4",) * 5, raters=40, protection=STANDARD, low=1, high=5)


def test_threshold_promises_no_more_than_group_sizes() -> None:
    assert may_tell(("5.0",) * 5, raters=8, protection=THRESHOLD, low=1, high=5)


def test_no_protection_promises_more_certainty_than_there_is() -> None:
    assert all(0 < level.certainty <= 1 for level in PROTECTIONS.values())
    assert isclose(STANDARD.certainty, 0.714, abs_tol=0.001)
