"""Rounds, the leaders rated in them, the invited raters, and each rater's seat at a leader's table."""

from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Account, Person
from core.db import Model, RandomId
from instruments.models import InstrumentVersion

GROUPS = (
    "self",
    "supervisor",
    "supervisors_supervisor",
    "peer",
    "direct_report",
    "past_supervisor",
    "past_direct_report",
    "board",
    "client",
    "other",
)
PROTECTIONS = ("standard", "strict", "threshold")
MINIMUMS = {"threshold": 3, "standard": 4, "strict": 5}
ANSWERED_MINIMUMS = {"threshold": 3, "standard": 3, "strict": 5}
REMINDED_BEFORE = (7, 3, 1)
NAMED = frozenset({"self", "supervisor", "supervisors_supervisor"})
PURPOSES = ("development", "decision")
RELEASE_POLICIES = ("by_coach", "on_date")
CLOSE_STEPS = ("published", "secrets_destroyed", "files_rewritten")
"""What close does, in this order; each can be done again without harm."""
RECEIPT_LENGTH = 20
"""Bytes of the digest of an envelope which its rater keeps."""


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Round(Model):
    """One 360 round. Its state is derived from what has happened, never stored beside it."""

    __tablename__ = "round"
    __table_args__ = (
        sa.CheckConstraint(_one_of("purpose", PURPOSES), name="purpose_is_known"),
        sa.CheckConstraint(_one_of("protection", PROTECTIONS), name="protection_is_known"),
        sa.CheckConstraint(
            _one_of("release_policy", RELEASE_POLICIES), name="release_policy_is_known"
        ),
        sa.CheckConstraint(
            "(release_policy = 'on_date') = (release_on IS NOT NULL)",
            name="release_date_when_by_date",
        ),
        sa.CheckConstraint(
            "(launched_at IS NULL) = (public_key IS NULL)", name="launched_with_a_key"
        ),
        sa.CheckConstraint(
            "locked_at IS NULL OR launched_at IS NOT NULL", name="locked_after_launch"
        ),
        sa.CheckConstraint("closed_at IS NULL OR locked_at IS NOT NULL", name="closed_after_lock"),
        sa.CheckConstraint("retention_months BETWEEN 1 AND 120", name="retention_is_sane"),
    )

    id: orm.Mapped[RandomId]
    name: orm.Mapped[str] = orm.mapped_column(sa.String(120))
    purpose: orm.Mapped[str] = orm.mapped_column(sa.String(20), default="development")
    protection: orm.Mapped[str] = orm.mapped_column(sa.String(20), default="standard")
    instrument_version_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("instrument_version.id")
    )
    names_past_supervisors: orm.Mapped[bool] = orm.mapped_column(default=False)
    release_policy: orm.Mapped[str] = orm.mapped_column(sa.String(20), default="by_coach")
    release_on: orm.Mapped[date | None]
    retention_months: orm.Mapped[int] = orm.mapped_column(default=24)
    notice: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    contact: orm.Mapped[str] = orm.mapped_column(sa.String(200), default="")
    watched_protection: orm.Mapped[str | None] = orm.mapped_column(sa.String(20))
    trustee_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("account.id"))
    told_trustee_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("account.id"))
    """Whom raters were last told of: at launch, or when the round was opened again."""
    former_trustee_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("account.id"))
    """In whose place the present trustee was named, since raters were told of them."""
    deadline: orm.Mapped[datetime]
    public_key: orm.Mapped[bytes | None] = orm.mapped_column(sa.LargeBinary(32))
    launched_at: orm.Mapped[datetime | None]
    locked_at: orm.Mapped[datetime | None]
    closed_at: orm.Mapped[datetime | None]
    reminded_on: orm.Mapped[date | None]
    """When somebody was last reminded: raters until the lock, after it the trustee."""

    instrument_version: orm.Mapped[InstrumentVersion] = orm.relationship()
    trustee: orm.Mapped[Account | None] = orm.relationship(foreign_keys=[trustee_id])
    former_trustee: orm.Mapped[Account | None] = orm.relationship(foreign_keys=[former_trustee_id])
    leaders: orm.Mapped[list["Leader"]] = orm.relationship(
        back_populates="round", order_by="Leader.name"
    )
    close_steps: orm.Mapped[list["CloseStep"]] = orm.relationship()

    @property
    def state(self) -> str:
        """draft, open, locked (being scored) or closed."""
        if self.closed_at:
            return "closed"
        if self.locked_at:
            return "locked"
        return "open" if self.launched_at else "draft"

    @property
    def is_swept(self) -> bool:
        """Whether close has done everything: no secret and no trace is left."""
        return {step.step for step in self.close_steps} == {*CLOSE_STEPS}

    @property
    def minimum(self) -> int:
        """The fewest raters who are shown as a group of their own."""
        return MINIMUMS[self.protection]

    @property
    def watched_minimum(self) -> int:
        """The fewest raters whom HR sees counted together: the minimum at launch, also when more is promised.

        One and the same count cut in two ways would tell by subtraction what each of them hides.
        """
        return MINIMUMS[self.watched_protection or self.protection]

    @property
    def answered_minimum(self) -> int:
        """The fewest of them on whose answers the figure of one item may rest."""
        return ANSWERED_MINIMUMS[self.protection]

    @property
    def named_groups(self) -> frozenset[str]:
        """The groups whose raters are shown by name, and told so before they answer."""
        return NAMED | {"past_supervisor"} if self.names_past_supervisors else NAMED

    def reminder_days(self, launched_on: date) -> tuple[date, ...]:
        """Return when those are reminded who have not answered: never on the day of launch."""
        days = (self.deadline.date() - timedelta(days=before) for before in REMINDED_BEFORE)
        return tuple(day for day in days if day > launched_on)


