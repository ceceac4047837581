"""What runs by itself: locking, reminding, counting, and the mails to raters."""

from uuid import UUID

from flask import current_app, render_template
from sqlalchemy.orm import Session

from core import audit, clock
from core.config import Config
from core.db import db
from core.jobs import Job
from core.mail import Mail, Renderer
from instruments.queries import instrument_of
from surveys.forms.sheets import minutes_left, pages_of
from surveys.models import Invitation
from surveys.queries.rounds import (
    due_to_lock,
    has_empty_seats,
    invitation_for_mail,
    open_rounds,
)
from surveys.services.rounds import count_answers, lock_round, remind, secret_of

ACTOR = "system"


def lock_due_rounds() -> None:
    """Lock the rounds whose deadline has passed."""
    now = clock.now()
    for round_ in due_to_lock(db.session, at=now):
        lock_round(db.session, round_, at=now)
        audit.record(db.session, ACTOR, "locked", "round", round_.id)
    db.session.commit()


def remind_raters() -> None:
    """Remind whoever has not answered, in the open rounds whose day it is."""
    today = clock.today()
    for round_ in open_rounds(db.session, at=clock.now()):
        if round_.launched_at and today in round_.reminder_days(round_.launched_at.date()):
            remind(db.session, round_)
    db.session.commit()


def count_open_rounds() -> None:
    """Count the answers of every open round, for HR."""
    for round_ in open_rounds(db.session, at=clock.now()):
        count_answers(db.session, round_, on=clock.today())
    db.session.commit()


JOBS: list[Job] = [
    Job("lock_due_rounds", lock_due_rounds),
    Job("remind_raters", remind_raters, minute="0", hour="8"),
    Job("count_answers", count_open_rounds, minute="0", hour="6"),
]


def invitation_mail(session: Session, invitation_id: UUID) -> Mail | None:
    """Render the invitation; pointless once the round is no longer open."""
    invitation = _open_invitation(session, invitation_id)
    if invitation is None:
        return None
    return _render(invitation, "invitation", f"Your feedback is asked for until {_day(invitation)}")


def reminder_mail(session: Session, invitation_id: UUID) -> Mail | None:
    """Render a reminder; pointless once everything is answered or declined."""
    invitation = _open_invitation(session, invitation_id)
    if invitation is None or not has_empty_seats(session, invitation):
        return None
    return _render(invitation, "reminder", f"Until {_day(invitation)}: your feedback is asked for")


MAILS: dict[str, Renderer] = {"invitation": invitation_mail, "reminder": reminder_mail}


def _open_invitation(session: Session, invitation_id: UUID) -> Invitation | None:
    invitation = invitation_for_mail(session, invitation_id)
    is_open = invitation is not None and invitation.round.state == "open"
    return invitation if is_open else None


def _render(invitation: Invitation, template: str, subject: str) -> Mail:
    """Write a mail; the link's secret is made now and stands nowhere but in it."""
    config: Config = current_app.extensions["config"]
    round_ = invitation.round
    text = render_template(
        f"mail/{template}.txt",
        invitation=invitation,
        round=round_,
        seats=sorted(invitation.seats, key=lambda seat: (seat.group != "self", seat.leader.name)),
        minutes=minutes_left(pages_of(instrument_of(round_.instrument_version))),
        deadline=f"{_day(invitation)}, {round_.deadline:%H:%M} UTC",
        place=f"{config.base_url}/r",
        code=secret_of(invitation, current_app.extensions["key_store"]),
    )
    return Mail(invitation.email or "", subject, text)


def _day(invitation: Invitation) -> str:
    return f"{invitation.round.deadline:%-d %B}"
