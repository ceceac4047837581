"""The count of answers a rater can still claim: the same as by trying everything, and as promised."""

from fractions import Fraction
from itertools import groupby, product

import pytest

from assess.publication.deniable import Left, Told, least_left, left, views
from assess.publication.protection import (
    STANDARD,
    STRICT,
    STRICT_BANDS,
    THRESHOLD,
    Protection,
)
from assess.publication.symbols import Symbol, symbol, symbol_of_mean

SILENT = 0
"""Stands for "not answered" where everything is tried."""


def by_trying_everything(raters: int, protection: Protection, *, high: int, insiders: int) -> int:
    """Gather, for every thing that can be known, what the first rater may have answered; slow."""
    claims: dict[object, set[int]] = {}
    for given in product(range(high + 1), repeat=raters):
        values = [value for value in given if value != SILENT]
        shown = symbol(values, raters=raters, protection=protection, low=1, high=high)
        known = (shown, len(values), given[1 : 1 + insiders])
        if isinstance(shown, Symbol):
            claims.setdefault(known, set()).add(given[0])
    return min(map(len, claims.values()), default=high + 1)


@pytest.mark.parametrize("protection", [STANDARD, STRICT, THRESHOLD], ids=lambda level: level.name)
@pytest.mark.parametrize(
    ("raters", "high", "insiders"),
    [(3, 5, 0), (4, 5, 0), (5, 5, 0), (5, 5, 1), (5, 5, 2), (5, 3, 0), (6, 3, 1)],
)
def test_the_enumeration_by_sums_equals_trying_everything(
    protection: Protection, raters: int, high: int, insiders: int
) -> None:
    if raters >= protection.answered_minimum:
        reckoned = least_left(raters, protection=protection, points=high, insiders=insiders)

        assert reckoned.answers == by_trying_everything(
            raters, protection, high=high, insiders=insiders
        )


def test_threshold_leaves_none_and_says_so() -> None:
    assert least_left(3, protection=THRESHOLD, points=5) == Left(1, Fraction(1))


def test_short_scales_leave_as_much_as_five_points() -> None:
    """Their bands are as wide; scaled down, four raters would keep but two answers."""
    for raters in range(4, 12):
        four, five = (least_left(raters, protection=STANDARD, points=points) for points in (4, 5))
        assert four.answers >= five.answers
        assert four.certainty <= five.certainty


def test_all_but_one_acting_together_cannot_be_kept_from_it() -> None:
    assert least_left(4, protection=STANDARD, points=5, insiders=3).answers == 1


def left_by(raters: int, band: Fraction, *, insiders: int = 0) -> int:
    """Where all have answered, as the published table has it."""
    steps = range(raters * 4 + 1)
    told = groupby(
        steps, key=lambda sum_: symbol_of_mean(1 + Fraction(sum_, raters), band, low=1, high=5)
    )
    sums = ([*group] for _, group in told)
    return min(
        left(view, points=5).answers
        for among in sums
        for view in views(Told(raters, raters, among[0], among[-1]), insiders, points=5)
        if view.answered == view.raters
    )


def test_half_a_point_gives_the_counts_of_the_design() -> None:
    assert [left_by(n, Fraction(1, 2)) for n in range(4, 12)] == [3, 3, 4, 4, 5, 5, 5, 5]


def test_a_whole_point_gives_the_counts_of_the_design_against_an_insider() -> None:
    assert [left_by(n, Fraction(1), insiders=1) for n in range(5, 12)] == [2, 3, 4, 5, 5, 5, 5]


@pytest.mark.parametrize(
    ("raters", "band", "insiders", "count"),
    [
        (4, "1/4", 0, 2),
        (5, "1/5", 0, 2),
        (4, "1/2", 0, 3),
        (5, "2/5", 0, 3),
        (8, "1/4", 0, 3),
        (10, "1/5", 0, 3),
        (5, "1", 1, 2),
        (7, "5/7", 1, 2),
        (8, "5/8", 1, 2),
        (10, "1/2", 1, 2),
        (5, "6/5", 1, 3),
        (8, "3/4", 1, 3),
        (10, "3/5", 1, 3),
    ],
)
def test_the_least_band_for_each_count(raters: int, band: str, insiders: int, count: int) -> None:
    enough = Fraction(band)
    assert left_by(raters, enough, insiders=insiders) >= count
    assert left_by(raters, enough - Fraction(1, 100), insiders=insiders) < count


@pytest.mark.parametrize(
    ("protection", "at_most"),
    [(STANDARD, Fraction(5, 7)), (STRICT, Fraction(9, 10))],
    ids=["outsider of a standard leaf", "insider of a strict leaf"],
)
def test_nobody_can_be_surer_than_promised(protection: Protection, at_most: Fraction) -> None:
    seen = [
        least_left(raters, protection=protection, points=5, insiders=protection.insiders)
        for raters in range(protection.minimum, 20)
    ]
    assert Left.worst(seen) == Left(protection.deniable, at_most)


def test_an_insider_of_eleven_is_no_surer_than_one_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The band of half a point which was there once left 10 in 11."""
    of_ten, of_eleven = (
        least_left(raters, protection=STRICT, points=5, insiders=1) for raters in (10, 11)
    )
    monkeypatch.delitem(STRICT_BANDS, 11)
    once = least_left.__wrapped__(11, protection=STRICT, points=5, insiders=1)

    assert of_eleven.certainty < of_ten.certainty == Fraction(9, 10)
    assert once.certainty == Fraction(10, 11)


def test_who_alone_was_silent_is_known_to_have_been() -> None:
    assert left(Told(raters=1, answered=0, least=0, most=0), points=5) == Left(1, Fraction(0))
