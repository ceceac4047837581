"""Whether a leader's score has changed by more than two measurements of one thing differ by chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from assess.psychometrics.ratings import Floats, column, probability


@dataclass(frozen=True)
class Change:
    """Second measurement less the first, each figure an array over leaders.

    Attributes
    ----------
    index
        The change in units of its standard error.
    p
        Of the hypothesis that the true score is the same, two-sided.
    flag
        "improved", "declined", "no reliable change" or "cannot tell".
    """

    index: Floats
    p: Floats
    flag: NDArray[np.str_]


def reliable_change(
    before: ArrayLike,
    after: ArrayLike,
    *,
    sem_before: ArrayLike,
    sem_after: ArrayLike,
    confidence: float = 0.95,
) -> Change:
    r"""Test for each leader alone whether the score has changed.

    .. math:: RC = \frac{x_{after} - x_{before}}{\sqrt{SEM_{before}^2 + SEM_{after}^2}}, \qquad
              p = 2\,\Phi(-|RC|)

    With one SEM for both measurements this is the index of Jacobson and Truax, who flag beyond 1.96; two
    differ when another number of raters answered. Errors are taken for normal and independent, as those of
    different raters are; where the same raters answer twice they are partly shared, and the test too slow to
    flag a change.

    Flags: "improved" (higher) and "declined" (lower) where p is below 1 - confidence; otherwise
    "no reliable change", which does not say that nothing has changed. Without any true change one leader in
    twenty is flagged by chance: each is tested alone, without regard to the others.

    Parameters
    ----------
    before, after : (J,) scale points, one a leader; NaN = not measured
    sem_before, sem_after : number or (J,) standard errors of these scores, scale points, not negative
    confidence
        Above 0 and below 1.

    Returns
    -------
    Change
        Where a score or its standard error is NaN, so are `index` and `p`, and the flag is "cannot tell".
        Without any error of measurement every difference is certain: the index is infinite and p is 0; where
        the scores are then equal they are 0 and 1.

    Raises
    ------
    ValueError
        With arrays of different lengths, a negative or infinite standard error, an infinite score, or a
        confidence outside 0 to 1.

    References
    ----------
    Jacobson & Truax (1991), Journal of Consulting and Clinical Psychology 59:12. Christensen & Mendoza
    (1986), Behavior Therapy 17:305, on the standard error of a difference.

    Examples
    --------
    >>> change = reliable_change([3.2, 3.6, 4.0], [3.9, 3.5, 3.1], sem_before=0.2, sem_after=[0.2, 0.3, 0.3])
    >>> change.index.round(2), change.p.round(3)
    (array([ 2.47, -0.28, -2.5 ]), array([0.013, 0.782, 0.013]))
    >>> change.flag.tolist()
    ['improved', 'no reliable change', 'declined']
    """
    level = 1 - probability(confidence, "confidence")
    first, second = column(before), column(after)
    if first.shape != second.shape:
        raise ValueError(
            f"there are {first.size} scores before and {second.size} after: give both of each leader"
        )
    difference = second - first
    error = np.hypot(_errors(sem_before, first), _errors(sem_after, first))
    index = _in_units_of(difference, error)
    p = 2 * special.ndtr(-np.abs(index))
    changed = p < level
    conditions = [changed & (index > 0), changed & (index < 0), ~np.isnan(index)]
    flag = np.select(conditions, ["improved", "declined", "no reliable change"], "cannot tell")
    return Change(index, p, flag)


def _errors(sem: ArrayLike, scores: Floats) -> Floats:
    """Spread a standard error over the leaders, or check that there is one a leader."""
    given = np.asarray(sem, dtype=np.float64)
    if given.shape not in {(), scores.shape}:
        raise ValueError(
            f"give one standard error, or one for each of the {scores.size} leaders; "
            f"these have shape {given.shape}"
        )
    if (given < 0).any() or np.isinf(given).any():
        raise ValueError("a standard error is negative or infinite: give scale points, or NaN")
    return np.broadcast_to(given, scores.shape)


def _in_units_of(difference: Floats, error: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # certain means infinite
        units = difference / error
    return np.where((difference == 0) & (error == 0), 0.0, units)
