"""The same judges rate every target: how reliably they do, and whether they order the targets alike."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from assess.psychometrics.ratings import (
    NOISE,
    Floats,
    centred,
    complete,
    noise,
    probability,
    table,
)

NAN = float("nan")


@dataclass(frozen=True)
class MeanSquares:
    """Ratings of n targets by the same k judges taken apart; squared scale points.

    Attributes
    ----------
    between_targets, within_targets
        BMS with n - 1 degrees of freedom, and WMS with n (k - 1).
    between_judges, residual
        What WMS consists of: JMS with k - 1, and EMS with (n - 1)(k - 1).
    targets, judges
        n and k.
    """

    between_targets: float
    within_targets: float
    between_judges: float
    residual: float
    targets: int
    judges: int


@dataclass(frozen=True)
class Icc:
    """One form of the intraclass correlation; numbers without unit.

    Attributes
    ----------
    estimate, low, high
        The share of targets in the variance of a rating, or of a mean of k ratings, and its interval.
    f, df1, df2, p
        Test of no differences between targets.
    """

    estimate: float
    low: float
    high: float
    f: float
    df1: int
    df2: int
    p: float


@dataclass(frozen=True)
class _Model:
    """What besides the targets makes ratings differ."""

    error: float
    """The mean square that of the targets is compared with."""
    leniency: float
    """What differences between judges add to the variance of a rating, k times."""
    degrees: int
    """Of freedom, of `error`."""
    interval_degrees: float
    """The same, of error and leniency together."""


def two_way_mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Take apart ratings of targets that were all rated by the same judges.

    Parameters
    ----------
    ratings : (n, k) targets x judges, scale points, complete

    Returns
    -------
    MeanSquares
        NaN where a mean square has no degree of freedom: with one target or one judge. A mean square which
        is but rounding is 0.

    Raises
    ------
    ValueError
        When a rating is missing or infinite, or `ratings` is no table.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86:420, table 3.

    Examples
    --------
    >>> squares = two_way_mean_squares([[1, 2], [2, 4], [5, 6]])
    >>> round(squares.between_targets, 3), round(squares.within_targets, 3)
    (8.167, 1.0)
    """
    shifted = _about_zero(_crossed(ratings))
    targets, judges = shifted.shape
    of_targets = shifted.mean(axis=1)
    of_judges = shifted.mean(axis=0) if targets else np.full(judges, NAN)
    apart = of_targets - of_judges.mean()
    residuals = shifted - of_judges - apart[:, np.newaxis]
    between = judges * float(apart @ apart)
    lenient = targets * float(((of_judges - of_judges.mean()) ** 2).sum())
    rest = float(np.einsum("ij,ij->", residuals, residuals))
    rounding = noise(shifted)
    return MeanSquares(
        between_targets=_mean_square(between, targets - 1, rounding),
        within_targets=_mean_square(lenient + rest, targets * (judges - 1), rounding),
        between_judges=_mean_square(lenient, judges - 1, rounding),
        residual=_mean_square(rest, (targets - 1) * (judges - 1), rounding),
        targets=targets,
        judges=judges,
    )


def intraclass_correlations(ratings: ArrayLike, *, confidence: float = 0.95) -> dict[str, Icc]:
    r"""Estimate how reliable ratings are that the same judges gave to every target.

    "ICC(1,...)" takes all disagreement for error, as if judges were different for every target;
    "ICC(2,...)" takes the judges for a sample, and their differences in leniency for error; "ICC(3,...)" is
    about these judges alone, whose leniency does not matter. "(...,1)" is about a single rating,
    "(...,k)" about the mean of the k there are. All are

    .. math:: \frac{B - E}{B + ((k - m) E + \lambda) / m}

    for m = 1 or k, with the mean square B of targets; E = WMS in the first model and EMS in the others;
    :math:`\lambda = k (JMS - EMS) / n` in the second model and 0 in the others. The interval puts
    :math:`B\,F_{\alpha/2}` and :math:`B\,F_{1-\alpha/2}` in the place of B, with quantiles of F with
    the degrees of freedom of E and n - 1; for the second model, of E and :math:`\lambda` together
    (Satterthwaite). The interval of "ICC(2,k)" is therefore that of "ICC(2,1)" stepped up by
    Spearman-Brown. R's irr gives another one, .039 to .929 in the place of .071 to .927 for the example
    below: it approximates these degrees of freedom with ICC(2,k) where ICC(2,1) belongs.

    Raters of leaders are not the same for every leader: for them see `nested.one_way`.

    Parameters
    ----------
    ratings : (n, k) targets x judges, scale points, complete
    confidence
        Of the two-sided intervals, above 0 and below 1.

    Returns
    -------
    dict
        "ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)" -> Icc. Estimates may be
        negative. With one target, one judge, or ratings that are all the same, all figures are NaN. When
        judges agree perfectly on targets that differ, estimates and bounds are 1, and F is infinite. An
        estimate or bound whose denominator is not above 0 is NaN: so those of ICC(1,k) and ICC(3,k) when all
        targets have the same mean.

    Raises
    ------
    ValueError
        When a rating is missing or infinite, or `ratings` is no table.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86:420. McGraw & Wong (1996), Psychological Methods 1:30.

    Examples
    --------
    >>> found = intraclass_correlations([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8],
    ...                                  [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> {form: round(icc.estimate, 2) for form, icc in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'ICC(1,1)': 0.17, 'ICC(2,1)': 0.29, 'ICC(3,1)': 0.71,
     'ICC(1,k)': 0.44, 'ICC(2,k)': 0.62, 'ICC(3,k)': 0.91}
    """
    probability(confidence, "confidence")
    squares = two_way_mean_squares(ratings)
    models = _models(squares)
    return {
        f"ICC({number},{name})": _icc(squares, model, length, confidence)
        for name, length in (("1", 1), ("k", squares.judges))
        for number, model in models.items()
    }


