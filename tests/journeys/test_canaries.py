"""Answers and secrets go through a whole journey, and nothing that is kept anywhere holds one of them."""

import base64
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, request

from assess.scorecards.reading import scorecard
from core import clock, tokens
from core.audit import record
from core.db import db
from core.jobs import run_now
from core.keys import KeyStore
from core.mail import Mail, OutboxMail, SpoolCarrier
from examples.browser import SECRET
from reports.documents import report_pdf
from reports.documents.pdf import html_to_pdf
from surveys.ballots.keynames import draft_key_name
from surveys.ballots.sealing import draft_key
from surveys.ballots.sheets import COMMENT_LENGTH
from surveys.models import Invitation, Leader, Round, Seat
from surveys.services.rounds import launch, lock_round
from tests.assess.rounds import ITEMS
from tests.factories import make_leader, make_round
from tests.journeys.canaries import (
    TemporaryFiles,
    database,
    document,
    files,
    mail,
    plain_sightings,
    sightings,
    together,
)
from tests.journeys.disk import Places, Server
from tests.journeys.postman import postman
from tests.visits import Visit, derived

MARKS = {
    "first": dict(zip(ITEMS, "352415", strict=True)),
    "second": dict(zip(ITEMS, "415352", strict=True)),
}
LONG = "x" * COMMENT_LENGTH
POSTGRESQL_PLACES = {"pages of audit_entry", "a copy of audit_entry", "a dump"}
VALUE = "A canary, 100 % yellow & <small>: “früh”".encode()


@dataclass
class Journey:
    """An application, what is planted in it, and what could be kept beside its database."""

    app: Flask
    folder: Path
    temporary: TemporaryFiles
    log: pytest.LogCaptureFixture
    answers: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, bytes] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    outbox: dict[str, bytes] = field(default_factory=dict)
    server: Server | None = None
    draft_secret: bytes = b""

    @property
    def keys(self) -> KeyStore:
        store: KeyStore = self.app.extensions["key_store"]
        return store

    @property
    def canaries(self) -> dict[str, bytes]:
        return self.answers | self.secrets | self.links

    def run(self, *jobs: str) -> None:
        with self.app.app_context():
            run_now(jobs)

    def kept(self) -> Places:
        """Return all that is kept, but for the key store and the mails."""
        beside = {
            name: content
            for name, content in files(self.folder).items()
            if not name.startswith(("keys/", "mail/", "db/"))
        }
        with self.app.app_context():
            inside = database(db.engine, self.folder)
        logged = {"logs": self.log.text.encode(), "access logs": together(self.lines)}
        return {**beside, **inside, **logged, **(self.server.logged() if self.server else {})}

    def in_key_store(self) -> Places:
        secrets = files(self.keys.directory).items()
        return {f"key {name}": secret for name, secret in secrets if name.startswith("round-")}

    def mails(self) -> dict[str, bytes]:
        return {name: mail(raw) for name, raw in files(self.folder / "mail").items()}


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Let everything be logged, also by the database's driver, and from its start on."""
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TemporaryFiles:
    """Let everything that wants a temporary file make it in a place that is watched."""
    place = tmp_path / "temporary"
    place.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return TemporaryFiles(place)


@pytest.fixture
def journey(
    loud: pytest.LogCaptureFixture, temporary: TemporaryFiles, own_app: Flask, tmp_path: Path
) -> Journey:
    travelled = Journey(own_app, tmp_path, temporary, loud)
    with own_app.app_context():
        if db.engine.dialect.name == "postgresql":
            travelled.server = Server(db.engine)

    def line() -> None:
        travelled.lines.append(
            f"{request.method} {request.path}?{request.query_string.decode()} {request.referrer}"
        )

    own_app.before_request(line)
    return travelled


