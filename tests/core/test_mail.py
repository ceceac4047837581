"""Mail waits in an outbox until it is sent: nothing is lost when the server is down, nothing goes twice."""

from asyncio import Event
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from socket import socket
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from flask import Flask
from sqlalchemy.orm import Session

from core.config import Config
from core.db import db
from core.jobs import deliver_outbox
from core.keys import KeyStore
from core.mail import Mail, OutboxMail, SpoolCarrier, post, waiting
from tests.conftest import OpenApp


class Inbox:
    """A mail server that keeps what it is given; it may refuse somebody."""

    def __init__(self, refused: str = "") -> None:
        self.mails: list[EmailMessage] = []
        self.refused = refused
        self.answer = "550 no such mailbox"
        self.silent = ""

    async def handle_DATA(self, _server: SMTP, _session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refused in envelope.rcpt_tos:
            return self.answer
        if self.silent in envelope.rcpt_tos:
            await Event().wait()
        assert isinstance(envelope.content, bytes)
        message = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 kept"


def note(_session: Session, subject_id: UUID) -> Mail:
    return Mail(f"{subject_id.hex}@example.org", "A note", f"This is for {subject_id.hex}.")


@pytest.fixture
def port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@contextmanager
def running(port: int) -> Iterator[Inbox]:
    """Run a mail server for a while."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield inbox
    controller.stop()


@pytest.fixture
def server(port: int) -> Iterator[Inbox]:
    with running(port) as inbox:
        yield inbox


def app_with(open_app: OpenApp, port: int, folder: Path) -> Flask:
    environment = {"DATA_DIR": str(folder), "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port)}
    app = open_app(Config.from_env(environment), MAIL_SUPPRESS_SEND=False)
    app.extensions["mails"] = {"note": note, "pointless": lambda _session, _subject: None}
    with app.app_context():
        app.extensions["alembic"].upgrade()
    return app


def put(app: Flask, count: int, template: str = "note") -> list[str]:
    subjects = [uuid4() for _ in range(count)]
    with app.app_context():
        for subject in subjects:
            post(db.session, template, subject)
        db.session.commit()
    return [f"{subject.hex}@example.org" for subject in subjects]


def left(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        return list(db.session.scalars(sa.select(OutboxMail)))


def deliver(app: Flask) -> None:
    with app.app_context():
        deliver_outbox()


def test_every_mail_arrives_once_and_is_forgotten(
    server: Inbox, port: int, open_app: OpenApp, tmp_path: Path
) -> None:
    app = app_with(open_app, port, tmp_path)
    expected = put(app, 3)

    deliver(app)
    deliver(app)

    assert sorted(str(mail["To"]) for mail in server.mails) == sorted(expected)
    assert left(app) == []


def test_a_server_that_is_down_loses_nothing(port: int, open_app: OpenApp, tmp_path: Path) -> None:
    app = app_with(open_app, port, tmp_path)
    expected = put(app, 3)

    deliver(app)
    waiting = left(app)
    with running(port) as inbox:
        deliver(app)

    assert [mail.attempts for mail in waiting] == [0, 0, 0]
    assert sorted(str(mail["To"]) for mail in inbox.mails) == sorted(expected)


def test_a_refused_mail_holds_up_no_other_and_says_why(
    server: Inbox, port: int, open_app: OpenApp, tmp_path: Path
) -> None:
    app = app_with(open_app, port, tmp_path)
    refused, *others = put(app, 3)
    server.refused = refused

    deliver(app)

    assert sorted(str(mail["To"]) for mail in server.mails) == sorted(others)
    (kept,) = left(app)
    assert kept.attempts == 1
    assert "no such mailbox" in (kept.failure or "")


@pytest.mark.parametrize("place", range(3))
def test_a_server_that_hangs_up_on_one_mail_gets_the_others_all_the_same(
    server: Inbox,
    port: int,
    open_app: OpenApp,
    tmp_path: Path,
    *,
    place: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does a log say so: whose mail it was, and so that they were sent one, is nobody's business."""
    app = app_with(open_app, port, tmp_path)
    put(app, 3)
    with app.app_context():
        found = (db.session.get_one(OutboxMail, mail_id) for mail_id in waiting(db.session))
        expected = [f"{mail.subject_id.hex}@example.org" for mail in found]
    server.refused, server.answer = expected.pop(place), "421 goodbye"
    caplog.clear()

    deliver(app)

    assert [str(mail["To"]) for mail in server.mails] == expected
    (kept,) = left(app)
    assert (kept.attempts, "goodbye" in (kept.failure or "")) == (1, True)
    assert caplog.messages == []


def test_a_server_that_says_nothing_more_is_not_waited_for(
    server: Inbox,
    port: int,
    open_app: OpenApp,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is being sent is held, and with SQLite everything else waits meanwhile."""
    monkeypatch.setattr("core.mail.PATIENCE", 3.0)
    app = app_with(open_app, port, tmp_path)
    server.silent, *others = put(app, 3)

    deliver(app)

    assert sorted(str(mail["To"]) for mail in server.mails) == sorted(others)
    (kept,) = left(app)
    assert (kept.attempts, "timed out" in (kept.failure or "")) == (1, True)


def test_a_mail_that_has_become_pointless_is_forgotten(
    server: Inbox, port: int, open_app: OpenApp, tmp_path: Path
) -> None:
    app = app_with(open_app, port, tmp_path)
    put(app, 1, "pointless")

    deliver(app)

    assert (server.mails, left(app)) == ([], [])


def test_a_secret_that_is_lost_keeps_the_mail_and_says_so(
    server: Inbox, port: int, open_app: OpenApp, tmp_path: Path
) -> None:
    app = app_with(open_app, port, tmp_path)
    app.extensions["mails"]["secret"] = lambda _session, _subject: KeyStore(tmp_path).get("gone")
    put(app, 1, "secret")
    put(app, 1)

    deliver(app)

    (kept,) = left(app)
    assert "gone" in (kept.failure or "")
    assert len(server.mails) == 1


@pytest.mark.parametrize("line", ["\r\nBcc: all@example.org", "\nX: y", "\r"])
def test_no_header_is_smuggled_in(
    server: Inbox, port: int, open_app: OpenApp, tmp_path: Path, line: str
) -> None:
    app = app_with(open_app, port, tmp_path)
    app.extensions["mails"]["note"] = lambda _session, _subject: Mail(
        "a@example.org", f"Hi{line}", "text"
    )
    put(app, 1)

    deliver(app)

    assert all(not mail["Bcc"] and not mail["X"] for mail in server.mails)
    assert len(left(app)) + len(server.mails) == 1


def test_a_spool_keeps_mails_as_files(open_app: OpenApp, tmp_path: Path) -> None:
    app = app_with(open_app, 25, tmp_path)
    carrier = SpoolCarrier(tmp_path / "mail", "Candid360 <candid360@example.org>")

    with app.app_context():
        carrier.carry(Mail("ana@example.org", "Grüße", "Guten Tag, 你好."))

    (path,) = (tmp_path / "mail").iterdir()
    message = BytesParser(policy=default).parsebytes(path.read_bytes())
    assert (message["To"], message["Subject"]) == ("ana@example.org", "Grüße")
    assert message["Auto-Submitted"] == "auto-generated"
    assert "你好" in str(message.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]  # bytes, as decoded
