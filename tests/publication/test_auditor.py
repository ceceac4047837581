"""The auditor proves by documents alone what can be claimed: it passes nothing amiss, and names leaks."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import count, product
from statistics import fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.publication.auditor import Answers, Cell, Column, Document, Limits, audit
from assess.publication.protection import STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import symbol

FIVE_POINTS = Limits(STANDARD, low=1, high=5)
STRICTLY = Limits(STRICT, low=1, high=5)
ITEM = ("peer", "trust")
ALL_BEST: Answers = {
    ("peer", "trust"): (5, 5, 5, 5),
    ("peer", "listening"): (5, 5, 4, 5),
    ("direct_report", "trust"): (5, 5, 5, 5, 5),
    ("direct_report", "listening"): (5, 4, 5, 5, 5),
    ("client", "trust"): (5, 5),
    ("client", "listening"): (4, 5),
}
MIXED: Answers = {
    ("peer", "trust"): (3, 4, 2, 5),
    ("peer", "listening"): (None, 4, 4, 4),
    ("direct_report", "trust"): (1, 2, 1, 1, 1),
    ("direct_report", "listening"): (None, None, 5, None, 1),
    ("client", "trust"): (1, 5),
    ("client", "listening"): (None, None),
}
SET_ASIDE = "client"


def closure(answers: Answers, protection: Protection = STANDARD) -> bytes:
    """Return the document of symbols alone."""
    return repr(
        {
            cell: symbol(answered(column), raters=len(column), protection=protection, low=1, high=5)
            for cell, column in answers.items()
            if cell[0] != SET_ASIDE
        }
    ).encode()


def beside(leak: Callable[[Answers], object]) -> Document:
    """Plant something beside the symbols."""
    return lambda answers: closure(answers) + repr(leak(answers)).encode()


def answered(column: Column) -> list[int]:
    return [value for value in column if value is not None]


def of_item(answers: Answers, item: str) -> list[int]:
    """Return all answers to an item, of everybody."""
    return [v for (_, key), column in answers.items() if key == item for v in answered(column)]


def all_raters_mean(answers: Answers) -> object:
    return {item: f"{fmean(of_item(answers, item)):.2f}" for item in ("trust", "listening")}


def spread(answers: Answers) -> object:
    return {cell: f"{pstdev(answered(c)):.2f}" for cell, c in answers.items() if answered(c)}


def bar_length(answers: Answers) -> object:
    return {cell: round(80 * fmean(answered(c))) for cell, c in answers.items() if answered(c)}


def order(answers: Answers) -> object:
    """Sort items by what peers say, highest first; ties keep the instrument's order."""
    return sorted(("listening", "trust"), key=lambda item: -fmean(answered(answers["peer", item])))


def rank(answers: Answers) -> object:
    """Say whether peers or direct reports see more."""
    peers, reports = (
        fmean(answered(answers[group, "trust"])) for group in ("peer", "direct_report")
    )
    return (peers > reports) - (peers < reports)


def number_answered(answers: Answers) -> object:
    return {cell: len(answered(column)) for cell, column in answers.items()}


@pytest.mark.parametrize("answers", [ALL_BEST, MIXED], ids=["all best", "mixed"])
def test_nobody_is_exposed_by_symbols(answers: Answers) -> None:
    assert audit(answers, closure, FIVE_POINTS) == []


