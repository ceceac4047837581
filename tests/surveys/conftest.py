"""A launched round, a seat in it, and somebody who visits; rounds for HR's pages to show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.keys import KeyStore
from surveys.models import Round, Seat
from surveys.services.rounds import launch
from tests.factories import make_account, make_leader, make_open_round, make_round
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
