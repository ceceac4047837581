"""Whoever writes to the database cannot change what raters were promised, nor have a round closed twice."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from assess.closing.rounds import EnvelopesChangedError, close_round
from assess.models import PublishedLeaf, PublishedSymbol
from core.keys import KeyLostError, KeyStore
from instruments.models import InstrumentVersion
from surveys.ballots.keynames import opened_name, private_key_name, terms_name
from surveys.models import Invitation, Leader, Round, Seat
from surveys.services.keys import loss_of
from surveys.services.reopening import reopen
from surveys.services.rounds import lock_round, raise_protection
from surveys.services.terms import TermsChangedError, check_terms
from surveys.services.verifying import RIGHT, WRONG, verify
from tests.assess.rounds import answered_round, everybody_says, submit_all
from tests.factories import DEADLINE, NOON, make_open_round

Change = Callable[[Session, Round], None]


@pytest.fixture
def locked(session: Session, key_store: KeyStore) -> Round:
    return answered_round(
        session, key_store, everybody_says(4), protection="strict", peer=5, client=1
    )


def write(session: Session, model: Any, **values: Any) -> None:
    """Do what an administrator of the database could."""
    session.execute(sa.update(model).values(**values))
    session.expire_all()


def seat_somebody(session: Session, round_: Round) -> None:
    guest = Invitation(round=round_, name="Nobody", authenticator_hash=b"\0" * 32)
    session.add(Seat(invitation=guest, leader=round_.leaders[0], group="client"))
    session.flush()


def regroup(session: Session, round_: Round) -> None:
    seat = next(seat for seat in round_.leaders[0].seats if seat.group == "client")
    session.execute(sa.update(Seat).where(Seat.id == seat.id).values(group="peer"))
    session.expire_all()


CHANGES: dict[str, Change] = {
    "protection lowered": lambda session, _: write(session, Round, protection="threshold"),
    "past supervisors named": lambda session, _: write(session, Round, names_past_supervisors=True),
    "somebody seated": seat_somebody,
    "somebody regrouped": regroup,
    "another questionnaire": lambda session, _: write(
        session, InstrumentVersion, digest=b"\1" * 32
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_round_whose_terms_were_changed_is_not_closed(
    session: Session, key_store: KeyStore, locked: Round, change: Change
) -> None:
    change(session, locked)

    with pytest.raises(TermsChangedError, match="put back what was changed"):
        close_round(session, locked, key_store, at=NOON)

    assert not key_store.has(opened_name(locked))
    assert session.scalar(sa.select(sa.func.count()).select_from(PublishedLeaf)) == 0


def test_what_was_put_back_is_closed(session: Session, key_store: KeyStore, locked: Round) -> None:
    write(session, Round, protection="threshold")
    write(session, Round, protection="strict")

    close_round(session, locked, key_store, at=NOON)

    assert locked.state == "closed"


@pytest.mark.parametrize("change", [seat_somebody, regroup])
def test_raising_the_protection_does_not_bless_what_was_changed(
    session: Session, key_store: KeyStore, change: Change
) -> None:
    round_ = make_open_round(session, key_store, peer=5, client=1)
    change(session, round_)

    raise_protection(session, round_, "strict", key_store)

    with pytest.raises(TermsChangedError):
        check_terms(session, round_, key_store)


def test_what_was_raised_cannot_be_put_back(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store, peer=5)
    raise_protection(session, round_, "strict", key_store)
    check_terms(session, round_, key_store)

    write(session, Round, protection="standard")

    with pytest.raises(TermsChangedError):
        check_terms(session, round_, key_store)


def test_terms_that_are_lost_are_a_lost_key(
    session: Session, key_store: KeyStore, locked: Round
) -> None:
    key_store.destroy(terms_name(locked))

    with pytest.raises(KeyLostError):
        close_round(session, locked, key_store, at=NOON)

    assert loss_of(session, locked, key_store).of_sheets
    reopen(session, locked, key_store, deadline=DEADLINE, at=NOON)
    check_terms(session, locked, key_store)


def test_verify_names_changed_terms_and_calls_lost_ones_not_right(
    app: Flask, session: Session, key_store: KeyStore, locked: Round
) -> None:
    def said() -> set[tuple[str, str]]:
        found = verify(session, locked, key_store, app.extensions["config"])
        return {(finding.kind, finding.words) for finding in found}

    promised = (RIGHT, "The round is what its raters were promised at launch")
    assert promised in said()

    write(session, Round, protection="threshold")
    assert promised not in said()
    assert any(kind == WRONG and "changed in the database" in words for kind, words in said())

    write(session, Round, protection="strict")
    key_store.destroy(terms_name(locked))
    assert promised not in said()
    assert any(kind == WRONG and "A secret of the round is lost" in words for kind, words in said())


# --- Close, halted when it has made its figures, and tried again without somebody's envelope


def silence(session: Session, round_: Round) -> None:
    seats = session.scalars(
        sa.select(Seat.id).join(Leader).where(Leader.round_id == round_.id)
    ).all()
    session.execute(sa.update(Seat).where(Seat.id == seats[0]).values(envelope=None))
    session.expire_all()


def ask_in_german(session: Session, round_: Round) -> None:
    guest = round_.leaders[0].seats[0].invitation_id
    session.execute(sa.update(Invitation).where(Invitation.id == guest).values(language="de"))
    session.expire_all()


@pytest.mark.parametrize("change", [silence, ask_in_german])
def test_close_opens_nothing_else_at_its_second_try(
    session: Session, key_store: KeyStore, locked: Round, change: Change
) -> None:
    with session.begin_nested() as halted:
        close_round(session, locked, key_store, at=NOON)
        halted.rollback()
    session.expire_all()

    with session.begin_nested():
        change(session, locked)
        with pytest.raises(EnvelopesChangedError, match="Nothing has been published"):
            close_round(session, locked, key_store, at=NOON)
    assert session.scalar(sa.select(sa.func.count()).select_from(PublishedSymbol)) == 0


def test_a_close_that_was_interrupted_ends(
    session: Session, key_store: KeyStore, locked: Round
) -> None:
    with session.begin_nested() as interrupted:
        close_round(session, locked, key_store, at=NOON)
        interrupted.rollback()
    session.expire_all()

    close_round(session, locked, key_store, at=NOON)

    assert locked.state == "closed"


def test_a_round_opened_again_closes_with_what_is_sent_then(
    session: Session, key_store: KeyStore, locked: Round
) -> None:
    """What close began to open before the key was lost binds nobody any more."""
    key_store.put(opened_name(locked), uuid4().bytes * 4)
    key_store.destroy(private_key_name(locked))
    reopen(session, locked, key_store, deadline=DEADLINE, at=NOON)
    submit_all(session, locked.leaders[0], everybody_says(3), key_store)
    lock_round(session, locked, at=NOON)

    close_round(session, locked, key_store, at=NOON)

    assert locked.state == "closed"
