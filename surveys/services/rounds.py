"""The life of a round: drafted, launched, locked. What is launched only becomes safer, never less so."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Account, Person
from core import clock
from core.errors import DomainError
from core.keys import KeyLostError, KeyStore
from core.mail import post
from instruments.models import InstrumentVersion
from surveys.ballots.keynames import link_key_name
from surveys.models import MINIMUMS, GroupCount, Invitation, Leader, Round, Seat
from surveys.policies import may_coach, may_hold_key
from surveys.queries.rounds import (
    due_reminders,
    group_counts,
    invitations,
    leaders_without_raters,
    seats_by_group,
)
from surveys.services.apart import check_apart
from surveys.services.keys import (
    link_fingerprint,
    link_fits,
    link_secret,
    make_secrets,
)
from surveys.services.terms import keep_terms, raise_terms


class RoundLaunchedError(DomainError):
    """Who is rated, and by whom, is fixed at launch."""


class RoundNotOpenError(DomainError):
    """It is possible only while raters may answer."""


class RoundIncompleteError(DomainError):
    """A round without leaders or raters, or whose deadline has passed, cannot be launched."""


class ProtectionLoweredError(DomainError):
    """Raters have been promised at least this much."""


class DeadlineBroughtForwardError(DomainError):
    """Raters have been told that they have until then."""


class LeaderTwiceError(DomainError):
    """Nobody is rated twice in one round."""


class UnfitCoachError(DomainError):
    """A coach has the role, and no part in the round."""


class UnfitTrusteeError(DomainError):
    """A trustee has the role, no part in the round, and runs neither it nor the machine."""


class Settings(TypedDict, total=False):
    """What a round may be told beside its name, instrument and deadline."""

    purpose: str
    protection: str
    names_past_supervisors: bool
    release_policy: str
    release_on: date | None
    retention_months: int
    notice: str
    contact: str


def create_round(
    session: orm.Session,
    *,
    name: str,
    instrument_version: InstrumentVersion,
    deadline: datetime,
    **settings: Unpack[Settings],
) -> Round:
    """Draft a round; nobody is told of it yet."""
    round_ = Round(name=name, instrument_version=instrument_version, deadline=deadline, **settings)
    session.add(round_)
    session.flush()
    return round_


def add_leader(
    session: orm.Session,
    round_: Round,
    *,
    name: str,
    person: Person | None = None,
    coach: Account | None = None,
) -> Leader:
    hold_draft(session, round_)
    twice = sa.exists().where(
        Leader.round_id == round_.id, Leader.person_id == (person and person.id)
    )
    if person and session.scalar(sa.select(twice)):
        raise LeaderTwiceError(f"{name} is already one of the leaders of this round.")
    leader = Leader(round=round_, name=name, person=person)
    session.add(leader)
    assign_coach(leader, coach)
    session.flush()
    return leader


def add_leaders(session: orm.Session, round_: Round, people: list[Person]) -> None:
    for person in people:
        add_leader(session, round_, name=person.name, person=person)


def remove_leader(session: orm.Session, leader: Leader) -> None:
    """Take a leader out of a draft, with all seats at their table."""
    hold_draft(session, leader.round)
    session.execute(sa.delete(Seat).where(Seat.leader_id == leader.id))
    session.delete(leader)
    session.flush()
    forget_guests_without_seats(session, leader.round)


def assign_coach(leader: Leader, coach: Account | None) -> None:
    if coach and not coach.has_role("coach"):
        raise UnfitCoachError(f"{coach.email} does not have the role of a coach.")
    if coach and not may_coach(coach, leader):
        raise UnfitCoachError(
            f"{coach.email} cannot coach {leader.name}: a coach is not of HR, not the leader, and not "
            "one of those who are asked about the leader. Choose somebody else."
        )
    leader.coach = coach


def assign_coaches(coaches: Mapping[Leader, Account | None]) -> list[Leader]:
    """Give leaders their coaches, and return those for whom that changes anything."""
    changed = [leader for leader, coach in coaches.items() if leader.coach is not coach]
    for leader in changed:
        assign_coach(leader, coaches[leader])
    return changed


def launch(session: orm.Session, round_: Round, key_store: KeyStore, *, at: datetime) -> None:
    """Make the round's secrets, freeze who rates whom, and invite everybody."""
    hold_draft(session, round_)
    forget_guests_without_seats(session, round_)
    _check_complete(session, round_, at)
    check_apart(session, round_, at=at)
    guests = invitations(session, round_)
    check_trustee(round_, round_.trustee, guests)

    make_secrets(round_, key_store)
    round_.watched_protection, round_.told_trustee_id = round_.protection, round_.trustee_id
    round_.launched_at, link_key = at, key_store.get(link_key_name(round_))
    for invitation in guests:
        issue_link(invitation, link_key)
        _invite(session, invitation)
    _write_counts(session, round_, on=at.date())
    keep_terms(session, round_, key_store)


