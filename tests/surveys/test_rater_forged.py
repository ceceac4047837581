"""Whoever writes to the database makes no link of their own."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core import tokens
from core.keys import KeyLostError, KeyStore
from surveys.models import Invitation, Round, Seat
from surveys.services.keys import loss_for
from surveys.services.rounds import secret_of
from tests.visits import ALL_TRUST, Visit, derived, sheet_address

FORGED = "k" * 43
"""A secret that somebody thinks of."""


def fingerprint(secret: str) -> bytes:
    return tokens.fingerprint(derived(secret)["authenticator"])


def test_a_fingerprint_put_in_a_raters_place_opens_no_sheet(
    app: Flask, session: Session, inside: Visit, seat: Seat
) -> None:
    """They would read what is written, or send a sheet in its place, and put the fingerprint back."""
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    own = seat.invitation.authenticator_hash
    seat.invitation.authenticator_hash = fingerprint(FORGED)
    session.commit()

    visit = Visit(app)
    visit.begin(FORGED)
    for place in ("1", "send"):
        assert visit.get(sheet_address(seat, place)).status_code == 409
        assert visit.post(sheet_address(seat, place), **ALL_TRUST).status_code == 409

    session.expire_all()
    assert seat.envelope is None
    seat.invitation.authenticator_hash = own
    session.commit()
    assert inside.get(sheet_address(seat, "send")).status_code == 200


def test_no_link_goes_to_an_address_put_in_a_raters_place(
    session: Session, seat: Seat, key_store: KeyStore
) -> None:
    """They would be reminded in the rater's place, and read what is written."""
    guest = seat.invitation
    own = guest.email
    assert secret_of(guest, key_store)

    guest.email = "forger@example.org"
    with pytest.raises(KeyLostError, match="put the address back"):
        secret_of(guest, key_store)
    assert loss_for(guest, key_store).links

    guest.email = own
    assert secret_of(guest, key_store)


def test_somebody_seated_by_hand_sends_nothing(app: Flask, session: Session, round_: Round) -> None:
    guest = Invitation(round=round_, name="Nobody", authenticator_hash=fingerprint(FORGED))
    seat = Seat(invitation=guest, leader=round_.leaders[0], group="client")
    session.add(seat)
    session.commit()

    forger = Visit(app)
    forger.begin(FORGED)

    assert forger.get("/r/seats").status_code == 409
    assert forger.post(sheet_address(seat, "send")).status_code == 409
    session.expire_all()
    assert seat.envelope is None
