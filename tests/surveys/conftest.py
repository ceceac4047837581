"""A launched round, a seat in it, and somebody who visits."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.models import Round, Seat
from tests.factories import make_open_round
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
