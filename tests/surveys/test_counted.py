"""The public list: a rater finds their receipt in it, and nobody finds anything else."""

import hashlib
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.models import CountedSheet, Round, Seat
from surveys.services.rounds import lock_round
from tests.factories import NOON
from tests.statements import counted_statements
from tests.visits import ALL_TRUST, Visit, sheet_address

DIGESTS = [bytes([number]) * 20 for number in (9, 200, 31)]
GROUPS = re.compile(r"\b(?:[0-9a-f]{4} ){9}[0-9a-f]{4}\b")


def receipt_on(page: str) -> str:
    (receipt,) = GROUPS.findall(page)
    return str(receipt)


def list_address(round_: Round, ending: str = "") -> str:
    return f"/counted/{round_.id}{ending}"


@pytest.fixture
def sent(inside: Visit, seat: Seat) -> Visit:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, "send"))
    return inside


@pytest.fixture
def counted(session: Session, round_: Round) -> Round:
    """A round of which close has left three digests."""
    session.add_all(CountedSheet(round_id=round_.id, digest=digest) for digest in DIGESTS)
    session.commit()
    return round_


# --- The receipt


def test_a_receipt_is_the_digest_of_the_envelope(session: Session, sent: Visit, seat: Seat) -> None:
    page = sent.get(sheet_address(seat, "sent")).text

    session.expire_all()
    digest = hashlib.blake2b(seat.envelope or b"", digest_size=20).hexdigest()
    assert receipt_on(page).replace(" ", "") == digest
    assert f"/counted/{seat.leader.round_id}" in page


def test_a_receipt_stays_until_the_sheet_is_sent_again(sent: Visit, seat: Seat) -> None:
    address = sheet_address(seat, "sent")
    first = receipt_on(sent.get(address).text)
    sent.post(sheet_address(seat, 1), trust1="1")
    changed = receipt_on(sent.get(address).text)

    sent.post(sheet_address(seat, "send"))

    assert changed == first
    assert receipt_on(sent.get(address).text) != first


def test_the_same_answers_twice_have_two_receipts(sent: Visit, seat: Seat) -> None:
    """Else a receipt would prove to somebody who guesses what was answered."""
    first = receipt_on(sent.get(sheet_address(seat, "sent")).text)

    sent.post(sheet_address(seat, "send"))

    assert receipt_on(sent.get(sheet_address(seat, "sent")).text) != first


def test_the_list_of_sheets_leads_to_the_receipt(sent: Visit, seat: Seat) -> None:
    assert f'href="{sheet_address(seat, "sent")}">Receipt' in sent.get("/r/seats").text


def test_who_has_sent_nothing_has_no_receipt(inside: Visit, seat: Seat) -> None:
    assert sheet_address(seat, "sent") not in inside.get("/r/seats").text


def test_when_the_round_is_over_the_rater_is_told_where_to_look(
    session: Session, sent: Visit, seat: Seat, round_: Round
) -> None:
    lock_round(session, round_, at=NOON + timedelta(days=15))
    session.commit()

    page = sent.get(sheet_address(seat, "sent"))

    assert page.status_code == 409
    assert f'href="http://localhost:5000{list_address(round_)}"' in page.text


# --- The list


def test_the_list_holds_what_was_counted_in_the_order_of_the_letters(
    visit: Visit, counted: Round
) -> None:
    page = visit.get(list_address(counted))

    assert page.status_code == 200
    assert GROUPS.findall(page.text) == [" ".join([two * 2] * 10) for two in ("09", "1f", "c8")]


def test_the_list_is_there_as_plain_text(visit: Visit, counted: Round) -> None:
    page, text = visit.get(list_address(counted)), visit.get(list_address(counted, ".txt"))

    assert list_address(counted, ".txt") in page.text
    assert text.mimetype == "text/plain"
    assert text.text.splitlines() == GROUPS.findall(page.text)


@pytest.mark.parametrize("ending", ["", ".txt"])
def test_a_round_that_is_not_over_looks_like_one_that_never_was(
    visit: Visit, round_: Round, ending: str
) -> None:
    open_, unknown = (visit.get(f"/counted/{id_}{ending}") for id_ in (round_.id, uuid4()))

    assert open_.status_code == unknown.status_code == 404
    assert open_.text == unknown.text
    assert "There is no list here yet" in open_.text


def test_another_rounds_digests_are_not_in_the_list(
    session: Session, visit: Visit, counted: Round
) -> None:
    assert visit.get(f"/counted/{uuid4()}.txt").status_code == 404


@pytest.mark.parametrize("ending", ["", ".txt"])
def test_the_list_asks_nobody_who_they_are(
    app: Flask, session: Session, sent: Visit, counted: Round, ending: str
) -> None:
    """Whoever comes with a rater's cookie, or signed in, finds what a stranger finds."""
    with sent.client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody"
    address = list_address(counted, ending)
    with counted_statements(session) as statements:
        own = sent.get(address)

    asked = [
        query for query in statements if "FROM account" not in query
    ]  # who is signed in at all
    assert not re.search("invitation|seat|FROM round", "".join(asked)), asked
    assert own.text == Visit(app).get(address).text
    assert "Set-Cookie" not in own.headers


def test_the_raters_cookie_does_not_go_there(inside: Visit) -> None:
    assert inside.client.get_cookie("rater", path="/r")
    assert not inside.client.get_cookie("rater", path="/")


def test_the_list_tells_nothing_of_the_round(
    visit: Visit, counted: Round, seat: Seat, key_store: KeyStore
) -> None:
    page = visit.get(list_address(counted)).text

    for word in (counted.name, seat.leader.name, seat.invitation.name, "2026"):
        assert word not in page.replace(str(counted.id), "")


def test_a_receipt_cannot_be_sent_to_us(visit: Visit, counted: Round) -> None:
    page = visit.get(list_address(counted)).text

    assert "<form" not in page
    assert not re.search(r"<input[^>]* name=", page)
    assert visit.post(list_address(counted), receipt="09").status_code in {400, 405}
