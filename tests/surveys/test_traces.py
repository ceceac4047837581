"""What is read of a database beside its rows."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

import assess.models
from core.db import Model
from surveys.queries import traces
from surveys.queries.traces import free_pages


@pytest.mark.parametrize("secure", ["ON", "OFF"])
def test_what_was_deleted_is_seen_in_free_pages(tmp_path: Path, secure: str) -> None:
    """SQLite gives pages back to itself; only `secure_delete` fills them with zeros."""
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA secure_delete = {secure}").close()
        connection.execute("CREATE TABLE a (x BLOB)")
        connection.executemany("INSERT INTO a VALUES (?)", [(b"secret" * 1000,)] * 50)
        connection.execute("DELETE FROM a")

    pages = list(free_pages(path.read_bytes()))

    assert len(pages) > 60
    assert any(map(any, pages)) == (secure == "OFF")


def test_the_tables_of_close_are_known_by_name() -> None:
    """`surveys` may not look into `assess`, and so has them as a list: it must be the whole one."""
    tables = {
        mapper.local_table.name
        for mapper in Model.registry.mappers
        if mapper.class_.__module__ == assess.models.__name__
        and isinstance(mapper.local_table, sa.Table)
    }

    assert tables | {"counted_sheet"} == traces.ANONYMOUS
