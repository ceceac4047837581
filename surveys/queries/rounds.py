"""Rounds as HR sees them: who sits where, and how many had answered when they were last counted."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from core.mail import OutboxMail
from surveys.models import GROUPS, GroupCount, Invitation, Leader, Round, Seat

RELATED = {"past_direct_report": "direct_report", "direct_report": "past_direct_report"}


@dataclass(frozen=True)
class Count:
    """How many of a group are invited, and had answered on the day of the count."""

    invited: int
    answered: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.invited + other.invited, self.answered + other.answered)


@dataclass(frozen=True)
class Table:
    """A leader's table: how many sit there from each group, and what their number means."""

    leader: Leader
    groups: Mapping[str, Count]
    minimum: int
    named: AbstractSet[str]

    @property
    def small(self) -> tuple[str, ...]:
        """The groups too few to be shown apart, even when everybody answers."""
        return tuple(
            group
            for group, count in self.groups.items()
            if group not in self.named and 0 < count.invited < self.minimum
        )

    @property
    def small_together(self) -> int:
        return sum(self.groups[group].invited for group in self.small)

    @property
    def pools(self) -> bool:
        """Whether the small groups are enough to be shown as one."""
        return self.small_together >= self.minimum

    def host_of(self, group: str) -> str | None:
        """Return the related group which a small one joins when there is no pool."""
        host = RELATED.get(group, "")
        return host if host in self.groups and host not in self.small else None

    @property
    def leaves(self) -> dict[str, Count]:
        """The counts as they may be watched: of a group of one or two, none by itself."""
        leaves: dict[str, Count] = {}
        for group, count in self.groups.items():
            leaf = self.leaf_of(group)
            if leaf:
                leaves[leaf] = leaves.get(leaf, Count(0)) + count
        return leaves

    @property
    def response(self) -> float:
        """What part of the answers watched at this table is in; of a table without any, all."""
        watched = sum(self.leaves.values(), Count(0))
        return watched.answered / watched.invited if watched.invited else 1.0

    def leaf_of(self, group: str) -> str | None:
        """Return the leaf in which a group is shown if everybody answers; none, where it is set aside."""
        if group in self.named:
            return None
        if group not in self.small:
            return group
        return "pooled" if self.pools else self.host_of(group)


@dataclass(frozen=True)
class Standing:
    """How far an open round is, as far as HR may know: no count in it is of fewer than the minimum."""

    tables: list[Table]
    named: Mapping[str, Count]
    counted_on: date | None

    @property
    def total(self) -> Count:
        """Everything counted here, and no more: else what is left out could be found by subtracting."""
        leaves = (count for table in self.tables for count in table.leaves.values())
        return sum((*leaves, *self.named.values()), Count(0))


@dataclass(frozen=True)
class Mails:
    """What has become of a round's invitations, which everybody is sent.

    Of reminders it says nothing, not even that one failed: to whoever knows whose mailbox is broken, that
    would tell that they have not answered.
    """

    waiting: int
    undelivered: list[tuple[Invitation, str]]


def tables_of(
    round_: Round, counts: Mapping[tuple[UUID, str], Count], *, minimum: int | None = None
) -> list[Table]:
    """Return the tables of a round, one a leader, their groups in the order they always have."""
    return [
        Table(
            leader,
            {group: counts[leader.id, group] for group in GROUPS if (leader.id, group) in counts},
            minimum or round_.minimum,
            round_.named_groups,
        )
        for leader in round_.leaders
    ]


def standing_of(session: orm.Session, round_: Round) -> Standing:
    """Return how many had answered at the last count, where the fewest have first."""
    counts = counted_by_group(session, round_)
    tables = tables_of(round_, counts, minimum=round_.watched_minimum)
    return Standing(
        sorted(tables, key=lambda table: table.response),
        named_together(tables, raters_by_group(session, round_), round_),
        last_count(session, round_),
    )


def named_together(
    tables: Iterable[Table], raters: Mapping[str, int], round_: Round
) -> dict[str, Count]:
    """Count each named group over all leaders, as at one table it is one person or two."""
    together: dict[str, Count] = {}
    for group in GROUPS:
        if group in round_.named_groups and raters.get(group, 0) >= round_.watched_minimum:
            counts = (table.groups.get(group, Count(0)) for table in tables)
            together[group] = sum(counts, Count(0))
    return together


