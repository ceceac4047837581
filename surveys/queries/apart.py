"""Rounds about the same leaders, side by side: whom each of them asks, and as what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Person
from surveys.models import Invitation, Leader, Round, Seat
from surveys.queries.rounds import Count, Table

People = frozenset[str]
"""Raters by what is the same of them in every round."""


@dataclass(frozen=True)
class Asked:
    """Whom one round asks about a leader: what each is called, and in which group they sit."""

    leader: Leader
    names: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def round(self) -> Round:
        return self.leader.round

    @property
    def anonymous(self) -> Mapping[str, People]:
        """Who sits in each group that is not shown by name."""
        apart: dict[str, set[str]] = {}
        for who, group in self.groups.items():
            if group not in self.round.named_groups:
                apart.setdefault(group, set()).add(who)
        return {group: frozenset(people) for group, people in apart.items()}

    @property
    def leaves(self) -> Mapping[str, People]:
        """Who is shown together if everybody answers."""
        groups = self.anonymous
        counts = {group: Count(len(people)) for group, people in groups.items()}
        table = Table(self.leader, counts, self.round.minimum, named=frozenset())
        leaves: dict[str, People] = {}
        for group, people in groups.items():
            if leaf := table.leaf_of(group):
                leaves[leaf] = leaves.get(leaf, frozenset()) | people
        return leaves


def asked_near(session: orm.Session, round_: Round, *, since: datetime) -> list[Asked]:
    """Return the tables of a round, and those of its leaders in others not closed at `since`.

    Whoever sits in the directory is the same person everywhere; a guest is by address, and is somebody of the
    directory where that knows the address. Only a guest without any goes by name, as within a round.
    """
    in_directory = sa.and_(
        Invitation.person_id.is_(None), Person.email == sa.func.lower(Invitation.email)
    )
    query = (
        sa.select(
            Leader,
            Seat.group,
            Invitation.name,
            Invitation.email,
            sa.func.coalesce(Invitation.person_id, Person.id),
        )
        .join(Leader.round)
        .join(Leader.seats)
        .join(Seat.invitation)
        .outerjoin(Person, in_directory)
        .options(orm.contains_eager(Leader.round))
        .where(Leader.person_id.in_(_rated_in(round_)), _is_or_is_near(round_, since))
        .order_by(Leader.name, Round.name, Invitation.name, Invitation.id)
    )
    tables: dict[Leader, Asked] = {}
    for leader, group, name, email, person in session.execute(query):
        who = str(person or (email or name).casefold())
        table = tables.setdefault(leader, Asked(leader))
        table.names[who], table.groups[who] = name, group
    return list(tables.values())


def hold_leaders(session: orm.Session, round_: Round) -> None:
    """Hold whoever is rated, so that of two launches about one person the later sees the earlier."""
    query = sa.select(Person.id).where(Person.id.in_(_rated_in(round_))).order_by(Person.id)
    session.execute(query.with_for_update(key_share=True))


def _rated_in(round_: Round) -> sa.Select[UUID | None]:
    return sa.select(Leader.person_id).where(Leader.round_id == round_.id)


def _is_or_is_near(round_: Round, since: datetime) -> sa.ColumnElement[bool]:
    still_near = sa.or_(Round.closed_at.is_(None), Round.closed_at > since)
    return sa.or_(Round.id == round_.id, sa.and_(Round.launched_at.is_not(None), still_near))
