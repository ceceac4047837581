"""What every page shares, seen from outside."""

import logging
import stat
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, request

from core.config import Config
from core.db import db
from tests.conftest import OpenApp, make_config


@pytest.fixture
def failing(open_app: OpenApp, tmp_path: Path) -> Flask:
    """An application in which a page of a rater's fails in the database."""
    app = open_app(
        make_config(tmp_path, f"sqlite:///{tmp_path / 'db' / 'x.sqlite'}"), TESTING=False
    )

    @app.get("/r/seats/<seat_id>/boom")
    def boom(seat_id: str) -> str:
        db.session.execute(sa.text("SELECT * FROM nowhere WHERE id = :id"), {"id": seat_id})
        return ""

    return app


def test_a_fault_tells_neither_the_address_nor_what_was_asked_of_the_database(
    failing: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """A seat's id beside a moment is who was there when."""
    seat_id = uuid4()
    with caplog.at_level(logging.ERROR):
        response = failing.test_client().get(f"/r/seats/{seat_id}/boom")

    assert response.status_code == 500
    assert "Exception in boom" in caplog.text
    assert str(seat_id) not in caplog.text + response.text
    assert "nowhere" not in response.text


@pytest.mark.parametrize(
    ("endpoint", "asked"), [("raters.boom", "you need not say when"), ("boom.boom", "at what time")]
)
def test_nobody_asks_a_rater_when_it_happened(failing: Flask, endpoint: str, asked: str) -> None:
    failing.add_url_rule("/boom", endpoint, lambda: str(1 // 0))

    page = failing.test_client().get("/boom").text

    assert [words for words in ("you need not say when", "at what time") if words in page] == [
        asked
    ]


def test_what_is_written_is_for_this_user_alone(failing: Flask, tmp_path: Path) -> None:
    with failing.app_context():
        failing.extensions["alembic"].upgrade()

    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in tmp_path.rglob("*")}
    assert modes == {0}


@pytest.mark.parametrize(("proxies", "seen"), [("0", "127.0.0.1"), ("1", "203.0.113.7")])
def test_an_address_is_believed_from_our_own_proxy_alone(
    open_app: OpenApp, tmp_path: Path, proxies: str, seen: str
) -> None:
    app = open_app(Config.from_env({"DATA_DIR": str(tmp_path), "PROXIES": proxies}))
    app.add_url_rule("/whoami", view_func=lambda: str(request.remote_addr))

    answer = app.test_client().get("/whoami", headers={"X-Forwarded-For": "203.0.113.7"})

    assert answer.text == seen