def rounds(session: orm.Session) -> list[Round]:
    """Return every round, the latest deadline first, with what decides who may manage it."""
    return list(session.scalars(_with_leaders().order_by(Round.deadline.desc(), Round.name)))


def round_by_id(session: orm.Session, round_id: UUID) -> Round | None:
    return session.scalar(_with_leaders().where(Round.id == round_id))


def due_to_lock(session: orm.Session, *, at: datetime) -> list[Round]:
    """Return and hold the open rounds whose deadline has passed, but for those another worker holds."""
    query = _open().where(Round.deadline <= at).with_for_update(skip_locked=True)
    return list(session.scalars(query))


def open_rounds(session: orm.Session, *, at: datetime) -> list[Round]:
    return list(session.scalars(_open().where(Round.deadline > at)))


def leaders_without_raters(session: orm.Session, round_: Round) -> list[str]:
    nobody = ~sa.exists().where(Seat.leader_id == Leader.id)
    query = sa.select(Leader.name).where(Leader.round_id == round_.id, nobody)
    return list(session.scalars(query.order_by(Leader.name)))


def seats_at(session: orm.Session, leader: Leader) -> list[Seat]:
    """Return the seats at a leader's table with who sits there, but not what they hold."""
    query = (
        sa.select(Seat)
        .join(Seat.invitation)
        .where(Seat.leader_id == leader.id)
        .options(
            orm.contains_eager(Seat.invitation), orm.defer(Seat.envelope), orm.defer(Seat.draft)
        )
        .order_by(Invitation.name, Invitation.id)
    )
    return list(session.scalars(query))


def invitations(session: orm.Session, round_: Round) -> list[Invitation]:
    """Return everybody invited, in the order of the alphabet, which tells nothing."""
    query = sa.select(Invitation).where(Invitation.round_id == round_.id)
    return list(session.scalars(query.order_by(Invitation.name, Invitation.id)))


def invitations_among(
    session: orm.Session,
    round_: Round,
    *,
    people: AbstractSet[UUID],
    addresses: AbstractSet[str],
    names: AbstractSet[str],
) -> list[Invitation]:
    """Return the invitations of any of these people, addresses, or names without an address."""
    by_name = sa.and_(Invitation.email.is_(None), Invitation.name.in_(names))
    any_of = sa.or_(
        Invitation.person_id.in_(people), sa.func.lower(Invitation.email).in_(addresses), by_name
    )
    return list(
        session.scalars(sa.select(Invitation).where(Invitation.round_id == round_.id, any_of))
    )


def loads(session: orm.Session, round_: Round) -> dict[UUID, int]:
    """Return how many leaders each person of the directory is asked about."""
    query = (
        sa.select(Invitation.person_id, sa.func.count(Seat.id))
        .join(Seat.invitation)
        .where(Invitation.round_id == round_.id, Invitation.person_id.is_not(None))
        .group_by(Invitation.person_id)
    )
    return {person: seats for person, seats in session.execute(query) if person}


def seats_by_group(session: orm.Session, round_: Round) -> dict[tuple[UUID, str], Count]:
    """Count a round's seats and envelopes as they are at this moment.

    Only the daily count may show this: whoever sees it before and after somebody's visit learns who answered.
    """
    query = (
        sa.select(Seat.leader_id, Seat.group, sa.func.count(), sa.func.count(Seat.envelope))
        .join(Seat.leader)
        .where(Leader.round_id == round_.id)
        .group_by(Seat.leader_id, Seat.group)
    )
    rows = session.execute(query)
    return {(leader, group): Count(invited, answered) for leader, group, invited, answered in rows}


def invited_by_group(session: orm.Session, round_: Round) -> dict[tuple[UUID, str], Count]:
    """Count a draft's seats, which HR itself has laid."""
    query = (
        sa.select(Seat.leader_id, Seat.group, sa.func.count())
        .join(Seat.leader)
        .where(Leader.round_id == round_.id)
        .group_by(Seat.leader_id, Seat.group)
    )
    rows = session.execute(query)
    return {(leader, group): Count(invited) for leader, group, invited in rows}


