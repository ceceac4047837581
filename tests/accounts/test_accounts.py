"""Accounts are granted, linked to people, and given passwords."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from accounts.models import ROLES, Role
from accounts.policies import may_belong_to
from accounts.queries import account_of
from accounts.services import (
    AccountTakenError,
    PasswordTooShortError,
    UnknownRoleError,
    grant,
    set_password,
)
from core.mail import OutboxMail
from tests.factories import make_account, make_person


def mails(session: Session) -> list[str]:
    return list(session.scalars(sa.select(OutboxMail.template)))


def test_who_is_new_gets_one_welcome_however_many_roles(session: Session) -> None:
    account = grant(session, email="Anna@Example.org ", role="hr")

    assert grant(session, email="anna@example.org", role="coach") is account
    assert sorted(role.name for role in account.roles) == ["coach", "hr"]
    assert mails(session) == ["welcome"]
    assert account.password is None


def test_a_role_granted_twice_is_held_once(session: Session) -> None:
    grant(session, email="anna@example.org", role="hr")

    assert len(grant(session, email="anna@example.org", role="hr").roles) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Role)) == 1


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_granted(session: Session, role: str) -> None:
    assert grant(session, email="anna@example.org", role=role).has_role(role)


def test_a_role_nobody_knows_is_refused(session: Session) -> None:
    with pytest.raises(UnknownRoleError):
        grant(session, email="anna@example.org", role="king")


def test_the_person_with_that_address_is_meant(session: Session) -> None:
    person = make_person(session)

    assert grant(session, email=person.email, role="leader").person is person


def test_a_person_has_one_account_and_an_account_one_person(session: Session) -> None:
    person, other = make_person(session), make_person(session)
    account = grant(session, email="work@example.org", role="leader", person=person)

    assert may_belong_to(account, person)
    assert not may_belong_to(account, other)
    with pytest.raises(AccountTakenError):
        grant(session, email="work@example.org", role="leader", person=other)
    with pytest.raises(AccountTakenError):
        grant(session, email="home@example.org", role="leader", person=person)


def test_a_new_password_ends_all_sessions(session: Session) -> None:
    account = make_account(session, "hr")
    before = account.fs_uniquifier

    set_password(
        session, account, "a quiet river", hashed_by=lambda password: f"hash of {password}"
    )

    assert account.password == "hash of a quiet river"
    assert account.fs_uniquifier != before


def test_a_short_password_is_refused(session: Session) -> None:
    account = make_account(session, "hr")

    with pytest.raises(PasswordTooShortError, match="at least 12"):
        set_password(session, account, "elevenchars", hashed_by=str)
    assert account.password is None


def test_capitals_mean_the_same_account(session: Session) -> None:
    account = grant(session, email="anna@example.org", role="hr")

    assert account_of(session, " ANNA@example.ORG") is account
