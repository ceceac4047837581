"""A process that closes rounds and is killed on the way: tests drive it, one line for each run.

Each run is a process of its own, forked from this one, which has the application ready. The number in the
line says at which boundary it is killed: each statement and commit, and each touch of a key.
"""

import os
import signal
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import Flask

from core.config import Config
from core.db import db
from core.jobs import run_now
from wsgi import create_app


@dataclass
class Killer:
    """Counts boundaries, and kills this process at one of them; nothing is left to be put in order."""

    at: int
    keys: Path
    passed: int = 0

    def pass_by(self, *_what: object, **_more: object) -> None:
        self.passed += 1
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, engine: sa.Engine) -> None:
        sa.event.listen(engine, "connect", self._trace)
        sa.event.listen(engine, "before_cursor_execute", self._by_statement)
        sa.event.listen(engine, "commit", self._by_statement)
        sys.addaudithook(self._touch)

    def _trace(self, connection: object, _record: object) -> None:
        """SQLite tells of its statements by itself, also of those of VACUUM."""
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(self.pass_by)

    def _by_statement(self, connection: sa.Connection, *_more: object) -> None:
        if connection.dialect.name == "postgresql":
            self.pass_by()

    def _touch(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"open", "os.remove"} and str(arguments[0]).startswith(str(self.keys)):
            self.pass_by()


def main(folder: str, url: str) -> None:
    config = Config.from_env({"DATA_DIR": folder, "DATABASE_URL": url})
    app = create_app(config, TESTING=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            close(app, Killer(int(line), config.key_store))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def close(app: Flask, killer: Killer) -> NoReturn:
    """Run the job as the worker does, and end this process whatever happens."""
    try:
        with app.app_context():
            killer.watch(db.engine)
            run_now(["close_locked_rounds"])
            os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
