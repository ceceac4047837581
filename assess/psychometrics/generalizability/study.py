"""Variance components of ratings by raters nested in targets and crossed with items."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.generalizability.blocks import Blocks
from assess.psychometrics.generalizability.search import best
from assess.psychometrics.generalizability.squares import Squares
from assess.psychometrics.ratings import Floats, Grouping, Labels, grouped, table

NEGLIGIBLE = 1e-12
"""A component below this share of all of them is rounding."""
DIFFERENCES = np.array(
    [[0, 0, 1, 1, 1], [0, 1, 0, 0, 1], [0, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]],
    dtype=float,
)
"""Which components (columns) let two answers differ that have in common: the rater; target and item;
the target; the item; nothing."""


@dataclass(frozen=True)
class GStudy:
    """What answers differ by; variances in squared scale points.

    Attributes
    ----------
    target
        The rated persons, over all raters and items: what one wants to know.
    rater
        Raters of one target: how lenient they are, and what they see in this target over all items.
    item
        How readily items are agreed to.
    target_item
        What is particular to a target on an item, so that all raters see it: strengths and weaknesses.
    residual
        What one rater says of one target on one item beyond that, errors included.
    mean
        Of all, each answer weighted by what is known of it; scale points.
    """

    target: float
    rater: float
    item: float
    target_item: float
    residual: float
    mean: float


def g_study(values: ArrayLike, groups: Labels) -> GStudy:
    r"""Take ratings apart into targets, their raters, items, and what is particular to a target's item.

    .. math:: y_{tri} = \mu + t_t + r_{r:t} + i_i + (ti)_{ti} + e_{tri}

    where all effects but the mean vary at random and independently. Raters are nested: each
    row is a rater of one target, and two rows are two raters. The components are those of the greatest
    restricted likelihood of normal answers (REML) of which none is negative.

    When every target has equally many raters and no answer is missing, mean squares equated to their
    expectations are that maximum, unless one component would be negative:

    .. math:: E(MS_t) &= \sigma^2_e + k \sigma^2_r + n \sigma^2_{ti} + n k \sigma^2_t, &
              E(MS_r) &= \sigma^2_e + k \sigma^2_r, \\
              E(MS_i) &= \sigma^2_e + n \sigma^2_{ti} + J n \sigma^2_i, &
              E(MS_{ti}) &= \sigma^2_e + n \sigma^2_{ti}, \quad E(MS_e) = \sigma^2_e .

    Else the likelihood is searched. A component at 0 then changes the others as well: it is not enough to
    set it to 0.

    Parameters
    ----------
    values : (N, k) ratings x items, scale points; NaN = not answered, and every answer given is used
    groups : (N,) the target of each rating

    Returns
    -------
    GStudy
        A component the design cannot tell from others is NaN: with one target `target`, `item` and
        `target_item`; with one rater each all but `item`; with one item all; and so on where no two raters
        of a target answered the same item, or no rater two items. Where all say the same, what can be told
        is 0. Where a rater's answers follow wholly from rater, target, and item, `residual` is 0, and
        of unbalanced ratings the others hold to about three digits; a residual below a hundred-thousandth
        of the variance counts as none in a search.

    Raises
    ------
    ValueError
        With an infinite answer, values that are not a table, or not one group a rating.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapters 3 and 7. Searle, Casella & McCulloch (1992), Variance
    Components, chapter 6. Patterson & Thompson (1971), Biometrika 58:545.

    Examples
    --------
    >>> answers = [[2, 3], [4, 4], [3, 5], [5, 5], [2, 1], [1, 2]]
    >>> study = g_study(answers, ["Ana", "Ana", "Ida", "Ida", "Kai", "Kai"])
    >>> round(study.target, 3), round(study.rater, 3), round(study.residual, 3)
    (2.0, 0.267, 0.55)
    """
    scores = table(values)
    scores, raters = _given(scores, grouped(groups, scores.shape[0]))
    if not scores.size:
        return GStudy(*[math.nan] * 6)
    lowest = float(np.fmin.reduce(scores, axis=None))
    highest = float(np.fmax.reduce(scores, axis=None))
    if lowest == highest:
        return _package(np.where(_told_apart(scores, raters), 0.0, np.nan), lowest)
    middle = lowest / 2 + highest / 2
    components, mean = _components(scores - middle, raters)
    real = ~(components <= NEGLIGIBLE * np.nansum(components))
    return _package(np.where(real, components, 0.0), middle + mean)


def _package(components: Floats, mean: float) -> GStudy:
    target, rater, item, target_item, residual = components.tolist()
    return GStudy(target, rater, item, target_item, residual, mean)


def _given(scores: Floats, raters: Grouping) -> tuple[Floats, Grouping]:
    """Leave out raters and items without any answer, and targets without raters."""
    if not np.isnan(scores.sum()):
        return scores, raters.inhabited()
    answered: NDArray[np.bool_] = ~np.isnan(scores)
    rows = np.asarray(answered.any(axis=1))
    return scores[rows][:, answered.any(axis=0)], raters.only(rows).inhabited()


def _components(scores: Floats, raters: Grouping) -> tuple[Floats, float]:
    """Give components and mean of answers that differ, in the order of `GStudy`."""
    if not _is_balanced(scores, raters):
        found, mean = best(Blocks.of(scores, raters))
        return np.where(_told_apart(scores, raters), found, np.nan), mean
    squares = Squares.of(scores, raters)
    found = squares.components()
    inside = (found > -NEGLIGIBLE * found.sum()).all()
    return (found, squares.mean) if inside else best(squares)


def _is_balanced(scores: Floats, raters: Grouping) -> bool:
    """Say whether mean squares tell all: equally many raters, nothing missing, two of everything."""
    sizes = raters.sizes
    several = min(sizes.size, int(sizes[0]), scores.shape[1]) > 1
    return several and bool((sizes == sizes[0]).all() and not np.isnan(scores.sum()))


def _told_apart(scores: Floats, raters: Grouping) -> NDArray[np.bool_]:
    """Say which components the design can tell from the others, (5,).

    All that answers say of variances is how far two of them differ; and each kind of pair, by what
    the two have in common, gives one equation, if there are such pairs.
    """
    answered = (~np.isnan(scores)).astype(np.float64)
    by_target_item = raters.sums(answered)
    one = answered.sum()
    rater = (answered.sum(axis=1) ** 2).sum()
    target_item = (by_target_item**2).sum()
    target = (by_target_item.sum(axis=1) ** 2).sum()
    item = (by_target_item.sum(axis=0) ** 2).sum()
    pairs = np.array(
        [
            rater - one,
            target_item - one,
            target - rater - target_item + one,
            item - target_item,
            one**2 - target - item + target_item,
        ]
    )
    equations = DIFFERENCES[pairs > 0]
    return np.isclose(np.diag(np.linalg.pinv(equations) @ equations), 1.0)
