"""What raters are told when a round is opened again, and how it then goes on to its end."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from assess.jobs import close_locked_rounds
from core import clock
from core.db import db
from core.keys import KeyLostError, KeyStore
from surveys.ballots.keynames import (
    draft_key_name,
    link_key_name,
    private_key_name,
    secret_names,
)
from surveys.jobs import MAILS, look_after_keys
from surveys.models import Invitation, Round
from surveys.services.keys import NOTHING, loss_of
from surveys.services.rounds import (
    launch,
    lock_round,
    secret_of,
)
from tests.factories import NOON, make_open_round, make_round
from tests.surveys.keys import OTHER, Name, again, lose, take
from tests.surveys.test_mails import check_snapshot, invited
from tests.visits import Visit, seat_in, secret_for

KEY, LINKS, DRAFTS = private_key_name, link_key_name, draft_key_name


# --- The whole way


Sheets = dict[str, Visit]
"""Everybody's browser by the address of their sheet."""


@pytest.fixture
def sent(own_app: Flask) -> Sheets:
    """An open round in which everybody has sent their sheet by their own link."""
    with own_app.app_context():
        key_store: KeyStore = own_app.extensions["key_store"]
        round_ = make_open_round(db.session, key_store, peer=4)
        round_.deadline = clock.now() + timedelta(days=3)
        db.session.commit()
        everybody = round_.leaders[0].seats
        secrets = {f"/r/seats/{seat.id}": secret_for(seat, key_store) for seat in everybody}
    sheets = {address: Visit(own_app) for address in secrets}
    for address, visit in sheets.items():
        visit.begin(secrets[address])
        visit.get(f"{address}/1")
        visit.post(f"{address}/1", trust1="4")
    send_all(sheets)
    return sheets


def send_all(sheets: Sheets) -> None:
    """Look each sheet over, find one answer on it, and send it."""
    for address, visit in sheets.items():
        assert "1 of 3 answered" in visit.get(f"{address}/send").text
        assert visit.post(f"{address}/send").status_code == 303


def lock_and_close(app: Flask, *, losing: Callable[[Round], str] | None = None) -> str:
    """Lock the round, perhaps lose a secret, let close run, and return how the round is then."""
    with app.app_context():
        round_ = db.session.scalars(sa.select(Round)).one()
        lock_round(db.session, round_, at=clock.now())
        db.session.commit()
        if losing:
            app.extensions["key_store"].destroy(losing(round_))
        close_locked_rounds()
        return db.session.scalars(sa.select(Round)).one().state


def test_raters_send_their_drafts_again_and_the_round_closes(
    own_app: Flask, sent: Sheets, caplog: pytest.LogCaptureFixture
) -> None:
    assert lock_and_close(own_app, losing=KEY) == "locked"
    assert "is not in the key store" in caplog.text

    tomorrow = f"{clock.today() + timedelta(days=1)}"
    with own_app.app_context():
        round_id = str(db.session.scalars(sa.select(Round.id)).one())
    reopen = ["surveys", "reopen", round_id, "--deadline", tomorrow, "--yes"]
    own_app.test_cli_runner().invoke(args=reopen)
    send_all(sent)

    assert lock_and_close(own_app) == "closed"


@pytest.mark.parametrize("lost", [KEY, LINKS, DRAFTS])
def test_the_operator_is_told_which_round_has_lost_a_secret(
    app: Flask,
    session: Session,
    partly: Round,
    key_store: KeyStore,
    caplog: pytest.LogCaptureFixture,
    lost: Name,
) -> None:
    def said() -> str:
        caplog.clear()
        with caplog.at_level(logging.WARNING), app.app_context():
            look_after_keys()
        return caplog.text

    assert said() == ""
    lose(session, partly, key_store, lost)
    told = said()
    assert f"A secret of round {partly.id} is missing" in told
    assert f"KEY_STORE is {key_store.directory}" in told


def test_a_key_that_turns_up_after_close_is_destroyed(
    app: Flask, session: Session, partly: Round, key_store: KeyStore
) -> None:
    for name in secret_names(partly):
        key_store.put(name, bytes(32))
    partly.locked_at = partly.closed_at = NOON
    still_open = make_open_round(session, key_store, peer=1)
    session.commit()

    with app.app_context():
        look_after_keys()

    assert [name for name in secret_names(partly) if key_store.has(name)] == []
    assert loss_of(session, still_open, key_store) == NOTHING


# --- The mails


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("names", "mail"),
    [((KEY,), "sheets_lost"), ((LINKS,), "sheets_and_drafts_lost"), ((DRAFTS,), "drafts_lost")],
)
def test_the_mail_says_what_is_lost_and_what_to_do(
    session: Session, key_store: KeyStore, in_app: None, names: tuple[Name, ...], mail: str
) -> None:
    round_ = make_round(session)
    round_.contact = "Ingrid of HR, ingrid@example.org"
    kim = invited(session, round_, "peer")
    launch(session, round_, key_store, at=NOON)
    lose(session, round_, key_store, *names)
    again(session, round_, key_store)

    check_snapshot(MAILS[mail](session, kim.id), mail, secret_of(kim, key_store))


def test_no_mail_carries_a_link_that_leads_nowhere(
    session: Session, key_store: KeyStore, in_app: None
) -> None:
    """As after a round was opened again with another key store: the worker has the key of before."""
    round_ = make_round(session)
    kim = invited(session, round_, "peer")
    launch(session, round_, key_store, at=NOON)
    key_store.put(LINKS(round_), bytes(32))

    for mail in ("invitation", "sheets_lost"):
        with pytest.raises(KeyLostError, match="another key"):
            MAILS[mail](session, kim.id)


def test_with_a_trustee_the_mail_promises_no_draft_of_what_was_sent(
    session: Session, key_store: KeyStore, in_app: None, entrusted_locked: Round
) -> None:
    """The sheet that was sent left none: whoever has the key store could have read it."""
    take(session, entrusted_locked, key_store, OTHER)
    again(session, entrusted_locked, key_store)

    guest = entrusted_locked.leaders[0].seats[0].invitation_id
    mail = MAILS["sheets_lost"](session, guest)

    assert mail
    assert "What you had sent cannot be shown to you" in mail.text
    assert "What you had written is still there" not in mail.text


def test_everybody_reads_the_same_whether_they_had_answered_or_not(
    session: Session, partly: Round, key_store: KeyStore, in_app: None
) -> None:
    """Whoever runs the mail system must not learn from it who had."""
    lose(session, partly, key_store, KEY)
    again(session, partly, key_store)

    texts = set()
    for guest in session.scalars(sa.select(Invitation)):
        mail = MAILS["sheets_lost"](session, guest.id)
        assert mail
        texts.add(mail.text.replace(secret_of(guest, key_store), "").replace(guest.name, ""))
    assert len(texts) == 1


def test_after_the_round_that_mail_goes_no_more(
    session: Session, partly: Round, key_store: KeyStore, in_app: None
) -> None:
    lock_round(session, partly, at=NOON)
    session.flush()
    guest = seat_in(session, partly, "peer").invitation_id

    assert MAILS["sheets_lost"](session, guest) is None
