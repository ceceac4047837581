"""What is asked on the first page: what is sure first, what only shows as such, and stock questions last."""

import re
from collections.abc import Sequence
from dataclasses import replace

from assess.scorecards.types import AwarenessRow, CompetencyRow, LeafRow, Scorecard
from reports.documents import Book, report_html
from reports.documents.questions import OPEN_QUESTIONS, questions
from reports.documents.readings import Reading
from tests.reports.cards import FAMILY, make_card, make_instrument

SELF, SUPERVISOR, PEERS, REPORTS, _ = FAMILY
Line = tuple[float, float, float]
WIDE = (3.5, 2.0, 5.0)
LESS_SURE = "whether by enough to matter, or only by chance, we cannot say"


def card_of(
    own: Sequence[float | None],
    lines: Sequence[Line],
    *compared: AwarenessRow,
    others: tuple[LeafRow, ...] = (PEERS,),
) -> Scorecard:
    """Return a card of the own scores and of lines, competency by competency and there group by group."""
    instrument = make_instrument(len(own), 3)
    keys = [competency.key for competency in instrument.competencies]
    rows = [
        CompetencyRow(key, "self", score, None, None, None, None)
        for key, score in zip(keys, own, strict=True)
    ]
    places = [(key, leaf.leaf) for key in keys for leaf in others if not leaf.named]
    rows += [
        CompetencyRow(*place, *line, None, None) for place, line in zip(places, lines, strict=True)
    ]
    card = make_card(leaves=(SELF, *others), instrument=instrument)
    return replace(card, competencies=tuple(rows), awareness=compared)


def gap(
    competency: str, leaf: str, low: float, high: float, flag: str = "cannot tell"
) -> AwarenessRow:
    return AwarenessRow(competency, leaf, (low + high) / 2, low, high, 0.2, flag, None)


def asked(card: Scorecard) -> list[tuple[str, str, bool]]:
    return [(found.competency.key, found.text, found.is_sure) for found in questions(Reading(card))]


def test_a_gap_that_shows_is_asked_about_and_is_not_called_sure() -> None:
    card = card_of([4.4], [(3.5, 3.0, 4.0)], gap("trust", "peer", 0.4, 1.4))

    (found,) = questions(Reading(card))

    assert found.text == (
        "You rate this higher than your peers do. What may you be doing that they do not see?"
    )
    assert not found.is_sure
    assert [fact.voice.leaf for fact in found.evidence] == ["self", "peer"]


def test_a_sure_question_stands_before_what_shows_more() -> None:
    card = card_of(
        [5.0, 3.6],
        [(3.5, 3.0, 4.0), (2.2, 2.0, 2.4)],
        gap("trust", "peer", 1.0, 2.0),
        gap("listening", "peer", 0.6, 0.9, "blind spot"),
    )

    assert [(key, is_sure) for key, _, is_sure in asked(card)] == [
        ("listening", True),
        ("trust", False),
    ]


def test_what_shows_stands_by_how_far_its_range_lies_from_none() -> None:
    card = card_of(
        [4.2, 2.4],
        [(3.0, 2.0, 4.0), (3.0, 2.8, 3.2)],
        gap("trust", "peer", 0.2, 2.2),
        gap("listening", "peer", -0.8, -0.4),
    )

    assert [key for key, *_ in asked(card)] == ["listening", "trust"]


def test_a_gap_within_the_range_is_not_asked_about() -> None:
    card = card_of([3.9], [(3.5, 3.0, 4.0)], gap("trust", "peer", -0.1, 0.9))

    assert asked(card) == []


def test_a_gap_that_is_surely_too_small_is_called_alike_and_no_difference() -> None:
    card = card_of([3.8], [(3.6, 3.5, 3.7)], gap("trust", "peer", 0.1, 0.3, "agree"))

    ((_, text, is_sure),) = asked(card)

    assert text == "You and your peers see this alike. Which moments do you and they have in mind?"
    assert is_sure


def test_what_stands_out_is_not_asked_about_for_being_alike() -> None:
    card = card_of([4.8], [(4.7, 4.6, 4.8)], gap("trust", "peer", 0.0, 0.2, "agree"))

    assert asked(card) == []


