"""Rounds too near each other, as HR sees it; and two of HR who launch at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.db import db
from core.errors import DomainError
from core.keys import KeyStore
from surveys.models import Round
from surveys.queries.apart import asked_near
from surveys.services.apart import overlaps
from surveys.services.rounds import add_leader, launch
from tests.factories import NOON, make_person, make_round
from tests.statements import counted_statements
from tests.surveys.companies import Company
from tests.surveys.rounds import post


@pytest.fixture
def company(session: Session, key_store: KeyStore) -> Company:
    return Company(session, key_store)


def test_hr_sees_it_on_the_draft_and_before_launch_and_cannot_launch(
    client: FlaskClient, company: Company, hr: Account
) -> None:
    company.launched(peer=range(6))
    second = company.drafted(peer=range(5))
    second.deadline = clock.now() + timedelta(days=9)
    company.session.commit()
    words = "The difference is Rater 5 (peer then, not asked now)."

    before = client.get(f"/rounds/{second.id}/launch").text

    assert words in before
    assert words in client.get(f"/rounds/{second.id}").text
    assert "Launch and send" not in before
    assert "Nothing was launched. About Lea Leader" in post(
        client, f"/rounds/{second.id}/launch", without_coach="y"
    )
    company.session.expire_all()
    assert second.state == "draft"


def test_a_draft_without_raters_is_shown(
    client: FlaskClient, company: Company, hr: Account
) -> None:
    company.launched(peer=range(6))
    second = make_round(company.session)
    add_leader(company.session, second, name=company.leader.name, person=company.leader)
    company.session.commit()

    assert "Lea Leader" in client.get(f"/rounds/{second.id}").text


def test_many_rounds_are_compared_in_one_statement(company: Company, session: Session) -> None:
    for start in (0, 7, 14):
        company.launched(peer=range(start, start + 6))
    round_ = company.drafted(peer=range(5))

    with counted_statements(session) as statements:
        found = overlaps(session, round_, at=NOON)

    assert [overlap.people for overlap in found] == [{str(company.people[5].id)}]
    assert len(statements) == 1


def test_rounds_of_other_leaders_are_not_even_loaded(company: Company, session: Session) -> None:
    company.launched(peer=range(6))
    company.leader = make_person(session, "Somebody Else")
    round_ = company.drafted(peer=range(6))

    found = asked_near(session, round_, since=NOON)

    assert [asked.leader.name for asked in found] == ["Somebody Else"]


def test_of_two_launches_at_once_one_is_refused(own_app: Flask) -> None:
    key_store: KeyStore = own_app.extensions["key_store"]
    with own_app.app_context(), db.sessionmaker() as session:
        company = Company(session, key_store)
        drafts = [company.drafted(peer=range(many)).id for many in (5, 6)]
        session.commit()
    barrier = Barrier(2)

    def run(round_id: UUID) -> str:
        with own_app.app_context(), db.sessionmaker() as session:
            barrier.wait(30)
            try:
                launch(session, session.get_one(Round, round_id), key_store, at=NOON)
            except DomainError as error:
                return type(error).__name__
            session.commit()
            return "launched"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, drafts)) == ["RoundsTooNearError", "launched"]
