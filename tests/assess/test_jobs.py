"""The job that closes rounds may be interrupted anywhere: what it left undone, the next run does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import shuffle
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import orm

import assess.jobs
import assess.models
from assess.closing.rounds import REWRITTEN
from assess.jobs import close_locked_rounds
from assess.models import CohortEntry, LedgerEntry
from core.audit import AuditEntry
from core.db import Model, StillReadError, db, rewrite
from core.keys import KeyStore
from surveys.ballots.keynames import private_key_name
from surveys.ballots.sheets import Sheet
from surveys.models import Round, Seat
from surveys.services.answers import submit
from surveys.services.rounds import lock_round
from tests.assess.rounds import answered_round, everybody_says
from tests.factories import NOON, make_open_round

WORKERS = 4
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
        rounds = sa.select(Round).options(orm.selectinload(Round.close_steps))
        return (
            db.session.scalars(rounds).one(),
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
    assert round_.is_swept
    assert not (keys(locked).directory / private_key_name(round_)).exists()


@pytest.mark.parametrize(
    "step", ["close_round", "record", "note_step", "destroy_secrets", "rewrite"]
)
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
    assert round_.is_swept


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
    """A round that is held elsewhere is let alone."""
    monkeypatch.setattr(assess.jobs, "_hold", lambda _round_id: None)

    run(locked)

    round_, envelopes, _ = look(locked)
    assert (round_.state, envelopes) == ("locked", 5)
    assert keys(locked).get(private_key_name(round_))


def test_workers_at_once_close_a_round_once(locked: Flask) -> None:
    barrier = Barrier(WORKERS)

    def work(_number: int) -> None:
        barrier.wait(30)
        run(locked)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))

    round_, envelopes, releases = look(locked)
    assert (round_.is_swept, envelopes, releases) == (True, 0, 1)
    with locked.app_context():
        assert [entry.deed for entry in db.session.scalars(sa.select(AuditEntry))] == ["closed"]


def test_another_worker_may_sweep_meanwhile(locked: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """While files are written anew nobody holds the round: then two may do it, and both note it."""

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(assess.jobs, "rewrite", rewrite)
        with ThreadPoolExecutor(1) as other:
            other.submit(run, locked).result(60)
        rewrite(*arguments)

    monkeypatch.setattr(assess.jobs, "rewrite", meanwhile)

    run(locked)

    assert look(locked)[0].is_swept


def test_files_that_are_still_read_are_written_anew_at_the_next_run(
    locked: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def still_read(*_arguments: object) -> None:
        raise StillReadError("A backup is under way.")

    with monkeypatch.context() as patched:
        patched.setattr(assess.jobs, "rewrite", still_read)
        run(locked)
    round_, envelopes, releases = look(locked)
    assert (round_.state, round_.is_swept, envelopes, releases) == ("closed", False, 0, 1)
    assert "files_rewritten is left. A backup is under way." in caplog.text

    run(locked)

    assert look(locked)[0].is_swept


def test_the_seats_lie_in_no_order_of_answers(own_app: Flask) -> None:
    """Each sheet that is sent puts its seat behind those before, and close must not keep that order."""
    with own_app.app_context():
        round_ = make_open_round(db.session, keys(own_app), peer=12)
        db.session.commit()
        told = list(db.session.scalars(sa.select(Seat).where(Seat.group == "peer")))
        shuffle(told)
        for seat in told:
            submit(db.session, seat, Sheet({"trust1": 4}, {}), keys(own_app))
            db.session.commit()
        order = [seat.id for seat in told]
        lock_round(db.session, round_, at=NOON)
        db.session.commit()

    run(own_app)

    with own_app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        place: sa.ColumnElement[Any] = sa.literal_column("rowid" if is_sqlite else "ctid")
        lying = list(db.session.scalars(sa.select(Seat.id).order_by(place)))
    assert is_sqlite or lying == sorted(lying)
    assert [seat_id for seat_id in lying if seat_id in order] != order


def test_every_table_that_close_writes_is_written_anew() -> None:
    """A close that failed leaves dead rows in all of them."""
    ours = {mapper.class_ for mapper in Model.registry.mappers} - {CohortEntry}
    written = {m.__tablename__ for m in ours if m.__module__ == assess.models.__name__}

    assert written <= {*REWRITTEN}


def test_postgresql_remembers_one_transaction_for_all_seats_alike(locked: Flask) -> None:
    """Not which seats were written to and when (xmin), nor where their envelopes lay (TOAST)."""
    run(locked)

    with locked.app_context():
        if db.engine.dialect.name == "sqlite":
            assert (
                db.session.scalar(sa.text("SELECT freelist_count FROM pragma_freelist_count")) == 0
            )
            return
        for table in ("seat", "invitation"):
            writers = db.session.scalars(sa.text(f"SELECT DISTINCT xmin::text FROM {table}"))  # noqa: S608 - our own names
            assert len(writers.all()) == 1
        toasted = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = 'seat'"
        assert db.session.scalar(sa.text(toasted)) == 0
