"""Whether groups with the same total score answer an item alike, by Mantel and Haenszel."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from assess.psychometrics.items.matching import UNKNOWN, Item, matched
from assess.psychometrics.ratings import Floats
from assess.psychometrics.selection import mantel_haenszel

NAN = float("nan")
DELTA = -2.35
"""From a log odds ratio to the delta scale, on which test makers count difficulty."""
LEVEL = 0.05
ONE_SIDED = float(special.ndtri(1 - LEVEL))


@dataclass(frozen=True)
class MantelHaenszelDif:
    """Differential item functioning, each figure an array over items, (K,).

    Attributes
    ----------
    odds_ratio, low, high
        Odds of the higher answer in the reference group to those in the focal group at the same total score,
        and the 95 % interval; NaN for items with more than two answers.
    delta
        -2.35 times its logarithm: below 0, the focal group gives the higher answer *less* often.
    smd
        Mean of the focal group less what the reference group has at the same total scores; scale points.
    effect
        `smd` in standard deviations of the item.
    chi_squared, p
        Of the hypothesis that the groups answer alike at the same total score; one degree of freedom.
    category
        "A" (negligible), "B" (moderate), "C" (large) or "cannot tell".
    """

    odds_ratio: Floats
    low: Floats
    high: Floats
    delta: Floats
    smd: Floats
    effect: Floats
    chi_squared: Floats
    p: Floats
    category: NDArray[np.str_]


class _Figures(NamedTuple):
    """Those of one item, as in `MantelHaenszelDif`."""

    odds_ratio: float = NAN
    low: float = NAN
    high: float = NAN
    delta: float = NAN
    smd: float = NAN
    effect: float = NAN
    chi_squared: float = NAN
    p: float = NAN
    category: str = UNKNOWN


def mantel_haenszel_dif(scores: ArrayLike, focal: ArrayLike) -> MantelHaenszelDif:
    r"""Find items which two groups answer differently though their total scores are the same.

    Respondents are matched by the sum of all items, the studied one included (Holland & Thayer). An item with
    *two* answers is judged by the Mantel-Haenszel odds ratio :math:`\hat\psi` and its corrected chi-squared,
    on the scale :math:`\Delta = -2.35 \ln \hat\psi`: "A" when :math:`|\Delta| < 1` or
    :math:`p \ge .05`; "C" when :math:`|\Delta| \ge 1.5` and significantly above 1 (one-sided, 5 %);
    else "B".

    An item with *more* answers counts as ordered. With the sum :math:`F_k` of the focal group's answers in
    stratum k and its mean and variance if the groups were drawn from it at random,

    .. math:: \chi^2 = \frac{\left(\sum_k F_k - E(F_k)\right)^2}{\sum_k V(F_k)}, \qquad
              SMD = \frac{\sum_k n_{Fk} (\bar y_{Fk} - \bar y_{Rk})}{\sum_k n_{Fk}},

    the latter over the strata with both groups (Mantel 1963; Dorans & Schmitt 1991): "A" when
    :math:`|SMD|/SD \le .17` or :math:`p \ge .05`, "C" above .25, else "B".

    It finds *uniform* differences; where groups differ one way among low and the other way among
    high scores, ask `logistic_dif`. A category says where to look, not that an item is unfair. Totals are the
    same by design, so that one biased item makes the others look a little biased the other way. Raters of one
    leader are not independent: p is then too small. With many items, some p below .05 come by chance.

    Parameters
    ----------
    scores : (N, K) respondents x items, reverse-keyed items turned; NaN = not answered
    focal : (N,) True for the focal group, False for the reference group

    Returns
    -------
    MantelHaenszelDif
        Only complete respondents count. NaN and "cannot tell" for an item where no total score is found in
        both groups with different answers, such as one all answered alike. Where the odds ratio is 0 or
        infinite its interval is not known, and the category is "C" if p is below .05.

    Raises
    ------
    ValueError
        With fewer than two items, or when there is not one True or False a respondent.

    References
    ----------
    Holland & Thayer (1988), in Wainer & Braun, Test Validity, p. 129. Mantel (1963), Journal of the American
    Statistical Association 58:690. Dorans & Schmitt (1991), ETS RR-91-47. Categories: Zieky (1993), in
    Holland & Wainer, Differential Item Functioning, p. 337; for ordered items Zwick, Thayer & Mazzeo (1997),
    Describing and Categorizing DIF in Polytomous Items, GRE Board Report 93-10P.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ability, focal = rng.normal(size=(800, 1)), np.arange(800) % 2 == 1
    >>> harder = np.where(focal, 1.2, 0.0)[:, np.newaxis] * [1, 0, 0, 0, 0, 0]
    >>> found = mantel_haenszel_dif(ability - harder > rng.logistic(size=(800, 6)), focal)
    >>> found.delta.round(1), found.category.tolist()
    (array([-2.6, -0.1,  0.3,  0.6,  1. ,  0.8]), ['C', 'A', 'A', 'A', 'A', 'A'])
    """
    figures = [_figures(item) for item in matched(scores, focal).items()]
    return MantelHaenszelDif(*(np.array(column) for column in zip(*figures, strict=True)))


def mantel_haenszel_dif_of_tables(counts: ArrayLike, answers: ArrayLike) -> MantelHaenszelDif:
    """Find the same from tables, where the answers of single respondents are not there any more.

    Parameters
    ----------
    counts : (K, S, 2, C) respondents; items x strata x groups (reference, focal) x answers
    answers : (C,) what each of these answers is worth, scale points

    Returns
    -------
    MantelHaenszelDif
        As `mantel_haenszel_dif`. The fewer strata, the less alike are those who are compared within one:
        where the groups differ in level, items that tell levels apart well look a little biased.

    Raises
    ------
    ValueError
        When the tables have another shape, or a number below 0.

    References
    ----------
    As `mantel_haenszel_dif`.

    Examples
    --------
    >>> alike, otherwise = [[[30, 70], [30, 70]]], [[[30, 70], [60, 40]]]
    >>> mantel_haenszel_dif_of_tables([alike, otherwise], [0, 1]).category.tolist()
    ['A', 'C']
    """
    tables, points = np.asarray(counts, dtype=np.float64), np.asarray(answers, dtype=np.float64)
    if tables.ndim != 4 or tables.shape[2:] != (2, points.size) or (tables < 0).any():
        raise ValueError(
            f"give counts of items x strata x 2 groups x {points.size} answers, none below 0; "
            f"these have shape {tables.shape}"
        )
    given = [
        Item(points[some], table[..., some])
        for table, some in zip(tables, _given(tables), strict=True)
    ]
    figures = [_figures(item) for item in given]
    return MantelHaenszelDif(*(np.array(column) for column in zip(*figures, strict=True)))


def _given(tables: Floats) -> NDArray[np.bool_]:
    """Say which answers were given to each item at all, (K, C)."""
    return np.asarray(tables.sum(axis=(1, 2)) > 0)


def _figures(item: Item) -> _Figures:
    if not item.tells:
        return _Figures()
    judged = _dichotomous(item) if item.answers.size == 2 else _ordered(item)
    smd, effect = _standardized(item)
    return judged._replace(smd=smd, effect=effect)


def _dichotomous(item: Item) -> _Figures:
    found = mantel_haenszel(item.counts[:, :, ::-1])  # the higher answer first
    delta = float(special.xlogy(DELTA, found.odds_ratio))
    surely = abs(delta) + DELTA * ONE_SIDED * np.nan_to_num(found.log_se) > 1
    return _Figures(
        odds_ratio=found.odds_ratio,
        low=found.low,
        high=found.high,
        delta=delta,
        chi_squared=found.chi_squared,
        p=found.p,
        category=_category(found.p, large=abs(delta) >= 1.5 and surely, small=abs(delta) < 1),
    )


def _ordered(item: Item) -> _Figures:
    chi_squared = _mantel(item)
    p, effect = float(special.chdtrc(1, chi_squared)), abs(_standardized(item)[1])
    category = _category(p, large=effect > 0.25, small=effect <= 0.17)
    return _Figures(chi_squared=chi_squared, p=p, category=category)


def _category(p: float, *, large: bool, small: bool) -> str:
    if p >= LEVEL or small:
        return "A"
    return "C" if large else "B"


def _standardized(item: Item) -> tuple[float, float]:
    """Give the standardized mean difference, in scale points and in standard deviations of the item."""
    respondents = item.counts.sum(axis=2)
    both = respondents.all(axis=1)
    means = item.counts[both] @ item.answers / respondents[both]
    smd = float(np.average(means[:, 1] - means[:, 0], weights=respondents[both, 1]))
    given = item.counts.sum(axis=(0, 1))
    about = item.answers - np.average(item.answers, weights=given)
    return smd, smd / float(np.sqrt(given @ about**2 / (given.sum() - 1)))


def _mantel(item: Item) -> float:
    """Give Mantel's chi-squared for ordered answers."""
    counts = item.counts[item.counts.sum(axis=2).all(axis=1)]
    (reference, focal), answered = counts.sum(axis=2).T, counts.sum(axis=1)
    sums = reference + focal
    means = answered @ item.answers / sums
    squares = (answered * (item.answers - means[:, np.newaxis]) ** 2).sum(axis=1)
    away = float((counts[:, 1] @ item.answers - focal * means).sum())
    return away**2 / float((reference * focal / (sums * (sums - 1))) @ squares)
