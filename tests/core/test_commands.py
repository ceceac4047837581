"""Commands say in a sentence what is wrong with the database; where it came from is shown when asked for."""

import socket
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from core.commands import Group
from tests.conftest import OpenApp, make_config
from wsgi import COMMANDS

READING = [["surveys", "list"], ["accounts", "list"], ["instruments", "list", "--published"]]


@pytest.fixture
def without_tables(own_app: Flask) -> Flask:
    """An application whose database is as before the first migration."""
    with own_app.app_context():
        own_app.extensions["alembic"].downgrade("base")
    return own_app


@pytest.fixture
def without_server(open_app: OpenApp, tmp_path: Path) -> Flask:
    """An application whose database server is down."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    return open_app(make_config(tmp_path, f"postgresql://us:hush@{place}/candid360"))


@pytest.mark.parametrize("words", READING)
def test_a_database_without_tables_is_said_so(without_tables: Flask, words: list[str]) -> None:
    result = without_tables.test_cli_runner().invoke(args=words)

    assert result.exit_code == 1
    assert "no tables yet, or older ones: make migrate. It says: " in result.output
    assert result.output.count("\n") == 1


def test_a_server_that_is_down_is_named_without_its_password(without_server: Flask) -> None:
    result = without_server.test_cli_runner().invoke(args=["jobs", "now", "lock_due_rounds"])

    assert result.exit_code == 1
    assert "The database cannot be used now. It says: " in result.output
    assert "127.0.0.1" in result.output
    assert "refused" in result.output
    assert "hush" not in result.output


def test_the_whole_of_it_is_shown_when_asked_for(
    without_tables: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")

    result = without_tables.test_cli_runner().invoke(args=READING[0])

    assert isinstance(result.exception, sa.exc.DBAPIError)


def test_no_feature_is_left_out() -> None:
    assert [group.name for group in COMMANDS if not isinstance(group, Group)] == []
