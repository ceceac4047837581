"""The sentences around a competency's chart. They say what the eye sees there, and never more."""

from itertools import permutations

from reports.documents.readings import Reading, Sight
from reports.documents.words import listed, sentence

AGREEMENT = {"high": "largely agree", "medium": "agree in part", "low": "do not agree"}


def what_to_see(reading: Reading, competency: str) -> str:
    """Return the one sentence above a competency's chart."""
    if all(leaf == "self" for leaf in reading.voices):
        return "You are the only one who answered, so there is nothing to compare with yet."
    if not reading.of(competency):
        return _apart_from_you(reading, competency) or _without_lines(reading, competency)
    return (
        _apart_from_you(reading, competency)
        or _groups_apart(reading, competency)
        or _alike(reading, competency)
        or _where_you_stand(reading, competency)
    )


def agreement(reading: Reading, competency: str) -> str:
    """Return how far the people of each group say the same, or nothing where that is not told of any."""
    told = {band: reading.in_agreement(band, competency) for band in AGREEMENT}
    sayings = [
        f"{reading.subjects(told[band])} {verb}" for band, verb in AGREEMENT.items() if told[band]
    ]
    return f"Among themselves, {listed(sayings)}." if sayings else ""


def _apart_from_you(reading: Reading, competency: str) -> str:
    less = reading.flagged_leaves("blind spot", competency)
    more = reading.flagged_leaves("hidden strength", competency)
    sayings = [
        f"{reading.subjects(leaves)} {reading.see(leaves)} {how} of this than you do"
        for leaves, how in ((less, "less"), (more, "more"))
        if leaves
    ]
    return f"{sentence(', while '.join(sayings))}." if sayings else ""


def _without_lines(reading: Reading, competency: str) -> str:
    shown = [leaf for leaf in reading.scored(competency) if leaf != "self"]
    if not shown:
        return "Too few people answered this to show what they see."
    return "Only people who are shown by name can be shown here; their answers stand as they gave them."


def _groups_apart(reading: Reading, competency: str) -> str:
    pairs = [
        (more.low - less.high, more.leaf, less.leaf)
        for more, less in permutations(reading.of(competency), 2)
        if more.low > less.high
    ]
    if not pairs:
        return ""
    _, more, less = max(pairs, key=lambda pair: pair[0])
    upper, lower = reading.voices[more], reading.voices[less]
    said = f"{upper.subject} {upper.verb('see')} more of this than {lower.subject}"
    return _with_rest(reading, said, reading.of(competency))


def _alike(reading: Reading, competency: str) -> str:
    alike = reading.flagged_leaves("agree", competency)
    if not alike:
        return ""
    said = f"you and {reading.subjects(alike)} see this alike"
    return _with_rest(reading, said, reading.of(competency))


def _where_you_stand(reading: Reading, competency: str) -> str:
    sights = reading.of(competency)
    if reading.own(competency) is None:
        return _without_you(reading, sights)
    if outside := _outside(reading, sights):
        return f"You rate this {outside}. Whether by enough to matter, we cannot say surely."
    if len(sights) > 1:
        return (
            "The ranges overlap, and your own answer lies within them. "
            "Whether anybody sees you differently, we cannot tell."
        )
    subject = reading.subjects([sights[0].leaf])
    return (
        f"Your own answer lies within the range of {subject}. "
        "Whether you and they differ by enough to matter, we cannot tell."
    )


def _without_you(reading: Reading, sights: list[Sight]) -> str:
    if len(sights) > 1:
        return "The ranges overlap: whether these groups see you differently, we cannot tell."
    return f"This is what {reading.subjects([sights[0].leaf])} say; you did not rate it yourself."


def _with_rest(reading: Reading, said: str, sights: list[Sight]) -> str:
    """Add how the leader stands to the others whose line the own mark lies outside of."""
    alike = {leaf for s in sights for leaf in reading.flagged_leaves("agree", s.competency)}
    outside = _outside(reading, [sight for sight in sights if sight.leaf not in alike])
    return sentence(f"{said}; you rate it {outside}." if outside else f"{said}.")


def _outside(reading: Reading, sights: list[Sight]) -> str:
    """Return "higher than your peers do", for every line that the own mark lies outside of."""
    left = [sight.leaf for sight in sights if reading.side(sight) > 0]
    right = [sight.leaf for sight in sights if reading.side(sight) < 0]
    return reading.rate(left, right)
