"""What raters see and are spared while a secret of their round is not in its place."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.ballots.keynames import (
    draft_key_name,
    link_key_name,
    private_key_name,
    secret_names,
    wrapped_key_name,
)
from surveys.jobs import remind_raters, reminder_mail
from surveys.models import Invitation, Round, Seat
from surveys.services.rounds import lock_round
from tests.factories import NOON, make_open_round
from tests.surveys.keys import Name, again, lose
from tests.visits import ALL_TRUST, Visit, is_checked, seat_in, secret_for, sheet_address

PLACES = ("seats", "1", "3", "send", "sent", "decline")
HIDES_SHEETS = [(draft_key_name,), (link_key_name,), (draft_key_name, private_key_name)]
CANNOT_BE_SENT = "Nothing can be sent just now:"
CANNOT_BE_SHOWN = "Your sheets cannot be shown just now"


def address(seat: Seat, place: str) -> str:
    return "/r/seats" if place == "seats" else sheet_address(seat, place)


def said(page: TestResponse) -> str:
    """Return what can be read: a token in a form may spell anything."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


@pytest.fixture
def begun(inside: Visit, seat: Seat) -> Visit:
    """Somebody who has answered a page and not sent it."""
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    return inside


# --- Where sheets cannot be opened


@pytest.mark.parametrize("names", HIDES_SHEETS)
def test_a_rater_is_told_kindly_and_nothing_of_keys(
    session: Session, begun: Visit, seat: Seat, key_store: KeyStore, names: tuple[Name, ...]
) -> None:
    round_ = seat.leader.round
    lose(session, round_, key_store, *names)

    for page in [begun.get(address(seat, place)) for place in PLACES]:
        assert page.status_code == 409
        assert CANNOT_BE_SHOWN in said(page)
        assert "What you did last was not kept." not in said(page)
        for alien in ("409", "KEY_STORE", "key store", "HR", "To your list", *secret_names(round_)):
            assert alien not in said(page)


