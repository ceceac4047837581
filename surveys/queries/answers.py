"""What a rater's own pages read: their invitation, and their seats through it."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Person
from core import tokens
from surveys.models import CountedSheet, Invitation, Leader, Round, Seat


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


def directory_words(session: orm.Session, invitation: Invitation) -> list[tuple[str, str, str]]:
    """Return name, job title and department of everybody; nothing for guests, who shall not learn them.

    All are read, rather than those that a comment names: the database shall not see a word of it.
    """
    if invitation.person_id is None:
        return []
    everybody = session.execute(sa.select(Person.name, Person.title, Person.department))
    return [(name, title, department) for name, title, department in everybody]


def counted_sheets(session: orm.Session, round_id: UUID) -> list[bytes]:
    """Return what close has counted, in the order of the digests; nothing before it has."""
    query = sa.select(CountedSheet.digest).where(CountedSheet.round_id == round_id)
    return list(session.scalars(query.order_by(CountedSheet.digest)))
