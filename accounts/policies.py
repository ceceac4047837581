"""Who may what, from what is known of them alone."""

from accounts.models import Account, Person


def may_belong_to(account: Account, person: Person) -> bool:
    """Say whether an account may be this person's: it is nobody's yet, or theirs."""
    return account.person_id in {None, person.id}


def is_person(account: Account, person: Person) -> bool:
    """Whether an account is a person's, by the directory or, where they were never joined, by address.

    Made to keep people off what is about themselves. It lets nobody in: an address can be changed.
    """
    return account.person_id == person.id or account.email.lower() == person.email.lower()
