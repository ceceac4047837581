"""Mail: an outbox in the caller's transaction, rendered and sent later by a job."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import flask_mail
import sqlalchemy as sa
from sqlalchemy import orm

from core.config import Config
from core.db import Model, RandomId
from core.errors import DomainError

PATIENCE = 10
"""Seconds for which a mail server may say nothing."""
BY_ITSELF = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}
"""Asks mailboxes for no automatic replies: one to a reminder tells who has not answered."""


class OutboxMail(Model):
    """A mail still to be sent: what it says is rendered when it goes, so that no secret waits here."""

    __tablename__ = "outbox_mail"
    __table_args__ = (sa.CheckConstraint("attempts >= 0", name="attempts_are_counted"),)

    id: orm.Mapped[RandomId]
    template: orm.Mapped[str] = orm.mapped_column(sa.String(40))
    subject_id: orm.Mapped[UUID]
    attempts: orm.Mapped[int] = orm.mapped_column(default=0)
    failure: orm.Mapped[str | None] = orm.mapped_column(sa.String(200))


@dataclass(frozen=True)
class Mail:
    """One mail, ready to go."""

    to: str
    subject: str
    text: str


CODES = re.compile(r"[\w-]{20,}")
"""What may be a secret: longer than any word that a person needs to read in a reason."""
Renderer = Callable[[orm.Session, UUID], Mail | None]
"""Renders a template for a subject; None when the mail has become pointless."""


class Carrier(Protocol):
    """Whatever takes a mail away."""

    def carry(self, mail: Mail) -> None: ...

    def be_ready(self) -> None: ...


def post(session: orm.Session, template: str, subject_id: UUID) -> None:
    """Put a mail into the outbox; it goes when the caller's transaction is committed."""
    session.add(OutboxMail(template=template, subject_id=subject_id))


def waiting(session: orm.Session) -> list[UUID]:
    """Return what is still to be sent, in an order that tells nothing, least tried first."""
    return list(
        session.scalars(sa.select(OutboxMail.id).order_by(OutboxMail.attempts, OutboxMail.id))
    )


def send(
    session: orm.Session, mail_id: UUID, renderers: Mapping[str, Renderer], carrier: Carrier
) -> bool:
    """Send one mail and forget it; keep it, with the reason, when that fails.

    Returns
    -------
    False when another worker holds it, or when it could not be sent.
    """
    waiting_mail = session.scalar(
        sa.select(OutboxMail).where(OutboxMail.id == mail_id).with_for_update(skip_locked=True)
    )
    if waiting_mail is None:
        return False
    mail = None
    try:
        mail = renderers[waiting_mail.template](session, waiting_mail.subject_id)
        if mail:
            carrier.carry(mail)
    except (OSError, flask_mail.BadHeaderError, DomainError) as error:  # SMTP errors are OSErrors
        waiting_mail.attempts += 1
        waiting_mail.failure = _reason(error, mail)[:200]
        return False
    session.delete(waiting_mail)
    return True


def _reason(error: Exception, mail: Mail | None) -> str:
    """Say why a mail stays, without what a server repeats of it: that may be somebody's link."""
    reason = f"{type(error).__name__}: {error}"
    for word in sorted(CODES.findall(mail.text if mail else ""), key=len, reverse=True):
        reason = reason.replace(word, "...")
    return reason


@dataclass(frozen=True)
class SmtpCarrier:
    """Hands mail to a server over one connection."""

    connection: flask_mail.Connection
    sender: str

    def carry(self, mail: Mail) -> None:
        self.connection.send(_message(mail, self.sender))

    def be_ready(self) -> None:
        """Call again a server that hung up on a mail: else all that wait behind it would fail for it."""
        host = self.connection.host
        if host and host.sock is None:
            self.connection.host = self.connection.configure_host()
        _hurry(self.connection)


@dataclass(frozen=True)
class SpoolCarrier:
    """Puts mail into a directory instead of sending it: for a demonstration, or a look at one's mails."""

    directory: Path
    sender: str

    def carry(self, mail: Mail) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / f"{uuid4().hex}.eml").write_bytes(_message(mail, self.sender).as_bytes())

    def be_ready(self) -> None:
        """Do nothing: a directory is always there."""


@contextmanager
def open_carrier(config: Config, extension: flask_mail.Mail) -> Iterator[Carrier]:
    if config.mail_spool:
        yield SpoolCarrier(config.mail_spool, config.mail_sender)
        return
    with extension.connect() as connection:
        _hurry(connection)
        yield SmtpCarrier(connection, config.mail_sender)


def _hurry(connection: flask_mail.Connection) -> None:
    """Let a server that says nothing fail: what is being sent is held in the database, and so are others."""
    if connection.host and connection.host.sock:
        connection.host.sock.settimeout(PATIENCE)


def _message(mail: Mail, sender: str) -> flask_mail.Message:
    return flask_mail.Message(
        mail.subject, recipients=[mail.to], body=mail.text, sender=sender, extra_headers=BY_ITSELF
    )
