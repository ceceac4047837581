"""Whom two rounds single out: the rule against trying every combination, the ledger, and the plan."""

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.ledger import isolates_fewer
from assess.publication.plans import plan
from assess.publication.protection import PROTECTIONS
from surveys.models import Leader, Round
from surveys.queries.apart import Asked, People
from surveys.services.apart import in_both, singled_out, sums

SEAT = st.sampled_from(["", "peer", "direct_report", "past_direct_report", "board"])
SEATS = st.lists(st.tuples(SEAT, SEAT), min_size=1, max_size=14)
"""For each person the group in one round and in the other, or none."""

PROTECTION = st.sampled_from(sorted(PROTECTIONS))


def groups_of(seats: Sequence[str]) -> dict[str, People]:
    return {
        group: frozenset(str(who) for who, seat in enumerate(seats) if seat == group)
        for group in sorted({*seats} - {""})
    }


def isolated(rows: Sequence[People], *, fewer_than: int) -> People:
    """Return who is in a combination of rows, with any weights, that takes in so few: all few are tried."""
    people = sorted(frozenset[str]().union(*rows))
    table = np.array([[float(who in row) for who in people] for row in rows])
    found: list[frozenset[int]] = []
    for size in range(1, fewer_than):
        for some in map(frozenset, combinations(range(len(people)), size)):
            without = np.delete(table, sorted(some), axis=1)
            if not any(few <= some for few in found) and rank(without) < rank(table):
                found.append(some)
    return frozenset(people[who] for few in found for who in few)


def rank(table: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(table)) if table.size else 0


@given(SEATS, st.integers(2, 4))
def test_nobody_else_stands_out_of_any_combination(
    seats: list[tuple[str, str]], minimum: int
) -> None:
    ours, theirs = (
        [people for people in groups_of(side).values() if len(people) >= minimum]
        for side in zip(*seats, strict=True)
    )

    found = singled_out(product(sums(ours), sums(theirs)), fewer_than=minimum)

    assert found == isolated([*ours, *theirs], fewer_than=minimum)


@given(SEATS, PROTECTION, PROTECTION)
def test_of_rounds_apart_the_ledger_tells_nobody_apart(
    seats: list[tuple[str, str]], ours: str, theirs: str
) -> None:
    now, then = (
        asked(side, protection)
        for side, protection in zip(zip(*seats, strict=True), (ours, theirs), strict=True)
    )
    minimum = min(now.round.minimum, then.round.minimum)

    told = {*planned(now), *planned(then)}

    found = singled_out(in_both(now, then), fewer_than=minimum)
    assert found or not isolates_fewer(minimum, told)


@given(SEATS, PROTECTION)
def test_what_is_shown_if_everybody_answers_is_what_the_plan_says(
    seats: list[tuple[str, str]], protection: str
) -> None:
    table = asked([seat for seat, _ in seats], protection)

    assert sorted(map(sorted, table.leaves.values())) == sorted(map(sorted, planned(table)))


@given(SEATS, PROTECTION)
def test_the_same_groups_are_never_refused(seats: list[tuple[str, str]], protection: str) -> None:
    table = asked([seat for seat, _ in seats], protection)

    assert not singled_out(in_both(table, table), fewer_than=table.round.minimum)


@given(SEATS, PROTECTION, PROTECTION)
def test_it_does_not_matter_which_round_came_first(
    seats: list[tuple[str, str]], ours: str, theirs: str
) -> None:
    one, other = (
        asked(side, protection)
        for side, protection in zip(zip(*seats, strict=True), (ours, theirs), strict=True)
    )

    assert singled_out(in_both(one, other), fewer_than=4) == singled_out(
        in_both(other, one), fewer_than=4
    )


def asked(seats: Sequence[str], protection: str) -> Asked:
    """Return a table of a round that is in no database."""
    table = Asked(Leader(round=Round(protection=protection, names_past_supervisors=False)))
    table.groups.update({str(who): seat for who, seat in enumerate(seats) if seat})
    return table


def planned(table: Asked) -> list[People]:
    """Return what is published if everybody answers."""
    groups = table.anonymous
    made = plan(
        {group: len(people) for group, people in groups.items()},
        protection=PROTECTIONS[table.round.protection],
        named=frozenset(),
    )
    return [
        frozenset[str]().union(*(groups[group] for group in leaf.groups)) for leaf in made.leaves
    ]
