"""Under a trustee a copy of the database's files and of the key store opens nothing that a rater writes.

What is sent was a draft before, and what is deleted still lies in files: in SQLite's log, in PostgreSQL's
dead rows. Without a trustee, or with what the browsers hold, the same attack opens every sheet.
"""

import logging
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from nacl.exceptions import CryptoError
from sqlalchemy.orm import Session

from core import clock, tokens
from core.db import db
from core.keys import KeyStore
from surveys.ballots import sealing
from surveys.ballots.keynames import draft_key_name, link_key_name
from surveys.ballots.sheets import Sheet
from surveys.models import Round, Seat
from surveys.services.keys import link_secret
from surveys.services.rounds import launch, secret_of
from surveys.services.trustees import name_trustee
from tests.assess.rounds import ITEMS
from tests.factories import make_account, make_leader, make_round
from tests.journeys.canaries import database, files, sightings
from tests.surveys.keys import PASSPHRASE, take
from tests.visits import Visit

FRAME_HEADER, WAL_HEADER = 24, 32
CHUNK = struct.Struct("<III")
"""How a chunk of a large value begins in PostgreSQL: whose it is, its number, four times its length."""
SPARED = "ALTER TABLE seat SET (autovacuum_enabled = off, toast.autovacuum_enabled = off)"


@dataclass
class World:
    """A round in which everybody has written a sheet, and every other has sent it."""

    app: Flask
    round_id: UUID
    said: dict[UUID, Sheet] = field(default_factory=dict)
    own_parts: list[str] = field(default_factory=list)
    """What the browsers hold, and nobody else should."""

    @property
    def keys(self) -> KeyStore:
        store: KeyStore = self.app.extensions["key_store"]
        return store

    def opened(self, *, own_parts: Iterable[str] = ()) -> set[UUID]:
        """Return whose sheets one copy of everything opens, with the names of who wrote them."""
        with self.app.app_context():
            drafts, keys = list(past_drafts(db.engine)), self._keys([*own_parts])
        found = {
            seat: {sheet for draft in drafts for key in keys[seat] if (sheet := opens(draft, key))}
            for seat in keys
        }
        return {seat for seat, sheet in self.said.items() if repr(sheet) in found[seat]}

    def _keys(self, own_parts: list[str]) -> dict[UUID, list[bytes]]:
        """Return for every seat each key of a draft that can be made of what the key store yields."""
        round_ = db.session.get_one(Round, self.round_id)
        secret, link_key = (self.keys.get(n(round_)) for n in (draft_key_name, link_key_name))
        keys: dict[UUID, list[bytes]] = {}
        for seat in db.session.scalars(sa.select(Seat)):
            link = link_secret(seat.invitation, link_key)
            sibling = tokens.derive(link, "candid360 sibling")
            key = sealing.draft_key(sibling, secret)
            guessed = [*own_parts, link, sibling, *map(tokens._encode, (secret, link_key))]  # noqa: SLF001 - as an attacker would
            keys[seat.id] = [key, *(sealing.own_draft_key(key, own) for own in guessed)]
        return keys


def opens(draft: bytes, key: bytes) -> str | None:
    try:
        return repr(sealing.unlock_draft(draft, key=key).sheet)
    except CryptoError:
        return None


# --- What lies in the files, deleted or not


def past_drafts(engine: sa.Engine) -> Iterator[bytes]:
    """Yield every draft that ever lay in the table, as far as the files still hold it."""
    if engine.dialect.name == "sqlite":
        return _in_log(Path(engine.url.database or ""))
    return _in_pages(engine)


def _in_log(path: Path) -> Iterator[bytes]:
    """Yield the drafts of the file as it was after each commit of the log beside it."""
    wal, pages = path.with_name(f"{path.name}-wal").read_bytes(), bytearray(path.read_bytes())
    size = int.from_bytes(wal[8:12], "big")
    seen: set[bytes] = set()
    for start in range(WAL_HEADER, len(wal), FRAME_HEADER + size):
        number, length = struct.unpack(">II", wal[start : start + 8])
        page = (number - 1) * size
        pages.extend(bytes(max(0, page - len(pages))))
        pages[page : page + size] = wal[start + FRAME_HEADER : start + FRAME_HEADER + size]
        if length:  # the last frame of a commit
            seen.update(_drafts(bytes(pages[: length * size])))
    return iter(seen)


def _drafts(image: bytes) -> Iterator[bytes]:
    image = image[:18] + b"\1\1" + image[20:]  # a copy in memory has no log beside it
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(image)
        try:
            rows = connection.execute("SELECT draft FROM seat WHERE draft IS NOT NULL").fetchall()
        except sqlite3.OperationalError:
            rows = []  # before the table was laid
    for (draft,) in rows:
        yield draft


