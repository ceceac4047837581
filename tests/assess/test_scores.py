"""Scores, index and awareness are functions of symbols, leaf sizes and round-level parameters."""

from dataclasses import replace
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.symbols import Symbol
from assess.scorecards import norms
from assess.scorecards.scores import (
    Basis,
    Errors,
    awareness,
    competency_row,
    index,
    within_scale,
)
from assess.scorecards.types import CompetencyRow, ItemRow, LeafRow, Reason
from instruments.questionnaires import Instrument
from tests.factories import SMALL_INSTRUMENT

INSTRUMENT = Instrument.from_document(SMALL_INSTRUMENT | {"questions": []})
TRUST = INSTRUMENT.competencies[0]
SELF = LeafRow("self", ("self",), 1, named=True)
SUPERVISOR = LeafRow("supervisor", ("supervisor",), 1, named=True)
PEERS = LeafRow("peer", ("peer",), 8, named=False)
NORM = Errors(norms.rater_variance(1, 5), inf, 0.37)


def items(*values: float | None) -> dict[str, ItemRow]:
    return {
        item.key: ItemRow(
            item.key,
            "peer",
            None if value is None else str(value),
            value,
            None if value else Reason.TOO_FEW_ANSWERS,
        )
        for item, value in zip(TRUST.items, values, strict=True)
    }


def row(leaf: LeafRow, score: float | None, competency: str = "trust") -> CompetencyRow:
    return CompetencyRow(competency, leaf.leaf, score, None, None, None, None)


def basis(*leaves: LeafRow, errors: Errors = NORM) -> Basis:
    keys = [competency.key for competency in INSTRUMENT.competencies]
    return Basis(
        INSTRUMENT,
        {leaf.leaf: leaf for leaf in leaves},
        {(leaf.leaf, key): errors for leaf in leaves for key in keys},
        {},
    )


def test_a_competency_is_the_mean_of_its_items_with_the_interval_of_that_mean() -> None:
    scored = competency_row(TRUST, PEERS, items(3.0, 4.0, 4.1), errors=NORM, band="high")

    half = 1.959964 * 0.65 / sqrt(8)
    assert scored.score == pytest.approx(3.7)
    assert scored.low == pytest.approx(3.7 - half)
    assert scored.high == pytest.approx(3.7 + half)
    assert (scored.agreement, scored.reason) == ("high", None)


def banded(*symbols: str) -> dict[str, ItemRow]:
    values = [Symbol(symbol).value(low=1, high=5) for symbol in symbols]
    plain = items(*values)
    return {
        key: replace(cell, symbol=symbol)
        for (key, cell), symbol in zip(plain.items(), symbols, strict=True)
    }


@pytest.mark.parametrize(
    ("symbols", "left_open"),
    [
        (("4.5+", "4.5+", "4.5+"), 0.5),
        (("1.5-", "3.0", "4.5+"), 1 / 3),
        (("4.0+", "4.0+", "3.9"), 2 / 3),
        (("4.4", "3.0", "5.0"), 0.0),
    ],
)
def test_what_bands_leave_open_widens_the_interval(
    symbols: tuple[str, ...], left_open: float
) -> None:
    """A mean that may lie anywhere in a band of width w strays from the middle by w / sqrt(12)."""
    scored = competency_row(TRUST, PEERS, banded(*symbols), errors=NORM, band=None)

    assert scored.left_open == pytest.approx(left_open)
    assert scored.high is not None
    assert scored.score is not None
    half = 1.959964 * sqrt(0.65**2 / 8 + left_open**2 / 12)
    assert scored.high - scored.score == pytest.approx(half)


def test_what_bands_leave_open_counts_in_gaps_and_in_the_index_too() -> None:
    scored = competency_row(TRUST, PEERS, banded("4.5+", "4.5+", "4.5+"), errors=NORM, band=None)
    (gap,) = awareness([row(SELF, 3.0), scored], basis(SELF, PEERS))
    whole = index([scored, replace(scored, competency="listening")], basis(PEERS))

    assert scored.high is not None
    assert gap.low is not None
    assert gap.low == pytest.approx(3.0 - scored.high)
    assert whole.low == pytest.approx(scored.low)


def test_two_thirds_of_the_items_are_enough() -> None:
    scored = competency_row(TRUST, PEERS, items(3.0, None, 4.0), errors=NORM, band=None)

    assert scored.score == pytest.approx(3.5)


def test_one_third_of_the_items_is_not_enough() -> None:
    scored = competency_row(TRUST, PEERS, items(None, None, 4.0), errors=NORM, band=None)

    assert (scored.score, scored.reason) == (None, Reason.TOO_FEW_ANSWERS)


def test_what_a_named_person_says_has_no_interval() -> None:
    scored = competency_row(TRUST, SUPERVISOR, items(3.0, 4.0, 5.0), errors=NORM, band=None)

    assert (scored.score, scored.low, scored.high) == (4.0, None, None)
    assert scored.reason == Reason.NAMED


