"""Closed rounds of several leaders, put there as close leaves them, for tests of cohorts."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.models import CohortEntry, PublishedLeaf, PublishedSymbol
from surveys.models import Leader, Round
from surveys.services.rounds import add_leader
from tests.assess.rounds import ITEMS
from tests.factories import NOON, make_person, make_round

Leaves = Mapping[str, str | None]
"""The symbol that a leaf has for every item, by its name."""

PLAIN = {"self": "4", "peer": "3.8"}


def published_round(session: Session, tables: Iterable[Leaves]) -> Round:
    """Return a closed round with a leader for each table; the first six are of Sales, the others of Plant."""
    round_ = make_round(session)
    for number, leaves in enumerate(tables):
        person = make_person(session, f"Leader {number}")
        person.department = "Sales" if number < 6 else "Plant"
        leader = add_leader(session, round_, name=person.name, person=person)
        session.flush()
        for name, symbol in leaves.items():
            publish(session, leader, name, dict.fromkeys(ITEMS, symbol))
    round_.public_key, round_.launched_at, round_.locked_at = b"k" * 32, NOON, NOON
    round_.closed_at = NOON + timedelta(hours=1)
    session.flush()
    session.expire_all()
    return round_


def add_guest(session: Session, round_: Round, name: str) -> Leader:
    """Add a leader who is not in the directory, to a round which has been launched."""
    guest = Leader(round_id=round_.id, name=name)
    session.add(guest)
    session.flush()
    session.expire_all()
    return guest


def publish(session: Session, leader: Leader, name: str, symbols: Mapping[str, str | None]) -> None:
    leaf = PublishedLeaf(
        leader_id=leader.id, name=name, groups=[name], raters=5, named=name == "self"
    )
    leaf.symbols = [PublishedSymbol(item=item, symbol=symbol) for item, symbol in symbols.items()]
    session.add(leaf)


def numbered(round_: Round, *numbers: int) -> list[Leader]:
    """Return leaders by number: `numbered(round_, 0, 5)` are the first six."""
    first, last = numbers
    wanted = {f"Leader {number}" for number in range(first, last + 1)}
    return [leader for leader in round_.leaders if leader.name in wanted]


def entries(session: Session) -> int:
    """Return how many cohorts the ledger holds."""
    return session.scalars(sa.select(sa.func.count()).select_from(CohortEntry)).one()
