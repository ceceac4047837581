"""Sentences which say what the figures show: what to see in a chart, how sure we are, who answered."""

from statistics import mean

from assess.scorecards.types import AwarenessRow, CompetencyRow, Reason, Scorecard
from reports.documents.readings import Reading
from reports.documents.words import WHY, difference, listed, number, points, sentence

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


def absence(row: CompetencyRow | AwarenessRow) -> str:
    """Return why a figure is not there, in words."""
    return WHY[row.reason] if row.reason else ""


def how_sure(reading: Reading) -> list[str]:
    """Return how far scores may be off, for each group that has an interval."""
    halves: dict[str, list[float]] = {}
    for sight in reading.sights:
        halves.setdefault(sight.leaf, []).append((sight.high - sight.low) / 2)
    return [
        f"{sentence(reading.voices[leaf].counted)}: a score may lie "
        f"about {points(mean(widths))} of a point higher or lower."
        for leaf, widths in halves.items()
    ]


def certainty(reading: Reading) -> str:
    """Return how sure we are, in the few words of the summary page."""
    if not reading.sights:
        return (
            "Too few people answered to say how sure a score is. Read every figure as the opening "
            "of a talk, not as its result."
        )
    widest = max(reading.sights, key=lambda sight: sight.high - sight.low)
    finest = min(reading.sights, key=lambda sight: sight.high - sight.low)
    near, far = _half(finest.high - finest.low), _half(widest.high - widest.low)
    off = f"by about {near} of a point" if near == far else f"by {near} to {far} of a point"
    return (
        f"Had other people like these been asked, a group\N{RIGHT SINGLE QUOTATION MARK}s score could "
        f"differ {off}. Smaller differences than that tell you nothing, and we have not made "
        "anything of them."
    )


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


def left_out(card: Scorecard) -> list[str]:
    """Return which groups are not shown, and why."""
    groups: dict[Reason, list[str]] = {}
    for row in card.withheld:
        groups.setdefault(row.reason, []).append(GROUPS[row.group])
    return [
        f"{sentence(listed(names))} are not shown: {_why_left_out(reason)}. "
        "Their answers enter no figure here."
        for reason, names in groups.items()
    ]


def gap(row: AwarenessRow, subject: str) -> str:
    """Return a gap between self and others in words, with its interval."""
    if row.gap is None or row.low is None or row.high is None:
        return sentence(absence(row))
    return f"{sentence(_than(row.gap))} {subject}"


def gap_range(row: AwarenessRow) -> str:
    """Return the interval of a gap: "0.3 to 1.5 more", "0.2 less to 0.8 more"."""
    if row.low is None or row.high is None:
        return ""
    near, far = sorted((row.low, row.high), key=abs)
    if row.low * row.high > 0:
        return f"{points(abs(near))} to {points(abs(far))} {'more' if far > 0 else 'less'}"
    return f"{difference(row.low)} to {difference(row.high)}"


def _than(value: float) -> str:
    words = difference(value)
    return "the same as" if words == "the same" else f"{words} than"


def _why_left_out(reason: Reason) -> str:
    return "too few answered" if reason == Reason.TOO_FEW_RATERS else WHY[reason]


def _half(width: float) -> str:
    return points(width / 2)