@pytest.fixture(params=["by spool", "by SMTP"])
def carried(request: pytest.FixtureRequest, own_app: Flask, tmp_path: Path) -> Iterator[str]:
    """Let mails lie in a folder, or go to a mail server that keeps them there."""
    if request.param == "by spool":
        yield ""
        return
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # that server's own log, not ours
    with postman(own_app, tmp_path / "mail") as server:
        yield "550, b'5.7.1"
    assert server.refused


def test_nothing_that_is_kept_holds_an_answer_or_a_secret(journey: Journey, carried: str) -> None:
    invite(journey)
    everybody_answers(journey)
    assert sightings(journey.canaries, journey.kept()) == set()
    assert sightings(journey.canaries, journey.outbox) == set()
    assert carried.encode() in journey.outbox["what was refused"]

    close(journey)

    assert sightings(journey.canaries, {**journey.kept(), **journey.in_key_store()}) == set()
    assert journey.temporary.written == []
    assert sightings(journey.canaries, {"the report": report(journey)}) == set()
    assert sightings(journey.answers | journey.secrets, journey.mails()) == set()
    assert sightings(journey.links, journey.mails()) == {
        f"the link of {mail} in {mail}" for mail in journey.mails()
    }
    assert (len(journey.answers), len(journey.links)) == (24, 6)
    if carried:  # once is enough: it takes long to read
        the_servers_disk_holds_nothing(journey)


def the_servers_disk_holds_nothing(journey: Journey) -> None:
    """Sealed envelopes lie in the log of writes, and their keys nowhere."""
    if journey.server is None:
        return
    assert plain_sightings(journey.canaries, journey.server.files()) == set()
    if unread := journey.server.unread():
        pytest.skip(f"PostgreSQL: this user may not read {unread}; all else was searched")


def invite(journey: Journey) -> None:
    """Launch a round in which all comments are too few to be printed, and send the mails."""
    with journey.app.app_context():
        round_ = make_round(db.session)
        make_leader(db.session, round_, peer=4, client=1)
        launch(db.session, round_, journey.keys, at=clock.now())
        journey.secrets |= journey.in_key_store()
        journey.draft_secret = journey.keys.get(draft_key_name(round_))
        db.session.commit()
    journey.outbox["what waits"] = waiting(journey, 6)
    journey.run("deliver_outbox")
    journey.outbox["what was refused"] = waiting(journey, 6 - len(journey.mails()))
    journey.run("deliver_outbox")


def waiting(journey: Journey, mails: int) -> bytes:
    with journey.app.app_context():
        rows = db.session.execute(sa.select(*OutboxMail.__table__.columns)).all()
    assert len(rows) == mails
    return repr(rows).encode()


def everybody_answers(journey: Journey) -> None:
    mails = journey.mails()
    with journey.app.app_context():
        seats = sa.select(Seat.id, Seat.group, Invitation.email).join(Seat.invitation)
        asked = db.session.execute(seats).all()
    for seat_id, group, email in asked:
        mail = next(name for name, text in mails.items() if f"To: {email}".encode() in text)
        found = SECRET.search(mails[mail].decode())
        assert found
        journey.links[f"the link of {mail}"] = tokens.key_of(found[1])
        journey.secrets |= secrets_of(found[1], journey.draft_secret, str(email))
        write(journey, f"/r/seats/{seat_id}", found[1], group)


def secrets_of(link: str, draft_secret: bytes, who: str) -> dict[str, bytes]:
    """Return everything that follows from a link, as it travels and bare."""
    halves = {f"{purpose} of {who}": half for purpose, half in derived(link).items()}
    key = draft_key(derived(link)["sibling"], draft_secret)
    travelling = {name: half.encode() for name, half in halves.items()}
    bare = {f"bare {name}": tokens.key_of(half) for name, half in halves.items()}
    return {**travelling, **bare, f"key of {who}": key}


