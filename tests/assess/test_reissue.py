"""A round is published once; there is no second publication that could be held against the first."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.closing.rounds import AlreadyReleasedError, close_round
from assess.models import LedgerEntry, PublishedLeaf, PublishedSymbol
from core.keys import KeyStore
from surveys.models import CloseStep, Round, Seat
from tests.assess.rounds import answered_round, closed_round, everybody_says
from tests.factories import NOON


def said(session: Session, leader: UUID) -> tuple[bytes, list[str | None]]:
    """Return what the ledger and the tables hold of a leader."""
    symbols = session.scalars(
        sa.select(PublishedSymbol.symbol)
        .join(PublishedSymbol.leaf)
        .where(PublishedLeaf.leader_id == leader)
        .order_by(PublishedLeaf.name, PublishedSymbol.item)
    )
    return session.get_one(LedgerEntry, leader).digest, list(symbols)


def locked_again(session: Session, round_: Round) -> None:
    """Do by hand what nobody should: make a closed round look as if it waited for close."""
    round_.closed_at = None
    session.execute(sa.delete(CloseStep).where(CloseStep.round_id == round_.id))
    session.flush()


def test_a_round_put_back_by_hand_is_not_published_again(
    session: Session, key_store: KeyStore
) -> None:
    round_ = closed_round(session, key_store, everybody_says(4), peer=5)
    leader = round_.leaders[0].id
    before = said(session, leader)
    locked_again(session, round_)

    with pytest.raises(AlreadyReleasedError, match="The first stands"):
        close_round(session, round_, key_store, at=NOON)

    assert said(session, leader) == before


def test_nor_with_a_late_answer_and_a_copy_of_the_envelopes(
    session: Session, key_store: KeyStore
) -> None:
    """Envelopes from a backup and keys that were kept: the sixth rater would be the difference."""
    round_ = answered_round(session, key_store, everybody_says(4), peer=6)
    seats = session.scalars(sa.select(Seat).where(Seat.leader_id == round_.leaders[0].id)).all()
    kept = {seat.id: seat.envelope for seat in seats}
    late = next(seat for seat in seats if seat.group == "peer")
    late.envelope = None
    session.flush()
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    before = said(session, round_.leaders[0].id)

    locked_again(session, round_)
    for seat in seats:
        seat.envelope = kept[seat.id]
    session.flush()

    with pytest.raises(AlreadyReleasedError):
        close_round(session, round_, key_store, at=NOON)
    assert said(session, round_.leaders[0].id) == before


def test_one_leader_in_the_ledger_is_enough(session: Session, key_store: KeyStore) -> None:
    round_ = answered_round(session, key_store, everybody_says(4), peer=4)
    session.add(LedgerEntry(leader_id=round_.leaders[0].id, plan={}, digest=b"d" * 32))
    session.flush()

    with pytest.raises(AlreadyReleasedError):
        close_round(session, round_, key_store, at=NOON)


def test_another_round_is_another_release(session: Session, key_store: KeyStore) -> None:
    for _ in range(2):
        closed_round(session, key_store, everybody_says(4), peer=4)

    assert len(session.scalars(sa.select(LedgerEntry)).all()) == 2


def test_the_primary_key_is_the_last_guard(session: Session, key_store: KeyStore) -> None:
    round_ = closed_round(session, key_store, everybody_says(4), peer=4)
    again = {"leader_id": round_.leaders[0].id, "plan": {}, "digest": b"d" * 32}

    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.insert(LedgerEntry).values(again))
