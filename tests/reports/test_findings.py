"""What is put first is what is sure; where nothing is sure, nothing is claimed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assess.scorecards.types import AwarenessRow, CompetencyRow, Scorecard
from reports.documents.captions import what_to_see
from reports.documents.findings import strengths
from reports.documents.questions import questions
from reports.documents.readings import Reading
from reports.documents.sentences import certainty
from tests.reports.cards import FAMILY, make_card, make_instrument

TWO = (FAMILY[2], FAMILY[3])
WORDS_OF_BLAME = ("low", "bad", "weak", "poor", "fail", "wrong")


def card_of(
    *scores: tuple[float, float, float], awareness: tuple[AwarenessRow, ...] = ()
) -> Scorecard:
    """Return a card of what peers say, competency by competency: score, low, high."""
    instrument = make_instrument(len(scores), 3)
    rows = tuple(
        CompetencyRow(competency.key, "peer", *figures, "high", None)
        for competency, figures in zip(instrument.competencies, scores, strict=True)
    )
    card = make_card(leaves=(FAMILY[0], FAMILY[2]), instrument=instrument)
    own = tuple(row for row in card.competencies if row.leaf == "self")
    return replace(card, competencies=own + rows, awareness=awareness)


def test_a_competency_surely_above_the_rest_is_a_strength() -> None:
    card = card_of((4.0, 3.8, 4.2), (3.0, 2.8, 3.2), (3.0, 2.8, 3.2))

    assert [found.competency.key for found in strengths(Reading(card))] == ["trust"]


def test_rank_alone_makes_no_strength() -> None:
    card = card_of((3.3, 2.5, 4.1), (3.2, 2.4, 4.0), (3.1, 2.3, 3.9))

    assert strengths(Reading(card)) == []


def test_what_is_surely_high_is_a_strength_even_if_all_is() -> None:
    card = card_of((4.6, 4.3, 4.9), (4.5, 4.2, 4.8))

    assert [found.competency.key for found in strengths(Reading(card))] == ["trust", "listening"]


def test_the_surer_comes_before_the_higher() -> None:
    card = card_of((4.5, 3.5, 5.0), (4.2, 4.1, 4.3), (2.0, 1.8, 2.2))

    assert strengths(Reading(card))[0].competency.key == "listening"


def test_a_blind_spot_is_asked_about_first() -> None:
    gap = AwarenessRow("listening", "peer", 1.2, 0.6, 1.8, 0.001, "blind spot", None)
    card = card_of((4.0, 3.8, 4.2), (3.0, 2.8, 3.2), (2.0, 1.8, 2.2), awareness=(gap,))

    assert questions(Reading(card))[0].competency.key == "listening"
    assert what_to_see(Reading(card), "listening") == "Your peers see less of this than you do."


def gap(competency: str, leaf: str, low: float, high: float) -> AwarenessRow:
    flag = "blind spot" if low > 0 else "hidden strength"
    return AwarenessRow(competency, leaf, (low + high) / 2, low, high, 0.001, flag, None)


def with_gaps(*gaps: AwarenessRow) -> Reading:
    """Return a leader of whom nothing stands out but these gaps."""
    card = make_card(instrument=make_instrument(2, 3))
    rows = tuple(
        replace(row, low=1.5, high=4.9, agreement=None) if row.low is not None else row
        for row in card.competencies
    )
    return Reading(replace(card, competencies=rows, awareness=gaps))


def test_a_blind_spot_names_every_group_that_sees_less() -> None:
    groups = [gap("trust", leaf, 0.6, 1.4) for leaf in ("supervisor", "peer", "direct_report")]

    found = questions(with_gaps(*groups))[0]

    assert found.text.startswith(
        "Your peers, your present and past direct reports and your supervisor see less of this"
    )
    assert [fact.voice.leaf for fact in found.evidence] == [
        "self",
        "peer",
        "direct_report",
        "supervisor",
    ]


def test_the_surest_of_a_competencys_gaps_says_how_sure_it_is() -> None:
    reading = with_gaps(
        gap("trust", "peer", 0.6, 1.4),
        gap("listening", "peer", 0.5, 1.4),
        gap("listening", "direct_report", 0.8, 1.4),
    )

    assert [found.certainty for found in questions(reading)] == [0.8, 0.6]


def test_where_nothing_stands_out_a_hidden_strength_does_and_is_not_asked_about() -> None:
    reading = with_gaps(gap("trust", "peer", -1.4, -0.6), gap("trust", "direct_report", -1.5, -0.8))

    (found,) = strengths(reading)

    assert found.text == (
        "Your peers and your present and past direct reports see more of this than you do."
    )
    assert questions(reading) == []


def test_beside_a_strength_a_hidden_one_is_asked_about() -> None:
    hidden = gap("questions", "peer", -1.4, -0.6)
    card = card_of((4.0, 3.8, 4.2), (3.0, 2.8, 3.2), (3.0, 2.4, 3.6), awareness=(hidden,))

    assert [found.competency.key for found in strengths(Reading(card))] == ["trust"]
    assert "take for granted" in " ".join(found.text for found in questions(Reading(card)))


def test_what_stands_back_says_what_from() -> None:
    card = card_of((4.0, 3.8, 4.2), (3.0, 2.8, 3.2), (4.0, 3.8, 4.2))

    (found,) = questions(Reading(card))

    assert [fact.words.replace("\N{NO-BREAK SPACE}", " ") for fact in found.evidence] == [
        "Peers: 3.0 (2.8 to 3.2), over all competencies 3.7"
    ]


def test_where_groups_clearly_differ_the_difference_is_asked_about() -> None:
    card = make_card(leaves=TWO)
    apart = tuple(
        replace(row, low=4.0, high=4.4) if row.leaf == "peer" else replace(row, low=2.0, high=2.4)
        for row in card.competencies
    )

    found = questions(Reading(replace(card, competencies=apart)))[0]

    assert "see more of this than" in found.text
    assert {fact.voice.leaf for fact in found.evidence} == {"peer", "direct_report"}


def test_where_nothing_is_apart_nothing_is_asked_by_the_figures() -> None:
    card = card_of((3.3, 2.5, 4.1), (3.2, 2.4, 4.0))

    assert questions(Reading(card)) == []


def test_without_others_there_is_nothing_to_compare() -> None:
    reading = Reading(make_card(leaves=FAMILY[:1]))

    assert "nothing to compare" in what_to_see(reading, "trust")
    assert strengths(reading) == questions(reading) == []
    assert "Too few" in certainty(reading)


@given(
    st.lists(
        st.tuples(st.floats(1, 5), st.floats(0, 1.5)).map(
            lambda p: (p[0], p[0] - p[1], p[0] + p[1])
        ),
        min_size=1,
        max_size=8,
    )
)
def test_findings_are_few_each_of_its_own_competency_and_never_blame(
    scores: list[tuple[float, float, float]],
) -> None:
    reading = Reading(card_of(*scores))

    for found in (strengths(reading), questions(reading)):
        assert len(found) <= 3
        assert len({finding.competency.key for finding in found}) == len(found)
        words = " ".join(finding.text.lower() for finding in found).split()
        assert not any(blame in words for blame in WORDS_OF_BLAME)
