"""Raters nested in leaders, and how much of what they say is about the leader."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.likelihood import Profile
from assess.psychometrics.ratings import (
    Codes,
    Floats,
    Grouping,
    Labels,
    centred,
    column,
    grouped,
    noise,
    probability,
)

NAN = float("nan")


@dataclass(frozen=True)
class OneWay:
    """Ratings of leaders taken apart into what leaders and what raters differ in.

    Attributes
    ----------
    mean
        Of the leaders, each weighted by what is known of them; scale points.
    between, within
        Variance of the leaders, tau2, and of raters of one leader, sigma2; squared scale points.
    icc1, icc1_low, icc1_high
        Reliability of one rater, tau2 / (tau2 + sigma2), and its interval.
    reliability_of_mean
        Average of `group_reliabilities`: how reliable a leader's mean is, over the leaders there are.
    group_labels, group_sizes, group_means
        The J leaders in order of first appearance, their ratings, and the means of these in scale points.
    group_reliabilities
        Reliability of each leader's mean, tau2 / (tau2 + sigma2 / n).
    shrunken
        Each leader's best prediction: the mean drawn to that of all as far as it is unreliable; scale points.
    conditional_sd
        How far the leader's true score may be from `shrunken` if the components were known; scale points.
    shrunken_sd
        The same, enlarged because mean and components are estimated; never below `conditional_sd`.
    """

    mean: float
    between: float
    within: float
    icc1: float
    icc1_low: float
    icc1_high: float
    reliability_of_mean: float
    group_labels: NDArray[Any]
    group_sizes: Codes
    group_means: Floats
    group_reliabilities: Floats
    shrunken: Floats
    conditional_sd: Floats
    shrunken_sd: Floats


@dataclass(frozen=True)
class _Nest:
    """What the one-way model needs to know of the ratings: these are sufficient."""

    leaders: Grouping
    means: Floats
    """Of the leaders, (J,), counted from `origin`."""
    origin: float
    squares: float
    """Of the ratings about their leaders' means, summed."""
    rounding: float
    """Which variance is but rounding."""

    @property
    def sizes(self) -> Codes:
        return self.leaders.sizes

    @property
    def ratings(self) -> int:
        return self.leaders.codes.size

    @property
    def degrees(self) -> int:
        """Degrees of freedom within leaders, N - J."""
        return self.ratings - self.means.size

    @property
    def within(self) -> float:
        """Variance of the raters of one leader, pooled; NaN when no leader has two."""
        return self.real(self.squares / self.degrees) if self.degrees else NAN

    def real(self, variance: float) -> float:
        """Take a variance that is negative, or but rounding, for none."""
        return variance if variance > self.rounding else 0.0


def one_way(
    values: ArrayLike, groups: Labels, *, method: str = "reml", confidence: float = 0.95
) -> OneWay:
    r"""Take apart ratings of leaders by different, and differently many, raters.

    .. math:: y_{tr} = \mu + u_t + e_{tr}, \qquad u_t \sim (0, \tau^2), \quad e_{tr} \sim (0, \sigma^2)

    "reml" maximises the restricted likelihood of normal ratings, in which :math:`\mu` and
    :math:`\sigma^2` have closed forms once the ratio :math:`\lambda = \tau^2 / \sigma^2` is given, so that
    only this one number is searched: with :math:`w_t = n_t / (1 + n_t \lambda)` and
    :math:`Q = SS_w + \sum_t w_t (\bar y_t - \hat\mu)^2`,

    .. math:: -2\,\ell(\lambda) = (N - 1) \log Q + \sum_t \log(1 + n_t \lambda) + \log \sum_t w_t .

    "anova" equates mean squares: :math:`\tau^2 = \max(0, (MS_b - MS_w) / n_0)` with
    :math:`n_0 = (N - \sum n_t^2 / N) / (J - 1)`. Where leaders have unequally many raters the two differ:
    always name the one you used.

    The interval of ICC(1) holds all values whose restricted likelihood, profiled over the rest, comes near
    enough to the best one (chi-squared, one degree of freedom), with either method. Near zero it
    is conservative.

    `shrunken` is :math:`\hat\mu + R_t (\bar y_t - \hat\mu)`. Its `conditional_sd`,
    :math:`\sqrt{\tau^2 (1 - R_t)}`, takes the components as known; `shrunken_sd` is the root of
    :math:`g_1 + g_2 + 2 g_3` (Prasad & Rao; Datta & Lahiri for REML), where :math:`g_1` is the square of
    the former, :math:`g_2 = (1 - R_t)^2 \operatorname{var}(\hat\mu)`, and
    :math:`g_3 = n_t^{-2} (\tau^2 + \sigma^2 / n_t)^{-3} V` with :math:`V` the variance of
    :math:`\sigma^2 \hat\tau^2 - \tau^2 \hat\sigma^2` from the information about the components. It is a
    large-sample correction: do not print intervals from it below 30 leaders.

    Parameters
    ----------
    values : (N,) one score a rating, scale points; NaN = not answered, and left out
    groups : (N,) the leader of each rating; one without any answer is left out
    method
        "reml" or "anova".
    confidence
        Of the interval of ICC(1), above 0 and below 1.

    Returns
    -------
    OneWay
        With one leader, or when no leader has two raters, the components cannot be told apart: `between`, the
        ICC and all that follows from them are NaN. When raters of one leader never differ, `within` is 0, the
        ICC 1 if leaders differ and NaN if not, and its interval NaN. Without answers all is NaN or empty.

    Raises
    ------
    ValueError
        With an unknown method, an infinite answer, or not one leader a rating.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, chapter 3. Prasad & Rao (1990), Journal of
    the American Statistical Association 85:163. Datta & Lahiri (2000), Statistica Sinica 10:613.

    Examples
    --------
    >>> result = one_way([2, 4, 3, 5, 5, 5], ["Ana", "Ana", "Ida", "Ida", "Kai", "Kai"])
    >>> round(result.icc1, 3), round(result.icc1_low, 3), round(result.icc1_high, 3)
    (0.2, 0.0, 0.943)
    >>> result.shrunken.round(3)
    array([3.667, 4.   , 4.333])
    """
    if method not in {"reml", "anova"}:
        raise ValueError(f"the method is {method!r}: give 'reml' or 'anova'")
    probability(confidence, "confidence")
    nest = _nest(values, groups)
    if nest.means.size < 2 or not nest.degrees:
        return _package(nest, NAN, nest.within, (NAN, NAN))
    if not nest.within:
        return _package(nest, _between_only(nest, method), 0.0, (NAN, NAN))
    profile = Profile.of(nest.sizes, nest.means, nest.squares)
    between, within = _reml(nest, profile) if method == "reml" else _anova(nest)
    return _package(nest, between, within, profile.interval(confidence))


