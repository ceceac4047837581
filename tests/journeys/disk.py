"""What whoever has PostgreSQL's disk reads past the database: also rows that are deleted, not yet gone."""

from collections.abc import Mapping
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
