"""How far a mean over other raters and other items could be relied on."""

import math
from dataclasses import dataclass

from assess.psychometrics.generalizability.study import GStudy
from assess.psychometrics.ratings import probability

ROUNDING = 1e-9
"""A number of raters that little above a whole one is that one; room that little is none."""


@dataclass(frozen=True)
class DStudy:
    """What to expect of a target's mean over some raters and items.

    Attributes
    ----------
    generalizability
        Share of the variance of such means that is the targets', for comparing targets rated on the same
        items; the coefficient E rho².
    dependability
        The same where the level counts, and not only the order: items are then part of the error; Phi.
    relative_sem, absolute_sem
        Standard error of the mean for either purpose, scale points.
    same_items
        Generalizability to other raters on these very items, whose particulars count as the target's own.
    """

    generalizability: float
    dependability: float
    relative_sem: float
    absolute_sem: float
    same_items: float


def d_study(study: GStudy, *, raters: float, items: float) -> DStudy:
    r"""Tell how reliable a target's mean over n raters and k items would be.

    .. math:: \sigma^2_\delta = \frac{\sigma^2_r}{n} + \frac{\sigma^2_{ti}}{k} + \frac{\sigma^2_e}{n k}, \quad
              \sigma^2_\Delta = \sigma^2_\delta + \frac{\sigma^2_i}{k}, \quad
              E\rho^2 = \frac{\sigma^2_t}{\sigma^2_t + \sigma^2_\delta}, \quad
              \Phi = \frac{\sigma^2_t}{\sigma^2_t + \sigma^2_\Delta}

    and with the items fixed :math:`\sigma^2_{ti} / k` counts with :math:`\sigma^2_t`.

    Parameters
    ----------
    study
        The components, from `g_study`.
    raters, items
        How many of each the mean is taken over, at least 1; for unequal numbers their harmonic mean.

    Returns
    -------
    DStudy
        NaN in what needs a component that is not known, and where there is no variance at all.

    Raises
    ------
    ValueError
        With less than one rater or item.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapter 4.

    Examples
    --------
    >>> study = GStudy(target=0.25, rater=0.20, item=0.01, target_item=0.05, residual=0.45, mean=3.5)
    >>> found = d_study(study, raters=5, items=12)
    >>> round(found.generalizability, 3), round(found.dependability, 3), round(found.relative_sem, 3)
    (0.829, 0.826, 0.227)
    """
    _at_least_one(raters, "raters")
    _at_least_one(items, "items")
    within = (study.rater + study.residual / items) / raters
    relative = within + study.target_item / items
    absolute = relative + study.item / items
    return DStudy(
        generalizability=_share(study.target, relative),
        dependability=_share(study.target, absolute),
        relative_sem=math.sqrt(relative),
        absolute_sem=math.sqrt(absolute),
        same_items=_share(study.target + study.target_item / items, within),
    )


def raters_for(study: GStudy, *, target: float, items: float) -> float:
    r"""Tell the smallest number of raters with which a mean reaches the wanted generalizability.

    .. math:: n = \left\lceil \frac{\sigma^2_r + \sigma^2_e / k}
                       {\sigma^2_t (1 - R) / R - \sigma^2_{ti} / k} \right\rceil

    Parameters
    ----------
    study
        The components, from `g_study`.
    target
        Generalizability R that is wanted, above 0 and below 1.
    items
        How many items k the mean is taken over, at least 1.

    Returns
    -------
    float
        A whole number, at least 1. Infinity when no number of raters suffices, because what is particular to
        targets on so few items alone is too much, or targets do not differ. NaN when a component is not
        known, or there is no variance at all.

    Raises
    ------
    ValueError
        With a target outside 0 to 1, or less than one item.

    References
    ----------
    As `d_study`, whose generalizability is solved for the raters.

    Examples
    --------
    >>> study = GStudy(target=0.25, rater=0.20, item=0.01, target_item=0.05, residual=0.45, mean=3.5)
    >>> raters_for(study, target=0.70, items=12), raters_for(study, target=0.99, items=12)
    (3.0, inf)
    """
    probability(target, "the target")
    _at_least_one(items, "items")
    error = study.rater + study.residual / items
    room = study.target * (1 - target) / target - study.target_item / items
    if not study.target + study.target_item + error > 0:
        return math.nan
    if room <= ROUNDING * study.target:
        return math.inf
    return max(1.0, float(math.ceil(error / room - ROUNDING)))


def _at_least_one(number: float, what: str) -> None:
    if not number >= 1:
        raise ValueError(f"a mean over {number} {what} is asked for: give at least 1")


def _share(wanted: float, error: float) -> float:
    return wanted / (wanted + error) if wanted + error else math.nan
