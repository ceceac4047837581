"""A rater's way through the sheet."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core import clock
from core.keys import KeyStore
from surveys.models import Round, Seat
from surveys.services.rounds import lock_round
from tests.factories import NOON
from tests.visits import ALL_TRUST, Visit, is_checked, seat_in, secret_for, sheet_address

# --- Writing


def test_a_page_is_saved_when_it_is_turned(inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST, turn__later="1")

    page = inside.get(sheet_address(seat, 1))

    assert is_checked(page, "trust1", "4")
    assert is_checked(page, "trust2", "NA")


def test_an_answer_can_be_taken_out_again(inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, 1), **(ALL_TRUST | {"trust1": ""}))

    page = inside.get(sheet_address(seat, 1))

    assert is_checked(page, "trust1", "")
    assert is_checked(page, "trust3", "5")


@pytest.mark.parametrize(
    ("page", "button", "leads_to"),
    [(1, "next", "2"), (2, "turn__back", "1"), (1, "turn__back", "1"), (3, "next", "send")],
)
def test_pages_turn_both_ways(
    inside: Visit, seat: Seat, page: int, button: str, leads_to: str
) -> None:
    response = inside.post(sheet_address(seat, page), **{button: "1"})

    assert response.location == sheet_address(seat, leads_to)


def test_leaving_it_for_later_leads_to_the_list(inside: Visit, seat: Seat) -> None:
    response = inside.post(sheet_address(seat, 1), trust1="3", turn__later="1")

    listing = inside.get(response.location).text
    assert "Saved. You can close this window." in listing
    assert "Begun" in listing


def test_going_on_leads_to_the_first_gap(inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)

    assert f'href="{sheet_address(seat, 2)}">Go on' in inside.get("/r/seats").text


def test_what_is_not_on_the_scale_is_refused(session: Session, inside: Visit, seat: Seat) -> None:
    assert inside.post(sheet_address(seat, 1), trust1="6").status_code == 409
    session.expire_all()
    assert seat.draft is None


def test_a_comment_too_long_comes_back_to_be_shortened(inside: Visit, seat: Seat) -> None:
    response = inside.post(sheet_address(seat, 3), keep="\N{HORIZONTAL ELLIPSIS}" * 400)

    assert response.status_code == 422
    assert "1200 characters long" in response.text
    assert "." * 1200 in response.text


def test_what_is_written_is_never_markup(inside: Visit, seat: Seat) -> None:
    page = inside.follow(sheet_address(seat, 3), keep="</textarea><script>x()</script>")
    page = inside.get(sheet_address(seat, 3))

    assert "<script>x()" not in page.text


def test_the_leader_reads_the_items_about_themselves(
    app: Flask, session: Session, round_: Round, key_store: KeyStore
) -> None:
    own = seat_in(session, round_, "self")
    visit = Visit(app)
    visit.begin(secret_for(own, key_store))

    page = visit.get(sheet_address(own, 1))

    assert "I show trust in way 1." in page.text
    assert "Shows trust" not in page.text


def test_pages_say_how_much_is_left(inside: Visit, seat: Seat) -> None:
    assert "Page 1 of 3, about 2 minutes left" in inside.get(sheet_address(seat, 1)).text
    assert "Page 3 of 3, about 1 minute left" in inside.get(sheet_address(seat, 3)).text


# --- Declining


def test_who_declines_is_asked_no_more(session: Session, inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    assert "You need no reason" in inside.get(sheet_address(seat, "decline")).text

    listing = inside.follow(sheet_address(seat, "decline"))

    session.expire_all()
    assert "Declined. What was on the sheet is deleted." in listing.text
    assert (seat.declined, seat.draft) == (True, None)


def test_who_has_declined_writes_nothing(session: Session, inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, "decline"))

    response = inside.post(sheet_address(seat, 1), **ALL_TRUST)

    session.expire_all()
    assert response.status_code == 409
    assert "declined" in response.text
    assert seat.draft is None


def test_who_has_declined_may_answer_after_all(session: Session, inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, "decline"))

    response = inside.post(sheet_address(seat, "take-up"))

    session.expire_all()
    assert response.location == sheet_address(seat, 1)
    assert not seat.declined


def test_who_has_answered_cannot_decline(session: Session, inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, "send"))

    assert "cannot be taken back" in inside.get(sheet_address(seat, "decline")).text
    assert inside.post(sheet_address(seat, "decline")).status_code == 409
    session.expire_all()
    assert seat.answered


# --- A round that is over


@pytest.mark.parametrize("page", ["1", "send", "decline", "take-up"])
def test_a_locked_round_takes_nothing(
    session: Session, inside: Visit, round_: Round, seat: Seat, page: str
) -> None:
    lock_round(session, round_, at=NOON + timedelta(days=15))
    session.commit()

    response = inside.post(sheet_address(seat, page), **ALL_TRUST)

    session.expire_all()
    assert response.status_code == 409
    assert "This round is not open" in response.text
    assert seat.draft is None


def test_a_link_into_a_closed_round_is_answered_kindly(
    session: Session, visit: Visit, round_: Round, secret: str
) -> None:
    lock_round(session, round_, at=NOON)
    round_.closed_at = clock.now()
    session.commit()
    visit.begin(secret)

    assert "This round is not open" in visit.get("/r/seats").text
