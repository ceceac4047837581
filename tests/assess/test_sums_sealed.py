"""Sums lie in a box that the database alone does not open, and join their tables once."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from nacl.secret import SecretBox
from sqlalchemy.orm import Session

from accounts.models import Person
from assess import sums
from assess.closing import sums as at_close
from assess.closing.answers import OpenedSheet
from assess.closing.rounds import close_round
from assess.closing.voices import voices
from assess.models import SealedSums, SealedTables
from assess.queries import SealedSeat, sealed_boxes
from core.keys import KeyStore
from surveys.ballots.sheets import Sheet
from surveys.models import Round
from surveys.services.seats import Rater, invite_all
from tests.assess.rounds import ITEMS
from tests.assess.studied import SMALL, locked_round, studied_round
from tests.factories import NOON, make_leader, make_person, make_round

MARK = "canary7391"


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def opened(session: Session, round_: Round, key_store: KeyStore) -> tuple[dict, dict]:  # type: ignore[type-arg]  # JSON
    boxes = sealed_boxes(session, round_)
    assert boxes
    told, tables = (sums.unseal(box, key_store) for box in boxes)
    return told, tables


# --- The box


def test_what_is_sealed_comes_back(keys: KeyStore) -> None:
    document = {"a": [1, 2.5, None], MARK: {"b": "é"}}

    assert sums.unseal(sums.seal(document, keys), keys) == document


@pytest.mark.parametrize("length", [0, 970, 971, 985, 990, 2000])
def test_a_box_is_so_many_full_kilobytes_long(keys: KeyStore, length: int) -> None:
    box = sums.seal({"a": "7" * length}, keys)

    assert len(box) % 1024 == 0
    assert len(box) - 1024 < length + 48 <= len(box)


def test_a_box_holds_nothing_readable(keys: KeyStore) -> None:
    box = sums.seal({MARK: 7391}, keys)

    assert MARK.encode() not in box
    assert b"7391" not in box
    assert box != sums.seal({MARK: 7391}, keys)


def test_a_lost_key_is_told_kindly(keys: KeyStore) -> None:
    box = sums.seal({}, keys)
    keys.destroy(sums.KEY_NAME)

    with pytest.raises(sums.SumsLostError, match="Reports are safe"):
        sums.unseal(box, keys)


def test_another_key_opens_nothing(keys: KeyStore) -> None:
    box = sums.seal({}, keys)
    keys.put(sums.KEY_NAME, b"\1" * SecretBox.KEY_SIZE)

    with pytest.raises(sums.SumsLostError):
        sums.unseal(box, keys)


def test_a_changed_box_is_not_believed(keys: KeyStore) -> None:
    box = bytearray(sums.seal({}, keys))
    box[100] ^= 1

    with pytest.raises(sums.SumsLostError):
        sums.unseal(bytes(box), keys)


# --- At close


@pytest.fixture
def round_(session: Session, key_store: KeyStore) -> Iterator[Round]:
    yield locked_round(session, key_store, leaders=10, peer=8)
    key_store.destroy(sums.KEY_NAME)


def test_close_seals_sums_and_tables(session: Session, key_store: KeyStore, round_: Round) -> None:
    close_round(session, round_, key_store, at=NOON)
    session.flush()

    told, tables = opened(session, round_, key_store)

    assert told["components"]["peer"]["trust"]["raters"] == 80
    assert (told["histograms"], told["structure"], told["careless"]) == ([], [], None)
    assert tables["cells"]["peer"]["en"]["trust1"]["raters"] == 78


def test_who_is_shown_by_name_enters_no_sum() -> None:
    """The others stand side by side, each with their leader, group, language and answers."""
    seats = [
        SealedSeat(uuid4(), uuid4(), group, language, b"")
        for group, language in (
            ("self", "en"),
            ("peer", "de"),
            ("supervisor", "en"),
            ("client", "en"),
        )
    ]
    sheets = [
        OpenedSheet(seat.leader_id, seat.group, Sheet(dict.fromkeys(ITEMS, number), {}))
        for number, seat in enumerate(seats, start=1)
    ]

    said = voices(seats, sheets, SMALL).outside({"self", "supervisor"})

    assert said.groups.tolist() == ["peer", "client"]
    assert said.languages.tolist() == ["de", "en"]
    assert said.ratings.tolist() == [[2.0] * 6, [4.0] * 6]
    assert len({*said.raters.tolist()}) == len({*said.leaders.tolist()}) == 2


def test_a_close_that_is_rolled_back_has_added_nothing(
    session: Session, key_store: KeyStore, round_: Round
) -> None:
    round_id = round_.id
    session.commit()

    close_round(session, round_, key_store, at=NOON)
    session.flush()
    session.rollback()

    assert session.scalars(sa.select(SealedSums)).all() == []
    assert session.scalars(sa.select(SealedTables)).all() == []

    round_ = session.get_one(Round, round_id)
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    _, tables = opened(session, round_, key_store)
    assert tables["cells"]["peer"]["en"]["trust1"]["raters"] == 78


def test_a_second_round_joins_the_tables_of_the_first(
    session: Session, key_store: KeyStore, round_: Round
) -> None:
    close_round(session, round_, key_store, at=NOON)
    second = studied_round(session, key_store, leaders=10, seed=2, peer=8)

    _, tables = opened(session, second, key_store)

    assert tables["cells"]["peer"]["en"]["trust1"]["raters"] == 156
    assert len(session.scalars(sa.select(SealedTables)).all()) == 1


def test_close_goes_on_where_the_key_is_lost(
    session: Session, key_store: KeyStore, round_: Round
) -> None:
    """What the old tables held nobody can read any more; the round's own sums need not be lost as well."""
    close_round(session, round_, key_store, at=NOON)
    key_store.destroy(sums.KEY_NAME)
    second = studied_round(session, key_store, leaders=10, seed=2, peer=8)

    _, tables = opened(session, second, key_store)

    assert tables["cells"]["peer"]["en"]["trust1"]["raters"] == 78
    first = sealed_boxes(session, round_)
    assert first
    with pytest.raises(sums.SumsLostError):
        sums.unseal(first[0], key_store)


