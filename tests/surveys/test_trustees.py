"""Who may hold the key of a round, and what they need before it is launched."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.ballots.keynames import (
    link_key_name,
    private_key_name,
    secret_names,
    wrapped_key_name,
)
from surveys.models import Round
from surveys.policies import may_give_passphrase, may_hold_key
from surveys.queries.rounds import invitations
from surveys.services.keys import PassphraseMissingError, has_passphrase
from surveys.services.rounds import RoundLaunchedError, UnfitTrusteeError, launch
from surveys.services.seats import invite
from surveys.services.trustees import PassphraseMistypedError, name_trustee, set_passphrase
from tests.factories import NOON, make_account, make_leader, make_person, make_round
from tests.surveys.keys import OTHER, PASSPHRASE, take

# --- Who may be one


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        (("trustee",), True),
        (("coach",), True),
        (("trustee", "leader"), True),
        (("leader",), False),
        ((), False),
        (("trustee", "hr"), False),
        (("coach", "administrator"), False),
    ],
)
def test_a_trustee_is_one_by_role_and_runs_neither_round_nor_machine(
    session: Session, roles: tuple[str, ...], *, may: bool
) -> None:
    round_ = make_round(session)
    make_leader(session, round_, peer=1)

    fit = may_hold_key(make_account(session, *roles), round_, invitations(session, round_))

    assert fit is may


@pytest.mark.parametrize("who", ["leader", "rater", "rater by address", "leader by address"])
def test_nobody_who_takes_part_holds_the_key(
    session: Session, key_store: KeyStore, who: str
) -> None:
    round_ = make_round(session)
    leader = make_leader(session, round_, peer=1)
    wanted = "self" if who.startswith("leader") else "peer"
    guest = next(seat.invitation for seat in leader.seats if seat.group == wanted)
    account = make_account(session, "trustee")
    if who.endswith("address"):
        account.email = (guest.email or "").upper()
    else:
        account.person_id = guest.person_id

    with pytest.raises(UnfitTrusteeError, match="Choose somebody else"):
        name_trustee(session, round_, account, key_store)

    assert round_.trustee is None


def test_a_leader_known_by_name_alone_is_in_nobodys_way(
    session: Session, entrusted_draft: Round
) -> None:
    entrusted_draft.leaders[0].person = None
    stranger = make_account(session, "trustee")

    assert may_hold_key(stranger, entrusted_draft, [])


def test_only_the_trustee_gives_the_passphrase(session: Session, entrusted_draft: Round) -> None:
    assert entrusted_draft.trustee
    assert may_give_passphrase(entrusted_draft.trustee, entrusted_draft)
    assert not may_give_passphrase(make_account(session, "trustee"), entrusted_draft)


def test_who_is_asked_later_cannot_stay_the_trustee(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    assert entrusted_draft.trustee
    person = make_person(session)
    entrusted_draft.trustee.person_id = person.id
    take(session, entrusted_draft, key_store, PASSPHRASE)
    invite(session, entrusted_draft.leaders[0], group="peer", person=person)

    with pytest.raises(UnfitTrusteeError):
        launch(session, entrusted_draft, key_store, at=NOON)

    assert not key_store.has(link_key_name(entrusted_draft))


# --- Before launch


def test_a_trustee_is_told_once(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    assert not name_trustee(session, entrusted_draft, entrusted_draft.trustee, key_store)

    posted = session.execute(sa.select(OutboxMail.template, OutboxMail.subject_id)).all()
    assert [tuple(row) for row in posted] == [("trustee_named", entrusted_draft.id)]


def test_nothing_is_launched_before_there_is_a_passphrase(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    with pytest.raises(PassphraseMissingError, match="no passphrase"):
        launch(session, entrusted_draft, key_store, at=NOON)

    assert [name for name in secret_names(entrusted_draft) if key_store.has(name)] == []


@pytest.mark.parametrize(
    ("drawn", "typed"),
    [(PASSPHRASE, OTHER), (PASSPHRASE, ""), ("", ""), ("aaaa aaaa", "aaaa aaaa")],
)
def test_a_passphrase_is_typed_as_it_was_drawn(
    session: Session, key_store: KeyStore, entrusted_draft: Round, drawn: str, typed: str
) -> None:
    with pytest.raises(PassphraseMistypedError):
        set_passphrase(session, entrusted_draft, key_store, drawn=drawn, typed=typed)

    assert not has_passphrase(entrusted_draft, key_store)


def test_another_trustee_takes_another_passphrase(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    take(session, entrusted_draft, key_store, PASSPHRASE)

    name_trustee(session, entrusted_draft, make_account(session, "coach"), key_store)

    assert not has_passphrase(entrusted_draft, key_store)
    with pytest.raises(PassphraseMissingError):
        launch(session, entrusted_draft, key_store, at=NOON)


def test_without_a_trustee_the_round_has_a_key_of_its_own_again(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    take(session, entrusted_draft, key_store, PASSPHRASE)
    name_trustee(session, entrusted_draft, None, key_store)

    launch(session, entrusted_draft, key_store, at=NOON)

    assert key_store.has(private_key_name(entrusted_draft))
    assert not key_store.has(wrapped_key_name(entrusted_draft))


def test_a_key_left_by_a_launch_that_was_rolled_back_is_destroyed(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    """Else it would lie where the unlocked key belongs, and open nothing."""
    key_store.put(private_key_name(entrusted_draft), bytes(range(32)))

    take(session, entrusted_draft, key_store, PASSPHRASE)

    assert not key_store.has(private_key_name(entrusted_draft))


def test_after_launch_nobody_is_named(
    session: Session, key_store: KeyStore, entrusted_open: Round
) -> None:
    with pytest.raises(RoundLaunchedError):
        name_trustee(session, entrusted_open, None, key_store)

    assert has_passphrase(entrusted_open, key_store)
