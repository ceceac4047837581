"""What every test may ask for. Each test that touches the database runs on both where both are there."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_alembic import Alembic
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from accounts.models import Account
from core.config import Config
from core.db import db
from core.keys import KeyStore
from wsgi import create_app

POSTGRESQL = os.environ.get("TEST_DATABASE_URL")
OpenApp = Callable[..., Flask]
FAST_HASHES = {"SECURITY_PASSWORD_HASH": "plaintext", "SECURITY_PASSWORD_SCHEMES": ["plaintext"]}

# A busy machine makes a quick example slow, and tells nothing by it: time is kept by the benchmarks.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database of this worker's own, on each of the two kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.sqlite'}"
        return
    if not POSTGRESQL:
        pytest.skip("PostgreSQL: TEST_DATABASE_URL is not set")
    with postgresql_database(POSTGRESQL) as url:
        yield url


@pytest.fixture(scope="session")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on a migrated database."""
    data = tmp_path_factory.mktemp("data")
    config = make_config(data, database_url)
    with opened() as open_app:
        app = open_app(config, RATELIMIT_ENABLED=False, **FAST_HASHES)
        with app.app_context():
            alembic: Alembic = app.extensions["alembic"]
            alembic.upgrade()
        yield app


@contextmanager
def opened() -> Iterator[OpenApp]:
    """Lend a way to open applications; what they opened themselves is closed at the end."""
    apps: list[Flask] = []

    def open_app(config: Config, **settings: Any) -> Flask:
        apps.append(create_app(config, **{"TESTING": True, **settings}))
        return apps[-1]

    yield open_app
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def open_app() -> Iterator[OpenApp]:
    with opened() as open_app:
        yield open_app


@pytest.fixture
def own_app(database_url: str, open_app: OpenApp, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database of the test's own, where commits are real and threads may meet."""
    with _own_database(database_url, tmp_path) as url:
        app = open_app(make_config(tmp_path, url), **FAST_HASHES)
        with app.app_context():
            alembic: Alembic = app.extensions["alembic"]
            alembic.upgrade()
        yield app


@contextmanager
def _own_database(database_url: str, directory: Path) -> Iterator[str]:
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{directory / 'db' / 'own.sqlite'}"
        return
    with postgresql_database(database_url) as url:
        yield url


@contextmanager
def postgresql_database(server: str) -> Iterator[str]:
    """Create a database beside the given one, for one worker alone, and drop it again."""
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    name = f"candid360_{uuid4().hex[:12]}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def make_config(data: Path, database_url: str) -> Config:
    return Config.from_env(
        {"DATA_DIR": str(data), "DATABASE_URL": database_url, "MAIL_SPOOL": str(data / "mail")}
    )


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session whose commits are undone after the test, as are those of the client's requests.

    Commit before the client is to see what you wrote; expire before you look at what it wrote.
    """
    with app.app_context():
        engine, make_session = db.engine, db.sessionmaker
    with engine.connect() as connection:
        transaction = connection.begin()
        make_session.configure(bind=connection, join_transaction_mode="create_savepoint")
        with make_session() as session:
            yield session
        make_session.configure(bind=engine, join_transaction_mode="conditional_savepoint")
        transaction.rollback()


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[[Account], None]:
    """Let the client be signed in as an account, past the sign-in page, which has tests of its own."""

    def sign_in(account: Account) -> None:
        with client.session_transaction() as cookie:
            cookie["_user_id"] = account.fs_uniquifier
            cookie["_fresh"] = True

    return sign_in


@pytest.fixture
def key_store(app: Flask) -> KeyStore:
    store: KeyStore = app.extensions["key_store"]
    return store


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason how many tests were skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped - {reason}")
