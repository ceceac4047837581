"""An attacker who knows whose mailbox is broken looks for any sign whether that rater was reminded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from uuid import UUID

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from core.jobs import run_now
from core.keys import KeyStore
from core.mail import Mail, OutboxMail, SpoolCarrier
from surveys.ballots.sheets import Sheet
from surveys.models import Seat
from surveys.services.answers import submit
from tests.factories import NOON
from tests.house.test_access import TABLE, answer, matrix
from tests.house.world import World, build, undone

READERS = ("hr", "rated_hr", "administrator")
REMINDED = NOON.replace(hour=8) + timedelta(days=7)
CHANGING = re.compile(
    rb'name="csrf_token" value="[^"]+"'
    rb"|log beside the file, \d+ bytes"  # grows with each statement, whatever it says
)
COMMANDS = (
    "surveys list",
    "surveys verify-anonymity {open}",
    "surveys verify-anonymity {closed}",
    "accounts list",
    "assess sums {open}",
    "assess cohort {open}",
    "jobs now count_answers remind_raters remind_trustees look_after_keys deliver_outbox",
)
"""Each that reads, and the jobs, which say on the terminal what they log."""


@dataclass(frozen=True)
class Place:
    """A round with two peers of one leader, of whom one has a broken mailbox: plain values, no rows."""

    world: World
    session: Session
    key_store: KeyStore
    broken: UUID
    sound: UUID
    invitation: UUID
    address: str

    def run(self, *jobs: str) -> None:
        with self.world.app.app_context():
            run_now(jobs)


@pytest.fixture
def place(app: Flask, session: Session, key_store: KeyStore) -> Place:
    app.config["WTF_CSRF_ENABLED"] = False
    world = build(app, session, key_store)
    leader_id = world.places["open"]["leader"]["leader_id"]
    peers = sa.select(Seat).where(Seat.leader_id == leader_id, Seat.group == "peer")
    broken, sound, *_ = session.scalars(peers.order_by(Seat.id))
    invitation = broken.invitation
    assert invitation.email
    ids = broken.id, sound.id, invitation.id
    found = Place(world, session, key_store, *ids, invitation.email)
    session.commit()
    return found


def break_mailbox(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def carry(_carrier: SpoolCarrier, mail: Mail) -> None:
        if mail.to == address:
            raise SMTPRecipientsRefused({address: (550, b"no such mailbox")})

    monkeypatch.setattr(SpoolCarrier, "carry", carry)


def everything(world: World, session: Session) -> Iterator[tuple[str, bytes]]:
    """Yield whatever HR and administrators may read of the rounds, and all that the commands say."""
    for row in matrix(TABLE.read_text()):
        for role in READERS if row.method == "GET" else ():
            with answer(world, row, role) as response:
                said = (response.location or "").encode() + response.data
            yield f"{row.route} on {row.on} for {role}", CHANGING.sub(b"", said)
    ids = {state: world.places[state]["leader"]["round_id"] for state in ("open", "closed")}
    for command in COMMANDS:
        with undone(session):
            done = world.app.test_cli_runner().invoke(args=command.format(**ids).split())
        yield command, CHANGING.sub(b"", f"{done.exit_code} {done.output}".encode())


def seen_when(answers: UUID, place: Place) -> tuple[bool, Mapping[str, bytes]]:
    """Let one rater answer and all others be reminded.

    Returns
    -------
    Whether the reminder to the broken mailbox fails, and what is seen.
    """
    session = place.session
    failing = sa.select(OutboxMail.attempts).where(
        OutboxMail.template == "reminder", OutboxMail.subject_id == place.invitation
    )
    with undone(session), time_machine.travel(REMINDED, tick=False):
        seat = session.get_one(Seat, answers)
        submit(session, seat, Sheet({"trust1": 4}, {"keep": "Well done."}), place.key_store)
        session.commit()
        place.run("count_answers", "remind_raters", "deliver_outbox", "deliver_outbox")
        fails = session.scalar(failing) == 2
        session.commit()
        return fails, dict(everything(place.world, session))


@pytest.mark.parametrize("since", ["launch", "reminder"])
def test_a_broken_mailbox_does_not_tell_who_has_answered(
    place: Place, since: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Two worlds, equal but for which of two peers has answered: in one alone a reminder fails."""
    if since == "reminder":
        place.run("deliver_outbox")
    caplog.set_level("INFO")
    break_mailbox(monkeypatch, place.address)
    place.run("look_after_keys", "deliver_outbox")  # files of the key store are not undone

    fails, told = seen_when(place.sound, place)
    logged = caplog.messages
    caplog.clear()
    fails_too, told_too = seen_when(place.broken, place)

    assert (fails, fails_too) == (True, False)
    assert [where for where, said in told.items() if said != told_too[where]] == []
    assert caplog.messages == logged
    page = told["GET rounds.show on open for hr"]
    assert (b"no such mailbox" in page) is (since == "launch")
