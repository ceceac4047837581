"""Whether one group is selected less often than another, and how surely that is known."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from assess.psychometrics.ratings import Floats

NAN = float("nan")
LEAST_EXPECTED = 5
"""Cochran (1954): with fewer expected in a cell, a table tells little."""
PROBABLE = float(special.ndtri(0.975))
TIED = 1 + 1e-7
"""Two tables are equally probable when their probabilities differ by less than this factor."""


@dataclass(frozen=True)
class AdverseImpact:
    """How often a focal group is selected, beside a reference group.

    Attributes
    ----------
    rates : (2,) share of the applicants who were selected; reference, focal
    ratio, ratio_low, ratio_high
        Rate of the focal group to that of the reference group, and its 95 % interval.
    fisher_p
        Of the hypothesis that group and selection are independent; exact, two-sided.
    four_fifths
        True where the lower of the two rates is *below* four fifths of the higher: the rule of thumb is
        broken.
    enough
        True where the numbers suffice for a statement.
    """

    rates: Floats
    ratio: float
    ratio_low: float
    ratio_high: float
    fisher_p: float
    four_fifths: bool
    enough: bool


@dataclass(frozen=True)
class MantelHaenszel:
    """The odds ratio that several two-by-two tables have in common.

    Attributes
    ----------
    odds_ratio, low, high
        Odds of the first row to be in the first column, to those of the second row; 95 % interval.
    log_se
        Standard error of the logarithm of `odds_ratio`.
    chi_squared, p
        Of the hypothesis that it is 1 everywhere; one degree of freedom, continuity corrected.
    strata
        How many of the tables tell something: neither a row nor a column is empty.
    """

    odds_ratio: float
    low: float
    high: float
    log_se: float
    chi_squared: float
    p: float
    strata: int


def adverse_impact(selected: ArrayLike, applicants: ArrayLike) -> AdverseImpact:
    r"""Compare how often two groups of applicants are selected.

    .. math:: \hat\rho = \frac{s_f / n_f}{s_r / n_r}, \qquad
              \hat\rho \exp\left(\pm z \sqrt{1/s_f - 1/n_f + 1/s_r - 1/n_r}\right)

    with :math:`s` selected of :math:`n` applicants (Katz interval). Fisher's p adds up the tables with the
    same margins which are at most as probable as this one.

    The reference group is the one you name first, whatever its rate, so that the ratio may pass 1.
    The Uniform Guidelines compare with the group of the *highest* rate; so does `four_fifths`: it is True
    for a ratio below 0.8 and, the roles being changed, for one above 1.25. With several groups, put the one
    with the highest rate first and compare each of the others with it.

    `enough` asks two things. In all four cells at least 5 persons would be expected were the rates equal
    (Cochran 1954). And where `four_fifths` is True, selecting one person of the group with the lower rate in
    place of one of the other would not give that group the higher rate (Questions and Answers, 21).

    Neither a broken rule of thumb nor a small p proves discrimination, nor does their absence disprove it.

    Parameters
    ----------
    selected : (2,) persons selected; reference group, focal group
    applicants : (2,) persons who applied, the selected among them

    Returns
    -------
    AdverseImpact
        Without applicants in a group, its rate, the ratio, the interval and p are NaN. When nobody was
        selected the ratio is NaN and p is 1; when nobody of the reference group was, but some of the focal
        group were, the ratio is infinite. The interval is NaN where Katz's does not exist: nobody of a group
        was selected, or nobody of either was rejected. Where a rate is not known `four_fifths` and
        `enough` are False.

    Raises
    ------
    ValueError
        When there are not two groups, a count is negative, a fraction or missing, or more were selected than
        applied.

    References
    ----------
    Uniform Guidelines on Employee Selection Procedures (1978), 29 CFR 1607.4D; Questions and Answers (1979),
    44 FR 11996. Katz, Baptista, Azen & Pike (1978), Biometrics 34:469. Cochran (1954), Biometrics 10:417.

    Examples
    --------
    >>> impact = adverse_impact([48, 12], [80, 40])
    >>> impact.rates, impact.ratio, round(impact.fisher_p, 4)
    (array([0.6, 0.3]), 0.5, 0.0034)
    >>> round(impact.ratio_low, 2), round(impact.ratio_high, 2), impact.four_fifths, impact.enough
    (0.3, 0.83, True, True)
    """
    chosen, applied = _pair(selected, "selected"), _pair(applicants, "applicants")
    if (chosen > applied).any():
        raise ValueError("more persons were selected than applied: count the selected among both")
    rates = np.divide(chosen, applied, out=np.full(2, NAN), where=applied > 0)
    low, high = _katz(chosen, applied)
    # Rates times the same number, and whole: as a quotient, 44/58 to 55/58 would be below 0.8.
    crossed = chosen * applied[::-1]
    broken = bool(5 * crossed.min() < 4 * crossed.max())
    return AdverseImpact(
        rates=rates,
        ratio=_quotient(float(rates[1]), float(rates[0])),
        ratio_low=low,
        ratio_high=high,
        fisher_p=_fisher(chosen, applied),
        four_fifths=broken,
        enough=_as_expected(chosen, applied) and not (broken and _turns(chosen, applied)),
    )


def mantel_haenszel(tables: ArrayLike) -> MantelHaenszel:
    r"""Estimate the odds ratio which several two-by-two tables have in common.

    With cells :math:`a_k, b_k` in the first and :math:`c_k, d_k` in the second row of table k, and its sum
    :math:`n_k`,

    .. math:: \hat\psi = \frac{\sum_k R_k}{\sum_k S_k}, \quad R_k = \frac{a_k d_k}{n_k}, \;
              S_k = \frac{b_k c_k}{n_k}, \qquad
              \chi^2 = \frac{\left(|\sum_k a_k - E_k| - 1/2\right)^2}{\sum_k V_k}

    where :math:`E_k` and :math:`V_k` are the hypergeometric mean and variance of :math:`a_k`; a difference
    below one half counts as none. The variance of :math:`\ln\hat\psi` is that of Robins, Breslow & Greenland,
    good for few large tables and for many small ones; with :math:`P_k = (a_k + d_k)/n_k`,
    :math:`Q_k = 1 - P_k` and sums without index,

    .. math:: \frac{\sum P_k R_k}{2 R^2} + \frac{\sum P_k S_k + Q_k R_k}{2 R S} + \frac{\sum Q_k S_k}{2 S^2}.

    Parameters
    ----------
    tables : (K, 2, 2) persons; strata x groups (reference, focal) x outcomes (selected, not selected)

    Returns
    -------
    MantelHaenszel
        A table with an empty row or column tells nothing and changes nothing. When no table tells anything
        all is NaN. The odds ratio is infinite or 0, and its interval NaN, when one of the
        diagonals is empty in all tables.

    Raises
    ------
    ValueError
        With another shape, or a count that is negative, a fraction or missing.

    References
    ----------
    Mantel & Haenszel (1959), Journal of the National Cancer Institute 22:719. Robins, Breslow & Greenland
    (1986), Biometrics 42:311.

    Examples
    --------
    Admission of men and women to two departments of Berkeley, 1973:

    >>> both = mantel_haenszel([[[512, 313], [89, 19]], [[353, 207], [17, 8]]])
    >>> round(both.odds_ratio, 3), round(both.low, 3), round(both.high, 3), both.strata
    (0.425, 0.275, 0.658, 2)
    """
    cells = _whole(tables, "table")
    if cells.ndim != 3 or cells.shape[1:] != (2, 2):
        raise ValueError(f"give strata x 2 x 2 counts; these have shape {cells.shape}")
    rows, columns = cells.sum(axis=2), cells.sum(axis=1)
    margins = np.prod(np.hstack([rows, columns]), axis=1)
    cells, rows, columns, margins = (part[margins > 0] for part in (cells, rows, columns, margins))
    sums = rows.sum(axis=1)
    away = abs(float((cells[:, 0, 0] - rows[:, 0] * columns[:, 0] / sums).sum()))
    variance = float((margins / (sums**2 * (sums - 1))).sum())
    chi_squared = _quotient(max(away - 0.5, 0.0) ** 2, variance)
    odds_ratio, log_se = _common_odds(cells, sums)
    return MantelHaenszel(
        odds_ratio=odds_ratio,
        low=odds_ratio * math.exp(-PROBABLE * log_se),
        high=odds_ratio * math.exp(PROBABLE * log_se),
        log_se=log_se,
        chi_squared=chi_squared,
        p=float(special.chdtrc(1, chi_squared)),
        strata=len(cells),
    )


def _pair(values: ArrayLike, name: str) -> Floats:
    counts = _whole(values, name)
    if counts.shape != (2,):
        raise ValueError(
            f"{name} has shape {counts.shape}: give two counts, reference group and focal group; "
            "of several groups, compare each with the one of the highest rate"
        )
    return counts


def _whole(values: ArrayLike, name: str) -> Floats:
    counts = np.asarray(values, dtype=np.float64)
    if not ((counts >= 0) & (counts == np.trunc(counts)) & np.isfinite(counts)).all():
        raise ValueError(f"{name} has a count that is not a whole number of persons, 0 or more")
    return counts


def _quotient(part: float, whole: float) -> float:
    """Divide, where nothing by nothing is not known and anything by nothing is infinite."""
    return part / whole if whole else part * math.inf


def _katz(chosen: Floats, applied: Floats) -> tuple[float, float]:
    if not chosen.all() or (chosen == applied).all():
        return NAN, NAN
    centre = math.log(chosen[1] * applied[0] / (chosen[0] * applied[1]))
    half = PROBABLE * math.sqrt((1 / chosen - 1 / applied).sum())
    return math.exp(centre - half), math.exp(centre + half)


def _fisher(chosen: Floats, applied: Floats) -> float:
    if not applied.all():
        return NAN
    total = int(chosen.sum())
    focal = np.arange(max(0, total - applied[0]), min(total, applied[1]) + 1)
    logs = _log_choices(applied[1], focal) + _log_choices(applied[0], total - focal)
    probable = np.exp(logs - logs.max())
    as_rare = probable <= probable[focal == chosen[1]] * TIED
    return float(probable[as_rare].sum() / probable.sum())


def _log_choices(persons: float, chosen: Floats) -> Floats:
    """Give the logarithm of the number of ways to choose so many persons, but for a constant."""
    return np.asarray(-special.gammaln(chosen + 1) - special.gammaln(persons - chosen + 1))


def _as_expected(chosen: Floats, applied: Floats) -> bool:
    """Say whether every cell has enough persons to be expected, by Cochran's rule."""
    expected_times_all = np.outer(applied, [chosen.sum(), (applied - chosen).sum()])
    return bool(applied.all() and (expected_times_all >= LEAST_EXPECTED * applied.sum()).all())


def _turns(chosen: Floats, applied: Floats) -> bool:
    """Say whether one person selected in place of another would give the other group the higher rate."""
    low, high = np.argsort(chosen * applied[::-1])
    return bool((chosen[low] + 1) * applied[high] > (chosen[high] - 1) * applied[low])


def _common_odds(cells: Floats, sums: Floats) -> tuple[float, float]:
    """Give the common odds ratio and the standard error of its logarithm."""
    (a, b), (c, d) = cells.transpose(1, 2, 0)
    r, s, p, q = a * d / sums, b * c / sums, (a + d) / sums, (b + c) / sums
    for_, against = float(r.sum()), float(s.sum())
    odds_ratio = _quotient(for_, against)
    if not for_ * against:
        return odds_ratio, NAN
    variance = p @ r / for_**2 + (p @ s + q @ r) / (for_ * against) + q @ s / against**2
    return odds_ratio, math.sqrt(variance / 2)
