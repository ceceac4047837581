"""What is read about a round's secrets and the people who hold them."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Account, Role
from core.mail import OutboxMail
from surveys.models import Invitation, Leader, Round, Seat

TRUSTED, RUNNING = ("trustee", "coach"), ("hr", "administrator")
TO_TRUSTEES = ("trustee_named", "round_waits")
"""Mails to a trustee, each about a round."""
TO_FORMER = "trustee_replaced"
"""The mail to whoever was the trustee before."""


def any_invitation(session: orm.Session, round_: Round) -> Invitation:
    """Return one invitation of a launched round, always the same."""
    query = sa.select(Invitation).where(Invitation.round_id == round_.id)
    return session.scalars(query.order_by(Invitation.id).limit(1)).one()


def seated(session: orm.Session, round_: Round) -> list[tuple[UUID, UUID, str]]:
    """Return who sits at whose table, and as what: leader, invitation and group, always in one order."""
    query = (
        sa.select(Seat.leader_id, Seat.invitation_id, Seat.group)
        .join(Seat.leader)
        .where(Leader.round_id == round_.id)
        .order_by(Seat.leader_id, Seat.invitation_id)
    )
    return [(leader, invitation, group) for leader, invitation, group in session.execute(query)]


def possible_trustees(session: orm.Session) -> list[Account]:
    """Return the accounts whose roles let them hold a key, in whatever round they have no part."""
    query = (
        sa.select(Account)
        .where(
            Account.active,
            Account.roles.any(Role.name.in_(TRUSTED)),
            ~Account.roles.any(Role.name.in_(RUNNING)),
        )
        .options(
            orm.joinedload(Account.person),
            orm.joinedload(Account.person_by_address),
            orm.selectinload(Account.roles),
        )
        .order_by(Account.email)
    )
    return list(session.scalars(query))


def round_with_trustee(session: orm.Session, round_id: UUID) -> Round | None:
    """Return a round with its trustee, where it has one."""
    trustee = orm.joinedload(Round.trustee).joinedload(Account.person)
    return session.scalar(sa.select(Round).where(Round.id == round_id).options(trustee))


def entrusted_rounds(session: orm.Session, trustee: Account) -> list[Round]:
    """Return the rounds to which somebody holds the key, the latest first."""
    query = sa.select(Round).where(Round.trustee_id == trustee.id)
    return list(session.scalars(query.order_by(Round.deadline.desc(), Round.name)))


def holds_a_key(session: orm.Session, account: Account) -> bool:
    """Whether any round is entrusted to somebody, a closed one included."""
    return bool(session.scalar(sa.select(sa.exists().where(Round.trustee_id == account.id))))


def over_with_trustee(session: orm.Session) -> list[Round]:
    """Return the rounds which are over and have a trustee, always in one order: each is held in turn."""
    query = sa.select(Round).where(
        Round.locked_at.is_not(None), Round.closed_at.is_(None), Round.trustee_id.is_not(None)
    )
    return list(session.scalars(query.order_by(Round.id)))


def mails_to_trustee(session: orm.Session, round_: Round) -> dict[str, str | None]:
    """Return which mails to a round's trustee are still to be sent, and why the last try failed."""
    query = sa.select(OutboxMail.template, OutboxMail.failure).where(
        OutboxMail.subject_id == round_.id, OutboxMail.template.in_(TO_TRUSTEES)
    )
    return dict(session.execute(query.order_by(OutboxMail.attempts)).all())


def running_rounds(session: orm.Session) -> list[Round]:
    """Return the rounds that are open or locked: those whose secrets must be there."""
    query = sa.select(Round).where(Round.launched_at.is_not(None), Round.closed_at.is_(None))
    return list(session.scalars(query))


def closed_rounds(session: orm.Session) -> list[Round]:
    return list(session.scalars(sa.select(Round).where(Round.closed_at.is_not(None))))
