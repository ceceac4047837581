"""What tests of the notice to raters share: the page it stands on, by the settings of a round."""

from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.models import Round, Seat
from surveys.services.rounds import launch
from tests.factories import NOON, make_account, make_leader, make_person, make_round
from tests.visits import Visit, seat_in, secret_for

NUMBERS = dict(
    enumerate(
        ("three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 3
    )
)


def listing_for(app: Flask, session: Session, key_store: KeyStore, seat: Seat) -> str:
    session.commit()
    visit = Visit(app)
    visit.begin(secret_for(seat, key_store))
    return visit.get("/r/seats").text


def list_in(
    session: Session, key_store: KeyStore, app: Flask, group: str = "peer", **settings: object
) -> str:
    """Return what somebody of a group reads first, in a round with these settings."""
    round_ = make_round(session)
    for setting, value in settings.items():
        setattr(round_, setting, value)
    make_leader(session, round_, **{} if group == "self" else {group: 1})
    launch(session, round_, key_store, at=NOON)
    return " ".join(listing_for(app, session, key_store, seat_in(session, round_, group)).split())


def entrust(session: Session, round_: Round, name: str) -> None:
    round_.trustee = make_account(session, "trustee", person=make_person(session, name))
    session.commit()
