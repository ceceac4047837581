"""Nothing is published from which a rater could be singled out; the gate proves it of every plan."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.gate import GateError, check, isolable
from assess.publication.plans import ORDER, Leaf, Plan, plan
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, THRESHOLD, Protection
from assess.publication.symbols import Symbol, symbol
from assess.publication.table import SCALES

NAMED = frozenset({"self", "supervisor", "supervisors_supervisor"})
HEAD_COUNTS = st.dictionaries(st.sampled_from(ORDER), st.integers(0, 9))
LEVELS = st.sampled_from(list(PROTECTIONS.values()))


def planned(protection: Protection = STANDARD, /, **raters: int) -> Plan:
    return plan(raters, protection=protection, named=NAMED)


def passes(made: Plan, *published: frozenset[str], protection: Protection = STANDARD) -> bool:
    try:
        check(made, protection=protection, low=1, high=5, published=published)
    except GateError:
        return False
    return True


def isolates(made: Plan, *published: frozenset[str], protection: Protection = STANDARD) -> bool:
    """Say whether the gate refuses because few raters could be isolated."""
    with pytest.raises(GateError) as refused:
        check(made, protection=protection, low=1, high=5, published=published)
    return "could be isolated" in str(refused.value)


def everybody(raters: dict[str, int]) -> frozenset[str]:
    return frozenset(group for group, count in raters.items() if count)


def test_a_raw_total_gives_away_who_was_set_aside() -> None:
    raters = {"peer": 5, "client": 2}
    assert passes(planned(**raters))
    assert isolates(planned(**raters), everybody(raters))


def test_a_raw_total_with_the_named_gives_away_the_same() -> None:
    raters = {"self": 1, "supervisor": 1, "peer": 5, "client": 2}
    assert isolates(planned(**raters), everybody(raters))


def test_a_raw_total_of_leaves_alone_isolates_nobody_and_is_refused_all_the_same() -> None:
    """All gave the best mark: two bands hide it, their total would not (`test_milp.py`)."""
    raters = {"self": 1, "peer": 5, "client": 4}
    with pytest.raises(GateError, match="beside the symbols is made from answers"):
        check(planned(**raters), protection=STANDARD, low=1, high=5, published=[everybody(raters)])


def test_a_second_figure_of_a_leaf_is_refused_and_one_of_named_raters_is_not() -> None:
    made = planned(self=1, supervisor=1, peer=5)
    assert not passes(made, frozenset({"peer"}))
    assert passes(made, frozenset({"self", "supervisor"}))


def test_a_part_of_a_pool_gives_away_the_part_and_the_rest() -> None:
    made = planned(client=3, board=3, other=3)
    assert isolates(made, frozenset({"client"}))
    assert isolates(made, frozenset({"client", "board"}))


def test_a_total_beside_joined_groups_gives_the_smaller_away() -> None:
    made = planned(direct_report=6, past_direct_report=2)
    assert passes(made)
    assert isolates(made, frozenset({"direct_report"}))


def test_two_harmless_totals_may_be_harmful_together() -> None:
    made = planned(peer=5, client=2, board=1)
    with_both = frozenset({"peer", "client", "board"})
    assert not isolable([frozenset({"peer"})], {"client", "board"})
    assert isolates(made, with_both)
    assert isolates(made, frozenset({"client", "peer"}), frozenset({"board", "peer"}))


def test_a_small_leaf_is_refused_whoever_planned_it() -> None:
    made = Plan((Leaf("peer", ("peer",), 3, named=False),), ())
    with pytest.raises(GateError, match="a leaf has fewer than 4 raters"):
        check(made, protection=STANDARD, low=1, high=5)


def test_two_leaves_which_share_a_group_are_refused() -> None:
    made = Plan(
        (
            Leaf("all", ("peer", "client"), 6, named=False),
            Leaf("peer", ("peer",), 4, named=False),
        ),
        (),
    )
    assert isolates(made)


@pytest.mark.parametrize(
    ("promise", "message"),
    [
        ({"deniable": 4}, "3 possible answers, one of them 67% likely; the protection promises 4"),
        ({"certainty": Fraction(3, 5)}, "one of them 67% likely; .* 3, and none over 60%"),
    ],
)
def test_a_promise_that_symbols_cannot_keep_is_refused(
    promise: dict[str, Any], message: str
) -> None:
    with pytest.raises(GateError, match=message):
        check(planned(peer=4), protection=replace(STANDARD, **promise), low=1, high=5)


@pytest.mark.parametrize("protection", [STANDARD, STRICT, THRESHOLD], ids=lambda level: level.name)
@pytest.mark.parametrize(("low", "high"), SCALES)
def test_every_leaf_passes_on_every_scale_at_every_protection(
    protection: Protection, low: int, high: int
) -> None:
    for raters in (*range(protection.minimum, 20), 1_000):
        check(planned(protection, peer=raters), protection=protection, low=low, high=high)


def test_an_empty_plan_passes() -> None:
    assert passes(Plan((), ()))


@given(HEAD_COUNTS, LEVELS)
def test_every_plan_passes_and_a_planted_total_isolates_where_somebody_is_set_aside(
    raters: dict[str, int], protection: Protection
) -> None:
    made = plan(raters, protection=protection, named=NAMED)
    assert passes(made, protection=protection)
    shown = {group for leaf in made.leaves for group in leaf.groups}
    total = everybody(raters) | shown
    if total - NAMED:
        assert isolates(made, total, protection=protection) == any(
            raters[gone.what] for gone in made.withheld
        )


@given(st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1), max_size=5))
def test_published_sets_can_be_isolated_and_all_of_nothing_cannot(
    published: list[frozenset[str]],
) -> None:
    assert all(isolable(published, group) for group in published)
    assert not isolable(published, frozenset())


def test_ten_thousand_plans_pass() -> None:
    chance = random.Random(360)  # noqa: S311 - the same plans each time
    for _ in range(10_000):
        protection = chance.choice(list(PROTECTIONS.values()))
        most = chance.choice([1, protection.minimum - 1, protection.minimum, 9])
        raters = {group: chance.randint(0, most) for group in ORDER}
        made = plan(raters, protection=protection, named=NAMED)
        check(made, protection=protection, low=1, high=5)


def data_sets(chance: random.Random, raters: int) -> Iterator[list[int]]:
    """Answers as attackers love them: unanimous, one dissenter, hardly anybody, and any."""
    end = chance.choice([1, 5])
    yield [end] * raters
    yield [end] * (raters - 1) + [6 - end]
    yield [end] * chance.randint(0, raters)
    yield chance.choices(range(1, 6), weights=[1, 2, 4, 9, 9], k=chance.randint(0, raters))


def claims(values: Sequence[int], raters: int, protection: Protection) -> int:
    """Count the answers that the first rater may have given, by trying every sum of the others."""
    shown = symbol(values, raters=raters, protection=protection, low=1, high=5)
    others = range(len(values) - 1, (len(values) - 1) * 5 + 1)
    sheets = ((own, _with_sum(len(values) - 1, rest)) for own in range(1, 6) for rest in others)
    possible = {
        own
        for own, rest in sheets
        if symbol([own, *rest], raters=raters, protection=protection, low=1, high=5) == shown
    }
    return len(possible) + (len(values) < raters)


def _with_sum(count: int, total: int) -> list[int]:
    low, more = divmod(total, count)
    return [low + 1] * more + [low] * (count - more)


def test_ten_thousand_data_sets_leave_every_rater_what_was_promised() -> None:
    chance = random.Random(8)  # noqa: S311 - the same answers each time
    seen: dict[tuple[int, int, Symbol], int] = {}
    for _ in range(2_500):
        raters = chance.randint(4, 9)
        for values in data_sets(chance, raters):
            shown = symbol(values, raters=raters, protection=STANDARD, low=1, high=5)
            if isinstance(shown, Symbol):
                case = (raters, len(values), shown)
                seen[case] = seen.get(case) or claims(values, raters, STANDARD)
    assert min(seen.values()) >= STANDARD.deniable
