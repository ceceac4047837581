"""Rounds as they are lived: launched, answered day by day in an order of the raters' own, closed."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy import orm

from core import tokens
from core.db import db
from core.jobs import run_now
from core.keys import KeyStore
from surveys.ballots.sheets import Draft, Sheet
from surveys.models import Leader, Round, Seat
from surveys.services.answers import decline, draft_key, save_draft, send_draft
from surveys.services.rounds import add_leader, launch, secret_of
from surveys.services.seats import Rater, invite_all
from tests.assess.rounds import ITEMS
from tests.factories import DEADLINE, NOON, make_person, make_round
from tests.journeys.linkage.evidence import (
    Dump,
    Evidence,
    Tables,
    Truth,
    by_time,
    dump,
    marks,
    sequences,
    text_dump,
)
from tests.journeys.linkage.logs import spy_on
from tests.journeys.linkage.mailbox import Mailbox

ANSWERING, SILENT = 10, 2
FIRST_DAY = 2
TABLES = Tables("seat", "invitation_id", "envelope IS NOT NULL", "published_comment", "text")
AT_ONCE = (
    orm.joinedload(Seat.invitation),
    orm.joinedload(Seat.leader).joinedload(Leader.round).joinedload(Round.instrument_version),
)
MORNING = ("count_answers", "remind_raters", "deliver_outbox")


@dataclass(frozen=True)
class Lived:
    """What happened, and what somebody has of it who has read everything."""

    truth: Truth
    evidence: Evidence
    mailbox: Mailbox
    keys: dict[str, bytes]
    """The key store while the rounds were open."""
    keys_left: dict[str, bytes]
    sequences: list[str]


@dataclass
class _Rater:
    seat: UUID
    person: str
    round: str
    day: int
    """When they answer; never, beyond the last day."""


class Play:
    """Many rounds side by side in one database, one rater of each answering a day."""

    def __init__(self, app: Flask, *, rounds: int, seed: int) -> None:
        self.app = app
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated, not a secret
        self.said: dict[str, str] = {}
        self.nights: list[Dump] = []
        self.store: KeyStore = app.extensions["key_store"]
        self.folder: Path = app.extensions["config"].data_dir
        with app.app_context():
            self.engine = db.engine
            self.spy = spy_on(self.engine, TABLES)
        with self.at(NOON):
            self.raters = self._launch(rounds)
            run_now(["deliver_outbox"])
        self._pass_over_mails()
        self.night()

    def live(self) -> Lived:
        """Play all days, then close."""
        for day in range(FIRST_DAY, FIRST_DAY + ANSWERING):
            self._day(day)
        self._reminders(FIRST_DAY + ANSWERING)
        keys = self._keys()
        self._close()
        mailbox = Mailbox(self.folder / "mail", self.nights[0])
        evidence = self._evidence(mailbox)
        return Lived(self._truth(), evidence, mailbox, keys, self._keys(), sequences(self.engine))

    def _keys(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.store.directory.iterdir()}

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        with time_machine.travel(moment), self.app.app_context():
            yield

    def night(self) -> None:
        """Make the nightly dump, and read the log of the day."""
        if self.spy:
            self.spy.look()
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.nights.append(dump(self.engine))

    def _launch(self, rounds: int) -> list[_Rater]:
        people = [make_person(db.session) for _ in range(ANSWERING + SILENT)]
        raters: list[_Rater] = []
        for _ in range(rounds):
            round_ = make_round(db.session)
            leader = add_leader(db.session, round_, name=f"Leader {len(raters)}")
            seats = invite_all(db.session, leader, [Rater("peer", person=one) for one in people])
            launch(db.session, round_, self.store, at=NOON)
            days = range(FIRST_DAY, FIRST_DAY + len(people))
            raters += [
                _Rater(seat.id, seat.invitation_id.hex, leader.id.hex, day)
                for seat, day in zip(seats, self.chance.sample(days, len(days)), strict=True)
            ]
        db.session.commit()
        return raters

    def _day(self, day: int) -> None:
        self._reminders(day)
        for rater in self.chance.sample(self.raters, len(self.raters)):
            if rater.day == day:
                self._answer(rater, day)
            elif rater.day < day and self.chance.random() < 0.03:
                self._answer(rater, day)  # they think again
            elif rater.day == FIRST_DAY + ANSWERING + 1 and day == rater.day % 7 + FIRST_DAY:
                self._decline(rater, day)
        self.night()

    def _reminders(self, day: int) -> None:
        with self.at(NOON.replace(hour=8) + timedelta(days=day)):
            run_now(MORNING)
        self._pass_over_mails()

    def _pass_over_mails(self) -> None:
        """Do not read the log of sending: it has thousands of commits, and no answers."""
        if self.spy and self.engine.dialect.name == "sqlite":
            self.spy.look(read=False)

    def _answer(self, rater: _Rater, day: int) -> None:
        mark = self.chance.randbytes(16).hex()
        answered = self.chance.sample(ITEMS, self.chance.randint(3, len(ITEMS)))
        ratings = {item: self.chance.randint(1, 5) for item in answered}
        long = " Very well." * self.chance.randint(0, 80)
        sheet = Sheet(ratings, {"keep": f"I remember {mark} well.{long}"})
        with self.at(NOON + timedelta(days=day)):
            seat = db.session.get_one(Seat, rater.seat, options=AT_ONCE)
            _held = (seat.invitation, seat.leader)  # else each change would let go of them
            sibling = tokens.derive(secret_of(seat.invitation, self.store), "candid360 sibling")
            key = draft_key(seat.leader.round, sibling, self.store)
            save_draft(db.session, seat, Draft(sheet), key=key)
            if self.chance.random() < 0.25:  # they leave, and come back
                db.session.commit()
            send_draft(db.session, seat, key=key, key_store=self.store)
            db.session.commit()
        self.said[rater.person] = mark

    def _decline(self, rater: _Rater, day: int) -> None:
        with self.at(NOON + timedelta(days=day)):
            decline(db.session, db.session.get_one(Seat, rater.seat))
            db.session.commit()

    def _close(self) -> None:
        """Let the jobs close the rounds, while the log is read before each transaction."""

        def look(_connection: sa.Connection) -> None:
            if self.spy:
                self.spy.look()

        sa.event.listen(self.engine, "begin", look)
        with self.at(DEADLINE + timedelta(minutes=1)):
            run_now(["lock_due_rounds"])
            run_now(["close_locked_rounds"] * 3)  # what is held up is tried again
        sa.event.remove(self.engine, "begin", look)
        if self.spy:
            self.spy.look()
            self.spy.close()

    def _truth(self) -> Truth:
        order: dict[str, list[str]] = {}
        silent: dict[str, list[str]] = {}
        for rater in sorted(self.raters, key=lambda rater: rater.day):
            kind = order if rater.day < FIRST_DAY + ANSWERING else silent
            kind.setdefault(rater.round, []).append(rater.person)
        return Truth(self.said, order, silent)

    def _evidence(self, mailbox: Mailbox) -> Evidence:
        after = dump(self.engine)
        return Evidence(
            asked={rater.person: rater.round for rater in self.raters},
            rounds={
                rater.person: rater.round for rater in self.raters if rater.person in self.said
            },
            texts={
                mark: row["leader_id"]
                for row in after[TABLES.answers]
                for mark in marks(row[TABLES.text])
            },
            nights=self.nights,
            after=after,
            text_dump=text_dump(self.engine),
            log=self.spy.seen if self.spy else None,
            mails=mailbox.in_order(),
            files=[person for path in by_time(self.folder) for person in mailbox.about(path)],
        )
