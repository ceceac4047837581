"""What several releases tell together: cohorts, side by side, must not tell a few leaders apart.

An atom is a leader in one round. Whoever leads in two rounds is two atoms, for two rounds have no number in
common which a difference could cancel (docs/adr/0009).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from assess.publication.gate import GateError

LEADERS_MINIMUM = 5
"""Fewest leaders over whom a figure is given, and whom figures put together may single out."""

Atoms = frozenset[str]
Row = Mapping[Atoms, Fraction]
"""A combination of figures: how much the leaders of each class count in it; no entry is nought."""


def check_cohort(cohort: Atoms, *, released: Iterable[Atoms], publishing: Iterable[Atoms]) -> None:
    """Refuse a cohort which, beside those that were released, would tell a few leaders apart.

    A leaf that is hidden for a leader enters no cohort, so the leaders on whom a figure rests differ from
    figure to figure. Each is looked at for itself; scores are never looked at.

    Parameters
    ----------
    cohort
        Of whom a mean is to be given.
    released
        Of whom a mean was given before.
    publishing
        For each figure (a leaf's view of a competency) the leaders of whom it is published.

    Raises
    ------
    GateError
        When no figure rests on enough leaders, or when figures could be combined into one that rests on
        fewer. The message holds no value.

    Examples
    --------
    >>> everybody, few = frozenset("abcdefghijkl"), frozenset("abcdefg")
    >>> check_cohort(few, released=[everybody], publishing=[everybody])
    >>> check_cohort(few, released=[everybody], publishing=[everybody - {"l"}])
    Traceback (most recent call last):
        ...
    assess.publication.gate.GateError: fewer than 5 leaders could be told apart
    """
    cohorts, figures = [*released, cohort], set(publishing)
    if not any(told(cohort, leaders) for leaders in figures):
        raise GateError(f"no figure of the cohort would rest on {LEADERS_MINIMUM} leaders")
    for leaders in figures:
        rows = {told(each, leaders) for each in cohorts}
        if isolates_fewer(LEADERS_MINIMUM, rows):
            raise GateError(f"fewer than {LEADERS_MINIMUM} leaders could be told apart")


def told(cohort: Atoms, publishing: Atoms) -> Atoms:
    """Return on whom a cohort's mean of one figure rests: nobody, where it would be on too few.

    >>> sorted(told(frozenset("abcdef"), frozenset("bcdefg")))
    ['b', 'c', 'd', 'e', 'f']
    >>> told(frozenset("abcdef"), frozenset("cdefg"))
    frozenset()
    """
    both = cohort & publishing
    return both if len(both) >= LEADERS_MINIMUM else frozenset()


def isolates_fewer(than: int, published: Iterable[Atoms]) -> bool:
    """Say whether means over the published sets can be combined into a figure of fewer atoms.

    Every combination counts atoms alike which are in the same sets, and so takes in whole classes of them.
    Exact, and quick where the sets are few, however many atoms there are.

    >>> isolates_fewer(2, [frozenset("ab"), frozenset("bc"), frozenset("ac")])
    True
    >>> isolates_fewer(2, [frozenset("ab"), frozenset("bc")])
    False
    """
    return _lighter(list(_independent(_rows([*set(published)]))), than - 1)


def _rows(sets: Sequence[Atoms]) -> list[Row]:
    """Return each set as the classes it is made of: atoms which are in the same sets."""
    together: dict[tuple[bool, ...], set[str]] = {}
    for atom in frozenset[str]().union(*sets):
        together.setdefault(tuple(atom in row for row in sets), set()).add(atom)
    return [
        {frozenset(atoms): Fraction(1) for within, atoms in together.items() if within[place]}
        for place in range(len(sets))
    ]


def _independent(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield as many rows as there are which do not follow from others, combined into simpler ones."""
    left = list(rows)
    while left:
        first, *left = left
        if first:
            yield first
            left = [_without(row, first) for row in left]


def _lighter(rows: Sequence[Row], most: int) -> bool:
    """Say whether some combination of independent rows takes in at most so many atoms.

    It leaves a class out, and so follows from one row fewer, or takes it in, and so uses its atoms up.
    """
    if not all(rows):
        return True
    if not rows:
        return False
    first, *others = rows
    if _lighter([_without(row, first) for row in others], most):
        return True
    paid = _pivot(first)
    left = [{atoms: weight for atoms, weight in row.items() if atoms != paid} for row in rows]
    return len(paid) <= most and _lighter(left, most - len(paid))


def _without(row: Row, other: Row) -> Row:
    """Return a row less as much of another as makes it leave the other's pivot out."""
    factor = row.get(_pivot(other), 0) / other[_pivot(other)]
    if not factor:
        return row
    differences = {
        atoms: row.get(atoms, 0) - factor * other.get(atoms, 0) for atoms in {*row, *other}
    }
    return {atoms: Fraction(weight) for atoms, weight in differences.items() if weight}


def _pivot(row: Row) -> Atoms:
    return next(iter(row))
