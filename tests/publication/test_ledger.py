"""Cohorts side by side tell no few leaders apart; the ledger finds every combination that would."""

from collections.abc import Collection
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.publication.gate import GateError, isolable
from assess.publication.ledger import LEADERS_MINIMUM, check_cohort, isolates_fewer, told

Atoms = frozenset[str]

LETTERS = st.sampled_from("abcdefgh")
SETS = st.lists(st.frozensets(LETTERS), max_size=5)


def leaders(*numbers: int) -> Atoms:
    """Return leaders by number: `leaders(3, 6)` are those from the third to the sixth."""
    first, last = numbers
    return frozenset(f"leader {number}" for number in range(first, last + 1))


EVERYBODY = leaders(1, 40)


def passes(cohort: Atoms, *released: Atoms, publishing: Collection[Atoms] = (EVERYBODY,)) -> bool:
    try:
        check_cohort(cohort, released=released, publishing=publishing)
    except GateError:
        return False
    return True


def by_trying_everything(than: int, published: Collection[Atoms]) -> bool:
    """Try every set of fewer atoms, by the rank of what is left without it; slow."""
    atoms = sorted(frozenset[str]().union(*published))
    few = (some for size in range(1, than) for some in combinations(atoms, size))
    return any(isolable(published, some) for some in few)


@given(SETS, st.integers(1, 6))
def test_classes_of_leaders_are_enough_to_try(published: list[Atoms], than: int) -> None:
    assert isolates_fewer(than, published) == by_trying_everything(than, published)


@given(SETS, st.integers(1, 6))
def test_neither_order_nor_repetition_matters(published: list[Atoms], than: int) -> None:
    again = [*reversed(published), *published]
    assert isolates_fewer(than, again) == isolates_fewer(than, published)


@given(SETS, st.frozensets(LETTERS), st.integers(1, 6))
def test_what_is_isolable_stays_so_whatever_else_is_told(
    published: list[Atoms], more: Atoms, than: int
) -> None:
    if isolates_fewer(than, published):
        assert isolates_fewer(than, [*published, more])


@given(st.sets(st.frozensets(LETTERS, min_size=5), max_size=4), st.frozensets(LETTERS, min_size=5))
def test_nobody_in_a_ledger_that_was_kept_can_be_singled_out(
    asked: set[Atoms], last: Atoms
) -> None:
    """Ask for one cohort after the other, and keep what is let through."""
    released: list[Atoms] = []
    for cohort in (*asked, last):
        if passes(cohort, *released, publishing=[frozenset("abcdefgh")]):
            released.append(cohort)

    assert not by_trying_everything(LEADERS_MINIMUM, released)


@pytest.mark.parametrize(("left_out", "passing"), [(1, False), (4, False), (5, True), (8, True)])
def test_one_cohort_less_another_leaves_five_or_nobody(left_out: int, *, passing: bool) -> None:
    assert passes(leaders(left_out + 1, 20), leaders(1, 20)) is passing
    assert passes(leaders(1, 20), leaders(left_out + 1, 20)) is passing


@pytest.mark.parametrize(("size", "passing"), [(0, False), (4, False), (5, True)])
def test_a_cohort_has_five_leaders(size: int, *, passing: bool) -> None:
    assert passes(leaders(1, size)) is passing


def test_the_same_cohort_again_tells_nothing_new() -> None:
    assert passes(leaders(1, 7), leaders(1, 7))


def test_departments_and_all_of_them_together_pass() -> None:
    departments = [leaders(1, 5), leaders(6, 12), leaders(13, 20)]
    assert passes(leaders(1, 20), *departments)


def test_three_cohorts_may_do_what_no_two_of_them_do() -> None:
    """All less one half less the other half are the four in neither."""
    first, second, all_of_them = leaders(1, 10), leaders(11, 20), leaders(1, 24)
    assert passes(second, first)
    assert passes(all_of_them, first)
    assert not passes(all_of_them, first, second)


def test_halves_of_cohorts_count_as_much_as_differences() -> None:
    """Two cohorts less a third, halved, are those who are in both: no plain difference is."""
    both, only_first, only_second = leaders(1, 3), leaders(4, 10), leaders(11, 17)
    released = [both | only_first, both | only_second]
    assert passes(released[1], released[0])
    assert not passes(only_first | only_second, *released)


def test_two_ways_to_part_the_same_leaders_pass_where_their_cells_do_not_come_apart() -> None:
    """Departments by levels, one leader in each: no combination of rows and columns leaves few cells."""
    cells = {(row, column): f"{row}{column}" for row, column in product("abcde", "12345")}
    rows = [frozenset(cells[row, column] for column in "12345") for row in "abcde"]
    columns = [frozenset(cells[row, column] for row in "abcde") for column in "12345"]
    everybody = frozenset(cells.values())

    assert passes(columns[-1], *rows, *columns[:-1], publishing=[everybody])
    assert not passes(rows[0] - {"a1"}, *rows, publishing=[everybody])


def test_a_hidden_leaf_enters_no_cohort_and_may_be_why_it_is_refused() -> None:
    """The second cohort has five leaders more, but of one of them the leaf is hidden."""
    assert passes(leaders(1, 15), leaders(1, 10))
    assert not passes(leaders(1, 15), leaders(1, 10), publishing=[EVERYBODY - leaders(15, 15)])


def test_a_figure_of_few_is_not_told_and_so_takes_nothing_away() -> None:
    """Four of the first cohort publish the leaf: nothing was told of them that could be subtracted."""
    assert told(leaders(1, 10), leaders(7, 20)) == frozenset()
    assert passes(leaders(1, 15), leaders(1, 10), publishing=[leaders(7, 20)])
    assert not passes(leaders(1, 15), leaders(1, 10), publishing=[leaders(6, 14)])


def test_every_figure_is_looked_at() -> None:
    sound, unsound = [leaders(1, last) for last in range(15, 40)], leaders(1, 14)
    assert passes(leaders(1, 15), leaders(1, 10), publishing=sound)
    assert not passes(leaders(1, 15), leaders(1, 10), publishing=[*sound, unsound])


def test_where_no_figure_would_be_told_there_is_no_cohort() -> None:
    with pytest.raises(GateError, match="no figure of the cohort would rest on 5 leaders"):
        check_cohort(leaders(1, 9), released=[], publishing=[leaders(6, 20)])
    with pytest.raises(GateError, match="no figure"):
        check_cohort(leaders(1, 9), released=[], publishing=[])


def test_a_refusal_names_nobody() -> None:
    with pytest.raises(GateError) as refused:
        check_cohort(leaders(1, 19), released=[leaders(1, 20)], publishing=[EVERYBODY])

    assert str(refused.value) == "fewer than 5 leaders could be told apart"


def test_many_cohorts_of_many_leaders_are_judged_at_once() -> None:
    """Fifteen departments by six levels of some ninety leaders, as large as it gets; by trying: hours."""
    people = [(row, column, n) for row in range(15) for column in range(6) for n in range(2)]
    names = {person: str(person) for person in people if sum(person) % 5}
    rows = [frozenset(names[p] for p in names if p[0] == row) for row in range(15)]
    columns = [frozenset(names[p] for p in names if p[1] == column) for column in range(6)]

    assert not isolates_fewer(LEADERS_MINIMUM, [*rows, *columns])
