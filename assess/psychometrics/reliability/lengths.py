"""How reliability grows with items and raters, and the error it leaves."""

import math

from assess.psychometrics.ratings import NOISE, probability

NAN = float("nan")


def spearman_brown(reliability: float, factor: float) -> float:
    r"""Tell the reliability of a measure made `factor` times as long.

    .. math:: \rho_k = \frac{k \rho}{1 + (k - 1) \rho}

    Parameters
    ----------
    reliability
        Of the present measure, at most 1. NaN gives NaN.
    factor
        How many times as many items or raters, above 0; need not be whole.

    Returns
    -------
    float
        NaN for a reliability so far below zero that the longer measure would have no variance.

    Raises
    ------
    ValueError
        With a reliability above 1, or a factor that is not above 0.

    References
    ----------
    Spearman (1910), British Journal of Psychology 3:271. Brown (1910), the same volume, 296.

    Examples
    --------
    One peer of .37, five of them:

    >>> round(spearman_brown(0.37, 5), 2)
    0.75
    """
    _at_most_one(reliability)
    if not factor > 0:
        raise ValueError(f"the factor is {factor}: give a number above 0")
    return lengthened(reliability, factor)


def raters_needed(single: float, target: float = 0.70) -> float:
    r"""Tell how many raters make a mean of the wanted reliability, as a number that is not rounded up.

    .. math:: k = \frac{R (1 - \rho)}{\rho (1 - R)}

    Parameters
    ----------
    single
        Reliability of one rater, ICC(1), at most 1. NaN gives NaN.
    target
        Reliability R the mean should have, above 0 and below 1.

    Returns
    -------
    float
        Infinity when one rater has no reliability at all: no number suffices.

    Raises
    ------
    ValueError
        With a reliability above 1, or a target outside 0 to 1.

    References
    ----------
    The formula of Spearman and Brown (see `spearman_brown`), solved for the factor.

    Examples
    --------
    >>> round(raters_needed(0.30), 1)
    5.4
    """
    _at_most_one(single)
    probability(target, "the target")
    if single <= 0:
        return math.inf
    return target * (1 - single) / (single * (1 - target))


def standard_error_of_measurement(sd: float, reliability: float) -> float:
    r"""Tell how far an observed score strays from the true one, in the unit of `sd`.

    .. math:: SEM = s \sqrt{1 - \rho}

    Parameters
    ----------
    sd
        Standard deviation of the observed scores, not negative.
    reliability
        Of these scores, at most 1. NaN gives NaN.

    Raises
    ------
    ValueError
        With a negative standard deviation, or a reliability above 1.

    References
    ----------
    Lord & Novick (1968), Statistical Theories of Mental Test Scores, chapter 3.

    Examples
    --------
    >>> standard_error_of_measurement(2.0, 0.75)
    1.0
    """
    _at_most_one(reliability)
    if sd < 0:
        raise ValueError(f"the standard deviation is {sd}: give one which is not negative")
    return sd * math.sqrt(1 - reliability)


def _at_most_one(reliability: float) -> None:
    if reliability > 1:
        raise ValueError(f"the reliability is {reliability}: give a number of at most 1")


def lengthened(reliability: float, factor: float) -> float:
    """Apply the formula of Spearman and Brown unchecked."""
    length = 1 + (factor - 1) * reliability
    return factor * reliability / length if length > NOISE else NAN
