"""Every reference value of another program, given by our functions, or the reason why not.

Each module in `checks` maps the end of a record's name to the figures we give for it, and lists the records
no function of ours is for. A record is the one or the other.
"""

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from tests.psychometrics import oracle
from tests.psychometrics.checks import (
    agreement,
    awareness,
    careless,
    dimensions,
    generalizability,
    nested,
    reliability,
    selection,
)
from tests.psychometrics.oracle import Check, Record

MODULES: tuple[ModuleType, ...] = (
    agreement,
    awareness,
    careless,
    dimensions,
    generalizability,
    nested,
    reliability,
    selection,
)
CHECKS: Mapping[str, Check] = {
    name: check for module in MODULES for name, check in module.CHECKS.items()
}
WITHOUT: Mapping[str, str] = {
    name: reason for module in MODULES for name, reason in module.WITHOUT.items()
}


def fits(name: str, record: Record) -> bool:
    """Say whether a record's name ends so, whatever data set, scale or variable stands before it."""
    return bool(re.fullmatch(rf"(.+[./])?{name}", record.name))


def checks_of(record: Record) -> list[Check]:
    return [check for name, check in CHECKS.items() if fits(name, record)]


def fitting() -> list[Record]:
    return [record for record in oracle.records() if checks_of(record)]


def test_the_reference_values_are_there() -> None:
    oracle.require()


@pytest.mark.parametrize("name", [*CHECKS, *WITHOUT])
def test_every_name_fits_some_record(name: str) -> None:
    oracle.require()
    assert any(fits(name, record) for record in oracle.records())


def test_no_name_is_given_twice() -> None:
    assert len(CHECKS) == sum(len(module.CHECKS) for module in MODULES)
    assert not CHECKS.keys() & WITHOUT.keys()


def test_every_record_is_checked_once_or_has_a_reason() -> None:
    oracle.require()
    answers = {
        record.name: len(checks_of(record)) + sum(fits(name, record) for name in WITHOUT)
        for record in oracle.records()
    }
    assert {name: answer for name, answer in answers.items() if answer != 1} == {}


ABSENT = pytest.param(None, marks=pytest.mark.skip(reason=oracle.ABSENT), id="absent")


@pytest.mark.parametrize("record", fitting() or [ABSENT], ids=lambda record: record.name)
def test_we_give_the_reference_value(record: Record) -> None:
    (check,) = checks_of(record)
    compare(check(record), record.value, record.tolerance)


def compare(ours: Any, theirs: Any, tolerance: float) -> None:
    """Compare a figure, or those named figures which both have, of which there must be some."""
    if not isinstance(ours, Mapping):
        assert oracle.agrees(ours, theirs, tolerance), (ours, theirs)
        return
    shared = ours.keys() & theirs.keys()
    assert shared
    for name in shared:
        compare(ours[name], theirs[name], tolerance)