def write(journey: Journey, seat: str, link: str, group: str) -> None:
    """Answer, send, think again and send something else; what leaders say of themselves stays a draft."""
    visit, number = Visit(journey.app), len(journey.links)
    visit.begin(link)
    visit.get("/r/seats")
    for word in ("first", "second"):
        says = f"Canary {number} sings a {word} time, {uuid4().hex}."
        journey.answers[f"{word} comment {number}"] = says.encode()
        journey.answers[f"{word} ratings {number}"] = rate(visit, seat, word)
        assert visit.post(f"{seat}/3", keep=f"{says} {LONG}").status_code == 422
        visit.post(f"{seat}/3", keep=says)
        assert says in visit.get(f"{seat}/3").text
        if group != "self":
            assert visit.post(f"{seat}/send").status_code == 303


def rate(visit: Visit, seat: str, word: str) -> bytes:
    """Rate every item, and return how that is written on a sheet."""
    marks = MARKS[word]
    visit.post(f"{seat}/1", **{item: marks[item] for item in ITEMS[:3]})
    visit.post(f"{seat}/2", **{item: marks[item] for item in ITEMS[3:]})
    return ",".join(f'"{item}":{mark}' for item, mark in marks.items()).encode()


def close(journey: Journey) -> None:
    with journey.app.app_context():
        lock_round(db.session, db.session.scalars(sa.select(Round)).one(), at=clock.now())
        db.session.commit()
    journey.run("close_locked_rounds", "open_reports", "deliver_outbox")
    with journey.app.app_context():
        assert db.session.scalars(sa.select(Round)).one().is_swept


def report(journey: Journey) -> bytes:
    with journey.app.app_context():
        leader = db.session.scalars(sa.select(Leader)).one()
        return document(report_pdf(scorecard(db.session, leader)))


def test_what_is_planted_is_found_wherever_it_is(journey: Journey) -> None:
    """The search itself: a careless line in a log, a mail, a page, a table, a file is seen."""
    words = VALUE.decode()
    journey.app.logger.debug("saved %s", words)
    journey.app.test_client().get("/r", query_string={"said": words})
    with journey.app.app_context():
        record(db.session, words, "answered", "round")
        db.session.commit()
        SpoolCarrier(journey.folder / "mail", "b@example.org").carry(
            Mail("a@b.org", "Hello", words)
        )
    (journey.folder / "queue.sqlite").write_bytes(b"..." + VALUE)
    with tempfile.NamedTemporaryFile() as file:
        assert file.name in journey.temporary.written

    seen = sightings({"it": VALUE}, {**journey.kept(), **journey.mails()})

    is_sqlite = journey.app.extensions["config"].database_url.startswith("sqlite")
    inside = {"a backup", "the database's own.sqlite-wal"} if is_sqlite else POSTGRESQL_PLACES
    if journey.server and not journey.server.unread():
        seen |= plain_sightings({"it": VALUE}, journey.server.files())
        inside |= {"the server's log", journey.server.file_of("audit_entry"), journey.server.first}
    expected = {"logs", "access logs", "queue.sqlite", *journey.mails(), *inside}
    assert {f"it in {place}" for place in expected} <= seen


def test_what_is_planted_is_found_in_a_document() -> None:
    bare = document(html_to_pdf("<html lang=en><title>Report</title><p>Anything</p></html>"))

    assert sightings({"it": b"Report"}, {"the report": bare}) == {"it in the report"}


@pytest.mark.parametrize(
    "write",
    [
        bytes.hex,
        lambda value: value.hex().upper(),
        repr,
        quote,
        lambda value: json.dumps({"comment": value.decode()}),
        lambda value: escape(value.decode()),
        lambda value: base64.b64encode(value).decode(),
        lambda value: base64.b64encode(b"a" + value + b"bc").decode(),
        lambda value: base64.urlsafe_b64encode(b"ab" + value).decode(),
    ],
)
def test_what_is_planted_is_found_however_it_is_written(write: Callable[[bytes], str]) -> None:
    place = {"a log": f"at noon {write(VALUE)} was read".encode()}

    assert sightings({"it": VALUE, "another": VALUE[::-1]}, place) == {"it in a log"}
