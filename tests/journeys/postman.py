"""A mail server that keeps what it receives, and at first repeats a mail in its refusal, as filters do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket
from uuid import uuid4

import flask_mail
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from core.config import Config
from tests.journeys.canaries import mail


class Postman:
    """Puts mails into a folder, each with the names on its envelope; the first one is refused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused = ""
        folder.mkdir()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        raw = envelope.content
        assert isinstance(raw, bytes)
        if not self.refused:
            self.refused = link_in(mail(raw).decode())
            return f"550 5.7.1 It holds an address that we do not like: {self.refused}"
        outside = f"X-Envelope: {envelope.mail_from} {envelope.rcpt_tos}\r\n".encode()
        (self.folder / f"{uuid4().hex}.eml").write_bytes(outside + raw)
        return "250 kept"


def link_in(text: str) -> str:
    return next(word for word in text.split() if "/r#" in word)


@contextmanager
def postman(app: Flask, folder: Path) -> Iterator[Postman]:
    """Let an application send its mails to a server instead of a folder."""
    config: Config = app.extensions["config"]
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    app.extensions["config"] = replace(config, mail_spool=None)
    app.config |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": port, "MAIL_SUPPRESS_SEND": False}
    flask_mail.Mail(app)
    controller = Controller(Postman(folder), hostname="127.0.0.1", port=port)
    controller.start()
    yield controller.handler
    controller.stop()
