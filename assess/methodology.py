"""What a methodologist sees of a closed round: figures of rater groups, and never one of a leader."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import combinations
from math import isfinite
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from assess import sums
from assess.models import WHOLE
from assess.psychometrics.dimensions.parallel import QUANTILE, leading_above, noise
from assess.psychometrics.generalizability import GStudy, d_study, raters_for
from assess.psychometrics.items import mantel_haenszel_dif_of_tables
from assess.queries import sealed_boxes
from assess.scorecards.reading import round_card, round_parameters
from assess.scorecards.types import ReliabilityRow
from core.keys import KeyStore
from instruments.questionnaires import Instrument
from surveys.models import GROUPS, Round
from surveys.queries.rounds import raters_by_group

RATERS = (4, 8, 12, 16)
WANTED = 0.70
SEED = 360
"""Noise is drawn from it, so that a page says the same whenever it is looked at."""
CLOSED_BEFORE = (
    "This round was closed before there were such sums, and nothing can be reckoned afterwards: "
    "its answers are gone. Rounds that close from now on have them."
)


@dataclass(frozen=True)
class Decision:
    """How reliable a leader's mean over so many raters and items would be."""

    raters: int
    items: int
    generalizability: float | None
    dependability: float | None


@dataclass(frozen=True)
class Components:
    """What answers of a group on a competency differ by, and what follows for other raters and items."""

    group: str
    competency: str
    raters: int
    items: int
    target: float | None
    rater: float | None
    item: float | None
    target_item: float | None
    residual: float | None
    raters_for_70: float | None
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Structure:
    """How items spread and go together among raters of one leader, in the order of the instrument.

    `df` is how often answers within leaders could vary freely, behind the item pair that has fewest.
    `eigenvalues`, the `thresholds` which only one noise in twenty exceeds, and how many components lie above
    them are there when every correlation is.
    """

    group: str
    language: str
    raters: int
    df: int
    sds: tuple[float | None, ...]
    correlations: tuple[tuple[float | None, ...], ...]
    components: int | None = None
    eigenvalues: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Spread:
    """How often each point of the scale was given to each item, rounded to threes."""

    group: str
    language: str
    counts: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class ItemDifference:
    """How differently two sides answer an item where their other answers are alike; focal less reference."""

    item: str
    reference_raters: int
    focal_raters: int
    smd: float | None
    effect: float | None
    p: float | None
    category: str


@dataclass(frozen=True)
class Comparison:
    """Two sides that differ in their language alone, or in their group alone."""

    reference: tuple[str, str]
    focal: tuple[str, str]
    items: tuple[ItemDifference, ...]


@dataclass(frozen=True)
class Careless:
    """About how many sheets look as if nobody read the questions, and what they change at most."""

    sheets: int
    flagged: int
    largest_change: float | None


