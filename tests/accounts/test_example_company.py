"""The example company is what the demonstration stands on."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from accounts.forms import read_people
from accounts.models import Person
from accounts.queries import relations
from accounts.services import import_people
from examples import make_people

EXAMPLE = Path(make_people.__file__).with_name("people.csv")
DAY = date(2026, 11, 21)


@pytest.fixture
def leaders(session: Session) -> list[Person]:
    import_people(session, read_people(EXAMPLE.read_bytes(), EXAMPLE.name))
    return list(session.scalars(sa.select(Person).where(Person.level == "leader")))


def test_the_file_is_the_one_which_the_script_writes() -> None:
    said = EXAMPLE.read_text(encoding="utf-8").splitlines()
    expected = [row for person in make_people.build() for row in make_people.rows(person)]

    assert [line.split(",") for line in said[1:]] == [list(row) for row in expected]


def test_importing_it_twice_changes_nothing(session: Session, leaders: list[Person]) -> None:
    assert import_people(session, read_people(EXAMPLE.read_bytes(), EXAMPLE.name)) == []


def test_its_leaders_have_raters_enough_and_two_of_them_too_few(
    session: Session, leaders: list[Person]
) -> None:
    groups = [relations(session, leader, on=DAY) for leader in leaders]
    reports = Counter(len(group["direct_report"]) for group in groups)

    assert len(leaders) == 14
    assert reports == {9: 9, 8: 3, 3: 1, 2: 1}
    assert sum(size * times for size, times in reports.items()) >= 84
    for group in groups:
        assert len(group["supervisor"]) == len(group["supervisors_supervisor"]) == 1
        assert len(group["peer"]) >= 5
        assert len(group["past_direct_report"]) <= 5


def test_its_past_is_there(session: Session, leaders: list[Person]) -> None:
    groups = [relations(session, leader, on=DAY) for leader in leaders]

    assert sum(bool(group["past_supervisor"]) for group in groups) >= 4
    assert sum(len(group["past_direct_report"]) for group in groups) >= 25
