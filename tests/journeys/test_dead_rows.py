"""A snapshot keeps what close has deleted: until it ends nobody claims that the files are clean."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

import assess.jobs
import core.db
from core.db import StillReadError, db, rewrite
from core.jobs import run_now
from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.models import CLOSE_STEPS, CloseStep, Seat
from surveys.services.answers import decline
from surveys.services.rounds import lock_round
from tests.assess.rounds import everybody_says, submit_all
from tests.core.test_db import snapshot
from tests.factories import NOON, make_open_round
from tests.journeys.disk import Places, relations, ways

BEGINNING = 32
"""Bytes by which an envelope or a draft is known."""
GREATEST = 2**128 - 1


@dataclass(frozen=True)
class World:
    """A locked round, and what of its raters an attacker looks for on the disk."""

    app: Flask
    engine: sa.Engine
    sealed: dict[str, bytes]
    silent: UUID

    def close(self) -> list[str]:
        """Run the job once, and return the steps that it says are done."""
        with self.app.app_context():
            run_now(["close_locked_rounds"])
            done = set(db.session.scalars(sa.select(CloseStep.step)))
            held = sa.or_(Seat.envelope.is_not(None), Seat.draft.is_not(None), Seat.declined)
            assert db.session.scalars(sa.select(Seat.id).where(held)).all() == []
        return [step for step in CLOSE_STEPS if step in done]

    def disk(self) -> Places:
        if self.engine.dialect.name == "sqlite":
            path = Path(self.engine.url.database or "")
            return {file.name: file.read_bytes() for file in path.parent.iterdir()}
        places: dict[str, bytes] = {}
        for way in ways(self.engine):
            places |= relations(self.engine, way)
        return places or pytest.skip("PostgreSQL: this user may read neither pages nor files")

    def found(self) -> set[str]:
        """Return what of the raters stands on the disk, and where."""
        disk = self.disk()
        found = {
            f"{what} in {p}" for what, is_ in self.sealed.items() for p in disk if is_ in disk[p]
        }
        return found | self._rows_of_the_silent(disk)

    def _rows_of_the_silent(self, disk: Places) -> set[str]:
        """Say where somebody has more than one row: the older one tells that they declined."""
        settled = {"own.sqlite": 2, "pages of seat": 1, "file of seat": 1}  # SQLite: and an index
        written = {self.silent.bytes, self.silent.hex.encode()}
        rows = {place: sum(map(content.count, written)) for place, content in disk.items()}
        tables = {"own.sqlite-wal", *settled}
        return {f"flag in {p}" for p in rows if p in tables and rows[p] > settled.get(p, 0)}


@pytest.fixture
def world(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    """A round in which somebody has declined, and the others have sent what they drafted."""
    monkeypatch.setattr(core.db, "PATIENCE", 1)
    with own_app.app_context():
        if db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", _hurry)
            db.engine.dispose()
        sealed, silent = _locked(own_app.extensions["key_store"])
        engine = db.engine
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return World(own_app, engine, sealed, silent)


def _hurry(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 100").close()


def _locked(keys: KeyStore) -> tuple[dict[str, bytes], UUID]:
    round_ = make_open_round(db.session, keys, peer=5)
    (leader,) = round_.leaders
    submit_all(db.session, leader, everybody_says(4, "A word."), keys)
    for seat in leader.seats:
        seat.draft = b"a draft of " + seat.id.bytes * 20
    silent = leader.seats[-1]
    silent.envelope = None
    db.session.flush()
    decline(db.session, silent)
    lock_round(db.session, round_, at=NOON)
    db.session.commit()
    told = {
        f"{kind} {number}": sealed[:BEGINNING]
        for number, seat in enumerate(leader.seats)
        for kind, sealed in (("envelope", seat.envelope), ("draft", seat.draft))
        if sealed
    }
    return told, silent.id


def test_close_claims_nothing_while_a_snapshot_keeps_what_it_deleted(world: World) -> None:
    """Read from the disk: envelopes, drafts, and the row which tells that somebody declined."""
    kinds = {*world.sealed, "flag"}
    with snapshot(world.engine):
        assert world.close() == ["published", "secrets_destroyed"]
        assert {seen.partition(" in ")[0] for seen in world.found()} == kinds
        assert world.close() == ["published", "secrets_destroyed"]

    assert world.close() == [*CLOSE_STEPS]
    assert world.found() == set()


@pytest.mark.parametrize("step", ["note_step", "rewrite"])
def test_a_step_that_fails_leaves_nothing_behind_either(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """What a transaction wrote before it was undone lies on the disk as well, until the next run ends."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(assess.jobs, step, fail)
        with pytest.raises(KeyboardInterrupt), world.app.app_context():
            run_now(["close_locked_rounds"])
    assert {seen.partition(" in ")[0] for seen in world.found()} >= {*world.sealed}

    assert world.close() == [*CLOSE_STEPS]
    assert world.found() == set()


@pytest.mark.parametrize("deleted", [2, 3], ids=["between", "last"])
def test_a_single_dead_row_is_seen_wherever_it_lies(world: World, deleted: int) -> None:
    """Rows lie in the order of their keys: nothing living stands behind a dead one with the greatest."""
    rows = {number: UUID(int=GREATEST - 3 + number) for number in (1, 2, 3)}
    with Session(world.engine) as session:
        session.add_all(
            OutboxMail(id=row, template="reminder", subject_id=row) for row in rows.values()
        )
        session.commit()
    with snapshot(world.engine):
        with Session(world.engine) as session:
            session.execute(sa.delete(OutboxMail).where(OutboxMail.id == rows[deleted]))
            session.commit()
        with pytest.raises(StillReadError):
            rewrite(world.engine, "outbox_mail")

    rewrite(world.engine, "outbox_mail")
