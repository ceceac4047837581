"""Who is asked about whom: seats are laid and cleared until launch."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypedDict, Unpack

from sqlalchemy import orm

from accounts.models import Person
from accounts.queries import relations
from core.errors import DomainError
from surveys.models import GROUPS, Invitation, Leader, Seat
from surveys.queries.rounds import invitations_among, loads, seats_at
from surveys.services.rounds import forget_guests_without_seats, hold_draft

ALWAYS_ASKED = ("self", "supervisor")


class SeatTakenError(DomainError):
    """A rater sits once at a table, and in the right place."""


class RaterUnknownError(DomainError):
    """A rater needs a name and a group that there is."""


class LeaderOutsideDirectoryError(DomainError):
    """Only of people in the directory is it known who works with them."""


class Identity(TypedDict, total=False):
    """Who a rater is: somebody in the directory, or a name with or without an address."""

    person: Person | None
    name: str | None
    email: str | None
    language: str


@dataclass(frozen=True)
class Rater:
    """Somebody to be asked, and as what."""

    group: str
    person: Person | None = None
    name: str | None = None
    email: str | None = None
    language: str = "en"

    @property
    def address(self) -> str | None:
        email = self.email or (self.person and self.person.email)
        return email.lower() if email else None

    @property
    def known_as(self) -> str:
        return self.name or (self.person.name if self.person else "")

    def is_person(self, person: Person) -> bool:
        return self.person is person or self.address == person.email.lower()

    def coaches(self, leader: Leader) -> bool:
        """Whether they read the leader's report first; then they cannot be one of those it is made of."""
        if leader.coach is None:
            return False
        is_joined = self.person is not None and self.person.id == leader.coach.person_id
        return is_joined or self.address == leader.coach.email.lower()


def invite(session: orm.Session, leader: Leader, *, group: str, **rater: Unpack[Identity]) -> Seat:
    """Lay a seat for a rater at a leader's table."""
    return invite_all(session, leader, [Rater(group, **rater)])[0]


def invite_all(session: orm.Session, leader: Leader, raters: Iterable[Rater]) -> list[Seat]:
    """Lay a seat for each rater; whoever is in the round already keeps the one invitation they have."""
    raters = list(raters)
    hold_draft(session, leader.round)
    guests = _Guests(session, leader, raters)
    table = {seat.invitation: seat.group for seat in seats_at(session, leader)}

    seats = []
    for rater in raters:
        invitation = guests.invitation_of(rater)
        _check_seat(leader, rater, invitation, table)
        table[invitation] = rater.group
        seats.append(Seat(invitation=invitation, leader_id=leader.id, group=rater.group))

    session.add_all(seats)
    session.flush()
    return seats


def uninvite(session: orm.Session, seat: Seat) -> None:
    """Clear a seat; whoever has no other in the round is no longer invited."""
    round_ = seat.leader.round
    hold_draft(session, round_)
    session.delete(seat)
    session.flush()
    forget_guests_without_seats(session, round_)


def propose_raters(
    session: orm.Session, leader: Leader, *, on: date, peers: int = 6, load: int = 8
) -> list[Seat]:
    """Lay seats for those who work with a leader, as the reporting lines of that day tell.

    At most `peers` peers, and nobody is asked about more than `load` leaders but supervisors and the leaders
    themselves. Who has the fewest seats so far comes first, then the key decides: a rule that anybody can
    follow and nobody can steer.
    """
    if leader.person is None:
        raise LeaderOutsideDirectoryError(
            f"{leader.name} is not in the directory. Choose the raters one by one."
        )
    seats = seats_at(session, leader)
    seated = {seat.invitation.person_id for seat in seats}
    room = Counter({"peer": peers - sum(seat.group == "peer" for seat in seats)})
    burden = loads(session, leader.round)

    raters = []
    related = relations(session, leader.person, on=on)
    for group, people in {"self": [leader.person], **related}.items():
        free = [
            person
            for person in people
            if person.id not in seated
            and not Rater(group, person=person).coaches(leader)
            and (group in ALWAYS_ASKED or burden.get(person.id, 0) < load)
        ]
        free.sort(key=lambda person: (burden.get(person.id, 0), person.key))
        chosen = free[: max(0, room[group])] if group in room else free
        seated |= {person.id for person in chosen}
        raters += [Rater(group, person=person, language=person.language) for person in chosen]
    return invite_all(session, leader, raters)


def propose_for_all(session: orm.Session, leaders: Iterable[Leader], *, on: date) -> None:
    for leader in leaders:
        propose_raters(session, leader, on=on)


class _Guests:
    """The invitations of a round by whom they are for, found once for many seats."""

    def __init__(self, session: orm.Session, leader: Leader, raters: list[Rater]) -> None:
        self.leader = leader
        self.found: dict[object, Invitation] = {}
        for invitation in invitations_among(
            session,
            leader.round,
            people={rater.person.id for rater in raters if rater.person},
            addresses={rater.address for rater in raters if rater.address},
            names={rater.known_as for rater in raters if not rater.address},
        ):
            self._remember(invitation)

    def invitation_of(self, rater: Rater) -> Invitation:
        known = rater.person and self.found.get(rater.person.id)
        known = known or self.found.get(rater.address or f"name {rater.known_as}")
        return known or self._remember(self._new(rater))

    def _new(self, rater: Rater) -> Invitation:
        if not rater.known_as.strip():
            raise RaterUnknownError("A rater needs a name.")
        return Invitation(
            round_id=self.leader.round_id,
            person_id=rater.person and rater.person.id,
            name=rater.known_as,
            email=rater.address,
            language=rater.language,
        )

    def _remember(self, invitation: Invitation) -> Invitation:
        if invitation.person_id:
            self.found[invitation.person_id] = invitation
        self.found[invitation.email or f"name {invitation.name}"] = invitation
        return invitation


def _check_seat(
    leader: Leader, rater: Rater, invitation: Invitation, table: dict[Invitation, str]
) -> None:
    if rater.group not in GROUPS:
        raise RaterUnknownError(f"There is no rater group called {rater.group}.")
    if rater.coaches(leader):
        raise SeatTakenError(
            f"{rater.known_as} coaches {leader.name}, and cannot be asked as well."
        )
    if invitation in table:
        raise SeatTakenError(
            f"{invitation.name} is already asked about {leader.name}, as {table[invitation]}."
        )
    if rater.group == "self" and "self" in table.values():
        raise SeatTakenError(f"{leader.name} already has a seat for their own view.")
    if leader.person and rater.is_person(leader.person) != (rater.group == "self"):
        raise SeatTakenError(
            f"Only {leader.name} answers as self, and {leader.name} answers only as self."
        )
