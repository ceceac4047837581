"""Sentences which say what the figures show: what to see in a chart, how sure we are, who answered."""

from collections.abc import Sequence
from statistics import mean

from assess.scorecards.types import CompetencyRow, Reason, Scorecard
from reports.documents.readings import Reading
from reports.documents.words import WHY, listed, number, points, printed, said_symbol, sentence

GROUPS = {
    "self": "your own answers",
    "supervisor": "your supervisor",
    "supervisors_supervisor": "your supervisor\N{RIGHT SINGLE QUOTATION MARK}s supervisor",
    "peer": "peers",
    "direct_report": "direct reports",
    "past_supervisor": "past supervisors",
    "past_direct_report": "past direct reports",
    "board": "board members",
    "client": "clients",
    "other": "others",
}


def who_answered(reading: Reading) -> str:
    """Return whose answers stand in the report: "your own answers and those of six peers"."""
    others = listed([who.counted for who in reading.voices.values() if who.leaf != "self"])
    if "self" not in reading.voices:
        return f"the answers of {others}"
    return f"your own answers and those of {others}" if others else "your own answers alone"


def absence(row: CompetencyRow, *, is_named: bool) -> str:
    """Return why a score is not there, in words."""
    if row.reason == Reason.TOO_FEW_ANSWERS and is_named:
        return "did not answer enough of these questions"
    return WHY[row.reason] if row.reason else ""


def certainty(reading: Reading) -> str:
    """Return how sure we are, in the few words of the summary page."""
    if not reading.sights:
        return (
            "Too few people answered to say how sure a score is. Read every figure as the opening "
            "of a talk, not as its result."
        )
    return (
        "Each score comes from a few people. If everybody like them had answered, it could lie about "
        f"{_offs(reading)}. We call a difference sure only where it is clearly larger than "
        "chance would make it."
    )


def banded(bands: Sequence[str]) -> str:
    """Return what the bands in a table mean, and what they count as."""
    meanings = "; ".join(f"{printed(band)} means: {said_symbol(band)}" for band in bands)
    return (
        f"{meanings}. Nearer to the end of the scale, an exact mean could tell what single people "
        "answered. In the score above it counts as the middle of its band."
    )


def less_sure(*, is_all: bool) -> str:
    """Return what stands before questions that rest on no sure difference."""
    opening = "The figures ask nothing surely. Here" if is_all else "Less sure: here"
    return f"{opening} answers lie apart, but whether by enough to matter, or only by chance, we cannot say."


def where_from(reading: Reading) -> list[str]:
    """Return whether the round or the literature told how far people differ, of each group with a line."""
    drawn = [leaf for leaf in reading.voices if any(s.leaf == leaf for s in reading.sights)]
    ours = [leaf for leaf in drawn if leaf in reading.card.sure]
    usual = [leaf for leaf in drawn if leaf not in ours]
    if not ours:
        return [
            (
                f"The round has too few people to reckon how far {reading.subjects(usual)} differ. "
                "We took what is usual in studies of ratings at work, so that the lines show what to "
                "expect rather than what was found here."
            )
        ]
    sayings = [f"How far {reading.subjects(ours)} differ was reckoned from this round."]
    if usual:
        sayings.append(
            f"For {reading.subjects(usual)} the round has too few people; there we took what is "
            "usual in studies of ratings at work."
        )
    return sayings


def pooling(card: Scorecard) -> list[str]:
    """Return which groups were put together, and why."""
    sayings = []
    for row in card.leaves:
        names = listed([GROUPS[group] for group in row.groups])
        if row.leaf == "pooled":
            sayings.append(
                f"{sentence(names)} were too few to be shown apart, so they stand together "
                f"({number(row.n)} people)."
            )
        elif len(row.groups) > 1:
            sayings.append(
                f"{sentence(names)} stand together, because some of them were too few alone."
            )
    return sayings


def protection(card: Scorecard) -> str:
    """Return what a group and a figure must have before they are shown."""
    level = card.protection
    bands = (
        "" if level.name == "threshold" else ", and a mean near an end of the scale only as a band"
    )
    return (
        f"A group is shown by itself from {number(level.minimum)} people on, a figure from "
        f"{number(level.answered_minimum)} answers on{bands} "
        f"(protection \N{LEFT DOUBLE QUOTATION MARK}{level.name}\N{RIGHT DOUBLE QUOTATION MARK})."
    )


def left_out(card: Scorecard) -> list[str]:
    """Return which groups are not shown, and why."""
    groups: dict[Reason, list[str]] = {}
    for row in card.withheld:
        groups.setdefault(row.reason, []).append(GROUPS[row.group])
    return [
        f"{sentence(listed(names))} are not shown: {_why_left_out(reason)}. "
        "Neither their answers nor their comments stand here."
        for reason, names in groups.items()
    ]


def _why_left_out(reason: Reason) -> str:
    return "too few answered" if reason == Reason.TOO_FEW_RATERS else WHY[reason]


def _offs(reading: Reading) -> str:
    """Return "0.3 of a point higher or lower for your peers, and 0.6 for the others"."""
    leaves: dict[str, list[str]] = {}
    for leaf in reading.middles:
        halves = [(s.high - s.low) / 2 for s in reading.sights if s.leaf == leaf]
        leaves.setdefault(points(mean(halves)), []).append(leaf)
    (near, nearest), *others = sorted(leaves.items())
    first = f"{near} of a point higher or lower for {reading.subjects(nearest)}"
    rest = [f"{far} for {reading.subjects(some)}" for far, some in others]
    return ", and ".join(filter(None, [", ".join([first, *rest[:-1]]), *rest[-1:]]))
