"""Commands: what is wrong with the database is said in a sentence, not in a traceback."""

import re
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from flask.helpers import get_debug_flag

NOT_MIGRATED = re.compile(r"no such (table|column)|(relation|column) .* does not exist")


class Group(AppGroup):
    """Commands of one feature. With `flask --debug` they show the whole of what went wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            if get_debug_flag():
                raise
            raise click.ClickException(_in_a_sentence(error)) from error


def _in_a_sentence(error: sa.exc.DBAPIError) -> str:
    """Return what to do, and the driver's own words, which hold no values and no password."""
    cause = " ".join(str(error.orig).partition("\nLINE ")[0].split())
    if NOT_MIGRATED.search(cause):
        return f"The database has no tables yet, or older ones: make migrate. It says: {cause}"
    return f"The database cannot be used now. It says: {cause}"