def test_the_page_lies_in_no_cache_and_no_log(
    session: Session,
    begun: Visit,
    round_: Round,
    seat: Seat,
    key_store: KeyStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lose(session, round_, key_store, draft_key_name)
    caplog.set_level("DEBUG")

    pages = [begun.get(address(seat, place)) for place in PLACES]
    pages.append(begun.post(sheet_address(seat, 1), **ALL_TRUST))

    assert {page.headers["Cache-Control"] for page in pages} == {"no-store"}
    assert not {page.headers.get("Set-Cookie", "").partition("=")[0] for page in pages} & {"rater"}
    logged = caplog.text
    assert not [hidden for hidden in ("/r/", str(seat.id), round_.id.hex) if hidden in logged]


def test_who_asks_is_named_there(
    session: Session, begun: Visit, round_: Round, key_store: KeyStore
) -> None:
    round_.contact = "Ingrid <ingrid@example.org>"
    lose(session, round_, key_store, draft_key_name)

    assert "Questions? Ingrid &lt;ingrid@example.org&gt;." in begun.get("/r/seats").text


def test_who_was_writing_is_told_that_it_was_not_kept(
    session: Session, begun: Visit, round_: Round, seat: Seat, key_store: KeyStore
) -> None:
    session.expire_all()
    before = seat.draft
    lose(session, round_, key_store, draft_key_name)

    page = begun.post(sheet_address(seat, 3), keep="The canary sings.")

    session.expire_all()
    assert page.status_code == 409
    assert "What you did last was not kept." in page.text
    assert "canary" not in page.text
    assert seat.draft == before


def test_a_key_that_is_found_brings_everything_back(
    session: Session, begun: Visit, round_: Round, seat: Seat, key_store: KeyStore
) -> None:
    kept = key_store.get(draft_key_name(round_))
    lose(session, round_, key_store, draft_key_name)
    gone = begun.get(sheet_address(seat, 1))

    key_store.put(draft_key_name(round_), kept)

    assert gone.status_code == 409
    assert is_checked(begun.get(sheet_address(seat, 1)), "trust1", "4")


# --- Where nothing can be sent


@pytest.fixture
def unsealable(session: Session, begun: Visit, round_: Round, key_store: KeyStore) -> Visit:
    """Somebody on whose way the key that seals is lost."""
    lose(session, round_, key_store, private_key_name)
    return begun


@pytest.mark.parametrize("place", ["seats", "send"])
def test_nobody_finds_out_only_when_they_send(unsealable: Visit, seat: Seat, place: str) -> None:
    page = unsealable.get(address(seat, place)).text

    assert CANNOT_BE_SENT in page
    assert "Send my answers" not in page
    assert "What happens now." not in page
    assert "then send" not in page


def test_with_its_keys_a_round_says_nothing_of_them(begun: Visit, seat: Seat) -> None:
    listing, review = (begun.get(address(seat, place)).text for place in ("seats", "send"))

    assert CANNOT_BE_SENT not in listing + review
    assert "Send my answers" in review


def test_who_sends_all_the_same_is_told_kindly(
    session: Session, unsealable: Visit, seat: Seat
) -> None:
    page = unsealable.post(sheet_address(seat, "send"))

    session.expire_all()
    assert page.status_code == 409
    assert "What you wrote is kept." in page.text
    assert "409" not in said(page)
    assert not seat.answered


@pytest.mark.parametrize("is_reopened", [False, True])
def test_what_is_written_meanwhile_is_kept(
    session: Session,
    unsealable: Visit,
    round_: Round,
    seat: Seat,
    key_store: KeyStore,
    *,
    is_reopened: bool,
) -> None:
    written = unsealable.post(sheet_address(seat, 1), trust1="2")
    if is_reopened:
        again(session, round_, key_store)
        session.commit()

    assert written.status_code == 303
    assert is_checked(unsealable.get(sheet_address(seat, 1)), "trust1", "2")
    assert (CANNOT_BE_SENT in unsealable.get("/r/seats").text) != is_reopened


def test_a_trustees_key_that_is_lost_is_told_as_well(
    app: Flask, session: Session, entrusted_open: Round, key_store: KeyStore
) -> None:
    lose(session, entrusted_open, key_store, wrapped_key_name)
    visit = Visit(app)
    visit.begin(secret_for(seat_in(session, entrusted_open, "peer"), key_store))

    assert CANNOT_BE_SENT in visit.get("/r/seats").text


# --- Where the round is over


def test_nobody_is_told_that_their_sheet_is_counted_before_it_is(
    session: Session, begun: Visit, round_: Round, key_store: KeyStore
) -> None:
    lock_round(session, round_, at=NOON)
    lose(session, round_, key_store, private_key_name)

    page = said(begun.get("/r/seats"))

    assert "This round is not open" in page
    assert "stays sealed as you left it, until all sheets are counted together" in page
    assert "Should you have to send it again, you are told." in page


def test_whose_link_opens_nothing_reads_first_whether_the_round_is_over(visit: Visit) -> None:
    page = said(visit.get("/r/seats"))

    assert page.index("Is the round over?") < page.index("Is it still running?")
    assert "has been counted" not in page
    assert "What you sent is kept then; what you only began is not" in page


# --- Reminders


@pytest.fixture
def on_a_day_of_reminders(app: Flask) -> Iterator[None]:
    with app.app_context(), time_machine.travel(NOON + timedelta(days=7)):
        yield


def reminded(session: Session) -> set[Round]:
    on_its_way = sa.select(OutboxMail.subject_id).where(OutboxMail.template == "reminder")
    found = session.scalars(sa.select(Invitation).where(Invitation.id.in_(on_its_way)))
    return {invitation.round for invitation in found}


@pytest.mark.usefixtures("on_a_day_of_reminders")
@pytest.mark.parametrize("name", [private_key_name, link_key_name, draft_key_name])
def test_nobody_is_reminded_of_what_they_cannot_do(
    session: Session, round_: Round, key_store: KeyStore, name: Name
) -> None:
    other = make_open_round(session, key_store, peer=1)
    lose(session, round_, key_store, name)

    remind_raters()

    session.expire_all()
    assert reminded(session) == {other}
    assert round_.reminded_on is None


@pytest.mark.usefixtures("on_a_day_of_reminders")
def test_reminders_go_on_where_the_key_is_found(
    session: Session, round_: Round, key_store: KeyStore
) -> None:
    kept = key_store.get(private_key_name(round_))
    lose(session, round_, key_store, private_key_name)
    remind_raters()
    key_store.put(private_key_name(round_), kept)

    remind_raters()

    assert reminded(session) == {round_}


@pytest.mark.usefixtures("on_a_day_of_reminders")
@pytest.mark.parametrize("name", [private_key_name, link_key_name, draft_key_name])
def test_a_reminder_on_its_way_is_let_go(
    session: Session, round_: Round, seat: Seat, key_store: KeyStore, name: Name
) -> None:
    before = reminder_mail(session, seat.invitation_id)

    lose(session, round_, key_store, name)

    assert before
    assert reminder_mail(session, seat.invitation_id) is None
