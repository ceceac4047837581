"""Who is asked about whom: one invitation a rater, one seat a table, proposals anybody can follow."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys.models import Invitation, Seat
from surveys.services.rounds import LeaderTwiceError, add_leader, remove_leader
from surveys.services.seats import (
    LeaderOutsideDirectoryError,
    Rater,
    RaterUnknownError,
    SeatTakenError,
    invite,
    invite_all,
    propose_raters,
    uninvite,
)
from tests.factories import make_leader, make_line, make_person, make_round
from tests.statements import counted_statements

TODAY = date(2026, 11, 21)


def test_a_rater_of_two_leaders_has_one_invitation(session: Session) -> None:
    round_, rater = make_round(session), make_person(session)

    seats = [
        invite(session, make_leader(session, round_), group="peer", person=rater) for _ in range(2)
    ]

    assert seats[0].invitation is seats[1].invitation


def test_an_address_belongs_to_one_rater_however_it_is_written(session: Session) -> None:
    round_, person = make_round(session), make_person(session)
    first = invite(session, make_leader(session, round_), group="peer", person=person)
    second = invite(
        session, make_leader(session, round_), group="client", name="X", email=person.email.upper()
    )

    assert first.invitation is second.invitation


def test_a_name_alone_is_one_rater(session: Session) -> None:
    round_ = make_round(session)
    leaders = [add_leader(session, round_, name=name) for name in ("Ada", "Ben")]

    seats = [invite(session, leader, group="peer", name="R1") for leader in leaders]

    assert seats[0].invitation is seats[1].invitation
    assert seats[0].invitation.email is None


def test_nobody_sits_twice_at_a_table(session: Session) -> None:
    leader, rater = make_leader(session, make_round(session)), make_person(session)
    invite(session, leader, group="peer", person=rater)

    with pytest.raises(SeatTakenError):
        invite(session, leader, group="client", person=rater)


def test_nobody_sits_twice_when_asked_at_once(session: Session) -> None:
    leader, rater = make_leader(session, make_round(session)), make_person(session)

    with pytest.raises(SeatTakenError):
        invite_all(session, leader, [Rater("peer", person=rater), Rater("client", person=rater)])


def test_only_the_leader_answers_as_self(session: Session) -> None:
    round_ = make_round(session)
    person = make_person(session)
    leader = add_leader(session, round_, name=person.name, person=person)

    with pytest.raises(SeatTakenError):
        invite(session, leader, group="self", person=make_person(session))


def test_a_leader_does_not_sit_among_the_raters(session: Session) -> None:
    person = make_person(session)
    leader = add_leader(session, make_round(session), name=person.name, person=person)

    with pytest.raises(SeatTakenError):
        invite(session, leader, group="client", name="A friend", email=person.email)


def test_there_is_one_self_at_a_table(session: Session) -> None:
    leader = add_leader(session, make_round(session), name="Ada")
    invite(session, leader, group="self", name="Ada")

    with pytest.raises(SeatTakenError):
        invite(session, leader, group="self", name="Ada again")


@pytest.mark.parametrize(("group", "name"), [("enemy", "Ada"), ("peer", " ")])
def test_a_rater_needs_a_name_and_a_group(session: Session, group: str, name: str) -> None:
    leader = add_leader(session, make_round(session), name="Ada")

    with pytest.raises(RaterUnknownError):
        invite(session, leader, group=group, name=name)


def test_nobody_is_rated_twice_in_a_round(session: Session) -> None:
    round_ = make_round(session)
    leader = make_leader(session, round_)

    with pytest.raises(LeaderTwiceError):
        add_leader(session, round_, name="Again", person=leader.person)


def test_who_has_no_seat_left_is_no_longer_invited(session: Session) -> None:
    leader = make_leader(session, make_round(session), peer=1)
    peer = next(seat for seat in leader.seats if seat.group == "peer")

    uninvite(session, peer)

    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 1


def test_a_leader_leaves_with_the_table(session: Session) -> None:
    round_ = make_round(session)
    remove_leader(session, make_leader(session, round_, peer=3))

    assert session.scalar(sa.select(sa.func.count()).select_from(Seat)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 0


def test_raters_are_proposed_from_the_reporting_lines(session: Session) -> None:
    leader = add_leader(session, make_round(session), name="Ada", person=make_person(session))
    assert leader.person
    boss, reports = make_person(session), [make_person(session) for _ in range(3)]
    make_line(session, leader.person, boss)
    for report in reports:
        make_line(session, report, leader.person)

    seats = propose_raters(session, leader, on=TODAY)

    assert sorted(seat.group for seat in seats) == ["direct_report"] * 3 + ["self", "supervisor"]


def test_proposing_again_adds_nobody_twice(session: Session) -> None:
    leader = add_leader(session, make_round(session), name="Ada", person=make_person(session))
    assert leader.person
    make_line(session, leader.person, make_person(session))
    propose_raters(session, leader, on=TODAY)

    assert propose_raters(session, leader, on=TODAY) == []


def test_peers_are_capped_and_the_least_asked_come_first(session: Session) -> None:
    round_, boss = make_round(session), make_person(session)
    leader = add_leader(session, round_, name="Ada", person=make_person(session))
    assert leader.person
    make_line(session, leader.person, boss)
    peers = [make_person(session) for _ in range(5)]
    for peer in peers:
        make_line(session, peer, boss)
    invite(session, make_leader(session, round_), group="peer", person=peers[0])

    seats = propose_raters(session, leader, on=TODAY, peers=4)

    asked = {seat.invitation.person_id for seat in seats if seat.group == "peer"}
    assert asked == {peer.id for peer in peers[1:]}


def test_whoever_is_asked_about_many_is_not_proposed_again(session: Session) -> None:
    round_ = make_round(session)
    leader = add_leader(session, round_, name="Ada", person=make_person(session))
    assert leader.person
    busy, boss = make_person(session), make_person(session)
    make_line(session, busy, leader.person)
    make_line(session, leader.person, boss)
    for _ in range(2):
        other = make_leader(session, round_)
        invite(session, other, group="client", person=busy)
        invite(session, other, group="client", person=boss)

    seats = propose_raters(session, leader, on=TODAY, load=2)

    assert sorted(seat.group for seat in seats) == ["self", "supervisor"]


def test_nobody_is_proposed_for_a_stranger(session: Session) -> None:
    leader = add_leader(session, make_round(session), name="Ada")

    with pytest.raises(LeaderOutsideDirectoryError):
        propose_raters(session, leader, on=TODAY)


def test_twenty_seats_take_as_many_statements_as_two(session: Session) -> None:
    round_ = make_round(session)
    costs = []
    for size in (2, 20):
        leader = add_leader(session, round_, name=f"Leader of {size}")
        raters = [Rater("peer", name=f"R {size} {number}") for number in range(size)]
        with counted_statements(session) as statements:
            invite_all(session, leader, raters)
        costs.append(len(statements))

    assert costs[0] == costs[1]
