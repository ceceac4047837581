"""The answers of a round side by side, and how many must stand behind a figure of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.closing.answers import Floats, OpenedSheet, ratings_of
from assess.queries import SealedSeat
from assess.sums import LEADERS_MINIMUM, RATERS_MINIMUM
from instruments.questionnaires import Instrument

Codes = NDArray[np.intp]
Words = NDArray[np.str_]
Rows = NDArray[np.bool_]

TWICE = 2


@dataclass(frozen=True)
class Voices:
    """What raters say, a row a sheet.

    Attributes
    ----------
    ratings : (N, k) sheets x items, scale points, reverse-keyed items turned round; NaN = not answered
    leaders, raters : (N,) codes of whom a sheet is about, and of whose it is
    groups, languages : (N,) the rater's group at this leader's table, and the language they were asked in
    """

    ratings: Floats
    leaders: Codes
    raters: Codes
    groups: Words
    languages: Words

    def only(self, rows: ArrayLike) -> "Voices":
        kept = np.asarray(rows, dtype=np.bool_)
        return Voices(
            self.ratings[kept],
            self.leaders[kept],
            self.raters[kept],
            self.groups[kept],
            self.languages[kept],
        )

    def about(self, columns: slice) -> "Voices":
        """Keep the answers to some of the items."""
        return replace(self, ratings=self.ratings[:, columns])

    def of_group(self, group: str) -> "Voices":
        return self.only(self.groups == group)

    def outside(self, groups: Collection[str]) -> "Voices":
        return self.only(~np.isin(self.groups, list(groups)))

    def cells(self) -> dict[tuple[str, str], "Voices"]:
        """Return the voices of each group and language."""
        found = sorted(set(zip(self.groups.tolist(), self.languages.tolist(), strict=True)))
        return {
            (group, language): self.only((self.groups == group) & (self.languages == language))
            for group, language in found
        }

    @property
    def people(self) -> int:
        """How many different people these are: somebody who rates eight leaders is one of them."""
        return len(np.unique(self.raters))

    def enough(self, rows: Rows | slice = slice(None), *, raters: int = RATERS_MINIMUM) -> bool:
        """Say whether so many different people, not sheets, and ten leaders stand behind a figure."""
        leaders = np.bincount(self.leaders[rows])
        people = np.bincount(self.raters[rows])
        return bool(
            np.count_nonzero(leaders) >= LEADERS_MINIMUM and np.count_nonzero(people) >= raters
        )

    def rated_twice(self) -> "Voices":
        """Keep the sheets about leaders who have at least two: only these tell how raters differ."""
        return self.only(np.bincount(self.leaders)[self.leaders] >= TWICE)


def voices(
    seats: Sequence[SealedSeat], opened: Sequence[OpenedSheet], instrument: Instrument
) -> Voices:
    """Lay side by side what everybody said; `opened` holds the sheets of `seats`, in their order."""
    ratings = [ratings_of(each.sheet, instrument) for each in opened]
    return Voices(
        np.array(ratings, dtype=np.float64).reshape(-1, len(instrument.items)),
        _codes([seat.leader_id for seat in seats]),
        _codes([seat.invitation_id for seat in seats]),
        np.array([seat.group for seat in seats], dtype=np.str_),
        np.array([seat.language for seat in seats], dtype=np.str_),
    )


def _codes(ids: Sequence[UUID]) -> Codes:
    """Return a number for each id, the same for the same, counted as they come."""
    known = {value: code for code, value in enumerate(dict.fromkeys(ids))}
    return np.array([known[value] for value in ids], dtype=np.intp)


def threes(counts: ArrayLike) -> NDArray[np.int_]:
    """Round counts of answers, (..., answers), to multiples of three.

    A count is taken for two less than all at most: who knows how many answered would else see of some
    numbers, such as 81 of 80, that all have answered alike.

    Examples
    --------
    >>> threes([0, 1, 2, 38, 39]), threes([0, 0, 80])
    (array([ 0,  0,  3, 39, 39]), array([ 0,  0, 78]))
    """
    exact = np.asarray(counts)
    most = np.maximum(exact.sum(axis=-1, keepdims=True) - 2, 0)
    return np.asarray(3 * np.rint(np.minimum(exact, most) / 3), dtype=np.int_)
