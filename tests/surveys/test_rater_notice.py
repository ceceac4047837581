"""What raters are told before they answer, and that it is true of their round."""

import inspect
import re
from datetime import date
from itertools import product

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from assess.publication.agreement import AGREEMENT_RATERS
from assess.publication.comments import publishable
from assess.publication.protection import PROTECTIONS as LEVELS
from assess.publication.protection import STANDARD
from assess.publication.symbols import symbol
from core.keys import KeyStore
from instruments.questionnaires import Scale
from surveys.forms.sheets import band_ends
from surveys.models import ANSWERED_MINIMUMS, MINIMUMS, Round, Seat
from surveys.services.rounds import launch, raise_protection
from tests.factories import (
    NOON,
    make_leader,
    make_open_round,
    make_round,
)
from tests.statements import counted_statements
from tests.surveys.notices import NUMBERS, entrust, list_in, listing_for
from tests.visits import Visit, seat_in, secret_for, sheet_address


def test_who_is_not_named_is_told_so(inside: Visit) -> None:
    page = inside.get("/r/seats").text

    assert "Your name is not shown, and nobody reads your sheet" in page
    assert "averages of a group of at least four" in page
    assert "Where you are" not in page


@pytest.mark.parametrize("group", ["supervisor", "supervisors_supervisor"])
def test_who_is_named_is_told_so(
    app: Flask, session: Session, key_store: KeyStore, group: str
) -> None:
    round_ = make_open_round(session, key_store, **{group: 1})

    page = listing_for(app, session, key_store, seat_in(session, round_, group))

    assert "Shown under your name." in page
    assert "nobody reads your sheet" not in page
    assert "HR can see that your sheet is in, not what is on it." in " ".join(page.split())
    assert "a good guess" not in page


@pytest.mark.parametrize(
    ("names", "told"), [(True, "Shown under your name."), (False, "You are not named.")]
)
def test_past_supervisors_are_told_how_it_is_in_their_round(
    app: Flask, session: Session, key_store: KeyStore, *, names: bool, told: str
) -> None:
    round_ = make_round(session)
    round_.names_past_supervisors = names
    make_leader(session, round_, past_supervisor=1)
    launch(session, round_, key_store, at=NOON)

    page = listing_for(app, session, key_store, seat_in(session, round_, "past_supervisor"))

    assert told in page


@pytest.mark.parametrize("protection", ["standard", "strict", "threshold"])
def test_each_protection_is_told_as_it_is(
    app: Flask, session: Session, key_store: KeyStore, protection: str
) -> None:
    round_ = make_round(session, protection=protection)
    make_leader(session, round_, peer=5)
    launch(session, round_, key_store, at=NOON)
    number = {3: "three", 4: "four", 5: "five"}[LEVELS[protection].minimum]

    page = listing_for(app, session, key_store, seat_in(session, round_, "peer"))

    page = " ".join(page.split())
    assert f"averages of a group of at least {number}" in page
    assert ("may rest on three of them" in page) == (protection == "standard")
    assert ("“4.5 or more” or “1.5 or less”" in page) == (protection == "standard")
    assert ("protects you less than usual" in page) == (protection == "threshold")


def test_what_is_told_of_protections_is_what_is_kept() -> None:
    assert {name: level.minimum for name, level in LEVELS.items()} == MINIMUMS
    assert {name: level.answered_minimum for name, level in LEVELS.items()} == ANSWERED_MINIMUMS


@pytest.mark.parametrize(("low", "high"), [(1, 4), (1, 5), (1, 6), (0, 8), (1, 7), (-3, 3)])
def test_the_bands_that_are_told_are_those_of_the_report(low: int, high: int) -> None:
    scale = Scale(low, high, labels=(), not_observed="")
    best, worst = (
        str(symbol([mark] * 6, raters=6, protection=STANDARD, low=low, high=high))
        for mark in (high, low)
    )

    assert (f"{band_ends(scale)[0]}-", f"{band_ends(scale)[1]}+") == (worst, best)


def test_a_named_rater_with_other_sheets_learns_where_they_are_not_named(
    app: Flask, session: Session, key_store: KeyStore
) -> None:
    round_ = make_round(session)
    make_leader(session, round_, peer=1)
    own = make_leader(session, round_, client=1).seats[0]
    seat = seat_in(session, round_, "peer")
    seat.invitation = own.invitation
    launch(session, round_, key_store, at=NOON)

    page = listing_for(app, session, key_store, seat)

    assert "Where you are not named" in page
    assert "About yourself" in page


