"""Round-level figures: only from ten leaders and eighty raters, only to two significant digits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.closing.answers import Floats
from assess.closing.figures import significant
from assess.closing.parameters import (
    TOO_FEW,
    competency_figures,
    group_figures,
    parameters,
)
from assess.closing.voices import Codes, Voices
from assess.models import WHOLE
from instruments.questionnaires import Instrument
from tests.assess.studied import by_peers
from tests.factories import SMALL_INSTRUMENT

INSTRUMENT = Instrument.from_document(SMALL_INSTRUMENT | {"questions": []})


def answers(leaders: int, raters: int, *, items: int = 6) -> Voices:
    """Return plausible ratings of so many leaders by so many raters each."""
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(leaders), raters)
    level = rng.normal(3.5, 0.6, leaders)[codes, None] + rng.normal(0, 0.4, (len(codes), 1))
    ratings = np.clip(np.rint(level + rng.normal(0, 0.6, (len(codes), items))), 1, 5)
    return said(ratings, codes)


def said(ratings: Floats, leaders: Codes) -> Voices:
    """Let every sheet be somebody else's."""
    return by_peers(ratings, leaders, np.arange(len(leaders)))


def test_ten_leaders_and_eighty_raters_are_enough() -> None:
    enough = answers(10, 8)

    figures = competency_figures(enough.about(slice(3)), INSTRUMENT)

    assert figures["respondents"] == 80.0
    assert 0 < figures["alpha_within"] <= figures["alpha"] < 1
    assert figures["icc1_low"] <= figures["icc1"] <= figures["icc1_high"]


@pytest.mark.parametrize(("leaders", "raters"), [(9, 20), (13, 6), (10, 0)])
def test_fewer_keep_nothing_and_give_one_reason(leaders: int, raters: int) -> None:
    """Two reasons, or none of a silent group, would say whether ten leaders' only clients have answered."""
    few = answers(leaders, raters)

    assert competency_figures(few.about(slice(3)), INSTRUMENT) == {"reason": TOO_FEW}
    assert group_figures(few, INSTRUMENT) == {"reason": TOO_FEW}


def test_figures_of_a_group_are_the_covariances_of_its_competencies() -> None:
    covariances = group_figures(answers(12, 8), INSTRUMENT)["covariances"]

    assert np.shape(covariances) == (2, 2)
    assert covariances[0][1] == covariances[1][0]
    assert covariances[0][0] > 0


def test_every_competency_and_the_whole_have_a_row_for_each_group() -> None:
    rows = list(parameters(answers(10, 8), ["peer"], INSTRUMENT))

    assert [(row.competency, row.group) for row in rows] == [
        ("trust", "peer"),
        ("listening", "peer"),
        (WHOLE, "peer"),
    ]


def test_everybody_saying_the_same_withholds_nothing_that_can_be_told() -> None:
    same = said(np.full((80, 3), 4.0), np.repeat(np.arange(10), 8))

    figures = competency_figures(same, INSTRUMENT)

    assert (figures["mean"], figures["sigma2"], figures["average_deviation"]) == (4.0, 0.05, 0.0)
    assert figures["alpha"] is None


@pytest.mark.parametrize("place", range(3))
def test_one_of_eighty_who_dissents_changes_nothing_that_is_told(place: int) -> None:
    """Else the figures of a round in which all agree would say so of each of them."""
    alike = said(np.full((80, 3), 4.0), np.repeat(np.arange(10), 8))
    ratings = alike.ratings.copy()
    ratings[33, place] = 3.0

    assert competency_figures(said(ratings, alike.leaders), INSTRUMENT) == competency_figures(
        alike, INSTRUMENT
    )


def test_people_are_counted_and_not_sheets() -> None:
    """Sixteen people who rate ten leaders each are sixteen to protect."""
    many = answers(10, 16)
    same = by_peers(many.ratings, many.leaders, np.tile(np.arange(16), 10))

    assert competency_figures(same.about(slice(3)), INSTRUMENT) == {"reason": TOO_FEW}
    assert group_figures(same, INSTRUMENT) == {"reason": TOO_FEW}


