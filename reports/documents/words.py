"""How leaves, numbers and reasons are said to the leader: plain, second person, present tense."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from assess.scorecards.types import LeafRow, Reason
from instruments.questionnaires import Scale

S = "\N{RIGHT SINGLE QUOTATION MARK}s"
DASH = "\N{EN DASH}"
TO = "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}"
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
}
NARROW = {"supervisors_supervisor": "Two levels up", "pooled": "Small groups"}
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
}
TOGETHER = {
    frozenset({"direct_report", "past_direct_report"}): (
        "Direct reports, present and past",
        "your present and past direct reports",
    ),
    frozenset({"supervisor", "past_supervisor"}): (
        "Supervisors, present and past",
        "your present and past supervisors",
    ),
}
"""How two groups that are one in two times are called: as a label, and as somebody who sees something."""
WHY = {
    Reason.TOO_FEW_ANSWERS: "too few answers",
    Reason.TOO_FEW_RATERS: "too few people for a sure word",
    Reason.TOO_FEW_ITEMS: "too few questions for a sure word",
    Reason.POOLED: "several groups, shown as one",
    Reason.NAMED: "as they answered",
    Reason.NO_SELF: "you did not answer this",
    Reason.TOO_FEW_IN_ROUND: "too few people in the round",
    Reason.NOT_ESTIMABLE: "it cannot be estimated",
    Reason.PROTECTED: "left out to protect single people",
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
        return NARROW.get(self.leaf) or LABELS[self.leaf]

    @property
    def is_one(self) -> bool:
        return self.n == 1 and self.leaf != "self"

    def verb(self, many: str) -> str:
        """Return "see" or "sees", as it fits."""
        return f"{many}s" if self.is_one else many

    @property
    def counted(self) -> str:
        """How many answered: "six peers", "your supervisor"."""
        return self.subject if self.is_one else f"{number(self.n)} {_plain(self.subject)}"


def voice(row: LeafRow) -> Voice:
    """Return how a leaf is spoken of; one in which several groups are shown as one names them."""
    if len(row.groups) > 1:
        return Voice(row.leaf, *_together(row.groups), row.n)
    (group,) = row.groups
    one = row.n == 1 and group in ONE
    return Voice(row.leaf, LABELS[group], (ONE if one else MANY)[group], row.n)


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
    """Return "3.5 to 4.1", with a true minus and in one line."""
    return "" if low is None or high is None else f"{_minus(low)}{TO}{_minus(high)}"


def signed(gap: float) -> str:
    """Return a gap in few characters: "+0.8", with a true minus; "0.0" for none."""
    printed = _minus(gap)
    return f"+{printed}" if gap > 0 and printed != points(0.0) else printed


def is_band(symbol: str | None) -> TypeGuard[str]:
    return symbol is not None and symbol[-1] in "+-"


def printed(symbol: str) -> str:
    """Return a symbol with a true minus: "1.5\N{MINUS SIGN}"."""
    return symbol.replace("-", "\N{MINUS SIGN}")


def said_symbol(symbol: str | None) -> str:
    """Return a symbol as one would read it aloud."""
    if symbol is None:
        return "not enough answers"
    figure = printed(symbol[:-1])
    if symbol[-1] == "+":
        return f"{figure} or more"
    return f"{figure} or less" if symbol[-1] == "-" else printed(symbol)


def difference(gap: float) -> str:
    """Return how much more or less: "0.9 more", "0.2 less", "the same"."""
    size = points(abs(gap))
    return "the same" if size == points(0.0) else f"{size} {'more' if gap > 0 else 'less'}"


def scale_ends(scale: Scale) -> tuple[str, str]:
    return scale.labels[0], scale.labels[-1]


def _together(groups: Sequence[str]) -> tuple[str, str]:
    """Return the label and the subject of several groups shown as one."""
    if called := TOGETHER.get(frozenset(groups)):
        return called
    first, *others = (LABELS[group] for group in groups)
    return listed([first, *map(str.lower, others)]), listed([MANY[group] for group in groups])


def _plain(subject: str) -> str:
    """Return "peers" for "your peers", "clients and others" for "your clients and the others"."""
    return " ".join(word for word in subject.split() if word not in {"your", "the"})


def _minus(value: float) -> str:
    size = points(abs(value))
    return f"\N{MINUS SIGN}{size}" if value < 0 and size != points(0.0) else size