def test_who_asks_is_on_every_page(
    session: Session, inside: Visit, round_: Round, seat: Seat
) -> None:
    round_.contact = "Ingrid <ingrid@example.org>"
    session.commit()

    for address in ("/r/seats", sheet_address(seat, 1), sheet_address(seat, "send")):
        assert "Questions? Ingrid &lt;ingrid@example.org&gt;." in inside.get(address).text


def test_what_is_raised_is_told_at_once(
    session: Session, inside: Visit, round_: Round, key_store: KeyStore
) -> None:
    raise_protection(session, round_, "strict", key_store)
    session.commit()

    assert "averages of a group of at least five" in " ".join(inside.get("/r/seats").text.split())


def test_what_is_not_promised_is_printed_beside_the_promise(inside: Visit) -> None:
    page = inside.get("/r/seats").text

    for limit in (
        "changes the program",
        "recognise",
        "all the other raters",
        "network",
        "mail system",
        "guess",
    ):
        assert limit in page


def test_the_rounds_own_notice_is_text(session: Session, inside: Visit, round_: Round) -> None:
    round_.notice = "<b>Welcome</b>"
    session.commit()

    assert "&lt;b&gt;Welcome" in inside.get("/r/seats").text


@pytest.mark.parametrize("page", ["1", "3", "send", "decline"])
def test_every_page_says_who_will_see_this(inside: Visit, seat: Seat, page: str) -> None:
    assert "Who will see this, and how" in inside.get(sheet_address(seat, page)).text


def test_no_page_knows_the_raters_name(inside: Visit, seat: Seat) -> None:
    pages = [inside.get(address).text for address in ("/r", "/r/seats", sheet_address(seat, 1))]

    assert seat.invitation.name not in "".join(pages)


def test_somebody_signed_in_is_not_seen_by_these_pages(
    app: Flask, inside: Visit, session: Session
) -> None:
    with inside.client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody"

    with counted_statements(session) as statements:
        page = inside.get("/r")

    assert not re.search("invitation|seat", "".join(statements)), statements
    assert "Sign out" not in page.text


def test_the_list_costs_as_little_for_many_leaders_as_for_one(
    app: Flask, session: Session, key_store: KeyStore
) -> None:
    round_ = make_open_round(session, key_store, peer=1)
    visit = Visit(app)
    session.commit()
    visit.begin(secret_for(seat_in(session, round_, "peer"), key_store))

    with counted_statements(session) as statements:
        visit.get("/r/seats")

    assert len([query for query in statements if query.startswith("SELECT")]) == 2


# --- What depends on the round


@pytest.mark.parametrize(
    ("protection", "told"), [("standard", True), ("threshold", True), ("strict", False)]
)
def test_one_colleague_is_feared_where_one_can_subtract(
    app: Flask, session: Session, key_store: KeyStore, protection: str, *, told: bool
) -> None:
    page = list_in(session, key_store, app, protection=protection)

    limit = "or one who sees the report and subtracts their own answer"
    assert (f"of your group, acting together or invented by HR, {limit}," in page) == told
    assert (limit in page) == told


def test_one_colleague_can_subtract_at_standard() -> None:
    """Of four raters, one who gave a 5 and reads "2.0" knows that the others all gave a 1."""
    others = [
        given
        for given in product(range(1, 6), repeat=3)
        if str(symbol([5, *given], raters=4, protection=STANDARD, low=1, high=5)) == "2.0"
    ]

    assert others == [(1, 1, 1)]


def test_who_is_told_of_one_colleague_is_not_when_more_is_protected(
    session: Session, inside: Visit, round_: Round
) -> None:
    before = inside.get("/r/seats").text
    round_.protection = "strict"
    session.commit()

    assert "subtracts" in before
    assert "subtracts" not in inside.get("/r/seats").text


@pytest.mark.parametrize("group", ["self", "supervisor", "peer"])
@pytest.mark.parametrize("day", [None, date(2027, 1, 5)])
def test_who_reads_first_is_told_as_the_round_has_it(
    app: Flask, session: Session, key_store: KeyStore, group: str, day: date | None
) -> None:
    policy = "on_date" if day else "by_coach"

    page = list_in(session, key_store, app, group, release_on=day, release_policy=policy)

    talked = "The coach reads the report first and talks it through with the leader."
    assert (talked in page) == (day is None)
    assert bool(
        re.search("The coach and, from <.*?>5&nbsp;January 2027<.*?>, the leader", page)
    ) == bool(day)


