"""What a scorecard holds. Each figure that is missing says why, in a reason from a closed list."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from assess.publication.protection import Protection
from instruments.questionnaires import Instrument


class Reason(StrEnum):
    """Why a figure is not given."""

    TOO_FEW_ANSWERS = "not enough answers"
    TOO_FEW_RATERS = "too few raters"
    TOO_FEW_ITEMS = "too few items"
    POOLED = "several groups shown as one"
    NAMED = "the answer of a named person"
    NO_SELF = "no self rating"
    TOO_FEW_IN_ROUND = "fewer than 10 leaders or 80 raters"
    NOT_ESTIMABLE = "cannot be estimated"
    PROTECTED = "could give single raters away"
    NO_BANDS = "no bands at this protection"


@dataclass(frozen=True)
class LeafRow:
    """Raters shown as one: how many, from which groups, and whether they are named."""

    leaf: str
    groups: tuple[str, ...]
    n: int
    named: bool


@dataclass(frozen=True)
class WithheldRow:
    """A group which is not shown, and why."""

    group: str
    reason: Reason


@dataclass(frozen=True)
class ItemRow:
    """One item as one leaf sees it: the symbol as printed, and the value it counts as (scale points)."""

    item: str
    leaf: str
    symbol: str | None
    value: float | None
    reason: Reason | None


@dataclass(frozen=True)
class CompetencyRow:
    """One competency as one leaf sees it: scale points with a 95 % interval."""

    competency: str
    leaf: str
    score: float | None
    low: float | None
    high: float | None
    agreement: str | None
    reason: Reason | None
    left_open: float = 0.0
    """Width of the bands among the items, averaged over all that count; scale points."""


@dataclass(frozen=True)
class Index:
    """Coaching effectiveness over all competencies and leaves, the leader's own answers left out."""

    score: float | None
    low: float | None
    high: float | None
    reason: Reason | None


@dataclass(frozen=True)
class AwarenessRow:
    """Self less a leaf, in scale points; `flag` is the outcome of a test, not of a sign."""

    competency: str
    leaf: str
    gap: float | None
    low: float | None
    high: float | None
    adjusted_p: float | None
    flag: str | None
    reason: Reason | None


@dataclass(frozen=True)
class Comment:
    """What one person wrote; `leaf` names the writer's group only where that is allowed, else is empty."""

    question: str
    leaf: str
    text: str


@dataclass(frozen=True)
class Scorecard:
    """Everything that is said of one leader in one round."""

    leader: str
    round_name: str
    closed_on: date
    instrument: Instrument
    protection: Protection
    leaves: tuple[LeafRow, ...]
    withheld: tuple[WithheldRow, ...]
    items: tuple[ItemRow, ...]
    competencies: tuple[CompetencyRow, ...]
    index: Index
    awareness: tuple[AwarenessRow, ...]
    comments: tuple[Comment, ...]
    sure: tuple[str, ...]
    """The leaves whose intervals rest on this round's raters; those of the others on the shipped default."""


@dataclass(frozen=True)
class ReliabilityRow:
    """How far the raters of one group can be relied on for one competency, over the whole round."""

    competency: str
    group: str
    respondents: int | None
    alpha: float | None
    alpha_low: float | None
    alpha_high: float | None
    alpha_within: float | None
    omega: float | None
    icc1: float | None
    icc1_low: float | None
    icc1_high: float | None
    reliability_of_mean: float | None
    raters_for_70: float | None
    rwg_j_uniform: float | None
    rwg_j_slight_skew: float | None
    average_deviation: float | None
    reason: Reason | None


@dataclass(frozen=True)
class RoundCard:
    """What is said of a round as a whole."""

    name: str
    closed_on: date
    instrument: Instrument
    protection: Protection
    leaders: int
    raters: int
    reliability: tuple[ReliabilityRow, ...]
