"""A rater's way in with nothing but the link, and out without a trace."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from time_machine import travel

from core import clock
from core.db import db
from core.keys import KeyStore
from surveys.models import Round, Seat
from surveys.services.rounds import replace_link
from tests.factories import make_open_round
from tests.statements import counted_statements
from tests.visits import ALL_TRUST, Visit, derived, seat_in, secret_for, sheet_address

# --- The way in


@pytest.mark.parametrize("prefix", ["", "http://localhost/r#", " #"])
def test_without_scripts_the_code_or_the_link_is_pasted(
    visit: Visit, secret: str, seat: Seat, prefix: str
) -> None:
    visit.get("/r")

    response = visit.post("/r/code", code=f"{prefix}{secret[:20]} {secret[20:]}\n")

    assert response.location == "/r/seats"
    assert seat.leader.name in visit.get("/r/seats").text


def test_the_cookie_is_strict_and_for_these_pages_alone(visit: Visit, secret: str) -> None:
    cookies = visit.begin(secret).headers.getlist("Set-Cookie")
    (cookie,) = [cookie for cookie in cookies if cookie.startswith("rater=")]

    value, *flags = cookie.split("; ")

    assert value == "rater=" + ".".join(derived(secret).values())
    assert set(flags) == {"HttpOnly", "Path=/r", "SameSite=Strict"}


def test_the_cookie_is_secure_over_https(
    app: Flask, visit: Visit, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(app.extensions["config"], base_url="https://example.org")
    monkeypatch.setitem(app.extensions, "config", config)

    cookies = visit.begin(secret).headers.getlist("Set-Cookie")

    assert "; Secure" in next(cookie for cookie in cookies if cookie.startswith("rater="))


def test_opening_the_link_is_inert(app: Flask, session: Session, round_: Round) -> None:
    pages = []
    with counted_statements(session) as statements:
        for _ in range(3):
            page = Visit(app).get("/r")
            pages.append(re.sub(r'(csrf_token" value=")[^"]+', r"\1", page.text))
        Visit(app).client.head("/r")
        Visit(app).client.options("/r")

    assert statements == []
    assert len(set(pages)) == 1


def test_whoever_is_in_already_sees_the_same_door(app: Flask, inside: Visit) -> None:
    own, strangers = (
        re.sub(r'(csrf_token" value=")[^"]+', "", visit.get("/r").text)
        for visit in (inside, Visit(app))
    )

    assert own == strangers


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/r/code", {"code": "x"}),
        ("/r/code", {"code": "\u00e9" * 43}),
        ("/r/code", {"code": "A" * 43}),
        ("/r/code", {}),
        ("/r/enter", {}),
        ("/r/enter", {"authenticator": "A" * 43, "sibling": "A" * 43}),
        ("/r/enter", {"authenticator": "A" * 43, "sibling": "\x00"}),
    ],
)
def test_every_wrong_code_gets_the_same_kind_answer(
    visit: Visit, session: Session, address: str, form: dict[str, str]
) -> None:
    visit.get("/r")

    response = visit.post(address, **form)

    assert response.status_code == 403
    assert "Please open your link again" in response.text
    assert "rater=" not in response.headers.get("Set-Cookie", "")


def test_a_wrong_code_stays_to_be_mended_and_enters_no_address(visit: Visit) -> None:
    visit.get("/r")

    response = visit.post("/r/code", code="ends<too")

    assert 'role="alert"' in response.text
    assert 'value="ends&lt;too"' in response.text
    assert 'aria-invalid="true"' in response.text
    assert "Location" not in response.headers


def test_a_link_that_was_replaced_opens_nothing(
    session: Session, inside: Visit, seat: Seat, key_store: KeyStore
) -> None:
    replace_link(session, seat.invitation, key_store)
    session.commit()

    assert inside.get("/r/seats").status_code == 403


def test_only_wrong_codes_are_slowed_down(own_app: Flask) -> None:
    visit = Visit(own_app)
    visit.get("/r")

    answers = [visit.post("/r/code", code="wrong").status_code for _ in range(21)]

    assert answers == [403] * 20 + [429]


def test_a_company_behind_one_address_is_let_in(own_app: Flask) -> None:
    with own_app.app_context(), db.sessionmaker() as session:
        store = own_app.extensions["key_store"]
        seat = seat_in(session, make_open_round(session, store), "self")
        secret = secret_for(seat, store)
        session.commit()

    answers = {Visit(own_app).begin(secret).status_code for _ in range(30)}

    assert answers == {303}


def test_a_forged_form_is_refused(inside: Visit, session: Session, seat: Seat) -> None:
    inside.token = "forged"

    response = inside.post(sheet_address(seat, "decline"))

    session.expire_all()
    assert response.status_code == 400
    assert not seat.declined


def test_a_form_stays_good_for_a_slow_writer(inside: Visit, seat: Seat) -> None:
    inside.get(sheet_address(seat, 1))

    with travel(clock.now() + timedelta(days=3)):
        assert inside.post(sheet_address(seat, 1), **ALL_TRUST).status_code == 303


def test_forms_need_no_referrer_over_https(visit: Visit) -> None:
    """Our pages send none, so that no address leaks; browsers would then be refused everywhere."""
    visit.client.environ_base["wsgi.url_scheme"] = "https"
    visit.get("/r")

    assert visit.post("/r/code", code="wrong").status_code == 403


def test_no_page_address_holds_a_secret(inside: Visit, seat: Seat, secret: str) -> None:
    places = [inside.post(sheet_address(seat, 1), **ALL_TRUST).location for _ in range(2)]
    text_of_pages = inside.get("/r/seats").text + inside.get(sheet_address(seat, 1)).text

    for hidden in (secret, *derived(secret).values()):
        assert hidden not in "".join(places)
        assert hidden not in text_of_pages


def test_leaving_takes_the_key_out_of_the_browser(inside: Visit) -> None:
    response = inside.post("/r/leave")

    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert "You have left" in inside.get(response.location).text
    assert inside.get("/r/seats").status_code == 403


# --- Whose sheet it is


@pytest.mark.parametrize("page", ["1", "send", "sent", "decline"])
def test_a_foreign_seat_is_not_there(
    session: Session, round_: Round, inside: Visit, page: str
) -> None:
    foreign = seat_in(session, round_, "supervisor")

    assert inside.get(sheet_address(foreign, page)).status_code == 404


@pytest.mark.parametrize("page", ["1", "send", "decline", "take-up"])
def test_a_foreign_seat_takes_nothing(
    session: Session, round_: Round, inside: Visit, page: str
) -> None:
    foreign = seat_in(session, round_, "supervisor")

    assert inside.post(sheet_address(foreign, page), trust1="1").status_code == 404
    session.expire_all()
    assert (foreign.draft, foreign.envelope, foreign.declined) == (None, None, False)


@pytest.mark.parametrize("path", ["/r/seats", "/r/seats/{}/1", "/r/seats/{}/send"])
def test_without_the_cookie_no_page_opens(visit: Visit, seat: Seat, path: str) -> None:
    assert visit.get(path.format(seat.id)).status_code == 403


@pytest.mark.parametrize("number", [0, 4, 99])
def test_a_sheet_has_no_other_pages(inside: Visit, seat: Seat, number: int) -> None:
    assert inside.get(sheet_address(seat, number)).status_code == 404
