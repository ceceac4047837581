"""A trustee is called by name where the directory knows their address; raters never read the address."""

import logging
from collections.abc import Iterator
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core.keys import KeyStore
from surveys.jobs import MAILS
from surveys.models import Round
from surveys.queries.keys import TO_FORMER, TO_TRUSTEES
from surveys.services.rounds import launch, lock_round
from surveys.services.trustees import name_trustee
from tests.factories import NOON, make_account, make_person
from tests.house.test_access import TABLE, Row, answer, matrix
from tests.house.world import ROLES, World, build, undone
from tests.surveys.keys import PASSPHRASE, take
from tests.visits import Visit, seat_in, secret_for

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

WITH_ADDRESS = {"hr", "rated_hr", "administrator"}
OTHERS = tuple(role for role in ROLES if role not in WITH_ADDRESS)
"""Everybody who may be a rater, or talks with raters; nobody of them is the trustee here."""


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def unjoined(session: Session) -> Account:
    """Somebody whom the directory knows by address alone, written in another way."""
    make_person(session, "Tove Trust").email = "tove@example.org"
    account = make_account(session, "trustee")
    account.email = "Tove@Example.org"
    session.commit()
    return account


@pytest.fixture
def stranger(session: Session) -> Account:
    account = make_account(session, "trustee")
    account.email = "stranger@elsewhere.example"
    session.commit()
    return account


def text(client: FlaskClient, address: str) -> str:
    return " ".join(unescape(client.get(address).text).split())


# --- By name, where the directory has the address


def test_who_is_joined_is_called_as_joined(session: Session, unjoined: Account) -> None:
    assert unjoined.name == "Tove Trust"

    unjoined.person = make_person(session, "Tove Thorsen")

    assert unjoined.name == "Tove Thorsen"


def test_hr_reads_the_name_everywhere(
    client: FlaskClient,
    session: Session,
    *,
    draft: Round,
    unjoined: Account,
    key_store: KeyStore,
) -> None:
    place = f"/rounds/{draft.id}"
    assert f'<option value="{unjoined.id}">Tove Trust</option>' in text(client, place)

    name_trustee(session, draft, unjoined, key_store)
    session.commit()
    assert f"Tove Trust ({unjoined.email}) has been asked by mail" in text(client, place)
    assert "Tove Trust stays the trustee" in text(client, f"{place}/launch")

    take(session, draft, key_store, PASSPHRASE)
    launch(session, draft, key_store, at=NOON)
    session.commit()
    assert "a passphrase that Tove Trust holds" in text(client, place)
    assert "when Tove Trust has given the passphrase" in text(client, f"{place}/close")

    lock_round(session, draft, at=NOON)
    session.commit()
    assert "for its trustee, Tove Trust, who alone" in text(client, place)
    assert "does not know this address" not in text(client, place)


def test_the_trustee_is_greeted_by_name(
    session: Session, draft: Round, unjoined: Account, key_store: KeyStore, in_app: None
) -> None:
    name_trustee(session, draft, unjoined, key_store)
    session.flush()

    mail = MAILS["trustee_named"](session, draft.id)

    assert mail
    assert mail.text.startswith("Dear Tove Trust,")


def test_raters_read_the_name(
    app: Flask, session: Session, open_round: Round, unjoined: Account, key_store: KeyStore
) -> None:
    open_round.trustee = unjoined
    session.commit()

    assert "Tove Trust" in seats_page(app, session, open_round, key_store)


def seats_page(app: Flask, session: Session, round_: Round, key_store: KeyStore) -> str:
    visit = Visit(app)
    visit.begin(secret_for(seat_in(session, round_, "peer"), key_store))
    return " ".join(visit.get("/r/seats").text.split())


# --- Where it has not


@pytest.mark.parametrize("state", ["draft", "open", "locked"])
def test_hr_reads_the_address_and_where_to_add_it(
    client: FlaskClient, session: Session, hr: Account, state: str, entrusted_draft: Round
) -> None:
    key_store: KeyStore = client.application.extensions["key_store"]
    round_, trustee = entrusted_draft, entrusted_draft.trustee
    assert trustee
    if state != "draft":
        take(session, round_, key_store, PASSPHRASE)
        launch(session, round_, key_store, at=NOON)
    if state == "locked":
        lock_round(session, round_, at=NOON)
    session.commit()

    page = text(client, f"/rounds/{round_.id}")

    assert f"{trustee.email} holds. The directory does not know this address" in page
    assert '<a href="/people/import">import that</a>' in page


@pytest.fixture
def world(app: Flask, session: Session, key_store: KeyStore, stranger: Account) -> World:
    """A world whose open and closed rounds a stranger holds the keys of."""
    app.config["WTF_CSRF_ENABLED"] = False
    world = build(app, session, key_store)
    for state in ("open", "closed"):
        round_of(world, session, state).trustee = stranger
    session.commit()
    return world


def round_of(world: World, session: Session, state: str) -> Round:
    round_id: UUID = world.places[state]["leader"]["round_id"]
    return session.get_one(Round, round_id)


def shown(world: World, session: Session, row: Row, role: str) -> str:
    with undone(session), answer(world, row, role) as response:
        return f"{response.headers}{response.get_data()!r}"


def test_nobody_but_hr_reads_the_address(
    world: World, session: Session, stranger: Account, caplog: pytest.LogCaptureFixture
) -> None:
    every = matrix(TABLE.read_text())
    rows = [row for row in every if row.method == "GET" or row.endpoint.startswith("raters.")]
    with caplog.at_level(logging.INFO):
        found = {
            f"{row.route} for {role}"
            for row in rows
            for role in OTHERS
            if stranger.email in shown(world, session, row, role)
        }

    assert found == set()
    assert stranger.email not in caplog.text


def test_the_same_search_finds_it_on_hrs_pages(
    world: World, session: Session, stranger: Account
) -> None:
    rows = {row.route: row for row in matrix(TABLE.read_text()) if row.on == "open"}

    assert stranger.email in shown(world, session, rows["GET rounds.show"], "hr")


@pytest.mark.parametrize("template", MAILS.keys() - {*TO_TRUSTEES, TO_FORMER})
def test_no_mail_to_raters_has_the_address(
    session: Session, open_round: Round, stranger: Account, in_app: None, template: str
) -> None:
    open_round.trustee = stranger
    session.commit()

    mail = MAILS[template](session, open_round.leaders[0].seats[0].invitation_id)

    assert mail
    assert stranger.email not in mail.text
    if template == "invitation":
        assert "a trustee outside the round" in mail.text


def test_raters_read_of_somebody_outside_the_round(
    app: Flask, session: Session, open_round: Round, stranger: Account, key_store: KeyStore
) -> None:
    open_round.trustee = stranger
    session.commit()

    page = seats_page(app, session, open_round, key_store)

    assert "a trustee outside the round" in page
    assert stranger.email not in page
