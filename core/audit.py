"""Who did what to which thing, in a chain which shows when a link was changed or removed.

It never holds who answered what or when: raters leave no trace here.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from core import clock
from core.db import Model

GENESIS = b"\0" * 32


class AuditEntry(Model):
    """One deed. The number is the place in the chain; the digest seals this entry and all before it."""

    __tablename__ = "audit_entry"

    number: orm.Mapped[int] = orm.mapped_column(primary_key=True, autoincrement=False)
    at: orm.Mapped[datetime]
    actor: orm.Mapped[str] = orm.mapped_column(sa.String(254))
    deed: orm.Mapped[str] = orm.mapped_column(sa.String(60))
    thing: orm.Mapped[str] = orm.mapped_column(sa.String(60))
    thing_id: orm.Mapped[UUID | None]
    digest: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary(32))

    def seal(self, before: bytes) -> bytes:
        said = (
            str(self.number),
            self.at.isoformat(),
            self.actor,
            self.deed,
            self.thing,
            str(self.thing_id),
        )
        return hashlib.blake2b("\x1f".join(said).encode(), key=before, digest_size=32).digest()


def record(
    session: orm.Session, actor: str, deed: str, thing: str, thing_id: UUID | None = None
) -> None:
    """Append a deed to the chain, in the caller's transaction."""
    last = session.scalar(
        sa.select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1).with_for_update()
    )
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=clock.now(),
        actor=actor,
        deed=deed,
        thing=thing,
        thing_id=thing_id,
    )
    entry.digest = entry.seal(last.digest if last else GENESIS)
    session.add(entry)
    session.flush()  # the next deed of this transaction must find this one


def broken_entries(session: orm.Session) -> Iterator[int]:
    """Yield the numbers at which the chain does not hold: changed, removed or inserted entries."""
    before, expected = GENESIS, 1
    for entry in session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)):
        if entry.number != expected or entry.seal(before) != entry.digest:
            yield entry.number
        before, expected = entry.digest, entry.number + 1
