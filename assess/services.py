"""Release figures over several leaders, made of nothing but what is published of each."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from assess.models import CohortEntry
from assess.psychometrics.ratings import ITEMS_SHARE
from assess.publication.gate import GateError
from assess.publication.ledger import LEADERS_MINIMUM, check_cohort, told
from assess.publication.symbols import Symbol
from assess.queries import cohorts_released, symbols_of_groups, what_binds
from core.errors import DomainError
from instruments.questionnaires import Instrument
from surveys.models import GROUPS, Leader, Round

Scores = Mapping[str, float]
"""What one leaf says of one competency, by leader: scale points."""


class CohortRefusedError(DomainError):
    """Too few leaders, too early, or a few of them could be told apart."""


class CohortChangedError(DomainError):
    """A cohort has been released before, and its figures would not be the same today."""


@dataclass(frozen=True)
class CohortMean:
    """What one leaf says of one competency, over the leaders of whom it is published.

    Both figures are None where that is fewer than five of them.
    """

    leaf: str
    competency: str
    leaders: int | None
    mean: float | None


@dataclass(frozen=True)
class Cohort:
    """What is said of several leaders together: means in scale points, to two decimals."""

    id: UUID
    round_name: str
    leaders: int
    means: tuple[CohortMean, ...]


def release_cohort(session: Session, round_: Round, leaders: Collection[Leader]) -> Cohort:
    """Return what is said of some leaders of a round together, and keep it in the ledger.

    A leader's score is the mean of the published symbols, as in the report; a cohort's is the mean over its
    leaders. Asked for again, the same cohort has the same figures and no second entry.

    Raises
    ------
    CohortRefusedError
        Before the round is closed; where no figure would rest on five leaders; where figures that have been
        released and these would together tell fewer than five leaders apart.
    CohortChangedError
        Where it was released before with other figures.
    """
    _hold(session, round_)
    cohort = frozenset(str(leader.id) for leader in leaders)
    scores = _scores(session, round_)
    _check(session, cohort, scores)

    means = tuple(_means(cohort, scores))
    digest = _digest(cohort, means)
    entry = _entry(session, cohort, digest)
    if entry.digest != digest:
        raise CohortChangedError(
            "This cohort was told before, and its figures would be others now. Nothing is shown. What a "
            "round has published never changes: compare the database with its backups."
        )
    return Cohort(entry.id, round_.name, len(cohort), means)


def _hold(session: Session, round_: Round) -> None:
    """Let cohorts of a round be released one after the other: two at once would not see each other."""
    session.refresh(round_, ["closed_at"], with_for_update=True)
    if round_.state != "closed":
        raise CohortRefusedError(
            f"The round is {round_.state}: there are figures of cohorts only when it is closed."
        )


def _check(
    session: Session, cohort: frozenset[str], scores: Mapping[tuple[str, str], Scores]
) -> None:
    released = [frozenset(entry.leaders) for entry in cohorts_released(session)]
    try:
        check_cohort(
            cohort, released=released, publishing=[frozenset(known) for known in scores.values()]
        )
    except GateError as error:
        raise CohortRefusedError(
            f"The cohort is not told, and nothing was written: {error}. A cohort needs at least "
            f"{LEADERS_MINIMUM} leaders, and must differ by as many from what was released before."
        ) from None


def _entry(session: Session, cohort: frozenset[str], digest: bytes) -> CohortEntry:
    """Return the cohort's place in the ledger, a new one where there is none."""
    for entry in cohorts_released(session):
        if cohort == frozenset(entry.leaders):
            return entry
    entry = CohortEntry(leaders=sorted(cohort), digest=digest)
    session.add(entry)
    session.flush()
    return entry


def _scores(session: Session, round_: Round) -> dict[tuple[str, str], Scores]:
    """Return what each leaf says of each competency, by leader, where it says anything."""
    instrument, _ = what_binds(round_)
    scores: dict[tuple[str, str], dict[str, float]] = {}
    for (leader, leaf), values in _values(session, round_, instrument).items():
        for competency in instrument.competencies:
            known = [values[item.key] for item in competency.items if item.key in values]
            if known and len(known) >= ITEMS_SHARE * len(competency.items):
                scores.setdefault((leaf, competency.key), {})[leader] = fmean(known)
    return {**scores}


def _values(
    session: Session, round_: Round, instrument: Instrument
) -> dict[tuple[str, str], dict[str, float]]:
    """Return the scale points of each symbol there is, by leader and leaf, and by item."""
    scale = instrument.scale
    values: dict[tuple[str, str], dict[str, float]] = {}
    for row in symbols_of_groups(session, round_):
        point = Symbol(row.symbol).value(low=scale.low, high=scale.high)
        values.setdefault((str(row.leader_id), row.leaf), {})[row.item] = point
    return values


def _means(
    cohort: frozenset[str], scores: Mapping[tuple[str, str], Scores]
) -> Iterator[CohortMean]:
    for leaf, competency in sorted(scores, key=lambda cell: GROUPS.index(cell[0])):
        known = scores[leaf, competency]
        on = told(cohort, frozenset(known))
        mean = round(fmean(known[leader] for leader in on), 2) if on else None
        yield CohortMean(leaf, competency, len(on) or None, mean)


def _digest(cohort: Collection[str], means: Sequence[CohortMean]) -> bytes:
    said: list[Any] = [sorted(cohort), [asdict(mean) for mean in means]]
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=32).digest()
