"""Where a key is lost nothing is guessed, and all raters are asked once more: only then, and all of them."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.ballots.keynames import (
    draft_key_name,
    link_key_name,
    private_key_name,
    wrapped_key_name,
)
from surveys.models import GroupCount, Round, Seat
from surveys.queries.rounds import invitations
from surveys.services.answers import submit
from surveys.services.keys import NOTHING, Loss, PassphraseMissingError, loss_of, public_halves
from surveys.services.reopening import KeyNotLostError, reopen
from surveys.services.rounds import (
    DeadlineBroughtForwardError,
    RoundNotOpenError,
    count_answers,
    launch,
    lock_round,
    secret_of,
)
from surveys.services.seats import invite
from surveys.services.trustees import set_passphrase, unlock
from tests.factories import NOON, make_leader, make_round
from tests.surveys.keys import LATER, OTHER, SAID, Name, again, lose
from tests.visits import Visit, derived, seat_in

KEY, LINKS, DRAFTS = private_key_name, link_key_name, draft_key_name


def seats(session: Session, round_: Round) -> list[tuple[bool, bool, bool]]:
    """Return of each seat whether it is sealed, drafted and declined, the fullest first."""
    rows = session.execute(
        sa.select(Seat.envelope.is_not(None), Seat.draft.is_not(None), Seat.declined)
        .join(Seat.leader)
        .where(Seat.leader.has(round_id=round_.id))
    )
    return sorted((tuple(map(bool, row)) for row in rows), reverse=True)  # type: ignore[misc]  # three columns each


def posted(session: Session) -> list[tuple[str, UUID]]:
    rows = session.execute(
        sa.select(OutboxMail.template, OutboxMail.subject_id).where(
            OutboxMail.template != "invitation"
        )
    )
    return sorted(tuple(row) for row in rows)  # type: ignore[misc]  # two columns each


ANSWERED, DRAFTED = (True, True, False), (False, True, False)
DECLINED, SILENT, EMPTY = (False, False, True), (False, False, False), (False, False, False)
BEFORE = [ANSWERED] * 4 + [DECLINED, SILENT]


# --- What is lost, and what goes with it


@pytest.mark.parametrize(
    ("names", "left", "mail"),
    [
        ((KEY,), [DRAFTED] * 4 + [DECLINED, SILENT], "sheets_lost"),
        ((KEY, DRAFTS), [DECLINED] + [EMPTY] * 5, "sheets_and_drafts_lost"),
        ((LINKS,), [DECLINED] + [EMPTY] * 5, "sheets_and_drafts_lost"),
        ((KEY, LINKS, DRAFTS), [DECLINED] + [EMPTY] * 5, "sheets_and_drafts_lost"),
        ((DRAFTS,), [(True, False, False)] * 4 + [DECLINED, SILENT], "drafts_lost"),
    ],
)
def test_only_what_cannot_be_opened_is_emptied_and_everybody_is_told_once(
    session: Session,
    partly: Round,
    key_store: KeyStore,
    names: tuple[Name, ...],
    left: list[tuple[bool, bool, bool]],
    mail: str,
) -> None:
    assert seats(session, partly) == BEFORE
    lose(session, partly, key_store, *names)

    lost = again(session, partly, key_store)

    assert lost == Loss(key=KEY in names, links=LINKS in names, drafts=DRAFTS in names)
    assert seats(session, partly) == left
    assert posted(session) == sorted((mail, one.id) for one in invitations(session, partly))
    assert loss_of(session, partly, key_store) == NOTHING
    assert (partly.state, partly.deadline) == ("open", LATER)


@pytest.mark.parametrize("kept", [LINKS, DRAFTS])
def test_secrets_that_are_there_stay(
    session: Session, partly: Round, key_store: KeyStore, kept: Name
) -> None:
    before = key_store.get(kept(partly))
    lose(session, partly, key_store, KEY)

    again(session, partly, key_store)

    assert key_store.get(kept(partly)) == before


def test_without_their_key_links_are_new_and_else_the_same(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    def links() -> set[str]:
        return {secret_of(one, key_store) for one in invitations(session, partly)}

    first = links()
    lose(session, partly, key_store, KEY)
    again(session, partly, key_store)
    assert links() == first

    lose(session, partly, key_store, LINKS)
    again(session, partly, key_store)
    assert not links() & first
    assert {one.issue for one in invitations(session, partly)} == {2}


def test_who_has_no_address_gets_a_new_link_and_no_mail(
    session: Session, key_store: KeyStore
) -> None:
    round_ = make_round(session)
    by_letter = invite(
        session, make_leader(session, round_, peer=1), group="client", name="By letter"
    ).invitation
    launch(session, round_, key_store, at=NOON)
    old = secret_of(by_letter, key_store)
    lose(session, round_, key_store, LINKS)

    again(session, round_, key_store)

    assert secret_of(by_letter, key_store) != old
    assert by_letter.id not in {subject for _, subject in posted(session)}


def test_a_locked_round_takes_answers_again(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    lock_round(session, partly, at=NOON)
    partly.reminded_on = NOON.date()
    lose(session, partly, key_store, KEY)

    again(session, partly, key_store)

    assert partly.state == "open"
    assert session.scalar(sa.select(Round.reminded_on).where(Round.id == partly.id)) is None
    submit(session, partly.leaders[0].seats[0], SAID, key_store)


def test_the_counts_begin_again_and_change_tomorrow(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    """Were they taken again on the same day, two counts would tell who answered in between."""
    yesterday, reopened_on = NOON + timedelta(days=1), NOON + timedelta(days=2)
    count_answers(session, partly, on=yesterday.date())
    lose(session, partly, key_store, KEY)

    reopen(session, partly, key_store, deadline=LATER, at=reopened_on)
    submit(session, partly.leaders[0].seats[0], SAID, key_store)
    count_answers(session, partly, on=reopened_on.date())

    counts = session.scalars(sa.select(GroupCount)).all()
    assert {(count.answered, count.counted_on) for count in counts} == {(0, reopened_on.date())}


def test_a_key_of_another_making_in_its_place_is_a_lost_key(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    for name in (KEY, LINKS):
        key_store.put(name(partly), bytes(range(32)))

    assert loss_of(session, partly, key_store) == Loss(key=True, links=True)


def test_a_reopening_that_was_rolled_back_is_still_to_be_done(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    lose(session, partly, key_store, KEY, LINKS)
    reopen(session, partly, key_store, deadline=LATER, at=NOON)

    session.rollback()

    assert loss_of(session, partly, key_store) == Loss(key=True, links=True)
    again(session, partly, key_store)
    assert loss_of(session, partly, key_store) == NOTHING


# --- Nobody resets a round at will


@pytest.mark.parametrize("over", [False, True])
def test_a_round_whose_key_is_there_is_not_opened_again(
    session: Session, partly: Round, key_store: KeyStore, *, over: bool
) -> None:
    if over:
        lock_round(session, partly, at=NOON)
        lose(session, partly, key_store, DRAFTS)  # close needs none
    keys = public_halves(partly, key_store)

    with pytest.raises(KeyNotLostError, match="Nothing was changed"):
        again(session, partly, key_store)

    assert seats(session, partly) == BEFORE
    assert posted(session) == []
    assert public_halves(partly, key_store) == keys


def test_a_second_time_there_is_nothing_to_open_again(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    lose(session, partly, key_store, KEY)
    again(session, partly, key_store)

    with pytest.raises(KeyNotLostError):
        again(session, partly, key_store)


def test_what_is_closed_stays_closed(session: Session, partly: Round, key_store: KeyStore) -> None:
    partly.locked_at = partly.closed_at = NOON
    lose(session, partly, key_store, KEY, LINKS, DRAFTS)

    assert loss_of(session, partly, key_store) == NOTHING
    for one in (partly, make_round(session)):
        with pytest.raises(RoundNotOpenError, match="nothing to be opened again"):
            again(session, one, key_store)


@pytest.mark.parametrize(
    ("state", "deadline"),
    [("open", LATER - timedelta(days=20)), ("open", NOON), ("locked", NOON)],
)
def test_raters_get_the_time_they_were_told_and_some_to_come(
    session: Session, partly: Round, key_store: KeyStore, state: str, deadline: datetime
) -> None:
    if state == "locked":
        lock_round(session, partly, at=NOON)
    lose(session, partly, key_store, KEY)

    with pytest.raises(DeadlineBroughtForwardError, match="Raters need time"):
        reopen(session, partly, key_store, deadline=deadline, at=NOON)

    assert seats(session, partly) == BEFORE


def test_protection_groups_and_raters_stay_as_they_are(
    session: Session, partly: Round, key_store: KeyStore
) -> None:
    def fixed() -> object:
        rows = session.execute(
            sa.select(Seat.id, Seat.group, Seat.invitation_id).order_by(Seat.id)
        ).all()
        return rows, partly.protection, partly.names_past_supervisors, partly.launched_at

    before = fixed()
    lose(session, partly, key_store, KEY, LINKS, DRAFTS)

    again(session, partly, key_store)

    assert fixed() == before


# --- With a trustee


def test_hr_cannot_say_for_the_trustee_that_the_passphrase_is_lost(
    session: Session, entrusted_locked: Round, key_store: KeyStore
) -> None:
    with pytest.raises(KeyNotLostError):
        again(session, entrusted_locked, key_store)


def test_a_new_passphrase_comes_before_a_new_key(
    session: Session, entrusted_locked: Round, key_store: KeyStore
) -> None:
    lose(session, entrusted_locked, key_store, wrapped_key_name)
    with pytest.raises(PassphraseMissingError):
        again(session, entrusted_locked, key_store)
    set_passphrase(session, entrusted_locked, key_store, drawn=OTHER, typed=OTHER)

    again(session, entrusted_locked, key_store)

    assert not key_store.has(private_key_name(entrusted_locked))
    submit(session, entrusted_locked.leaders[0].seats[0], SAID, key_store)
    lock_round(session, entrusted_locked, at=NOON)
    unlock(session, entrusted_locked, key_store, passphrase=OTHER)


def test_an_old_link_leads_nowhere_once_its_key_was_lost(
    session: Session, visit: Visit, partly: Round, key_store: KeyStore
) -> None:
    seat = seat_in(session, partly, "peer")
    old = secret_of(seat.invitation, key_store)
    lose(session, partly, key_store, LINKS)
    again(session, partly, key_store)
    session.commit()

    visit.get("/r")
    assert visit.post("/r/enter", **derived(old)).status_code == 403
    assert (
        visit.post("/r/enter", **derived(secret_of(seat.invitation, key_store))).status_code == 303
    )
