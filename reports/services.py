"""The life of a report: held by the coach, debriefed, released to the leader. Never back."""

from uuid import UUID

from sqlalchemy import orm

from accounts.models import Account, Person
from accounts.queries import account_of_person
from accounts.services import grant
from core import audit, clock, mail
from core.errors import DomainError, ForbiddenError
from reports.models import Report
from reports.policies import may_debrief
from reports.queries import address_at_launch, leaders_lacking_reports
from surveys.models import Round

SYSTEM = "system"


class RoundStillOpenError(DomainError):
    """There are no reports before a round is closed."""


class AlreadyDebriefedError(DomainError):
    """A debrief is recorded once."""


class NotDebriefedError(DomainError):
    """A leader reads a report after talking about it, not before."""


class AlreadyReleasedError(DomainError):
    """A report is released once, and cannot be taken back."""


class ReleasedByDateError(DomainError):
    """The round says on which day everybody gets their report: nobody gets it earlier."""


def open_reports(session: orm.Session, round_: Round) -> list[Report]:
    """Lay a held report for every leader who has none; done twice, it does nothing the second time."""
    session.refresh(round_, with_for_update=True)  # two workers must not lay the same report
    if round_.state != "closed":
        raise RoundStillOpenError("There are no reports before the round is closed.")
    reports = [
        Report(leader_id=leader.id, leader=leader)
        for leader in leaders_lacking_reports(session, round_)
    ]
    session.add_all(reports)
    session.flush()
    return reports


def record_debrief(session: orm.Session, report: Report, *, by: Account) -> None:
    """Record that the coach has gone through the report with the leader."""
    _hold(session, report, by)
    if report.debriefed_on:
        raise AlreadyDebriefedError(
            f"The debrief has been recorded already, on {report.debriefed_on:%-d %B %Y}."
        )
    report.debriefed_on = clock.today()
    audit.record(session, by.email, "recorded debrief", "report", report.leader_id)


def release(session: orm.Session, report: Report, *, by: Account | None) -> None:
    """Let the leader read the report: after the debrief, or on the day the round has set (by `None`)."""
    _hold(session, report, by)
    _may_go(report, by_date=by is None)
    report.released_on = clock.today()
    report.by_date = by is None
    audit.record(session, by.email if by else SYSTEM, "released", "report", report.leader_id)
    if report.leader.person:
        _let_in(session, report.leader.person, report.leader_id)


def _hold(session: orm.Session, report: Report, by: Account | None) -> None:
    """Keep others off the report until the caller's transaction ends, and the wrong people off altogether."""
    session.refresh(report, with_for_update=True)
    if by and not may_debrief(by, report):
        raise ForbiddenError("This report is in the care of its coach alone.")


def _may_go(report: Report, *, by_date: bool) -> None:
    day = report.leader.round.release_on
    if report.released_on:
        raise AlreadyReleasedError(
            f"The report has been released already, on {report.released_on:%-d %B %Y}."
        )
    if day and not (by_date and day <= clock.today()):
        raise ReleasedByDateError(
            f"All reports of this round are released on {day:%-d %B %Y}, by themselves."
        )
    if not day and (by_date or report.debriefed_on is None):
        raise NotDebriefedError("Record the debrief first: the report is released after it.")


def _let_in(session: orm.Session, person: Person, leader_id: UUID) -> None:
    """Open the door to the leader, at the address they had at launch: a later one may be somebody else's."""
    known = account_of_person(session, person)
    address = known.email if known else address_at_launch(session, leader_id) or person.email
    grant(session, email=address, role="leader", person=person)
    mail.post(session, "report_released", leader_id)