class CloseStep(Model):
    """A step of close that is done. When it was done is nobody's business."""

    __tablename__ = "close_step"
    __table_args__ = (sa.CheckConstraint(_one_of("step", CLOSE_STEPS), name="step_is_known"),)

    round_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    step: orm.Mapped[str] = orm.mapped_column(sa.String(20), primary_key=True)


class CountedSheet(Model):
    """The digest of an envelope that close has opened, or of nothing: as many as there were seats.

    A rater finds their receipt here. Whoever has no receipt cannot even count the sheets.
    """

    __tablename__ = "counted_sheet"

    round_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("round.id"), primary_key=True)
    digest: orm.Mapped[bytes] = orm.mapped_column(sa.LargeBinary(RECEIPT_LENGTH), primary_key=True)


class Leader(Model):
    """The rated person, in one round. The name is kept as it was at launch."""

    __tablename__ = "leader"
    __table_args__ = (sa.UniqueConstraint("round_id", "person_id"),)

    id: orm.Mapped[RandomId]
    round_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("round.id"), index=True)
    person_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("person.id"))
    coach_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("account.id"))
    name: orm.Mapped[str] = orm.mapped_column(sa.String(120))

    round: orm.Mapped[Round] = orm.relationship(back_populates="leaders")
    person: orm.Mapped[Person | None] = orm.relationship()
    coach: orm.Mapped[Account | None] = orm.relationship()
    seats: orm.Mapped[list["Seat"]] = orm.relationship(back_populates="leader")


class Invitation(Model):
    """One rater in one round: a single link leads to all leaders whom the person rates.

    The link's secret is never stored: `authenticator_hash` is all the database knows of it.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "person_id"),
        sa.CheckConstraint("issue >= 1", name="issues_are_counted"),
    )

    id: orm.Mapped[RandomId]
    round_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("round.id"), index=True)
    person_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("person.id"))
    name: orm.Mapped[str] = orm.mapped_column(sa.String(120))
    email: orm.Mapped[str | None] = orm.mapped_column(sa.String(254))
    language: orm.Mapped[str] = orm.mapped_column(sa.String(12), default="en")
    issue: orm.Mapped[int] = orm.mapped_column(default=1)
    authenticator_hash: orm.Mapped[bytes | None] = orm.mapped_column(
        sa.LargeBinary(32), unique=True
    )

    round: orm.Mapped[Round] = orm.relationship()
    seats: orm.Mapped[list["Seat"]] = orm.relationship(back_populates="invitation")


class Seat(Model):
    """A rater's place at one leader's table.

    The envelope is sealed: nothing on this machine's disk but the round's key opens it. Close empties it,
    with the draft, in every row of the round at once, so that not even the fact of answering remains.
    """

    __tablename__ = "seat"
    __table_args__ = (
        sa.UniqueConstraint("invitation_id", "leader_id"),
        sa.CheckConstraint(_one_of('"group"', GROUPS), name="group_is_known"),
        sa.CheckConstraint(
            "NOT (declined AND envelope IS NOT NULL)", name="declined_holds_no_envelope"
        ),
    )

    id: orm.Mapped[RandomId]
    invitation_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("invitation.id"), index=True)
    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), index=True)
    group: orm.Mapped[str] = orm.mapped_column(sa.String(24))
    declined: orm.Mapped[bool] = orm.mapped_column(default=False)
    envelope: orm.Mapped[bytes | None] = orm.mapped_column(sa.LargeBinary)
    draft: orm.Mapped[bytes | None] = orm.mapped_column(sa.LargeBinary)

    invitation: orm.Mapped[Invitation] = orm.relationship(back_populates="seats")
    leader: orm.Mapped[Leader] = orm.relationship(back_populates="seats")

    @property
    def answered(self) -> bool:
        return self.envelope is not None


class GroupCount(Model):
    """How many of a leader's raters had answered, counted once a day so that no count betrays a moment."""

    __tablename__ = "group_count"
    __table_args__ = (
        sa.CheckConstraint("answered BETWEEN 0 AND invited", name="answered_among_invited"),
    )

    leader_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("leader.id"), primary_key=True)
    group: orm.Mapped[str] = orm.mapped_column(sa.String(24), primary_key=True)
    counted_on: orm.Mapped[date]
    invited: orm.Mapped[int]
    answered: orm.Mapped[int]
