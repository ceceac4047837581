"""Whether answers look as if nobody read the questions: figures to screen by, never a verdict on a person.

Each function gives one figure a respondent, and each has harmless reasons to be high: a leader may truly be
equally good at everything. No cut-off is offered. Look at several figures together, ask what a result
would be without the doubtful answers, and delete nothing silently.

Anonymity: a figure of one respondent is as private as the answers. The product never shows it for a rater,
nor for a leader; it tells only, of a round, how many and what they change.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assess.psychometrics.covariances import pairwise_covariances
from assess.psychometrics.ratings import Floats, centred, noise, probability, table

FEWEST_PAIRS = 3
"""Of two points the correlation is always 1 or -1, and says nothing."""


def longstring(scores: ArrayLike) -> Floats:
    """Count the longest run of one and the same answer, in the order the items were shown.

    Parameters
    ----------
    scores : (N, k) respondents x items, as answered: reverse-keyed items *not* turned; NaN = not answered

    Returns
    -------
    (N,) array
        1 to k; higher is more doubtful. A missing answer ends a run and is none of the next. With one item
        it is 1. NaN for a respondent without answers.

    Raises
    ------
    ValueError
        With no item, or an infinite answer.

    References
    ----------
    Johnson (2005), Journal of Research in Personality 39:103.

    Examples
    --------
    >>> longstring([[3, 3, 3, 4, 4], [1, 2, 1, 2, 1]])
    array([3., 1.])
    """
    checked = table(scores)
    repeats = np.zeros(checked.shape[0], dtype=np.intp)
    longest = repeats.copy()
    for repeated in np.ascontiguousarray(_repeated(checked).T):  # over items, not respondents
        repeats = (repeats + 1) * repeated
        np.maximum(longest, repeats, out=longest)
    return _of_those_who_answered(longest + 1, checked)


def average_string(scores: ArrayLike) -> Floats:
    r"""Average the length of the runs of one and the same answer.

    .. math:: \bar \ell = k / (\text{number of runs})

    Parameters
    ----------
    scores : (N, k) respondents x items, as answered: reverse-keyed items *not* turned; NaN = not answered

    Returns
    -------
    (N,) array
        1 (no answer repeats the one before) to k (all are the same); higher is more doubtful. A missing
        answer is a run of one for itself. NaN for a respondent without answers.

    Raises
    ------
    ValueError
        With no item, or an infinite answer.

    References
    ----------
    Meade & Craig (2012), Psychological Methods 17:437.

    Examples
    --------
    >>> average_string([[3, 3, 3, 4, 4], [1, 2, 1, 2, 1]])
    array([2.5, 1. ])
    """
    checked = table(scores)
    items = checked.shape[1]
    runs = items - np.count_nonzero(_repeated(checked), axis=1)
    return _of_those_who_answered(items / runs, checked)


def response_variability(scores: ArrayLike) -> Floats:
    r"""Measure how much a respondent's answers differ among themselves, in scale points.

    .. math:: s_r = \sqrt{\frac{1}{m_r - 1} \sum_i (x_{ri} - \bar x_r)^2}

    over the :math:`m_r` items answered. Low may be straight-lining, or halo, or a leader who is equally good
    at everything; very high may be chance. Blocks of columns, one call each, show where attention fades.

    Parameters
    ----------
    scores : (N, k) respondents x items, as answered: reverse-keyed items *not* turned; NaN = not answered

    Returns
    -------
    (N,) array
        0 when all answers are the same; NaN with fewer than two answers.

    Raises
    ------
    ValueError
        With no item, or an infinite answer.

    References
    ----------
    Dunn, Heggestad, Shanock & Theilgard (2018), Journal of Business and Psychology 33:105.

    Examples
    --------
    >>> response_variability([[3, 3, 3], [2, 3, 4]])
    array([0., 1.])
    """
    by_item = centred(np.ascontiguousarray(table(scores).T))[1]
    answered = ~np.isnan(by_item)
    answers = np.count_nonzero(answered, axis=0)
    sums = by_item.sum(axis=0, where=answered)
    deviations = by_item - sums / np.maximum(answers, 1)
    squares = (deviations * deviations).sum(axis=0, where=answered)
    variances = np.full(answers.size, np.nan)
    np.divide(squares, answers - 1, out=variances, where=answers > 1)
    return np.sqrt(variances)


def mahalanobis_squared(scores: ArrayLike) -> Floats:
    r"""Measure how far a respondent's answers are from everybody's mean, given how items go together.

    .. math:: D^2_r = (x_r - \bar x)^\top S^{-1} (x_r - \bar x)

    with covariances S from all who answered both items. An item not answered counts as answered
    with its mean, so that gaps bring a respondent nearer. Were answers normal, D² of complete ones would
    follow chi-squared with k degrees of freedom; answers on a scale are not, and many more than 1 % exceed
    its 99 % point: no cut-off is made of it here.

    Parameters
    ----------
    scores : (N, k) respondents x items, turned or not, which makes no difference; NaN = not answered

    Returns
    -------
    (N,) array
        0 and up, without unit; higher is more unusual, in good faith or not. Items without variance are left
        out. Of singular covariances the pseudo-inverse of the correlations is taken: what an item repeats of
        others counts once. Where respondents are at most one more than items, D² is the same for all and
        says nothing. NaN for a respondent without answers; for all when nobody differs, or when some pair of
        items was answered by fewer than two respondents.

    Raises
    ------
    ValueError
        With no item, or an infinite answer.

    References
    ----------
    Mahalanobis (1936), Proceedings of the National Institute of Sciences of India 2:49. Meade & Craig
    (2012), Psychological Methods 17:437.

    Examples
    --------
    >>> mahalanobis_squared([[1, 1], [2, 2], [3, 3], [4, 4], [2, 5]]).round(2)
    array([2. , 0.4, 0.4, 2. , 3.2])
    """
    checked = table(scores)
    covariances = pairwise_covariances(checked)
    varying = np.diag(covariances) > 0
    checked, covariances = checked[:, varying], covariances[np.ix_(varying, varying)]
    if np.isnan(covariances).any():
        return np.full(checked.shape[0], np.nan)
    spread = np.sqrt(np.diag(covariances))
    filled = np.nan_to_num((checked - np.nanmean(checked, axis=0)) / spread)
    lengths, axes = np.linalg.eigh(covariances / np.outer(spread, spread))
    real = lengths > lengths.size * 1e-10
    return _of_those_who_answered((filled @ axes[:, real]) ** 2 @ (1 / lengths[real]), checked)


def even_odd(scores: ArrayLike, *, scales: ArrayLike) -> Floats:
    r"""Measure how *in*consistently a respondent answers the two halves of each scale.

    .. math:: -\frac{2 r}{1 + r}

    where r correlates, over the scales, the mean of the first, third, ... item of each with the mean of
    the second, fourth, ... item, stepped up by Spearman and Brown to the full length.

    The sign: higher is more doubtful, as with the package careless since its version 1.2.0. Johnson (2005),
    and that package before, give the same figure with the other sign, as a consistency.

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered
    scales : (k,) the scale each item belongs to, whole numbers or text; an item labelled NaN is of none

    Returns
    -------
    (N,) array
        -1 (consistent) to 1 (all there is below a correlation of -1/3). A half is the mean of what is
        answered of it, and a scale counts when both halves are there: NaN with fewer than three such scales,
        and when one half says the same of all scales.

    Raises
    ------
    ValueError
        When there is not one scale an item, or an infinite answer.

    References
    ----------
    Johnson (2005), Journal of Research in Personality 39:103. Curran (2016), Journal of Experimental Social
    Psychology 66:4.

    Examples
    --------
    >>> even_odd([[1, 1, 3, 3, 5, 4], [5, 1, 3, 3, 1, 5]], scales=["A", "A", "B", "B", "C", "C"]).round(3)
    array([-0.991,  1.   ])
    """
    checked = table(scores)
    labels = np.asarray(scales)
    if labels.shape != (checked.shape[1],):
        raise ValueError(
            f"give the scale of each of the {checked.shape[1]} items; the scales have shape {labels.shape}"
        )
    answered, shifted, rounding = _answered_and_shifted(checked)
    members = labels[:, np.newaxis] == np.unique(labels)
    odd = np.cumsum(members, axis=0) % 2 == 1
    x, y = (_half_means(answered, shifted, members & half) for half in (odd, ~odd))
    both = ~np.isnan(x + y)
    x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
    moments = np.array([each.sum(axis=1) for each in (both, x, y, x * x, y * y, x * y)])
    lengthened = np.maximum(_correlations(moments, rounding), -1 / 3)
    return np.asarray(-2 * lengthened / (1 + lengthened))


def psychometric_synonyms(scores: ArrayLike, *, least: float = 0.60) -> Floats:
    r"""Correlate a respondent's answers to items which everybody else answers alike.

    .. math:: r_r = \operatorname{cor}_{(i, j)}(x_{ri}, x_{rj}) \quad
              \text{over all pairs } i < j \text{ with } r_{ij} \ge \text{least}

    with the correlations :math:`r_{ij}` of items from all who answered both. The first item of a pair is that
    which stands first among the columns: another order of columns gives another figure.

    Parameters
    ----------
    scores : (N, k) respondents x items, reverse-keyed items turned; NaN = not answered
    least
        Correlation from which two items count as synonyms, above 0 and below 1.

    Returns
    -------
    (N,) array
        -1 to 1; *lower* is more doubtful. NaN for a respondent who answered both items of fewer than three
        pairs, or the first or second items of all pairs in one way; thus for all where fewer than three pairs
        of items correlate so highly.

    Raises
    ------
    ValueError
        With a `least` outside 0 to 1, no item, or an infinite answer.

    References
    ----------
    Meade & Craig (2012), Psychological Methods 17:437. Curran (2016), Journal of Experimental Social
    Psychology 66:4.

    Examples
    --------
    >>> careful = [[1, 1, 5, 5, 3, 3], [4, 5, 2, 2, 3, 3], [5, 5, 3, 3, 1, 2], [2, 1, 1, 1, 5, 4]]
    >>> psychometric_synonyms([*careful, [3, 3, 4, 5, 2, 2], [1, 4, 5, 2, 3, 3]]).round(2)
    array([ 1.  ,  0.98,  0.98,  0.97,  0.98, -1.  ])
    """
    checked = table(scores)
    pairs = _synonyms(checked, probability(least, "least"))
    answered, shifted, rounding = _answered_and_shifted(checked)
    as_first, as_second = answered @ pairs.T, answered @ pairs  # in how many pairs, for each item
    squares = shifted * shifted
    sums = [
        (answered, as_second),
        (shifted, as_first),
        (shifted, as_second),
        (squares, as_first),
        (squares, as_second),
        (shifted, shifted @ pairs),
    ]
    moments = np.array([np.einsum("ri,ri->r", each, weights) for each, weights in sums])
    return _correlations(moments, rounding)


def _repeated(scores: Floats) -> NDArray[np.bool_]:
    """Say which answers are that of the item before, (N, k - 1); a missing one never is."""
    return np.asarray(scores[:, 1:] == scores[:, :-1])


def _of_those_who_answered(figures: Floats | NDArray[np.intp], scores: Floats) -> Floats:
    return np.where(np.isnan(scores).all(axis=1), np.nan, figures)


def _answered_and_shifted(scores: Floats) -> tuple[Floats, Floats, float]:
    """Give who answered what as 1 and 0; the answers less the middle of all, 0 where missing; the noise."""
    shifted = centred(scores.reshape(-1, 1))[1].reshape(scores.shape)
    unanswered = np.isnan(scores)
    return (~unanswered).astype(np.float64), np.where(unanswered, 0.0, shifted), noise(shifted)


def _half_means(answered: Floats, shifted: Floats, half: NDArray[np.bool_]) -> Floats:
    """Average what each respondent answered of each scale's half: (N, scales) from items x scales."""
    sums, answers = shifted @ half, answered @ half
    return np.divide(sums, answers, out=np.full_like(sums, np.nan), where=answers > 0)


def _synonyms(scores: Floats, least: float) -> Floats:
    """Say as 1 and 0 which pairs of items go together, (k, k), the first of a pair being the row."""
    covariances = pairwise_covariances(scores)
    spread = np.sqrt(np.diag(covariances))
    with np.errstate(invalid="ignore"):  # a constant item correlates with none
        correlations = covariances / np.outer(spread, spread)
    return np.asarray(np.triu(correlations >= least, 1), dtype=np.float64)


def _correlations(moments: Floats, rounding: float) -> Floats:
    """Correlate pairs by their number and their sums of x, y, x squared, y squared and xy, each (N,)."""
    pairs, x, y, xx, yy, xy = moments
    first, second = pairs * xx - x * x, pairs * yy - y * y
    known = (pairs >= FEWEST_PAIRS) & (np.minimum(first, second) > rounding * pairs * pairs)
    correlations = np.full(pairs.shape, np.nan)
    spread = np.sqrt(np.where(known, first, 1.0)) * np.sqrt(np.where(known, second, 1.0))
    np.divide(pairs * xy - x * y, spread, out=correlations, where=known)
    return np.asarray(np.clip(correlations, -1, 1))
