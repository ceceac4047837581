"""What a database keeps beside its rows, and what there is of a round: facts, not yet judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from core.db import Model
from core.mail import OutboxMail
from surveys.models import CountedSheet, GroupCount, Invitation, Leader, Round, Seat

MIGRATIONS = "alembic_version"
ANONYMOUS = frozenset(
    {
        "counted_sheet",
        "published_leaf",
        "published_symbol",
        "published_agreement",
        "published_comment",
        "withheld_group",
        "round_parameters",
        "sealed_sums",
        "sealed_tables",
        "ledger_entry",
        "cohort_entry",
    }
)
"""Tables that close writes. Those of `assess` are known here by name alone."""
PUBLIC = frozenset({"round", "leader", "published_leaf", "instrument_version"})
MOMENTS = (sa.Date, sa.DateTime, sa.Time, sa.Interval)
SETTINGS = (
    "track_commit_timestamp",
    "log_statement",
    "log_min_duration_statement",
    "log_min_duration_sample",
    "log_transaction_sample_rate",
    "log_parameter_max_length_on_error",
    "archive_mode",
    "shared_preload_libraries",
    "session_preload_libraries",
)
TRIGGERS = {
    "sqlite": "SELECT name || ' on ' || tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT evtname || ' on events' FROM pg_event_trigger
        UNION ALL SELECT rulename || ' on ' || tablename FROM pg_rules WHERE schemaname = 'public'
    """,
}
FOLLOWERS = """
    SELECT slot_name::text FROM pg_replication_slots
    WHERE slot_type = 'logical' AND database = current_database()
    UNION ALL SELECT pubname::text FROM pg_publication
"""
EXTENSIONS = "SELECT extname FROM pg_extension"
PRAGMAS = ("secure_delete", "journal_mode")


@dataclass(frozen=True)
class Left:
    """How many things of a round there are which should be gone when it has closed, and how many seats."""

    seats: int
    envelopes: int
    drafts: int
    declined: int
    links: int
    counts: int
    mails: int
    receipts: int


@dataclass(frozen=True)
class Sqlite:
    """How SQLite treats what is deleted, and what lies beside the file."""

    secure_delete: int
    journal_mode: str
    log_bytes: int
    has_journal: bool
    pages_not_overwritten: int


def strangers(session: orm.Session) -> list[str]:
    """Return the schemas, tables, views and columns which this program does not know."""
    inspector = sa.inspect(session.connection())
    known = Model.metadata.tables
    found = [
        f"the table {name}"
        for name in inspector.get_table_names()
        if name not in known and name != MIGRATIONS
    ]
    found += [f"the view {name}" for name in inspector.get_view_names()]
    if is_postgresql(session):
        found += [f"the view {name}" for name in inspector.get_materialized_view_names()]
        foreign = {*inspector.get_schema_names()} - {"public", "information_schema"}
        found += [f"the schema {name}" for name in sorted(foreign)]
    columns = inspector.get_multi_columns()
    return found + [
        f"the column {table}.{column['name']}"
        for (_, table), held in columns.items()
        for column in held
        if table in known and column["name"] not in known[table].columns
    ]


def traceable(session: orm.Session) -> list[str]:
    """Return what on the tables of close would tell when, in which order, or by whom."""
    inspector = sa.inspect(session.connection())
    present = ANONYMOUS.intersection(inspector.get_table_names())
    return [fault for table in sorted(present) for fault in _traceable(inspector, table)]


def triggers(session: orm.Session) -> list[str]:
    """Return whatever the database does by itself when a row changes."""
    return list(session.scalars(sa.text(TRIGGERS[_kind(session)])))


def settings(session: orm.Session) -> dict[str, str]:
    """Return PostgreSQL's settings that decide what it keeps of statements; those we may see."""
    query = sa.text("SELECT name, setting FROM pg_settings WHERE name IN :names")
    asked = query.bindparams(sa.bindparam("names", SETTINGS, expanding=True))
    return {str(name): str(setting) for name, setting in session.execute(asked)}


def followers(session: orm.Session) -> list[str]:
    """Return who is told each change of a row by PostgreSQL: logical slots and publications."""
    return list(session.scalars(sa.text(FOLLOWERS)))


def extensions(session: orm.Session) -> list[str]:
    return list(session.scalars(sa.text(EXTENSIONS)))


