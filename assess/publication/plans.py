"""Which raters of a leader are shown together, decided from head counts alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assess.publication.protection import Protection

POOLED = "pooled"
TOO_FEW_RATERS = "too few raters"

ORDER = (
    "self",
    "supervisor",
    "supervisors_supervisor",
    "past_supervisor",
    "peer",
    "direct_report",
    "past_direct_report",
    "board",
    "client",
    "other",
)
"""The order of leaves. It is fixed, so that it tells neither who came first nor who rates higher."""

RELATED = {"past_direct_report": "direct_report", "direct_report": "past_direct_report"}
"""Groups which look at a leader from the same place, so that one may be shown with the other."""


@dataclass(frozen=True)
class Leaf:
    """Raters who are published as one: a group, or several together."""

    name: str
    groups: tuple[str, ...]
    raters: int
    named: bool


@dataclass(frozen=True)
class Withheld:
    """What is not told, and why; a group which is withheld enters no figure."""

    what: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What is published of a leader, and what is not."""

    leaves: tuple[Leaf, ...]
    withheld: tuple[Withheld, ...]


def plan(raters: Mapping[str, int], *, protection: Protection, named: frozenset[str]) -> Plan:
    """Decide which groups are shown apart, which together, and which not at all.

    Answers are never looked at: whoever knows how many answered can work the plan out, so that it tells
    nothing. A named group is shown however small. An anonymous group short of the minimum is pooled with the
    others that are; where the pool is short too, it joins a related group; else it is set aside.

    Parameters
    ----------
    raters
        Answer sheets handed in, by group; an anonymous group that was asked and stayed silent counts with 0,
        so that nobody can tell whether its one member has answered.
    protection
        Whose `minimum` an anonymous leaf must reach.
    named
        Groups whose raters were told that they are named.

    Raises
    ------
    ValueError
        When a count is below nought.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD
    >>> made = plan(
    ...     {"self": 1, "peer": 5, "client": 2, "board": 2},
    ...     protection=STANDARD,
    ...     named=frozenset({"self"}),
    ... )
    >>> [(leaf.name, leaf.groups, leaf.raters) for leaf in made.leaves]
    [('self', ('self',), 1), ('peer', ('peer',), 5), ('pooled', ('board', 'client'), 4)]
    """
    if any(count < 0 for count in raters.values()):
        raise ValueError("a group cannot have fewer than no raters")
    present = [group for group in in_order(raters) if raters[group] or group not in named]
    small = [g for g in present if g not in named and raters[g] < protection.minimum]
    shown: dict[str, tuple[str, ...]] = {g: (g,) for g in present if g not in small}

    if sum(raters[group] for group in small) >= protection.minimum:
        shown[POOLED] = tuple(small)
        small = []
    for group in [group for group in small if RELATED.get(group) in shown]:
        shown[RELATED[group]] += (group,)
        small.remove(group)

    return Plan(
        tuple(
            Leaf(name, groups, sum(raters[g] for g in groups), named=name in named)
            for name, groups in shown.items()
        ),
        tuple(Withheld(group, TOO_FEW_RATERS) for group in small),
    )


def in_order(groups: Iterable[str]) -> list[str]:
    """Return groups in the fixed order, unknown ones last by name.

    >>> in_order(["peer", "neighbour", "self"])
    ['self', 'peer', 'neighbour']
    """
    places = {group: place for place, group in enumerate(ORDER)}
    return sorted(groups, key=lambda group: (places.get(group, len(ORDER)), group))
