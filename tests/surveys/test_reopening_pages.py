"""A lost key is said plainly to HR and to the operator, who open the round again by page or command."""

from datetime import timedelta
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import clock
from core.audit import AuditEntry
from core.db import db
from core.keys import KeyStore
from surveys.ballots.keynames import (
    draft_key_name,
    link_key_name,
    private_key_name,
    terms_name,
    wrapped_key_name,
)
from surveys.models import Round
from surveys.services.keys import loss_of
from surveys.services.rounds import (
    lock_round,
)
from tests.factories import NOON, make_account
from tests.surveys.keys import OTHER, PASSPHRASE, Name, lose, take
from tests.surveys.rounds import SignIn, post

LATER = NOON + timedelta(days=30)
KEY, LINKS, DRAFTS = private_key_name, link_key_name, draft_key_name


# --- HR's pages


@pytest.mark.parametrize("over", [False, True])
def test_hr_is_told_and_opens_the_round_again(
    client: FlaskClient, session: Session, open_round: Round, key_store: KeyStore, *, over: bool
) -> None:
    place, day = f"/rounds/{open_round.id}", clock.today() + timedelta(days=20)
    assert "missing from the key store" not in client.get(place).text
    if over:
        lock_round(session, open_round, at=clock.now())
    lose(session, open_round, key_store, KEY)
    assert "The key of this round is missing from the key store" in client.get(place).text
    assert "First ask whoever runs this server" in client.get(f"{place}/reopen").text

    assert "tick that it is lost" in post(client, f"{place}/reopen", last_day=str(day))
    assert loss_of(session, open_round, key_store).key
    page = post(client, f"{place}/reopen", last_day=str(day), lost="y")

    assert "The round is open again" in page
    assert "missing from the key store" not in page
    session.expire_all()
    assert (open_round.state, open_round.deadline.date()) == ("open", day)
    assert session.scalars(sa.select(AuditEntry.deed)).all() == ["reopened"]


def test_hr_opens_nothing_again_whose_key_is_there(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    place, day = f"/rounds/{open_round.id}", clock.today() + timedelta(days=20)
    assert "Nothing is lost" in client.get(f"{place}/reopen").text

    page = post(client, f"{place}/reopen", last_day=str(day), lost="y")

    assert "where it should be" in page
    assert session.scalars(sa.select(AuditEntry.deed)).all() == []


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (LINKS, "links is missing from the key store"),
        (DRAFTS, "drafts is missing from the key store"),
    ],
)
def test_hr_reads_what_is_lost(
    client: FlaskClient,
    session: Session,
    open_round: Round,
    key_store: KeyStore,
    lost: Name,
    said: str,
) -> None:
    lose(session, open_round, key_store, lost)

    assert said in client.get(f"/rounds/{open_round.id}").text
    assert "Open the round again" in client.get(f"/rounds/{open_round.id}/reopen").text


def test_hr_is_sent_to_the_trustee_first(
    client: FlaskClient, session: Session, hr: object, entrusted_locked: Round, key_store: KeyStore
) -> None:
    lose(session, entrusted_locked, key_store, wrapped_key_name)

    assert "First the trustee" in client.get(f"/rounds/{entrusted_locked.id}/reopen").text


# --- The operator's commands


def command(app: Flask, *words: str, said: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["surveys", *words], input=said)


def test_the_list_says_what_is_wrong_with_keys(
    app: Flask, session: Session, partly: Round, entrusted_locked: Round, key_store: KeyStore
) -> None:
    lose(session, partly, key_store, KEY)

    lines = dict(line.split("  ", 1) for line in command(app, "list").output.splitlines())

    assert lines[str(partly.id)].endswith(
        f"(its key is not in {key_store.directory}, or is another one)"
    )
    assert lines[str(entrusted_locked.id)].endswith("(waits for its trustee)")


