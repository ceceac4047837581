"""Figures over several leaders: from what is published alone, once, and never of fewer than five."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from assess.closing.rounds import close_round
from assess.models import PublishedSymbol
from assess.queries import leaders_called, leaders_of
from assess.scorecards.reading import scorecard
from assess.services import Cohort, CohortChangedError, CohortRefusedError, release_cohort
from core.db import db
from core.errors import NotFoundError
from core.keys import KeyStore
from surveys.models import Round
from surveys.services.rounds import launch, lock_round
from tests.assess.cohorts import (
    PLAIN,
    Leaves,
    add_guest,
    entries,
    numbered,
    publish,
    published_round,
)
from tests.assess.rounds import ITEMS, by_group, submit_all
from tests.factories import NOON, make_leader, make_round


def means(cohort: Cohort) -> dict[tuple[str, str], tuple[int | None, float | None]]:
    return {(row.leaf, row.competency): (row.leaders, row.mean) for row in cohort.means}


def test_a_cohort_is_the_mean_of_its_leaders_reports(session: Session, key_store: KeyStore) -> None:
    """Closed as it is in life; each leader's score is that of the scorecard."""
    round_ = make_round(session)
    tables = [make_leader(session, round_, peer=4) for _ in range(6)]
    launch(session, round_, key_store, at=NOON)
    for number, leader in enumerate(tables):
        peers = [1 + number % 5, 3, 4, 5]
        submit_all(session, leader, by_group({"self": [5], "peer": peers}), key_store)
    lock_round(session, round_, at=NOON)
    session.flush()
    close(session, round_, key_store)

    told = means(release_cohort(session, round_, round_.leaders))

    cards = [scorecard(session, leader) for leader in round_.leaders]
    for leaf, competency in told:
        scores = [
            row.score
            for card in cards
            for row in card.competencies
            if (row.leaf, row.competency) == (leaf, competency)
        ]
        count, mean = told[leaf, competency]
        known = [score for score in scores if score is not None]
        assert (count, len(known)) == (6, 6)
        assert mean == pytest.approx(sum(known) / 6, abs=0.0051)
    assert set(told) == {(g, c) for g in ("self", "peer") for c in ("trust", "listening")}


def close(session: Session, round_: Round, key_store: KeyStore) -> None:
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    session.expire_all()


def test_a_band_counts_as_its_middle_and_means_have_two_decimals(session: Session) -> None:
    tables = [{"peer": symbol} for symbol in ("4.5+", "4.5+", "1.5-", "3.3", "3.8", "4.0")]
    round_ = published_round(session, tables)

    told = means(release_cohort(session, round_, round_.leaders))

    assert told["peer", "trust"] == (6, 3.64)  # (2 x 4.75 + 1.25 + 3.3 + 3.8 + 4.0) / 6


def test_a_leaf_that_is_hidden_enters_no_cohort(session: Session) -> None:
    """Not set aside, not pooled, and not where too few have answered."""
    tables: list[Leaves] = [*[PLAIN] * 5, {"self": "4"}, {"self": "4", "pooled": "1.5-"}]
    tables += [{"self": "4", "peer": None}]
    round_ = published_round(session, tables)

    told = means(release_cohort(session, round_, round_.leaders))

    assert told == {
        ("self", "trust"): (8, 4.0),
        ("self", "listening"): (8, 4.0),
        ("peer", "trust"): (5, 3.8),
        ("peer", "listening"): (5, 3.8),
    }


def test_a_competency_of_which_too_little_is_published_enters_no_cohort(session: Session) -> None:
    """One of three items is not enough for a score, two are."""
    round_ = published_round(session, [PLAIN] * 5)
    for name, item in (("one", "trust1"), ("two", "listening1")):
        leader = add_guest(session, round_, name)
        hidden = {key: None if key.startswith(item[:-1]) else "5.0" for key in ITEMS}
        publish(session, leader, "peer", {**hidden, item: "5.0"})
    session.flush()

    told = means(release_cohort(session, round_, round_.leaders))

    assert {told["peer", "trust"][0], told["peer", "listening"][0]} == {6}


def test_a_figure_on_fewer_than_five_leaders_is_not_told(session: Session) -> None:
    round_ = published_round(session, [*[PLAIN] * 4, {"self": "4"}, {"self": "4"}])

    told = means(release_cohort(session, round_, round_.leaders))

    assert told["peer", "trust"] == (None, None)
    assert told["self", "trust"] == (6, 4.0)


def test_leaves_stand_in_their_fixed_order(session: Session) -> None:
    round_ = published_round(session, [{"peer": "3.8", "direct_report": "3.8", "self": "4"}] * 5)

    told = release_cohort(session, round_, round_.leaders)

    assert [row.leaf for row in told.means[::2]] == ["self", "peer", "direct_report"]
    assert [row.competency for row in told.means[:2]] == ["trust", "listening"]


def test_the_same_cohort_again_has_the_same_figures_and_no_second_entry(session: Session) -> None:
    round_ = published_round(session, [PLAIN] * 12)

    first = release_cohort(session, round_, numbered(round_, 0, 6))
    again = release_cohort(session, round_, numbered(round_, 0, 6)[::-1])

    assert again == first
    assert entries(session) == 1


