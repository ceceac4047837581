"""Kestrelvale, a maker of weather instruments of our own invention: writes examples/people.csv.

Run it as `python -m examples.make_people`. Nothing in it is left to chance, so that the file stays the same.
"""

import csv
import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = (
    *("person", "name", "email", "language", "department", "title", "level"),
    *("supervisor", "since", "until"),
)
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "đ": "d", "æ": "ae", "ß": "ss"}
)


@dataclass(frozen=True)
class Team:
    """A leader's team: the leader's title, those of the members in turn, how many, how many moved on."""

    department: str
    head: str
    titles: tuple[str, ...]
    size: int
    past: int


@dataclass(frozen=True)
class Line:
    """Who was reported to, from when until when."""

    supervisor: "Someone"
    since: date
    until: date | None = None


@dataclass
class Someone:
    """An invented person."""

    key: str
    name: str
    language: str
    department: str = ""
    title: str = ""
    level: str = ""
    lines: list[Line] = field(default_factory=list)


DIRECTORS = {
    "Director of Engineering": (
        Team("Sensors", "Head of Sensors", ("Sensor engineer", "Laboratory technician"), 9, 3),
        Team("Electronics", "Head of Electronics", ("Circuit designer", "Test engineer"), 9, 2),
        Team("Firmware", "Head of Firmware", ("Firmware engineer", "Field data engineer"), 9, 1),
        Team("Research", "Head of Research", ("Physicist",), 2, 2),
    ),
    "Director of Operations": (
        Team("Production", "Head of Production", ("Precision mechanic", "Shift planner"), 9, 4),
        Team("Assembly", "Head of Assembly", ("Assembler", "Calibration technician"), 9, 5),
        Team("Quality", "Head of Quality", ("Quality inspector", "Process engineer"), 8, 2),
        Team("Logistics", "Head of Logistics", ("Buyer", "Warehouse coordinator"), 9, 3),
    ),
    "Director of Customers": (
        Team("Sales North", "Head of Sales North", ("Account manager", "Sales engineer"), 9, 4),
        Team("Sales South", "Head of Sales South", ("Account manager", "Tender writer"), 8, 0),
        Team("Field Service", "Head of Field Service", ("Service engineer", "Trainer"), 9, 3),
    ),
    "Director of Finance and People": (
        Team("Finance", "Head of Finance", ("Accountant", "Controller"), 9, 2),
        Team("People", "Head of People", ("People partner", "Payroll specialist"), 8, 3),
        Team("Legal", "Head of Legal", ("Counsel",), 2, 1),
    ),
}
DIRECTORS_STAFF = (("Office manager", "Programme manager", "Business analyst"),) * 3 + (
    ("Office manager", "Site manager", "Systems administrator", "Internal auditor"),
)
MANAGING_STAFF = (
    "Executive assistant",
    "Communications lead",
    "Sustainability lead",
    "Secretary to the board",
)
JOINED = {0: date(2026, 9, 15), 4: date(2026, 10, 1), 8: date(2026, 10, 1), 11: date(2026, 11, 2)}
CAME_FROM = {1: 1, 6: 0, 7: 2, 10: 1, 12: 2}
"""Which heads were led by which other director before the house was reorganised."""
REORGANISED = date(2025, 7, 1)


def main() -> None:
    company = build()
    with (HERE / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for person in company:
            writer.writerows(rows(person))


def build() -> list[Someone]:
    """Return everybody, from the top down."""
    names = _names()
    top = _hire(names, None, "Managing director", "Management", "executive")
    directors = [_hire(names, top, title, "Management", "director") for title in DIRECTORS]
    staff = [_hire(names, top, title, "Management", "professional") for title in MANAGING_STAFF]
    for director, titles in zip(directors, DIRECTORS_STAFF, strict=True):
        office = director.title.removeprefix("Director of ")
        staff += [_hire(names, director, title, office, "professional") for title in titles]

    teams = [(team, at) for at, group in enumerate(DIRECTORS.values()) for team in group]
    heads = [
        _hire(names, directors[at], team.head, team.department, "leader") for team, at in teams
    ]
    members = [
        [
            _hire(names, head, team.titles[n % len(team.titles)], team.department, "professional")
            for n in range(team.size)
        ]
        for head, (team, _) in zip(heads, teams, strict=True)
    ]
    _move(heads, members, [team.past for team, _ in teams])
    _reorganise(heads, directors)
    members[2][8].lines.append(Line(heads[3], date(2024, 2, 1)))  # half of the time is research
    joiners = [_join(names, heads[at], members[at][0], day) for at, day in JOINED.items()]
    return [top, *directors, *heads, *staff, *(m for team in members for m in team), *joiners]


def _hire(
    names: Iterator[Someone], supervisor: Someone | None, title: str, department: str, level: str
) -> Someone:
    person = next(names)
    person.title, person.department, person.level = title, department, level
    if supervisor:
        number = _number(person.name)
        person.lines = [Line(supervisor, date(2014 + number % 9, 1 + number % 12, 1))]
    return person


def _join(names: Iterator[Someone], head: Someone, beside: Someone, day: date) -> Someone:
    person = _hire(names, head, beside.title, beside.department, "professional")
    person.lines = [Line(head, day)]
    return person


def _move(heads: list[Someone], members: list[list[Someone]], past: list[int]) -> None:
    """Let people have come from other teams in the last two years, each once."""
    for at, head in enumerate(heads):
        for nth in range(past[at]):
            team = members[(at + 1 + nth) % len(heads)]
            if nth < len(team):
                month = (at * 5 + nth * 4) % 18
                _change(team[nth], head, date(2025 + month // 12, 1 + month % 12, 1))


def _reorganise(heads: list[Someone], directors: list[Someone]) -> None:
    for head, director in CAME_FROM.items():
        _change(heads[head], directors[director], REORGANISED)
    _change(heads[5], heads[4], date(2025, 4, 1))  # was a member of the neighbouring team


def _change(person: Someone, before: Someone, day: date) -> None:
    """Let somebody have reported to `before` from the beginning until that day."""
    [line] = person.lines
    person.lines = [Line(before, line.since, day), Line(line.supervisor, day)]


def rows(person: Someone) -> Iterator[tuple[str, ...]]:
    email = f"{person.key}@kestrelvale.example"
    own = (person.key, person.name, email, person.language, person.department, person.title)
    if not person.lines:
        yield (*own, person.level, "", "", "")
    for line in person.lines:
        until = line.until.isoformat() if line.until else ""
        yield (*own, person.level, line.supervisor.key, line.since.isoformat(), until)


def _names() -> Iterator[Someone]:
    """Yield the invented people in an order which mixes where their names come from."""
    lines = (HERE / "names.txt").read_text(encoding="utf-8").splitlines()
    people = [_someone(line) for line in lines if not line.startswith("#")]
    return iter(sorted(people, key=lambda person: _number(person.name)))


def _someone(line: str) -> Someone:
    name, key, language = (cell.strip() for cell in line.split("|"))
    return Someone(key or _plain(name), name, language)


def _plain(name: str) -> str:
    """Return given.family in ASCII."""
    apart = unicodedata.normalize("NFKD", name.lower().translate(PLAIN))
    letters = "".join(c for c in apart if c.isascii() and (c.isalpha() or c in " -"))
    first, _, rest = letters.partition(" ")
    return f"{first}.{rest.replace(' ', '')}"


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big")


if __name__ == "__main__":
    main()