def test_the_database_holds_no_figure_of_it_in_clear(
    session: Session, key_store: KeyStore, round_: Round
) -> None:
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    told, _ = opened(session, round_, key_store)
    figure = json.dumps(told["components"]["peer"]["trust"], sort_keys=True)[:40].encode()

    for box in (
        *session.scalars(sa.select(SealedSums.box)),
        *session.scalars(sa.select(SealedTables.box)),
    ):
        assert figure not in box
        assert b"components" not in box
        assert b"trust" not in box


# --- Overlap


def asked_again(session: Session, before: Round, again: int, new: int) -> Round:
    """Draft a round in which so many raters of before are asked, and so many others."""
    round_ = make_round(session)
    leader = make_leader(session, round_)
    seats = (seat for seat in before.leaders[0].seats if seat.group == "peer")
    known = [session.get_one(Person, seat.invitation.person_id) for seat in seats]
    people = [*known[:again], *(make_person(session) for _ in range(new))]
    invite_all(session, leader, [Rater("peer", person=person) for person in people])
    session.flush()
    return round_


@pytest.mark.parametrize(
    ("again", "new", "words"),
    [(4, 4, "mostly the same"), (4, 5, "mostly new"), (0, 3, "mostly new")],
)
def test_overlap_is_told_in_two_words(
    session: Session, key_store: KeyStore, again: int, new: int, words: str
) -> None:
    before = studied_round(session, key_store, leaders=1, peer=4)

    assert at_close.overlap(session, asked_again(session, before, again, new)) == words


def test_the_first_round_overlaps_with_nothing(session: Session, key_store: KeyStore) -> None:
    round_ = studied_round(session, key_store, leaders=1, peer=4)

    assert at_close.overlap(session, round_) is None


def test_overlap_goes_by_who_was_asked_and_not_by_who_answered(
    session: Session, key_store: KeyStore
) -> None:
    before = studied_round(session, key_store, leaders=1, peer=4)
    round_ = asked_again(session, before, 4, 0)

    assert at_close.overlap(session, round_) == "mostly the same"  # nobody has answered


def test_guests_are_known_again_by_their_address(session: Session, key_store: KeyStore) -> None:
    first, second = make_round(session), make_round(session)
    for round_, email in ((first, "Guest@example.org"), (second, "guest@EXAMPLE.org")):
        invite_all(session, make_leader(session, round_), [Rater("client", name="G", email=email)])
    first.launched_at = first.locked_at = first.closed_at = NOON
    first.public_key = b"\0" * 32
    session.flush()

    assert at_close.overlap(session, second) == "mostly the same"
