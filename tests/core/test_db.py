"""What was deleted leaves the disk, and the order in which rows were changed leaves it too."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from core import db as database
from core.db import StillReadError, db, rewrite
from core.mail import OutboxMail

ROWS = 40


@pytest.fixture
def engine(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """A database whose patience is short, with rows which were changed in an order of chance."""
    monkeypatch.setattr(database, "PATIENCE", 1)
    with own_app.app_context():
        if db.engine.dialect.name == "sqlite":
            sa.event.listen(db.engine, "connect", _hurry)
            db.engine.dispose()
        for _ in range(ROWS):
            db.session.add(OutboxMail(template="invitation", subject_id=uuid4()))
        db.session.commit()
        for mail in db.session.scalars(sa.select(OutboxMail).order_by(OutboxMail.subject_id)):
            mail.failure = "TimeoutError: nobody there"
            db.session.commit()
        yield db.engine


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 100").close()


def place(engine: sa.Engine) -> str:
    return "rowid" if engine.dialect.name == "sqlite" else "ctid"


def order_on_disk(engine: sa.Engine) -> list[UUID]:
    with Session(engine) as session:
        rows = sa.select(OutboxMail.id).order_by(sa.literal_column(place(engine)))
        return list(session.scalars(rows))


def order_of_changes(engine: sa.Engine) -> list[UUID]:
    with Session(engine) as session:
        return list(session.scalars(sa.select(OutboxMail.id).order_by(OutboxMail.subject_id)))


def test_postgresql_would_tell_in_which_order_rows_were_changed(engine: sa.Engine) -> None:
    """Why rows are sorted: writing them anew alone keeps their order, which is that of the changes."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite: a row that is changed stays where it is")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM FULL outbox_mail")

    assert order_on_disk(engine) == order_of_changes(engine)


def test_the_order_of_changes_does_not_stay(engine: sa.Engine) -> None:
    before = order_on_disk(engine)

    rewrite(engine, "outbox_mail")

    after = order_on_disk(engine)
    assert after == (before if engine.dialect.name == "sqlite" else sorted(after))
    assert after != order_of_changes(engine)


def test_whoever_still_reads_is_waited_for(engine: sa.Engine) -> None:
    """A snapshot from before keeps what was deleted since, wherever the database writes it."""
    with snapshot(engine):
        with Session(engine) as session:
            session.execute(sa.delete(OutboxMail))
            session.commit()
        with pytest.raises(StillReadError):
            rewrite(engine, "outbox_mail")

    rewrite(engine, "outbox_mail")

    assert order_on_disk(engine) == []


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[None]:
    """Read another table as a backup does: it sees the whole database as it is now until it ends."""
    begin = "BEGIN" if engine.dialect.name == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    reader = engine.raw_connection()
    try:
        cursor = reader.cursor()
        cursor.execute(begin)
        cursor.execute("SELECT count(*) FROM account")
        yield
        cursor.execute("COMMIT")
    finally:
        reader.close()


def test_what_goes_on_in_other_databases_holds_nothing_up(engine: sa.Engine) -> None:
    """PostgreSQL keeps dead rows for snapshots of the whole server, unless it is asked as we do."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite: a file is the whole server")
    other = sa.create_engine(engine.url.set(database="postgres"), poolclass=sa.NullPool)
    with other.connect() as elsewhere:
        elsewhere.exec_driver_sql("SELECT pg_current_xact_id()")
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE outbox_mail SET failure = NULL")

        rewrite(engine, "outbox_mail")


def test_a_table_in_use_is_not_waited_for_long(engine: sa.Engine) -> None:
    with Session(engine) as busy:
        busy.execute(sa.update(OutboxMail).values(attempts=1))
        with pytest.raises(StillReadError):
            rewrite(engine, "outbox_mail")


def test_no_samples_are_kept_of_what_was_deleted(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        assert "sqlite_stat1" not in sa.inspect(engine).get_table_names()
        return
    samples = "SELECT count(*) FROM pg_stats WHERE attname = 'failure' AND null_frac < 1"
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE outbox_mail")
        assert connection.exec_driver_sql(samples).scalar() == 1
        connection.exec_driver_sql("UPDATE outbox_mail SET failure = NULL")

    rewrite(engine, "outbox_mail")

    with engine.connect() as connection:
        assert connection.exec_driver_sql(samples).scalar() == 0


def test_nothing_is_left_beside_the_rows(engine: sa.Engine) -> None:
    """In SQLite these are the pages that are free, the log, and a file for what VACUUM copies."""
    with Session(engine) as session:
        session.execute(sa.delete(OutboxMail))
        session.commit()

    rewrite(engine, "outbox_mail")

    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            size = "SELECT pg_relation_size('outbox_mail')"
            assert connection.exec_driver_sql(size).scalar() == 0
            return
        settings = ("temp_store", "secure_delete", "synchronous", "freelist_count")
        told = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in settings]
    assert told == [2, 1, 2, 0]
    file, log = (Path(f"{engine.url.database}{end}") for end in ("", "-wal"))
    assert b"nobody there" not in file.read_bytes()
    assert not log.exists() or log.stat().st_size == 0
