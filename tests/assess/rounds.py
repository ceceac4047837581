"""Rounds that have been answered, for tests of what close makes of them."""

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.closing.rounds import close_round
from core.keys import KeyStore
from surveys.ballots.sheets import Rating, Sheet
from surveys.models import Leader, Round, Seat
from surveys.services.answers import submit
from surveys.services.rounds import launch, lock_round
from tests.factories import NOON, make_leader, make_round

ITEMS = tuple(
    f"{competency}{number}" for competency in ("trust", "listening") for number in (1, 2, 3)
)

Answer = Callable[[str, int], Sheet]
"""Says what the nth rater of a group answers."""


def everybody_says(value: Rating, comment: str = "") -> Answer:
    comments = {"keep": comment} if comment else {}
    return lambda _group, _number: Sheet(dict.fromkeys(ITEMS, value), comments)


def by_group(values: Mapping[str, Sequence[Rating]]) -> Answer:
    """Let the nth rater of a group give all items the nth value of the group."""
    return lambda group, number: Sheet(dict.fromkeys(ITEMS, values[group][number]), {})


def answered_round(
    session: Session,
    key_store: KeyStore,
    answer: Answer,
    *,
    protection: str = "standard",
    **groups: int,
) -> Round:
    """Launch a round with one leader, let everybody answer, and lock it."""
    round_ = make_round(session, protection=protection)
    leader = make_leader(session, round_, **groups)
    launch(session, round_, key_store, at=NOON)
    submit_all(session, leader, answer, key_store)
    lock_round(session, round_, at=NOON)
    session.flush()
    return round_


def submit_all(session: Session, leader: Leader, answer: Answer, key_store: KeyStore) -> None:
    told: dict[str, int] = {}
    for seat in session.scalars(sa.select(Seat).where(Seat.leader_id == leader.id)):
        number = told.get(seat.group, 0)
        told[seat.group] = number + 1
        sheet = answer(seat.group, number)
        if sheet.ratings or sheet.comments:
            submit(session, seat, sheet, key_store)


def closed_round(
    session: Session,
    key_store: KeyStore,
    answer: Answer,
    *,
    protection: str = "standard",
    **groups: int,
) -> Round:
    round_ = answered_round(session, key_store, answer, protection=protection, **groups)
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    session.expire_all()
    return round_