@pytest.mark.parametrize(
    ("leaf", "count", "reason"),
    [
        (replace(PEERS, n=7), 3, Reason.TOO_FEW_RATERS),
        (PEERS, 3, Reason.PROTECTED),
        (PEERS, 2, Reason.TOO_FEW_ITEMS),
        (replace(PEERS, leaf="pooled"), 3, Reason.POOLED),
    ],
)
def test_where_no_agreement_is_shown_it_is_said_why(
    leaf: LeafRow, count: int, reason: Reason
) -> None:
    short = replace(TRUST, items=TRUST.items[:count])

    scored = competency_row(short, leaf, items(4.0, 4.0, 4.0), errors=NORM, band=None)

    assert scored.reason == reason


def test_an_interval_ends_where_the_scale_ends() -> None:
    scored = competency_row(TRUST, PEERS, items(4.9, 4.9, 4.9), errors=NORM, band=None)

    assert within_scale(scored, INSTRUMENT.scale).high == 5.0


def test_the_index_leaves_the_leaders_own_answers_out() -> None:
    rows = [row(SELF, 5.0), row(PEERS, 3.0)]

    assert index(rows, basis(SELF, PEERS)).score == pytest.approx(3.0)


def test_without_anybody_elses_answers_there_is_no_index() -> None:
    assert index([row(SELF, 5.0)], basis(SELF)).reason == Reason.TOO_FEW_RATERS


def test_more_reliable_scores_weigh_more() -> None:
    few = LeafRow("direct_report", ("direct_report",), 4, named=False)
    rows = [row(PEERS, 4.0), row(few, 2.0)]

    figure = index(rows, basis(PEERS, few)).score

    weights = [8 * 0.37 / (1 + 7 * 0.37), 4 * 0.37 / (1 + 3 * 0.37)]
    assert figure == pytest.approx((4 * weights[0] + 2 * weights[1]) / sum(weights))


def test_where_nobody_is_reliable_everybody_counts_the_same() -> None:
    nobody = Errors(0.4, 100.0, 0.0)
    rows = [row(PEERS, 4.0), row(SUPERVISOR, 2.0)]

    assert index(rows, basis(PEERS, SUPERVISOR, errors=nobody)).score == pytest.approx(3.0)


def test_covariances_of_the_round_narrow_the_interval_of_the_index() -> None:
    rows = [row(PEERS, 3.0), row(PEERS, 3.0, "listening")]
    widest = basis(PEERS)
    independent = replace(widest, covariances={"peer": np.eye(2) * NORM.variance})

    wide, narrow = index(rows, widest), index(rows, independent)

    assert wide.high is not None
    assert narrow.high is not None
    assert wide.high - 3 == pytest.approx(1.959964 * 0.65 / sqrt(8))
    assert narrow.high - 3 == pytest.approx((wide.high - 3) / sqrt(2))


def test_a_large_gap_is_a_blind_spot_and_says_by_how_much() -> None:
    (found,) = awareness([row(SELF, 5.0), row(PEERS, 3.0)], basis(SELF, PEERS))

    assert (found.flag, found.gap, found.reason) == ("blind spot", 2.0, None)


def test_a_gap_the_other_way_is_a_hidden_strength() -> None:
    (found,) = awareness([row(SELF, 2.0), row(PEERS, 4.0)], basis(SELF, PEERS))

    assert found.flag == "hidden strength"


def test_without_a_self_rating_no_gap_is_told() -> None:
    (found,) = awareness([row(PEERS, 4.0)], basis(PEERS))

    assert (found.gap, found.reason) == (None, Reason.NO_SELF)


def test_a_competency_without_a_score_has_no_gap() -> None:
    (found,) = awareness([row(SELF, 4.0), row(PEERS, None)], basis(SELF, PEERS))

    assert (found.flag, found.reason) == (None, Reason.TOO_FEW_ANSWERS)


@given(st.floats(1, 5), st.floats(1, 5), st.integers(4, 30))
def test_gaps_are_signed_and_symmetric(own: float, others: float, raters: int) -> None:
    leaf = replace(PEERS, n=raters)

    (over,) = awareness([row(SELF, own), row(leaf, others)], basis(SELF, leaf))
    (under,) = awareness([row(SELF, others), row(leaf, own)], basis(SELF, leaf))

    assert over.gap == pytest.approx(-(under.gap or 0.0))
    assert over.adjusted_p == pytest.approx(under.adjusted_p)


@given(st.lists(st.floats(1, 5), min_size=2, max_size=2), st.integers(4, 40))
def test_the_index_lies_among_the_scores_and_within_the_scale(
    scores: list[float], raters: int
) -> None:
    leaf = replace(PEERS, n=raters)
    rows = [
        row(leaf, score, key) for score, key in zip(scores, ("trust", "listening"), strict=True)
    ]

    found = index(rows, basis(leaf))

    assert found.score is not None
    assert min(scores) - 1e-9 <= found.score <= max(scores) + 1e-9
    assert found.low is not None
    assert found.high is not None
    assert 1 <= found.low <= found.high <= 5
