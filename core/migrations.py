"""Revisions of the database, run so that nothing is lost when SQLite rebuilds a table.

SQLite changes a table by copying it, dropping the old one and renaming the copy. With foreign keys on,
the drop takes the rows of every table which refers to it along.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext, MigrationStep
from flask import Flask
from flask_alembic import Alembic

from core.db import Model, UtcDateTime


class BrokenReferencesError(Exception):
    """A revision left rows which refer to nothing; it has been undone."""


class Migrations(Alembic):
    """Runs revisions with SQLite's foreign keys off, and looks afterwards whether they still hold."""

    def run_migrations(self, fn: Callable[..., list[MigrationStep]], **kwargs: Any) -> None:
        with _foreign_keys_off(self.migration_context):
            super().run_migrations(fn, **kwargs)


def install(app: Flask) -> None:
    app.config["ALEMBIC_CONTEXT"] = {
        "render_as_batch": True,
        "render_item": _render_item,
        "on_version_apply": _check_references,
    }
    Migrations(app, metadatas=Model.metadata, run_mkdir=False)


@contextmanager
def _foreign_keys_off(context: MigrationContext) -> Iterator[None]:
    connection = context.connection
    if connection is None or connection.dialect.name != "sqlite":
        yield
        return
    driver = (
        connection.connection.cursor()
    )  # past SQLAlchemy: a transaction would make the pragma idle
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _check_references(*, ctx: MigrationContext, step: object, **_run: object) -> None:
    """Refuse a revision, while it can still be undone, which leaves a row referring to nothing."""
    connection = ctx.connection
    if connection is None or connection.dialect.name != "sqlite":
        return
    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
    if broken:
        raise BrokenReferencesError(
            f"{step}: a row of {broken[0]} refers to nothing in {broken[2]}."
        )


def _render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own types into migrations as the plain ones they are, so that none imports our code."""
    is_ours = kind == "type" and isinstance(item, UtcDateTime)
    return "sa.DateTime(timezone=True)" if is_ours else False