def test_an_operator_opens_a_round_again(
    app: Flask, session: Session, partly: Round, key_store: KeyStore
) -> None:
    day = f"{clock.today() + timedelta(days=40)}"
    refused = command(app, "reopen", str(partly.id), "--deadline", day)
    assert (refused.exit_code, "where it should be" in refused.output) == (1, True)
    lose(session, partly, key_store, KEY)

    done = command(app, "reopen", str(partly.id), "--deadline", day, "--yes")

    assert (done.exit_code, "open again" in done.output) == (0, True)
    session.expire_all()
    assert str(partly.deadline) == f"{day} 23:59:00+00:00"
    assert session.scalars(sa.select(AuditEntry.deed)).all() == ["reopened"]


def sent_in(session: Session, round_: Round) -> int:
    session.expire_all()
    return sum(seat.answered for leader in round_.leaders for seat in leader.seats)


def test_an_operator_is_asked_before_anything_is_emptied(
    app: Flask, session: Session, partly: Round, key_store: KeyStore
) -> None:
    lose(session, partly, key_store, KEY)
    words = ("reopen", str(partly.id), "--deadline", f"{clock.today() + timedelta(days=40)}")

    no = command(app, *words, said="n\n")

    assert no.exit_code == 1
    assert f"KEY_STORE is {key_store.directory}" in no.output
    assert "Is it lost for good, and not only elsewhere?" in no.output
    assert sent_in(session, partly) == 4
    assert command(app, *words, said="y\n").exit_code == 0
    assert sent_in(session, partly) == 0


def test_another_key_store_empties_nothing(
    app: Flask, session: Session, partly: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "key_store", KeyStore(tmp_path))
    day = f"{clock.today() + timedelta(days=40)}"
    words = ("reopen", str(partly.id), "--deadline", day, "--yes")

    refused = command(app, *words)

    assert (refused.exit_code, "another key store" in refused.output) == (1, True)
    assert (sent_in(session, partly), list(tmp_path.iterdir())) == (4, [])
    assert command(app, *words, "--lost-for-good").exit_code == 0
    assert sent_in(session, partly) == 0


def test_a_key_store_with_another_rounds_key_is_the_right_one(
    app: Flask, session: Session, partly: Round, open_round: Round, key_store: KeyStore
) -> None:
    lose(session, partly, key_store, KEY, LINKS, DRAFTS)
    day = f"{clock.today() + timedelta(days=40)}"

    assert command(app, "reopen", str(partly.id), "--deadline", day, "--yes").exit_code == 0


@pytest.mark.usefixtures("open_round")
def test_a_round_whose_reports_were_read_is_not_opened_again(
    app: Flask, session: Session, partly: Round, key_store: KeyStore
) -> None:
    """Its key was destroyed by a close that the database put back does not know of."""
    lose(session, partly, key_store, KEY, LINKS, DRAFTS, terms_name)
    words = ("reopen", str(partly.id), "--deadline", f"{clock.today() + timedelta(days=40)}")

    read = command(app, *words, said="y\ny\n")

    assert (read.exit_code, sent_in(session, partly)) == (1, 4)
    assert "two reports of the same people can be subtracted" in read.output
    assert command(app, *words, said="y\nn\n").exit_code == 0
    assert sent_in(session, partly) == 0


def test_a_passphrase_is_given_on_the_command_line(
    app: Flask, session: Session, entrusted_locked: Round, key_store: KeyStore
) -> None:
    wrong = command(app, "unlock", str(entrusted_locked.id), said=f"{OTHER}\n")
    assert (wrong.exit_code, "not the passphrase" in wrong.output) == (1, True)

    right = command(app, "unlock", str(entrusted_locked.id), said=f"{PASSPHRASE}\n")

    assert (right.exit_code, PASSPHRASE in right.output) == (0, False)
    assert "The trustee's passphrase: " in right.output
    assert key_store.has(private_key_name(entrusted_locked))


