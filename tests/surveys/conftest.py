"""A launched round, a seat in it, and somebody who visits; rounds for HR's pages to show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from nacl.pwhash import argon2id
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.keys import KeyStore
from surveys.ballots import escrow
from surveys.models import Round, Seat
from surveys.services.answers import submit
from surveys.services.rounds import launch, lock_round
from surveys.services.trustees import name_trustee
from tests.factories import NOON, make_account, make_leader, make_open_round, make_round
from tests.surveys.keys import PASSPHRASE, SAID, everybody_answers, take
from tests.visits import Visit, seat_in, secret_for


@pytest.fixture
def round_(session: Session, key_store: KeyStore) -> Round:
    opened = make_open_round(session, key_store, peer=5, supervisor=1)
    session.commit()
    return opened


@pytest.fixture
def seat(session: Session, round_: Round) -> Seat:
    return seat_in(session, round_, "peer")


@pytest.fixture
def secret(seat: Seat, key_store: KeyStore) -> str:
    return secret_for(seat, key_store)


@pytest.fixture
def visit(app: Flask, session: Session) -> Visit:
    return Visit(app)


@pytest.fixture
def inside(visit: Visit, secret: str) -> Visit:
    visit.begin(secret)
    visit.get("/r/seats")
    return visit


@pytest.fixture
def hr(session: Session, sign_in: Callable[[Account], None]) -> Account:
    """Somebody of HR, signed in."""
    account = make_account(session, "hr")
    session.commit()
    sign_in(account)
    return account


@pytest.fixture
def draft(session: Session, hr: Account) -> Round:
    """A draft which may be launched today, with one leader and five raters."""
    round_ = make_round(session)
    round_.deadline = clock.now() + timedelta(days=14)
    make_leader(session, round_, peer=4)
    session.commit()
    return round_


@pytest.fixture
def open_round(session: Session, draft: Round, key_store: KeyStore) -> Round:
    launch(session, draft, key_store, at=clock.now() - timedelta(days=2))
    session.commit()
    return draft


@pytest.fixture
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a guess cost next to nothing, in tests that are not about what it costs."""
    monkeypatch.setattr(escrow, "PASSES", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(escrow, "MEMORY", argon2id.MEMLIMIT_MIN)


@pytest.fixture
def partly(session: Session, key_store: KeyStore) -> Round:
    """An open round in which everybody has answered but two peers, one of whom has declined."""
    opened = make_open_round(session, key_store, peer=5)
    seats = sorted(opened.leaders[0].seats, key=lambda seat: (seat.group, seat.id))
    for seat in seats[:4]:
        submit(session, seat, SAID, key_store)
        seat.draft = b"what they have written"
    seats[4].declined = True
    session.commit()
    return opened


@pytest.fixture
def entrusted_draft(session: Session, key_store: KeyStore, cheap_passphrases: None) -> Round:
    """A round that could be launched, but that its trustee has no passphrase yet."""
    round_ = make_round(session)
    make_leader(session, round_, peer=4)
    name_trustee(session, round_, make_account(session, "trustee"), key_store)
    return round_


@pytest.fixture
def entrusted_open(session: Session, key_store: KeyStore, entrusted_draft: Round) -> Round:
    take(session, entrusted_draft, key_store, PASSPHRASE)
    launch(session, entrusted_draft, key_store, at=NOON)
    session.flush()
    return entrusted_draft


@pytest.fixture
def entrusted_locked(session: Session, key_store: KeyStore, entrusted_open: Round) -> Round:
    """Everybody has answered, and the round waits for its trustee."""
    everybody_answers(session, entrusted_open, key_store)
    lock_round(session, entrusted_open, at=NOON)
    session.commit()
    return entrusted_open
