"""Ten thousand tables of answers, random and adversarial: no subtraction takes what is promised."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from itertools import combinations_with_replacement, cycle, islice, product

import pytest

from assess.publication.deniable import Left, Told, cells, left, views
from assess.publication.gate import GateError, check
from assess.publication.plans import Leaf, Plan, plan
from assess.publication.protection import PROTECTIONS, STANDARD, THRESHOLD, Protection
from assess.publication.symbols import Symbol, symbol
from assess.publication.table import SCALES
from tests.publication import milp

TIMES = 10_000
GROUPS = ("peer", "direct_report", "past_direct_report", "client", "board")
LARGEST = 8

Answer = int | None
Say = Callable[[random.Random, int, int], Answer]


def _alternating() -> Say:
    turns = cycle([True, False])
    return lambda _chance, low, high: high if next(turns) else low


WAYS: Mapping[str, Say] = {
    "random": lambda chance, low, high: chance.randint(low, high),
    "kind": lambda chance, _low, high: high - (chance.random() < 1 / 4),
    "harsh": lambda chance, low, _high: low + (chance.random() < 1 / 4),
    "all lowest": lambda _chance, low, _high: low,
    "all highest": lambda _chance, _low, high: high,
    "one dissenter": lambda _chance, _low, high: high,
    "alternating extremes": _alternating(),
    "split extremes": lambda chance, low, high: chance.choice([low, high]),
    "many not observed": lambda chance, low, high: chance.choice([None, None, low, high]),
}


@dataclass(frozen=True)
class Block:
    """Raters of whom an onlooker knows the same: a leaf, or all who are set aside. Sums are of steps."""

    groups: tuple[str, ...]
    told: Told


@dataclass(frozen=True)
class Table:
    """What the raters of a leader, by group, say to one item."""

    protection: Protection
    low: int
    high: int
    answers: Mapping[str, Sequence[Answer]]

    @property
    def points(self) -> int:
        return self.high - self.low + 1

    @cached_property
    def planned(self) -> Plan:
        return planned(self.protection, tuple(len(self.answers[group]) for group in GROUPS))

    @property
    def anybody(self) -> frozenset[str]:
        return frozenset(group for group, said in self.answers.items() if said)

    @property
    def set_aside(self) -> tuple[str, ...]:
        return tuple(g.what for g in self.planned.withheld if self.answers[g.what])

    def values(self, groups: Sequence[str]) -> list[int]:
        said = (value for group in groups for value in self.answers[group])
        return [value for value in said if value is not None]

    def printed(self, leaf: Leaf) -> str | None:
        shown = symbol(
            self.values(leaf.groups),
            raters=leaf.raters,
            protection=self.protection,
            low=self.low,
            high=self.high,
        )
        return shown.text if isinstance(shown, Symbol) else None

    def blocks(self) -> list[Block]:
        """Return what is known of each leaf from its symbol, and of those set aside: nothing.

        How many have answered is taken as known, which it is not.
        """
        known = [
            Block(leaf.groups, self._of_leaf(leaf, self.printed(leaf)))
            for leaf in self.planned.leaves
        ]
        aside = sum(len(self.answers[group]) for group in self.set_aside)
        return [*known, Block(self.set_aside, self._of(aside, self.set_aside))] if aside else known

    def _of_leaf(self, leaf: Leaf, printed: str | None) -> Told:
        if printed is None:
            return self._of(leaf.raters, leaf.groups)
        answered = len(self.values(leaf.groups))
        return by_symbol(leaf.raters, answered, self.protection, (self.low, self.high))[printed]

    def _of(self, raters: int, groups: Sequence[str]) -> Told:
        answered = len(self.values(groups))
        return Told(raters, answered, 0, answered * (self.points - 1))


@cache
def planned(protection: Protection, sizes: tuple[int, ...]) -> Plan:
    raters = dict(zip(GROUPS, sizes, strict=True))
    return plan(raters, protection=protection, named=frozenset())


@cache
def by_symbol(
    raters: int, answered: int, protection: Protection, scale: tuple[int, int]
) -> dict[str, Told]:
    low, high = scale
    shown = cells(raters, answered, protection=protection, low=low, high=high)
    return {printed.text: told for printed, told in shown}


@cache
def worst(told: Told, insiders: int, points: int) -> Left:
    return Left.worst(left(view, points) for view in views(told, insiders, points))


def tables(times: int = TIMES) -> Iterator[Table]:
    """Yield tables of every protection, scale and way to answer, with groups of none to eight raters.

    In every second one the first group is of one mind, whatever the others say.
    """
    chance = random.Random(360)  # noqa: S311 - data for a test, the same each time
    kinds = cycle(product(PROTECTIONS.values(), SCALES, WAYS))
    for number, (protection, (low, high), way) in enumerate(islice(kinds, times)):
        sizes = [number % (LARGEST + 1), *(chance.randint(0, LARGEST) for _ in GROUPS[1:])]
        answers: dict[str, list[Answer]] = {
            group: [WAYS[way](chance, low, high) for _ in range(size)]
            for group, size in zip(chance.sample(GROUPS, len(GROUPS)), sizes, strict=True)
        }
        groups = sorted(answers, key=lambda group: -len(answers[group]))
        if way == "one dissenter":
            answers[groups[0]][:1] = [low] * bool(answers[groups[0]])
        if number % 2 and way != "one dissenter":
            answers[groups[0]] = [high] * len(answers[groups[0]])
        yield Table(protection, low, high, answers)


def passes(table: Table, *published: frozenset[str]) -> bool:
    try:
        check(
            table.planned,
            protection=table.protection,
            low=table.low,
            high=table.high,
            published=published,
        )
    except GateError:
        return False
    return True


def violations(table: Table) -> list[str]:
    """Name the leaves whose very symbol rests on too few, or leaves some rater less than is promised."""
    level = table.protection
    return [
        f"{leaf.name}: {block.told}"
        for leaf, block in zip(table.planned.leaves, table.blocks(), strict=False)
        if table.printed(leaf)
        if block.told.answered < milp.ANSWERED[level.name]
        or (found := worst(block.told, level.insiders, table.points)).answers < level.deniable
        or found.certainty > level.certainty
    ]


def exposed(table: Table, *, least: int) -> list[str]:
    """Name the groups of which a rater keeps fewer answers than that once the mean of all is printed too.

    The mean of so few to two decimals is their sum, which leaves of each block what the others do not take.
    """
    blocks = table.blocks()
    total = sum(value - table.low for value in table.values([*table.anybody]))
    low, high = sum(b.told.least for b in blocks), sum(b.told.most for b in blocks)
    return sorted(
        group
        for block in blocks
        if left(block.told, table.points).answers >= least
        if left(narrowed(block.told, total - high, total - low), table.points).answers < least
        for group in block.groups
        if table.answers[group]
    )


def narrowed(told: Told, short: int, over: int) -> Told:
    """Return what a total leaves of a block: so far short of the most of all, and over the least."""
    return replace(
        told, least=max(told.least, told.most + short), most=min(told.most, told.least + over)
    )


def test_no_table_of_answers_leaves_a_rater_less_than_promised() -> None:
    """Plan, symbols, gate; then for each symbol the enumeration for these very raters and answers."""
    seen = 0
    for table in tables():
        assert passes(table), table
        assert violations(table) == [], table
        seen += 1
    assert seen == TIMES


def test_a_planted_mean_of_all_names_cells_and_the_gate_stops_it() -> None:
    """With the gate switched off the cells are there; with it switched on none is printed."""
    told = {True: 0, False: 0}
    for table in tables():
        if table.anybody:
            assert not passes(table, table.anybody), table
        if table.protection != THRESHOLD:
            told[bool(table.set_aside)] += bool(exposed(table, least=table.protection.deniable))
    assert min(told.values()) > 300


@pytest.mark.parametrize("level", PROTECTIONS.values(), ids=lambda level: level.name)
def test_every_size_of_five_groups_gives_a_plan_that_passes(level: Protection) -> None:
    for sizes in combinations_with_replacement(range(LARGEST + 1), len(GROUPS)):
        check(planned(level, sizes), protection=level, low=1, high=5)


def as_document(table: Table, *means: str) -> milp.Document:
    """Print a table, how many have answered, and perhaps a mean of all, for the other auditor."""
    blocks = [(leaf.groups, leaf.name) for leaf in table.planned.leaves]
    counted = [groups for groups, _ in blocks] + [table.set_aside] * bool(table.set_aside)
    return milp.Document(
        protection=table.protection.name,
        low=table.low,
        high=table.high,
        raters={group: len(said) for group, said in table.answers.items()},
        leaves={name: groups for groups, name in blocks},
        named=frozenset(),
        printed={(leaf.name, "item"): table.printed(leaf) for leaf in table.planned.leaves},
        further=[
            *(milp.Further(tuple(table.answers), ("item",), mean=mean) for mean in means),
            *(
                milp.Further(groups, ("item",), answered=len(table.values(groups)))
                for groups in counted
            ),
        ],
    )


def test_the_integer_program_names_the_same_cells() -> None:
    small = [
        table
        for table in islice(tables(), 2500)
        if table.protection == STANDARD and table.planned.leaves and len(table.anybody) < 5
        if exposed(table, least=3)
    ]
    for table in random.Random(4).sample(small, 12):  # noqa: S311 - a sample for a test
        values = table.values([*table.anybody])
        hundredths = (Fraction(sum(values), len(values)) * 100 + Fraction(1, 2)).__floor__()
        mean = f"{'-' if hundredths < 0 else ''}{abs(hundredths) // 100}.{abs(hundredths) % 100:02}"
        before, after = (
            {name.split(" x ")[0] for name in milp.exposed(as_document(table, *means), least=3)}
            for means in ((), (mean,))
        )
        assert sorted(after - before) == exposed(table, least=3), table


def test_who_was_set_aside_is_named() -> None:
    """Four peers of one mind below the best mark, and two clients who gave it."""
    answers: dict[str, list[Answer]] = {group: [] for group in GROUPS}
    table = Table(STANDARD, 1, 5, answers | {"peer": [3, 3, 3, 3], "client": [5, 5]})

    assert [leaf.name for leaf in table.planned.leaves] == ["peer"]
    assert exposed(table, least=3) == ["client"]
    assert not passes(table, table.anybody)
    assert passes(table)
