"""Rounds about one leader ask the same people, or others: else one report less the other tells of a few.

It is decided from who is invited, and never from who answers (docs/adr/0010).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from sqlalchemy import orm

from core.errors import DomainError
from surveys.models import Round
from surveys.queries.apart import People, Table, hold_leaders, tables_near

NEAR_DAYS = 180
"""How long after its close a round is near.

A difference tells as much as answers stay the same. A follow-up after weeks or a few months finds most of
them the same; a year later people come and go by nature, and a rule would only forbid yearly rounds.
"""

WORDS = {
    "supervisors_supervisor": "supervisor's supervisor",
    "board": "board member",
    "other": "other rater",
}


class RoundsTooNearError(DomainError):
    """What a few raters answer must not follow from two reports about one leader."""


@dataclass(frozen=True)
class Overlap:
    """A leader whom two rounds ask almost the same people about, and who makes the difference."""

    now: Table
    then: Table
    people: People

    @property
    def minimum(self) -> int:
        return max(self.now.round.minimum, self.then.round.minimum)

    def __str__(self) -> str:
        leader, other = self.now.leader.name, self.then.round.name
        return (
            f"About {leader} nearly the same people are asked as in “{other}”. The difference is "
            f"{', '.join(self._places())}. Somebody with both reports could subtract one from the other "
            "and come close to what so few have answered. Ask the same people in the same groups as "
            f"then, change a group by at least {self.minimum} people, take {leader} out of this round, or "
            f"{self._wait()}."
        )

    def _places(self) -> Iterator[str]:
        names = {**self.then.names, **self.now.names}
        for who in sorted(self.people, key=lambda who: (names[who], who)):
            yield f"{names[who]} ({_seat(self.then, who)} then, {_seat(self.now, who)} now)"

    def _wait(self) -> str:
        closed_at, other = self.then.round.closed_at, self.then.round.name
        if closed_at is None:
            return f"wait until {NEAR_DAYS} days after “{other}” has closed"
        return f"launch after {closed_at + timedelta(days=NEAR_DAYS):%-d %B %Y}"


def check_apart(session: orm.Session, round_: Round, *, at: datetime) -> None:
    """Refuse a round from which, beside another about the same leader, a few raters would stand out."""
    hold_leaders(session, round_)
    found = overlaps(session, round_, at=at)
    if found:
        more = f" {len(found) - 1} more are listed before launch." if found[1:] else ""
        raise RoundsTooNearError(f"Nothing was launched. {found[0]}{more}")


def overlaps(session: orm.Session, round_: Round, *, at: datetime) -> list[Overlap]:
    """Return where a round comes too near to one that is open, locked, or closed not long ago."""
    tables = tables_near(session, round_, since=at - timedelta(days=NEAR_DAYS))
    ours = {table.leader.person_id: table for table in tables if table.round is round_}
    others = (table for table in tables if table.round is not round_)
    pairs = ((ours.get(table.leader.person_id), table) for table in others)
    found = (Overlap(now, then, _singled_out(now, then)) for now, then in pairs if now)
    return [overlap for overlap in found if overlap.people]


def shown_together(groups: Collection[People], *, minimum: int) -> set[People]:
    """Return all sets of raters of whom a report may tell: groups, added up or shown as one.

    Small groups are pooled with others, or join one, and which are small depends on who answers. So
    every union counts that is large enough to be shown.

    >>> sorted(map(len, shown_together([frozenset("abcd"), frozenset("e")], minimum=4)))
    [4, 5]
    """
    together = (
        frozenset[str]().union(*some)
        for size in range(1, len(groups) + 1)
        for some in combinations(groups, size)
    )
    return {people for people in together if len(people) >= minimum}


def singled_out(ours: Iterable[People], theirs: Collection[People], *, fewer_than: int) -> People:
    """Return the raters who stand out by subtracting what one round shows from what the other shows.

    The same rater counts once, and answers alike. Of two rounds no other combination singles out fewer:
    unions are the cuts of the graph whose nodes are the groups of both, and whose edges are the raters.

    >>> sorted(singled_out([frozenset("abcdef")], [frozenset("abcde")], fewer_than=4))
    ['f']
    >>> singled_out([frozenset("abcdef")], [frozenset("abcdef")], fewer_than=4)
    frozenset()
    >>> singled_out([frozenset("abcdef")], [frozenset("cdefgh")], fewer_than=4)
    frozenset()
    """
    differences = (one ^ other for one in ours for other in theirs)
    few = (people for people in differences if len(people) < fewer_than)
    return frozenset[str]().union(*few)


def _singled_out(now: Table, then: Table) -> People:
    shown = [
        shown_together(table.anonymous.values(), minimum=table.round.minimum)
        for table in (now, then)
    ]
    return singled_out(*shown, fewer_than=max(now.round.minimum, then.round.minimum))


def _seat(table: Table, who: str) -> str:
    group = table.groups.get(who)
    return WORDS.get(group, group.replace("_", " ")) if group else "not asked"
