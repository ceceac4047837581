"""What a report says of a card: figures, bands, comparisons, comments, and how sure it is of them."""

import re
from dataclasses import replace

import pytest

from assess.scorecards.types import AwarenessRow, Comment, LeafRow, Reason, Scorecard
from reports.documents import report_html, report_pdf
from reports.documents.readings import Reading
from reports.documents.sentences import certainty
from tests.reports.cards import FAMILY, SMALL, make_card, small_card
from tests.reports.printed import text_of


@pytest.mark.parametrize(
    ("symbols", "explained"),
    [
        ((), ["4.5 or more", "1.5 or less"]),
        (("4.5+",), ["4.5 or more"]),
        (("4.2+",), ["4.2 or more"]),
    ],
)
def test_bands_are_explained_as_they_are_printed(
    symbols: tuple[str, ...], explained: list[str]
) -> None:
    card = small_card()
    plain = [replace(row, symbol="3.0", value=3.0) for row in card.items]
    bands = [replace(row, symbol=s) for row, s in zip(plain, symbols, strict=False)]

    html = report_html(replace(card, items=(*bands, *plain[len(bands) :])))

    method = html[html.index('id="method"') :]
    assert re.findall(r"\d\.\d or (?:more|less)", method) == explained


def chapters(html: str) -> list[str]:
    """Return each competency's chapter, in one line."""
    return re.findall(r'<section class="chapter">(.*?)</section>', " ".join(html.split()))


def test_bands_are_explained_where_they_stand_and_nowhere_else() -> None:
    card = small_card()
    plain = [replace(row, symbol="3.0", value=3.0) for row in card.items]
    low = replace(plain[0], symbol="1.5-", value=1.25)

    first, second = chapters(report_html(replace(card, items=(low, *plain[1:]))))

    assert "1.5\N{MINUS SIGN} means: 1.5 or less." in first
    assert "In the score above it counts as the middle of its band." in first
    assert "1.5-" not in first
    assert "means:" not in second


def test_several_bands_are_explained_together() -> None:
    card = small_card()
    plain = [replace(row, symbol="3.0", value=3.0) for row in card.items]
    bands = [replace(row, symbol=s) for row, s in zip(plain, ("4.5+", "1.5-"), strict=False)]

    (first, _) = chapters(report_html(replace(card, items=(*bands, *plain[2:]))))

    assert "4.5+ means: 4.5 or more; 1.5\N{MINUS SIGN} means: 1.5 or less." in first


def without(card: Scorecard, leaf: str) -> Scorecard:
    """Return a card on which a leaf has not answered enough of the first competency."""
    first = card.instrument.competencies[0].key
    place = (first, leaf)
    return replace(
        card,
        competencies=tuple(
            replace(row, score=None, low=None, high=None, reason=Reason.TOO_FEW_ANSWERS)
            if (row.competency, row.leaf) == place
            else row
            for row in card.competencies
        ),
        awareness=tuple(
            AwarenessRow(*at, None, None, None, None, None, Reason.TOO_FEW_ANSWERS)
            if (at := (competency.key, each)) == place or (leaf == "self" and at[0] == first)
            else AwarenessRow(*at, 0.1, -1.0, 1.2, 0.9, "cannot tell", None)
            for competency in card.instrument.competencies
            for each in ("supervisor", "peer")
        ),
    )


def test_a_dotted_row_is_explained_where_there_is_one() -> None:
    said = "Where a row is dotted, too little was answered to show a score."

    assert said not in report_html(small_card())
    assert said in report_html(without(small_card(), "peer"))


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ("peer", ["too few answers"]),
        ("supervisor", ["answered too little"]),
        ("self", ["you answered too little"] * 2),
    ],
)
def test_an_empty_comparison_says_whose_answers_are_missing(leaf: str, words: list[str]) -> None:
    html = report_html(without(small_card(), leaf))

    table = html[html.index('class="matrix"') : html.index('id="comments"')]
    assert re.findall(r'"span">([a-z ]+)<', table) == words


@pytest.mark.parametrize(("leaf", "times"), [("", 1), ("direct_report", 0)])
def test_whose_comments_may_be_unnamed_is_said_where_some_are(leaf: str, times: int) -> None:
    html = report_html(small_card(comments=(Comment("change", leaf, "Stay."),)))

    assert html.count("a writer may be of any group shown without names") == times


