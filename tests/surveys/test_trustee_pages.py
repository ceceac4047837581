"""A trustee's pages, and what HR sees of a trustee: from being named to the answers being scored."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.audit import AuditEntry
from core.db import db
from core.keys import KeyStore
from surveys.ballots.keynames import private_key_name
from surveys.jobs import round_waits, trustee_named
from surveys.models import Round
from surveys.services.keys import has_passphrase
from surveys.services.rounds import launch, lock_round
from surveys.services.trustees import name_trustee, set_passphrase, unlock
from tests.conftest import OpenApp, make_config
from tests.factories import NOON, make_account, make_leader, make_person, make_round
from tests.surveys.keys import OTHER, PASSPHRASE
from tests.surveys.rounds import SignIn, post
from tests.surveys.test_mails import check_snapshot

pytestmark = pytest.mark.usefixtures("cheap_passphrases")


@pytest.fixture
def trustee(session: Session) -> Account:
    person = make_person(session, "Tove Trust")
    person.email = "tove@example.org"
    account = make_account(session, "trustee", person=person)
    session.commit()
    return account


@pytest.fixture
def entrusted(session: Session, key_store: KeyStore, draft: Round, trustee: Account) -> Round:
    name_trustee(session, draft, trustee, key_store)
    session.commit()
    return draft


@pytest.fixture
def launched(session: Session, key_store: KeyStore, entrusted: Round) -> Round:
    set_passphrase(session, entrusted, key_store, drawn=PASSPHRASE, typed=PASSPHRASE)
    launch(session, entrusted, key_store, at=clock.now() - timedelta(days=2))
    session.commit()
    return entrusted


@pytest.fixture
def locked(session: Session, launched: Round) -> Round:
    lock_round(session, launched, at=clock.now())
    session.commit()
    return launched


def drawn_in(page: str) -> str:
    found = re.search(r'name="drawn"[^>]*value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def trustee_of(session: Session, round_: Round) -> UUID | None:
    return session.scalar(sa.select(Round.trustee_id).where(Round.id == round_.id))


def deeds(session: Session) -> list[str]:
    return list(session.scalars(sa.select(AuditEntry.deed).order_by(AuditEntry.number)))


# --- HR names one


def test_hr_names_a_trustee_and_changes_their_mind(
    client: FlaskClient, session: Session, draft: Round, trustee: Account
) -> None:
    place = f"/rounds/{draft.id}"
    assert "The key which opens the answers lies in the key store" in client.get(place).text

    page = post(client, f"{place}/trustee", trustee=str(trustee.id))
    assert f"Tove Trust ({trustee.email}) has been asked by mail to take a passphrase" in page
    assert trustee_of(session, draft) == trustee.id

    post(client, f"{place}/trustee", trustee=str(trustee.id))
    post(client, f"{place}/trustee", trustee="")
    assert trustee_of(session, draft) is None
    assert deeds(session) == ["changed the trustee of", "made trustee of it"] * 2


def test_hr_is_offered_only_those_who_may(
    client: FlaskClient, session: Session, draft: Round, trustee: Account
) -> None:
    coach = make_account(session, "coach")
    others = [make_account(session, *roles) for roles in (("leader",), ("trustee", "hr"))]
    session.commit()

    page = client.get(f"/rounds/{draft.id}").text

    assert all(f'value="{account.id}"' in page for account in (trustee, coach))
    assert not any(f'<option value="{account.id}"' in page for account in others)


def test_who_is_rated_is_refused_with_a_reason(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    rated = make_account(session, "trustee", person=draft.leaders[0].person)
    session.commit()

    page = post(client, f"/rounds/{draft.id}/trustee", trustee=str(rated.id))

    assert "cannot hold the key of this round" in page
    assert trustee_of(session, draft) is None


def test_hr_launches_when_the_trustee_is_ready(
    client: FlaskClient, session: Session, entrusted: Round, key_store: KeyStore
) -> None:
    place = f"/rounds/{entrusted.id}"
    assert "has no passphrase yet" in client.get(f"{place}/launch").text
    refused = post(client, f"{place}/launch", without_coach="y")
    assert "no passphrase for it yet" in refused

    set_passphrase(session, entrusted, key_store, drawn=PASSPHRASE, typed=PASSPHRASE)
    session.commit()
    assert "holds the passphrase to the key" in client.get(place).text
    assert "has no passphrase yet" not in client.get(f"{place}/launch").text
    page = post(client, f"{place}/launch", without_coach="y")

    assert "and waits for its trustee" in page
    assert "Locked with a passphrase that Tove Trust holds" in page


def test_hr_sees_for_whom_the_round_waits(
    client: FlaskClient, session: Session, locked: Round, key_store: KeyStore
) -> None:
    page = client.get(f"/rounds/{locked.id}").text
    assert "the round has waited for its trustee, Tove Trust" in page
    assert "are being scored" not in page
    assert "Waits for the trustee" in client.get("/rounds").text

    unlock(session, locked, key_store, passphrase=PASSPHRASE)
    session.commit()

    assert "are being scored" in client.get(f"/rounds/{locked.id}").text
    assert "Being scored" in client.get("/rounds").text


# --- The trustee's own pages


@pytest.fixture
def signed_in(sign_in: SignIn, trustee: Account) -> Callable[[], None]:
    """Sign the trustee in, in HR's place."""
    return lambda: sign_in(trustee)


