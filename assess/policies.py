"""Who may look at what close has left."""

from accounts.models import Account
from accounts.policies import is_person
from surveys.models import Round


def may_study(account: Account, round_: Round) -> bool:
    """Let methodologists see the figures of closed rounds, but of none in which they are rated themselves."""
    rated = (leader.person for leader in round_.leaders if leader.person)
    may = account.has_role("methodologist") and round_.state == "closed"
    return may and not any(is_person(account, person) for person in rated)
