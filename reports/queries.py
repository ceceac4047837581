"""What is read of reports: whose they are, how far they have come, which are due."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Account
from reports.models import Report
from surveys.models import Invitation, Leader, Round, Seat


@dataclass(frozen=True)
class Charge:
    """A leader in a coach's care; there is no report before the round is closed."""

    leader: Leader
    report: Report | None

    @property
    def state(self) -> str:
        """collecting, held, debriefed or released."""
        return self.report.state if self.report else "collecting"


def report_of(session: orm.Session, leader_id: UUID) -> Report | None:
    return session.get(Report, leader_id)


def reports_of_coach(session: orm.Session, coach: Account) -> list[Charge]:
    """Return every leader a coach has, the newest round first."""
    rows = session.execute(
        sa.select(Leader, Report)
        .outerjoin(Report, Report.leader_id == Leader.id)
        .join(Leader.round)
        .where(Leader.coach_id == coach.id, Round.launched_at.is_not(None))
        .options(orm.contains_eager(Leader.round))
        .order_by(Round.deadline.desc(), Leader.name, Leader.id)
    )
    return [Charge(leader, report) for leader, report in rows]


def reports_of_leader(session: orm.Session, account: Account) -> list[Report]:
    """Return the reports about somebody that have been released to them, the newest first."""
    if account.person_id is None:
        return []
    released = (
        sa.select(Report)
        .join(Report.leader)
        .where(Leader.person_id == account.person_id, Report.released_on.is_not(None))
        .options(orm.contains_eager(Report.leader).joinedload(Leader.round))
        .order_by(Report.released_on.desc(), Report.leader_id)
    )
    return list(session.scalars(released))


def rounds_lacking_reports(session: orm.Session) -> list[Round]:
    """Return the closed rounds in which some leader has no report yet."""
    lacking = sa.select(Leader.id).where(Leader.round_id == Round.id, ~_has_report()).exists()
    return list(session.scalars(sa.select(Round).where(Round.closed_at.is_not(None), lacking)))


def leaders_lacking_reports(session: orm.Session, round_: Round) -> list[Leader]:
    lacking = sa.select(Leader).where(Leader.round_id == round_.id, ~_has_report())
    return list(session.scalars(lacking.order_by(Leader.id)))


def reports_due(session: orm.Session, *, on: date) -> list[UUID]:
    """Return the leaders whose reports are released by date, when the day has come."""
    due = (
        sa.select(Report.leader_id)
        .join(Report.leader)
        .join(Leader.round)
        .where(Report.released_on.is_(None))
        .where(Round.release_policy == "on_date", Round.release_on <= on)
    )
    return list(session.scalars(due.order_by(Report.leader_id)))


def _has_report() -> sa.ColumnElement[bool]:
    return sa.select(Report.leader_id).where(Report.leader_id == Leader.id).exists()


def address_at_launch(session: orm.Session, leader_id: UUID) -> str | None:
    """Return the address at which the leader was asked for their own view, when the round was launched."""
    own = sa.select(Invitation.email).join(Seat)
    return session.scalar(own.where(Seat.leader_id == leader_id, Seat.group == "self"))