def raise_protection(
    session: orm.Session, round_: Round, protection: str, key_store: KeyStore
) -> None:
    """Protect raters more. Until launch nobody has been promised anything, and any level may be chosen."""
    hold(session, round_)
    if round_.state not in {"draft", "open"}:
        raise RoundNotOpenError("This round is over: its protection can no longer be changed.")
    lower = MINIMUMS[protection] < MINIMUMS[round_.protection]
    if lower and round_.state == "open":
        raise ProtectionLoweredError(
            "The raters of this round have been promised more than that. "
            "Protection can be raised now, never lowered."
        )
    round_.protection = protection
    if round_.state == "open":
        raise_terms(round_, key_store)


def extend_deadline(session: orm.Session, round_: Round, deadline: datetime) -> None:
    """Give raters longer. Until launch nobody has been told of a deadline, and any may be chosen."""
    hold(session, round_)
    if round_.state not in {"draft", "open"}:
        raise RoundNotOpenError("This round is over: its deadline can no longer be moved.")
    if round_.state == "open" and deadline <= round_.deadline:
        raise DeadlineBroughtForwardError(
            f"Raters have until {round_.deadline:%-d %B %Y}. "
            "You can give them longer, or close the round early."
        )
    round_.deadline = deadline


def lock_round(session: orm.Session, round_: Round, *, at: datetime) -> None:
    """Let nobody answer any more. Scoring follows by itself, or when the trustee gives their passphrase.

    There is no way back, but where the key is lost. The row is held, so that an answer on its way is either
    in before or refused after.
    """
    hold(session, round_)
    _check_open(round_)
    round_.locked_at = at
    if round_.trustee_id:
        post(session, "round_waits", round_.id)


def remind(session: orm.Session, round_: Round) -> None:
    """Remind those who have neither answered nor declined; a second time on one day nobody is."""
    hold(session, round_)
    _check_open(round_)
    if round_.reminded_on == clock.today():
        return
    round_.reminded_on = clock.today()
    for invitation_id in due_reminders(session, round_):
        post(session, "reminder", invitation_id)


def replace_link(session: orm.Session, invitation: Invitation, key_store: KeyStore) -> None:
    """Send a new link; the old one leads nowhere from now on.

    What was sent stays. A draft goes: only the old link could have opened it.
    """
    hold(session, invitation.round)
    _check_open(invitation.round)
    invitation.issue += 1
    issue_link(invitation, key_store.get(link_key_name(invitation.round)))
    _invite(session, invitation)
    session.execute(sa.update(Seat).where(Seat.invitation_id == invitation.id).values(draft=None))


def issue_link(invitation: Invitation, link_key: bytes) -> None:
    """Let the present link be the one that leads in; mails make it from the same key."""
    invitation.authenticator_hash = link_fingerprint(invitation, link_key)


