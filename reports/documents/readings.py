"""A scorecard looked at through its intervals: who sees what, and which of it lies apart from what."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

from assess.scorecards.types import AwarenessRow, CompetencyRow, Scorecard
from instruments.questionnaires import Competency
from reports.documents.words import Voice, between, listed, points, voice


@dataclass(frozen=True)
class Sight:
    """One leaf's score of one competency, with an interval."""

    competency: str
    leaf: str
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """A figure behind a finding, as words and as numbers for a chart."""

    voice: Voice
    score: float
    low: float | None
    high: float | None
    middle: float | None = None
    """What the same people say of all competencies, where that is what the finding is held against."""

    @property
    def words(self) -> str:
        span = between(self.low, self.high)
        said = f"{self.voice.label}: {points(self.score)}" + (f" ({span})" if span else "")
        return f"{said}, {self.rest}" if self.rest else said

    @property
    def rest(self) -> str:
        return "" if self.middle is None else f"over all competencies {points(self.middle)}"


@dataclass(frozen=True)
class Reading:
    """A scorecard, looked at through its intervals."""

    card: Scorecard

    @cached_property
    def voices(self) -> dict[str, Voice]:
        return {row.leaf: voice(row) for row in self.card.leaves}

    @cached_property
    def named(self) -> frozenset[str]:
        """The leaves whose people are shown by name."""
        return frozenset(row.leaf for row in self.card.leaves if row.named)

    @cached_property
    def competencies(self) -> dict[str, Competency]:
        return {competency.key: competency for competency in self.card.instrument.competencies}

    @cached_property
    def rows(self) -> dict[tuple[str, str], CompetencyRow]:
        return {(row.competency, row.leaf): row for row in self.card.competencies}

    @cached_property
    def sights(self) -> tuple[Sight, ...]:
        return tuple(
            Sight(row.competency, row.leaf, row.score, row.low, row.high)
            for row in self.card.competencies
            if row.leaf != "self"
            and row.score is not None
            and row.low is not None
            and row.high is not None
        )

    @cached_property
    def middles(self) -> dict[str, float]:
        """The middle of what each leaf says of all competencies."""
        leaves = dict.fromkeys(sight.leaf for sight in self.sights)
        return {
            leaf: mean(sight.score for sight in self.sights if sight.leaf == leaf)
            for leaf in leaves
        }

    def margin(self, sight: Sight) -> float:
        """Return how far a whole line lies above its leaf's middle, below it as a minus, else nought."""
        middle = self.middles[sight.leaf]
        return max(0.0, sight.low - middle) + min(0.0, sight.high - middle)

    def of(self, competency: str) -> list[Sight]:
        return self._by_competency.get(competency, [])

    @cached_property
    def _by_competency(self) -> dict[str, list[Sight]]:
        sights: dict[str, list[Sight]] = {}
        for sight in self.sights:
            sights.setdefault(sight.competency, []).append(sight)
        return sights

    def scored(self, competency: str) -> list[str]:
        """Return the leaves whose score of a competency is shown."""
        rows = (self.rows.get((competency, leaf)) for leaf in self.voices)
        return [row.leaf for row in rows if row and row.score is not None]

    def own(self, competency: str) -> float | None:
        row = self.rows.get((competency, "self"))
        return row.score if row else None

    def side(self, sight: Sight) -> int:
        """Return on which side of a line the own mark is drawn: above it 1, below it -1, else 0."""
        own = self.own(sight.competency)
        if own is None:
            return 0
        return (drawn(own) > drawn(sight.high)) - (drawn(own) < drawn(sight.low))

    def flagged(self, flag: str, competency: str) -> list[AwarenessRow]:
        """Return the comparisons with one outcome: with groups first, then with people shown by name."""
        return self._by_outcome.get((flag, competency), [])

    @cached_property
    def _by_outcome(self) -> dict[tuple[str | None, str], list[AwarenessRow]]:
        rows: dict[tuple[str | None, str], list[AwarenessRow]] = {}
        for row in sorted(self.card.awareness, key=lambda row: row.leaf in self.named):
            rows.setdefault((row.flag, row.competency), []).append(row)
        return rows

    def flagged_leaves(self, flag: str, competency: str) -> list[str]:
        return [row.leaf for row in self.flagged(flag, competency)]

    def in_agreement(self, band: str, competency: str) -> list[str]:
        """Return the leaves whose people agree among themselves as far as a band says."""
        rows = (self.rows.get((competency, leaf)) for leaf in self.voices)
        return [row.leaf for row in rows if row and row.agreement == band]

    def evidence(self, competency: str, leaves: Iterable[str]) -> tuple[Evidence, ...]:
        rows = [self.rows[competency, leaf] for leaf in leaves if (competency, leaf) in self.rows]
        return tuple(
            Evidence(self.voices[row.leaf], row.score, row.low, row.high)
            for row in rows
            if row.score is not None
        )

    def subjects(self, leaves: Iterable[str]) -> str:
        return listed([self.voices[leaf].subject for leaf in leaves])

    def see(self, leaves: list[str]) -> str:
        return self.voices[leaves[0]].verb("see") if len(leaves) == 1 else "see"

    def rate(self, above: list[str], below: list[str]) -> str:
        """Return "higher than your peers do, and lower than your supervisor does"."""
        return ", and ".join(
            f"{how} than {self.subjects(leaves)} {self._do(leaves)}"
            for leaves, how in ((above, "higher"), (below, "lower"))
            if leaves
        )

    def _do(self, leaves: list[str]) -> str:
        return "does" if len(leaves) == 1 and self.voices[leaves[0]].is_one else "do"


def drawn(value: float) -> float:
    """Return a score as exactly as charts draw it."""
    return round(value, 2)
