"""What close reads, rounds and sealed seats; what was published, and what the ledger knows of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from accounts.models import Person
from assess.models import (
    CohortEntry,
    LedgerEntry,
    PublishedLeaf,
    PublishedSymbol,
    SealedSums,
    SealedTables,
)
from assess.publication.plans import POOLED
from assess.publication.protection import PROTECTIONS, Protection
from core.errors import NotFoundError
from instruments.models import InstrumentVersion
from instruments.queries import instrument_of
from instruments.questionnaires import Instrument
from surveys.models import CLOSE_STEPS, CloseStep, Invitation, Leader, Round, Seat


@dataclass(frozen=True)
class SealedSeat:
    """An envelope, and the place it must have been sealed for."""

    leader_id: UUID
    invitation_id: UUID
    group: str
    language: str
    envelope: bytes


def rounds_to_close(session: Session) -> Sequence[UUID]:
    """Return the rounds that are locked, and whose close has steps left."""
    done = sa.exists().where(CloseStep.round_id == Round.id, CloseStep.step == CLOSE_STEPS[-1])
    return session.scalars(sa.select(Round.id).where(Round.locked_at.is_not(None), ~done)).all()


def next_step(session: Session, round_: Round) -> str | None:
    """Return what close has to do next in a round; None when nothing is left."""
    done = session.scalars(sa.select(CloseStep.step).where(CloseStep.round_id == round_.id)).all()
    return next((step for step in CLOSE_STEPS if step not in done), None)


def sealed_seats(session: Session, round_: Round) -> list[SealedSeat]:
    """Return every answered seat of a round, in an order that has nothing to do with time."""
    rows = session.execute(
        sa.select(
            Seat.leader_id, Seat.invitation_id, Seat.group, Invitation.language, Seat.envelope
        )
        .join(Seat.leader)
        .join(Seat.invitation)
        .where(Leader.round_id == round_.id, Seat.envelope.is_not(None))
        .order_by(Seat.id)
    )
    return [
        SealedSeat(leader_id, invitation_id, group, language, envelope)
        for leader_id, invitation_id, group, language, envelope in rows
        if envelope is not None
    ]


def silent_seats(session: Session, round_: Round) -> Sequence[UUID]:
    """Return the seats of a round from which nobody has answered."""
    return session.scalars(
        sa.select(Seat.id).join(Leader).where(Leader.round_id == round_.id, Seat.envelope.is_(None))
    ).all()


def groups_asked(session: Session, round_: Round) -> dict[UUID, dict[str, int]]:
    """Return the groups that were asked about each leader, each with none who answered yet."""
    rows = session.execute(
        sa.select(Seat.leader_id, Seat.group)
        .join(Leader)
        .where(Leader.round_id == round_.id)
        .distinct()
    )
    asked: dict[UUID, dict[str, int]] = {leader.id: {} for leader in round_.leaders}
    for leader_id, group in rows:
        asked[leader_id][group] = 0
    return asked


def what_binds(round_: Round) -> tuple[Instrument, Protection]:
    """Return what was asked in a round, and how coarse its publication must be."""
    instrument = instrument_of(round_.instrument_version)
    return instrument, PROTECTIONS[round_.protection]


@dataclass(frozen=True)
class ShownSymbol:
    """What is published of a leader by one rater group about one item."""

    leader_id: UUID
    leaf: str
    item: str
    symbol: str


def symbols_of_groups(session: Session, round_: Round) -> list[ShownSymbol]:
    """Return every symbol of a round; not those of pooled leaves, which are other groups for each leader."""
    rows = session.execute(
        sa.select(
            PublishedLeaf.leader_id,
            PublishedLeaf.name,
            PublishedSymbol.item,
            PublishedSymbol.symbol,
        )
        .join(PublishedLeaf.symbols)
        .join(PublishedLeaf.leader)
        .where(Leader.round_id == round_.id, PublishedLeaf.name != POOLED)
    )
    return [
        ShownSymbol(leader_id, leaf, item, symbol)
        for leader_id, leaf, item, symbol in rows
        if symbol is not None
    ]


def leaders_of(session: Session, round_: Round, *, department: str | None) -> Sequence[Leader]:
    """Return the leaders of a round, or those who belong to a department today.

    Raises
    ------
    NotFoundError
        Where nobody does.
    """
    leaders = sa.select(Leader).where(Leader.round_id == round_.id)
    if department is None:
        return session.scalars(leaders).all()
    found = session.scalars(leaders.join(Leader.person).where(Person.department == department))
    if not (members := found.all()):
        raise NotFoundError(
            f'No leader of the round belongs to the department "{department}" today. Nothing was '
            "written. Give its name as the directory of people has it."
        )
    return members


def leaders_called(session: Session, round_: Round, called: Iterable[str]) -> list[Leader]:
    """Return the leaders of a round who go by a key of the directory, or by a name that is theirs alone.

    Raises
    ------
    NotFoundError
        Naming all whom it does not find, or of whom it finds several.
    """
    known: dict[str, list[Leader]] = {}
    leaders = sa.select(Leader).where(Leader.round_id == round_.id)
    for leader in session.scalars(leaders.options(joinedload(Leader.person))):
        for name in {leader.name, *([leader.person.key] if leader.person else [])}:
            known.setdefault(name, []).append(leader)
    wanted = sorted(set(called))
    if unclear := [name for name in wanted if len(known.get(name, [])) != 1]:
        raise NotFoundError(
            f"Not exactly one leader of the round goes by each of: {', '.join(unclear)}. Nothing was "
            "written. Give the keys that stand in the directory of people."
        )
    return [known[name][0] for name in wanted]


def cohorts_released(session: Session) -> Sequence[CohortEntry]:
    """Return every cohort of which figures have been told."""
    return session.scalars(sa.select(CohortEntry)).all()


def has_release(session: Session, round_: Round) -> bool:
    """Say whether the ledger holds a release of any leader of a round."""
    released = sa.select(LedgerEntry).join(Leader).where(Leader.round_id == round_.id)
    return session.scalar(sa.select(released.exists())) or False


def round_before(session: Session, round_: Round) -> Round | None:
    """Return the round with any version of the same instrument that was closed last before this one."""
    closed = (
        sa.select(Round)
        .join(Round.instrument_version)
        .where(
            InstrumentVersion.key == round_.instrument_version.key,
            Round.id != round_.id,
            Round.closed_at.is_not(None),
        )
    )
    return session.scalar(closed.order_by(Round.closed_at.desc(), Round.id).limit(1))


def invited_people(session: Session, round_: Round) -> set[UUID | str]:
    """Return who was asked anonymously in a round: people of the directory, and guests by their address."""
    rows = session.execute(
        sa.select(Invitation.id, Invitation.person_id, Invitation.email)
        .join(Invitation.seats)
        .where(Invitation.round_id == round_.id, Seat.group.not_in(round_.named_groups))
        .distinct()
    )
    return {person_id or (email or str(id_)).casefold() for id_, person_id, email in rows}


def closed_rounds(session: Session) -> Sequence[Round]:
    """Return every closed round, the latest first, with what decides who may study it."""
    leaders = selectinload(Round.leaders).joinedload(Leader.person)
    return session.scalars(
        sa.select(Round)
        .where(Round.closed_at.is_not(None))
        .options(joinedload(Round.instrument_version), leaders)
        .order_by(Round.closed_at.desc(), Round.name, Round.id)
    ).all()


def sealed_boxes(session: Session, round_: Round) -> tuple[bytes, bytes] | None:
    """Return the sums of a round and the tables of its instrument; None where they were never kept."""
    row = session.execute(
        sa.select(SealedSums.box, SealedTables.box)
        .join(Round, Round.id == SealedSums.round_id)
        .join(SealedTables, SealedTables.instrument_version_id == Round.instrument_version_id)
        .where(SealedSums.round_id == round_.id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])