@pytest.mark.parametrize(
    ("leak", "answers", "cell"),
    [
        (all_raters_mean, ALL_BEST, ("client", "trust")),
        (spread, ALL_BEST, ("peer", "trust")),
        (bar_length, ALL_BEST, ("direct_report", "trust")),
        (order, ALL_BEST, ("peer", "trust")),
        (rank, {**ALL_BEST, ("direct_report", "trust"): (4, 4, 5, 5, 5)}, ("peer", "trust")),
        (number_answered, MIXED, ("client", "listening")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_made_of_raw_answers_is_named(
    leak: Callable[[Answers], object], answers: Answers, cell: Cell
) -> None:
    exposed = {
        (each.group, each.item): each.left for each in audit(answers, beside(leak), FIVE_POINTS)
    }

    assert exposed[cell] < STANDARD.deniable


def test_an_exposed_cell_is_named_by_group_item_and_number_alone() -> None:
    exposed = audit({ITEM: (5, 4, 3, 4)}, lambda answers: repr(answers).encode(), FIVE_POINTS)

    assert [str(cell) for cell in exposed] == ["peer trust (1 left)"]


def test_only_the_cells_at_fault_are_named() -> None:
    def document(answers: Answers) -> bytes:
        return closure(answers) + repr(answers["peer", "trust"]).encode()

    exposed = audit(ALL_BEST, document, FIVE_POINTS)

    assert [(cell.group, cell.item) for cell in exposed] == [("peer", "trust")]


def test_a_document_that_is_never_twice_the_same_proves_nothing() -> None:
    numbers = count()

    assert len(audit(ALL_BEST, lambda _: b"%d" % next(numbers), FIVE_POINTS)) == len(ALL_BEST)


def test_where_nothing_is_promised_nothing_is_searched() -> None:
    limits = replace(FIVE_POINTS, protection=THRESHOLD)

    assert audit({ITEM: (5, 5, 5)}, lambda answers: repr(answers).encode(), limits) == []


def test_nobody_to_protect_is_nobody_exposed() -> None:
    assert audit({}, closure, FIVE_POINTS) == audit({}, closure, STRICTLY) == []


def total(answers: Answers) -> bytes:
    return b"%d" % sum(v for column in answers.values() for v in answered(column))


def test_an_insider_takes_the_own_answer_away() -> None:
    """One of five gave 4 and the sum says so: that one knows the others gave 5."""
    answers = {ITEM: (5, 5, 4, 5, 5)}
    outsiders = Limits(replace(STRICT, insiders=0), low=1, high=5)

    assert audit(answers, total, outsiders) == []
    assert [cell.left for cell in audit(answers, total, STRICTLY)] == [1]


def test_an_insider_of_another_leaf_does_so_too() -> None:
    """Beside each answer of one leaf stands how far one of the other is from it."""
    answers = {ITEM: (3, 4, 3, 4, 2), ("direct_report", "trust"): (3, 4, 3, 4, 2)}

    def differences(answers: Answers) -> bytes:
        one, other = map(answered, answers.values())
        return repr([a - b for a, b in zip(one, other, strict=True)]).encode()

    assert audit(answers, differences, Limits(replace(STRICT, insiders=0), low=1, high=5)) == []
    assert len(audit(answers, differences, STRICTLY)) == len(answers)


@pytest.mark.parametrize("place", range(6))
def test_what_only_the_rater_at_one_place_can_use_is_found(place: int) -> None:
    """Beside the symbol stands the next rater's answer, moved by one where this one's is even."""
    answers = {ITEM: (4, 3, 4, 2, 3, 4), ("peer", "care"): (3, 3, 4, 3, 2, 4)}

    def document(answers: Answers) -> bytes:
        own, next_one = (answers[ITEM][at % 6] or 0 for at in (place, place + 1))
        return closure(answers, STRICT) + b"%d" % (next_one + (own + 1) % 2)

    assert audit(answers, document, Limits(replace(STRICT, insiders=0), low=1, high=5)) == []
    assert [str(cell) for cell in audit(answers, document, STRICTLY)] == ["peer trust (1 left)"]


@pytest.mark.parametrize("silent", [4, 5, 9])
def test_a_proof_for_whom_alone_answered_is_none_for_the_others(silent: int) -> None:
    """That more have answered is no claim to make before somebody who knows how many did."""
    answers = {ITEM: (5, *[None] * silent)}

    def document(answers: Answers) -> bytes:
        return b"another one alone" if answered(answers[ITEM][1:]) and not answers[ITEM][0] else b""

    assert [cell.left for cell in audit(answers, document, STRICTLY)] == [1]


def test_what_is_proved_against_many_is_not_sought_against_each() -> None:
    made = []

    def document(answers: Answers) -> bytes:
        made.append(answers)
        return closure(answers, STRICT)

    assert audit({("peer", str(at)): (5,) * 10 for at in range(10)}, document, STRICTLY) == []
    assert len(made) < 2 * 10  # each of ten onlookers alone would need two


COLUMNS = st.lists(st.sampled_from([None, 1, 2, 3, 4, 5]), min_size=4, max_size=8).map(tuple)


@settings(deadline=None)
@given(COLUMNS, COLUMNS)
def test_no_symbol_of_standard_exposes_anybody(one: Column, other: Column) -> None:
    answers = {ITEM: one, ("direct_report", "trust"): other}

    assert audit(answers, closure, FIVE_POINTS) == []


@settings(deadline=None)
@given(COLUMNS.filter(lambda column: len(column) > STANDARD.minimum))
def test_no_symbol_of_strict_exposes_anybody_to_an_insider(column: Column) -> None:
    assert audit({ITEM: column}, lambda answers: closure(answers, STRICT), STRICTLY) == []


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([None, 1, 2, 3]), min_size=2, max_size=4).map(tuple),
    st.integers(2, 12),
    st.integers(),
    st.sampled_from([0, 1]),
)
def test_nothing_passes_that_cannot_be_claimed(
    column: Column, classes: int, seed: int, insiders: int
) -> None:
    """Whatever a document is made of: the answers of which it is made are counted one by one."""
    limits = Limits(replace(STANDARD, insiders=insiders), low=1, high=3)

    def document(answers: Answers) -> bytes:
        said = hashlib.blake2b(repr((answers, seed)).encode(), digest_size=2).digest()
        return bytes([int.from_bytes(said) % classes])

    if audit({ITEM: column}, document, limits) == []:
        alike = [
            other
            for other in product([None, 1, 2, 3], repeat=len(column))
            if document({ITEM: other}) == document({ITEM: column})
        ]
        assert min(claimable(column, alike, insiders=insiders)) >= STANDARD.deniable


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([None, 1, 2]), min_size=6, max_size=6).map(tuple),
    st.integers(2, 6),
    st.integers(),
)
def test_nothing_passes_that_an_insider_of_any_leaf_sees_through(
    given_: Column, classes: int, seed: int
) -> None:
    """What is proved against one is held against another: each one's answers to all items are kept."""
    limits = Limits(replace(STRICT, answered_minimum=1), low=1, high=2)

    def laid(values: Column) -> Answers:
        return {ITEM: values[:2], ("peer", "care"): values[2:4], ("client", "trust"): values[4:]}

    def document(answers: Answers) -> bytes:
        said = hashlib.blake2b(repr((answers, seed)).encode(), digest_size=2).digest()
        return bytes([int.from_bytes(said) % classes])

    if audit(laid(given_), document, limits) == []:
        printed = document(laid(given_))
        worlds = product([None, 1, 2], repeat=len(given_))
        alike = [world for world in worlds if document(laid(world)) == printed]
        for known in ({0, 2}, {1, 3}, {4}, {5}):  # the places of one rater's answers
            left = [w for w in alike if all(w[at] == given_[at] for at in known)]
            assert all(len({w[at] for w in left}) > 1 for at in set(range(6)) - known)


def claimable(column: Column, alike: list[Column], *, insiders: int) -> list[int]:
    """Return how many values each rater may have given, against each insider or against an outsider."""
    places = range(len(column))
    onlookers = places if insiders else [None]
    return [
        len({other[rater] for other in alike if at is None or other[at] == column[at]})
        for at in onlookers
        for rater in places
        if rater != at
    ]


def test_who_left_several_items_out_can_claim_anothers_whole_sheet() -> None:
    """Item by item nobody could: who answers one question more shows in the number of whole sheets."""
    trust, care = ("peer", "trust"), ("peer", "care")

    def document(answers: Answers) -> bytes:
        whole = sum(None not in sheet for sheet in zip(answers[trust], answers[care], strict=True))
        sums = [sum(value or 0 for value in answers[cell]) for cell in (trust, care)]
        return f"{whole} {sums[0]} {sums[1] >= 14}".encode()

    answers = {trust: (4, 4, 3, 3, None), care: (5, 4, 5, 5, None)}

    assert audit(answers, document, Limits(STANDARD, 1, 5)) == []
