"""The count of answers a rater can still claim: the same as by trying everything, and as promised."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import pytest

from assess.publication.deniable import Told, answers, fewest, sums, views
from assess.publication.protection import STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import scaled_band, symbol

SILENT = 0
"""Stands for "not answered" where everything is tried."""


def by_trying_everything(raters: int, protection: Protection, *, high: int, insiders: int) -> int:
    """Gather, for every thing that can be known, what the first rater may have answered; slow."""
    claims: dict[object, set[int]] = {}
    for given in product(range(high + 1), repeat=raters):
        values = [value for value in given if value != SILENT]
        shown = symbol(values, raters=raters, protection=protection, low=1, high=high)
        known = (shown, len(values), given[1 : 1 + insiders])
        if shown:
            claims.setdefault(known, set()).add(given[0])
    return min(map(len, claims.values()), default=high + 1)


@pytest.mark.parametrize("protection", [STANDARD, STRICT, THRESHOLD], ids=lambda level: level.name)
@pytest.mark.parametrize(
    ("raters", "high", "insiders"),
    [(3, 5, 0), (4, 5, 0), (5, 5, 0), (4, 5, 1), (5, 5, 1), (5, 5, 2), (5, 3, 0), (6, 3, 1)],
)
def test_the_enumeration_by_sums_equals_trying_everything(
    protection: Protection, raters: int, high: int, insiders: int
) -> None:
    assert fewest(
        raters, protection=protection, low=1, high=high, insiders=insiders
    ) == by_trying_everything(raters, protection, high=high, insiders=insiders)


@pytest.mark.parametrize("raters", range(4, 60))
def test_standard_leaves_an_outsider_three_answers(raters: int) -> None:
    assert fewest(raters, protection=STANDARD, low=1, high=5) >= 3


@pytest.mark.parametrize("raters", range(5, 60))
def test_strict_leaves_an_insider_two_answers(raters: int) -> None:
    assert fewest(raters, protection=STRICT, low=1, high=5, insiders=1) >= 2


def test_threshold_leaves_none_and_says_so() -> None:
    assert fewest(3, protection=THRESHOLD, low=1, high=5) == 1


def test_short_scales_leave_too_little() -> None:
    assert fewest(4, protection=STANDARD, low=1, high=4) < 3
    assert fewest(4, protection=STANDARD, low=1, high=7) >= 3


def test_without_symbols_every_answer_is_open() -> None:
    assert fewest(4, protection=STRICT, low=1, high=5) == 6


def test_all_but_one_acting_together_cannot_be_kept_from_it() -> None:
    assert fewest(4, protection=STANDARD, low=1, high=5, insiders=3) == 1
    with pytest.raises(ValueError, match="there must be a rater to protect"):
        fewest(4, protection=STANDARD, low=1, high=5, insiders=4)


def left_by(raters: int, band: Fraction, *, insiders: int = 0) -> int:
    """Where all have answered, as the published table has it."""
    return min(
        answers(told, low=1, high=5)
        for least, most in sums(raters, band, low=1, high=5)
        for told in views(Told(raters, raters, least, most), insiders, low=1, high=5)
        if told.answered == told.raters
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


@pytest.mark.parametrize("raters", [*range(4, 30)])
def test_looking_no_further_than_needed_changes_nothing(raters: int) -> None:
    for protection, insiders in ((STANDARD, 0), (STRICT, 1), (STRICT, 0)):
        band = scaled_band(protection, raters, low=1, high=5)
        everything = [
            answers(told, low=1, high=5)
            for answered in range(protection.answered_minimum, raters + 1)
            for least, most in sums(answered, band, low=1, high=5)
            for told in views(Told(raters, answered, least, most), insiders, low=1, high=5)
        ]
        assert fewest(raters, protection=protection, low=1, high=5, insiders=insiders) == min(
            everything, default=6
        )


def ways(raters: int) -> dict[int, int]:
    """In how many ways raters make up each sum, all answers equally likely."""
    counts = {0: 1}
    for _ in range(raters):
        longer: dict[int, int] = {}
        for total, count in counts.items():
            for value in range(1, 6):
                longer[total + value] = longer.get(total + value, 0) + count
        counts = longer
    return counts


def certainty(told: Told) -> Fraction:
    """How sure an onlooker can be of the likeliest answer of a rater."""
    others = ways(told.answered - 1)
    by_value = [
        sum(n for total, n in others.items() if told.least <= total + value <= told.most)
        for value in range(1, 6)
    ]
    return Fraction(max(by_value), sum(by_value))


def full_views(raters: int, protection: Protection, insiders: int) -> Iterator[Told]:
    """All that can be seen of a leaf where everybody has answered."""
    band = scaled_band(protection, raters, low=1, high=5)
    for least, most in sums(raters, band, low=1, high=5):
        for told in views(Told(raters, raters, least, most), insiders, low=1, high=5):
            if told.answered == told.raters:
                yield told


@pytest.mark.parametrize(
    ("protection", "insiders", "at_most"),
    [(STANDARD, 0, Fraction(5, 7)), (STRICT, 1, Fraction(10, 11))],
    ids=["outsider of a standard leaf", "insider of a strict leaf"],
)
def test_nobody_can_be_surer_than_promised(
    protection: Protection, insiders: int, at_most: Fraction
) -> None:
    seen = [
        certainty(told)
        for raters in range(protection.minimum, 16)
        for told in full_views(raters, protection, insiders)
    ]
    assert max(seen) == at_most


def test_who_alone_was_silent_is_known_to_have_been() -> None:
    assert answers(Told(raters=1, answered=0, least=0, most=0), low=1, high=5) == 1
