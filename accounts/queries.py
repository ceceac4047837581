"""What is read of people, their reporting lines, and those who sign in."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from accounts.models import Account, Person, ReportingLine, Role

TENURE_DAYS = 90
REACHING_BACK_DAYS = 730
GROUPS = (
    "self",
    "supervisor",
    "supervisors_supervisor",
    "peer",
    "direct_report",
    "past_supervisor",
    "past_direct_report",
)
NEAREST_FIRST = (
    "supervisor",
    "direct_report",
    "supervisors_supervisor",
    "peer",
    "past_supervisor",
    "past_direct_report",
)

Line = type[ReportingLine]
Relation = sa.Select[str, UUID]


@dataclass(frozen=True)
class Entry:
    """A person as the directory shows them."""

    name: str
    title: str
    department: str
    supervisors: tuple[str, ...]


def people(session: orm.Session) -> list[Person]:
    return list(session.scalars(sa.select(Person).order_by(Person.name, Person.key)))


def person_of(session: orm.Session, key: str) -> Person | None:
    return session.scalar(sa.select(Person).where(Person.key == key))


def person_by_email(session: orm.Session, email: str) -> Person | None:
    return session.scalar(sa.select(Person).where(Person.email == normal_email(email)))


def account_of(session: orm.Session, email: str) -> Account | None:
    return session.scalar(sa.select(Account).where(Account.email == normal_email(email)))


def account_of_person(session: orm.Session, person: Person) -> Account | None:
    return session.scalar(sa.select(Account).where(Account.person_id == person.id))


def accounts(session: orm.Session) -> list[Account]:
    everybody = sa.select(Account).options(orm.selectinload(Account.roles))
    return list(session.scalars(everybody.order_by(Account.email)))


def coaches(session: orm.Session) -> list[Account]:
    """Return the accounts which may be given leaders to coach."""
    is_coach = sa.and_(Account.roles.any(Role.name == "coach"), Account.active)
    known = (orm.joinedload(Account.person), orm.selectinload(Account.roles))
    return list(
        session.scalars(sa.select(Account).where(is_coach).options(*known).order_by(Account.email))
    )


def reporting_lines(session: orm.Session) -> list[ReportingLine]:
    return list(session.scalars(sa.select(ReportingLine)))


def directory(session: orm.Session, *, on: date, search: str = "") -> list[Entry]:
    """Return people with their supervisors of the day, those alone in whom every word is found."""
    boss = orm.aliased(Person)
    line = sa.and_(ReportingLine.person_id == Person.id, _holds(ReportingLine, on))
    statement = (
        sa.select(Person, boss.name)
        .outerjoin(ReportingLine, line)
        .outerjoin(boss, boss.id == ReportingLine.supervisor_id)
        .order_by(Person.name, Person.key, boss.name)
    )
    found: dict[Person, tuple[str, ...]] = {}
    for person, supervisor in session.execute(statement):
        found[person] = found.get(person, ()) + ((supervisor,) if supervisor else ())
    entries = [Entry(p.name, p.title, p.department, names) for p, names in found.items()]
    entries.sort(key=lambda entry: folded(entry.name))  # a database puts accents after Z
    return [entry for entry in entries if _matches(entry, search)]


def relations(
    session: orm.Session,
    person: Person,
    *,
    on: date,
    reaching_back_days: int = REACHING_BACK_DAYS,
    tenure_days: int = TENURE_DAYS,
) -> dict[str, list[Person]]:
    """Return who stands in which relation to a person on a day, by the reporting lines.

    Parameters
    ----------
    reaching_back_days
        How long ago a past line may have ended.
    tenure_days
        How long a line must have held to count as present.

    Returns
    -------
    The people of each group, by name. Nobody stands in two groups: the nearest counts, and whoever is
    present is not past.
    """
    settled = on - timedelta(days=tenure_days)
    since = on - timedelta(days=reaching_back_days)
    related = sa.union_all(
        *_present_relations(person.id, on, settled), *_past_relations(person.id, since, on)
    ).subquery()
    rows = session.execute(
        sa.select(related.c.relation, Person)
        .join(Person, Person.id == related.c.person_id)
        .where(Person.id != person.id)
        .order_by(Person.name, Person.key)
    ).all()
    return _nearest(person, [(relation, other) for relation, other in rows])


def normal_email(email: str) -> str:
    """Return an address as we keep it: who types capitals means the same mailbox."""
    return email.strip().lower()


def folded(text: str) -> str:
    """Return text without case and accents, so that "nguyen" finds "Nguyễn"."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).replace("đ", "d")


def _matches(entry: Entry, search: str) -> bool:
    shown = folded(" ".join((entry.name, entry.title, entry.department, *entry.supervisors)))
    return all(word in shown for word in folded(search).split())


def _holds(line: Line, on: date) -> sa.ColumnElement[bool]:
    return sa.and_(line.since <= on, sa.or_(line.until.is_(None), line.until > on))


def _present_relations(person: UUID, on: date, settled: date) -> list[Relation]:
    """Select by lines which hold on the day and have held long enough."""
    mine, other = orm.aliased(ReportingLine), orm.aliased(ReportingLine)
    counts = [sa.and_(_holds(line, on), line.since <= settled) for line in (mine, other)]
    up = sa.select(
        sa.literal("supervisor").label("relation"), mine.supervisor_id.label("person_id")
    )
    down = sa.select(sa.literal("direct_report"), mine.person_id)
    above = sa.select(sa.literal("supervisors_supervisor"), other.supervisor_id)
    beside = sa.select(sa.literal("peer"), other.person_id)
    return [
        up.where(mine.person_id == person, counts[0]),
        down.where(mine.supervisor_id == person, counts[0]),
        above.join(mine, mine.supervisor_id == other.person_id).where(
            mine.person_id == person, *counts
        ),
        beside.join(mine, mine.supervisor_id == other.supervisor_id).where(
            mine.person_id == person, *counts
        ),
    ]


def _past_relations(person: UUID, since: date, on: date) -> list[Relation]:
    """Select by lines which ended within the time that is looked back upon."""
    line = orm.aliased(ReportingLine)
    ended = sa.and_(line.until >= since, line.until <= on)
    up = sa.select(sa.literal("past_supervisor"), line.supervisor_id)
    down = sa.select(sa.literal("past_direct_report"), line.person_id)
    return [
        up.where(line.person_id == person, ended),
        down.where(line.supervisor_id == person, ended),
    ]


def _nearest(person: Person, rows: Sequence[tuple[str, Person]]) -> dict[str, list[Person]]:
    groups: dict[str, list[Person]] = {group: [] for group in GROUPS}
    groups["self"].append(person)
    placed = {person}
    for group in NEAREST_FIRST:
        for relation, other in rows:
            if relation == group and other not in placed:
                placed.add(other)
                groups[group].append(other)
    return groups