def left_of(session: orm.Session, round_: Round) -> Left:
    """Count what there is of a round."""
    leaders = sa.select(Leader.id).where(Leader.round_id == round_.id)
    guests = sa.select(Invitation.id).where(Invitation.round_id == round_.id)
    seats = Seat.leader_id.in_(leaders)
    asked = {
        "seats": seats,
        "envelopes": seats & Seat.envelope.is_not(None),
        "drafts": seats & Seat.draft.is_not(None),
        "declined": seats & Seat.declined,
        "links": Invitation.id.in_(guests) & Invitation.authenticator_hash.is_not(None),
        "counts": GroupCount.leader_id.in_(leaders),
        "mails": OutboxMail.subject_id.in_(guests),
        "receipts": CountedSheet.round_id == round_.id,
    }
    counts = {name: _count(condition).label(name) for name, condition in asked.items()}
    return Left(**session.execute(sa.select(*counts.values())).one()._mapping)  # noqa: SLF001 - SQLAlchemy's way to a mapping


def sizes(session: orm.Session, round_: Round) -> dict[str, list[int]]:
    """Return the sizes of a round's envelopes and drafts."""
    return {
        column.key: list(
            session.scalars(
                sa.select(sa.func.length(column))
                .join(Leader, Leader.id == Seat.leader_id)
                .where(Leader.round_id == round_.id, column.is_not(None))
                .distinct()
            )
        )
        for column in (Seat.envelope, Seat.draft)
    }


def places(session: orm.Session, round_: Round) -> dict[str, list[tuple[Any, str]]]:
    """Return the keys of a round's rows in the order they lie in, each with what transaction wrote it.

    Of PostgreSQL alone: SQLite numbers no transactions, and changes a row where it lies.
    """
    leaders = sa.select(Leader.id).where(Leader.round_id == round_.id)
    asked = {
        Seat.id: Seat.leader_id.in_(leaders),
        Invitation.id: Invitation.round_id == round_.id,
        CountedSheet.digest: CountedSheet.round_id == round_.id,
    }
    return {
        key.class_.__tablename__: [
            (row[0], row[1])
            for row in session.execute(
                sa.select(key, sa.text(f"{key.class_.__tablename__}.xmin::text"))
                .where(condition)
                .order_by(sa.text(f"{key.class_.__tablename__}.ctid"))
            )
        ]
        for key, condition in asked.items()
    }


def sqlite_file(session: orm.Session) -> Sqlite:
    pragmas = {
        name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in PRAGMAS
    }
    path = Path(session.connection().engine.url.database or "")
    log, journal = (path.with_name(path.name + end) for end in ("-wal", "-journal"))
    return Sqlite(
        **pragmas,
        log_bytes=log.stat().st_size if log.exists() else 0,
        has_journal=journal.exists(),
        pages_not_overwritten=sum(any(page) for page in free_pages(path.read_bytes())),
    )


def free_pages(file: bytes) -> Iterator[bytes]:
    """Yield the pages of a database that hold nothing any more, but for those that list the others."""
    size = int.from_bytes(file[16:18], "big")
    size = 65536 if size == 1 else size  # 65536 does not fit into the two bytes

    def page(number: int) -> bytes:
        return file[(number - 1) * size : number * size]

    trunk = int.from_bytes(file[32:36], "big")
    while trunk:
        numbers = [int.from_bytes(page(trunk)[at : at + 4], "big") for at in range(0, size, 4)]
        yield from (page(leaf) for leaf in numbers[2 : 2 + numbers[1]])
        trunk = numbers[0]


def is_postgresql(session: orm.Session) -> bool:
    return _kind(session) == "postgresql"


def _kind(session: orm.Session) -> str:
    return session.connection().dialect.name


def _count(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(condition).scalar_subquery()


def _traceable(inspector: sa.Inspector, table: str) -> Iterator[str]:
    for column in inspector.get_columns(table):
        name, kind = f"{table}.{column['name']}", column["type"]
        if isinstance(kind, MOMENTS):
            yield f"{name} is a date"
        if column.get("identity") or "nextval" in str(column.get("default") or ""):
            yield f"{name} counts"
    keys = set(inspector.get_pk_constraint(table)["constrained_columns"])
    yield from (
        f"{table}.{column['name']} counts"
        for column in inspector.get_columns(table)
        if column["name"] in keys and isinstance(column["type"], sa.Integer)
    )
    yield from (
        f"{table} refers to {key['referred_table']}"
        for key in inspector.get_foreign_keys(table)
        if key["referred_table"] not in PUBLIC
    )
