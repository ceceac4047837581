"""Hints beside comments: only for raters who are not named, kept nowhere, in nobody's way."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.models import Round, Seat
from surveys.services.rounds import launch
from surveys.services.seats import Rater, invite_all
from tests.factories import NOON, make_leader, make_open_round, make_person, make_round
from tests.statements import counted_statements
from tests.visits import Visit, seat_in, secret_for, sheet_address

TELLING = "Tamsin Quillfeather asked in March 2024."
QUOTED = re.compile(r"<q>([^<]+)</q>")


def hinted(visit: Visit, seat: Seat, comment: str) -> list[str]:
    """Write a comment and return what the review page finds in it."""
    visit.post(sheet_address(seat, 3), keep=comment)
    return QUOTED.findall(visit.get(sheet_address(seat, "send")).text)


def visit_of(app: Flask, seat: Seat, key_store: KeyStore) -> Visit:
    visit = Visit(app)
    visit.begin(secret_for(seat, key_store))
    visit.get("/r/seats")
    return visit


@contextmanager
def everything_asked(session: Session) -> Iterator[list[str]]:
    """Collect statements with what is bound to them."""
    asked: list[str] = []

    def collect(*arguments: object) -> None:
        asked.append(f"{arguments[2]} {arguments[3]!r}")

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", collect)
    try:
        yield asked
    finally:
        sa.event.remove(connection, "before_cursor_execute", collect)


@pytest.fixture
def colleague(session: Session) -> str:
    """Somebody of the directory who has no part in the round."""
    name = make_person(session, "Tamsin Quillfeather").name
    session.commit()
    return name


def test_the_review_names_what_could_tell_and_leads_back_to_it(
    inside: Visit, seat: Seat, colleague: str
) -> None:
    assert hinted(inside, seat, TELLING) == [colleague, "in March 2024"]

    page = inside.get(sheet_address(seat, "send")).text
    assert "This could tell who wrote it" in page
    assert f'href="{sheet_address(seat, 3)}#keep">Change it' in page


def test_the_page_of_questions_shows_it_when_it_is_opened_again(
    inside: Visit, seat: Seat, colleague: str
) -> None:
    inside.post(sheet_address(seat, 3), keep=TELLING)

    assert QUOTED.findall(inside.get(sheet_address(seat, 3)).text) == [colleague, "in March 2024"]


def test_a_harmless_comment_has_no_hint(inside: Visit, seat: Seat, colleague: str) -> None:
    assert hinted(inside, seat, "Asks before deciding.") == []
    assert "could tell who" not in inside.get(sheet_address(seat, "send")).text


def test_the_leaders_own_name_is_harmless(inside: Visit, seat: Seat) -> None:
    assert hinted(inside, seat, f"{seat.leader.name} listens.") == []


def test_raters_are_warned_of_their_own_name(session: Session, inside: Visit, seat: Seat) -> None:
    seat.invitation.name = "Wilhelmina Oakenshield"
    session.commit()

    assert hinted(inside, seat, "Greetings, Wilhelmina") == ["Wilhelmina"]


@pytest.mark.parametrize("group", ["self", "supervisor"])
def test_whoever_is_named_needs_no_hint(
    app: Flask, session: Session, round_: Round, key_store: KeyStore, colleague: str, group: str
) -> None:
    seat = seat_in(session, round_, group)
    visit = visit_of(app, seat, key_store)

    assert hinted(visit, seat, TELLING) == []
    assert "could-tell" not in visit.get(sheet_address(seat, 3)).text


def test_hints_do_not_tell_who_else_is_asked(
    app: Flask, session: Session, key_store: KeyStore
) -> None:
    """A guest of the round is not in the directory: trying out names finds nothing."""
    round_ = make_round(session)
    leader = make_leader(session, round_, peer=1)
    guest = Rater("client", name="Ottoline Brackenbury", email="o@example.org")
    invite_all(session, leader, [guest])
    launch(session, round_, key_store, at=NOON)
    session.commit()
    seat = seat_in(session, round_, "peer")

    assert hinted(visit_of(app, seat, key_store), seat, "Ottoline Brackenbury said so") == []


def test_guests_do_not_learn_who_works_here(
    app: Flask, session: Session, key_store: KeyStore, colleague: str
) -> None:
    round_ = make_round(session)
    leader = make_leader(session, round_)
    guest = Rater("client", name="Ottoline Brackenbury", email="o@example.org")
    invite_all(session, leader, [guest])
    launch(session, round_, key_store, at=NOON)
    session.commit()
    seat = seat_in(session, round_, "client")

    assert hinted(visit_of(app, seat, key_store), seat, f"Ottoline. {TELLING}") == [
        "Ottoline",
        "in March 2024",
    ]


def test_a_hint_keeps_nobody_from_sending(
    session: Session, inside: Visit, seat: Seat, colleague: str
) -> None:
    hinted(inside, seat, TELLING)

    inside.post(sheet_address(seat, "send"))

    session.expire_all()
    assert seat.answered


def test_no_word_of_a_comment_reaches_the_database_or_a_log(
    session: Session,
    inside: Visit,
    seat: Seat,
    colleague: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG), everything_asked(session) as asked:
        assert hinted(inside, seat, TELLING)
        inside.get(sheet_address(seat, 3))

    assert any("person" in statement for statement in asked)
    assert not re.search("Quillfeather|March", "".join(asked) + caplog.text)


def test_without_comments_nobody_is_looked_up(session: Session, inside: Visit, seat: Seat) -> None:
    addresses = [sheet_address(seat, page) for page in (1, 3, "send")]
    with counted_statements(session) as statements:
        for address in addresses:
            inside.get(address)

    assert not re.search(r"FROM person", "".join(statements))


def test_the_review_asks_no_more_for_a_large_directory(
    app: Flask, session: Session, key_store: KeyStore
) -> None:
    round_ = make_open_round(session, key_store, peer=9)
    session.commit()
    seat = seat_in(session, round_, "peer")
    visit = visit_of(app, seat, key_store)
    visit.post(sheet_address(seat, 3), keep=TELLING)
    address = sheet_address(seat, "send")

    with counted_statements(session) as statements:
        visit.get(address)

    assert len([query for query in statements if query.startswith("SELECT")]) == 5
