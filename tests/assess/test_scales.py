"""A round on a scale of any length, wherever it begins, is closed and read like any other."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from assess.closing.rounds import close_round
from assess.scorecards.reading import scorecard
from assess.scorecards.types import Scorecard
from core.keys import KeyStore
from instruments.questionnaires import Instrument
from instruments.services import publish
from surveys.ballots.sheets import Sheet
from surveys.services.rounds import create_round, launch, lock_round
from tests.assess.rounds import Answer, submit_all
from tests.factories import DEADLINE, NOON, SMALL_INSTRUMENT, make_leader

FIRST, REVERSED = "trust1", "trust2"


def on_scale(low: int, high: int) -> Instrument:
    """Return the small instrument on another scale, its second item reverse-keyed."""
    document: dict[str, Any] = Instrument.from_document(SMALL_INSTRUMENT).document()
    labels = [f"Point {point}" for point in range(low, high + 1)]
    document["scale"] |= {"low": low, "high": high, "labels": labels}
    document["competencies"][0]["items"][1]["reverse"] = True
    return Instrument.from_document(document)


def card_of(
    session: Session, key_store: KeyStore, instrument: Instrument, answer: Answer, peers: int
) -> Scorecard:
    version = publish(session, instrument)
    round_ = create_round(session, name="Pulse", instrument_version=version, deadline=DEADLINE)
    leader = make_leader(session, round_, peer=peers)
    launch(session, round_, key_store, at=NOON)
    submit_all(session, leader, answer, key_store)
    lock_round(session, round_, at=NOON)
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    session.expire_all()
    return scorecard(session, leader)


def all_say(instrument: Instrument, value: int) -> Answer:
    return lambda _group, _number: Sheet({item.key: value for item in instrument.items}, {})


@pytest.mark.parametrize(
    ("low", "high", "bands"),
    [
        (1, 4, ("3.5+", "1.5-")),
        (1, 6, ("5.375+", "1.625-")),
        (1, 7, ("6.25+", "1.75-")),
        (-3, 3, ("2.25+", "-2.25-")),
    ],
)
def test_four_peers_who_give_the_best_mark_are_told_as_a_band(
    session: Session, key_store: KeyStore, low: int, high: int, bands: tuple[str, str]
) -> None:
    instrument = on_scale(low, high)

    card = card_of(session, key_store, instrument, all_say(instrument, high), 4)

    told = {row.item: row.symbol for row in card.items if row.leaf == "peer"}
    assert (told[FIRST], told[REVERSED]) == bands
    trust = next(
        row for row in card.competencies if (row.competency, row.leaf) == ("trust", "peer")
    )
    assert trust.score is not None
    assert low < trust.score < high


def test_means_below_nought_are_told_and_counted(session: Session, key_store: KeyStore) -> None:
    instrument = on_scale(-3, 3)
    thought = [-2, -1, 0, 1, -2, -1, 0, 0]

    def answer(group: str, number: int) -> Sheet:
        value = thought[number] if group == "peer" else -3
        return Sheet({item.key: -value if item.reverse else value for item in instrument.items}, {})

    card = card_of(session, key_store, instrument, answer, 8)

    peers = [row for row in card.items if row.leaf == "peer"]
    assert {(row.symbol, row.value) for row in peers} == {("-0.6", -0.6)}
    assert {row.symbol for row in card.items if row.leaf == "self"} == {"-3"}
    assert {row.agreement for row in card.competencies if row.leaf == "peer"} == {"high"}
