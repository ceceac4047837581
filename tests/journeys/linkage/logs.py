"""The log that a database writes before its tables, read by somebody who wants to know who came when."""

import re
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import sqlalchemy as sa

from tests.journeys.linkage.evidence import Tables, marks

FRAME_HEADER, WAL_HEADER = 24, 32
RECORDS = """
    WITH record AS MATERIALIZED (
        SELECT * FROM pg_get_wal_records_info(CAST(:since AS pg_lsn), CAST(:until AS pg_lsn))
    )
    SELECT start_lsn, record_type, description, block_ref FROM record
    WHERE resource_manager = 'Heap' AND record_type ~ 'INSERT|UPDATE' AND block_ref ~ :files
    UNION ALL SELECT max(end_lsn), 'END', max(end_lsn)::text, '' FROM record
    ORDER BY 1
"""
STATE = """
    SELECT pg_current_wal_flush_lsn()::text,
        pg_relation_filenode(CAST(:raters AS regclass))::text,
        pg_relation_filenode(CAST(:answers AS regclass))::text
"""
HOLD = "SELECT pg_create_physical_replication_slot(CAST(:slot AS name), true, true)"
RELEASE = "SELECT pg_replication_slot_advance(CAST(:slot AS name), CAST(:until AS pg_lsn))"
OLD, NEW = re.compile(r"\b(?:old_)?off:? (\d+)"), re.compile(r"new[ _]off:? (\d+)")
BLOCK = re.compile(r"blkref #(\d): rel \d+/\d+/(\d+) fork main blk (\d+)")
Files = dict[str, str]
"""Which table lies in a file."""
Places = dict[tuple[str, str], str]
"""Whose row lies at a place of a file."""


class Spy(Protocol):
    """Reads the log whenever there is something in it. `seen` is who and what appeared, in that order."""

    seen: list[str]

    def look(self, *, read: bool = True) -> None: ...

    def close(self) -> None: ...


class SqliteSpy:
    """Copies the file and the log beside it, and replays the log commit by commit."""

    def __init__(self, engine: sa.Engine, tables: Tables) -> None:
        self.path = Path(engine.url.database or "")
        self.tables = tables
        self.seen: list[str] = []
        self._rows: list[tuple[str]] = []
        self._before: frozenset[str] = frozenset()
        self._pages = bytearray()
        self._header, self._replayed = b"", 0
        sa.event.listen(engine, "connect", _keep_the_log)
        engine.dispose()

    def look(self, *, read: bool = True) -> None:
        """Read what came since the last look, or pass over it; the log starts anew in an empty file."""
        log = self.path.with_name(self.path.name + "-wal")
        wal = log.read_bytes() if log.exists() else b""
        if wal[:WAL_HEADER] != self._header or not self._pages:
            self._pages = bytearray(self.path.read_bytes())
            self._header, self._replayed = wal[:WAL_HEADER], WAL_HEADER
        if len(wal) > WAL_HEADER:
            for length in self._commits(wal):
                if read:
                    self._compare(bytes(self._pages[:length]))
            self._replayed = len(wal)

    def close(self) -> None:
        """Nothing is held."""

    def _commits(self, wal: bytes) -> Iterator[int]:
        """Make the pages those of the database after each commit, and yield their length."""
        size = int.from_bytes(wal[8:12], "big")
        for start in range(self._replayed, len(wal), FRAME_HEADER + size):
            number, length = struct.unpack(">II", wal[start : start + 8])
            page = (number - 1) * size
            self._pages.extend(bytes(max(0, page - len(self._pages))))
            self._pages[page : page + size] = wal[
                start + FRAME_HEADER : start + FRAME_HEADER + size
            ]
            if length:
                self._pages[18:20] = b"\1\1"  # a copy in memory has no log beside it
                yield length * size

    def _compare(self, image: bytes) -> None:
        tables = self.tables
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(image)
            people = connection.execute(
                f'SELECT {tables.person} FROM "{tables.raters}" WHERE {tables.done} ORDER BY rowid'  # noqa: S608 - our own names
            )
            texts = connection.execute(
                f'SELECT {tables.text} FROM "{tables.answers}" ORDER BY rowid'  # noqa: S608 - our own names
            )
            rows = [*people, *texts]
        if rows == self._rows:
            return  # the commit was about something else
        self._rows = rows
        present = [mark for (found,) in rows for mark in marks(found)]
        changed = [mark for mark in present if mark not in self._before]
        self.seen += [*changed, *sorted(self._before.difference(present))]
        self._before = frozenset(present)


