"""Whether leaders see themselves as others do, told by a test and not by a sign."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from assess.psychometrics.nested import pooled_within
from assess.psychometrics.ratings import Floats, Labels, column, grouped, probability


@dataclass(frozen=True)
class SelfOther:
    """Self less others, each figure an array over the family of comparisons.

    Attributes
    ----------
    gap, se, low, high
        Self less others, its standard error, and its interval; scale points.
    p, adjusted_p
        Of the hypothesis that the true gap is no larger than the minimum, alone and in its family.
    flag
        "blind spot", "hidden strength", "agree" or "cannot tell".
    """

    gap: Floats
    se: Floats
    low: Floats
    high: Floats
    p: Floats
    adjusted_p: Floats
    flag: NDArray[np.str_]


def self_other_from_scores(  # noqa: PLR0913 - the published signature: three scores, and how to test them
    self_scores: ArrayLike,
    scores: ArrayLike,
    raters: ArrayLike,
    *,
    sigma2: ArrayLike,
    df: ArrayLike,
    minimum: float = 0.5,
    correction: str = "bh",
    q: float = 0.05,
    confidence: float = 0.95,
) -> SelfOther:
    r"""Compare a leader's own scores with those of others, from scores alone.

    .. math:: d = x_{self} - \bar x_{others}, \quad se = \sqrt{\sigma^2 / n}, \quad
              p = P\left(|T_{df}\, se + \delta| \ge |d|\right)

    where :math:`\delta` is the smallest gap that matters: p is largest under :math:`|\Delta| \le \delta`.
    The self score counts as stated, without error.

    Flags: "blind spot" (self higher) and "hidden strength" (self lower) where the adjusted p is below q;
    "agree" where the 1 - 2q interval of the gap lies within plus and minus the minimum; otherwise
    "cannot tell".

    Parameters
    ----------
    self_scores, scores : (F,) scale points; one entry for each comparison of the family; NaN = none
    raters : (F,) how many raters are behind each score, above 0
    sigma2 : number or (F,) variance of raters of one leader, squared scale points
    df : number or (F,) degrees of freedom of `sigma2`; infinite when it is known
    minimum
        Smallest gap that matters, in scale points, not negative.
    correction
        "bh" (Benjamini and Hochberg: false discovery rate), "holm" or "none", over all comparisons there are.
    q
        Level of the tests, above 0 and below 0.5.
    confidence
        Of `low` and `high`, above 0 and below 1.

    Returns
    -------
    SelfOther
        Where a score, `sigma2` or `df` is NaN, so are the figures that need it; the flag is then
        "cannot tell", and the comparison does not count in the family. Without variance the gap is exact.

    Raises
    ------
    ValueError
        With arrays of different lengths, no raters, a negative variance or minimum, or an unknown correction.

    References
    ----------
    Murphy & Myors (1999), Journal of Applied Psychology 84:234, on minimum effects. Benjamini & Hochberg
    (1995), Journal of the Royal Statistical Society B 57:289. Holm (1979), Scandinavian Journal of
    Statistics 6:65. Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15:657, on
    equivalence.

    Examples
    --------
    >>> result = self_other_from_scores([5, 3, 4], [3.5, 3.1, 3.8], [8, 8, 2], sigma2=0.4, df=200)
    >>> result.gap.round(1), result.adjusted_p.round(3)
    (array([ 1.5, -0.1,  0.2]), array([0.   , 0.966, 0.966]))
    >>> result.flag.tolist()
    ['blind spot', 'agree', 'cannot tell']
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"the correction is {correction!r}: give 'bh', 'holm' or 'none'")
    probability(confidence, "confidence")
    probability(2 * q, "twice q")
    if not minimum >= 0:
        raise ValueError(f"the minimum is {minimum}: give a gap that is not negative")
    gap = _gap(self_scores, scores)
    se = np.sqrt(_of_family(sigma2, gap, least=0) / _of_family(raters, gap, least=1))
    freedom = _of_family(df, gap, least=0)
    p = _minimum_effect(np.abs(gap), se, freedom, minimum)
    adjusted = _adjusted(p, CORRECTIONS[correction])
    near = np.abs(gap) + _quantile(freedom, 1 - q) * se <= minimum
    half = _quantile(freedom, (1 + confidence) / 2) * se
    return SelfOther(gap, se, gap - half, gap + half, p, adjusted, _flags(gap, adjusted < q, near))