def test_a_passphrase_comes_through_a_pipe_and_never_as_an_argument(
    app: Flask, session: Session, entrusted_locked: Round, key_store: KeyStore
) -> None:
    """What stands behind a command is seen by everybody on the machine, and kept by the shell."""
    words = ("unlock", str(entrusted_locked.id))
    assert command(app, *words, "--passphrase", PASSPHRASE).exit_code == 2

    piped = command(app, *words, "--passphrase-stdin", said=f"{PASSPHRASE}\n")

    assert (piped.exit_code, "passphrase: " in piped.output) == (0, False)
    assert key_store.has(private_key_name(entrusted_locked))


def test_nobody_waits_for_the_database_while_an_operator_thinks(
    app: Flask,
    session: Session,
    partly: Round,
    entrusted_locked: Round,
    key_store: KeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A transaction holds the one lock for writing that SQLite has, also where it has only read."""
    lose(session, partly, key_store, KEY)
    held: list[bool] = []

    def think(*_question: object, **_how: object) -> str:
        held.append(db.session.in_transaction())
        return PASSPHRASE

    for question in ("confirm", "prompt"):
        monkeypatch.setattr(click, question, think)
    day = f"{clock.today() + timedelta(days=40)}"
    results = [
        command(app, "reopen", str(partly.id), "--deadline", day),
        command(app, "unlock", str(entrusted_locked.id)),
    ]

    assert [result.exit_code for result in results] == [0, 0]
    assert held == [False, False]


def test_nobody_is_asked_for_a_passphrase_that_would_open_nothing(
    app: Flask,
    session: Session,
    open_round: Round,
    entrusted_locked: Round,
    key_store: KeyStore,
) -> None:
    lose(session, entrusted_locked, key_store, wrapped_key_name)

    early = command(app, "unlock", str(open_round.id), said="x\n")
    lost = command(app, "unlock", str(entrusted_locked.id), said=f"{PASSPHRASE}\n")

    assert "The round is open, and waits for no passphrase. Nothing" in early.output
    assert f"no passphrase: its key is not in {key_store.directory}" in lost.output
    assert {early.exit_code, lost.exit_code} == {1}
    assert "The trustee's passphrase" not in early.output + lost.output


def test_an_operator_names_another_trustee(
    app: Flask, session: Session, entrusted_locked: Round, key_store: KeyStore
) -> None:
    new = make_account(session, "coach")
    session.commit()
    words = ("entrust", str(entrusted_locked.id), new.email)

    assert command(app, *words, said="n\n").exit_code == 1
    assert key_store.has(wrapped_key_name(entrusted_locked))
    assert "Nobody signs in as" in command(app, *words[:2], "no@example.org", "--yes").output
    done = command(app, *words, said="y\n")

    assert (done.exit_code, "asked by mail" in done.output) == (0, True)
    session.expire_all()
    assert entrusted_locked.trustee is new
    assert not key_store.has(wrapped_key_name(entrusted_locked))


def test_a_round_that_is_not_there_is_said_so(app: Flask, session: Session) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"

    said = command(app, "unlock", nowhere, said="x\n").output

    assert "There is no such round" in said
    assert "passphrase" not in said


# --- A trustee's pages


@pytest.mark.usefixtures("hr")
def test_hr_and_trustee_see_that_the_key_is_missing(
    client: FlaskClient,
    session: Session,
    entrusted_locked: Round,
    key_store: KeyStore,
    sign_in: SignIn,
) -> None:
    place = f"/trustee/{entrusted_locked.id}"
    lose(session, entrusted_locked, key_store, wrapped_key_name)
    assert "Key missing" in client.get("/rounds").text
    assert entrusted_locked.trustee
    sign_in(entrusted_locked.trustee)
    assert "no passphrase of before opens it" in client.get(place).text

    take(session, entrusted_locked, key_store, OTHER)
    session.commit()

    assert "HR can open the round again." in client.get("/trustee").text
    page = client.get(place).text
    assert "a key of this round is missing" in page
    assert f"{place}/unlock" not in page