class PostgresSpy:
    """Reads the records of the log that changed the tables of raters and answers."""

    def __init__(self, engine: sa.Engine, tables: Tables) -> None:
        server = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self.tables = tables
        self.seen: list[str] = []
        self._slot = f"spy_{uuid4().hex}"
        self._connection, self._holder = server.connect(), server.connect()
        self._connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        self._holder.execute(sa.text(HOLD), {"slot": self._slot})  # an error here would let it go
        self._since, self._files = self._now()
        self._places = self._present_places(self._files)

    def look(self, *, read: bool = True) -> None:
        """Follow every row from place to place; a table that was written anew is learnt by heart again."""
        until, files = self._now()
        if until == self._since or not read:
            return
        records, is_anew = self._records(until), files != self._files
        if records or is_anew:  # else every row lies where it lay
            self._files, present = files, self._present_places(files)
            for _, kind, description, blocks in records:
                found = {} if is_anew else present
                self._read(kind.removesuffix("+INIT"), description, blocks, found)
            self._places = present
            self._holder.execute(sa.text(RELEASE), {"slot": self._slot, "until": self._since})

    def close(self) -> None:
        """Let the server forget what we have read; the slot goes with its connection."""
        self._connection.close()
        self._holder.close()

    def _records(self, until: str) -> Sequence[Any]:
        """Return all whole records of the two tables; what was committed before is among them."""
        files = rf"rel \d+/\d+/({'|'.join(self._files)}) fork main"
        try:
            records = self._ask(RECORDS, since=self._since, until=until, files=files)
        except sa.exc.InternalError:
            return []  # somebody else's record is half written, and nothing stands before it
        (_, _, end, _), *found = sorted(records, key=lambda record: record[1] != "END")
        self._since = end or self._since
        return found

    def _read(self, kind: str, description: str, blocks: str, present: Places) -> None:
        """Say whose row it is that a record writes."""
        read = {number: (file, block) for number, file, block in BLOCK.findall(blocks)}
        file, block = read["0"]
        found = OLD.search(description)
        assert found, description
        if kind == "INSERT":
            place = (file, f"({block},{found[1]})")
            mark = present.get(place, "")
        else:
            new, before = NEW.search(description), read.get("1", read["0"])[1]
            assert new, description
            place = (file, f"({block},{new[1]})")
            mark = self._places.pop((file, f"({before},{found[1]})"), "")
        self._places[place] = mark
        self.seen += [mark] if mark else []

    def _now(self) -> tuple[str, Files]:
        """Return how far the log goes, and in which file each of the two tables lies."""
        tables = {"raters": f'"{self.tables.raters}"', "answers": f'"{self.tables.answers}"'}
        ((until, raters, answers),) = self._ask(STATE, **tables)
        return until, {raters: self.tables.raters, answers: self.tables.answers}

    def _present_places(self, files: Files) -> Places:
        columns = {
            self.tables.raters: self.tables.person,
            self.tables.answers: self.tables.text,
        }
        return {
            (file, place): marks(content)[0]
            for file, table in files.items()
            for place, content in self._ask(
                f'SELECT ctid::text, {columns[table]}::text FROM "{table}"'  # noqa: S608 - our own names
            )
        }

    def _ask(self, query: str, **values: str) -> Sequence[Any]:
        return self._connection.execute(sa.text(query), values).all()


def spy_on(engine: sa.Engine, tables: Tables) -> Spy | None:
    """Return a reader of the log; None where the database lets nobody read it."""
    if engine.dialect.name == "sqlite":
        return SqliteSpy(engine, tables)
    try:
        return PostgresSpy(engine, tables)
    except (sa.exc.ProgrammingError, sa.exc.OperationalError):
        return None


def _keep_the_log(connection: Any, _record: object) -> None:
    """Let the log grow, as somebody does who holds a reading transaction open."""
    for pragma in ("wal_autocheckpoint = 0", "synchronous = OFF"):  # what is written is the same
        connection.execute(f"PRAGMA {pragma}").close()