def self_other(
    self_scores: ArrayLike,
    values: ArrayLike,
    groups: Labels,
    *,
    minimum: float = 0.5,
    correction: str = "bh",
    q: float = 0.05,
) -> SelfOther:
    """Compare all leaders of a study with their raters, from raw ratings.

    The standard error is that of a mean of the leader's raters, from the variance of raters pooled over all
    leaders, with N - J degrees of freedom; the family is all leaders who rated themselves. For research:
    reports use `self_other_from_scores` on published scores.

    Parameters
    ----------
    self_scores : (J,) one a leader, in order of the leaders' first appearance in `groups`; NaN = none
    values : (N,) one score a rater who is not the leader, scale points; NaN = not answered
    groups : (N,) the leader of each rating
    minimum, correction, q
        As for `self_other_from_scores`.

    Returns
    -------
    SelfOther
        One entry a leader, in order of first appearance; NaN and "cannot tell" for a leader without self
        score or without answers, and for all when no leader has two raters.

    Raises
    ------
    ValueError
        When there is not one self score a leader, and as `self_other_from_scores`.

    Examples
    --------
    >>> others, leaders = [2, 3, 3, 4, 5, 4], ["Ana", "Ana", "Ana", "Ida", "Ida", "Ida"]
    >>> self_other([5, 4], others, leaders).flag.tolist()
    ['blind spot', 'cannot tell']
    """
    ratings = column(values)
    leaders = grouped(groups, ratings.size)
    if column(self_scores).size != leaders.labels.size:
        raise ValueError(
            f"give one self score for each of the {leaders.labels.size} leaders, NaN for none"
        )
    answered = ~np.isnan(ratings)
    raters = leaders.only(answered)
    sigma2, degrees = pooled_within(ratings, leaders)
    return self_other_from_scores(
        self_scores,
        raters.means(ratings[answered]),
        np.maximum(raters.sizes, 1),
        sigma2=sigma2,
        df=degrees,
        minimum=minimum,
        correction=correction,
        q=q,
    )


def _gap(self_scores: ArrayLike, scores: ArrayLike) -> Floats:
    own, others = column(self_scores), column(scores)
    if own.shape != others.shape:
        raise ValueError(
            f"there are {own.size} self scores and {others.size} of others: give one of each a comparison"
        )
    return own - others


def _of_family(numbers: ArrayLike, gap: Floats, *, least: float) -> Floats:
    """Spread a number over the family, or check that there is one a comparison."""
    given = np.asarray(numbers, dtype=np.float64)
    if given.shape not in {(), gap.shape}:
        raise ValueError(f"give one number, or one for each of the {gap.size} comparisons")
    if (given < least).any():
        raise ValueError(
            f"there is a {given.min()}: raters are at least 1, sigma2 and df at least 0"
        )
    return np.broadcast_to(given, gap.shape)


def _minimum_effect(distance: Floats, se: Floats, freedom: Floats, minimum: float) -> Floats:
    """Give the p of a gap under the null that the true one is at most the minimum."""
    exact = np.where(distance > minimum, 0.0, 1.0)
    some = np.where(se > 0, se, 1.0)
    nearer = special.stdtr(freedom, -(distance - minimum) / some)
    farther = special.stdtr(freedom, -(distance + minimum) / some)
    tested = np.where(se > 0, np.minimum(nearer + farther, 1.0), exact)
    return np.where(np.isnan(distance + se + freedom), np.nan, tested)


def _quantile(freedom: Floats, share: float) -> Floats:
    """Give the quantile of t; a family has few different degrees of freedom, and each takes long."""
    different, which = np.unique(freedom, return_inverse=True)
    return np.asarray(special.stdtrit(different, share)[which])


def _adjusted(p: Floats, correct: Callable[[Floats], Floats]) -> Floats:
    """Adjust those p which are there, in their own family."""
    adjusted = np.full(p.shape, np.nan)
    family = ~np.isnan(p)
    order = np.argsort(p[family], kind="stable")
    in_order = np.empty(order.size)
    in_order[order] = np.minimum(correct(p[family][order]), 1.0)
    adjusted[family] = in_order
    return adjusted


def _benjamini_hochberg(ascending: Floats) -> Floats:
    ranks = np.arange(1, ascending.size + 1)
    return np.minimum.accumulate((ascending * (ascending.size / ranks))[::-1])[::-1]


def _holm(ascending: Floats) -> Floats:
    return np.maximum.accumulate(ascending * np.arange(ascending.size, 0, -1))


CORRECTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "bh": _benjamini_hochberg,
    "holm": _holm,
    "none": np.copy,
}


def _flags(gap: Floats, differs: NDArray[np.bool_], near: NDArray[np.bool_]) -> NDArray[np.str_]:
    conditions = [differs & (gap > 0), differs & (gap < 0), near]
    return np.select(conditions, ["blind spot", "hidden strength", "agree"], "cannot tell")