@dataclass(frozen=True)
class Review:
    """Everything a methodologist sees of a round; `why_closed` says why what is sealed cannot be shown."""

    name: str
    closed_on: date
    instrument: Instrument
    leaders: int
    groups: tuple[str, ...]
    reliability: tuple[ReliabilityRow, ...]
    covariances: Mapping[str, Sequence[Sequence[float | None]]]
    components: tuple[Components, ...] = ()
    structure: tuple[Structure, ...] = ()
    histograms: tuple[Spread, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    careless: Careless | None = None
    overlap: str | None = None
    why_closed: str | None = None


def review(session: Session, round_: Round, key_store: KeyStore) -> Review:
    """Return what close left of a round for a methodologist, and what follows from it."""
    card, asked = round_card(session, round_), raters_by_group(session, round_)
    try:
        opened = _opened(session, round_, card.instrument, key_store)
    except sums.SumsLostError as lost:
        opened = {"why_closed": str(lost)}
    return Review(
        name=card.name,
        closed_on=card.closed_on,
        instrument=card.instrument,
        leaders=card.leaders,
        groups=tuple(g for g in GROUPS if g in asked and g not in round_.named_groups),
        reliability=card.reliability,
        covariances=_covariances(session, round_),
        **opened,
    )


def document(seen: Review) -> dict[str, Any]:
    """Return a review as it is written to a file."""
    instrument = {"key": seen.instrument.key, "version": seen.instrument.version}
    items = [item.key for item in seen.instrument.items]
    return asdict(seen) | {
        "closed_on": seen.closed_on.isoformat(),
        "instrument": instrument | {"items": items},
    }


def _opened(
    session: Session, round_: Round, instrument: Instrument, key_store: KeyStore
) -> dict[str, Any]:
    """Open both boxes, and lay out what is in them."""
    boxes = sealed_boxes(session, round_)
    if boxes is None:
        return {"why_closed": CLOSED_BEFORE}
    told, tables = (sums.unseal(box, key_store) for box in boxes)
    return {
        "components": tuple(_components(told["components"], instrument)),
        "structure": tuple(map(_structure, _by_place(told["structure"]))),
        "histograms": tuple(_spread(row, instrument) for row in _by_place(told["histograms"])),
        "comparisons": tuple(comparisons(tables, instrument)),
        "careless": Careless(**told["careless"]) if told["careless"] else None,
        "overlap": told["overlap"],
    }


def _covariances(session: Session, round_: Round) -> dict[str, list[list[float | None]]]:
    """Return how raters' errors on different competencies go together, by group."""
    known = round_parameters(session, round_)
    told = {group: known.get((group, WHOLE), {}).get("covariances") for group in GROUPS}
    return {group: covariances for group, covariances in told.items() if covariances}


def _components(
    told: Mapping[str, Mapping[str, Any]], instrument: Instrument
) -> Iterator[Components]:
    for group in _in_order(told, GROUPS):
        competencies = [competency.key for competency in instrument.competencies]
        for competency in _in_order(told[group], competencies):
            yield _component(group, competency, told[group][competency])


def _component(group: str, competency: str, figures: Mapping[str, Any]) -> Components:
    names = ("target", "rater", "item", "target_item", "residual")
    study = GStudy(**{name: _number(figures[name]) for name in names}, mean=np.nan)
    return Components(
        group,
        competency,
        **figures,
        raters_for_70=_told(raters_for(study, target=WANTED, items=figures["items"])),
        decisions=tuple(_decisions(study, figures["items"])),
    )


def _decisions(study: GStudy, items: int) -> Iterator[Decision]:
    for several in (items, 2 * items):
        for raters in RATERS:
            found = d_study(study, raters=raters, items=several)
            shares = (_told(found.generalizability), _told(found.dependability))
            yield Decision(raters, several, *shares)


def _structure(row: dict[str, Any]) -> Structure:
    told = Structure(**row | {name: _tuples(row[name]) for name in ("sds", "correlations")})
    correlations = np.array(row["correlations"], dtype=float)
    if not np.isfinite(correlations).all():
        return told
    drawn = noise(np.random.default_rng(SEED), told.df + 1, len(correlations))
    thresholds = np.quantile(np.linalg.eigvalsh(drawn)[:, ::-1], QUANTILE, axis=0)
    eigenvalues = np.linalg.eigvalsh(correlations)[::-1]
    return replace(
        told,
        components=int(leading_above(eigenvalues, thresholds)),
        eigenvalues=tuple(np.round(eigenvalues, 2).tolist()),
        thresholds=tuple(np.round(thresholds, 2).tolist()),
    )


def _spread(row: Mapping[str, Any], instrument: Instrument) -> Spread:
    items = _in_order(row["items"], [item.key for item in instrument.items])
    return Spread(row["group"], row["language"], {key: tuple(row["items"][key]) for key in items})


def _by_place(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (GROUPS.index(row["group"]), row["language"]))


def _in_order(found: Mapping[str, Any], order: Sequence[str]) -> list[str]:
    return [key for key in order if key in found]


def comparisons(tables: Mapping[str, Any], instrument: Instrument) -> Iterator[Comparison]:
    """Compare each two sides that differ in language alone or in group alone, where 200 stand on either.

    The reference is the group that stands first in our order, or the instrument's own language.
    """
    cells = {
        (group, language): items
        for group, languages in tables.get("cells", {}).items()
        for language, items in languages.items()
    }
    ordered = sorted(
        cells, key=lambda cell: (GROUPS.index(cell[0]), cell[1] != instrument.language, cell[1])
    )
    for reference, focal in combinations(ordered, 2):
        if reference[0] == focal[0] or reference[1] == focal[1]:
            items = _item_differences(cells[reference], cells[focal], instrument)
            if items:
                yield Comparison(reference, focal, items)


def _item_differences(
    reference: Mapping[str, Any], focal: Mapping[str, Any], instrument: Instrument
) -> tuple[ItemDifference, ...]:
    keys = [
        item.key
        for item in instrument.items
        if all(
            side.get(item.key, {}).get("raters", 0) >= sums.MANY_RATERS
            for side in (reference, focal)
        )
    ]
    if not keys:
        return ()
    counts = [
        np.stack([side[key]["counts"] for side in (reference, focal)], axis=1) for key in keys
    ]
    found = mantel_haenszel_dif_of_tables(counts, list(instrument.scale.points))
    return tuple(
        ItemDifference(
            key,
            reference[key]["raters"],
            focal[key]["raters"],
            smd=_told(found.smd[place]),
            effect=_told(found.effect[place]),
            p=_told(found.p[place]),
            category=str(found.category[place]),
        )
        for place, key in enumerate(keys)
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _told(value: float) -> float | None:
    """Return a figure to two decimals; None for what cannot be told, or no number of raters reaches."""
    return round(float(value), 2) if isfinite(value) else None


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
