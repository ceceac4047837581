"""The answers of a round while they are open: in memory, and nowhere else."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from assess.queries import SealedSeat
from instruments.questionnaires import Competency, Instrument
from surveys.ballots.opening import open_envelope
from surveys.ballots.sealing import binding
from surveys.ballots.sheets import NOT_OBSERVED, Sheet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OpenedSheet:
    """One rater's answers about one leader."""

    leader_id: UUID
    group: str
    sheet: Sheet


def open_all(
    seats: Iterable[SealedSeat], *, link_key: bytes, private_key: bytes
) -> list[OpenedSheet]:
    """Open every envelope; one that does not fit its place stops everything."""
    return [
        OpenedSheet(
            seat.leader_id,
            seat.group,
            open_envelope(
                seat.envelope,
                place=binding(seat.leader_id, seat.invitation_id, seat.group, link_key=link_key),
                private_key=private_key,
            ),
        )
        for seat in seats
    ]


def head_counts(sheets: Iterable[OpenedSheet]) -> Counter[str]:
    return Counter(opened.group for opened in sheets)


def ratings_of(sheet: Sheet, instrument: Instrument) -> list[float]:
    """Return a sheet's ratings in the order of the items, reverse-keyed items turned round."""
    ends = instrument.scale.low + instrument.scale.high
    raw = (sheet.ratings.get(item.key) for item in instrument.items)
    return [
        np.nan
        if value in {None, NOT_OBSERVED}
        else ends - float(value)
        if item.reverse
        else float(value)
        for item, value in zip(instrument.items, raw, strict=True)
    ]


def columns_of(instrument: Instrument) -> Iterator[tuple[Competency, slice]]:
    """Yield each competency with where its items stand among all."""
    start = 0
    for competency in instrument.competencies:
        yield competency, slice(start, start + len(competency.items))
        start += len(competency.items)
