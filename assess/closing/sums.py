"""What a round tells a methodologist: sums over many answers, rounded, and sealed before they are stored.

docs/adr/0011 says what each of them gives away, and to whom.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from assess import sums
from assess.closing.answers import Floats, columns_of
from assess.closing.differences import add_round
from assess.closing.figures import head_count, significant, variance
from assess.closing.voices import Rows, Voices, threes
from assess.models import SealedSums, SealedTables
from assess.psychometrics.careless import longstring
from assess.psychometrics.covariances import within_covariances
from assess.psychometrics.generalizability import g_study
from assess.psychometrics.ratings import grouped, item_means
from assess.queries import invited_people, round_before
from assess.sums import ITEMS_MINIMUM, MANY_RATERS
from core.keys import KeyStore
from instruments.models import InstrumentVersion
from instruments.questionnaires import Instrument
from surveys.models import GROUPS, Round

COMPONENTS = ("target", "rater", "item", "target_item", "residual")
LEAST_SD = 0.1
"""No standard deviation below it is told: that of answers which are all alike is 0."""
LONG_RUN = 10
"""Answers in a row from which on they look careless, if they are half of all items as well (Curran 2016)."""
SAME, NEW = "mostly the same", "mostly new"


def keep_sums(
    session: Session,
    round_: Round,
    key_store: KeyStore,
    *,
    said: Voices,
    instrument: Instrument,
) -> None:
    """Seal what anonymous raters tell, and let the round join the tables of its instrument.

    Both happen in the transaction of close: one that is rolled back has added nothing.
    """
    said = said.outside(round_.named_groups)
    document = {
        "components": components(said, instrument),
        "structure": structure(said),
        "histograms": histograms(said, instrument),
        "careless": careless(said, instrument),
        "overlap": overlap(session, round_),
    }
    session.add(SealedSums(round_id=round_.id, box=sums.seal(document, key_store)))
    _join_tables(session, round_, key_store, said, instrument)


def _join_tables(
    session: Session, round_: Round, key_store: KeyStore, said: Voices, instrument: Instrument
) -> None:
    """Add the round to the tables of its instrument, while no other round of that instrument does.

    Tables whose key is lost begin anew: nobody can read them any more, and close must not wait for them.
    """
    version_id = round_.instrument_version_id
    session.get_one(InstrumentVersion, version_id, with_for_update={"key_share": True})
    row = session.get(SealedTables, version_id, populate_existing=True)
    try:
        before = sums.unseal(row.box, key_store) if row else {}
    except sums.SumsLostError:
        before = {}
    box = sums.seal(add_round(before, said, instrument), key_store)
    session.merge(SealedTables(instrument_version_id=version_id, box=box))


def components(said: Voices, instrument: Instrument) -> dict[str, dict[str, Any]]:
    """Return what answers differ by, for each group and competency of which it may be told."""
    found: dict[str, dict[str, Any]] = {}
    for group in _groups(said):
        ours = said.of_group(group)
        for competency, columns in columns_of(instrument):
            if figures := _components(ours.about(columns)):
                found.setdefault(group, {})[competency.key] = figures
    return found


def _components(said: Voices) -> dict[str, Any] | None:
    """Estimate from those raters alone of whom enough stand behind it, and items with as many answers."""
    said = said.only(~np.isnan(item_means(said.ratings))).rated_twice()
    answered = ~np.isnan(said.ratings)
    told = [column for column, given in enumerate(answered.T) if said.enough(given)]
    if len(told) < ITEMS_MINIMUM or not said.enough():
        return None
    study = g_study(said.ratings[:, told], said.leaders)
    people = said.people
    variances = {name: variance(getattr(study, name), raters=people) for name in COMPONENTS}
    return {"raters": head_count(people), "items": len(told)} | variances


def structure(said: Voices) -> list[dict[str, Any]]:
    """Return how items spread and go together among the raters of one leader, by group and language."""
    found = []
    for (group, language), cell in said.cells().items():
        if cell.enough(raters=MANY_RATERS):
            place = {"group": group, "language": language}
            found.append(place | {"raters": head_count(cell.people)} | _item_structure(cell))
    return found


def _item_structure(cell: Voices) -> dict[str, Any]:
    """Take each figure from all who answered both items, of leaders with two such raters, if they are 200."""
    covariances, degrees = within_covariances(
        cell.ratings, grouped(cell.leaders, len(cell.leaders))
    )
    told = _enough_pairs(cell)
    spread = np.sqrt(np.diag(np.where(told, covariances, np.nan)))
    varies = spread >= LEAST_SD
    known = told & np.outer(varies, varies)
    products = np.where(known, np.outer(spread, spread), 1.0)
    correlations = np.clip(covariances / products, -1, 1)
    return {
        "df": _degrees(degrees[told]),
        "sds": [None if np.isnan(sd) else max(LEAST_SD, significant(sd) or 0.0) for sd in spread],
        "correlations": [
            [round(float(r), 2) if is_known else None for r, is_known in zip(*row, strict=True)]
            for row in zip(correlations, known, strict=True)
        ],
    }


def _degrees(degrees: Floats) -> int:
    """Return the fewest; 0 where no pair is told."""
    return head_count(degrees.min()) if degrees.size else 0


def _enough_pairs(cell: Voices) -> Rows:
    """Say of which pairs of items enough raters answered both, (k, k)."""
    answered = ~np.isnan(cell.ratings)
    items = answered.shape[1]
    judged: dict[bytes, bool] = {}  # most pairs were answered by the same raters
    enough = np.zeros((items, items), dtype=np.bool_)
    for first, second in zip(*np.triu_indices(items), strict=True):
        both = answered[:, first] & answered[:, second]
        key = both.tobytes()
        if key not in judged:
            judged[key] = cell.only(both).rated_twice().enough(raters=MANY_RATERS)
        enough[first, second] = enough[second, first] = judged[key]
    return enough


def histograms(said: Voices, instrument: Instrument) -> list[dict[str, Any]]:
    """Return how often each point of the scale was given, rounded to threes, by group and language."""
    found = []
    for (group, language), cell in said.cells().items():
        told = {
            item.key: threes(_histogram(answers, instrument)).tolist()
            for item, answers in zip(instrument.items, cell.ratings.T, strict=True)
            if cell.enough(~np.isnan(answers), raters=MANY_RATERS)
        }
        if told:
            found.append({"group": group, "language": language, "items": told})
    return found


def _histogram(answers: Floats, instrument: Instrument) -> Floats:
    return np.array([np.count_nonzero(answers == point) for point in instrument.scale.points])


def careless(said: Voices, instrument: Instrument) -> dict[str, Any] | None:
    """Return about how many sheets look as if nobody read the questions, and how much they can matter.

    Only groups count of which ten leaders and eighty raters tell by themselves: beside their numbers that of
    all together would tell how many of a small group have answered. None where there is no such group, and in
    questionnaires so short that the same answer throughout is nothing unusual.
    """
    items = len(instrument.items)
    said = said.only(np.isin(said.groups, [g for g in _groups(said) if said.of_group(g).enough()]))
    if items < LONG_RUN or not len(said.groups):
        return None
    flagged = longstring(_as_answered(said, instrument)) >= max(LONG_RUN, items / 2)
    changes = list(_changes(said, flagged, instrument))
    return {
        "sheets": head_count(len(flagged)),
        "flagged": int(threes(np.bincount(flagged, minlength=2))[1]),
        "largest_change": round(max(changes), 1) if changes else None,
    }


def _changes(said: Voices, flagged: Rows, instrument: Instrument) -> Iterator[float]:
    """Yield by how much each mean of a group on a competency would change without those sheets."""
    for group in _groups(said):
        for _, columns in columns_of(instrument):
            ours = said.groups == group
            scores = item_means(said.ratings[:, columns])
            everybody = ours & ~np.isnan(scores)
            others = everybody & ~flagged
            if said.enough(everybody) and said.enough(others):
                yield abs(float(scores[everybody].mean() - scores[others].mean()))


def _as_answered(said: Voices, instrument: Instrument) -> Floats:
    """Turn reverse-keyed items back to what stood on the page."""
    ends = instrument.scale.low + instrument.scale.high
    turned = np.array([item.reverse for item in instrument.items])
    return np.where(turned, ends - said.ratings, said.ratings)


def overlap(session: Session, round_: Round) -> str | None:
    """Say whether most of those who were asked were asked in the round before as well, no more.

    It rests on who was invited, which the database keeps; who answered is nobody's business. None where
    there was no round with this instrument before.
    """
    before = round_before(session, round_)
    if before is None:
        return None
    people = invited_people(session, round_)
    again = people & invited_people(session, before)
    return SAME if math.ceil(len(people) / 2) <= len(again) else NEW


def _groups(said: Voices) -> list[str]:
    return [group for group in GROUPS if group in said.groups]
