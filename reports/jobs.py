"""What runs by itself: reports for closed rounds, and their release on the day a round has set."""

from uuid import UUID

from flask import current_app, render_template
from sqlalchemy.orm import Session

from core import clock
from core.config import Config
from core.db import db
from core.errors import DomainError
from core.jobs import Job
from core.mail import Mail, Renderer
from reports.queries import report_of, reports_due, rounds_lacking_reports
from reports.services import open_reports, release


def open_due_reports() -> None:
    """Lay reports for the rounds that have been closed."""
    for round_ in rounds_lacking_reports(db.session):
        open_reports(db.session, round_)
    db.session.commit()


def release_due_reports() -> None:
    """Release the reports whose day has come, each by itself: one that cannot go holds up no other."""
    for leader_id in reports_due(db.session, on=clock.today()):
        _release(leader_id)


def report_released(session: Session, leader_id: UUID) -> Mail | None:
    """Tell a leader that their report is there; it never travels by mail."""
    report = report_of(session, leader_id)
    if report is None or report.leader.person is None:
        return None
    config: Config = current_app.extensions["config"]
    text = render_template(
        "reports/mails/report_released.txt",
        leader=report.leader,
        address=f"{config.base_url}/my-report",
    )
    return Mail(report.leader.person.email, "Your report is ready for you", text)


def _release(leader_id: UUID) -> None:
    report = report_of(db.session, leader_id)
    try:
        if report:
            release(db.session, report, by=None)
    except DomainError:
        current_app.logger.exception("The report of leader %s could not be released.", leader_id)
        db.session.rollback()
    db.session.commit()


JOBS: list[Job] = [
    Job("open_reports", open_due_reports),
    Job("release_reports", release_due_reports),
]
MAILS: dict[str, Renderer] = {"report_released": report_released}
