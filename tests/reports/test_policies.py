"""Who may read a report, in which state: a matrix."""

from datetime import date
from uuid import uuid4

import pytest

from accounts.models import Account, Person, Role
from reports.models import Report
from reports.policies import may_debrief, may_read_report
from surveys.models import Leader

DAY = date(2026, 12, 1)
PERSON, COACH = uuid4(), uuid4()
ADA = Person(id=PERSON, email="ada@example.org")
STATES = {
    "held": Report(),
    "debriefed": Report(debriefed_on=DAY),
    "released": Report(debriefed_on=DAY, released_on=DAY),
    "released by date": Report(released_on=DAY, by_date=True),
}
MATRIX = {  # who: may read when held, debriefed, released, released by date
    "coach": (True, True, True, True),
    "leader": (False, False, True, True),
    "another coach": (False, False, False, False),
    "another leader": (False, False, False, False),
    "hr": (False, False, False, False),
    "administrator": (False, False, False, False),
    "no longer a coach": (False, False, False, False),
    "a leader as their own coach": (False, False, True, True),
    "a leader as their own coach by address": (False, False, False, False),
    "hr without a person": (False, False, False, False),
    "a coach who has joined hr": (False, False, False, False),
    "a coach who runs the machine": (False, False, False, False),
}


def account(*roles: str, **facts: object) -> Account:
    known = {"id": uuid4(), "email": f"{uuid4().hex}@example.org", **facts}
    return Account(roles=[Role(name=name) for name in roles], **known)


ACCOUNTS = {
    "coach": account("coach", id=COACH),
    "leader": account("leader", person_id=PERSON),
    "another coach": account("coach"),
    "another leader": account("leader", person_id=uuid4()),
    "hr": account("hr", person_id=uuid4()),
    "administrator": account("administrator"),
    "no longer a coach": account("hr", id=COACH),
    "a leader as their own coach": account("coach", "leader", id=COACH, person_id=PERSON),
    "a leader as their own coach by address": account("coach", id=COACH, email="Ada@example.org"),
    "hr without a person": account("hr", person_id=None),
    "a coach who has joined hr": account("coach", "hr", id=COACH),
    "a coach who runs the machine": account("coach", "administrator", id=COACH),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", MATRIX)
def test_who_may_read_in_which_state(who: str, state: str) -> None:
    report = STATES[state]
    report.leader = Leader(person_id=PERSON, person=ADA, coach_id=COACH)

    assert may_read_report(ACCOUNTS[who], report) == MATRIX[who][list(STATES).index(state)]


@pytest.mark.parametrize("who", MATRIX)
def test_the_assigned_coach_alone_may_debrief(who: str) -> None:
    report = Report(leader=Leader(person_id=PERSON, person=ADA, coach_id=COACH))

    assert may_debrief(ACCOUNTS[who], report) == (who == "coach")


def test_a_report_about_nobody_in_the_directory_is_not_about_somebody_without_a_person() -> None:
    report = Report(leader=Leader(person_id=None), released_on=DAY, debriefed_on=DAY)

    assert not may_read_report(account("leader", person_id=None), report)
