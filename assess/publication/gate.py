"""The gate: no plan is published from which a rater could be singled out.

It looks at plans, never at answers, and so cannot tell anything about them, not even by refusing.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product

from assess.publication.deniable import least_left
from assess.publication.plans import Leaf, Plan
from assess.publication.protection import Protection

Matrix = list[list[Fraction]]

LARGE = 60
"""From so many raters on all answers stay open, and each rater more makes an onlooker less sure."""


class GateError(Exception):
    """A plan would not protect the raters. That is our fault, and blocks the whole round."""


def check(
    plan: Plan,
    *,
    protection: Protection,
    low: int,
    high: int,
    published: Iterable[frozenset[str]] = (),
) -> None:
    """Refuse a plan that does not keep the raters of a leader apart.

    Parameters
    ----------
    plan
        The leaves which are to be published.
    low, high
        Ends of the scale.
    published
        Further sets of groups of which a figure is made from answers: there must be none but of named raters.
        What is made from symbols is not among them, for it tells nothing more.

    Raises
    ------
    GateError
        When a leaf is small, when fewer raters than the minimum can be isolated from what is published, when
        a figure beside the symbols is made from answers, or when a symbol could leave a rater too few answers
        to have given. The message holds no value.

    Examples
    --------
    >>> from assess.publication.plans import plan
    >>> from assess.publication.protection import STANDARD
    >>> made = plan({"peer": 5, "client": 2}, protection=STANDARD, named=frozenset())
    >>> check(made, protection=STANDARD, low=1, high=5)
    >>> total = frozenset({"peer", "client"})
    >>> check(made, protection=STANDARD, low=1, high=5, published=[total])
    Traceback (most recent call last):
        ...
    assess.publication.gate.GateError: fewer than 4 raters could be isolated from what is published
    """
    anonymous = [leaf for leaf in plan.leaves if not leaf.named]
    if any(leaf.raters < protection.minimum for leaf in anonymous):
        raise GateError(f"a leaf has fewer than {protection.minimum} raters")
    known = frozenset(group for leaf in plan.leaves if leaf.named for group in leaf.groups)
    further = [frozenset(groups) - known for groups in published]
    _check_isolation(anonymous, further, protection)
    if any(further):
        raise GateError(
            "a figure beside the symbols is made from answers: what symbols leave open is reckoned without it"
        )
    _check_answers(anonymous, protection, low=low, high=high)


def isolable(published: Iterable[frozenset[str]], atoms: Collection[str]) -> bool:
    """Say whether figures of the published sets can be combined into one that rests on `atoms` alone.

    Each set is a row of noughts and ones over all atoms; a combination is a row of their row space. One that
    rests on `atoms` alone exists when leaving the columns of `atoms` out makes the rank fall.

    >>> isolable([frozenset("ab"), frozenset("abc")], "c")
    True
    >>> isolable([frozenset("ab"), frozenset("cd")], "abc")
    True
    >>> isolable([frozenset("ab"), frozenset("cd")], "ac")
    False
    """
    rows = [frozenset(row) for row in published]
    everything = sorted(frozenset[str]().union(*rows))
    elsewhere = [atom for atom in everything if atom not in atoms]
    return _rank(rows, elsewhere) < _rank(rows, everything)


def _check_isolation(
    anonymous: Sequence[Leaf], further: Sequence[frozenset[str]], protection: Protection
) -> None:
    """Try every set of groups which holds no whole leaf; all others have enough raters, being leaves.

    Figures of named raters are known, so that a set which they were in tells as much without them.
    """
    rows = [*(frozenset(leaf.groups) for leaf in anonymous), *further]
    atoms = frozenset[str]().union(*rows)
    if any(isolable(rows, atoms - kept) for kept in _one_of_each(anonymous)):
        raise GateError(
            f"fewer than {protection.minimum} raters could be isolated from what is published"
        )


def _one_of_each(leaves: Sequence[Leaf]) -> Iterator[frozenset[str]]:
    return map(frozenset, product(*(leaf.groups for leaf in leaves)))


def _check_answers(
    anonymous: Iterable[Leaf], protection: Protection, *, low: int, high: int
) -> None:
    if protection.deniable <= 1:
        return  # one answer is always left: the one that was given
    for raters in {min(leaf.raters, LARGE) for leaf in anonymous}:
        left = least_left(
            raters, protection=protection, points=high - low + 1, insiders=protection.insiders
        )
        if left.answers < protection.deniable or left.certainty > protection.certainty:
            raise GateError(
                f"a symbol could leave a rater {left.answers} possible answers, one of them "
                f"{float(left.certainty):.0%} likely; the protection promises {protection.deniable}, "
                f"and none over {float(protection.certainty):.0%}"
            )


def _rank(rows: Sequence[frozenset[str]], columns: Sequence[str]) -> int:
    matrix = [[Fraction(column in row) for column in columns] for row in rows]
    rank = 0
    for place in range(len(columns)):
        rank += _eliminate(matrix, rank, place)
    return rank


def _eliminate(matrix: Matrix, start: int, place: int) -> bool:
    """Clear a column below `start`; say whether there was a row to clear it with."""
    pivot = next((i for i in range(start, len(matrix)) if matrix[i][place]), None)
    if pivot is None:
        return False
    matrix[start], matrix[pivot] = matrix[pivot], matrix[start]
    top = matrix[start]
    for i in range(start + 1, len(matrix)):
        if factor := matrix[i][place] / top[place]:
            matrix[i] = [a - factor * b for a, b in zip(matrix[i], top, strict=True)]
    return True
