"""A closed round with one leader, a coach, and everybody else who may try a door."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from accounts.models import Account
from core.keys import KeyStore
from reports.models import Report
from reports.services import open_reports
from surveys.models import Leader, Round
from tests.assess.rounds import closed_round, everybody_says
from tests.factories import NOON, make_account


@dataclass(frozen=True)
class Cast:
    """Who has to do with one report."""

    report: Report
    coach: Account
    leader: Account
    others: tuple[Account, ...]


@pytest.fixture
def round_(session: Session, key_store: KeyStore) -> Round:
    return closed_round(session, key_store, everybody_says(4, "Go on."), peer=5, supervisor=1)


@pytest.fixture
def rated(session: Session, round_: Round) -> Leader:
    return round_.leaders[0]


@pytest.fixture
def cast(session: Session, round_: Round, rated: Leader) -> Cast:
    rated.coach = make_account(session, "coach")
    leader = make_account(session, "leader", person=rated.person)
    others = tuple(
        make_account(session, role) for role in ("hr", "coach", "leader", "administrator")
    )
    return Cast(open_reports(session, round_)[0], rated.coach, leader, others)


@pytest.fixture
def today() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    """The context in which jobs run."""
    with app.app_context():
        yield
