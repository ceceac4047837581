"""Who may do what with a round."""

from accounts.models import Account, Person
from surveys.models import Round


def may_manage_rounds(account: Account) -> bool:
    return account.has_role("hr")


def may_manage(account: Account, round_: Round) -> bool:
    """HR may, but nobody in a round in which they are rated themselves."""
    rated = (leader.person for leader in round_.leaders if leader.person)
    return may_manage_rounds(account) and not any(_is(account, person) for person in rated)


def may_have_rated(account: Account, person: Person) -> bool:
    """Nobody adds themselves: who is rated does not choose who rates."""
    return may_manage_rounds(account) and not _is(account, person)


def _is(account: Account, person: Person) -> bool:
    """Whether an account is a person's, by the directory or, where they were never joined, by address."""
    return account.person_id == person.id or account.email.lower() == person.email.lower()
