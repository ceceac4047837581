"""Who may what, from what is known of them alone."""

from accounts.models import Account, Person


def may_belong_to(account: Account, person: Person) -> bool:
    """Say whether an account may be this person's: it is nobody's yet, or theirs."""
    return account.person_id in {None, person.id}