def test_of_one_item_it_is_not_told_how_little_raters_differ() -> None:
    """Beside the printed means it would tell what single ones answered; so would agreement."""
    ratings = np.full((100, 1), 4.0)
    ratings[::10] = 3.0
    hardly = said(ratings, np.repeat(np.arange(10), 10))

    figures = competency_figures(hardly, INSTRUMENT)

    assert (figures["mean"], figures["sigma2"], figures["icc1"]) == (3.9, 0.3, None)
    assert figures.keys().isdisjoint({"alpha", "rwg_j_uniform", "average_deviation"})


def test_of_one_item_it_is_told_how_much_raters_differ() -> None:
    figures = competency_figures(answers(40, 10).about(slice(1)), INSTRUMENT)

    assert figures["sigma2"] > 0.3
    assert figures["icc1"] > 0


def test_the_covariances_hide_it_as_well() -> None:
    lone = replace(
        INSTRUMENT,
        competencies=tuple(
            replace(competency, items=competency.items[:1])
            for competency in INSTRUMENT.competencies
        ),
    )
    same = said(np.full((100, 2), 4.0), np.repeat(np.arange(10), 10))

    assert group_figures(same, lone) == {"covariances": [[0.3, 0.0], [0.0, 0.3]]}


def test_a_silent_only_client_changes_no_count() -> None:
    """Of one leader who has a single rater in the group."""
    single = said(np.full((101, 3), 4.0), np.append(np.repeat(np.arange(10), 10), 10))

    with_, without = (
        competency_figures(part, INSTRUMENT) for part in (single, single.only(single.leaders < 10))
    )

    assert with_ == without


def test_one_rater_a_leader_tells_nothing_of_how_raters_differ() -> None:
    single = answers(90, 1)

    figures = competency_figures(single.about(slice(3)), INSTRUMENT)

    assert figures["sigma2"] is None
    assert figures["rwg_j_uniform"] is None
    assert figures["alpha"] > 0
    assert group_figures(single, INSTRUMENT) == {"reason": TOO_FEW}


@given(st.floats(-1e6, 1e6))
def test_two_digits_are_kept(value: float) -> None:
    kept = significant(value)

    assert kept is not None
    assert abs(kept - value) <= abs(value) * 0.05 + 1e-300


@pytest.mark.parametrize(
    ("value", "kept"), [(1715.0, 1700.0), (0.0996, 0.1), (0.0, 0.0), (np.nan, None), (np.inf, None)]
)
def test_digits_before_and_after_the_point_are_alike(value: float, kept: float | None) -> None:
    assert significant(value) == kept


def test_agreement_is_not_told_of_two_raters_among_many() -> None:
    """79 leaders with one rater each, one with two: agreement, and its variance, would be of these two."""
    ratings = np.full((81, 3), 4.0)
    ratings[80] = 1.0
    leaders = np.concatenate([np.arange(80), [79]])

    figures = competency_figures(said(ratings, leaders), INSTRUMENT)

    assert figures["respondents"] == 80
    assert [figures[name] for name in ("rwg_j_uniform", "average_deviation")] == [None, None]
    assert [figures[name] for name in ("sigma2", "tau2", "icc1", "df")] == [None] * 4
    assert figures["alpha_within"] is None
    assert figures["reason"] == TOO_FEW
    assert "covariances" not in group_figures(
        said(np.hstack([ratings, ratings]), leaders), INSTRUMENT
    )


def test_consistency_is_not_told_of_two_complete_raters_among_many() -> None:
    """84 answered something, two of them everything."""
    ratings = np.full((84, 3), np.nan)
    ratings[:, 0] = 3.0
    ratings[0], ratings[10] = 5.0, 1.0
    leaders = np.arange(84) % 10

    figures = competency_figures(said(ratings, leaders), INSTRUMENT)

    assert figures["respondents"] == 80
    assert all(figures[name] is None for name in ("alpha", "alpha_low", "omega", "rwg_j_uniform"))
    assert figures["icc1"] is None
