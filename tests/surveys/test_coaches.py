"""Whoever reads a report first has no part in the round: not as HR, leader or rater."""

import pytest
from sqlalchemy.orm import Session

from accounts.models import Account
from surveys.models import Leader
from surveys.services.rounds import UnfitCoachError, assign_coach, assign_coaches
from surveys.services.seats import SeatTakenError, invite, propose_raters
from tests.factories import NOON, make_account, make_leader, make_line, make_person, make_round


@pytest.fixture
def leader(session: Session) -> Leader:
    return make_leader(session, make_round(session), peer=2)


def account_at(session: Session, email: str, *roles: str) -> Account:
    """Make an account that was never joined to the person who has the address."""
    account = make_account(session, *roles)
    account.email = email
    session.flush()
    return account


def test_nobody_coaches_themselves_not_even_by_an_account_never_joined(
    session: Session, leader: Leader
) -> None:
    assert leader.person
    own = account_at(session, leader.person.email.upper(), "coach")

    with pytest.raises(UnfitCoachError):
        assign_coach(leader, own)


def test_a_rater_does_not_become_the_coach(session: Session, leader: Leader) -> None:
    """They know one sheet of a group, and could reckon with it."""
    peer = next(seat.invitation for seat in leader.seats if seat.group == "peer")
    assert peer.email
    joined = make_account(session, "coach")
    joined.person_id = peer.person_id

    for rater in (joined, account_at(session, peer.email, "coach")):
        with pytest.raises(UnfitCoachError):
            assign_coach(leader, rater)


def test_the_coach_does_not_become_a_rater(session: Session, leader: Leader) -> None:
    person = make_person(session)
    assign_coach(leader, make_account(session, "coach", person=person))

    with pytest.raises(SeatTakenError):
        invite(session, leader, group="peer", person=person)
    with pytest.raises(SeatTakenError):
        invite(session, leader, group="client", name="The same", email=person.email)


def test_the_coach_is_not_proposed_as_a_rater(session: Session) -> None:
    leader = make_leader(session, make_round(session))
    assert leader.person
    coach = make_person(session)
    for report in (coach, make_person(session)):
        make_line(session, report, leader.person)
    assign_coach(leader, make_account(session, "coach", person=coach))

    propose_raters(session, leader, on=NOON.date())

    assert coach.id not in {seat.invitation.person_id for seat in leader.seats}


def test_hr_does_not_coach(session: Session, leader: Leader) -> None:
    with pytest.raises(UnfitCoachError):
        assign_coach(leader, make_account(session, "coach", "hr"))


def test_only_changes_are_told(session: Session, leader: Leader) -> None:
    coach = make_account(session, "coach")

    assert assign_coaches({leader: coach}) == [leader]
    assert assign_coaches({leader: coach}) == []
    assert assign_coaches({leader: None}) == [leader]
