"""How leaves, numbers and reasons are said to the leader: plain, second person, present tense."""

from collections.abc import Sequence
from dataclasses import dataclass

from assess.scorecards.types import LeafRow, Reason
from instruments.questionnaires import Scale

S = "\N{RIGHT SINGLE QUOTATION MARK}s"
DASH = "\N{EN DASH}"
NUMBERS = (
    "no one",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
LABELS = {
    "self": "You",
    "supervisor": "Supervisor",
    "supervisors_supervisor": f"Supervisor{S} supervisor",
    "peer": "Peers",
    "direct_report": "Direct reports",
    "past_supervisor": "Past supervisors",
    "past_direct_report": "Past direct reports",
    "board": "Board",
    "client": "Clients",
    "other": "Others",
    "pooled": "Small groups",
}
NARROW = {"supervisors_supervisor": "Two levels up"}
ONE = {
    "self": "you",
    "supervisor": "your supervisor",
    "supervisors_supervisor": f"your supervisor{S} supervisor",
    "peer": "your peer",
    "direct_report": "your direct report",
    "past_supervisor": "your past supervisor",
    "past_direct_report": "your past direct report",
    "board": "your board member",
    "client": "your client",
    "other": "one other person",
}
MANY = {
    "self": "you",
    "supervisor": "your supervisors",
    "supervisors_supervisor": f"your supervisors{S[:1]} supervisors",
    "peer": "your peers",
    "direct_report": "your direct reports",
    "past_supervisor": "your past supervisors",
    "past_direct_report": "your past direct reports",
    "board": "your board members",
    "client": "your clients",
    "other": "the others",
    "pooled": "people from small groups",
}
WHY = {
    Reason.TOO_FEW_ANSWERS: "too few answers",
    Reason.TOO_FEW_RATERS: "too few people for a sure word",
    Reason.TOO_FEW_ITEMS: "too few questions for a sure word",
    Reason.POOLED: "several groups, shown as one",
    Reason.NAMED: "as they answered",
    Reason.NO_SELF: "you did not answer this",
    Reason.TOO_FEW_LEADERS: "too few leaders in the round",
    Reason.TOO_FEW_ROUND_RATERS: "too few people in the round",
    Reason.NOT_ESTIMABLE: "it cannot be estimated",
    Reason.NO_BANDS: "this round has no bands",
}


@dataclass(frozen=True)
class Voice:
    """A leaf as the report speaks of it: in a table, and as somebody who sees something."""

    leaf: str
    label: str
    subject: str
    n: int

    @property
    def short(self) -> str:
        """Return the name that fits over a narrow column."""
        return NARROW.get(self.leaf, LABELS[self.leaf])

    @property
    def is_one(self) -> bool:
        return self.n == 1 and self.leaf != "self"

    def verb(self, many: str) -> str:
        """Return "see" or "sees", as it fits."""
        return f"{many}s" if self.is_one else many

    @property
    def counted(self) -> str:
        """How many answered: "six peers", "your supervisor"."""
        if self.leaf == "pooled":
            return f"{number(self.n)} people from small groups"
        if self.is_one:
            return self.subject
        return f"{number(self.n)} {self.subject.removeprefix('your ').removeprefix('the ')}"


def voice(row: LeafRow) -> Voice:
    """Return how a leaf is spoken of; one that took in a related group says so."""
    one = row.n == 1 and row.leaf in ONE
    related = [group for group in row.groups if group != row.leaf]
    if related and row.leaf != "pooled":
        return Voice(row.leaf, _joined_label(row), _joined_subject(row), row.n)
    label = "Small groups together" if row.leaf == "pooled" else LABELS[row.leaf]
    return Voice(row.leaf, label, (ONE if one else MANY)[row.leaf], row.n)


def number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def listed(words: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def sentence(text: str) -> str:
    """Return text with a capital first letter, whatever it begins with."""
    return text[:1].upper() + text[1:]


def points(value: float | None) -> str:
    """Return scale points as they are printed: one decimal, a dash for none."""
    return DASH if value is None else f"{value + 0.0:.1f}"


def between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{points(low)} to {points(high)}"


def said_symbol(symbol: str | None) -> str:
    """Return a symbol as one would read it aloud."""
    if symbol is None:
        return "not enough answers"
    if symbol[-1] == "+":
        return f"{symbol[:-1]} or more"
    return f"{symbol[:-1]} or less" if symbol[-1] == "-" else symbol


def difference(gap: float) -> str:
    """Return how much more or less: "0.9 more", "0.2 less", "the same"."""
    size = points(abs(gap))
    return "the same" if size == points(0.0) else f"{size} {'more' if gap > 0 else 'less'}"


def scale_ends(scale: Scale) -> tuple[str, str]:
    return scale.labels[0], scale.labels[-1]


def _joined_label(row: LeafRow) -> str:
    if set(row.groups) == {"direct_report", "past_direct_report"}:
        return "Direct reports, present and past"
    if set(row.groups) == {"supervisor", "past_supervisor"}:
        return "Supervisors, present and past"
    return listed([LABELS[group] for group in row.groups])


def _joined_subject(row: LeafRow) -> str:
    if set(row.groups) == {"direct_report", "past_direct_report"}:
        return "your present and past direct reports"
    return listed([MANY[group] for group in row.groups])
