"""Scorecards made by hand: a leader whose people see much alike, and some things not."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from statistics import mean

from assess.publication.protection import STANDARD
from assess.scorecards.types import (
    AwarenessRow,
    Comment,
    CompetencyRow,
    Index,
    ItemRow,
    LeafRow,
    Reason,
    ReliabilityRow,
    RoundCard,
    Scorecard,
    WithheldRow,
)
from instruments.questionnaires import Competency, Instrument, Item, Question, Scale

Cells = Mapping[tuple[str, str], ItemRow]
NAMED = frozenset({"self", "supervisor", "supervisors_supervisor"})
SCALE = Scale(
    1,
    5,
    ("Almost never", "Seldom", "Sometimes", "Often", "Almost always"),
    "I could not observe this",
)
TOPICS = {
    "trust": "Trust",
    "listening": "Listening",
    "questions": "Powerful questions",
    "expectations": "Expectations and accountability",
    "feedback": "Feedback",
    "developing": "Developing others",
    "consistency": "Consistency and follow-through",
    "results": "Results through people",
}
BEHAVIOURS = (
    "Keeps what is said in confidence, also when it would be handy to pass it on",
    "Gives full attention in a conversation and lets people finish",
    "Asks before telling, and waits for the answer",
    "Says plainly what is expected and by when",
    "Comes back to what was agreed",
)
TRUTH = (4.2, 3.2, 3.9, 3.6, 3.0, 3.9, 3.7, 4.3)
FAMILY = (
    LeafRow("self", ("self",), 1, named=True),
    LeafRow("supervisor", ("supervisor",), 1, named=True),
    LeafRow("peer", ("peer",), 6, named=False),
    LeafRow("direct_report", ("direct_report", "past_direct_report"), 9, named=False),
    LeafRow("pooled", ("client", "other"), 5, named=False),
)
VIEWS = {"self": 0.35, "supervisor": 0.2, "peer": 0.25, "direct_report": -0.3, "pooled": 0.0}
SURPRISES = {("feedback", "self"): 1.2, ("questions", "self"): -1.4}
EVERYBODY = (
    LeafRow("self", ("self",), 1, named=True),
    LeafRow("supervisor", ("supervisor",), 2, named=True),
    LeafRow("supervisors_supervisor", ("supervisors_supervisor",), 1, named=True),
    LeafRow("peer", ("peer",), 12, named=False),
    LeafRow("direct_report", ("direct_report",), 14, named=False),
    LeafRow("past_supervisor", ("past_supervisor",), 4, named=False),
    LeafRow("past_direct_report", ("past_direct_report",), 8, named=False),
    LeafRow("board", ("board",), 5, named=False),
    LeafRow("client", ("client",), 6, named=False),
    LeafRow("other", ("other",), 4, named=False),
    LeafRow("pooled", ("client", "other"), 4, named=False),
)
REMARKS = (
    "Listens to the end, and then asks the one question which moves me on.",
    (
        "When a deadline comes close, our talks are the first thing to go. I would rather have twenty "
        "minutes each week than an hour that is moved three times."
    ),
    "Tell us earlier where you stand. We can bear it.",
    "Knows what each of us is good at, and says so in front of others.",
    "I have grown more in these two years than in the ten before.",
)


def make_instrument(competencies: int = 8, items: int = 5) -> Instrument:
    keys = list(TOPICS)[:competencies]
    return Instrument(
        key="tested_leader",
        version="1",
        title="Manager coaching effectiveness",
        language="en",
        scale=SCALE,
        competencies=tuple(_competency(key, items) for key in keys),
        questions=(
            Question("continue", "What should this leader go on doing?"),
            Question("change", "What would make the greatest difference to you?"),
        ),
    )


def make_card(
    leader: str = "Amara Nwosu",
    leaves: tuple[LeafRow, ...] = FAMILY,
    instrument: Instrument | None = None,
    comments: int = 12,
) -> Scorecard:
    """Return a scorecard whose figures follow from each other as they do in life."""
    instrument = instrument or make_instrument()
    cells = _cells(instrument, leaves)
    rows = tuple(
        _competency_row(competency, leaf, cells)
        for competency in instrument.competencies
        for leaf in leaves
    )
    others = [row.score for row in rows if row.leaf != "self" and row.score is not None]
    return Scorecard(
        leader=leader,
        round_name="Autumn round 2026",
        closed_on=date(2026, 11, 20),
        instrument=instrument,
        protection=STANDARD,
        leaves=leaves,
        withheld=(WithheldRow("board", Reason.TOO_FEW_RATERS),),
        items=tuple(cells.values()),
        competencies=rows,
        index=_index(others),
        awareness=_awareness(rows, leaves),
        comments=make_comments(instrument, comments),
        sure=tuple(leaf.leaf for leaf in leaves if not leaf.named),
    )


def small_card(**changes: object) -> Scorecard:
    return replace(make_card(instrument=SMALL), **changes)  # type: ignore[arg-type]  # the card's own names


def make_comments(instrument: Instrument, number: int) -> tuple[Comment, ...]:
    questions = instrument.questions
    return tuple(
        Comment(questions[i % len(questions)].key, "", REMARKS[i % len(REMARKS)])
        for i in range(number)
    )


def make_round_card(**changes: object) -> RoundCard:
    good = ReliabilityRow(
        competency="trust",
        group="direct_report",
        respondents=88,
        alpha=0.89,
        alpha_low=0.85,
        alpha_high=0.92,
        alpha_within=0.86,
        omega=0.9,
        icc1=0.31,
        icc1_low=0.12,
        icc1_high=0.58,
        reliability_of_mean=0.77,
        raters_for_70=5.2,
        rwg_j_uniform=0.9,
        rwg_j_slight_skew=0.85,
        average_deviation=0.52,
        reason=None,
    )
    nothing = dict.fromkeys(name for name, value in vars(good).items() if isinstance(value, float))
    few = replace(good, group="peer", **nothing, reason=Reason.TOO_FEW_IN_ROUND)  # type: ignore[arg-type]  # names come from vars()
    card = RoundCard(
        name="Autumn round 2026",
        closed_on=date(2026, 11, 20),
        instrument=make_instrument(1, 5),
        protection=STANDARD,
        leaders=12,
        raters=190,
        reliability=(good, few),
    )
    return replace(card, **changes)  # type: ignore[arg-type]  # the caller's names are the card's


def _competency(key: str, items: int) -> Competency:
    return Competency(
        key=key,
        title=TOPICS[key],
        definition="People can rely on what this leader says and does, in good weeks and in hard ones.",
        items=tuple(_item(key, number) for number in range(items)),
    )


def _item(key: str, number: int) -> Item:
    text = BEHAVIOURS[number % len(BEHAVIOURS)]
    return Item(f"{key}_{number + 1}", f"{text}.", f"I do this: {text.lower()}.", reverse=False)


def _cells(instrument: Instrument, leaves: tuple[LeafRow, ...]) -> Cells:
    rng = random.Random(360)  # noqa: S311 - the same card every time
    truth = dict(zip((c.key for c in instrument.competencies), TRUTH, strict=False))
    return {
        (item.key, leaf.leaf): _cell(
            item,
            leaf,
            truth[competency.key]
            + VIEWS.get(leaf.leaf, 0.1)
            + SURPRISES.get((competency.key, leaf.leaf), 0.0)
            + rng.gauss(0, 0.22),
        )
        for competency in instrument.competencies
        for item in competency.items
        for leaf in leaves
    }


def _cell(item: Item, leaf: LeafRow, value: float) -> ItemRow:
    if leaf.named:
        whole = round(min(5.0, max(1.0, value)) * leaf.n) / leaf.n
        return ItemRow(item.key, leaf.leaf, f"{whole:g}", whole, None)
    if value >= SCALE.high - 0.5:
        return ItemRow(item.key, leaf.leaf, "4.5+", 4.75, None)
    if value <= SCALE.low + 0.5:
        return ItemRow(item.key, leaf.leaf, "1.5-", 1.25, None)
    return ItemRow(item.key, leaf.leaf, f"{value:.1f}", round(value, 1), None)


def _competency_row(competency: Competency, leaf: LeafRow, cells: Cells) -> CompetencyRow:
    values = [cells[item.key, leaf.leaf].value for item in competency.items]
    score = mean(value for value in values if value is not None)
    if leaf.named:
        return CompetencyRow(competency.key, leaf.leaf, score, None, None, None, Reason.NAMED)
    half = 1.96 * 0.65 / leaf.n**0.5
    low, high = max(1.0, score - half), min(5.0, score + half)
    agreement = "low" if competency.key == "feedback" else "high"
    if leaf.leaf == "pooled":
        return CompetencyRow(competency.key, leaf.leaf, score, low, high, None, Reason.POOLED)
    if leaf.n < 8:
        return CompetencyRow(
            competency.key, leaf.leaf, score, low, high, None, Reason.TOO_FEW_RATERS
        )
    return CompetencyRow(competency.key, leaf.leaf, score, low, high, agreement, None)


def _index(scores: list[float]) -> Index:
    if not scores:
        return Index(None, None, None, Reason.TOO_FEW_RATERS)
    middle = mean(scores)
    return Index(middle, middle - 0.15, middle + 0.15, None)


def _awareness(
    rows: tuple[CompetencyRow, ...], leaves: tuple[LeafRow, ...]
) -> tuple[AwarenessRow, ...]:
    own = {row.competency: row.score for row in rows if row.leaf == "self"}
    anonymous = {leaf.leaf for leaf in leaves if not leaf.named and leaf.leaf != "pooled"}
    return tuple(
        _awareness_row(row, own.get(row.competency)) for row in rows if row.leaf in anonymous
    )


def _awareness_row(row: CompetencyRow, own: float | None) -> AwarenessRow:
    if own is None or row.score is None or row.low is None or row.high is None:
        return AwarenessRow(row.competency, row.leaf, None, None, None, None, None, Reason.NO_SELF)
    gap, low, high = own - row.score, own - row.high, own - row.low
    flag = "blind spot" if low > 0.5 else "hidden strength" if high < -0.5 else "cannot tell"
    flag = "agree" if flag == "cannot tell" and low > -0.6 and high < 0.6 else flag
    p = 0.0123 if flag in {"blind spot", "hidden strength"} else 0.6
    return AwarenessRow(row.competency, row.leaf, gap, low, high, p, flag, None)


SMALL = make_instrument(2, 3)
