"""What close reads: rounds that wait for it, and the sealed seats of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.publication import gate
from assess.publication.protection import PROTECTIONS, Protection
from instruments.queries import instrument_of
from instruments.questionnaires import Instrument
from surveys.models import Leader, Round, Seat


@dataclass(frozen=True)
class SealedSeat:
    """An envelope, and the place it must have been sealed for."""

    leader_id: UUID
    invitation_id: UUID
    group: str
    envelope: bytes


def rounds_to_close(session: Session) -> Sequence[UUID]:
    """Return the rounds that are locked and not yet scored."""
    return session.scalars(
        sa.select(Round.id).where(Round.locked_at.is_not(None), Round.closed_at.is_(None))
    ).all()


def rounds_to_sweep(session: Session) -> Sequence[UUID]:
    """Return the rounds that are scored and whose secrets or traces may still be there."""
    return session.scalars(
        sa.select(Round.id).where(Round.closed_at.is_not(None), Round.swept_at.is_(None))
    ).all()


def sealed_seats(session: Session, round_: Round) -> list[SealedSeat]:
    """Return every answered seat of a round, in an order that has nothing to do with time."""
    rows = session.execute(
        sa.select(Seat.leader_id, Seat.invitation_id, Seat.group, Seat.envelope)
        .join(Leader)
        .where(Leader.round_id == round_.id, Seat.envelope.is_not(None))
        .order_by(Seat.id)
    )
    return [
        SealedSeat(leader_id, invitation_id, group, envelope)
        for leader_id, invitation_id, group, envelope in rows
        if envelope is not None
    ]


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
    """Return what was asked in a round, and how coarse its publication must be on that scale."""
    instrument = instrument_of(round_.instrument_version)
    scale = instrument.scale
    return instrument, gate.suited(PROTECTIONS[round_.protection], low=scale.low, high=scale.high)
