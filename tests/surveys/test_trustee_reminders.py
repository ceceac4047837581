"""While a round waits for its trustee they are asked again, every three days, and HR sees when next."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.db import db
from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.ballots.keynames import wrapped_key_name
from surveys.jobs import remind_trustees
from surveys.models import Round
from surveys.services.rounds import launch, lock_round
from surveys.services.trustees import name_trustee, next_reminder, remind_trustee, unlock
from tests.factories import NOON, make_account, make_leader, make_round
from tests.surveys.keys import OTHER, PASSPHRASE, again, everybody_answers, lose, take

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
EIGHT = NOON.replace(hour=8)
FIRST = EIGHT + 4 * DAY
"""The lock asks at noon; three days later it is noon again, so the job comes the morning after."""


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    """The context in which jobs run."""
    with app.app_context():
        yield


@pytest.fixture
def waiting(session: Session, entrusted_locked: Round, in_app: None) -> Round:
    """A round locked at noon, whose trustee has got the first mail."""
    deliver(session)
    return entrusted_locked


def deliver(session: Session) -> None:
    session.execute(sa.delete(OutboxMail))
    session.commit()


def asked(session: Session) -> int:
    to_trustees = sa.select(sa.func.count()).where(OutboxMail.template == "round_waits")
    return session.scalar(to_trustees) or 0


def looked(session: Session, at: datetime) -> bool:
    """Let the job look at a moment, send what it posts, and say whether that was a reminder."""
    with time_machine.travel(at, tick=False):
        remind_trustees()
    session.expire_all()
    number = asked(session)
    deliver(session)
    assert number <= 1
    return number == 1


# --- When


def test_a_trustee_is_reminded_every_three_days_until_they_come(
    session: Session, key_store: KeyStore, waiting: Round
) -> None:
    mornings = [EIGHT + number * DAY for number in range(1, 15)]
    reminded = [moment for moment in mornings if looked(session, moment)]
    assert reminded == [FIRST, FIRST + 3 * DAY, FIRST + 6 * DAY, FIRST + 9 * DAY]

    unlock(session, waiting, key_store, passphrase=PASSPHRASE)
    session.commit()

    assert not any(looked(session, moment + 15 * DAY) for moment in mornings)


def test_a_doubled_job_reminds_nobody_twice(session: Session, waiting: Round) -> None:
    hours = [FIRST + number * timedelta(hours=1) for number in range(71)]

    assert [hour for hour in hours if looked(session, hour)] == [FIRST]


def test_a_worker_that_stood_still_reminds_when_it_looks_again(
    session: Session, waiting: Round
) -> None:
    late = FIRST + 2 * DAY

    assert [day for day in range(7) if looked(session, late + day * DAY)] == [0, 3, 6]


def test_a_mail_still_on_its_way_is_joined_by_no_other(
    session: Session, entrusted_locked: Round, in_app: None
) -> None:
    with time_machine.travel(FIRST, tick=False):
        remind_trustees()
    assert asked(session) == 1
    deliver(session)

    assert not looked(session, FIRST + DAY)
    assert looked(session, FIRST + 3 * DAY)


# --- Who is left in peace


def given(session: Session, round_: Round, key_store: KeyStore) -> None:
    unlock(session, round_, key_store, passphrase=PASSPHRASE)


def closed(_session: Session, round_: Round, _key_store: KeyStore) -> None:
    round_.closed_at = NOON


def lost(session: Session, round_: Round, key_store: KeyStore) -> None:
    lose(session, round_, key_store, wrapped_key_name)


def taken_anew(session: Session, round_: Round, key_store: KeyStore) -> None:
    take(session, round_, key_store, OTHER)


def reopened(session: Session, round_: Round, key_store: KeyStore) -> None:
    take(session, round_, key_store, OTHER)
    again(session, round_, key_store)


@pytest.mark.parametrize("happens", [given, closed, lost, taken_anew, reopened])
def test_no_trustee_is_reminded_for_whom_no_round_waits(
    session: Session,
    key_store: KeyStore,
    waiting: Round,
    happens: Callable[[Session, Round, KeyStore], None],
) -> None:
    happens(session, waiting, key_store)
    deliver(session)

    assert not looked(session, FIRST)
    with time_machine.travel(FIRST, tick=False):
        remind_trustee(session, waiting, key_store)
    assert asked(session) == 0


def test_before_the_lock_nobody_is_reminded(
    session: Session, entrusted_open: Round, in_app: None
) -> None:
    make_round(session)
    deliver(session)

    assert not looked(session, FIRST)


def test_a_round_without_a_trustee_reminds_nobody(
    session: Session, partly: Round, in_app: None
) -> None:
    lock_round(session, partly, at=NOON)
    deliver(session)

    assert not looked(session, FIRST)


def test_a_round_that_is_opened_again_begins_anew(
    session: Session, key_store: KeyStore, waiting: Round
) -> None:
    assert looked(session, FIRST)
    reopened(session, waiting, key_store)
    everybody_answers(session, waiting, key_store)
    lock_round(session, waiting, at=NOON + 10 * DAY)
    deliver(session)

    mornings = [FIRST + number * DAY for number in range(12)]

    assert [moment for moment in mornings if looked(session, moment)] == [FIRST + 10 * DAY]


# --- Two workers at once


def test_who_looked_before_another_worker_reminded_reminds_nobody(
    own_app: Flask,
) -> None:
    key_store: KeyStore = own_app.extensions["key_store"]
    with own_app.app_context(), time_machine.travel(FIRST, tick=False):
        round_id = lay_waiting(db.session, key_store)
        with db.sessionmaker(expire_on_commit=False) as early:
            seen = early.get_one(Round, round_id)
            early.commit()
            remind_trustees()
            assert asked(db.session) == 1
            deliver(db.session)

            remind_trustee(early, seen, key_store)
            early.commit()

        assert asked(db.session) == 0


def lay_waiting(session: Session, key_store: KeyStore) -> UUID:
    """Lay a round that waits for its trustee, who has got the first mail."""
    round_ = make_round(session)
    make_leader(session, round_, peer=4)
    name_trustee(session, round_, make_account(session, "trustee"), key_store)
    take(session, round_, key_store, PASSPHRASE)
    launch(session, round_, key_store, at=NOON)
    lock_round(session, round_, at=NOON)
    round_id = round_.id
    deliver(session)
    return round_id


# --- What HR sees


@pytest.mark.parametrize("locked", [NOON, EIGHT, EIGHT + MINUTE, EIGHT - MINUTE])
def test_the_moment_that_is_shown_is_the_moment_it_goes(
    session: Session, waiting: Round, locked: datetime
) -> None:
    waiting.locked_at = locked
    session.commit()
    shown = []
    for morning in (EIGHT + number * DAY for number in range(1, 9)):
        shown += [next_reminder(waiting, at=morning - MINUTE)]
        assert looked(session, morning) == (shown[-1] == morning)
        assert next_reminder(waiting, at=morning + MINUTE) > morning

    assert min(shown) - locked >= 3 * DAY


def test_hr_is_shown_no_moment_that_has_passed(waiting: Round) -> None:
    assert next_reminder(waiting, at=NOON) == FIRST
    assert next_reminder(waiting, at=FIRST + 5 * DAY) == FIRST + 5 * DAY
    assert next_reminder(waiting, at=FIRST + 5 * DAY + MINUTE) == FIRST + 6 * DAY


def page_of(client: FlaskClient, round_: Round) -> str:
    return " ".join(unescape(client.get(f"/rounds/{round_.id}").text).replace("\xa0", " ").split())


def test_hr_sees_since_when_for_whom_and_when_the_next_reminder_goes(
    client: FlaskClient, hr: Account, waiting: Round
) -> None:
    assert waiting.trustee
    with time_machine.travel(NOON + DAY, tick=False):
        page = page_of(client, waiting)

    assert "21 November 2026, 12:00 UTC</time>. Since then the round has waited" in page
    assert f"for its trustee, {waiting.trustee.email}, who alone" in page
    assert "next on <time" in page
    assert "25 November 2026, 08:00 UTC</time>." in page


@pytest.mark.parametrize("state", ["draft", "locked"])
def test_hr_sees_that_a_mail_to_the_trustee_could_not_be_sent(
    client: FlaskClient, session: Session, hr: Account, entrusted_draft: Round, state: str
) -> None:
    session.commit()
    round_ = entrusted_draft
    if state == "locked":
        lock(session, client, round_)
    assert "could not be sent" not in page_of(client, round_)

    failing = sa.update(OutboxMail).where(OutboxMail.subject_id == round_.id)
    session.execute(failing.values(attempts=1, failure="550 no such mailbox"))
    session.commit()

    page = page_of(client, round_)
    assert "could not be sent yet. The mail server says: 550 no such mailbox." in page


def lock(session: Session, client: FlaskClient, round_: Round) -> None:
    """Launch and lock a draft; of the mails before, none is left."""
    key_store: KeyStore = client.application.extensions["key_store"]
    take(session, round_, key_store, PASSPHRASE)
    launch(session, round_, key_store, at=NOON)
    deliver(session)
    lock_round(session, round_, at=clock.now())
    session.commit()
