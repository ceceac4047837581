"""What whoever has PostgreSQL's disk reads past the database: also rows that are deleted, not yet gone."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

Places = Mapping[str, bytes]
"""What is kept, by the place where it is kept."""
RELATIONS = """
    SELECT oid::regclass::text, pg_relation_size(oid) / current_setting('block_size')::int
    FROM pg_class WHERE relkind IN ('r', 'i', 't', 'm') AND pg_relation_size(oid) > 0
    AND (relnamespace::regnamespace::text IN ('public', 'pg_toast') OR starts_with(relname, 'pg_statistic'))
"""
MAY_READ = {
    "pages": "SELECT count(*) FROM pg_available_extensions WHERE name = 'pageinspect' AND {superuser}",
    "file": "SELECT count(*) WHERE {superuser}",
}
FOLDERS = ("base/pgsql_tmp", "global", "pg_wal", "pg_stat", "pg_stat_tmp", "pg_twophase")
OWN_FOLDER = "SELECT 'base/' || oid FROM pg_database WHERE datname = current_database()"
FILES = """
    WITH found AS MATERIALIZED (
        SELECT :folder || '/' || name AS name FROM pg_ls_dir(:folder, true, false) AS name
    ), file AS MATERIALIZED (
        SELECT name, (pg_stat_file(name, true)).* FROM found
    )
    SELECT name, pg_read_binary_file(name, 0, size, true) FROM file
    WHERE NOT isdir AND (:folder <> 'pg_wal' OR name >= :first)
"""
SUPERUSER = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
PREPARE = {"pages": "CREATE EXTENSION IF NOT EXISTS pageinspect", "file": "CHECKPOINT"}
READ = {
    "pages": """SELECT string_agg(get_raw_page(:name, number::int), ''::bytea ORDER BY number)
        FROM generate_series(0, :size - 1) AS number""",
    "file": """SELECT pg_read_binary_file(pg_relation_filepath(CAST(:name AS regclass)), 0, :size
        * current_setting('block_size')::int)""",
}


def ways(engine: sa.Engine) -> list[str]:
    """Return in which ways we may read relations here: as the server's pages, and as files of its disk."""
    return [
        way for way, asked in MAY_READ.items() if _ask(engine, asked.format(superuser=SUPERUSER))
    ]


def relations(engine: sa.Engine, way: str) -> Places:
    """Return every table, index, overflow and statistic as it lies on the disk."""
    with engine.begin() as connection:
        connection.exec_driver_sql(PREPARE[way])
        sizes = connection.exec_driver_sql(RELATIONS).all()
        read = sa.text(READ[way])
        return {
            f"{way} of {name}": connection.execute(read, {"name": name, "size": size}).scalar_one()
            for name, size in sizes
        }


def _ask(engine: sa.Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql(query).scalar()


class Server:
    """What a PostgreSQL server writes to its disk from now on; it is told to log all that is asked of it.

    Not searched: folders of other databases; blocks that the file system has freed; memory and swap; copies
    which an operator has made of the server's log, or of its log of writes.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.first = f"pg_wal/{_ask(engine, 'SELECT pg_walfile_name(pg_current_wal_lsn())')}"
        self._may_read = bool(ways(engine))
        self._log = _log_file(engine) if self._may_read else None
        self._logged = self._log.stat().st_size if self._log else 0
        if self._may_read:
            self._be_loud()

    def unread(self) -> str:
        """Return what we may not read here, if anything."""
        if not self._may_read:
            return "the server's files"
        return "" if self._log else "the server's log"

    def file_of(self, table: str) -> str:
        return str(_ask(self.engine, f"SELECT pg_relation_filepath('{table}')"))

    def _be_loud(self) -> None:
        """Let every statement be logged with what is bound to it, as a careless operator may."""
        name = self.engine.url.database
        with self.engine.begin() as connection:
            for setting in ("log_statement = 'all'", "log_parameter_max_length_on_error = -1"):
                connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting}")
        self.engine.dispose()

    def logged(self) -> Places:
        """Return what the server has logged since."""
        if not self._log:
            return {}
        with self._log.open("rb") as log:
            log.seek(self._logged)
            return {"the server's log": log.read()}

    def files(self) -> Places:
        """Return the server's files: its tables, temporary files, statistics, and the log of writes."""
        if not self._may_read:
            return {}
        with self.engine.begin() as connection:
            connection.exec_driver_sql("CHECKPOINT")
            oid = connection.exec_driver_sql(OWN_FOLDER).scalar_one()
            read = sa.text(FILES)
            return {
                name: content
                for folder in (oid, *FOLDERS)
                for name, content in connection.execute(
                    read, {"folder": folder, "first": self.first}
                )
                if content
            }


def _log_file(engine: sa.Engine) -> Path | None:
    """Return where the server logs: a file of its own, or what it was started with; None where we may not."""
    folder = Path(str(_ask(engine, "SELECT current_setting('data_directory')")))
    own = _ask(engine, "SELECT pg_current_logfile()")
    try:
        number = (folder / "postmaster.pid").read_text().split()[0]
        file = folder / own if own else Path(f"/proc/{number}/fd/2").resolve(strict=True)
        return file if file.is_file() and os.access(file, os.R_OK) else None
    except OSError:
        return None
