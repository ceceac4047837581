"""The database: one engine, one declarative root, named constraints, random ids."""

from collections.abc import Iterable
from datetime import UTC, datetime
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from time import sleep
from typing import Annotated, Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import has_request_context, request
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import orm

from core.errors import DomainError

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


PATIENCE = 5
"""Seconds for which others are waited for: whoever comes later waits behind us."""
STILL_READ = (
    "Something else is using the database, a backup perhaps, so that its files still hold what was "
    "deleted. They are written anew at the next try."
)
IS_DENSE = """
WITH page AS (
    SELECT (ctid::text::point)[0] AS number, count(*) AS rows, max((ctid::text::point)[1]) AS places
    FROM {table} GROUP BY 1
)
SELECT bool_and(rows = places) IS NOT FALSE
    AND count(*) = pg_relation_size('{table}') / current_setting('block_size')::int
    AND coalesce(sum(rows), 0)::real = (
        SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'pk_{table}'::regclass
    )
FROM page
"""
"""Whether every place in a table holds a living row. A dead one is kept while an older snapshot sees it.

Where nothing living lies behind a dead row, no gap shows; the index that CLUSTER has built counts both.
"""

db = SQLAlchemy()


def prepare_sqlite(engine: sa.Engine) -> None:
    """Make SQLite keep foreign keys, leave no trace of what is deleted, and let readers and a writer meet."""
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
        "temp_store = MEMORY",  # VACUUM copies everything, and would use a file for it
        "busy_timeout = 30000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: sa.Connection) -> None:
    """Take the write lock at once where a write may follow.

    A transaction that reads first and writes later fails in WAL mode when another has written in between.
    """
    reading = has_request_context() and request.method in {"GET", "HEAD", "OPTIONS"}
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class StillReadError(DomainError):
    """Somebody uses the database, and so holds on to what has been deleted."""


def rewrite(engine: sa.Engine, *tables: str) -> None:
    """Write tables anew, by their keys: neither what was emptied nor the order of changes stays on the disk.

    Raises
    ------
    StillReadError
        While somebody else keeps what was deleted from going. Nothing is lost; try again later.
    """
    try:
        if engine.dialect.name == "sqlite":
            _rewrite_sqlite(engine)
        else:
            _rewrite_postgresql(engine, tables)
    except (sa.exc.OperationalError, SqliteError) as error:
        raise StillReadError(f"{STILL_READ} {str(error).splitlines()[0]}") from None


def _rewrite_postgresql(engine: sa.Engine, tables: Iterable[str]) -> None:
    for table in tables:
        for _ in range(PATIENCE):
            if _is_sorted_out(engine, table):
                break
            sleep(1)  # whoever reads seldom reads for long
        else:
            raise StillReadError(STILL_READ)


def _is_sorted_out(engine: sa.Engine, table: str) -> bool:
    """Write a table anew, and say whether all that was deleted is gone from it.

    VACUUM is not held up by what goes on in other databases; CLUSTER is, and would copy dead rows.
    VACUUM FULL would do as CLUSTER does, and keep the order of rows: each change puts its row behind
    those changed before.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM ANALYZE {table}")  # samples of the rows are kept, too
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        connection.exec_driver_sql(f"CLUSTER {table} USING pk_{table}")
        return bool(connection.exec_driver_sql(IS_DENSE.format(table=table)).scalar())


def _rewrite_sqlite(engine: sa.Engine) -> None:
    """Write the whole file anew, and empty the log beside it."""
    connection = engine.raw_connection()  # past _on_begin: VACUUM knows no transaction
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        (is_held_up, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    if is_held_up:
        raise StillReadError(STILL_READ)
