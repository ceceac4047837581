"""The anonymous answers of a round side by side, and how many must stand behind a figure of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.closing.answers import Floats, OpenedSheet, codes, ratings_of
from assess.closing.figures import head_count, significant
from assess.queries import SealedSeat
from assess.sums import LEADERS_MINIMUM, RATERS_MINIMUM
from instruments.questionnaires import Instrument

Codes = NDArray[np.intp]
Words = NDArray[np.str_]
Rows = NDArray[np.bool_]

TWICE = 2


@dataclass(frozen=True)
class Voices:
    """Sheets of anonymous raters.

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

    def only(self, rows: Rows) -> "Voices":
        return Voices(
            self.ratings[rows],
            self.leaders[rows],
            self.raters[rows],
            self.groups[rows],
            self.languages[rows],
        )

    def about(self, columns: slice) -> "Voices":
        """Keep the answers to some of the items."""
        return replace(self, ratings=self.ratings[:, columns])

    def of_group(self, group: str) -> "Voices":
        return self.only(self.groups == group)

    def cells(self) -> dict[tuple[str, str], "Voices"]:
        """Return the voices of each group and language."""
        found = sorted(set(zip(self.groups.tolist(), self.languages.tolist(), strict=True)))
        return {
            (group, language): self.only((self.groups == group) & (self.languages == language))
            for group, language in found
        }

    def enough(self, rows: Rows | slice = slice(None), *, raters: int = RATERS_MINIMUM) -> bool:
        """Say whether so many different people, and ten leaders, stand behind a figure.

        People are counted and not sheets: somebody who rates eight leaders is one person to protect.
        """
        leaders = np.bincount(self.leaders[rows])
        people = np.bincount(self.raters[rows])
        return bool(
            np.count_nonzero(leaders) >= LEADERS_MINIMUM and np.count_nonzero(people) >= raters
        )

    def counts(self) -> dict[str, int]:
        """Return how many leaders these are, to two significant digits, and how many people, in tens."""
        leaders, people = len(np.unique(self.leaders)), len(np.unique(self.raters))
        return {"leaders": int(significant(leaders) or 0), "raters": head_count(people)}

    def rated_twice(self, rows: Rows) -> Rows:
        """Keep of some rows those of leaders who have two: only these tell how raters differ."""
        sizes = np.bincount(self.leaders[rows], minlength=int(self.leaders.max(initial=0)) + 1)
        return rows & (sizes[self.leaders] >= TWICE)


def voices(
    seats: Sequence[SealedSeat],
    opened: Sequence[OpenedSheet],
    instrument: Instrument,
    *,
    named: frozenset[str],
) -> Voices:
    """Lay side by side what was said anonymously; `opened` holds the sheets of `seats`, in their order."""
    pairs = [
        (seat, sheet) for seat, sheet in zip(seats, opened, strict=True) if seat.group not in named
    ]
    ratings = [ratings_of(sheet.sheet, instrument) for _, sheet in pairs]
    return Voices(
        np.array(ratings, dtype=np.float64).reshape(-1, len(instrument.items)),
        codes([seat.leader_id for seat, _ in pairs]),
        codes([seat.invitation_id for seat, _ in pairs]),
        np.array([seat.group for seat, _ in pairs], dtype=np.str_),
        np.array([seat.language for seat, _ in pairs], dtype=np.str_),
    )


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
