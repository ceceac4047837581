"""Published versions of instruments: never changed once a round may rest on them."""

import sqlalchemy as sa
from sqlalchemy import orm

from core.db import Model, RandomId


class InstrumentVersion(Model):
    """One version as it was published; the document is the validated YAML, as JSON."""

    __tablename__ = "instrument_version"
    __table_args__ = (sa.UniqueConstraint("key", "version"),)

    id: orm.Mapped[RandomId]
    key: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    version: orm.Mapped[str] = orm.mapped_column(sa.String(20))
    title: orm.Mapped[str] = orm.mapped_column(sa.String(120))
    language: orm.Mapped[str] = orm.mapped_column(sa.String(12))
    document: orm.Mapped[str] = orm.mapped_column(sa.Text)
    digest: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary(32))
