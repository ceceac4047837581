"""What deserves the leader's first look: chosen by how certain it is, never by rank alone.

A finding rests on an interval which lies apart from something: from the middle of what the same people say of
the other competencies, from what another group says, from what the leader says. Where nothing lies apart,
nothing is claimed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

from instruments.questionnaires import Competency, Scale
from reports.documents.readings import Evidence, Reading, drawn
from reports.documents.words import sentence

MOST = 3
FAR_UP = 2 / 3  # an interval above two thirds of the scale is high whatever the rest is


@dataclass(frozen=True)
class Finding:
    """Something that can be told: about which competency, in a sentence, with its evidence and certainty."""

    competency: Competency
    text: str
    evidence: tuple[Evidence, ...]
    certainty: float
    """By how many scale points it clears what it is held against."""
    is_sure: bool = True


def strengths(reading: Reading) -> list[Finding]:
    """Return up to three competencies which clearly stand out, the clearest first, else a hidden one."""
    return standing_out(reading) or taken_for_granted(reading)


def standing_out(reading: Reading) -> list[Finding]:
    apart = surest(_above_the_rest(reading))
    known = {found.competency.key for found in apart}
    high = [found for found in surest(_far_up(reading)) if found.competency.key not in known]
    return [*apart, *high][:MOST]


def taken_for_granted(reading: Reading) -> list[Finding]:
    """Return the clearest of what others see more of than the leader, as a strength and not as a question."""
    return surest(_hidden_strengths(reading, asking=False))[:1]


def differences(reading: Reading) -> list[list[Finding]]:
    """Return what surely lies apart and so asks a question, kind by kind, the surest of each first."""
    kinds = (_blind_spots, _groups_apart, _standing_back, _disagreements, _open_strengths)
    return [surest(kind(reading)) for kind in kinds]


def surest(findings: Iterable[Finding]) -> list[Finding]:
    """Return the surest finding of each competency, the surest first; ties keep the instrument's order."""
    best: dict[str, Finding] = {}
    for found in findings:
        key = found.competency.key
        if key not in best or found.certainty > best[key].certainty:
            best[key] = found
    return sorted(best.values(), key=lambda found: -drawn(found.certainty))


def _above_the_rest(reading: Reading) -> Iterator[Finding]:
    for key in reading.competencies:
        margins = {sight.leaf: reading.margin(sight) for sight in reading.of(key)}
        above = [leaf for leaf, margin in margins.items() if margin > 0]
        if not above or min(margins.values()) < 0:
            continue
        text = (
            f"{sentence(reading.subjects(above))} {reading.see(above)} this in you "
            "more than the rest of what we asked about."
        )
        yield _against_the_rest(reading, key, text, {leaf: margins[leaf] for leaf in above})


def _far_up(reading: Reading) -> Iterator[Finding]:
    bar = far_up(reading.card.instrument.scale)
    for key in reading.competencies:
        sights = reading.of(key)
        if not sights or min(sight.low for sight in sights) <= bar:
            continue
        leaves = [sight.leaf for sight in sights]
        text = (
            f"{sentence(reading.subjects(leaves))} {reading.see(leaves)} much of this: "
            "clearly in the upper third of the scale."
        )
        yield finding(reading, key, text, leaves, min(sight.low for sight in sights) - bar)


def far_up(scale: Scale) -> float:
    """Return where the upper third of a scale begins."""
    return scale.low + FAR_UP * (scale.high - scale.low)


def _blind_spots(reading: Reading) -> Iterator[Finding]:
    for key in reading.competencies:
        rows = reading.flagged("blind spot", key)
        if not rows:
            continue
        leaves = [row.leaf for row in rows]
        text = (
            f"{sentence(reading.subjects(leaves))} {reading.see(leaves)} less of this than you do. "
            "What do you do that does not reach them, and what would they need to see?"
        )
        certainty = max(row.low or 0.0 for row in rows)
        yield finding(reading, key, text, ("self", *leaves), certainty)


def _hidden_strengths(reading: Reading, *, asking: bool = True) -> Iterator[Finding]:
    for key in reading.competencies:
        rows = reading.flagged("hidden strength", key)
        if not rows:
            continue
        leaves = [row.leaf for row in rows]
        text = (
            f"{sentence(reading.subjects(leaves))} {reading.see(leaves)} more of this than you do."
        )
        question = " What do you do there that you take for granted?" if asking else ""
        certainty = max(-(row.high or 0.0) for row in rows)
        yield finding(reading, key, text + question, ("self", *leaves), certainty)


def _open_strengths(reading: Reading) -> Iterator[Finding]:
    """Leave out what already stands where strengths stand."""
    said = {found.competency.key for found in strengths(reading)}
    return (found for found in _hidden_strengths(reading) if found.competency.key not in said)


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
            yield finding(reading, key, text, (more.leaf, less.leaf), more.low - less.high)


def _standing_back(reading: Reading) -> Iterator[Finding]:
    for key in reading.competencies:
        margins = {sight.leaf: -reading.margin(sight) for sight in reading.of(key)}
        below = {leaf: margin for leaf, margin in margins.items() if margin > 0}
        if not below:
            continue
        text = (
            f"{sentence(reading.subjects(below))} {reading.see(list(below))} less of this "
            "than of the rest. When did it last go well with them, and what made that possible?"
        )
        yield _against_the_rest(reading, key, text, below)


def _disagreements(reading: Reading) -> Iterator[Finding]:
    for key in reading.competencies:
        leaves = reading.in_agreement("low", key)
        if not leaves:
            continue
        text = (
            f"{sentence(reading.subjects(leaves))} do not agree among themselves: some see much of "
            "this, some little. With whom does it come easily, and with whom not?"
        )
        yield finding(reading, key, text, leaves, 0.0)


def finding(
    reading: Reading, competency: str, text: str, leaves: Iterable[str], certainty: float
) -> Finding:
    return Finding(
        reading.competencies[competency], text, reading.evidence(competency, leaves), certainty
    )


def _against_the_rest(
    reading: Reading, competency: str, text: str, margins: Mapping[str, float]
) -> Finding:
    """Return a finding which rests on the middle of what the same people say of all competencies."""
    found = finding(reading, competency, text, margins, max(margins.values()))
    evidence = tuple(
        replace(fact, middle=reading.middles[fact.voice.leaf]) for fact in found.evidence
    )
    return replace(found, evidence=evidence)
