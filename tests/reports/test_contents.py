"""What a report says of a card: figures, bands, comparisons, comments, and how sure it is of them."""

import re
from dataclasses import replace

import pytest

from assess.scorecards.types import AwarenessRow, Comment, LeafRow
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
        "peers, and 0.6 for your clients and the others. We name a difference only where it is "
        "clearly larger than chance would make it."
    )
