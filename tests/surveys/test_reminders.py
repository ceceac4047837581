"""Who is reminded, when, and who is left in peace."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.jobs import count_open_rounds, lock_due_rounds, remind_raters
from surveys.models import Invitation, Round, Seat
from surveys.queries.rounds import group_counts
from surveys.services.rounds import RoundNotOpenError, lock_round, remind
from tests.factories import DEADLINE, NOON, make_open_round, make_round


@pytest.fixture
def round_(session: Session, key_store: KeyStore) -> Round:
    """An open round of a leader and two peers, whose invitations have gone."""
    round_ = make_open_round(session, key_store, peer=2)
    session.execute(sa.delete(OutboxMail))
    return round_


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    """The context in which jobs run."""
    with app.app_context():
        yield


def reminded(session: Session) -> set[Invitation]:
    on_its_way = sa.select(OutboxMail.subject_id).where(OutboxMail.template == "reminder")
    return set(session.scalars(sa.select(Invitation).where(Invitation.id.in_(on_its_way))))


def test_who_has_not_answered_is_reminded(session: Session, round_: Round) -> None:
    remind(session, round_)

    assert len(reminded(session)) == 3


def test_who_has_answered_or_declined_is_left_in_peace(session: Session, round_: Round) -> None:
    answered, declined, waiting = round_.leaders[0].seats
    answered.envelope, declined.declined = b"sealed", True

    remind(session, round_)

    assert reminded(session) == {waiting.invitation}


def test_a_doubled_job_reminds_nobody_twice(session: Session, round_: Round) -> None:
    remind(session, round_)
    session.execute(sa.delete(OutboxMail))

    remind(session, round_)

    assert reminded(session) == set()


def test_a_reminder_still_waiting_is_not_joined_by_another(session: Session, round_: Round) -> None:
    remind(session, round_)
    round_.reminded_on = date(2000, 1, 1)

    remind(session, round_)

    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMail)) == 3


def test_reminders_end_with_the_round(session: Session, round_: Round) -> None:
    lock_round(session, round_, at=NOON)

    with pytest.raises(RoundNotOpenError):
        remind(session, round_)


def test_reminders_come_a_week_three_days_and_a_day_before_the_end(round_: Round) -> None:
    assert round_.reminder_days(NOON.date()) == (
        date(2026, 11, 28),
        date(2026, 12, 2),
        date(2026, 12, 4),
    )


def test_nobody_is_reminded_on_the_day_of_launch(round_: Round) -> None:
    launched_on = date(2026, 11, 28)

    assert launched_on not in round_.reminder_days(launched_on)


@pytest.mark.parametrize(("on", "mails"), [(27, 0), (28, 3)])
def test_the_job_reminds_on_its_days_alone(
    session: Session, round_: Round, in_app: None, on: int, mails: int
) -> None:
    session.commit()

    with time_machine.travel(NOON.replace(day=on, hour=8)):
        remind_raters()

    assert len(reminded(session)) == mails


def test_the_job_locks_what_is_due_and_nothing_else(
    session: Session, round_: Round, in_app: None
) -> None:
    draft = make_round(session)
    session.commit()

    for when in (DEADLINE - timedelta(seconds=1), DEADLINE):
        assert round_.state == "open"
        with time_machine.travel(when, tick=False):
            lock_due_rounds()
        session.expire_all()

    assert (round_.state, draft.state) == ("locked", "draft")
    assert round_.locked_at == DEADLINE


def test_the_daily_count_changes_once_a_day(session: Session, round_: Round, in_app: None) -> None:
    for seat in round_.leaders[0].seats[:2]:
        seat.envelope = b"sealed"
    session.commit()

    counted = []
    for hours in (2, 24, 25):
        with time_machine.travel(NOON + timedelta(hours=hours)):
            count_open_rounds()
        session.expire_all()
        counted.append(sum(count.answered for count in group_counts(session, round_)))
        session.execute(sa.update(Seat).values(envelope=b"sealed"))
        session.commit()

    assert counted == [0, 3, 3]
