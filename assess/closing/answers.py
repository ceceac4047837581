"""The answers of a round while they are open: in memory, and nowhere else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


@dataclass(frozen=True)
class GroupAnswers:
    """What one rater group says over the whole round.

    `ratings` is sheets x items in scale points, reverse-keyed items turned round, NaN where nothing was
    answered; `leaders` and `raters` code of each row whom it is about, and whose it is.
    """

    ratings: Floats
    leaders: NDArray[np.intp]
    raters: NDArray[np.intp]

    def only(self, rows: ArrayLike) -> "GroupAnswers":
        kept = np.asarray(rows, dtype=np.bool_)
        return GroupAnswers(self.ratings[kept], self.leaders[kept], self.raters[kept])

    def about(self, columns: slice) -> "GroupAnswers":
        """Keep the answers to some of the items."""
        return GroupAnswers(self.ratings[:, columns], self.leaders, self.raters)

    @property
    def people(self) -> int:
        """How many different people these are: somebody who rates eight leaders is one of them."""
        return len(np.unique(self.raters))


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


def by_group(
    sheets: Sequence[OpenedSheet],
    raters: Sequence[UUID],
    instrument: Instrument,
    *,
    asked: Iterable[str],
) -> Mapping[str, GroupAnswers]:
    """Gather the sheets of each rater group into one matrix; a group that stayed silent has an empty one.

    `raters` says of each sheet whose it is.
    """
    leaders, people = codes([sheet.leader_id for sheet in sheets]), codes(raters)
    groups = np.array([sheet.group for sheet in sheets], dtype=np.str_)
    ratings = np.array([ratings_of(sheet.sheet, instrument) for sheet in sheets], dtype=np.float64)
    said = GroupAnswers(ratings.reshape(-1, len(instrument.items)), leaders, people)
    return {group: said.only(groups == group) for group in sorted({*asked, *groups.tolist()})}


def columns_of(instrument: Instrument) -> Iterator[tuple[Competency, slice]]:
    """Yield each competency with where its items stand among all."""
    start = 0
    for competency in instrument.competencies:
        yield competency, slice(start, start + len(competency.items))
        start += len(competency.items)


def codes(ids: Sequence[UUID]) -> NDArray[np.intp]:
    """Return a number for each id, the same for the same, counted as they come."""
    known = {value: code for code, value in enumerate(dict.fromkeys(ids))}
    return np.array([known[value] for value in ids], dtype=np.intp)