def test_a_coach_with_a_key_finds_the_way_to_it(
    client: FlaskClient, session: Session, draft: Round, key_store: KeyStore, sign_in: SignIn
) -> None:
    coach = make_account(session, "coach")
    session.commit()
    sign_in(coach)
    assert "Your keys" not in client.get("/coach").text

    name_trustee(session, draft, coach, key_store)
    session.commit()

    assert 'href="/trustee"' in client.get("/coach").text


def test_a_trustee_takes_a_passphrase(
    client: FlaskClient,
    session: Session,
    entrusted: Round,
    key_store: KeyStore,
    signed_in: Callable[[], None],
) -> None:
    signed_in()
    place = f"/trustee/{entrusted.id}"
    assert client.get("/").location == "/trustee"
    assert "Take a passphrase." in client.get("/trustee").text
    assert "Take a passphrase" in client.get(place).text
    page = client.get(f"{place}/passphrase").text
    drawn = drawn_in(page)
    assert page.count(drawn) == 2
    assert drawn_in(client.get(f"{place}/passphrase").text) != drawn

    taken = post(client, f"{place}/passphrase", drawn=drawn, typed=drawn.upper())

    assert "Your passphrase is set" in taken
    assert drawn not in taken
    assert has_passphrase(entrusted, key_store)
    assert "None: keep your passphrase" in client.get("/trustee").text
    assert deeds(session) == ["took a passphrase for"]


@pytest.mark.parametrize("typed", ["", OTHER])
def test_a_slip_of_the_pen_shows_at_once(
    client: FlaskClient,
    entrusted: Round,
    key_store: KeyStore,
    signed_in: Callable[[], None],
    typed: str,
) -> None:
    signed_in()

    answer = client.post(
        f"/trustee/{entrusted.id}/passphrase", data={"drawn": PASSPHRASE, "typed": typed}
    )

    assert answer.status_code == 422
    assert drawn_in(answer.text) == PASSPHRASE
    assert not has_passphrase(entrusted, key_store)


def test_a_launched_round_asks_for_a_tick_before_its_key_is_thrown_away(
    client: FlaskClient, launched: Round, signed_in: Callable[[], None], key_store: KeyStore
) -> None:
    signed_in()
    place = f"/trustee/{launched.id}"
    before = sorted(path.read_bytes() for path in key_store.directory.iterdir())
    assert "is lost with the old one" in client.get(place).text
    page = client.get(f"{place}/passphrase").text
    assert "can never be opened" in page
    drawn = drawn_in(page)

    answer = client.post(f"{place}/passphrase", data={"drawn": drawn, "typed": drawn})
    assert answer.status_code == 422
    assert sorted(path.read_bytes() for path in key_store.directory.iterdir()) == before

    assert "is set" in post(client, f"{place}/passphrase", drawn=drawn, typed=drawn, lost="y")


