"""The table of docs/psychometrics.md, ours beside the reference, says what we give today."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.psychometrics import oracle
from tests.psychometrics.oracle import Record
from tests.psychometrics.test_oracle import MODULES, checks_of

PAGE = Path(__file__).parents[2] / "docs" / "psychometrics.md"
ROW = re.compile(
    r"\| `(?P<record>[^`]+)` \| (?P<field>[^|]*) \| (?P<ours>\S+) \| (?P<theirs>\S+) \|"
)


class Row(NamedTuple):
    """A record, the way to one of its figures, and that figure as printed: ours and the reference."""

    record: str
    field: str
    ours: str
    theirs: str


def rows() -> list[Row]:
    found = (ROW.fullmatch(line) for line in PAGE.read_text("utf-8").splitlines())
    return [Row(**match.groupdict()) for match in found if match]


@cache
def given(name: str) -> tuple[Record, Any]:
    record = next(record for record in oracle.records() if record.name == name)
    (check,) = checks_of(record)
    return record, check(record)


def figure(value: Any, field: str, record: Record) -> float:
    """Follow a way like `summary / mean`, or `row / column` where the record is a table of those."""
    steps = field.split(" / ") if field else []
    if (
        len(steps) == 2
        and isinstance(record.value, Mapping)
        and steps[1] in record.value.get("cols", ())
    ):
        at = [
            record.value[side].index(step)
            for side, step in zip(("rows", "cols"), steps, strict=True)
        ]
        return float(value["values"][at[0]][at[1]])
    for step in steps:
        value = value[step] if isinstance(value, Mapping) else value[int(step)]
    return float(value)


def printed(value: float) -> str:
    return f"{value:.6g}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.record}: {row.field}")
def test_both_figures_are_as_printed(row: Row) -> None:
    oracle.require()
    record, ours = given(row.record)
    assert printed(figure(record.value, row.field, record)) == row.theirs
    assert printed(figure(ours, row.field, record)) == row.ours


def test_every_module_has_rows() -> None:
    oracle.require()
    shown = {check for row in rows() for check in checks_of(given(row.record)[0])}
    assert all(shown & set(module.CHECKS.values()) for module in MODULES)
