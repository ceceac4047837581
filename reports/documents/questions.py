"""Three questions worth asking, from this leader's figures as far as they say anything.

What surely lies apart is chosen first. Then what answers lean to: a difference which shows, and of which
nobody can say that it matters or is more than chance. Where not even that fills the page, what the leader and
others surely see alike. What may be asked of everybody comes last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from math import hypot

from assess.scorecards.types import AwarenessRow
from reports.documents.comparisons import least_gap
from reports.documents.findings import MOST, Finding, differences, finding, strengths, surest
from reports.documents.readings import Reading, Sight
from reports.documents.words import sentence

OPEN_QUESTIONS = (
    "Which moment of the last months would the people who work with you remember, and why?",
    "What did you expect to read here, and what did you not find?",
    "Whom could you ask for an example of something in this report that you do not recognise?",
)
EACH = "What may each of them have in mind?"


def questions(reading: Reading) -> list[Finding]:
    """Return up to three questions which the figures ask, the sure ones first."""
    chosen: dict[str, Finding] = {}
    kinds = differences(reading)
    for place in range(max(map(len, kinds))):
        for kind in kinds:
            _choose(chosen, kind[place:])
    for rest in (_leanings, _alike):
        for found in surest(rest(reading)) if len(chosen) < MOST else ():
            _choose(chosen, [found])
    return sorted(chosen.values(), key=lambda found: not found.is_sure)


def _choose(chosen: dict[str, Finding], candidates: list[Finding]) -> None:
    fresh = [found for found in candidates if found.competency.key not in chosen]
    if fresh and len(chosen) < MOST:
        chosen[fresh[0].competency.key] = fresh[0]


def _leanings(reading: Reading) -> Iterator[Finding]:
    for key in reading.competencies:
        found = filter(None, [_from_you(reading, key), *_between_groups(reading, key)])
        yield from (replace(lean, is_sure=False) for lean in found)


def _from_you(reading: Reading, key: str) -> Finding | None:
    """Return how the own answer lies to those it may differ from; nothing where a test has told already."""
    rows = [row for row in reading.flagged("cannot tell", key) if _shows(reading, row)]
    if not rows or reading.flagged("hidden strength", key):
        return None
    less, more = _sides(rows)
    text = f"You rate this {reading.rate(less, more)}. {_asked(reading, less, more)}"
    leaves = [row.leaf for row in rows]
    return finding(reading, key, text, ("self", *leaves), max(map(_clearance, rows)))


def _shows(reading: Reading, row: AwarenessRow) -> bool:
    """Whether the own mark lies outside a group's line, or far enough from somebody shown by name."""
    if row.leaf in reading.named:
        return round(abs(row.gap or 0.0), 2) >= least_gap(reading.card.instrument.scale)
    return any(reading.side(s) for s in reading.of(row.competency) if s.leaf == row.leaf)


def _sides(rows: Sequence[AwarenessRow]) -> tuple[list[str], list[str]]:
    """Return who rates the leader lower than the leader does, and who higher."""
    less = [row.leaf for row in rows if (row.gap or 0.0) > 0]
    return less, [row.leaf for row in rows if row.leaf not in less]


def _asked(reading: Reading, less: list[str], more: list[str]) -> str:
    if reading.named.issuperset([*less, *more]):
        return "What does each of you go by?"
    if less and more:
        return EACH
    if less:
        return "What may you be doing that they do not see?"
    return "What may they see that you pass over?"


def _clearance(row: AwarenessRow) -> float:
    """Return how far a gap's range lies from none; below nought where it reaches beyond."""
    return max(row.low or 0.0, -(row.high or 0.0))


def _between_groups(reading: Reading, key: str) -> Iterator[Finding]:
    """Yield two groups whose difference shows, unless it is surely too small to matter."""
    bound = least_gap(reading.card.instrument.scale)
    for more, less in permutations(reading.of(key), 2):
        gap, half = more.score - less.score, hypot(_half(more), _half(less))
        if half < gap and bound < gap + half:
            upper = sentence(reading.subjects([more.leaf]))
            text = f"{upper} rate this {reading.rate([less.leaf], [])}. {EACH}"
            yield finding(reading, key, text, (more.leaf, less.leaf), gap - half)


def _half(sight: Sight) -> float:
    """Return half a line's length, also where the end of the scale cuts it off."""
    return max(sight.high - sight.score, sight.score - sight.low)


def _alike(reading: Reading) -> Iterator[Finding]:
    """Yield what is surely seen alike, but for what already stands where strengths stand."""
    said = {found.competency.key for found in strengths(reading)}
    bound = least_gap(reading.card.instrument.scale)
    for key in reading.competencies:
        rows = reading.flagged("agree", key)
        if not rows or key in said:
            continue
        leaves = [row.leaf for row in rows]
        text = (
            f"You and {reading.subjects(leaves)} see this alike. "
            "Which moments do you and they have in mind?"
        )
        nearest = min(max(abs(row.low or 0.0), abs(row.high or 0.0)) for row in rows)
        yield finding(reading, key, text, ("self", *leaves), bound - nearest)
