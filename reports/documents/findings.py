"""What deserves the leader's first look: chosen by how certain it is, never by rank alone.

A finding rests on an interval which lies apart from something: from the middle of what the same people say of
the other competencies, from what another group says, from what the leader says. Where nothing lies apart,
nothing is claimed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

from assess.scorecards.types import AwarenessRow
from instruments.questionnaires import Competency
from reports.documents.readings import Evidence, Reading
from reports.documents.words import sentence

MOST = 3
FAR_UP = 2 / 3  # an interval above two thirds of the scale is high whatever the rest is
OPEN_QUESTIONS = (
    "Which moment of the last months would the people who work with you remember, and why?",
    "What did you expect to read here, and what did you not find?",
    "Whom could you ask for an example of something in this report that you do not recognise?",
)


@dataclass(frozen=True)
class Finding:
    """Something that can be told: about which competency, in a sentence, with its evidence and certainty."""

    competency: Competency
    text: str
    evidence: tuple[Evidence, ...]
    certainty: float


def strengths(reading: Reading) -> list[Finding]:
    """Return up to three competencies which surely stand out, the surest first."""
    apart = _surest(_standing_out(reading))
    known = {finding.competency.key for finding in apart}
    high = [
        found for found in _surest(_far_up(reading), most=99) if found.competency.key not in known
    ]
    return [*apart, *high][:MOST]


def questions(reading: Reading) -> list[Finding]:
    """Return up to three questions which the figures ask, of as many kinds as there are."""
    kinds = [
        _surest(kind(reading), most=99)
        for kind in (_blind_spots, _groups_apart, _standing_back, _disagreements, _hidden_strengths)
    ]
    chosen: dict[str, Finding] = {}
    for place in range(max(map(len, kinds))):
        for kind_ in kinds:
            _choose(chosen, kind_[place:])
    return list(chosen.values())


def _choose(chosen: dict[str, Finding], candidates: list[Finding]) -> None:
    fresh = [found for found in candidates if found.competency.key not in chosen]
    if fresh and len(chosen) < MOST:
        chosen[fresh[0].competency.key] = fresh[0]


def _surest(findings: Iterable[Finding], most: int = MOST) -> list[Finding]:
    """Return the surest finding of each competency, the surest first; ties keep the instrument's order."""
    best: dict[str, Finding] = {}
    for finding in findings:
        key = finding.competency.key
        if key not in best or finding.certainty > best[key].certainty:
            best[key] = finding
    return sorted(best.values(), key=lambda finding: -finding.certainty)[:most]


def _standing_out(reading: Reading) -> Iterator[Finding]:
    for key, competency in reading.competencies.items():
        sights = reading.of(key)
        above = [s for s in sights if s.low > reading.middles[s.leaf]]
        below = [s for s in sights if s.high < reading.middles[s.leaf]]
        if not above or below:
            continue
        leaves = [sight.leaf for sight in above]
        text = (
            f"{sentence(reading.subjects(leaves))} {reading.see(leaves)} this in you "
            "more than the rest of what we asked about."
        )
        margin = max(sight.low - reading.middles[sight.leaf] for sight in above)
        yield Finding(competency, text, reading.evidence(key, leaves), margin)


def _far_up(reading: Reading) -> Iterator[Finding]:
    scale = reading.card.instrument.scale
    bar = scale.low + FAR_UP * (scale.high - scale.low)
    for key, competency in reading.competencies.items():
        sights = reading.of(key)
        if not sights or min(sight.low for sight in sights) <= bar:
            continue
        leaves = [sight.leaf for sight in sights]
        text = (
            f"{sentence(reading.subjects(leaves))} {reading.see(leaves)} much of this: "
            "surely in the upper third of the scale."
        )
        yield Finding(
            competency, text, reading.evidence(key, leaves), min(s.low for s in sights) - bar
        )


def _blind_spots(reading: Reading) -> Iterator[Finding]:
    for row in _flagged(reading, "blind spot"):
        who = reading.voices[row.leaf]
        text = (
            f"{sentence(who.subject)} {who.verb('see')} less of this than you do. "
            "What do you do that does not reach them, and what would they need to see?"
        )
        yield _finding(reading, row.competency, text, ("self", row.leaf), row.low or 0.0)


def _hidden_strengths(reading: Reading) -> Iterator[Finding]:
    for row in _flagged(reading, "hidden strength"):
        who = reading.voices[row.leaf]
        text = (
            f"{sentence(who.subject)} {who.verb('see')} more of this than you do. "
            "What do you do there that you take for granted?"
        )
        yield _finding(reading, row.competency, text, ("self", row.leaf), -(row.high or 0.0))


def _groups_apart(reading: Reading) -> Iterator[Finding]:
    for key in reading.competencies:
        for more, less in permutations(reading.of(key), 2):
            if more.low <= less.high:
                continue
            upper, lower = reading.voices[more.leaf], reading.voices[less.leaf]
            text = (
                f"{sentence(upper.subject)} {upper.verb('see')} more of this than {lower.subject}. "
                "What is different in how you are with each?"
            )
            yield _finding(reading, key, text, (more.leaf, less.leaf), more.low - less.high)


def _standing_back(reading: Reading) -> Iterator[Finding]:
    for sight in reading.sights:
        middle = reading.middles[sight.leaf]
        if sight.high >= middle:
            continue
        who = reading.voices[sight.leaf]
        text = (
            f"{sentence(who.subject)} {who.verb('see')} less of this than of the rest. "
            "When did it last go well with them, and what made that possible?"
        )
        yield _finding(reading, sight.competency, text, (sight.leaf,), middle - sight.high)


def _disagreements(reading: Reading) -> Iterator[Finding]:
    for row in reading.card.competencies:
        if row.agreement != "low":
            continue
        who = reading.voices[row.leaf]
        text = (
            f"{sentence(who.subject)} do not see this alike: some see much of it, some little. "
            "With whom does it come easily, and with whom not?"
        )
        yield _finding(reading, row.competency, text, (row.leaf,), 0.0)


def _flagged(reading: Reading, flag: str) -> list[AwarenessRow]:
    return [row for key in reading.competencies for row in reading.flagged(flag, key)]


def _finding(
    reading: Reading, competency: str, text: str, leaves: Iterable[str], certainty: float
) -> Finding:
    return Finding(
        reading.competencies[competency], text, reading.evidence(competency, leaves), certainty
    )
