"""The notice is there to be read: what is said more takes something away."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.services.rounds import launch
from tests.factories import NOON, make_leader, make_round
from tests.surveys.notices import entrust, listing_for
from tests.visits import seat_in

WORDS_A_MINUTE = 238  # Brysbaert (2019), silent reading of English prose


def minutes_to_read(page: str) -> float:
    notice = page.partition('id="notice"')[2].partition("</section>")[0]
    return len(re.sub(r"<[^>]+>", " ", notice).split()) / WORDS_A_MINUTE


@pytest.mark.parametrize("protection", ["standard", "strict", "threshold"])
def test_the_notice_is_read_in_two_minutes(
    app: Flask, session: Session, key_store: KeyStore, protection: str
) -> None:
    round_ = make_round(session, protection=protection)
    make_leader(session, round_, peer=5)
    launch(session, round_, key_store, at=NOON)
    entrust(session, round_, "Tilda Thorne")

    page = listing_for(app, session, key_store, seat_in(session, round_, "peer"))

    assert 1 < minutes_to_read(page) < 2


def test_the_longest_notice_there_can_be_takes_little_more(
    app: Flask, session: Session, key_store: KeyStore
) -> None:
    """Of somebody who is rated, is named at one table, and is not named at another."""
    round_ = make_round(session, protection="threshold")
    seat = make_leader(session, round_).seats[0]
    for group in ("supervisor", "peer"):
        make_leader(session, round_, **{group: 1})
        seat_in(session, round_, group).invitation = seat.invitation
    launch(session, round_, key_store, at=NOON)
    entrust(session, round_, "Tilda Thorne")

    page = listing_for(app, session, key_store, seat)

    assert "Where you are named" in page
    assert "About yourself" in page
    assert minutes_to_read(page) < 2.5
