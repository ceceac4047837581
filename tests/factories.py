"""Things for tests to stand on: plain functions which build a thing, add it to the session and return it."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Account, Person, ReportingLine, Role
from core.keys import KeyStore
from instruments.models import InstrumentVersion
from instruments.questionnaires import Instrument
from instruments.services import publish
from surveys.models import Leader, Round
from surveys.services.rounds import add_leader, create_round, launch
from surveys.services.seats import Rater, invite_all

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEADLINE = NOON + timedelta(days=14)
SMALL_INSTRUMENT = {
    "key": "small",
    "version": "1",
    "title": "A small questionnaire",
    "language": "en",
    "scale": {
        "low": 1,
        "high": 5,
        "labels": ["Never", "Seldom", "Sometimes", "Often", "Always"],
        "not_observed": "Not observed",
    },
    "competencies": [
        {
            "key": competency,
            "title": competency.capitalize(),
            "definition": f"What {competency} means.",
            "items": [
                {
                    "key": f"{competency}{number}",
                    "text": f"Shows {competency} in way {number}.",
                    "self_text": f"I show {competency} in way {number}.",
                }
                for number in (1, 2, 3)
            ],
        }
        for competency in ("trust", "listening")
    ],
    "questions": [{"key": "keep", "text": "What should go on?"}],
}

_numbers = count(1)


def make_version(session: Session) -> InstrumentVersion:
    """Publish the small instrument; a second time it is the same version."""
    return publish(session, Instrument.from_document(SMALL_INSTRUMENT))


def make_person(session: Session, name: str = "") -> Person:
    number = next(_numbers)
    name = name or f"Person {number}"
    person = Person(key=f"p{number}", name=name, email=f"p{number}@example.org")
    session.add(person)
    session.flush()
    return person


def make_line(session: Session, person: Person, supervisor: Person) -> ReportingLine:
    """Let somebody report to somebody since long ago."""
    line = ReportingLine(person=person, supervisor=supervisor, since=date(2020, 1, 1))
    session.add(line)
    session.flush()
    return line


def make_account(session: Session, *roles: str, person: Person | None = None) -> Account:
    account = Account(
        email=person.email if person else f"account{next(_numbers)}@example.org",
        person=person,
        fs_uniquifier=uuid4().hex,
        roles=[_role(session, name) for name in roles],
    )
    session.add(account)
    session.flush()
    return account


def make_round(session: Session, *, protection: str = "standard") -> Round:
    """Draft a round without anybody in it."""
    return create_round(
        session,
        name="Autumn",
        instrument_version=make_version(session),
        deadline=DEADLINE,
        protection=protection,
    )


def make_leader(session: Session, round_: Round, **groups: int) -> Leader:
    """Add a leader with their own seat and raters by group: `make_leader(session, round_, peer=5)`."""
    person = make_person(session, f"Leader {next(_numbers)}")
    leader = add_leader(session, round_, name=person.name, person=person)
    raters = [Rater("self", person=person)]
    for group, size in groups.items():
        raters += [Rater(group, person=make_person(session)) for _ in range(size)]
    invite_all(session, leader, raters)
    return leader


def make_open_round(session: Session, key_store: KeyStore, **groups: int) -> Round:
    """Launch a round with one leader."""
    round_ = make_round(session)
    make_leader(session, round_, **groups)
    launch(session, round_, key_store, at=NOON)
    session.flush()
    return round_


def _role(session: Session, name: str) -> Role:
    return session.scalar(select(Role).where(Role.name == name)) or Role(name=name)
