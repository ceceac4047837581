"""What runs by itself: closing rounds that are locked, sweeping up after those that are closed."""

from collections.abc import Callable
from uuid import UUID

from flask import current_app

from assess.closing.rounds import REWRITTEN, close_round, note_step
from assess.publication.gate import GateError
from assess.queries import next_step, rounds_to_close
from core import clock
from core.audit import record
from core.db import db, rewrite
from core.errors import DomainError
from core.jobs import Job
from core.keys import KeyStore
from core.mail import Renderer
from surveys.models import Round
from surveys.services.keys import destroy_secrets, waits_for_trustee


def close_locked_rounds() -> None:
    """Close every locked round, step by step. What is interrupted goes on at the next run."""
    for round_id in rounds_to_close(db.session):
        _close_or_report(round_id)


def _close_or_report(round_id: UUID) -> None:
    """Close a round; one that cannot be closed holds up no other, and tells the operator why."""
    try:
        _close(round_id)
    except (DomainError, GateError) as error:
        db.session.rollback()
        left = next_step(db.session, db.session.get_one(Round, round_id))
        current_app.logger.error(  # noqa: TRY400 - the sentence says it; the stack says nothing more
            "Round %s could not be closed to the end; %s is left. %s", round_id, left, error
        )


def _close(round_id: UUID) -> None:
    """Do, note, commit: each step holds the round, so that no other worker takes it meanwhile."""
    while (
        (round_ := _hold(round_id))
        and not waits_for_trustee(round_, _key_store())
        and (step := next_step(db.session, round_))
    ):
        STEPS[step](round_)
        note_step(db.session, round_, step)
        db.session.commit()
    db.session.commit()


def _publish(round_: Round) -> None:
    close_round(db.session, round_, _key_store(), at=clock.now())
    record(db.session, "system", "closed", "round", round_.id)


def _destroy_secrets(round_: Round) -> None:
    destroy_secrets(round_, _key_store())


def _rewrite_files(round_: Round) -> None:
    """Let go of the round meanwhile: files are written anew while no transaction holds them, nor this one."""
    db.session.commit()
    rewrite(db.engine, *REWRITTEN)
    _hold(round_.id)


STEPS: dict[str, Callable[[Round], None]] = {
    "published": _publish,
    "secrets_destroyed": _destroy_secrets,
    "files_rewritten": _rewrite_files,
}


def _hold(round_id: UUID) -> Round | None:
    """Return the round while no other worker closes it."""
    return db.session.get(Round, round_id, with_for_update={"skip_locked": True})


def _key_store() -> KeyStore:
    store: KeyStore = current_app.extensions["key_store"]
    return store


JOBS = [Job("close_locked_rounds", close_locked_rounds)]
MAILS: dict[str, Renderer] = {}
