"""Under a trustee what is begun opens in one browser alone, which holds a part of its key."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core import clock, tokens
from core.keys import KeyStore
from surveys.models import Round, Seat
from surveys.services.answers import receipt_of
from surveys.services.rounds import extend_deadline
from tests.factories import NOON, make_open_round
from tests.surveys.keys import OTHER, again, take
from tests.visits import ALL_TRUST, Visit, is_checked, seat_in, secret_for, sheet_address

CANNOT = "What you began cannot be shown here"


@pytest.fixture
def round_(session: Session, entrusted_open: Round) -> Round:
    """A round whose key a trustee holds: here every other fixture stands in it."""
    entrusted_open.deadline = clock.now() + timedelta(days=14)
    session.commit()
    return entrusted_open


@pytest.fixture
def begun(inside: Visit, seat: Seat) -> Visit:
    """The browser in which somebody has begun a sheet."""
    inside.get(sheet_address(seat, 1))
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    return inside


@pytest.fixture
def elsewhere(app: Flask, begun: Visit, secret: str) -> Visit:
    """Another browser of the same person, who comes by the same link."""
    visit = Visit(app)
    visit.begin(secret)
    return visit


def set_cookies(response: TestResponse) -> dict[str, list[str]]:
    """Return the cookies that a response sets: the value and the flags of each by its name."""
    found = [header.split("; ") for header in response.headers.getlist("Set-Cookie")]
    named = [(first.partition("=")[0], first.partition("=")[2], flags) for first, *flags in found]
    return {name: [value, *flags] for name, value, flags in named if name != "session"}


def own(response: TestResponse) -> list[str]:
    (found,) = [kept for name, kept in set_cookies(response).items() if name.startswith("draft-")]
    return found


def words(response: TestResponse) -> str:
    return " ".join(response.text.split())


# --- What the browser holds


def test_the_door_gives_the_browser_a_part_of_its_own_which_lasts(
    round_: Round, visit: Visit, secret: str
) -> None:
    value, *flags = own(visit.begin(secret))

    lasts = [flag.partition("=")[2] for flag in flags if flag.startswith("Max-Age")]
    assert tokens.is_wellformed(value)
    assert {*flags} >= {"HttpOnly", "Path=/r", "SameSite=Strict"}
    assert [timedelta(seconds=int(seconds)).days for seconds in lasts] == [43]


def test_it_is_secure_over_https(
    app: Flask, visit: Visit, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(app.extensions["config"], base_url="https://example.org")
    monkeypatch.setitem(app.extensions, "config", config)

    assert "Secure" in own(visit.begin(secret))


def test_whoever_comes_again_keeps_it_and_keeps_it_longer(
    session: Session, round_: Round, visit: Visit, secret: str
) -> None:
    first = own(visit.begin(secret))
    extend_deadline(session, round_, round_.deadline + timedelta(days=100))
    session.commit()

    second = own(visit.begin(secret))

    assert second[0] == first[0]
    assert any(re.fullmatch("Max-Age=12[34].*", flag) for flag in second)


def test_each_browser_has_another(app: Flask, secret: str) -> None:
    assert len({own(Visit(app).begin(secret))[0] for _ in range(3)}) == 3


def test_a_wrong_code_gives_nothing(visit: Visit, session: Session) -> None:
    visit.get("/r")

    assert set_cookies(visit.post("/r/code", code="A" * 43)) == {}


def test_no_other_answer_sends_it_again(begun: Visit, seat: Seat) -> None:
    answers = [begun.get("/r/seats"), begun.post(sheet_address(seat, 1), **ALL_TRUST)]

    assert [set_cookies(answer) for answer in answers] == [{}, {}]


@pytest.mark.parametrize("spoilt", [None, "A" * 42])
def test_where_it_was_deleted_it_is_made_anew_and_what_is_written_is_kept(
    inside: Visit, round_: Round, seat: Seat, spoilt: str | None
) -> None:
    name = f"draft-{round_.id.hex}"
    inside.client.delete_cookie(name, path="/r")
    if spoilt:
        inside.client.set_cookie(name, spoilt, path="/r")

    made = own(inside.post(sheet_address(seat, 1), **ALL_TRUST))

    assert tokens.is_wellformed(made[0])
    assert is_checked(inside.get(sheet_address(seat, 1)), "trust1", "4")


def test_without_a_trustee_there_is_none(
    app: Flask, session: Session, visit: Visit, key_store: KeyStore
) -> None:
    other = make_open_round(session, key_store, peer=4)
    session.commit()

    entered = visit.begin(secret_for(seat_in(session, other, "peer"), key_store))
    listed = visit.get("/r/seats")
    left = visit.get(visit.post("/r/leave").location)

    assert {*set_cookies(entered)} == {"rater"}
    assert set_cookies(listed) == {}
    assert "in this browser until" not in words(listed)
    assert "cannot be shown after that" not in words(listed)
    assert "What you saved or sent is safe." in words(left)


def test_whoever_leaves_takes_it_along_and_is_told_what_that_means(
    begun: Visit, secret: str
) -> None:
    assert "What you began and did not send cannot be shown after that." in words(
        begun.get("/r/seats")
    )

    gone = begun.post("/r/leave")
    left = begun.get(gone.location)
    begun.begin(secret)

    assert {value for value, *_ in set_cookies(gone).values()} == {""}
    assert len(set_cookies(gone)) == 2
    assert "What you began and did not send cannot be shown any more." in words(left)
    assert CANNOT in begun.get("/r/seats").text


# --- What another browser shows


def test_another_browser_shows_nothing_of_what_was_begun_and_says_so(
    elsewhere: Visit, seat: Seat
) -> None:
    listed = elsewhere.get("/r/seats")
    pages = [listed, *(elsewhere.get(sheet_address(seat, page)) for page in (1, "send"))]

    assert "Begun in another browser" in listed.text
    assert all(CANNOT in page.text for page in pages)
    assert not is_checked(pages[1], "trust1", "4")
    assert "There is nothing on this sheet yet" in pages[2].text


def test_what_is_saved_there_takes_its_place(elsewhere: Visit, begun: Visit, seat: Seat) -> None:
    elsewhere.get(sheet_address(seat, 1))
    elsewhere.post(sheet_address(seat, 1), trust1="2")

    assert CANNOT not in elsewhere.get("/r/seats").text
    assert is_checked(elsewhere.get(sheet_address(seat, 1)), "trust1", "2")
    assert CANNOT in begun.get("/r/seats").text


def test_in_its_own_browser_it_stays(begun: Visit, secret: str, seat: Seat) -> None:
    begun.client.delete_cookie("rater", path="/r")
    begun.begin(secret)

    assert CANNOT not in begun.get("/r/seats").text
    assert is_checked(begun.get(sheet_address(seat, 1)), "trust1", "4")


def test_what_was_sent_stays_for_every_browser(
    session: Session, begun: Visit, elsewhere: Visit, seat: Seat
) -> None:
    begun.post(sheet_address(seat, "send"))
    session.expire_all()
    receipt = receipt_of(seat)

    listed = elsewhere.get("/r/seats")
    page = elsewhere.get(sheet_address(seat, 1))

    assert "Sent" in listed.text
    assert CANNOT not in listed.text + page.text
    assert "nobody can open it, not even you" in page.text
    session.expire_all()
    assert receipt_of(seat) == receipt


def test_a_round_that_is_opened_again_finds_in_that_browser_what_was_only_begun(
    session: Session, begun: Visit, round_: Round, seat: Seat, key_store: KeyStore
) -> None:
    take(session, round_, key_store, OTHER)
    round_.deadline = NOON + timedelta(days=14)

    again(session, round_, key_store)
    session.commit()

    assert is_checked(begun.get(sheet_address(seat, 1)), "trust1", "4")
    begun.post(sheet_address(seat, "send"))
    session.expire_all()
    assert seat.answered
