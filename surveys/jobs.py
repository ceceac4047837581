"""What runs by itself: locking, reminding, counting, looking after keys, and the mails to raters."""

from functools import partial
from uuid import UUID

from flask import current_app, render_template
from sqlalchemy.orm import Session

from accounts.models import Account
from core import audit, clock
from core.config import Config
from core.db import db
from core.jobs import Job
from core.keys import KeyStore
from core.mail import Mail, Renderer
from instruments.queries import instrument_of
from surveys.forms.sheets import minutes_left, pages_of
from surveys.models import Invitation, Round
from surveys.queries.keys import (
    TO_FORMER,
    closed_rounds,
    over_with_trustee,
    round_with_trustee,
    running_rounds,
)
from surveys.queries.rounds import (
    due_to_lock,
    has_empty_seats,
    invitation_for_mail,
    open_rounds,
)
from surveys.services.keys import (
    NOTHING,
    destroy_secrets,
    has_passphrase,
    loss_for,
    loss_of,
    waits_for_trustee,
)
from surveys.services.rounds import count_answers, lock_round, remind, secret_of
from surveys.services.trustees import HOUR, PATIENCE, remind_trustee

ACTOR = "system"


def lock_due_rounds() -> None:
    """Lock the rounds whose deadline has passed."""
    now = clock.now()
    for round_ in due_to_lock(db.session, at=now):
        lock_round(db.session, round_, at=now)
        audit.record(db.session, ACTOR, "locked", "round", round_.id)
    db.session.commit()


def remind_raters() -> None:
    """Remind whoever has not answered, in the open rounds whose day it is and where answering is possible."""
    today = clock.today()
    for round_ in open_rounds(db.session, at=clock.now()):
        is_due = round_.launched_at and today in round_.reminder_days(round_.launched_at.date())
        if is_due and loss_of(db.session, round_, _key_store()) == NOTHING:
            remind(db.session, round_)
    db.session.commit()


def remind_trustees() -> None:
    """Remind the trustees for whom a round waits, every few days until they come."""
    for round_ in over_with_trustee(db.session):
        remind_trustee(db.session, round_, _key_store())
    db.session.commit()


def count_open_rounds() -> None:
    """Count the answers of every open round, for HR."""
    for round_ in open_rounds(db.session, at=clock.now()):
        count_answers(db.session, round_, on=clock.today())
    db.session.commit()


def look_after_keys() -> None:
    """Tell the operator which round has lost a secret, and destroy what turns up of rounds that are closed.

    A key store that was lost and is found may hold the keys of a round which was opened again and closed.
    """
    for round_ in running_rounds(db.session):
        if loss_of(db.session, round_, _key_store()) != NOTHING:
            current_app.logger.error(
                "A secret of round %s is missing from the key store, or is another one. KEY_STORE is %s: "
                "point it at the right place; where the secret is lost for good, open the round again: "
                "flask surveys reopen",
                round_.id,
                _key_store().directory,
            )
    for round_ in closed_rounds(db.session):
        destroy_secrets(round_, _key_store())
    db.session.rollback()


JOBS: list[Job] = [
    Job("lock_due_rounds", lock_due_rounds),
    Job("look_after_keys", look_after_keys, minute="30"),
    Job("remind_raters", remind_raters, minute="0", hour="8"),
    Job("remind_trustees", remind_trustees, minute="0", hour=str(HOUR.hour)),
    Job("count_answers", count_open_rounds, minute="0", hour="6"),
]


def invitation_mail(session: Session, invitation_id: UUID) -> Mail | None:
    """Render the invitation; pointless once the round is no longer open."""
    invitation = _open_invitation(session, invitation_id)
    if invitation is None:
        return None
    return _render(invitation, "invitation", f"Your feedback is asked for until {_day(invitation)}")


def reminder_mail(session: Session, invitation_id: UUID) -> Mail | None:
    """Render a reminder; pointless once everything is answered or declined, or where nothing can be sent."""
    invitation = _open_invitation(session, invitation_id)
    if invitation is None or not has_empty_seats(session, invitation):
        return None
    if loss_for(invitation, _key_store()) != NOTHING:
        return None
    return _render(invitation, "reminder", f"Until {_day(invitation)}: your feedback is asked for")


def reopened_mail(session: Session, invitation_id: UUID, *, lost: str) -> Mail | None:
    """Render what everybody is told when a round is opened again; it says the same to all."""
    invitation = _open_invitation(session, invitation_id)
    if invitation is None:
        return None
    subject = f"Please look at your answers once more, until {_day(invitation)}"
    return _render(invitation, lost, subject)


def trustee_named(session: Session, round_id: UUID) -> Mail | None:
    """Render what a trustee is asked first; pointless once they have their passphrase."""
    round_ = round_with_trustee(session, round_id)
    if round_ is None or round_.state == "closed" or has_passphrase(round_, _key_store()):
        return None
    subject = "You are asked to hold the key of a round"
    return _render_for_trustee(round_, "trustee_named", subject, to=round_.trustee)


def round_waits(session: Session, round_id: UUID) -> Mail | None:
    """Render what a trustee is asked at the end; pointless once they have given their passphrase."""
    round_ = round_with_trustee(session, round_id)
    if round_ is None or not waits_for_trustee(round_, _key_store()):
        return None
    subject = "A round waits for your passphrase"
    return _render_for_trustee(round_, "round_waits", subject, to=round_.trustee)


def trustee_replaced(session: Session, round_id: UUID) -> Mail | None:
    """Render what a former trustee is told when the round was opened again without them."""
    round_ = round_with_trustee(session, round_id)
    if round_ is None or round_.former_trustee is None:
        return None
    subject = "A round was opened again without your passphrase"
    return _render_for_trustee(round_, TO_FORMER, subject, to=round_.former_trustee)


MAILS: dict[str, Renderer] = {
    "invitation": invitation_mail,
    "reminder": reminder_mail,
    **{
        lost: partial(reopened_mail, lost=lost)
        for lost in ("sheets_lost", "sheets_and_drafts_lost", "drafts_lost")
    },
    "trustee_named": trustee_named,
    "round_waits": round_waits,
    TO_FORMER: trustee_replaced,
}


def _key_store() -> KeyStore:
    store: KeyStore = current_app.extensions["key_store"]
    return store


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
        code=secret_of(invitation, _key_store()),
    )
    return Mail(invitation.email or "", subject, text)


def _render_for_trustee(
    round_: Round, template: str, subject: str, *, to: Account | None
) -> Mail | None:
    config: Config = current_app.extensions["config"]
    if to is None:
        return None
    text = render_template(
        f"mail/{template}.txt",
        greeting=f"Dear {to.name}," if to.name else "Good day,",
        round=round_,
        since=f"{round_.locked_at:%-d %B %Y}" if round_.locked_at else None,
        patience=PATIENCE.days,
        place=f"{config.base_url}/trustee/{round_.id}",
    )
    return Mail(to.email, subject, text)


def _day(invitation: Invitation) -> str:
    return f"{invitation.round.deadline:%-d %B}"
