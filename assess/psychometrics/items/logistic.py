"""Whether groups with the same total score answer an item alike, by logistic regression."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from assess.psychometrics.items.logits import Fit, Ladder
from assess.psychometrics.items.matching import UNKNOWN, Item, matched
from assess.psychometrics.ratings import Floats

NAN = float("nan")
LEVEL = 0.05
MODERATE, LARGE = 0.035, 0.070
"""Of R2: Jodoin & Gierl (2001)."""
SEPARATED = 15.0
"""Log odds no sample shows: the group parts the answers without fail."""
UNFITTED = Fit(NAN, np.full(3, NAN))


@dataclass(frozen=True)
class Improvement:
    """What further predictors add to a model, each figure an array over items, (K,).

    Attributes
    ----------
    chi_squared, p
        Likelihood ratio, of the hypothesis that they add nothing.
    r2
        By how much Nagelkerke's R2 grows.
    """

    chi_squared: Floats
    p: Floats
    r2: Floats


@dataclass(frozen=True)
class LogisticDif:
    """Differential item functioning by logistic regression on the total score.

    Attributes
    ----------
    log_odds : (K,) of a higher answer in the focal group less those in the reference group, at the same score
    uniform
        What the group adds to the total score; one degree of freedom.
    nonuniform
        What the product of group and score adds to these; one degree of freedom.
    both
        What the two add together; two degrees of freedom.
    category : (K,) "A" (negligible), "B" (moderate), "C" (large) or "cannot tell", by `both`
    """

    log_odds: Floats
    uniform: Improvement
    nonuniform: Improvement
    both: Improvement
    category: NDArray[np.str_]


def logistic_dif(scores: ArrayLike, focal: ArrayLike) -> LogisticDif:
    r"""Find items which two groups answer differently though their total scores are the same.

    With the total score t, the studied item included, and g = 1 for the focal group,

    .. math:: \operatorname{logit} P(y > k) = -\theta_k + \beta_1 t + \beta_2 g + \beta_3\, t g

    is fitted without :math:`\beta_2` and :math:`\beta_3`, with :math:`\beta_2`, and with both. What
    :math:`\beta_2` adds is *uniform*, what :math:`\beta_3` adds *nonuniform*: the groups differ more among
    low than among high scores, or one way here and the other way there. For items with two answers this is
    logistic regression (Swaminathan & Rogers), for ordered ones the proportional-odds model (Zumbo).
    Nagelkerke's

    .. math:: R^2 = \frac{1 - \exp(2 (\ell_0 - \ell) / N)}{1 - \exp(2 \ell_0 / N)}

    tells how much it is: "A" when `both.r2` is below .035 or `both.p` at least .05, "C" from .070, else
    "B" (Jodoin & Gierl). The bands of Zumbo & Thomas, .13 and .26, are far wider.

    What is said of `mantel_haenszel_dif` about totals, raters of one leader and many items holds here too.

    Parameters
    ----------
    scores : (N, K) respondents x items, reverse-keyed items turned; NaN = not answered
    focal : (N,) True for the focal group, False for the reference group

    Returns
    -------
    LogisticDif
        Only complete respondents count. NaN and "cannot tell" for an item where no total score is found in
        both groups with different answers; for all items when a group has fewer than two different totals.
        Where score or group part the answers without fail the likelihood has no maximum: its supremum
        counts, and `log_odds` may be infinite.

    Raises
    ------
    ValueError
        With fewer than two items, or when there is not one True or False a respondent.

    References
    ----------
    Swaminathan & Rogers (1990), Journal of Educational Measurement 27:361. Zumbo (1999), A Handbook on the
    Theory and Methods of Differential Item Functioning. Nagelkerke (1991), Biometrika 78:691. Jodoin & Gierl
    (2001), Applied Measurement in Education 14:329.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ability, focal = rng.normal(size=(800, 1)), np.arange(800) % 2 == 1
    >>> harder = np.where(focal, 1.2, 0.0)[:, np.newaxis] * [1, 0, 0, 0, 0, 0]
    >>> found = logistic_dif(ability - harder > rng.logistic(size=(800, 6)), focal)
    >>> found.log_odds.round(1), found.uniform.p.round(3)[:2], found.category.tolist()[:2]
    (array([-1.1, -0.1,  0.1,  0.2,  0.4,  0.3]), array([0.   , 0.724]), ['B', 'A'])
    """
    groups = matched(scores, focal)
    fits = [_fits(item, groups.totals) for item in groups.items()]
    heights = np.array([[fit.log_likelihood for fit in four] for four in fits])
    log_odds = np.array([_beyond_is_infinite(group_too.slopes[1]) for _, _, group_too, _ in fits])
    respondents = groups.focal.size
    both = _improvement(heights[:, [0, 1, 3]], 2, respondents)
    return LogisticDif(
        log_odds=log_odds,
        uniform=_improvement(heights[:, [0, 1, 2]], 1, respondents),
        nonuniform=_improvement(heights[:, [0, 2, 3]], 1, respondents),
        both=both,
        category=_categories(both),
    )


def _fits(item: Item, totals: Floats) -> list[Fit]:
    """Fit four models: without predictors, with score, group and product one after the other."""
    totals_of_group = np.count_nonzero(item.counts.sum(axis=2), axis=0)
    if not item.tells or totals_of_group.min() < 2:
        return [UNFITTED] * 4
    score, group = np.broadcast_arrays(
        ((totals - totals.mean()) / totals.std())[:, np.newaxis], np.array([0.0, 1.0])
    )
    predictors = np.stack([score, group, score * group], axis=2).reshape(-1, 3)
    counts = item.counts.reshape(-1, item.answers.size)
    return [Ladder.of(counts, predictors[:, :some]).climb() for some in range(4)]


def _beyond_is_infinite(log_odds: float) -> float:
    return math.copysign(math.inf, log_odds) if abs(log_odds) > SEPARATED else float(log_odds)


def _improvement(heights: Floats, degrees: int, respondents: int) -> Improvement:
    """Compare two models, from the log-likelihoods of none, the poorer and the richer one."""
    nothing, poorer, richer = heights.T
    richer = np.maximum(richer, poorer)  # but for rounding it is
    chi_squared = 2 * (richer - poorer)
    share = 2 / max(respondents, 1)
    missing = np.exp(share * (nothing - poorer)) - np.exp(share * (nothing - richer))
    r2 = missing / -np.expm1(share * nothing)
    return Improvement(chi_squared, special.chdtrc(degrees, chi_squared), r2)


def _categories(both: Improvement) -> NDArray[np.str_]:
    small = (both.p >= LEVEL) | (both.r2 < MODERATE)
    conditions = [np.isnan(both.p), small, both.r2 < LARGE]
    return np.select(conditions, [UNKNOWN, "A", "B"], "C")