def test_a_difference_that_shows_comes_before_what_is_alike() -> None:
    four = [gap(key, "peer", -0.1, 0.1, "agree") for key in ("trust", "listening", "questions")]
    card = card_of(
        [3.5, 3.5, 3.5, 4.4],
        [(3.5, 3.4, 3.6)] * 3 + [(3.5, 3.0, 4.0)],
        *four,
        gap("expectations", "peer", 0.4, 1.4),
    )

    found = asked(card)

    assert "expectations" in [key for key, *_ in found]
    assert [is_sure for *_, is_sure in found] == [True, True, False]


def test_somebody_shown_by_name_is_asked_about_from_the_least_gap_that_matters_on() -> None:
    card = card_of(
        [4.0, 4.0],
        [],
        gap("trust", "supervisor", -0.78, 1.78),
        gap("listening", "supervisor", -0.8, 1.78),
        others=(SUPERVISOR,),
    )

    ((key, text, is_sure),) = asked(card)

    assert key == "trust"
    assert text == "You rate this higher than your supervisor does. What does each of you go by?"
    assert not is_sure


def test_who_rates_higher_and_who_lower_are_kept_apart() -> None:
    card = card_of(
        [3.5],
        [(2.6, 2.2, 3.0)],
        gap("trust", "peer", 0.5, 1.3),
        gap("trust", "supervisor", -1.9, 0.7),
        others=(PEERS, SUPERVISOR),
    )

    assert [text for _, text, _ in asked(card)] == [
        (
            "You rate this higher than your peers do, and lower than your supervisor does. "
            "What may each of them have in mind?"
        )
    ]


def test_groups_whose_lines_overlap_are_asked_about_where_their_difference_shows() -> None:
    card = card_of([None], [(4.0, 3.6, 4.4), (3.35, 2.95, 3.75)], others=(PEERS, REPORTS))

    ((_, text, is_sure),) = asked(card)

    assert text == (
        "Your peers rate this higher than your present and past direct reports do. "
        "What may each of them have in mind?"
    )
    assert not is_sure


def test_groups_whose_difference_may_be_nothing_or_is_too_small_are_not_asked_about() -> None:
    may_be_nothing = [(4.0, 3.6, 4.4), (3.5, 3.1, 3.9)]
    too_small = [(3.60, 3.5, 3.7), (3.45, 3.35, 3.55)]

    for lines in (may_be_nothing, too_small):
        assert asked(card_of([None], lines, others=(PEERS, REPORTS))) == []


def test_a_gap_that_stands_as_a_strength_is_not_asked_about_again() -> None:
    card = card_of(
        [2.5],
        [WIDE, (3.5, 3.2, 3.8)],
        gap("trust", "peer", -1.5, -0.6, "hidden strength"),
        gap("trust", "direct_report", -1.3, -0.7),
        others=(PEERS, REPORTS),
    )

    assert asked(card) == []


def test_the_report_says_once_and_before_them_which_questions_are_less_sure() -> None:
    card = card_of(
        [5.0, 3.6],
        [(3.5, 3.0, 4.0), (2.2, 2.0, 2.4)],
        gap("trust", "peer", 1.0, 2.0),
        gap("listening", "peer", 0.6, 0.9, "blind spot"),
    )

    page = first_page(card)

    places = [page.index(text) for text in ("see less of this", LESS_SURE, "You rate this")]
    assert places == sorted(places)
    assert page.count(LESS_SURE) == 1
    assert "Less sure: here" in page
    assert "counter-reset: list-item 1" in page, "numbers go on where the sure ones ended"
    assert sum(question in page for question in OPEN_QUESTIONS) == 1


def test_where_nothing_is_sure_the_report_says_so() -> None:
    card = card_of([4.4], [(3.5, 3.0, 4.0)], gap("trust", "peer", 0.4, 1.4))

    assert "The figures ask nothing surely. Here answers lie apart" in first_page(card)


def test_where_nothing_shows_nothing_is_called_less_sure() -> None:
    page = first_page(card_of([3.5], [WIDE], gap("trust", "peer", -1.5, 1.5)))

    assert LESS_SURE not in page
    assert all(question in page for question in OPEN_QUESTIONS)


def test_stock_questions_fill_only_what_figures_leave_empty() -> None:
    book = Book(card_of([4.4], [(3.5, 3.0, 4.0)], gap("trust", "peer", 0.4, 1.4)))

    assert len(book.questions) + len(book.open_questions) == 3
    assert [found.competency.key for found in book.leanings] == ["trust"]


def first_page(card: Scorecard) -> str:
    """Return what is asked there, in one line."""
    html = " ".join(report_html(card).split())
    (page,) = re.findall(r"Three questions worth asking</h3>(.*?)<h3>", html)
    return str(page)
