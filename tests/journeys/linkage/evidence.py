"""What somebody holds who has read everything: the database night by night, its log, its dump, the mails."""

import re
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

Row = Mapping[str, Any]
Dump = Mapping[str, list[Row]]
"""The rows of each table in the order they lie in; `place` and `transaction` are the database's own."""
MARK = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
SEQUENCES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'",
    "postgresql": "SELECT sequencename FROM pg_sequences",
}


@dataclass(frozen=True)
class Tables:
    """Where a row of each rater lies, where one of each answer, and how it shows that a rater is done."""

    raters: str
    person: str
    done: str
    answers: str
    text: str


@dataclass(frozen=True)
class Truth:
    """What nobody shall find out. People and answers are known by the marks in them."""

    said: Mapping[str, str]
    order: Mapping[str, list[str]]
    """Who answered, by round, in the order of answering."""
    silent: Mapping[str, list[str]]

    @property
    def rounds(self) -> dict[str, str]:
        """The round of each person, as everybody knows who was asked."""
        return {
            person: round_
            for people in (self.order, self.silent)
            for round_, names in people.items()
            for person in names
        }


@dataclass
class Evidence:
    """All of it, as an attack may use it. `log` is None where the database's log cannot be read."""

    asked: Mapping[str, str]
    """The round of each person who was asked."""
    rounds: Mapping[str, str]
    """The round of each person who answered: an attack is told that for nothing."""
    texts: Mapping[str, str]
    """The round of each published answer."""
    nights: list[Dump]
    after: Dump
    text_dump: str
    log: list[str] | None
    mails: list[str] = field(default_factory=list)
    """To whom mail went, in its order."""
    files: list[str] = field(default_factory=list)
    """Whom the files are about, in the order of their times."""


def dump(engine: sa.Engine) -> Dump:
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {name: rows(connection, name) for name in names}


def rows(connection: sa.Connection, table: str) -> list[Row]:
    own = {
        "sqlite": ("rowid AS place, 0 AS transaction_", "rowid"),
        "postgresql": ("ctid::text AS place, xmin::text::bigint AS transaction_", "ctid"),
    }
    columns, order = own[connection.dialect.name]
    query = f'SELECT {columns}, * FROM "{table}" ORDER BY {order}'  # noqa: S608 - names of our own tables
    result = connection.exec_driver_sql(query).mappings()
    return [{name: plain(value) for name, value in row.items()} for row in result]


def plain(value: Any) -> Any:
    """Return an id as both databases would write it, and bytes as bytes."""
    if isinstance(value, UUID):
        return value.hex
    return bytes(value) if isinstance(value, memoryview) else value


def marks(text: str, known: Collection[str] = ()) -> list[str]:
    """Return the known marks in a text, each where it stands first."""
    return [mark for mark in _all_marks(text) if not known or mark in known]


@lru_cache(maxsize=2**14)  # whoever replays a log meets the same rows after each commit
def _all_marks(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark.replace("-", "") for mark in MARK.findall(text)))


def text_dump(engine: sa.Engine) -> str:
    """Return the plain dump that an operator makes."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            return "\n".join(driver.iterdump())
        finally:
            connection.close()
    return _pg_dump(engine) if shutil.which("pg_dump") else _copied(engine)


def section(dumped: str, table: str) -> str:
    """Return the lines of a plain dump that hold a table's rows."""
    if "FROM stdin;" in dumped:
        _, _, after = dumped.partition(f"COPY public.{table} ")
        return after.partition("\n\\.")[0]
    return "\n".join(
        line for line in dumped.splitlines() if line.startswith(f'INSERT INTO "{table}"')
    )


def sequences(engine: sa.Engine) -> list[str]:
    """Return whatever counts by itself, and so could tell how many came before."""
    with engine.connect() as connection:
        return list(connection.scalars(sa.text(SEQUENCES[engine.dialect.name])))


def by_time(folder: Path) -> list[Path]:
    """Return the files of a folder and all below it, the oldest first."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.stat().st_ctime_ns))


def _pg_dump(engine: sa.Engine) -> str:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["pg_dump", "--data-only", "--no-password", "--dbname", url]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603 - our own words


def _copied(engine: sa.Engine) -> str:
    """Return what pg_dump would write, where it is not installed: it copies in the same way."""
    connection = engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        parts = []
        for table in sa.inspect(engine).get_table_names():
            with driver.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
                lines = b"".join(copy).decode()
            parts.append(f"COPY public.{table} () FROM stdin;\n{lines}\\.\n")
        return "\n".join(parts)
    finally:
        connection.close()
