"""Many at once with one link, and answers on their way while a round is locked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from assess.jobs import close_locked_rounds
from assess.models import PublishedLeaf
from core import clock
from core.db import db
from core.errors import DomainError
from core.keys import KeyLostError, KeyStore
from surveys.ballots.keynames import private_key_name
from surveys.ballots.opening import open_envelope
from surveys.ballots.sealing import receipt
from surveys.ballots.sheets import Sheet
from surveys.models import MINIMUMS, CountedSheet, Round, Seat
from surveys.services.answers import decline, place_of, submit
from surveys.services.rounds import RoundNotOpenError, lock_round
from tests.factories import make_open_round
from tests.visits import Visit, seat_in, secret_for, sheet_address

THREADS = 24


@pytest.fixture
def seat_id(own_app: Flask, own_key_store: KeyStore) -> UUID:
    with own_app.app_context(), db.sessionmaker() as session:
        seat = seat_in(session, make_open_round(session, own_key_store, peer=4), "peer")
        session.commit()
        return seat.id


@pytest.fixture
def own_key_store(own_app: Flask) -> KeyStore:
    store: KeyStore = own_app.extensions["key_store"]
    return store


def at_once(own_app: Flask, do: Callable[[int], str], times: int) -> list[str]:
    """Do something in as many threads, all released at the same moment."""
    barrier = Barrier(times)

    def run(number: int) -> str:
        with own_app.app_context():
            barrier.wait(30)
            return do(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def sheets(own_app: Flask, key_store: KeyStore) -> list[Sheet]:
    """Open every envelope there is, as close would."""
    with own_app.app_context(), db.sessionmaker() as session:
        round_ = session.scalars(sa.select(Round)).one()
        seats = session.scalars(sa.select(Seat).where(Seat.envelope.is_not(None)))
        return [
            open_envelope(
                seat.envelope or b"",
                place=place_of(seat, key_store),
                private_key=key_store.get(private_key_name(round_)),
            )
            for seat in seats
        ]


def test_one_link_in_many_hands_stores_one_envelope(
    own_app: Flask, own_key_store: KeyStore, seat_id: UUID
) -> None:
    with own_app.app_context(), db.sessionmaker() as session:
        seat = session.get_one(Seat, seat_id)
        secret, page, send = (
            secret_for(seat, own_key_store),
            sheet_address(seat, 1),
            sheet_address(seat, "send"),
        )
    visits = [Visit(own_app) for _ in range(THREADS)]

    def answer(number: int) -> str:
        visit = visits[number]
        visit.begin(secret)
        visit.get("/r/seats")
        visit.post(page, **{f"trust{item}": str(1 + number % 5) for item in (1, 2, 3)})
        return str(visit.post(send).status_code)

    assert set(at_once(own_app, answer, THREADS)) == {"303"}
    (sheet,) = sheets(own_app, own_key_store)
    assert len(sheet.ratings) == 3
    assert len(set(sheet.ratings.values())) == 1


def test_what_is_sent_while_a_round_is_locked_is_whole_or_refused(
    own_app: Flask, own_key_store: KeyStore
) -> None:
    with own_app.app_context(), db.sessionmaker() as session:
        round_ = make_open_round(session, own_key_store, peer=THREADS)
        seats = [seat.id for seat in session.scalars(sa.select(Seat).where(Seat.group == "peer"))]
        session.commit()
        round_id = round_.id

    def send_or_lock(number: int) -> str:
        with db.sessionmaker() as session:
            if number == THREADS // 2:
                lock_round(session, session.get_one(Round, round_id), at=clock.now())
                session.commit()
                return "locked"
            try:
                submit(
                    session,
                    session.get_one(Seat, seats[number]),
                    Sheet({"trust1": 5}, {}),
                    own_key_store,
                )
            except RoundNotOpenError:
                return "refused"
            session.commit()
            return "sent"

    outcomes = at_once(own_app, send_or_lock, THREADS)

    assert len(sheets(own_app, own_key_store)) == outcomes.count("sent")
    assert outcomes.count("sent") + outcomes.count("refused") == THREADS - 1


def test_what_is_sent_while_a_round_is_closed_is_counted_or_refused(
    own_app: Flask, own_key_store: KeyStore
) -> None:
    """Close opens what was sent, whole, and whoever was refused is told so: nothing lies in between."""
    with own_app.app_context(), db.sessionmaker() as session:
        make_open_round(session, own_key_store, peer=THREADS)
        seats = [seat.id for seat in session.scalars(sa.select(Seat).where(Seat.group == "peer"))]
        session.commit()

    def send_or_close(number: int) -> str:
        if number != THREADS // 2:
            return receipt_of(seats[number], own_key_store)
        lock_round(db.session, db.session.scalars(sa.select(Round)).one(), at=clock.now())
        db.session.commit()
        close_locked_rounds()
        return ""

    sent = set(at_once(own_app, send_or_close, THREADS)) - {""}

    with own_app.app_context():
        close_locked_rounds()  # a sheet that is refused may have held the round: the job comes again
        counted = {row.digest.hex() for row in db.session.scalars(sa.select(CountedSheet))}
        leaves = db.session.scalars(sa.select(PublishedLeaf.raters)).all()
        assert db.session.scalars(sa.select(Round)).one().is_swept
    assert len(counted) == THREADS + 1
    assert sent <= counted
    assert sum(leaves) == (len(sent) if len(sent) >= MINIMUMS["standard"] else 0)
    assert sheets(own_app, own_key_store) == []


def receipt_of(seat_id: UUID, key_store: KeyStore) -> str:
    """Send a sheet, and return the receipt; nothing where it was refused."""
    with db.sessionmaker() as session:
        seat = session.get_one(Seat, seat_id)
        try:
            submit(session, seat, Sheet({"trust1": 5}, {}), key_store)
            sent = receipt(seat.envelope or b"").hex()
        except (RoundNotOpenError, KeyLostError):
            return ""
        session.commit()
        return sent


def test_after_the_lock_nothing_is_sent(
    own_app: Flask, own_key_store: KeyStore, seat_id: UUID
) -> None:
    """Whoever had loaded the page while the round was open finds it locked when the sheet arrives."""
    with own_app.app_context(), db.sessionmaker() as early:
        seat = early.get_one(Seat, seat_id)
        assert seat.leader.round.state == "open"
        early.commit()
        with db.sessionmaker() as session:
            lock_round(session, session.scalars(sa.select(Round)).one(), at=clock.now())
            session.commit()

        with pytest.raises(RoundNotOpenError):
            submit(early, seat, Sheet({"trust1": 5}, {}), own_key_store)

    assert sheets(own_app, own_key_store) == []


def test_declining_and_sending_at_once_leaves_one_of_them(
    own_app: Flask, own_key_store: KeyStore, seat_id: UUID
) -> None:
    def send_or_decline(number: int) -> str:
        with db.sessionmaker() as session:
            seat = session.get_one(Seat, seat_id)
            try:
                if number % 2:
                    decline(session, seat)
                else:
                    submit(session, seat, Sheet({"trust1": 5}, {}), own_key_store)
            except DomainError as error:
                return type(error).__name__
            session.commit()
            return "declined" if number % 2 else "sent"

    outcomes = set(at_once(own_app, send_or_decline, 8))

    assert outcomes in ({"sent", "AlreadyAnsweredError"}, {"declined", "SeatDeclinedError"})
    assert len(sheets(own_app, own_key_store)) == ("sent" in outcomes)
