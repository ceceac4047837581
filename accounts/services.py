"""What is done with people and with those who sign in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import ROLES, Account, Person, ReportingLine, Role
from accounts.policies import may_belong_to
from accounts.queries import (
    account_of,
    account_of_person,
    normal_email,
    people,
    person_by_email,
    reporting_lines,
)
from core import mail
from core.errors import DomainError
from core.names import folded
from core.tables import Faults, quoted

SHORTEST_PASSWORD = 12
OWN_COLUMNS = ("name", "email", "language", "department", "title", "level")

Place = tuple[str, str, date]
"""Who reports to whom from when: what makes a reporting line the same line."""


class UnknownRoleError(DomainError):
    """There is no such role."""


class AccountTakenError(DomainError):
    """An account belongs to one person, and a person has one account."""


class PasswordTooShortError(DomainError):
    """Short passwords are guessed."""


@dataclass(frozen=True)
class PersonRow:
    """What a people file says of a person, and in which row it first does."""

    row: int
    key: str
    name: str
    email: str
    language: str
    department: str
    title: str
    level: str


@dataclass(frozen=True)
class LineRow:
    """A reporting line between two keys; its row in the file, or 0 when it comes from the directory."""

    row: int
    person: str
    supervisor: str
    since: date
    until: date | None

    @property
    def place(self) -> Place:
        return self.person, self.supervisor, self.since

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def said(self, names: Mapping[str, str]) -> str:
        until = f" until {self.until}" if self.until else ""
        return f"{names[self.supervisor]} since {self.since}{until}"


@dataclass(frozen=True)
class PeopleFile:
    """A people file as it was read, with its faults so far: an import adds its own and raises all."""

    people: tuple[PersonRow, ...]
    lines: tuple[LineRow, ...]
    faults: Faults


@dataclass(frozen=True)
class Change:
    """What an import does to one person."""

    row: int
    key: str
    name: str
    is_new: bool
    details: tuple[str, ...]


@dataclass(frozen=True)
class _Known:
    """The directory before an import, by key."""

    people: Mapping[str, Person]
    stored: Mapping[Place, ReportingLine]

    @classmethod
    def of(cls, session: orm.Session) -> "_Known":
        everybody = people(session)
        keys = {person.id: person.key for person in everybody}
        stored = {
            (keys[line.person_id], keys[line.supervisor_id], line.since): line
            for line in reporting_lines(session)
        }
        return cls({person.key: person for person in everybody}, stored)

    @property
    def lines(self) -> list[LineRow]:
        return [LineRow(0, *place, line.until) for place, line in self.stored.items()]


def grant(session: orm.Session, *, email: str, role: str, person: Person | None = None) -> Account:
    """Let somebody sign in as `role`; who is new is sent a mail to choose a password.

    Without `person`, whoever has the address in the directory is meant.
    """
    person = person or person_by_email(session, email)
    account = account_of(session, email) or _open_account(session, email)
    _belong_together(session, account, person)

    if not account.has_role(role):
        account.roles.append(_role(session, role))
    session.flush()
    return account


def set_password(
    session: orm.Session, account: Account, password: str, *, hashed_by: Callable[[str], str]
) -> None:
    """Set a password, and sign out whoever is signed in with the one before."""
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordTooShortError(
            f"A password needs at least {SHORTEST_PASSWORD} characters; this one has {len(password)}."
        )
    account.password = hashed_by(password)
    account.fs_uniquifier = uuid4().hex
    session.flush()


def preview_import(session: orm.Session, file: PeopleFile) -> list[Change]:
    """Return what an import would do, person by person; refuse a faulty file as the import would."""
    return _changes(file, _checked(session, file))


def import_people(session: orm.Session, file: PeopleFile) -> list[Change]:
    """Make the directory say what the file says of the people in it; others stay as they are.

    The file is the whole truth of a person's reporting lines: one which it does not have any more is removed.

    Raises
    ------
    FaultyFileError
        With every fault, those of reading among them, before anything is written.
    """
    known = _checked(session, file)
    changes = _changes(file, known)
    people = {**known.people} | {row.key: _write_person(session, row, known) for row in file.people}
    session.flush()
    _write_lines(session, file, known, people)
    session.flush()
    return changes


def _open_account(session: orm.Session, email: str) -> Account:
    account = Account(id=uuid4(), email=normal_email(email), fs_uniquifier=uuid4().hex, roles=[])
    session.add(account)
    mail.post(session, "welcome", account.id)
    return account


def _belong_together(session: orm.Session, account: Account, person: Person | None) -> None:
    if person is None or account.person_id == person.id:
        return
    if not may_belong_to(account, person) or account_of_person(session, person):
        raise AccountTakenError(
            f"{account.email} cannot be the account of {person.name}: "
            "an account belongs to one person, and a person has one account."
        )
    account.person = person


def _role(session: orm.Session, name: str) -> Role:
    if name not in ROLES:
        raise UnknownRoleError(f"There is no role {name}. Roles are {', '.join(ROLES)}.")
    role = session.scalar(sa.select(Role).where(Role.name == name))
    return role or Role(name=name)


def _checked(session: orm.Session, file: PeopleFile) -> _Known:
    known = _Known.of(session)
    _check_people(file, known)
    _check_supervisors(file, known)
    _check_overlaps(file)
    _check_circles(file, known)
    file.faults.raise_if_any()
    return known


def _check_people(file: PeopleFile, known: _Known) -> None:
    spellings = {folded(key): key for key in known.people}
    owners = {person.email: person.key for person in known.people.values()}
    for row in file.people:
        spelling = spellings.get(folded(row.key), row.key)
        if spelling != row.key:
            message = f"the directory has {quoted(spelling)}; expected the same spelling"
            file.faults.add(row.row, "person", message)
        owner = owners.get(row.email, row.key)
        if folded(owner) != folded(row.key):
            message = f"{quoted(row.email)} is the address of {quoted(owner)} in the directory"
            file.faults.add(row.row, "email", f"{message}; expected one of their own")


def _check_supervisors(file: PeopleFile, known: _Known) -> None:
    keys = known.people.keys() | {row.key for row in file.people}
    for line in file.lines:
        if line.supervisor not in keys:
            message = f"nobody has the key {quoted(line.supervisor)}"
            hint = "expected somebody in this file or in the directory"
            file.faults.add(line.row, "supervisor", f"{message}; {hint}")
        if line.supervisor == line.person:
            file.faults.add(line.row, "supervisor", "nobody reports to themselves")


def _check_overlaps(file: PeopleFile) -> None:
    def pair(line: LineRow) -> tuple[str, str]:
        return line.person, line.supervisor

    ordered = sorted(file.lines, key=lambda line: (*pair(line), line.since))
    for line, after in pairwise(ordered):
        if pair(line) == pair(after) and (line.until is None or line.until > after.since):
            message = f"this line overlaps with that to the same supervisor in row {line.row}"
            file.faults.add(after.row, "since", f"{message}; expected one after the other")


def _check_circles(file: PeopleFile, known: _Known) -> None:
    """Tell of everybody who would be their own supervisor's supervisor on some day."""
    named = {row.key for row in file.people}
    kept = [line for line in known.lines if line.person not in named]
    lines = [line for line in (*kept, *file.lines) if line.person != line.supervisor]
    told = set[frozenset[str]]()
    for circle, day in _circles(lines):
        if frozenset(circle) in told:
            continue
        told.add(frozenset(circle))
        steps = set(pairwise(circle))
        row = max(line.row for line in lines if (line.person, line.supervisor) in steps)
        chain = ", who reports to ".join(map(quoted, circle[1:]))
        message = f"{quoted(circle[0])} reports to {chain}, all on {day}"
        file.faults.add(row, "supervisor", f"{message}; expected lines without a circle")


