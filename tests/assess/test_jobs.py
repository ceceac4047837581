"""The job that closes rounds may be interrupted anywhere: what it left undone, the next run does."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

import assess.jobs
from assess.jobs import close_locked_rounds
from assess.models import LedgerEntry
from core.db import db
from core.keys import KeyStore
from surveys.ballots.keynames import private_key_name
from surveys.ballots.sheets import Sheet
from surveys.models import Round, Seat
from tests.assess.rounds import answered_round, everybody_says

CANARY = "A canary sings in this comment, and nowhere else."


@pytest.fixture
def locked(own_app: Flask) -> Flask:
    """An application with one locked round; what the peers wrote holds a canary."""
    with own_app.app_context():
        answered_round(db.session, keys(own_app), peers_sing, peer=4)
        db.session.commit()
    return own_app


def peers_sing(group: str, number: int) -> Sheet:
    comment = CANARY if group == "peer" else ""
    return everybody_says(4, comment)(group, number)


def keys(app: Flask) -> KeyStore:
    store: KeyStore = app.extensions["key_store"]
    return store


def run(app: Flask) -> None:
    with app.app_context():
        close_locked_rounds()


def look(app: Flask) -> tuple[Round, int, int]:
    """Return the round, how many envelopes there are, and how many releases."""
    with app.app_context():
        envelopes = sa.select(sa.func.count()).where(Seat.envelope.is_not(None))
        releases = sa.select(sa.func.count()).select_from(LedgerEntry)
        return (
            db.session.scalars(sa.select(Round)).one(),
            db.session.scalars(envelopes).one(),
            db.session.scalars(releases).one(),
        )


def interrupted(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_a_locked_round_is_closed_swept_and_done_once(locked: Flask) -> None:
    run(locked)
    run(locked)

    round_, envelopes, releases = look(locked)
    assert (round_.state, envelopes, releases) == ("closed", 0, 1)
    assert round_.swept_at is not None
    assert not (keys(locked).directory / private_key_name(round_)).exists()


@pytest.mark.parametrize("step", ["close_round", "record", "destroy_secrets", "rewrite"])
def test_wherever_it_is_interrupted_the_next_run_ends_it(
    locked: Flask, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(assess.jobs, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(locked)
    round_, envelopes, releases = look(locked)
    assert (envelopes, releases) == ((0, 1) if round_.state == "closed" else (5, 0))

    run(locked)

    round_, envelopes, releases = look(locked)
    assert (round_.state, envelopes, releases) == ("closed", 0, 1)
    assert round_.swept_at is not None


def test_the_secrets_outlive_a_close_that_was_not_committed(
    locked: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess.jobs, "record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(locked)

    round_, _, _ = look(locked)
    assert keys(locked).get(private_key_name(round_))


def test_a_round_that_cannot_be_closed_holds_up_no_other(
    locked: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with locked.app_context():
        damaged = answered_round(db.session, keys(locked), everybody_says(3), peer=4)
        seat = db.session.scalars(
            sa.select(Seat).where(Seat.leader_id == damaged.leaders[0].id).limit(1)
        ).one()
        seat.envelope = b"scribbled over"
        db.session.commit()

    run(locked)

    with locked.app_context():
        states = sorted(round_.state for round_ in db.session.scalars(sa.select(Round)))
    assert states == ["closed", "locked"]
    assert "could not be closed" in caplog.text
    assert CANARY not in caplog.text


def test_no_trace_of_an_answer_is_left_in_the_database_file(locked: Flask, tmp_path: Path) -> None:
    """Four people wrote: too few for a comment to be shown, so that it must be gone."""
    run(locked)

    files = (path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(CANARY.encode() in content for content in files)


def test_secrets_stay_while_another_worker_closes(
    locked: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess.jobs, "_hold", lambda _round_id: None)

    run(locked)

    round_, envelopes, _ = look(locked)
    assert (round_.state, envelopes) == ("locked", 5)
    assert keys(locked).get(private_key_name(round_))