def test_the_passphrase_ends_the_waiting(
    client: FlaskClient,
    session: Session,
    locked: Round,
    key_store: KeyStore,
    signed_in: Callable[[], None],
) -> None:
    signed_in()
    place = f"/trustee/{locked.id}"
    assert "Type your passphrase." in client.get("/trustee").text
    assert "has waited for your passphrase since" in client.get(place).text

    for wrong, said in ((OTHER, "nothing is lost"), ("", "Type the passphrase")):
        answer = client.post(f"{place}/unlock", data={"passphrase": wrong})
        assert (answer.status_code, said in answer.text) == (422, True)
        assert not key_store.has(private_key_name(locked))
    assert "being scored" in post(client, f"{place}/unlock", passphrase=PASSPHRASE)

    assert key_store.has(private_key_name(locked))
    assert deeds(session) == ["unlocked the key of"]
    locked.closed_at = clock.now()
    session.commit()
    assert "You can throw it away" in client.get(place).text


def test_it_is_too_early_while_raters_may_answer(
    client: FlaskClient, launched: Round, signed_in: Callable[[], None]
) -> None:
    signed_in()

    answer = client.post(f"/trustee/{launched.id}/unlock", data={"passphrase": PASSPHRASE})

    assert (answer.status_code, "Raters may still answer" in answer.text) == (409, True)


def test_a_coach_may_be_the_trustee_and_nobody_else_gets_in(
    client: FlaskClient, session: Session, draft: Round, key_store: KeyStore, sign_in: SignIn
) -> None:
    coach, other = (make_account(session, "coach") for _ in range(2))
    name_trustee(session, draft, coach, key_store)
    session.commit()

    sign_in(other)
    assert client.get(f"/trustee/{draft.id}").status_code == 404
    assert "No keys yet" in client.get("/trustee").text
    sign_in(coach)
    assert client.get(f"/trustee/{draft.id}").status_code == 200


@pytest.fixture
def slow(open_app: OpenApp, tmp_path: Path) -> tuple[FlaskClient, str]:
    """A client signed in as the trustee of a locked round, with limits on, and the round's address."""
    config = make_config(tmp_path, f"sqlite:///{tmp_path / 'db' / 'own.sqlite'}")
    app: Flask = open_app(config, WTF_CSRF_ENABLED=False)
    with app.app_context():
        app.extensions["alembic"].upgrade()
        key_store: KeyStore = app.extensions["key_store"]
        round_ = make_round(db.session)
        make_leader(db.session, round_, peer=1)
        trustee = make_account(db.session, "trustee")
        name_trustee(db.session, round_, trustee, key_store)
        set_passphrase(db.session, round_, key_store, drawn=PASSPHRASE, typed=PASSPHRASE)
        launch(db.session, round_, key_store, at=NOON)
        lock_round(db.session, round_, at=NOON)
        db.session.commit()
        signature, place = trustee.fs_uniquifier, f"/trustee/{round_.id}/unlock"
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = signature, True
    return client, place


def test_a_passphrase_cannot_be_guessed_without_end(slow: tuple[FlaskClient, str]) -> None:
    client, place = slow
    answers = [client.post(place, data={"passphrase": OTHER}).status_code for _ in range(6)]

    assert answers == [422] * 5 + [429]
    assert client.post(place, data={"passphrase": PASSPHRASE}).status_code == 429


# --- The mails


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_the_trustee_is_asked_to_take_a_passphrase_until_they_have_one(
    session: Session, entrusted: Round, key_store: KeyStore, in_app: None
) -> None:
    check_snapshot(trustee_named(session, entrusted.id), "trustee_named", str(entrusted.id))

    set_passphrase(session, entrusted, key_store, drawn=PASSPHRASE, typed=PASSPHRASE)
    assert trustee_named(session, entrusted.id) is None


def test_the_trustee_is_asked_for_it_while_the_round_waits(
    session: Session, locked: Round, key_store: KeyStore, in_app: None
) -> None:
    locked.locked_at = NOON
    check_snapshot(round_waits(session, locked.id), "round_waits", str(locked.id))

    unlock(session, locked, key_store, passphrase=PASSPHRASE)
    assert round_waits(session, locked.id) is None


def test_a_round_without_a_trustee_asks_nobody(
    session: Session, open_round: Round, in_app: None
) -> None:
    assert trustee_named(session, open_round.id) is None
    assert round_waits(session, open_round.id) is None


def test_a_trustee_outside_the_directory_is_greeted_too(
    session: Session, draft: Round, key_store: KeyStore, in_app: None
) -> None:
    name_trustee(session, draft, make_account(session, "coach"), key_store)
    session.flush()

    mail = trustee_named(session, draft.id)

    assert mail
    assert mail.text.startswith("Good day,")
