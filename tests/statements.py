"""Counting what is asked of the database, so that no page asks once a row."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session


@contextmanager
def counted_statements(session: Session) -> Iterator[list[str]]:
    """Collect the statements sent by the session, and by requests of the client, until the block ends."""
    statements: list[str] = []

    def collect(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        sa.event.remove(connection, "before_cursor_execute", collect)
