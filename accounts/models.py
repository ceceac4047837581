"""People, their dated reporting lines, and those of them who sign in."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from core.db import Model, RandomId

if TYPE_CHECKING:

    class RoleMixin:
        """As below, without the plain attributes which Flask-Security declares and we map."""

    class UserMixin:
        """As above."""

        is_authenticated: bool
        is_active: bool

        def has_role(self, role: str) -> bool: ...
else:
    from flask_security import RoleMixin, UserMixin

ROLES = (
    "hr",
    "coach",
    "leader",
    "manager",
    "assessor",
    "interviewer",
    "methodologist",
    "sponsor",
    "trustee",
    "administrator",
)


class Person(Model):
    """Somebody in the directory."""

    __tablename__ = "person"

    id: orm.Mapped[RandomId]
    key: orm.Mapped[str] = orm.mapped_column(sa.String(64), unique=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(120))
    email: orm.Mapped[str] = orm.mapped_column(sa.String(254), unique=True)
    language: orm.Mapped[str] = orm.mapped_column(sa.String(12), default="en")
    department: orm.Mapped[str] = orm.mapped_column(sa.String(80), default="")
    title: orm.Mapped[str] = orm.mapped_column(sa.String(80), default="")
    level: orm.Mapped[str] = orm.mapped_column(sa.String(40), default="")


class ReportingLine(Model):
    """Who reported to whom, from when until when; `until` is the first day it no longer held."""

    __tablename__ = "reporting_line"
    __table_args__ = (
        sa.CheckConstraint("until IS NULL OR until > since", name="ends_after_it_begins"),
        sa.CheckConstraint("person_id <> supervisor_id", name="nobody_reports_to_themselves"),
        sa.UniqueConstraint("person_id", "supervisor_id", "since"),
    )

    id: orm.Mapped[RandomId]
    person_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("person.id"), index=True)
    supervisor_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("person.id"), index=True)
    since: orm.Mapped[date]
    until: orm.Mapped[date | None]

    person: orm.Mapped[Person] = orm.relationship(foreign_keys=person_id)
    supervisor: orm.Mapped[Person] = orm.relationship(foreign_keys=supervisor_id)


account_role = sa.Table(
    "account_role",
    Model.metadata,
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role_id", sa.ForeignKey("role.id"), primary_key=True),
)


class Role(RoleMixin, Model):
    """What somebody who signs in may be."""

    __tablename__ = "role"

    id: orm.Mapped[RandomId]
    name: orm.Mapped[str] = orm.mapped_column(sa.String(20), unique=True)
    description: orm.Mapped[str] = orm.mapped_column(sa.String(120), default="")


class Account(UserMixin, Model):
    """Somebody who signs in. The columns beginning with `fs_`, `tf_` and `us_` are Flask-Security's."""

    __tablename__ = "account"

    id: orm.Mapped[RandomId]
    person_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("person.id"), unique=True)
    email: orm.Mapped[str] = orm.mapped_column(sa.String(254), unique=True)
    password: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    active: orm.Mapped[bool] = orm.mapped_column(default=True)
    fs_uniquifier: orm.Mapped[str] = orm.mapped_column(sa.String(64), unique=True)
    confirmed_at: orm.Mapped[datetime | None]
    tf_primary_method: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    tf_totp_secret: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    mf_recovery_codes: orm.Mapped[list[str] | None]

    person: orm.Mapped[Person | None] = orm.relationship()
    roles: orm.Mapped[list[Role]] = orm.relationship(secondary=account_role)
    person_by_address: orm.Mapped[Person | None] = orm.relationship(
        primaryjoin=lambda: sa.func.lower(orm.foreign(Account.email)) == orm.remote(Person.email),
        viewonly=True,
    )

    @property
    def name(self) -> str | None:
        """What the directory calls them. Who was never joined to it is found by address."""
        person = self.person or self.person_by_address
        return person.name if person else None
