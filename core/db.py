"""The database: one engine, one declarative root, named constraints, random ids."""

from datetime import UTC, datetime
from sqlite3 import Connection as SqliteConnection
from typing import Annotated, Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import has_request_context, request
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import orm

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

RandomId = Annotated[UUID, orm.mapped_column(primary_key=True, default=uuid4)]


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment with its zone, also where the database keeps none."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored: use core.clock.now()")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - as above
        return value and value.replace(tzinfo=value.tzinfo or UTC)


class Model(orm.DeclarativeBase):
    """The root of every table."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        dict[str, Any]: sa.JSON,
        list[str]: sa.JSON,
    }


db = SQLAlchemy()


def prepare_sqlite(engine: sa.Engine) -> None:
    """Make SQLite keep foreign keys, overwrite what is deleted, and let readers and a writer work at once."""
    if engine.dialect.name != "sqlite":
        return
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)


def _on_connect(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; _on_begin emits it
    for pragma in (
        "foreign_keys = ON",
        "journal_mode = WAL",
        "secure_delete = ON",
        "busy_timeout = 30000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: sa.Connection) -> None:
    """Take the write lock at once where a write may follow.

    A transaction that reads first and writes later fails in WAL mode when another has written in between.
    """
    reading = has_request_context() and request.method in {"GET", "HEAD", "OPTIONS"}
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def rewrite(engine: sa.Engine, *tables: str) -> None:
    """Write tables anew, so that nothing of what was emptied or replaced in them stays on the disk."""
    if engine.dialect.name == "sqlite":
        _rewrite_sqlite(engine)
        return
    names = ", ".join(engine.dialect.identifier_preparer.quote(table) for table in tables)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM FULL {names}")


def _rewrite_sqlite(engine: sa.Engine) -> None:
    """Write the whole file anew, and empty the log beside it."""
    connection = engine.raw_connection()  # past _on_begin: VACUUM knows no transaction
    try:
        for command in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            connection.cursor().execute(command)
    finally:
        connection.close()