def _circles(lines: Iterable[LineRow]) -> Iterator[tuple[list[str], date]]:
    """Yield circles of reporting lines, each with a day on which it is closed.

    A circle that is closed on any day is closed on the day on which the last of its lines begins.
    """
    lines = list(lines)
    if _circle(lines) is None:
        return
    for day in sorted({line.since for line in lines}):
        of_day = [line for line in lines if line.holds(day)]
        while circle := _circle(of_day):
            yield circle, day
            cut = (circle[0], circle[1])
            of_day = [line for line in of_day if (line.person, line.supervisor) != cut]


def _circle(lines: Iterable[LineRow]) -> list[str] | None:
    """Return somebody, their supervisor, and so on up to the same person; None without a circle."""
    graph = TopologicalSorter[str]()
    for line in lines:
        graph.add(line.supervisor, line.person)
    try:
        graph.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return None


def _changes(file: PeopleFile, known: _Known) -> list[Change]:
    names = {key: person.name for key, person in known.people.items()}
    names |= {row.key: row.name for row in file.people}
    before, after = _lines_by_person(known.lines), _lines_by_person(file.lines)
    changes = []
    for row in file.people:
        person = known.people.get(row.key)
        details = _own_changes(row, person) if person else []
        details += _line_changes(before.get(row.key, []), after.get(row.key, []), names)
        if details or not person:
            changes.append(Change(row.row, row.key, row.name, person is None, tuple(details)))
    return changes


def _own_changes(row: PersonRow, person: Person) -> list[str]:
    pairs = ((column, getattr(person, column), getattr(row, column)) for column in OWN_COLUMNS)
    return [
        f"{column}: {old or 'nothing'} → {new or 'nothing'}"
        for column, old, new in pairs
        if old != new
    ]


def _line_changes(
    before: Iterable[LineRow], after: Iterable[LineRow], names: Mapping[str, str]
) -> list[str]:
    old, new = ({line.place: line for line in lines} for lines in (before, after))
    said = [
        f"reports to {line.said(names)}"
        for place, line in new.items()
        if place not in old or old[place].until != line.until
    ]
    gone = [old[place] for place in old if place not in new]
    return said + [f"no longer: reports to {line.said(names)}" for line in gone]


def _write_person(session: orm.Session, row: PersonRow, known: _Known) -> Person:
    person = known.people.get(row.key) or Person(key=row.key)
    for column in OWN_COLUMNS:
        setattr(person, column, getattr(row, column))
    session.add(person)
    return person


def _write_lines(
    session: orm.Session, file: PeopleFile, known: _Known, people: Mapping[str, Person]
) -> None:
    named = {row.key for row in file.people}
    stored = {place: line for place, line in known.stored.items() if place[0] in named}
    wanted = {line.place: line for line in file.lines}
    for place in stored.keys() - wanted.keys():
        session.delete(stored[place])
    for place, row in wanted.items():
        line = stored.get(place) or ReportingLine(
            person=people[row.person], supervisor=people[row.supervisor], since=row.since
        )
        line.until = row.until
        session.add(line)


def _lines_by_person(lines: Iterable[LineRow]) -> dict[str, list[LineRow]]:
    by_person: dict[str, list[LineRow]] = {}
    for line in lines:
        by_person.setdefault(line.person, []).append(line)
    return by_person
