"""Reference values made with other programs, and the data they were made from.

They stand beside the project, not in it: tests which need them are skipped where they are absent.
"""

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("ORACLES") or PROJECT.parent / "shared" / "oracles")
ABSENT = f"the reference values are not there: ORACLES={FOLDER}"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """One statistic of one data set, as another program gives it."""

    dataset: str
    statistic: str
    value: Any
    tolerance: float

    @property
    def name(self) -> str:
        return f"{self.dataset}/{self.statistic}"


Figures = Mapping[str, Any] | float
Check = Callable[[Record], Figures]
"""Gives our figures for a record, named as it names them."""


@dataclass(frozen=True)
class Table:
    """A data set as text, by column."""

    columns: Mapping[str, Sequence[str]]

    def text(self, name: str) -> NDArray[np.str_]:
        return np.array(self.columns[name])

    def numbers(self, *names: str) -> Floats:
        """Rows x columns; an empty cell is NaN."""
        cells = [[float(cell or "nan") for cell in self.columns[name]] for name in names]
        return np.array(cells, dtype=np.float64).T


def require() -> None:
    """Skip where the reference values are absent; fail where they are said to be there."""
    if (FOLDER / "oracle.json").is_file():
        return
    if os.environ.get("REQUIRE_ORACLES") == "1":
        pytest.fail(ABSENT)
    pytest.skip(ABSENT)


@cache
def records() -> tuple[Record, ...]:
    """All reference values; none where they are absent."""
    source = FOLDER / "oracle.json"
    if not source.is_file():
        return ()
    entries = json.loads(source.read_text("utf-8"))["values"]
    return tuple(Record(e["dataset"], e["statistic"], e["value"], e["tol"]) for e in entries)


@cache
def dataset(name: str) -> Table:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return Table(dict(zip(header, zip(*rows, strict=True), strict=True)))


def agrees(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Compare relative to the reference where it is above 1, absolute where it is below."""
    expected = np.asarray(theirs, dtype=np.float64)
    found = np.asarray(ours, dtype=np.float64)
    return found.shape == expected.shape and bool(
        np.allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    )