def raters_by_group(session: orm.Session, round_: Round) -> dict[str, int]:
    """Count the people of each group: one supervisor of ten leaders is one."""
    query = (
        sa.select(Seat.group, sa.func.count(sa.distinct(Seat.invitation_id)))
        .join(Seat.leader)
        .where(Leader.round_id == round_.id)
        .group_by(Seat.group)
    )
    return dict(session.execute(query).all())


def group_counts(session: orm.Session, round_: Round) -> list[GroupCount]:
    """Return the counts as of the last daily count."""
    query = (
        sa.select(GroupCount)
        .join(Leader, Leader.id == GroupCount.leader_id)
        .where(Leader.round_id == round_.id)
    )
    return list(session.scalars(query))


def counted_by_group(session: orm.Session, round_: Round) -> dict[tuple[UUID, str], Count]:
    counts = group_counts(session, round_)
    return {
        (count.leader_id, count.group): Count(count.invited, count.answered) for count in counts
    }


def last_count(session: orm.Session, round_: Round) -> date | None:
    query = (
        sa.select(sa.func.min(GroupCount.counted_on))
        .join(Leader, Leader.id == GroupCount.leader_id)
        .where(Leader.round_id == round_.id)
    )
    return session.scalar(query)


def due_reminders(session: orm.Session, round_: Round) -> list[UUID]:
    """Return the invitations with an address, a seat still empty, and no reminder on its way."""
    empty = sa.exists().where(
        Seat.invitation_id == Invitation.id, Seat.envelope.is_(None), ~Seat.declined
    )
    on_its_way = sa.exists().where(
        OutboxMail.subject_id == Invitation.id, OutboxMail.template == "reminder"
    )
    query = sa.select(Invitation.id).where(
        Invitation.round_id == round_.id, Invitation.email.is_not(None), empty, ~on_its_way
    )
    return list(session.scalars(query))


def has_empty_seats(session: orm.Session, invitation: Invitation) -> bool:
    empty = sa.exists().where(
        Seat.invitation_id == invitation.id, Seat.envelope.is_(None), ~Seat.declined
    )
    return bool(session.scalar(sa.select(empty)))


def invitation_for_mail(session: orm.Session, invitation_id: UUID) -> Invitation | None:
    """Return an invitation with all that its mail says: the round, and whom the rater is asked about."""
    seats = orm.selectinload(Invitation.seats)
    query = (
        sa.select(Invitation)
        .where(Invitation.id == invitation_id)
        .options(
            orm.joinedload(Invitation.round).joinedload(Round.instrument_version),
            seats.options(orm.defer(Seat.envelope), orm.defer(Seat.draft)),
            seats.joinedload(Seat.leader),
        )
    )
    return session.scalar(query)


def mails_of(session: orm.Session, round_: Round) -> Mails:
    return Mails(mails_waiting(session, round_), undelivered(session, round_))


def mails_waiting(session: orm.Session, round_: Round) -> int:
    """Count the invitations still to be sent."""
    query = (
        sa.select(sa.func.count())
        .select_from(OutboxMail)
        .join(Invitation, Invitation.id == OutboxMail.subject_id)
        .where(Invitation.round_id == round_.id, OutboxMail.template == "invitation")
    )
    return session.scalar(query) or 0


def undelivered(session: orm.Session, round_: Round) -> list[tuple[Invitation, str]]:
    """Return who has not had the invitation, which everybody is sent, and why."""
    query = (
        sa.select(Invitation, OutboxMail.failure)
        .join(OutboxMail, Invitation.id == OutboxMail.subject_id)
        .where(
            Invitation.round_id == round_.id,
            OutboxMail.template == "invitation",
            OutboxMail.failure.is_not(None),
        )
        .order_by(Invitation.name)
    )
    return [(invitation, failure or "") for invitation, failure in session.execute(query)]


def _with_leaders() -> sa.Select[Round]:
    leaders = orm.selectinload(Round.leaders)
    return sa.select(Round).options(
        orm.joinedload(Round.instrument_version),
        leaders.joinedload(Leader.person),
        leaders.joinedload(Leader.coach),
    )


def _open() -> sa.Select[Round]:
    return sa.select(Round).where(Round.launched_at.is_not(None), Round.locked_at.is_(None))
