"""Rounds large enough to tell a methodologist something."""

from dataclasses import asdict, replace

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess import sums
from assess.closing import sums as at_close
from assess.closing.answers import Floats
from assess.closing.differences import add_round
from assess.closing.parameters import parameters
from assess.closing.rounds import close_round
from assess.closing.voices import Codes, Voices
from assess.models import RoundParameters, SealedSums, SealedTables
from core.keys import KeyStore
from instruments.questionnaires import Instrument
from surveys.ballots.sheets import Sheet
from surveys.models import Invitation, Leader, Round, Seat
from surveys.services.answers import submit
from surveys.services.rounds import launch, lock_round
from tests.assess.rounds import ITEMS
from tests.factories import NOON, SMALL_INSTRUMENT, make_leader, make_round

SMALL = Instrument.from_document(SMALL_INSTRUMENT)


def plausible(leaders: int, raters: int, *, items: int = 6, seed: int = 1) -> np.ndarray:
    """Return answers on five points of so many leaders by so many raters each, leader by leader."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.normal(3.7, 0.5, leaders), raters)[:, None]
    level = level + rng.normal(0, 0.4, (leaders * raters, 1)) + np.linspace(-0.3, 0.3, items)
    return np.clip(np.rint(level + rng.normal(0, 0.6, (leaders * raters, items))), 1, 5)


def said(ratings: np.ndarray, *, leaders: int, group: str = "peer", language: str = "en") -> Voices:
    """Return answers of people who rate one leader each, the leaders with equally many of them."""
    count = len(ratings)
    about = np.arange(count) * leaders // count
    part = by_peers(np.asarray(ratings, dtype=np.float64), about, np.arange(count))
    return replace(part, groups=np.full(count, group), languages=np.full(count, language))


def by_peers(ratings: Floats, leaders: Codes, raters: Codes) -> Voices:
    """Return what peers say who are asked in English."""
    return Voices(
        ratings, leaders, raters, np.full(len(leaders), "peer"), np.full(len(leaders), "en")
    )


def together(*parts: Voices) -> Voices:
    """Return what different people say about the same leaders."""
    starts = np.cumsum([0, *(len(part.raters) for part in parts)])
    return Voices(
        np.vstack([part.ratings for part in parts]),
        np.concatenate([part.leaders for part in parts]),
        np.concatenate([part.raters + start for part, start in zip(parts, starts, strict=False)]),
        np.concatenate([part.groups for part in parts]),
        np.concatenate([part.languages for part in parts]),
    )


def locked_round(
    session: Session, key_store: KeyStore, *, leaders: int, seed: int = 1, **groups: int
) -> Round:
    """Let so many leaders be rated by so many people of each group, and lock the round."""
    round_ = make_round(session)
    for _ in range(leaders):
        make_leader(session, round_, **groups)
    launch(session, round_, key_store, at=NOON)
    answers = plausible(leaders, 1 + sum(groups.values()), seed=seed)
    seats = session.scalars(
        sa.select(Seat).join(Leader).where(Leader.round_id == round_.id).order_by(Seat.leader_id)
    )
    for seat, row in zip(seats, answers, strict=True):
        ratings = {item: int(value) for item, value in zip(ITEMS, row, strict=True)}
        submit(session, seat, Sheet(ratings, {}), key_store)
    lock_round(session, round_, at=NOON)
    session.flush()
    return round_


def studied_round(
    session: Session, key_store: KeyStore, *, leaders: int, seed: int = 1, **groups: int
) -> Round:
    round_ = locked_round(session, key_store, leaders=leaders, seed=seed, **groups)
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    session.expire_all()
    return round_


def planted_round(
    session: Session, key_store: KeyStore, voices: Voices, *, leaders: int = 10
) -> Round:
    """Return a closed round with what close would have kept of these voices, without anybody answering."""
    round_ = make_round(session)
    for _ in range(leaders):
        make_leader(session, round_, peer=1, client=1)
    round_.launched_at = round_.locked_at = round_.closed_at = NOON
    round_.public_key = b"\0" * 32
    groups = np.unique(voices.groups).tolist()
    rows = (asdict(row) for row in parameters(voices, groups, SMALL))
    session.add_all(RoundParameters(round_id=round_.id, **row) for row in rows)
    document = {
        "components": at_close.components(voices, SMALL),
        "structure": at_close.structure(voices),
        "histograms": at_close.histograms(voices, SMALL),
        "careless": at_close.careless(voices, SMALL),
        "overlap": None,
    }
    session.add(SealedSums(round_id=round_.id, box=sums.seal(document, key_store)))
    tables = sums.seal(add_round({}, voices, SMALL), key_store)
    session.merge(SealedTables(instrument_version_id=round_.instrument_version_id, box=tables))
    session.commit()
    session.expire_all()
    return round_


def names_in(session: Session, round_: Round) -> list[str]:
    """Return the names of everybody in a round."""
    raters = sa.select(Invitation.name).where(Invitation.round_id == round_.id)
    return [*(leader.name for leader in round_.leaders), *session.scalars(raters)]
