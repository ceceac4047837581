"""What is printed leaves every rater what is promised, says an auditor that shares no code with us."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from assess.publication.deniable import Told, cells, left
from assess.publication.plans import plan
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, Protection
from assess.publication.symbols import Symbol, named_symbol, symbol
from tests.publication import milp
from tests.publication.milp import Answer, Document, Further, ImpossibleError, exposed, possible

NAMED = frozenset({"self", "supervisor"})
SCALES = [(1, 4), (1, 5), (1, 6), (1, 7), (-3, 3)]
GROUPS = ("peer", "direct_report", "client", "board")
EACH_SCALE = pytest.mark.parametrize("scale", SCALES, ids=str)
PROTECTING = pytest.mark.parametrize("level", [STANDARD, STRICT], ids=lambda level: level.name)

Answers = Mapping[str, Sequence[Sequence[Answer]]]
"""By group, what each rater says to each item."""


def document(
    answers: Answers, level: Protection = STANDARD, *, low: int = 1, high: int = 5
) -> Document:
    """Publish answers as close does, and keep what is printed."""
    raters = {group: len(sheets) for group, sheets in answers.items()}
    made = plan(raters, protection=level, named=NAMED)
    items = range(len(next(sheets for sheets in answers.values() if sheets)[0]))
    printed = {}
    for leaf, item in product(made.leaves, items):
        said = [sheet[item] for group in leaf.groups for sheet in answers[group]]
        values = [value for value in said if value is not None]
        shown = (
            named_symbol(values)
            if leaf.named
            else symbol(values, raters=leaf.raters, protection=level, low=low, high=high)
        )
        printed[leaf.name, f"item {item}"] = shown.text if isinstance(shown, Symbol) else None
    return Document(
        protection=level.name,
        low=low,
        high=high,
        raters=raters,
        leaves={leaf.name: leaf.groups for leaf in made.leaves},
        named=NAMED,
        printed=printed,
    )


def raw_mean(answers: Answers, *items: int) -> Further:
    """Return the mean of all raters, to two decimals, as an honest but careless report prints it."""
    values = [
        Fraction(sheet[item])  # type: ignore[arg-type]  # as the condition says
        for sheets in answers.values()
        for sheet in sheets
        for item in items
        if sheet[item] is not None
    ]
    hundredths = (sum(values) / len(values) * 100 + Fraction(1, 2)).__floor__()
    text = f"{'-' if hundredths < 0 else ''}{abs(hundredths) // 100}.{abs(hundredths) % 100:02}"
    return Further(tuple(answers), tuple(f"item {item}" for item in items), mean=text)


def tables(level: Protection, scale: tuple[int, int], *, times: int) -> Iterator[Answers]:
    """Yield random tables of one item, generous, extreme and silent ones among them."""
    chance = random.Random(f"{level.name} {scale}")  # noqa: S311 - data for a test, the same each time
    low, high = scale
    ways: list[Sequence[Answer]] = [
        range(low, high + 1),
        [high - 1, high, high, high],
        [low, high],
        [high],
        [None, None, low, high],
    ]
    for number in range(times):
        sizes = {group: chance.randint(0, 7) for group in GROUPS} | {"self": 1}
        said = ways[number % len(ways)]
        yield {group: [[chance.choice(said)] for _ in range(size)] for group, size in sizes.items()}


@EACH_SCALE
@PROTECTING
def test_with_closure_every_rater_keeps_what_is_promised(
    level: Protection, scale: tuple[int, int]
) -> None:
    for answers in tables(level, scale, times=5):
        shown = document(answers, level, low=scale[0], high=scale[1])
        assert exposed(shown, least=level.deniable) == []


@pytest.mark.parametrize("scale", [(1, 5), (-3, 3)], ids=str)
def test_under_strict_a_rater_who_takes_their_own_answers_away_is_left_with_two(
    scale: tuple[int, int],
) -> None:
    for answers in tables(STRICT, scale, times=3):
        shown = document(answers, STRICT, low=scale[0], high=scale[1])
        for group, sheets in answers.items():
            for sheet in sheets[:1] if group != "self" else []:
                own = {f"item {number}": answer for number, answer in enumerate(sheet)}
                assert exposed(replace(shown, insider=(group, own)), least=2) == []


def test_a_raw_mean_of_all_raters_gives_away_who_was_set_aside() -> None:
    """Seven answers of 4.29 are 30 points, peers have 20 of them: both clients gave the best mark."""
    answers = {"self": [[3]], "peer": [[4]] * 5, "client": [[5]] * 2}
    shown = document(answers)
    without_self = raw_mean({"peer": answers["peer"], "client": answers["client"]}, 0)

    assert shown.printed["peer", "item 0"] == "4.0"
    assert without_self.mean == "4.29"
    assert exposed(shown, least=3) == []
    for total in (without_self, raw_mean(answers, 0)):
        assert exposed(replace(shown, further=[total]), least=3) == ["client x item 0: 5"]


def test_a_raw_mean_of_published_leaves_gives_away_what_their_bands_hide() -> None:
    shown = document({"peer": [[5]] * 5, "client": [[5]] * 4})
    total = Further(("peer", "client"), ("item 0",), mean="5.00")

    assert exposed(shown, least=3) == []
    assert exposed(replace(shown, further=[total]), least=3) == [
        "client x item 0: None, 5",
        "peer x item 0: None, 5",
    ]


@pytest.mark.parametrize(
    ("figure", "left_of_peers"),
    [
        (Further(("peer",), ("item 0",), mean="4.75"), "4, 5"),
        (Further(("peer",), ("item 0",), answered=3), "None, 4, 5"),
        (Further(("peer",), ("item 0",), histogram={5: 3, 4: 1}), "4, 5"),
        (Further(("peer",), ("item 0",), histogram={3: 0, 2: 0, 1: 0}), "None, 4, 5"),
    ],
)
def test_figures_beside_the_symbol_are_held_against_it(figure: Further, left_of_peers: str) -> None:
    shown = document({"peer": [[5], [5], [5], [4]]})
    shown = replace(shown, further=[figure], printed={("peer", "item 0"): "4.5+"})

    assert exposed(shown, least=9) == [f"peer x item 0: {left_of_peers}"]


def test_a_mean_over_items_is_held_against_each_of_them() -> None:
    """Two items of "4.5+", and 5.00 over both: nobody gave either less than 5; the third item is open."""
    shown = document({"peer": [[5, 5, 3]] * 4})
    together = Further(("peer",), ("item 0", "item 1"), mean="5.00")

    assert exposed(replace(shown, further=[together]), least=3) == [
        "peer x item 0: None, 5",
        "peer x item 1: None, 5",
    ]


def test_raw_means_of_random_tables_expose_some_and_closure_none() -> None:
    seen = 0
    for answers in tables(STANDARD, (1, 5), times=5):
        shown = document(answers)
        seen += len(exposed(replace(shown, further=[raw_mean(answers, 0)]), least=3))
        assert exposed(shown, least=3) == []
    assert seen >= 3


@pytest.mark.parametrize("level", PROTECTIONS.values(), ids=lambda level: level.name)
@pytest.mark.parametrize(("raters", "scale"), [(3, (1, 5)), (4, (1, 5)), (5, (1, 4)), (5, (-1, 1))])
def test_it_finds_what_trying_every_answer_finds(
    level: Protection, raters: int, scale: tuple[int, int]
) -> None:
    low, high = scale
    claims: dict[str | None, set[Answer]] = {}
    for said in product([None, *range(low, high + 1)], repeat=raters):
        values = [value for value in said if value is not None]
        told = symbol(values, raters=raters, protection=level, low=low, high=high)
        claims.setdefault(told.text if isinstance(told, Symbol) else None, set()).update(said)

    for text, answers in claims.items():
        assert possible(leaf(level, raters, scale, text))["peer", "item"] == answers


def leaf(level: Protection, raters: int, scale: tuple[int, int], text: str | None) -> Document:
    """Return a document of one leaf and one item."""
    return Document(
        protection=level.name,
        low=scale[0],
        high=scale[1],
        raters={"peer": raters},
        leaves={"peer": ("peer",)},
        named=NAMED,
        printed={("peer", "item"): text},
    )


@EACH_SCALE
@pytest.mark.parametrize("level", PROTECTIONS.values(), ids=lambda level: level.name)
def test_it_agrees_with_the_table_wherever_that_is_asked(
    level: Protection, scale: tuple[int, int]
) -> None:
    low, high = scale
    for raters, answered, text, told in some_cells(level, scale, times=6):
        known = Further(("peer",), ("item",), answered=answered)
        shown = replace(leaf(level, raters, scale, text), further=[known])
        found = possible(shown)["peer", "item"]
        assert len(found) == left(told, high - low + 1).answers, (raters, answered, text)


def some_cells(
    level: Protection, scale: tuple[int, int], *, times: int
) -> list[tuple[int, int, str, Told]]:
    """Return some of all (raters, answered, symbol) up to twelve raters, the first and last always."""
    every = [
        (raters, answered, symbol.text, told)
        for raters in range(level.minimum, 13)
        for answered in range(level.answered_minimum, raters + 1)
        for symbol, told in cells(raters, answered, protection=level, low=scale[0], high=scale[1])
    ]
    chance = random.Random(f"{level.name} {scale}")  # noqa: S311 - a sample for a test
    return [every[0], every[-1], *chance.sample(every, times)]


def test_a_document_that_cannot_be_is_told_from_one_that_leaves_nothing_open() -> None:
    with pytest.raises(ImpossibleError):
        possible(leaf(STANDARD, 4, (1, 5), "4.9"))
    with pytest.raises(ImpossibleError):
        possible(leaf(STANDARD, 4, (1, 5), "3.6"))


def test_named_raters_are_known_and_not_protected() -> None:
    shown = document({"self": [[4]], "supervisor": [[4], [5], [5]], "peer": [[3]] * 4})

    assert shown.printed["supervisor", "item 0"] == "4.67"
    assert {group for group, _ in possible(shown)} == {"peer"}


def test_groups_that_are_pooled_are_looked_at_each() -> None:
    shown = document({"client": [[5]] * 2, "board": [[4]] * 2, "other": [[3]]})

    assert {group for group, _ in possible(shown)} == {"client", "board", "other"}
    assert shown.leaves == {"pooled": ("board", "client", "other")}


def test_it_shares_no_code_with_what_it_audits() -> None:
    source = Path(milp.__file__).read_text("utf-8")

    assert not re.search(r"^\s*(from|import) (assess|core|tests)", source, re.MULTILINE)
