"""What the invented people of the example think of each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from instruments.questionnaires import Instrument

COMMENTS = Path(__file__).with_name("comments.yaml")
NOT_OBSERVED = "NA"
SEEN = {
    "direct_report": 0.99,
    "past_direct_report": 0.95,
    "supervisors_supervisor": 0.75,
    "self": 1.0,
}
"""How often somebody has seen a behaviour, by rater group; others 0.9."""
WRITES = 0.55
"""How often somebody answers an open question."""

LEVEL, SPREAD_OF_LEADERS, SPREAD_OF_COMPETENCIES = 3.85, 0.40, 0.30
RATER_BIAS, NOISE = 0.40, 0.60
SELF_LENIENCY, BLIND_SPOT = 0.30, 1.2


@dataclass(frozen=True)
class Opinion:
    """What one rater fills in: a form value for each item, a text for each question answered."""

    ratings: Mapping[str, str]
    comments: Mapping[str, str]


class Opinions:
    """Draws what raters answer: leaders differ, raters differ, and some leaders see themselves otherwise."""

    def __init__(self, instrument: Instrument, rng: np.random.Generator) -> None:
        self.instrument = instrument
        self.rng = rng
        self.comments: Mapping[str, list[str]] = yaml.safe_load(COMMENTS.read_text("utf-8"))
        self.truth: dict[str, Mapping[str, float]] = {}
        self.unsaid: dict[tuple[str, str], list[str]] = {}

    def of(self, leader: str, group: str) -> Opinion:
        """Return what one more rater of a group says of a leader."""
        level, bias = self._truth(leader), self.rng.normal(0, RATER_BIAS)
        if group == "self":
            level, bias = self._own_view(level), SELF_LENIENCY
        ratings = {
            item.key: self._rating(level[competency.key] + bias, group, reverse=item.reverse)
            for competency in self.instrument.competencies
            for item in competency.items
        }
        return Opinion(ratings, self._comments(leader))

    def _truth(self, leader: str) -> Mapping[str, float]:
        """Return how well a leader does on each competency, drawn once."""
        if leader not in self.truth:
            general = self.rng.normal(LEVEL, SPREAD_OF_LEADERS)
            self.truth[leader] = {
                competency.key: float(general + self.rng.normal(0, SPREAD_OF_COMPETENCIES))
                for competency in self.instrument.competencies
            }
        return self.truth[leader]

    def _own_view(self, truth: Mapping[str, float]) -> Mapping[str, float]:
        """Overrate one competency, underrate another: what a blind spot and a hidden strength look like."""
        over, under = self.rng.choice(sorted(truth), size=2, replace=False)
        shifts = {str(over): BLIND_SPOT, str(under): -BLIND_SPOT}
        return {key: level + shifts.get(key, 0.0) for key, level in truth.items()}

    def _rating(self, level: float, group: str, *, reverse: bool) -> str:
        if self.rng.random() > SEEN.get(group, 0.9):
            return NOT_OBSERVED
        scale = self.instrument.scale
        value = int(np.clip(round(level + self.rng.normal(0, NOISE)), scale.low, scale.high))
        return str(scale.low + scale.high - value if reverse else value)

    def _comments(self, leader: str) -> Mapping[str, str]:
        return {
            question.key: self._comment(leader, question.key)
            for question in self.instrument.questions
            if self.rng.random() < WRITES
        }

    def _comment(self, leader: str, question: str) -> str:
        """Return what nobody has said of this leader yet, as long as there is something left."""
        left = self.unsaid.setdefault((leader, question), [])
        if not left:
            left.extend(self.rng.permutation(self.comments[question]).tolist())
        return left.pop()