def secret_of(invitation: Invitation, key_store: KeyStore) -> str:
    """Return the secret of a rater's present link, the same whenever asked.

    Raises
    ------
    KeyLostError
        Also where the key store has another key than the link was made with, or the database another address
        than it was made for: it would lead nowhere.
    """
    key = key_store.get(link_key_name(invitation.round))
    if not link_fits(invitation, key):
        raise KeyLostError(
            "The key store holds another key than the one this link was made with, or the address has been "
            "changed in the database. Nothing was changed. Whoever runs this server must point KEY_STORE at "
            "the right place, or put the address back."
        )
    return link_secret(invitation, key)


def count_answers(session: orm.Session, round_: Round, *, on: date) -> None:
    """Count a round for HR, once a day: a second count on one day would betray who answered between."""
    _check_open(round_)
    counts = group_counts(session, round_)
    if any(count.counted_on >= on for count in counts):
        return
    present = seats_by_group(session, round_)
    for count in counts:
        seats = present[count.leader_id, count.group]
        count.invited, count.answered, count.counted_on = seats.invited, seats.answered, on


def hold(session: orm.Session, round_: Round) -> None:
    """Take the row for this transaction, and see it as it is.

    Columns are named because a refresh repeats the joins a round was loaded with, and PostgreSQL holds no
    row of an outer join. It also forgets what is not yet written, so that must be written first.
    """
    columns = [column.key for column in sa.inspect(Round).column_attrs]
    session.flush()
    session.refresh(round_, columns, with_for_update=True)


def hold_draft(session: orm.Session, round_: Round) -> None:
    """Hold a round which is still a draft, so that nobody launches it meanwhile."""
    hold(session, round_)
    if round_.state != "draft":
        raise RoundLaunchedError(
            "This round has been launched: who is rated, and by whom, can no longer be changed."
        )


def check_trustee(round_: Round, trustee: Account | None, guests: Iterable[Invitation]) -> None:
    """See to it that whoever holds the key has no part in the round."""
    if trustee and not may_hold_key(trustee, round_, guests):
        raise UnfitTrusteeError(
            f"{trustee.email} cannot hold the key of this round: a trustee is one by role, or a coach, is "
            "neither of HR nor an administrator, and is not rated or asked in the round. "
            "Choose somebody else."
        )


def forget_guests_without_seats(session: orm.Session, round_: Round) -> None:
    seated = sa.exists().where(Seat.invitation_id == Invitation.id)
    session.execute(
        sa.delete(Invitation).where(Invitation.round_id == round_.id, ~seated),
        execution_options={"synchronize_session": "fetch"},
    )


def _check_open(round_: Round) -> None:
    if round_.state == "draft":
        raise RoundNotOpenError("This round has not been launched yet.")
    if round_.state != "open":
        raise RoundNotOpenError("This round is over. Nothing has been changed.")


def _check_complete(session: orm.Session, round_: Round, at: datetime) -> None:
    if round_.deadline <= at:
        raise RoundIncompleteError(
            "The deadline of this round has passed. Choose a later one, then launch."
        )
    if not session.scalar(sa.select(sa.exists().where(Leader.round_id == round_.id))):
        raise RoundIncompleteError("Nobody is rated in this round yet. Add leaders, then launch.")
    lonely = leaders_without_raters(session, round_)
    if lonely:
        raise RoundIncompleteError(
            f"Nobody is asked about {', '.join(lonely)}. Add raters or remove them, then launch."
        )


def _invite(session: orm.Session, invitation: Invitation) -> None:
    if invitation.email:
        post(session, "invitation", invitation.id)


def _write_counts(session: orm.Session, round_: Round, *, on: date) -> None:
    for (leader, group), count in seats_by_group(session, round_).items():
        session.add(
            GroupCount(
                leader_id=leader, group=group, counted_on=on, invited=count.invited, answered=0
            )
        )
