"""A small world in which every role has its place: one round that is open, and one that is closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account, Person
from assess.closing.rounds import close_round
from core import tokens
from core.keys import KeyStore
from reports.models import Report
from reports.services import open_reports, record_debrief, release
from surveys.ballots.sheets import Sheet
from surveys.models import Leader, Round, Seat
from surveys.services.answers import submit
from surveys.services.rounds import launch, lock_round, secret_of
from surveys.services.seats import Rater, invite_all
from surveys.services.trustees import name_trustee
from tests.factories import NOON, make_account, make_person, make_round

ROLES = (
    "anonymous",  # nobody has signed in
    "rater",  # has followed a link of the open round
    "hr",
    "rated_hr",  # of HR, and rated in both rounds
    "coach",  # of the leader whom the row is about
    "other_coach",  # of somebody else in the same round
    "leader",  # rated; the report has not been released
    "released",  # rated; the report has been released
    "administrator",
    "methodologist",
    "trustee",
)
ARGUMENTS = {"number": 1, "filename": "style.css", "token": "none"}


@dataclass(frozen=True)
class World:
    """Who signs in as what, and what an address is about for each of them: plain values, no rows."""

    app: Flask
    signatures: dict[str, str]
    rater_cookie: str
    places: dict[str, dict[str, dict[str, Any]]]

    def arguments(self, on: str, role: str) -> dict[str, Any]:
        """Return what an address of a row may ask for: `on` names a round of the places, `-` none."""
        places = self.places.get(on, {"": {}})
        return ARGUMENTS | places.get(role, next(iter(places.values())))

    def client(self, role: str) -> FlaskClient:
        client = self.app.test_client()
        if role == "rater":
            client.set_cookie("rater", self.rater_cookie, path="/r")
        elif role != "anonymous":
            with client.session_transaction() as cookie:
                cookie["_user_id"] = self.signatures[role]
                cookie["_fresh"] = True
        return client


def build(app: Flask, session: Session, key_store: KeyStore) -> World:
    people = {role: make_person(session) for role in ("rated_hr", "leader", "released")}
    accounts = {
        "hr": make_account(session, "hr"),
        "rated_hr": make_account(session, "hr", person=people["rated_hr"]),
        "coach": make_account(session, "coach"),
        "other_coach": make_account(session, "coach"),
        "leader": make_account(session, "leader", person=people["leader"]),
        "released": make_account(session, "leader", person=people["released"]),
        "administrator": make_account(session, "administrator"),
        "methodologist": make_account(session, "methodologist"),
        "trustee": make_account(session, "trustee"),
    }
    coaches = {"leader": accounts["coach"], "released": accounts["other_coach"]}
    leaders = {state: _launch(session, key_store, people, coaches) for state in ("open", "closed")}
    _close(session, key_store, leaders["closed"])
    entrusted = make_round(session)
    name_trustee(session, entrusted, accounts["trustee"], key_store)
    _report(session, leaders["closed"])
    world = World(
        app,
        signatures={role: account.fs_uniquifier for role, account in accounts.items()},
        rater_cookie=_cookie(_peer(session, leaders["open"]["leader"]), key_store),
        places={
            state: {role: _place(session, leader) for role, leader in sorted(rated.items())}
            for state, rated in leaders.items()
        }
        | {"entrusted": {"trustee": {"round_id": entrusted.id}}},
    )
    session.commit()
    return world


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Undo what a request has committed, so that the next one finds the world as it was."""
    connection = session.get_bind()
    assert isinstance(connection, sa.Connection)
    point = connection.begin_nested()
    try:
        yield
    finally:
        point.rollback()


def _launch(
    session: Session, key_store: KeyStore, people: dict[str, Person], coaches: dict[str, Account]
) -> dict[str, Leader]:
    round_ = make_round(session)
    leaders = {role: _leader(session, round_, person) for role, person in people.items()}
    for role, coach in coaches.items():
        leaders[role].coach = coach
    launch(session, round_, key_store, at=NOON)
    return leaders


def _leader(session: Session, round_: Round, person: Person) -> Leader:
    leader = Leader(id=uuid4(), round=round_, person=person, name=person.name)
    session.add(leader)
    raters = [Rater("self", person=person)]
    raters += [Rater("peer", person=make_person(session)) for _ in range(5)]
    invite_all(session, leader, raters)
    return leader


def _close(session: Session, key_store: KeyStore, leaders: dict[str, Leader]) -> None:
    round_ = leaders["leader"].round
    for leader in leaders.values():
        for seat in leader.seats:
            submit(session, seat, Sheet({"trust1": 4, "trust2": 3}, {}), key_store)
    lock_round(session, round_, at=NOON)
    session.flush()
    close_round(session, round_, key_store, at=NOON)
    session.flush()


def _report(session: Session, leaders: dict[str, Leader]) -> None:
    """Lay the reports of the closed round, and let one leader have theirs."""
    open_reports(session, leaders["released"].round)
    released = session.get_one(Report, leaders["released"].id)
    coach = released.leader.coach
    assert coach
    record_debrief(session, released, by=coach)
    release(session, released, by=coach)


def _place(session: Session, leader: Leader) -> dict[str, Any]:
    seat = _peer(session, leader)
    return {
        "round_id": leader.round_id,
        "leader_id": leader.id,
        "seat_id": seat.id,
        "invitation_id": seat.invitation_id,
    }


def _peer(session: Session, leader: Leader) -> Seat:
    query = sa.select(Seat).where(Seat.leader_id == leader.id, Seat.group == "peer")
    return session.scalars(query.order_by(Seat.id)).first() or leader.seats[0]


def _cookie(seat: Seat, key_store: KeyStore) -> str:
    secret = secret_of(seat.invitation, key_store)
    halves = (tokens.derive(secret, f"candid360 {half}") for half in ("authenticator", "sibling"))
    return ".".join(halves)