def _in_pages(engine: sa.Engine) -> Iterator[bytes]:
    """Yield every large value of which all chunks lie on the pages of the table's overflow."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pageinspect")
        name = connection.exec_driver_sql(
            "SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = 'seat'::regclass"
        ).scalar_one()
        pages = connection.exec_driver_sql(
            f"SELECT get_raw_page('{name}', n::int) FROM generate_series(0, "  # noqa: S608 - our own table
            f"pg_relation_size('{name}') / current_setting('block_size')::int - 1) AS n"
        ).scalars()
        chunks = {chunk: content for page in pages for chunk, content in _chunks(bytes(page))}
    for value in {value for value, _ in chunks}:
        numbers = sorted(number for whose, number in chunks if whose == value)
        yield b"".join(chunks[value, number] for number in numbers)


def _chunks(page: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield whatever looks like a chunk, also where its row is dead or given free."""
    for start in range(24, len(page) - CHUNK.size, 4):
        value, number, length = CHUNK.unpack_from(page, start)
        end = start + 8 + length // 4
        if number < 8 and length % 4 == 0 and 20 < length < 4 * 2048 and end <= len(page):
            yield (value, number), page[start + CHUNK.size : end]


# --- What raters write


@pytest.fixture
def world(own_app: Flask, request: pytest.FixtureRequest) -> World:
    """A round with a trustee or without, to whose raters everything has happened."""
    has_trustee: bool = request.param
    with own_app.app_context():
        if db.engine.dialect.name == "postgresql":
            db.session.execute(sa.text(SPARED))  # else dead rows stay by chance
        store: KeyStore = own_app.extensions["key_store"]
        round_ = _launched(db.session, store, has_trustee=has_trustee)
        asked = [(seat.id, secret_of(seat.invitation, store)) for seat in round_.leaders[0].seats]
        world = World(own_app, round_.id)
        db.session.commit()
    for number, (seat_id, secret) in enumerate(asked):
        _write(world, seat_id, secret, sends=number % 2 == 0)
    return world


def _launched(session: Session, key_store: KeyStore, *, has_trustee: bool) -> Round:
    round_ = make_round(session)
    make_leader(session, round_, peer=5)
    if has_trustee:
        name_trustee(session, round_, make_account(session, "trustee"), key_store)
        take(session, round_, key_store, PASSPHRASE)
    launch(session, round_, key_store, at=clock.now())
    return round_


def _write(world: World, seat_id: UUID, secret: str, *, sends: bool) -> None:
    """Answer as raters do, page by page, in a browser of one's own."""
    visit, place = Visit(world.app), f"/r/seats/{seat_id}"
    visit.begin(secret)
    visit.get("/r/seats")
    marks = {item: 1 + (len(world.said) + number) % 5 for number, item in enumerate(ITEMS)}
    words = f"The canary sings of {seat_id.hex}."
    for page, items in ((1, ITEMS[:3]), (2, ITEMS[3:])):
        visit.post(f"{place}/{page}", **{item: str(marks[item]) for item in items})
    visit.post(f"{place}/3", keep=words)
    if sends:
        assert visit.post(f"{place}/send").status_code == 303
    world.said[seat_id] = Sheet(marks, {"keep": words})
    cookie = visit.client.get_cookie(f"draft-{world.round_id.hex}", path="/r")
    world.own_parts += [cookie.value] if cookie else []


under_a_trustee = pytest.mark.parametrize("world", [True], ids=["trustee"], indirect=True)


@pytest.mark.parametrize("world", [False], ids=["no trustee"], indirect=True)
def test_without_a_trustee_the_copy_opens_every_sheet(world: World) -> None:
    """The attack itself works: what was promised there begins with close."""
    assert world.opened() == {*world.said}
    assert (len(world.said), world.own_parts) == (6, [])


@under_a_trustee
def test_under_a_trustee_the_copy_opens_no_sheet_sent_or_begun(world: World) -> None:
    """Only what the browsers hold opens them: each what was written in it, deleted or not."""
    assert world.opened() == set()
    assert world.opened(own_parts=world.own_parts) == {*world.said}
    assert len({*world.own_parts}) == len(world.said) == 6


@under_a_trustee
def test_what_the_browsers_hold_lies_nowhere(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logged = "\n".join(record.getMessage() for record in caplog.get_records("setup")).encode()
    with world.app.app_context():
        places = {**files(tmp_path), **database(db.engine, tmp_path), "log": logged}
    parts = {
        f"{how} {number}": value
        for number, own in enumerate(world.own_parts)
        for how, value in (("written", own.encode()), ("bare", tokens.key_of(own)))
    }

    assert sightings(parts, places) == set()
    assert any("keys/" in place for place in places)
    assert b"UPDATE seat" in logged
    assert len(parts) == 12


@pytest.fixture(autouse=True)
def _loud(caplog: pytest.LogCaptureFixture) -> None:
    """Let everything be logged, also by the database's driver."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="sqlalchemy.engine")
