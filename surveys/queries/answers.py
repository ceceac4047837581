"""What a rater's own pages read: their invitation, and their seats through it."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from core import tokens
from surveys.models import Invitation, Leader, Round, Seat


def invitation_of(session: orm.Session, authenticator: str) -> Invitation | None:
    """Return the invitation which an authenticator opens, with its round."""
    query = (
        sa.select(Invitation)
        .where(Invitation.authenticator_hash == tokens.fingerprint(authenticator))
        .options(orm.joinedload(Invitation.round).joinedload(Round.instrument_version))
    )
    return session.scalar(query)


def seats_of(session: orm.Session, invitation: Invitation) -> list[Seat]:
    """Return a rater's seats, their own table first, then by the leaders' names."""
    query = (
        sa.select(Seat)
        .join(Seat.leader)
        .where(Seat.invitation_id == invitation.id)
        .options(orm.contains_eager(Seat.leader))
        .order_by(Seat.group != "self", Leader.name, Seat.id)
    )
    return list(session.scalars(query))


def seat_of(session: orm.Session, invitation: Invitation, seat_id: UUID) -> Seat | None:
    """Return one of a rater's seats; anybody else's is none."""
    query = (
        sa.select(Seat)
        .where(Seat.id == seat_id, Seat.invitation_id == invitation.id)
        .options(orm.joinedload(Seat.leader))
    )
    return session.scalar(query)
