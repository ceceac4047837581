"""Respondents of two groups matched by their total score."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.ratings import Codes, Floats, complete, table

UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Item:
    """How often each answer to an item was given at each total score.

    Attributes
    ----------
    answers : (C,) those given, ascending
    counts : (S, 2, C) respondents; strata x groups (reference, focal) x answers
    """

    answers: Floats
    counts: Floats

    @property
    def tells(self) -> bool:
        """Say whether some total score is found in both groups, and with different answers."""
        in_both = self.counts.sum(axis=2).all(axis=1)
        differ = np.count_nonzero(self.counts.sum(axis=1), axis=1) > 1
        return bool((in_both & differ).any())


@dataclass(frozen=True)
class Matched:
    """Complete answers of two groups.

    Attributes
    ----------
    scores : (N, K) respondents x items
    focal : (N,) whether the respondent belongs to the focal group
    totals : (S,) the different total scores, ascending
    strata : (N,) 0 .. S-1, the total of each respondent
    """

    scores: Floats
    focal: NDArray[np.bool_]
    totals: Floats
    strata: Codes

    def items(self) -> Iterator[Item]:
        """Count the answers to each item."""
        for answered in self.scores.T:
            answers, codes = np.unique(answered, return_inverse=True)
            where = (self.strata * 2 + self.focal) * answers.size + codes
            shape = self.totals.size, 2, answers.size
            counts = np.bincount(where, minlength=math.prod(shape))
            yield Item(answers, counts.reshape(shape).astype(np.float64))


def matched(scores: ArrayLike, focal: ArrayLike) -> Matched:
    """Match respondents by the sum of all items, the studied one among them; only complete ones have it.

    Raises
    ------
    ValueError
        With fewer than two items, or when there is not one True or False a respondent.
    """
    checked = table(scores, least_items=2)
    members = np.asarray(focal)
    if members.shape != checked.shape[:1] or members.dtype != np.bool_:
        raise ValueError(
            f"give True (focal group) or False (reference group) for each of the "
            f"{checked.shape[0]} respondents"
        )
    rows = complete(checked)
    checked, members = checked[rows], members[rows]
    # Of the same broken answers, summed in another order, the last bits differ.
    totals, strata = np.unique(np.round(checked.sum(axis=1), 9), return_inverse=True)
    return Matched(checked, members, totals, strata)