def kendall_w(ratings: ArrayLike) -> float:
    r"""Measure how far judges put the targets into the same order: Kendall's W, corrected for ties.

    .. math:: W = \frac{\sum_i (R_i - \bar R)^2}{k \sum_{ij} (r_{ij} - (n + 1)/2)^2}

    with the ranks :math:`r_{ij}` each of k judges gives the n targets, the mean rank for equals, and their
    sums :math:`R_i`. This is 12 S / (k² (n³ - n) - k T), with T from the ties. Without ties the mean rank
    correlation of two judges is (k W - 1)/(k - 1).

    Parameters
    ----------
    ratings : (n, k) targets x judges, any numbers that can be ordered, complete

    Returns
    -------
    float
        0 (no common order) to 1 (all the same); NaN with one target, one judge, or when no judge tells any
        two targets apart.

    Raises
    ------
    ValueError
        When a rating is missing or infinite, or `ratings` is no table.

    References
    ----------
    Kendall & Babington Smith (1939), Annals of Mathematical Statistics 10:275.

    Examples
    --------
    >>> round(kendall_w([[1, 2], [2, 4], [5, 3]]), 3)
    0.75
    """
    checked = _crossed(ratings)
    targets, judges = checked.shape
    ranks = stats.rankdata(checked, axis=0) - (targets + 1) / 2
    if judges < 2 or not ranks.any():
        return NAN
    return float((ranks.sum(axis=1) ** 2).sum() / (judges * (ranks**2).sum()))


def _crossed(ratings: ArrayLike) -> Floats:
    checked = table(ratings)
    if not complete(checked).all():
        raise ValueError(
            "a rating is missing: leave out the targets or judges without all ratings, or take "
            "krippendorff_alpha, which needs no complete table"
        )
    return checked


def _about_zero(ratings: Floats) -> Floats:
    """Subtract the middle of all ratings: one for all judges, whose differences stay."""
    return centred(ratings.reshape(-1, 1))[1].reshape(ratings.shape)


def _mean_square(squares: float, degrees: int, rounding: float) -> float:
    mean = squares / degrees if degrees > 0 else NAN
    return 0.0 if mean <= rounding else mean


def _models(squares: MeanSquares) -> dict[int, _Model]:
    targets, judges = squares.targets, squares.judges
    leniency = judges * (squares.between_judges - squares.residual) / max(targets, 1)
    within, crossed = targets * (judges - 1), (targets - 1) * (judges - 1)
    of_both = _degrees_of_both(squares, leniency)
    return {
        1: _Model(squares.within_targets, 0.0, within, within),
        2: _Model(squares.residual, leniency, crossed, of_both),
        3: _Model(squares.residual, 0.0, crossed, crossed),
    }


def _degrees_of_both(squares: MeanSquares, leniency: float) -> float:
    """Give the degrees of freedom of judges and residual together, in Satterthwaite's approximation."""
    targets, judges = squares.targets, squares.judges
    single = _share(squares.between_targets, squares.residual, leniency, judges, 1)
    of_judges = judges * single * squares.between_judges
    of_rest = (targets * (1 + (judges - 1) * single) - judges * single) * squares.residual
    crossed = (targets - 1) * (judges - 1)
    spread = (targets - 1) * of_judges**2 + of_rest**2
    return crossed * (of_judges + of_rest) ** 2 / spread if spread else crossed


def _icc(squares: MeanSquares, model: _Model, length: int, confidence: float) -> Icc:
    degrees, tail = squares.targets - 1, (1 - confidence) / 2
    lower, upper = special.fdtri(model.interval_degrees, degrees, [tail, 1 - tail])
    estimate, low, high = (
        _share(
            squares.between_targets * factor, model.error, model.leniency, squares.judges, length
        )
        for factor in (1.0, float(lower), float(upper))
    )
    f = _ratio(squares.between_targets, model.error)
    p = float(special.fdtrc(degrees, model.degrees, f))
    return Icc(estimate, low, high, f, degrees, model.degrees, p)


def _share(between: float, error: float, leniency: float, judges: int, length: int) -> float:
    """Share of the targets in the variance of the mean of so many ratings."""
    whole = between + ((judges - length) * error + leniency) / length
    return (between - error) / whole if whole > NOISE * (between + error) else NAN


def _ratio(between: float, error: float) -> float:
    if error:
        return between / error
    return math.inf if between > 0 else NAN
