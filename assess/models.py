"""What close leaves behind: leaves, symbols, comments, round-level parameters, and the release ledger.

No row here has a rater's key, a date, a serial number or a path to an invitation.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from core.db import Model, RandomId
from surveys.models import Leader, Round

WHOLE = ""
"""Stands for all competencies together, where a figure belongs to a rater group as such."""


class PublishedLeaf(Model):
    """Raters of a leader published as one."""

    __tablename__ = "published_leaf"
    __table_args__ = (
        sa.UniqueConstraint("leader_id", "name"),
        sa.CheckConstraint("raters >= 1", name="somebody_answered"),
    )

    id: orm.Mapped[RandomId]
    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), index=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(24))
    groups: orm.Mapped[list[str]]
    raters: orm.Mapped[int]
    named: orm.Mapped[bool]

    leader: orm.Mapped[Leader] = orm.relationship()
    symbols: orm.Mapped[list["PublishedSymbol"]] = orm.relationship(back_populates="leaf")
    agreements: orm.Mapped[list["PublishedAgreement"]] = orm.relationship(back_populates="leaf")


class PublishedSymbol(Model):
    """What is published of one leaf on one item, as it is printed; NULL: not enough answers."""

    __tablename__ = "published_symbol"

    leaf_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("published_leaf.id"), primary_key=True
    )
    item: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    symbol: orm.Mapped[str | None] = orm.mapped_column(sa.String(12))

    leaf: orm.Mapped[PublishedLeaf] = orm.relationship(back_populates="symbols")


class PublishedAgreement(Model):
    """How far a leaf agrees on a competency: low, medium or high; NULL where it is not published."""

    __tablename__ = "published_agreement"
    __table_args__ = (
        sa.CheckConstraint("band IN ('low', 'medium', 'high')", name="band_is_known"),
    )

    leaf_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("published_leaf.id"), primary_key=True
    )
    competency: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    band: orm.Mapped[str | None] = orm.mapped_column(sa.String(8))

    leaf: orm.Mapped[PublishedLeaf] = orm.relationship(back_populates="agreements")


class WithheldGroup(Model):
    """A rater group that is not shown, and why, from head counts alone."""

    __tablename__ = "withheld_group"

    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), primary_key=True)
    group: orm.Mapped[str] = orm.mapped_column(sa.String(24), primary_key=True)
    reason: orm.Mapped[str] = orm.mapped_column(sa.String(40))


class PublishedComment(Model):
    """A comment, placed by a digest of its text: neither its writer nor its moment leaves a trace."""

    __tablename__ = "published_comment"

    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), primary_key=True)
    question: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    digest: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary(32), primary_key=True)
    leaf: orm.Mapped[str] = orm.mapped_column(sa.String(24))
    text: orm.Mapped[str] = orm.mapped_column(sa.Text)


class RoundParameters(Model):
    """Parameters of one competency and rater group over the whole round, to two significant figures."""

    __tablename__ = "round_parameters"

    round_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    competency: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    group: orm.Mapped[str] = orm.mapped_column(sa.String(24), primary_key=True)
    figures: orm.Mapped[dict[str, Any]]

    round: orm.Mapped[Round] = orm.relationship()


class SealedSums(Model):
    """What a round tells a methodologist beyond that: in a box whose key lies in the key store."""

    __tablename__ = "sealed_sums"

    round_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    box: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary)


class SealedTables(Model):
    """Tables of answers to an instrument that grow from round to round, in a box as well."""

    __tablename__ = "sealed_tables"

    instrument_version_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("instrument_version.id"), primary_key=True
    )
    box: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary)


class LedgerEntry(Model):
    """One release: which sets of raters were published of a leader in a round. Never a second one."""

    __tablename__ = "ledger_entry"

    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), primary_key=True)
    plan: orm.Mapped[dict[str, Any]]
    digest: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary(32))


class CohortEntry(Model):
    """One release over several leaders: of whom a figure was published together."""

    __tablename__ = "cohort_entry"

    id: orm.Mapped[RandomId]
    leaders: orm.Mapped[list[str]]
    digest: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary(32), unique=True)
