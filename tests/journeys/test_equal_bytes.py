"""Equal symbols, equal bytes: other answers with the same symbols and comments make the same documents."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from assess.closing.answers import OpenedSheet
from assess.publication.auditor import Answers, Limits, audit
from assess.publication.protection import STANDARD
from assess.scorecards.reading import scorecard
from core.keys import KeyStore
from instruments.questionnaires import Instrument
from reports.auditing import Audited, drawn
from reports.documents import report_pdf
from reports.exports import leader_document, to_json
from reports.services import open_reports
from surveys.ballots.sheets import Sheet
from tests.assess.rounds import closed_round
from tests.factories import NOON, SMALL_INSTRUMENT, make_account

OK = 200
LEADER = "Ana Lindqvist"
RATERS = {"self": 1, "supervisor": 1, "peer": 5, "direct_report": 8, "client": 2, "board": 1}
MANY = 20
"""So many answers at least of the 96 of those who are to be protected are others."""
SignIn = Callable[[Account], None]


@dataclass(frozen=True)
class Bytes:
    """Everything that is published of a leader."""

    pdf: bytes
    json: bytes
    page: bytes


def drawn_table(kind: str) -> Audited:
    instrument = Instrument.from_document(SMALL_INSTRUMENT)
    tables = drawn(instrument, RATERS, STANDARD, seed=22)
    audited = next(audited for drawn_kind, audited in tables if drawn_kind == kind)
    occasion = replace(audited.occasion, leader=LEADER, round_name="Autumn", closed_on=NOON.date())
    return replace(audited, occasion=occasion)


def witness(audited: Audited) -> Answers:
    """Return, of the answers which the auditor found to make the same document, those most unlike."""
    given = audited.table.answers
    printed, found = audited.document(given), [given]

    def document(answers: Answers) -> bytes:
        made = audited.document(answers)
        found.extend([answers] if made == printed else [])
        return made

    assert audit(given, document, Limits(STANDARD, 1, 5)) == []
    return max(found, key=lambda answers: unlike(answers, given))


def unlike(one: Answers, other: Answers) -> int:
    return sum(a != b for cell in one for a, b in zip(one[cell], other[cell], strict=True))


def told(sheets: Sequence[OpenedSheet]) -> Callable[[str, int], Sheet]:
    """Let the nth rater of a group hand in the nth sheet of that group."""
    return lambda group, number: [each.sheet for each in sheets if each.group == group][number]


@dataclass(frozen=True)
class Press:
    """Closes rounds of one leader and prints what is published of that leader, for a coach to read."""

    session: Session
    key_store: KeyStore
    client: FlaskClient
    coach: Account

    def print(self, sheets: Sequence[OpenedSheet]) -> Bytes:
        """Leaders go by one name, and their page's address by none."""
        round_ = closed_round(
            self.session,
            self.key_store,
            told(sheets),
            supervisor=1,
            peer=5,
            direct_report=8,
            client=2,
            board=1,
        )
        leader = round_.leaders[0]
        leader.name, leader.coach = LEADER, self.coach
        open_reports(self.session, round_)
        self.session.commit()
        page = self.client.get(f"/coach/{leader.id}")
        assert page.status_code == OK
        card = scorecard(self.session, leader)
        return Bytes(
            report_pdf(card),
            to_json(leader_document(card)),
            page.data.replace(str(leader.id).encode(), b""),
        )


@pytest.fixture
def press(
    session: Session, key_store: KeyStore, client: FlaskClient, sign_in: SignIn
) -> Iterator[Press]:
    """Print at one moment: pages carry a token of the time, against forged forms."""
    with time_machine.travel(NOON, tick=False):
        coach = make_account(session, "coach")
        session.commit()
        sign_in(coach)
        yield Press(session, key_store, client, coach)


@pytest.mark.parametrize("kind", ["likely answers", "one dissenter", "few observe"])
def test_equal_symbols_and_comments_make_equal_bytes(press: Press, kind: str) -> None:
    audited = drawn_table(kind)
    given, other = audited.table.answers, witness(audited)
    assert unlike(given, other) > MANY

    first, second = (press.print(audited.table.exchanged(one)) for one in (given, other))

    assert first == second
    assert first.pdf == report_pdf(audited.card(given)), "the database has a part in it"


def test_other_symbols_make_other_bytes(press: Press) -> None:
    audited = drawn_table("all the highest")
    given = audited.table.answers
    other = {**given, ("peer", "trust1"): (1, 1, 1, 1, 1)}

    first, second = (press.print(audited.table.exchanged(one)) for one in (given, other))

    assert first.pdf != second.pdf
    assert first.json != second.json
    assert first.page != second.page
