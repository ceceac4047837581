"""What runs by itself: closing rounds that are locked, sweeping up after those that are closed."""

from uuid import UUID

from flask import current_app

from assess.closing.rounds import HELD_SECRETS, close_round, destroy_secrets
from assess.publication.gate import GateError
from assess.queries import rounds_to_close, rounds_to_sweep
from core import clock
from core.audit import record
from core.db import db, rewrite
from core.errors import DomainError
from core.jobs import Job
from core.keys import KeyStore
from core.mail import Renderer
from surveys.models import Round


def close_locked_rounds() -> None:
    """Score every locked round, then destroy its secrets. What is interrupted goes on at the next run."""
    for sweep_id in rounds_to_sweep(db.session):
        _sweep(sweep_id)
    for round_id in rounds_to_close(db.session):
        _close_or_report(round_id)


def _close_or_report(round_id: UUID) -> None:
    """Close a round; one that cannot be closed holds up no other, and tells the operator why."""
    try:
        _close(round_id)
        _sweep(round_id)
    except (DomainError, GateError) as error:
        db.session.rollback()
        current_app.logger.error(  # noqa: TRY400 - the sentence says it; the stack says nothing more
            "Round %s could not be closed. Nothing was changed. %s", round_id, error
        )


def _close(round_id: UUID) -> None:
    round_ = _hold(round_id)
    if round_ and round_.state == "locked":
        close_round(db.session, round_, _key_store(), at=clock.now())
        record(db.session, "system", "closed", "round", round_id)
    db.session.commit()


def _sweep(round_id: UUID) -> None:
    """Destroy first, then rewrite, then say so: at any interruption the next run does it again."""
    round_ = db.session.get_one(Round, round_id)
    if round_.closed_at is None:
        return  # another worker is closing it: its secrets are still needed
    destroy_secrets(round_, _key_store())
    db.session.commit()  # VACUUM waits for every other transaction, and would wait for this one
    rewrite(db.engine, *HELD_SECRETS)
    round_.swept_at = clock.now()
    db.session.commit()


def _hold(round_id: UUID) -> Round | None:
    """Return the round while no other worker closes it."""
    return db.session.get(Round, round_id, with_for_update={"skip_locked": True})


def _key_store() -> KeyStore:
    store: KeyStore = current_app.extensions["key_store"]
    return store


JOBS = [Job("close_locked_rounds", close_locked_rounds)]
MAILS: dict[str, Renderer] = {}
