"""Who may do what with a round."""

from accounts.models import Account, Person
from accounts.policies import is_person
from surveys.models import Leader, Round


def may_manage_rounds(account: Account) -> bool:
    return account.has_role("hr")


def may_manage(account: Account, round_: Round) -> bool:
    """HR may, but nobody in a round in which they are rated themselves."""
    rated = (leader.person for leader in round_.leaders if leader.person)
    return may_manage_rounds(account) and not any(is_person(account, person) for person in rated)


def may_have_rated(account: Account, person: Person) -> bool:
    """Nobody adds themselves: who is rated does not choose who rates."""
    return may_manage_rounds(account) and not is_person(account, person)


def may_coach(account: Account, leader: Leader) -> bool:
    """Whoever reads a report first is not HR, not its leader, and not one of those who answered.

    One who answered knows one sheet of a group, and could reckon with it.
    """
    is_leader = leader.person is not None and is_person(account, leader.person)
    sits_there = any(
        (seat.invitation.person_id is not None and seat.invitation.person_id == account.person_id)
        or (seat.invitation.email or "").lower() == account.email.lower()
        for seat in leader.seats
    )
    return not (account.has_role("hr") or is_leader or sits_there)