@pytest.mark.parametrize("group", ["self", "supervisor", "peer"])
@pytest.mark.parametrize("purpose", ["development", "decision"])
def test_it_is_told_what_the_round_is_for_and_who_is_shown_the_report(
    app: Flask, session: Session, key_store: KeyStore, group: str, purpose: str
) -> None:
    page = list_in(session, key_store, app, group, purpose=purpose)

    decides = "Those who decide get no report from us; the leader or the coach may show it to them."
    assert (decides in page) == (purpose == "decision")
    assert ("not made for decisions" in page) == (purpose == "development")
    assert ("may pass it on" in page) == (purpose == "development" and group == "peer")


@pytest.mark.parametrize("protection", ["standard", "strict", "threshold"])
def test_less_protection_is_told_before_any_comfort(
    app: Flask, session: Session, key_store: KeyStore, protection: str
) -> None:
    page = list_in(session, key_store, app, protection=protection)

    lead, _, rest = page.partition("no administrator through this program.</p>")
    assert lead
    assert rest.lstrip().startswith('<div class="notice look">') == (protection == "threshold")


@pytest.mark.parametrize("protection", ["standard", "strict", "threshold"])
def test_why_nobody_reads_a_sheet_and_what_is_made_of_it(
    app: Flask, session: Session, key_store: KeyStore, protection: str
) -> None:
    page = list_in(session, key_store, app, protection=protection)

    assert "Your sheet is sealed as it arrives." in page
    assert (
        "they count in figures of the whole round, about at least eighty people and ten leaders"
        in page
    )
    assert (
        f"From {NUMBERS[AGREEMENT_RATERS]} people on, the report may say whether they agree" in page
    )


def test_what_is_told_of_comments_is_what_is_kept(inside: Visit) -> None:
    rules = inspect.signature(publishable).parameters
    page = " ".join(inside.get("/r/seats").text.split())

    assert f"only where at least {NUMBERS[rules['minimum'].default]} people wrote" in page
    assert f"where {NUMBERS[rules['label_minimum'].default]} of a group did" in page


@pytest.mark.parametrize("group", ["self", "supervisor"])
def test_who_is_named_is_promised_nothing_of_groups(
    app: Flask, session: Session, key_store: KeyStore, group: str
) -> None:
    page = list_in(session, key_store, app, group)

    for promise in ("averages", "subtracts", "whole round", "may say whether", "nobody reads"):
        assert promise not in page


# --- The key and the receipt


@pytest.mark.parametrize("group", ["self", "supervisor", "peer"])
def test_everybody_is_told_of_the_receipt(
    app: Flask, session: Session, round_: Round, key_store: KeyStore, group: str
) -> None:
    page = listing_for(app, session, key_store, seat_in(session, round_, group))

    assert "For each sheet you send you get a receipt" in page


def test_a_trustee_is_named_to_everybody_who_answers(
    session: Session, inside: Visit, round_: Round
) -> None:
    entrust(session, round_, "Tilda Thorne")

    page = " ".join(inside.get("/r/seats").text.split())

    assert "with only the server\u2019s keys:</strong> Tilda Thorne holds the passphrase" in page
    assert "What you begin opens only in this browser." in page
    assert "changes the program or the key of the round, to spy on you" in page
    assert "Tilda Thorne and somebody who runs this server, both together" in page


def test_without_a_trustee_no_more_is_promised(inside: Visit) -> None:
    page = " ".join(inside.get("/r/seats").text.split())

    assert "passphrase" not in page
    assert "changes the program, or takes its keys, to spy on you" in page


@pytest.mark.parametrize("minimum", NUMBERS)
def test_every_minimum_has_its_word(
    inside: Visit, seat: Seat, monkeypatch: pytest.MonkeyPatch, minimum: int
) -> None:
    """Scales of few points need larger groups."""
    monkeypatch.setattr(Round, "minimum", minimum)
    word = NUMBERS[minimum]

    notice, sheet = (
        " ".join(inside.get(address).text.split())
        for address in ("/r/seats", sheet_address(seat, 1))
    )

    assert re.search(f"averages of a group of at least {word}[.;]", notice)
    assert f"If fewer than {word} people of your group" in notice
    assert f"averages of a group of at least {word}, and comments" in sheet
