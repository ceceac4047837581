"""What raters were promised only grows: protection, who is asked as what, and that nobody reads an answer."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account, Person
from core import clock
from core.keys import KeyStore
from surveys.ballots.keynames import draft_key_name
from surveys.ballots.sealing import draft_key
from surveys.ballots.sheets import Draft, Rating, Sheet
from surveys.models import MINIMUMS, Invitation, Leader, Round, Seat
from surveys.services.answers import save_draft, submit
from surveys.services.rounds import launch, lock_round
from tests.assess.rounds import ITEMS
from tests.factories import make_account, make_leader, make_line, make_person, make_round
from tests.house.test_access import TABLE, Row, answer, matrix
from tests.house.world import ROLES, World, build, undone

STAFF = tuple(role for role in ROLES if role != "rater")
CANARY = "A canary sings in this comment, and nowhere else."
CHANGING = re.compile(rb'name="csrf_token" value="[^"]+"')
Form = dict[str, Any]
Fact = tuple[object, ...]


# --- Nobody but the rater reads an answer


@pytest.fixture
def world(app: Flask, session: Session, key_store: KeyStore) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    return build(app, session, key_store)


def test_no_page_shows_an_answer_while_a_round_is_open(
    world: World, session: Session, key_store: KeyStore
) -> None:
    """Nor does any page depend on one: whatever is answered, each role gets the same, byte by byte."""
    rows = [row for row in matrix(TABLE.read_text()) if row.on in {"open", "-"}]
    everybody_says(world, session, key_store, 1)
    low = dict(pages(world, session, rows))
    everybody_says(world, session, key_store, 5)
    high = dict(pages(world, session, [row for row in rows if row.method == "GET"]))

    assert [place for place, page in low.items() if CANARY.encode() in page] == []
    assert [place for place, page in high.items() if page != low[place]] == []
    assert len(high) > len(STAFF)


def test_the_rater_reads_their_own(world: World, session: Session, key_store: KeyStore) -> None:
    """The search above would find an answer on a page."""
    everybody_says(world, session, key_store, 1)
    row = next(row for row in matrix(TABLE.read_text()) if row.endpoint == "raters.show_page")
    place = {**world.places["open"]["leader"], "number": 3}
    world.places["open"]["rater"] = place

    assert CANARY in answer(world, row, "rater").text


def everybody_says(world: World, session: Session, key_store: KeyStore, rating: Rating) -> None:
    round_ = session.get_one(Round, world.places["open"]["leader"]["round_id"])
    sheet = Sheet(dict.fromkeys(ITEMS, rating), {"keep": CANARY})
    secret = key_store.get(draft_key_name(round_))
    key = draft_key(world.rater_cookie.partition(".")[2], secret)
    for leader in round_.leaders:
        for seat in leader.seats:
            submit(session, seat, sheet, key_store)
            save_draft(session, seat, Draft(sheet), key=key)
    session.commit()


def pages(world: World, session: Session, rows: list[Row]) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        for role in STAFF:
            with undone(session), answer(world, row, role) as response:
                said = (response.location or "").encode() + response.data
            yield f"{row.route} for {role}", CHANGING.sub(b"", said)


# --- Who is asked as what stays as it was at launch


@dataclass(frozen=True)
class Table:
    """A round of one leader, with somebody who could still be asked, and somebody who could be rated."""

    round: Round
    leader: Leader
    seat: Seat
    stranger: Person

    def address(self, what: str) -> str:
        table = f"/rounds/{self.round.id}/leaders/{self.leader.id}"
        return what.format(round=f"/rounds/{self.round.id}", table=table, seat=self.seat.id)


@pytest.fixture
def table(session: Session, sign_in: Callable[[Account], None]) -> Table:
    """A draft, and HR is signed in."""
    sign_in(make_account(session, "hr"))
    round_ = make_round(session)
    round_.deadline = clock.now() + timedelta(days=14)
    leader = make_leader(session, round_, peer=5)
    stranger = make_person(session)
    assert leader.person
    make_line(session, stranger, leader.person)
    session.commit()
    peer = next(seat for seat in leader.seats if seat.group == "peer")
    return Table(round_, leader, peer, stranger)


SENT: Mapping[str, tuple[str, Callable[[Table], Form]]] = {
    "seats.choose": ("{round}/leaders", lambda table: {"people": [str(table.stranger.id)]}),
    "seats.propose": ("{round}/propose", lambda _table: {}),
    "seats.remove": ("{table}/remove", lambda _table: {}),
    "seats.add_rater": (
        "{table}/raters",
        lambda table: {"email": table.stranger.email, "group": "peer"},
    ),
    "seats.add_guest": (
        "{table}/guests",
        lambda _table: {"name": "A client", "email": "c@example.org", "group": "client"},
    ),
    "seats.remove_seat": ("{table}/seats/{seat}/remove", lambda _table: {}),
    "rounds.set_protection": ("{round}/protection", lambda _table: {"protection": "threshold"}),
}


def facts(session: Session, round_id: object) -> set[Fact]:
    """Return who is asked about whom as what, and what they were promised."""
    session.expire_all()
    asked = sa.select(Seat.id, Seat.group, Seat.invitation_id, Seat.leader_id).join(Leader)
    invited = sa.select(Invitation.id, Invitation.name, Invitation.email, Invitation.person_id)
    promised = sa.select(
        Round.protection, Round.names_past_supervisors, Round.instrument_version_id
    )
    return {
        tuple(row)
        for query in (
            asked.where(Leader.round_id == round_id),
            invited.where(Invitation.round_id == round_id),
            sa.select(Leader.id, Leader.person_id).where(Leader.round_id == round_id),
            promised.where(Round.id == round_id),
        )
        for row in session.execute(query)
    }


@pytest.mark.parametrize("sent", SENT)
def test_a_draft_may_be_changed(
    client: FlaskClient, session: Session, table: Table, sent: str
) -> None:
    before, round_id = facts(session, table.round.id), table.round.id

    send(client, table, sent)

    assert facts(session, round_id) != before


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("sent", SENT)
def test_nothing_raters_were_told_is_changed_after_launch(
    client: FlaskClient,
    session: Session,
    key_store: KeyStore,
    *,
    table: Table,
    sent: str,
    over: bool,
) -> None:
    launch(session, table.round, key_store, at=clock.now())
    submit(session, table.seat, Sheet({"trust1": 4}, {}), key_store)
    if over:
        lock_round(session, table.round, at=clock.now())
    session.commit()
    before = facts(session, table.round.id)

    send(client, table, sent)

    assert facts(session, table.round.id) == before


def send(client: FlaskClient, table: Table, sent: str) -> None:
    address, form = SENT[sent]
    response = client.post(table.address(address), data=form(table))
    assert response.status_code == 302


def test_every_way_to_change_a_table_is_tried(app: Flask) -> None:
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("seats.") and "POST" in (rule.methods or set())
    }

    assert posts == {sent for sent in SENT if sent.startswith("seats.")}


@pytest.mark.parametrize("promised", MINIMUMS)
@pytest.mark.parametrize("wanted", MINIMUMS)
def test_protection_is_raised_or_stays(
    client: FlaskClient,
    session: Session,
    key_store: KeyStore,
    *,
    table: Table,
    promised: str,
    wanted: str,
) -> None:
    table.round.protection = promised
    launch(session, table.round, key_store, at=clock.now())
    session.commit()

    client.post(table.address("{round}/protection"), data={"protection": wanted})

    session.expire_all()
    assert table.round.protection == max(promised, wanted, key=lambda level: MINIMUMS[level])
