"""What is done with people and with those who sign in."""

from collections.abc import Callable
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import ROLES, Account, Person, Role
from accounts.queries import account_of, account_of_person, normal_email, person_by_email
from core import mail
from core.errors import DomainError

SHORTEST_PASSWORD = 12


class UnknownRoleError(DomainError):
    """There is no such role."""


class AccountTakenError(DomainError):
    """An account belongs to one person, and a person has one account."""


class PasswordTooShortError(DomainError):
    """Short passwords are guessed."""


def grant(session: orm.Session, *, email: str, role: str, person: Person | None = None) -> Account:
    """Let somebody sign in as `role`; who is new is sent a mail to choose a password.

    Without `person`, whoever has the address in the directory is meant.
    """
    person = person or person_by_email(session, email)
    account = account_of(session, email) or _open_account(session, email)
    _belong_together(session, account, person)

    if not account.has_role(role):
        account.roles.append(_role(session, role))
    session.flush()
    return account


def set_password(
    session: orm.Session, account: Account, password: str, *, hashed_by: Callable[[str], str]
) -> None:
    """Set a password, and sign out whoever is signed in with the one before."""
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordTooShortError(
            f"A password needs at least {SHORTEST_PASSWORD} characters; this one has {len(password)}."
        )
    account.password = hashed_by(password)
    account.fs_uniquifier = uuid4().hex
    session.flush()


def _open_account(session: orm.Session, email: str) -> Account:
    account = Account(id=uuid4(), email=normal_email(email), fs_uniquifier=uuid4().hex, roles=[])
    session.add(account)
    mail.post(session, "welcome", account.id)
    return account


def _belong_together(session: orm.Session, account: Account, person: Person | None) -> None:
    if person is None or account.person_id == person.id:
        return
    taken = account_of_person(session, person)
    if account.person_id is not None or taken is not None:
        raise AccountTakenError(
            f"{account.email} cannot be the account of {person.name}: "
            f"{'they have another one' if taken else 'it belongs to somebody else'}."
        )
    account.person = person


def _role(session: orm.Session, name: str) -> Role:
    if name not in ROLES:
        raise UnknownRoleError(f"There is no role {name}. Roles are {', '.join(ROLES)}.")
    role = session.scalar(sa.select(Role).where(Role.name == name))
    return role or Role(name=name)
