"""What is said above a chart is what the eye sees in it."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.scorecards.scores import Basis, Errors, awareness
from assess.scorecards.types import AwarenessRow, CompetencyRow, Scorecard
from reports.charts import PAD, ROW, Axis, Figure, interval
from reports.documents.captions import what_to_see
from reports.documents.findings import Finding
from reports.documents.questions import questions
from reports.documents.readings import Reading
from reports.documents.words import voice
from tests.reports.cards import FAMILY, make_card, make_instrument

Line = tuple[float, float, float]
ONE = make_instrument(1, 3)
ANONYMOUS = FAMILY[2:]
LEAVES = dict(zip(("peer", "direct_report", "pooled"), ANONYMOUS, strict=True))
HIGHER, LOWER = "higher than ([^;.,]*) do", "lower than ([^;.,]*) do"


def card_of(own: float | None, lines: Sequence[Line], *alike: str) -> Scorecard:
    """Return a card of one competency: the own score, and what each group says of it."""
    card = make_card(leaves=(FAMILY[0], *ANONYMOUS[: len(lines)]), instrument=ONE)
    rows = [CompetencyRow("trust", "self", own, None, None, None, None)]
    rows += [
        CompetencyRow("trust", leaf, *line, None, None)
        for leaf, line in zip(LEAVES, lines, strict=False)
    ]
    agreeing = tuple(
        AwarenessRow("trust", leaf, 0.0, -0.2, 0.2, 1.0, "agree", None) for leaf in alike
    )
    return replace(card, competencies=tuple(rows), awareness=agreeing)


def seen(card: Scorecard) -> str:
    return what_to_see(Reading(card), "trust")


@pytest.mark.parametrize(
    ("own", "lines", "sentence"),
    [
        (4.6, [(3.5, 3.0, 4.0), (3.6, 3.2, 4.1)], "You rate this higher than your peers and your"),
        (
            2.6,
            [(3.5, 3.0, 4.0), (3.0, 2.5, 3.5)],
            "You rate this lower than your peers do. Whether",
        ),
        (3.4, [(3.5, 3.0, 4.0)], "Your own answer lies within the range of your peers. Whether"),
        (3.4, [(3.5, 3.0, 4.0), (3.0, 2.5, 3.5)], "The ranges overlap, and your own answer lies"),
        (3.4, [(4.5, 4.1, 4.9), (3.0, 2.5, 3.3)], "Your peers see more of this than your present"),
        (None, [(3.5, 3.0, 4.0)], "This is what your peers say; you did not rate it yourself."),
        (None, [(3.5, 3.0, 4.0), (3.0, 2.5, 3.5)], "The ranges overlap: whether these groups"),
    ],
)
def test_a_chart_is_said_as_it_is_drawn(
    own: float | None, lines: list[Line], sentence: str
) -> None:
    assert seen(card_of(own, lines)).startswith(sentence)


def test_seeing_alike_with_one_group_hides_no_other() -> None:
    card = card_of(3.0, [(4.0, 3.2, 4.8), (3.1, 2.9, 3.3)], "direct_report")

    assert seen(card) == (
        "You and your present and past direct reports see this alike; "
        "you rate it lower than your peers do."
    )


def test_between_two_lines_both_sides_are_said() -> None:
    card = card_of(3.4, [(4.5, 4.1, 4.9), (3.0, 2.5, 3.3)])

    assert seen(card).endswith(
        "; you rate it higher than your present and past direct reports do, "
        "and lower than your peers do."
    )


def test_where_no_group_can_be_shown_no_range_is_spoken_of() -> None:
    card = card_of(3.4, [(3.5, 3.0, 4.0)])
    rows = (card.competencies[0], replace(card.competencies[1], score=None, low=None, high=None))

    assert seen(replace(card, competencies=rows)).startswith("Too few people answered this")


scores = st.floats(1, 5)
lines = st.tuples(scores, st.floats(0.05, 1.5)).map(
    lambda pair: (pair[0], max(1.0, pair[0] - pair[1]), min(5.0, pair[0] + pair[1]))
)


@given(st.one_of(st.none(), scores), st.lists(lines, min_size=1, max_size=3))
def test_a_caption_never_contradicts_its_chart(own: float | None, groups: list[Line]) -> None:
    card = compared(card_of(own, groups))
    said = seen(card)
    places = {leaf: drawn_line(card, leaf) for leaf in list(LEAVES)[: len(groups)]}

    for leaf, side in sides_in(said):
        assert own is not None
        assert side_of(own, places[leaf]) in {side, 0}  # 0: nearer than a tenth of a millimetre
    if "lies within" in said:
        assert own is not None
        assert all(side_of(own, place) == 0 for place in places.values())
    if "overlap" in said:
        assert max(left for left, _ in places.values()) <= min(r for _, r in places.values())
        assert len(groups) > 1
    if "differ by enough" in said:
        assert len(groups) == 1
    if own is None:
        assert " than you do" not in said
        assert "own answer" not in said


@given(st.one_of(st.none(), scores), st.lists(lines, min_size=1, max_size=3))
def test_no_question_is_surer_than_its_test(own: float | None, groups: list[Line]) -> None:
    card = compared(card_of(own, groups))

    for found in questions(Reading(card)):
        assert found.is_sure == (" rate this " not in found.text)
        if found.text.startswith("You rate this"):
            assert flags_of(card, found) == {"cannot tell"}
            assert own is not None
            assert all(
                side_of(own, drawn_line(card, leaf)) in {side, 0}
                for leaf, side in sides_in(found.text)
            )
        if "see this alike" in found.text:
            assert flags_of(card, found) == {"agree"}


def flags_of(card: Scorecard, found: Finding) -> set[str | None]:
    """Return what a test says of those whom a finding rests on."""
    leaves = {fact.voice.leaf for fact in found.evidence}
    return {row.flag for row in card.awareness if row.leaf in leaves}


def sides_in(text: str) -> list[tuple[str, int]]:
    """Return whom a text calls the own answer higher than, as 1, and lower, as -1."""
    return [
        (leaf, side)
        for pattern, side in ((HIGHER, 1), (LOWER, -1))
        for leaf in named_in(re.findall(pattern, text))
    ]


def compared(card: Scorecard) -> Scorecard:
    """Put the comparisons to the test that reports put them to."""
    leaves = {row.leaf: row for row in card.leaves}
    errors = {
        (row.leaf, "trust"): Errors(variance(row, leaves[row.leaf].n), float("inf"), 0.3)
        for row in card.competencies
    }
    rows = awareness(card.competencies, Basis(ONE, leaves, errors, {}))
    return replace(card, awareness=tuple(rows))


def variance(row: CompetencyRow, n: int) -> float:
    if row.score is None or row.low is None or row.high is None:
        return 1.0
    return float((max(row.high - row.score, row.score - row.low) / 1.96) ** 2 * n)


def named_in(listings: list[str]) -> list[str]:
    return [
        leaf for leaf, row in LEAVES.items() if any(voice(row).subject in text for text in listings)
    ]


def drawn_line(card: Scorecard, leaf: str) -> tuple[int, int]:
    row = next(row for row in card.competencies if row.leaf == leaf)
    svg = interval(Figure(leaf, "", row.score, row.low, row.high), Axis(1, 5))
    left, right = re.search(r'd="M(\d+) \d+H(\d+)"', svg).groups()  # type: ignore[union-attr]  # fails the test
    return int(left), int(right)


def side_of(own: float, line: tuple[int, int]) -> int:
    """Return where the own mark is drawn: right of a line, left of it, or within."""
    x = round(PAD + (round(own, 2) - 1) / 4 * (ROW.width - 2 * PAD))
    return (x > line[1]) - (x < line[0])