def pooled_within(values: ArrayLike, groups: Labels) -> tuple[float, int]:
    """Pool the variance of raters of one leader over leaders, and tell its degrees of freedom, N - J.

    Parameters
    ----------
    values : (N,) one score a rating, scale points; NaN = not answered
    groups : (N,) the leader of each rating

    Examples
    --------
    >>> pooled_within([2, 4, 3, 5, 5, 5], [1, 1, 2, 2, 3, 3])
    (1.3333333333333333, 3)
    """
    nest = _nest(values, groups)
    return nest.within, nest.degrees


def _nest(values: ArrayLike, groups: Labels) -> _Nest:
    ratings = column(values)
    leaders = grouped(groups, ratings.size)
    answered = ~np.isnan(ratings)
    if not answered.all():
        ratings, leaders = ratings[answered], leaders.only(answered).inhabited()
    origin, shifted = centred(ratings)
    means = leaders.means(shifted)
    apart = np.take(means, leaders.codes)
    apart -= shifted  # in place: finding room for as many numbers again costs more than the numbers
    return _Nest(leaders, means, float(origin), float(apart @ apart), noise(shifted))


def _reml(nest: _Nest, profile: Profile) -> tuple[float, float]:
    ratio = profile.best()
    weights = nest.sizes / (1 + ratio * nest.sizes)
    about = float(weights @ (nest.means - _mean(nest, weights)) ** 2)
    within = (nest.squares + about) / (nest.ratings - 1)
    return ratio * within, within


def _anova(nest: _Nest) -> tuple[float, float]:
    leaders = nest.means.size
    about = float(nest.sizes @ (nest.means - _mean(nest, nest.sizes)) ** 2)
    n0 = (nest.ratings - float((nest.sizes**2).sum()) / nest.ratings) / (leaders - 1)
    return nest.real((about / (leaders - 1) - nest.within) / n0), nest.within


def _between_only(nest: _Nest, method: str) -> float:
    """Give the variance of leaders whose raters all agree; with REML the limit of its estimates."""
    if method == "anova":
        return _anova(nest)[0]
    return nest.real(float(nest.means.var(ddof=1)))


def _mean(nest: _Nest, weights: Floats | Codes) -> float:
    return float(weights @ nest.means / weights.sum())


def _package(nest: _Nest, between: float, within: float, interval: tuple[float, float]) -> OneWay:
    spread = within + between * nest.sizes  # n times the variance of a leader's mean
    known = bool((spread > 0).all())
    mean = _mean(nest, nest.sizes / spread if known else nest.sizes) if nest.ratings else NAN
    reliabilities = between * nest.sizes / spread if known else np.full(nest.means.size, NAN)
    low, high = (ratio / (1 + ratio) for ratio in interval)
    return OneWay(
        mean=nest.origin + mean,
        between=between,
        within=within,
        icc1=between / (between + within) if known else NAN,
        icc1_low=low,
        icc1_high=high,
        reliability_of_mean=float(reliabilities.mean()) if nest.ratings else NAN,
        group_labels=nest.leaders.labels,
        group_sizes=nest.sizes,
        group_means=nest.origin + nest.means,
        group_reliabilities=reliabilities,
        shrunken=nest.origin + mean + reliabilities * (nest.means - mean),
        conditional_sd=np.sqrt(between * (1 - reliabilities)),
        shrunken_sd=_enlarged(nest, between, within, reliabilities),
    )


def _enlarged(nest: _Nest, between: float, within: float, reliabilities: Floats) -> Floats:
    """Add to the conditional variance what estimating the mean and the components costs."""
    if not within > 0:
        return np.sqrt(between * (1 - reliabilities))
    sizes, spread = nest.sizes, within + between * nest.sizes
    mean_unsure = (1 - reliabilities) ** 2 / (sizes / spread).sum()
    components_unsure = sizes / spread**3 * _component_variance(nest, between, within)
    return np.asarray(np.sqrt(between * (1 - reliabilities) + mean_unsure + 2 * components_unsure))


def _component_variance(nest: _Nest, between: float, within: float) -> float:
    """Variance of sigma2 times the estimate of tau2 less tau2 times that of sigma2, in large samples."""
    squares = (within + between * nest.sizes) ** 2
    of_between = float((nest.sizes**2 / squares).sum()) / 2
    shared = float((nest.sizes / squares).sum()) / 2
    of_within = (float((1 / squares).sum()) + nest.degrees / within**2) / 2
    crossed = within**2 * of_within + between**2 * of_between + 2 * within * between * shared
    return crossed / (of_between * of_within - shared**2)