def test_cohorts_alike_in_figures_are_two(session: Session) -> None:
    round_ = published_round(session, [PLAIN] * 12)

    first = release_cohort(session, round_, numbered(round_, 0, 5))
    second = release_cohort(session, round_, numbered(round_, 6, 11))

    assert first.means == second.means
    assert entries(session) == 2


def test_figures_changed_by_hand_are_not_told(session: Session) -> None:
    round_ = published_round(session, [PLAIN] * 6)
    release_cohort(session, round_, round_.leaders)
    session.execute(sa.update(PublishedSymbol).values(symbol="3.9"))
    session.expire_all()

    with pytest.raises(CohortChangedError, match="was told before, and its figures would be"):
        release_cohort(session, round_, round_.leaders)


@pytest.mark.parametrize("leaders", [(1, 11), (4, 11), (0, 7), (8, 11)])
def test_a_cohort_too_small_or_too_near_another_is_refused(
    session: Session, leaders: tuple[int, int]
) -> None:
    round_ = published_round(session, [PLAIN] * 12)
    release_cohort(session, round_, round_.leaders)

    with pytest.raises(CohortRefusedError, match="not told, and nothing was written") as refused:
        release_cohort(session, round_, numbered(round_, *leaders))

    assert entries(session) == 1
    assert "3.8" not in str(refused.value)


def test_all_but_five_and_these_five_pass(session: Session) -> None:
    round_ = published_round(session, [PLAIN] * 12)

    for first, last in ((0, 11), (0, 6), (7, 11)):
        release_cohort(session, round_, numbered(round_, first, last))

    assert entries(session) == 3


def test_a_second_way_to_part_the_leaders_is_held_against_the_first(session: Session) -> None:
    """Halves were told; other halves which overlap with them by three cut those three out."""
    round_ = published_round(session, [PLAIN] * 16)
    release_cohort(session, round_, numbered(round_, 0, 7))
    release_cohort(session, round_, numbered(round_, 8, 15))

    with pytest.raises(CohortRefusedError):
        release_cohort(session, round_, numbered(round_, 5, 15))
    release_cohort(session, round_, numbered(round_, 3, 12))


def test_one_leader_more_whose_leaf_is_shown_is_seen_where_the_others_hide_theirs(
    session: Session,
) -> None:
    """Five leaders more, but peers are shown of one of them alone."""
    round_ = published_round(session, [*[PLAIN] * 7, *[{"self": "4"}] * 4])
    release_cohort(session, round_, numbered(round_, 0, 5))

    with pytest.raises(CohortRefusedError, match="fewer than 5 leaders could be told apart"):
        release_cohort(session, round_, round_.leaders)


def test_the_same_people_in_two_rounds_are_two_cohorts(session: Session) -> None:
    """Next year's round has one leader more, and is told of all the same: docs/adr/0009."""
    first, second = (published_round(session, [PLAIN] * size) for size in (6, 7))
    for leader, before in zip(numbered(second, 0, 5), numbered(first, 0, 5), strict=True):
        leader.person = before.person

    release_cohort(session, first, first.leaders)
    release_cohort(session, second, second.leaders)

    assert entries(session) == 2


@pytest.mark.parametrize("column", ["closed_at", "locked_at"])
def test_there_is_no_cohort_before_close(session: Session, column: str) -> None:
    round_ = published_round(session, [PLAIN] * 6)
    round_.closed_at = None
    setattr(round_, column, None)

    session.flush()
    with pytest.raises(CohortRefusedError, match="only when it is closed"):
        release_cohort(session, round_, round_.leaders)


def test_leaders_are_found_by_department_by_key_and_by_name(session: Session) -> None:
    round_ = published_round(session, [PLAIN] * 8)
    guest = add_guest(session, round_, "A guest")

    assert len(leaders_of(session, round_, department=None)) == 9
    sales = leaders_of(session, round_, department="Sales")
    assert {leader.name for leader in sales} == {f"Leader {number}" for number in range(6)}
    key = sales[0].person.key if sales[0].person else ""
    found = leaders_called(session, round_, ["A guest", key, sales[0].name])
    assert set(found) == {guest, sales[0]}


def test_whoever_is_not_found_is_named(session: Session) -> None:
    round_ = published_round(session, [PLAIN] * 6)
    other = published_round(session, [PLAIN] * 1)
    add_guest(session, round_, "Leader 1")

    with pytest.raises(NotFoundError, match='the department "Moon" today'):
        leaders_of(session, round_, department="Moon")
    key = other.leaders[0].person.key if other.leaders[0].person else ""
    with pytest.raises(NotFoundError, match=f"goes by each of: Leader 1, Nobody, {key}"):
        leaders_called(session, round_, ["Nobody", "Leader 0", "Leader 1", key])


@pytest.fixture
def own_round(own_app: Flask) -> UUID:
    with own_app.app_context():
        round_ = published_round(db.session, [{"peer": "4.5+", "self": "4"}] * 12)
        db.session.commit()
        return round_.id


def test_of_two_cohorts_at_once_that_exclude_each_other_one_is_told(
    own_app: Flask, own_round: UUID
) -> None:
    barrier = Barrier(2)

    def ask(first: int) -> bool:
        with own_app.app_context(), db.sessionmaker() as session:
            barrier.wait(30)
            round_ = session.get_one(Round, own_round)
            try:
                release_cohort(session, round_, numbered(round_, first, 11))
            except CohortRefusedError:
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (0, 1))) == [False, True]
