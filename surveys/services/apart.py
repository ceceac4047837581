"""Rounds about one leader ask the same people, or others: else one report less the other tells of a few.

It is decided from who is invited, and never from who answers (docs/adr/0010).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, combinations, product

from sqlalchemy import orm

from core.errors import DomainError
from surveys.models import Round
from surveys.queries.apart import Asked, People, asked_near, hold_leaders

NEAR_DAYS = 180
"""How long after its close a round is near.

A difference tells as much as answers stay the same. A follow-up after weeks or a few months finds most of
them the same; a year later people come and go by nature, and a rule would only forbid yearly rounds.
"""

NOBODY: People = frozenset()
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

    now: Asked
    then: Asked

    @property
    def minimum(self) -> int:
        return max(self.now.round.minimum, self.then.round.minimum)

    @cached_property
    def people(self) -> People:
        return singled_out(in_both(self.now, self.then), fewer_than=self.minimum)

    def __str__(self) -> str:
        leader, other = self.now.leader.name, self.then.round.name
        return (
            f"About {leader} nearly the same people are asked as in “{other}”. The difference is "
            f"{', '.join(self._places())}. Somebody with both reports could subtract one from the other "
            "and come close to what so few have answered, so this round cannot be launched as it is. Ask the "
            "same people in the same groups and under the same protection as then, change a group by at "
            f"least {self.minimum} people, take {leader} out of this round, or {self._wait()}."
        )

    def _places(self) -> Iterator[str]:
        names = {**self.then.names, **self.now.names}
        for who in sorted(self.people, key=lambda who: (names[who], who)):
            then, now = _seat(self.then, who), _seat(self.now, who)
            yield f"{names[who]} ({f'{then} then, {now} now' if then != now else f'{now} both times'})"

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
    tables = asked_near(session, round_, since=at - timedelta(days=NEAR_DAYS))
    ours = {table.leader.person_id: table for table in tables if table.round is round_}
    others = (table for table in tables if table.round is not round_)
    pairs = ((ours.get(table.leader.person_id), table) for table in others)
    found = (Overlap(now, then) for now, then in pairs if now)
    return [overlap for overlap in found if overlap.people]


def singled_out(pairs: Iterable[tuple[People, People]], *, fewer_than: int) -> People:
    """Return the raters who stand out by subtracting one figure of each pair from the other.

    The same rater counts once, and answers alike.

    >>> sorted(singled_out([(frozenset("abcdef"), frozenset("abcde"))], fewer_than=4))
    ['f']
    >>> singled_out([(frozenset("abcdef"), frozenset("abcdef"))], fewer_than=4)
    frozenset()
    >>> singled_out([(frozenset("abcdef"), frozenset("cdefgh"))], fewer_than=4)
    frozenset()
    """
    differences = (one ^ other for one, other in pairs)
    return frozenset[str]().union(*(few for few in differences if len(few) < fewer_than))


def sums(leaves: Collection[People]) -> list[People]:
    """Return of whom figures tell when they are added up.

    Of two rounds no other combination singles out fewer: the groups of both are nodes of a graph whose edges
    are the raters, and what a combination takes in holds a cut, which is a sum of groups less another.
    """
    some = (combinations(leaves, size) for size in range(1, len(leaves) + 1))
    return [frozenset[str]().union(*together) for together in chain.from_iterable(some)]


def in_both(now: Asked, then: Asked) -> Iterator[tuple[People, People]]:
    """Yield what may be subtracted: all that is shown if everybody answers, and any groups of the same names.

    Those are pooled, large ones too, where they fall short in both rounds alike.
    """
    yield from product(sums(now.leaves.values()), sums(then.leaves.values()))
    groups = [
        (now.anonymous.get(group, NOBODY), then.anonymous.get(group, NOBODY))
        for group in {**now.anonymous, **then.anonymous}
    ]
    ours, theirs = (sums(side) for side in zip(*groups, strict=True)) if groups else ((), ())
    for one, other in zip(ours, theirs, strict=True):
        if len(one) >= now.round.minimum and len(other) >= then.round.minimum:
            yield one, other


def _seat(table: Asked, who: str) -> str:
    group = table.groups.get(who)
    return WORDS.get(group, group.replace("_", " ")) if group else "not asked"
