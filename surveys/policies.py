"""Who may do what with a round."""

from collections.abc import Iterable

from accounts.models import Account, Person
from accounts.policies import is_person
from surveys.models import Invitation, Leader, Round


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
    sits_there = any(_is_invited(account, seat.invitation) for seat in leader.seats)
    return not (account.has_role("hr") or is_leader or sits_there)


def may_hold_key(account: Account, round_: Round, guests: Iterable[Invitation]) -> bool:
    """Whoever holds the key runs neither the round nor the machine, and is neither rated nor asked.

    Key store and passphrase together open envelopes: they must not come into one hand.
    """
    is_trusted = account.has_role("trustee") or account.has_role("coach")
    runs_it = account.has_role("hr") or account.has_role("administrator")
    rated = (leader.person for leader in round_.leaders if leader.person)
    takes_part = any(is_person(account, person) for person in rated) or any(
        _is_invited(account, guest) for guest in guests
    )
    return is_trusted and not runs_it and not takes_part


def may_give_passphrase(account: Account, round_: Round) -> bool:
    return round_.trustee_id == account.id


def _is_invited(account: Account, guest: Invitation) -> bool:
    joined = guest.person_id is not None and guest.person_id == account.person_id
    return joined or (guest.email or "").lower() == account.email.lower()
