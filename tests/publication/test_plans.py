"""Who is shown with whom follows from head counts alone, and nobody stands in too small a group."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.plans import ORDER, Leaf, Plan, Withheld, in_order, plan
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, THRESHOLD, Protection

NAMED = frozenset({"self", "supervisor", "supervisors_supervisor"})
HEAD_COUNTS = st.dictionaries(st.sampled_from([*ORDER, "neighbour"]), st.integers(0, 9))
LEVELS = st.sampled_from(list(PROTECTIONS.values()))


def planned(protection: Protection = STANDARD, /, **raters: int) -> Plan:
    return plan(raters, protection=protection, named=NAMED)


def test_a_group_with_enough_raters_is_a_leaf() -> None:
    assert planned(peer=4) == Plan((Leaf("peer", ("peer",), 4, named=False),), ())


def test_named_groups_are_shown_however_small() -> None:
    assert planned(self=1, supervisor=2).leaves == (
        Leaf("self", ("self",), 1, named=True),
        Leaf("supervisor", ("supervisor",), 2, named=True),
    )


def test_small_groups_are_pooled_when_they_are_enough_together() -> None:
    assert planned(direct_report=2, client=1, other=1) == Plan(
        (Leaf("pooled", ("direct_report", "client", "other"), 4, named=False),), ()
    )


@pytest.mark.parametrize(
    ("large", "small"),
    [("direct_report", "past_direct_report"), ("past_direct_report", "direct_report")],
)
def test_past_and_present_reports_join_when_one_of_them_is_few(large: str, small: str) -> None:
    assert planned(**{large: 5, small: 2}) == Plan(
        (Leaf(large, (large, small), 7, named=False),), ()
    )


def test_past_supervisors_never_join_the_named_ones() -> None:
    made = planned(supervisor=1, past_supervisor=2)
    assert made.withheld == (Withheld("past_supervisor", "too few raters"),)


def test_past_supervisors_are_named_where_the_round_says_so() -> None:
    made = plan(
        {"past_supervisor": 1}, protection=STANDARD, named=NAMED | frozenset({"past_supervisor"})
    )
    assert made.leaves == (Leaf("past_supervisor", ("past_supervisor",), 1, named=True),)


def test_who_cannot_be_shown_is_set_aside_with_the_reason() -> None:
    assert planned(peer=5, client=1, board=2) == Plan(
        (Leaf("peer", ("peer",), 5, named=False),),
        (Withheld("board", "too few raters"), Withheld("client", "too few raters")),
    )


@pytest.mark.parametrize(("protection", "least"), [(STANDARD, 4), (STRICT, 5), (THRESHOLD, 3)])
def test_each_protection_has_its_minimum(protection: Protection, least: int) -> None:
    assert planned(protection, peer=least).leaves
    assert planned(protection, peer=least - 1).withheld


def test_a_group_that_stayed_silent_is_withheld_as_one_that_is_too_small() -> None:
    assert planned(client=0).withheld == planned(client=1).withheld
    assert planned(client=0, board=4, self=0).leaves == (Leaf("board", ("board",), 4, named=False),)


def test_a_count_below_nought_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than no raters"):
        planned(peer=-1)


def test_leaves_stand_in_a_fixed_order() -> None:
    assert in_order(["zebra", "client", "ant", "self"]) == ["self", "client", "ant", "zebra"]


@given(HEAD_COUNTS, LEVELS)
def test_no_anonymous_leaf_is_small(raters: dict[str, int], protection: Protection) -> None:
    leaves = plan(raters, protection=protection, named=NAMED).leaves
    assert all(leaf.raters >= protection.minimum for leaf in leaves if not leaf.named)


@given(HEAD_COUNTS, LEVELS)
def test_every_rater_is_shown_once_or_set_aside(
    raters: dict[str, int], protection: Protection
) -> None:
    made = plan(raters, protection=protection, named=NAMED)
    shown = [group for leaf in made.leaves for group in leaf.groups]
    assert sorted([*shown, *(gone.what for gone in made.withheld)]) == sorted(
        group for group, count in raters.items() if count or group not in NAMED
    )
    assert all(leaf.raters == sum(raters[g] for g in leaf.groups) for leaf in made.leaves)


@given(HEAD_COUNTS, LEVELS)
def test_named_and_anonymous_raters_never_share_a_leaf(
    raters: dict[str, int], protection: Protection
) -> None:
    for leaf in plan(raters, protection=protection, named=NAMED).leaves:
        assert leaf.groups == (leaf.name,) if leaf.named else not NAMED & set(leaf.groups)


@given(HEAD_COUNTS, LEVELS, st.randoms())
def test_who_came_first_changes_nothing(
    raters: dict[str, int], protection: Protection, chance: random.Random
) -> None:
    shuffled = dict(chance.sample(sorted(raters.items()), len(raters)))
    assert plan(shuffled, protection=protection, named=NAMED) == plan(
        raters, protection=protection, named=NAMED
    )