def test_every_group_says_how_many_it_is_also_over_all_competencies() -> None:
    html = " ".join(report_html(small_card()).split())

    overview = html[html.index('id="overview"') : html.index('class="chapter"')]
    assert overview.count('Peers <span class="n">6</span>') == len(SMALL.competencies)
    assert "Group, people" in overview


def test_the_name_of_the_round_is_set_apart() -> None:
    assert "said in “Autumn round 2026”." in report_html(small_card())


def test_an_item_turned_round_says_so() -> None:
    competency = SMALL.competencies[0]
    turned = (replace(competency.items[0], reverse=True), *competency.items[1:])
    instrument = replace(
        SMALL, competencies=(replace(competency, items=turned), *SMALL.competencies[1:])
    )

    html = report_html(small_card(instrument=instrument))

    assert html.count("Counted the other way round") == 1


def test_those_shown_by_name_follow_those_who_are_not_and_the_leader_is_last() -> None:
    said = {"supervisor": "Speak up.", "self": "I rush.", "direct_report": "Stay.", "": "Rest."}
    comments = tuple(Comment("change", leaf, text) for leaf, text in said.items())

    text = text_of(report_pdf(small_card(comments=comments)))

    assert (
        "Rest. Your present and past direct reports Stay. Your supervisor: Speak up. You: I rush."
        in text
    )


def test_a_question_to_which_nothing_is_shown_says_so() -> None:
    html = report_html(small_card(comments=(Comment("change", "supervisor", "Speak up."),)))

    assert html.count("nobody wrote, or fewer than five did") == len(SMALL.questions)
    assert all(question.text in html for question in SMALL.questions)


def test_where_nothing_was_asked_in_words_there_is_no_chapter_of_comments() -> None:
    card = small_card()

    html = report_html(
        replace(card, instrument=replace(card.instrument, questions=()), comments=())
    )

    assert "In their own words" not in html


def test_one_of_several_shown_by_name_is_one_of_them() -> None:
    leaves = (FAMILY[0], LeafRow("supervisor", ("supervisor",), 2, named=True))
    card = replace(
        make_card(leaves=leaves, instrument=SMALL),
        comments=(Comment("change", "supervisor", "Speak up."),),
    )

    assert "One of your supervisors:" in report_html(card)


@pytest.mark.parametrize(
    ("gap", "words"),
    [(1.2, "You see</th><th"), (-1.2, "They see</th><th")],
    ids=["more", "less"],
)
def test_a_difference_is_told_from_the_side_of_who_sees_more(gap: float, words: str) -> None:
    flag = "blind spot" if gap > 0 else "hidden strength"
    row = AwarenessRow("trust", "peer", gap, gap - 0.4, gap + 0.4, 0.001, flag, None)

    html = " ".join(report_html(small_card(awareness=(row,))).split()).replace('scope="col"', "")

    assert words in html.replace("<th >", "<th>")
    assert "1.2 more" in html
    assert "0.8 to 1.6 more" in html


def test_what_is_not_told_apart_stands_in_one_table() -> None:
    rows = tuple(
        AwarenessRow(competency.key, "peer", 0.2, -0.1, 0.4, 0.9, flag, None)
        for competency, flag in zip(SMALL.competencies, ("agree", "cannot tell"), strict=True)
    )

    html = report_html(small_card(awareness=rows))

    assert html.count('class="matrix"') == 1
    assert html.count("+0.2 alike") == html.count('"cell alike"') == 1


@pytest.mark.parametrize(
    ("sure", "said"),
    [
        ((), "The round has too few people to reckon how far your peers,"),
        (
            ("peer", "direct_report", "pooled"),
            "and the others differ was reckoned from this round.",
        ),
        (
            ("direct_report",),
            (
                "For your peers and your clients and the others the round has too few people; there we "
                "took what is usual in studies of ratings at work."
            ),
        ),
    ],
    ids=["of none", "of all", "of one"],
)
def test_where_lines_come_from_is_said_of_every_group(sure: tuple[str, ...], said: str) -> None:
    assert said in report_html(small_card(sure=sure))


def test_how_sure_we_are_is_said_of_every_group() -> None:
    assert certainty(Reading(make_card())) == (
        "Each score comes from a few people. If everybody like them had answered, it could lie about "
        "0.4 of a point higher or lower for your present and past direct reports, 0.5 for your "
        "peers, and 0.6 for your clients and the others. We call a difference sure only "
        "where it is clearly larger than chance would make it."
    )
