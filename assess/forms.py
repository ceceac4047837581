"""Ratings collected elsewhere for a study: a file of which the methodologist names the columns."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.names import check_spellings, key_in
from core.tables import Faults, Row, is_formula, quoted, read_table

NOT_OBSERVED = "NA"
LARGEST = 1e9
"""Beyond this, up and down, an answer is a slip, or no answer at all."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Scale:
    """The lowest and the highest answer there is."""

    low: int
    high: int

    @property
    def options(self) -> int:
        return self.high - self.low + 1


@dataclass(frozen=True)
class Ratings:
    """What raters answered: (N, K) raters x items, NaN where they did not, and whom each rated."""

    scores: NDArray[np.float64]
    targets: tuple[str, ...] | None


def read_ratings(
    content: bytes,
    *,
    name: str,
    items: Sequence[str],
    target: str | None,
    scale: Scale | None,
) -> Ratings:
    """Read a file of ratings whole, or refuse it whole; columns that are not named are let be.

    An empty cell and `NA` were not answered.

    Raises
    ------
    FaultyFileError
        With every fault of header, rows and cells.
    """
    faults = Faults(name)
    required = (*items, target) if target else tuple(items)
    table = read_table(content, name=name, required=required, known=None, faults=faults)

    scores = [[_score(row, item, scale, faults) for item in items] for row in table.rows]
    targets = tuple(_target(row, target, faults) for row in table.rows) if target else None
    if target and targets:
        numbers = (row.number for row in table.rows)
        check_spellings(zip(numbers, targets, strict=True), target, faults)

    faults.raise_if_any()
    return Ratings(np.array(scores, dtype=np.float64), targets)


def _target(row: Row, column: str, faults: Faults) -> str:
    if row.cells.get(column) == NOT_OBSERVED:
        faults.add(row.number, column, f'"{NOT_OBSERVED}" names nobody; expected the rated person')
        return ""
    return key_in(row, column, faults)


def _score(row: Row, item: str, scale: Scale | None, faults: Faults) -> float:
    cell = row.cells.get(item, "")
    if cell in {"", NOT_OBSERVED}:
        return math.nan
    score = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    if wrong := _wrong(cell, score, scale):
        expected = f"a number from {scale.low} to {scale.high}" if scale else "a number"
        faults.add(row.number, item, f"{quoted(cell)} {wrong}; expected {expected}, NA, or nothing")
    return score


def _wrong(cell: str, score: float, scale: Scale | None) -> str | None:
    if _COMMA.fullmatch(cell):
        return f"has a comma where {cell.replace(',', '.')} has a point"
    if math.isnan(score):
        return "begins like a formula" if is_formula(cell) else "is no number"
    if abs(score) > LARGEST:
        return "is too large"
    outside = scale is not None and not scale.low <= score <= scale.high
    return "is outside the scale" if outside else None
