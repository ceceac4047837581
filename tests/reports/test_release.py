"""Held, debriefed, released: in this order, by the right people, once, and never back."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from accounts.queries import account_of, account_of_person
from core.audit import AuditEntry
from core.errors import ForbiddenError
from core.keys import KeyStore
from core.mail import OutboxMail
from reports.jobs import open_due_reports, release_due_reports, report_released
from reports.models import Report
from reports.queries import reports_of_coach, reports_of_leader
from reports.services import (
    AlreadyDebriefedError,
    AlreadyReleasedError,
    NotDebriefedError,
    ReleasedByDateError,
    RoundStillOpenError,
    open_reports,
    record_debrief,
    release,
)
from surveys.models import Leader, Round
from tests.assess.rounds import closed_round, everybody_says
from tests.factories import NOON, make_account, make_open_round, make_person
from tests.reports.conftest import Cast

pytestmark = pytest.mark.usefixtures("today")


def mails(session: Session) -> list[str]:
    return list(session.scalars(sa.select(OutboxMail.template)))


def by_date(session: Session, round_: Round, days: int) -> None:
    round_.release_policy, round_.release_on = "on_date", (NOON + timedelta(days=days)).date()
    session.execute(sa.delete(OutboxMail))
    session.commit()


def test_close_is_followed_by_a_held_report(cast: Cast) -> None:
    assert cast.report.state == "held"


def test_opening_twice_opens_nothing_more(session: Session, round_: Round, cast: Cast) -> None:
    assert open_reports(session, round_) == []


def test_an_open_round_has_no_reports(session: Session, key_store: KeyStore) -> None:
    with pytest.raises(RoundStillOpenError):
        open_reports(session, make_open_round(session, key_store, peer=2))


def test_a_debriefed_report_is_released_and_its_leader_told(session: Session, cast: Cast) -> None:
    session.execute(sa.delete(OutboxMail))

    record_debrief(session, cast.report, by=cast.coach)
    release(session, cast.report, by=cast.coach)

    assert cast.report.state == "released"
    assert mails(session) == ["report_released"]


def test_a_leader_without_an_account_gets_one(session: Session, round_: Round) -> None:
    coach = round_.leaders[0].coach = make_account(session, "coach")
    report = open_reports(session, round_)[0]
    record_debrief(session, report, by=coach)

    release(session, report, by=coach)

    assert "welcome" in mails(session)
    assert report.leader.person is not None
    account = account_of(session, report.leader.person.email)
    assert account is not None
    assert account.has_role("leader")


def test_nothing_is_released_before_the_debrief(session: Session, cast: Cast) -> None:
    with pytest.raises(NotDebriefedError):
        release(session, cast.report, by=cast.coach)


def test_nothing_happens_twice(session: Session, cast: Cast) -> None:
    record_debrief(session, cast.report, by=cast.coach)
    with pytest.raises(AlreadyDebriefedError):
        record_debrief(session, cast.report, by=cast.coach)

    release(session, cast.report, by=cast.coach)
    with pytest.raises(AlreadyReleasedError):
        release(session, cast.report, by=cast.coach)


def test_nobody_else_debriefs_or_releases(session: Session, cast: Cast) -> None:
    for other in (*cast.others, cast.leader):
        with pytest.raises(ForbiddenError):
            record_debrief(session, cast.report, by=other)
        with pytest.raises(ForbiddenError):
            release(session, cast.report, by=other)


def test_each_step_is_audited(session: Session, cast: Cast) -> None:
    record_debrief(session, cast.report, by=cast.coach)
    release(session, cast.report, by=cast.coach)

    entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.thing == "report"))
    assert [(entry.actor, entry.deed) for entry in entries] == [
        (cast.coach.email, "recorded debrief"),
        (cast.coach.email, "released"),
    ]


@pytest.mark.usefixtures("in_app")
def test_a_round_with_a_day_releases_on_it_debriefed_or_not(
    session: Session, round_: Round, cast: Cast
) -> None:
    by_date(session, round_, days=0)

    release_due_reports()
    release_due_reports()

    session.expire_all()
    assert (cast.report.state, cast.report.by_date) == ("released", True)
    assert mails(session) == ["report_released"]


@pytest.mark.usefixtures("in_app")
def test_a_day_earlier_nothing_goes_not_even_by_the_coach(
    session: Session, round_: Round, cast: Cast
) -> None:
    by_date(session, round_, days=1)

    release_due_reports()
    session.expire_all()

    assert cast.report.state == "held"
    record_debrief(session, cast.report, by=cast.coach)
    with pytest.raises(ReleasedByDateError):
        release(session, cast.report, by=cast.coach)


@pytest.mark.parametrize("is_debriefed", [False, True])
def test_without_a_day_nothing_is_released_by_itself(
    session: Session, cast: Cast, *, is_debriefed: bool
) -> None:
    if is_debriefed:
        record_debrief(session, cast.report, by=cast.coach)

    with pytest.raises(NotDebriefedError):
        release(session, cast.report, by=None)


@pytest.mark.usefixtures("in_app")
def test_the_job_opens_reports_for_closed_rounds_once(session: Session, round_: Round) -> None:
    session.commit()

    open_due_reports()
    open_due_reports()

    count = sa.select(sa.func.count()).select_from(Report)
    assert session.scalar(count.where(Report.leader_id == round_.leaders[0].id)) == 1


@pytest.mark.usefixtures("in_app")
def test_the_mail_says_where_and_nothing_of_the_figures(session: Session, cast: Cast) -> None:
    mail = report_released(session, cast.report.leader_id)

    assert mail is not None
    assert cast.report.leader.person is not None
    assert mail.to == cast.report.leader.person.email
    assert "http://localhost:5000/my-report" in mail.text
    assert not re.search(r"\d\.\d", mail.text)


def test_a_coach_finds_their_own_leaders(session: Session, cast: Cast) -> None:
    assert [charge.state for charge in reports_of_coach(session, cast.coach)] == ["held"]
    assert reports_of_coach(session, cast.others[1]) == []


def test_a_leader_finds_released_reports_alone(session: Session, cast: Cast) -> None:
    assert reports_of_leader(session, cast.leader) == []

    record_debrief(session, cast.report, by=cast.coach)
    release(session, cast.report, by=cast.coach)

    assert reports_of_leader(session, cast.leader) == [cast.report]
    assert reports_of_leader(session, cast.others[2]) == []


@pytest.mark.usefixtures("in_app")
def test_a_report_that_cannot_go_holds_up_no_other(
    session: Session, round_: Round, cast: Cast
) -> None:
    """Somebody else has taken the address of a leader who has no account yet."""
    person = make_person(session)
    make_account(session, "hr", person=make_person(session)).email = person.email
    session.add(Leader(round=round_, person=person, name="Ada", coach=cast.coach))
    session.flush()
    stuck = open_reports(session, round_)[0]
    by_date(session, round_, days=0)

    release_due_reports()

    session.expire_all()
    assert (stuck.state, cast.report.state) == ("held", "released")


@pytest.mark.usefixtures("in_app")
def test_no_mail_goes_about_what_is_not_there(session: Session) -> None:
    assert report_released(session, uuid4()) is None


def test_a_leader_from_a_file_is_released_without_mail(session: Session, cast: Cast) -> None:
    cast.report.leader.person = None
    session.execute(sa.delete(OutboxMail))
    record_debrief(session, cast.report, by=cast.coach)

    release(session, cast.report, by=cast.coach)

    assert (cast.report.state, mails(session)) == ("released", [])


def test_a_report_goes_to_the_address_the_leader_had_at_launch(
    session: Session, key_store: KeyStore
) -> None:
    """An address changed meanwhile may be somebody else's; HR keeps the directory."""
    round_ = closed_round(session, key_store, everybody_says(4), peer=4)
    leader = round_.leaders[0]
    assert leader.person
    before, leader.person.email = leader.person.email, "hr-private@example.org"
    coach = make_account(session, "coach")
    leader.coach = coach
    (report,) = open_reports(session, round_)
    record_debrief(session, report, by=coach)

    release(session, report, by=coach)

    account = account_of_person(session, leader.person)
    assert account
    assert account.email == before
