"""Which behaviours go with an outcome over leaders: association, judged on leaders not fitted to."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import RepeatedKFold

from assess.psychometrics.ratings import NOISE, Codes, Floats, centred, column, probability, table

NAN = float("nan")
LEAST_LEADERS = 30
LEAST_RESAMPLES = 20
FOLDS, REPEATS = 5, 10
PENALTIES = np.logspace(-3, 3, 13)
"""For each leader; the inner cross-validation chooses one."""


@dataclass(frozen=True)
class Drivers:
    """What goes with the outcome; each figure an array over behaviours, (K,), except the last five.

    Attributes
    ----------
    coefficient, coefficient_low, coefficient_high
        SDs of the outcome for one SD of the behaviour, in a ridge regression on all behaviours.
    importance, importance_low, importance_high
        By how much R2 in held-out leaders falls when the behaviour is permuted among them.
    correlation, correlation_low, correlation_high
        Of the behaviour alone with the outcome, among leaders who have both: context.
    sign_stability
        Share of the resamples in which the coefficient has the sign it has here, 0 to 1.
    flag
        Whether the behaviour stands out: R2 and its importance lie above 0 with their whole intervals.
    r2, r2_low, r2_high
        Share of the squared error of "every leader is average" that is saved in held-out leaders; at most 1,
        below 0 when the behaviours do worse than the mean.
    leaders, used
        Leaders given, and leaders with an outcome and a score of at least one behaviour.
    """

    coefficient: Floats
    coefficient_low: Floats
    coefficient_high: Floats
    importance: Floats
    importance_low: Floats
    importance_high: Floats
    correlation: Floats
    correlation_low: Floats
    correlation_high: Floats
    sign_stability: Floats
    flag: NDArray[np.bool_]
    r2: float
    r2_low: float
    r2_high: float
    leaders: int
    used: int


@dataclass(frozen=True)
class _Study:
    """Leaders drawn so often each, (J,); those not drawn left out. Behaviours (J, K), outcome (J,)."""

    behaviours: Floats
    outcome: Floats
    drawn: Codes

    def only(self, rows: Codes) -> "_Study":
        return _Study(self.behaviours[rows], self.outcome[rows], self.drawn[rows])

    def redrawn(self, drawn: Codes) -> "_Study":
        some = np.flatnonzero(drawn)
        return _Study(self.behaviours[some], self.outcome[some], drawn[some])

    @property
    def answered(self) -> Codes:
        """How often each leader counts for each behaviour, (J, K): not at all where the score is missing."""
        return np.where(np.isnan(self.behaviours), 0, self.drawn[:, np.newaxis])

    def moments(self, values: Floats) -> tuple[Floats, Floats]:
        """Mean and SD of (J, K) values among those who answered; the SD is NaN where nobody differs."""
        drawn, known = self.answered, np.nan_to_num(values)
        leaders = np.maximum(drawn.sum(axis=0), 1)
        mean = (drawn * known).sum(axis=0) / leaders
        variance = (drawn * (known - mean) ** 2).sum(axis=0) / leaders
        rounding = NOISE * (known**2).max(axis=0)
        return mean, np.sqrt(np.where(variance > rounding, variance, NAN))


@dataclass(frozen=True)
class _Fitted:
    mean: Floats
    sd: Floats
    ridge: RidgeCV

    @classmethod
    def to(cls, study: _Study) -> "_Fitted":
        """Learn means, SDs, penalty and coefficients from these leaders alone.

        Leaving out one to choose the penalty leaves out all copies, for these are weights and not rows.
        """
        model = cls(*study.moments(study.behaviours), RidgeCV(PENALTIES * study.drawn.sum()))
        model.ridge.fit(model.scores(study), study.outcome, sample_weight=study.drawn)
        return model

    def scores(self, study: _Study) -> Floats:
        """Standardise behaviours; who has none, or where nobody differs, stands at the mean: 0."""
        return np.nan_to_num((study.behaviours - self.mean) / self.sd)


def drivers(
    behaviours: ArrayLike,
    outcome: ArrayLike,
    rng: Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 200,
) -> Drivers:
    r"""Find which behaviours set leaders apart who do well by an outcome.

    Behaviours of one leader go together (correlations of .7 are usual), so that one regression on all of them
    would give the credit to one by chance. Ridge regression shares it: with both standardised,

    .. math:: \hat\beta = \arg\min_\beta \sum_j (y_j - x_j' \beta)^2 + \alpha \sum_k \beta_k^2 .

    Cross-validation is nested. The inner one, leaving out one leader at a time, chooses :math:`\alpha`; the
    outer one, ten times five folds, judges: mean, SD, what stands for a missing score (the mean), penalty and
    coefficients come from the training leaders alone. Over all held-out leaders

    .. math:: R^2 = 1 - \sum_j (y_j - \hat y_j)^2 \Big/ \sum_j (y_j - \bar y_{train})^2 ,

    0 or less when the behaviours tell no more than that everybody is average. `importance` is the fall of
    this R2 when one behaviour is permuted among the held-out leaders of a fold, in expectation over all
    permutations. Behaviours that stand for each other share it, too.

    All intervals are percentiles over resamples of leaders, in each of which everything is done again; copies
    of a leader are weights of one, never on both sides of a split; where nobody differs in a resample, its
    figures count as 0. Simulated with 30 to 150 leaders and 10 to 40 behaviours (r = .1 to .6), the 95 %
    interval of R2 held the truth in 92 to 100 % and that of a real importance in 74 to 97 %: both lean low,
    for a resample has fewer different leaders. Without any association nothing was flagged; beside real
    ones, 0 to 0.7 % of the others. The intervals of the coefficients are about the shrunken ones and alone
    exclude 0 too often (6 to 15 % where nothing is): go by `flag`.

    This is association and not cause: leaders who do well may be rated well for it. It is weaker evidence
    still when the same raters gave behaviours and outcome.

    Parameters
    ----------
    behaviours : (J, K) published scores of leaders, any unit a column; NaN = none
    outcome : (J,) one number a leader, higher is more; 0 and 1 for "the others" and "the best"; NaN = none
    rng
        Draws folds and resamples: the same state, and the same order of leaders, give the same figures.
    confidence
        Of all intervals, above 0 and below 1.
    resamples
        Of leaders, at least 20.

    Returns
    -------
    Drivers
        A leader without outcome or without any score is left out. With fewer than 30 leaders, or an outcome
        in which they do not differ, all figures are NaN and nothing is flagged. So it is for a behaviour
        that fewer than 30 have or in which nobody differs; it does not enter the regression. A correlation
        is also NaN where those who have the behaviour do not differ in the outcome.

    Raises
    ------
    ValueError
        When there is not one outcome a leader, with too few resamples, or an infinite score.

    References
    ----------
    Hoerl & Kennard (1970), Technometrics 12:55. Varma & Simon (2006), BMC Bioinformatics 7:91, on nested
    cross-validation. Breiman (2001), Machine Learning 45:5, on permutation. Jiang, Varma & Simon (2008),
    Statistical Applications in Genetics and Molecular Biology 7:8, on copies in the bootstrap.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> behaviours = rng.normal(size=(60, 3))
    >>> performance = behaviours[:, 0] + rng.normal(size=60)
    >>> found = drivers(behaviours, performance, rng, resamples=20)
    >>> found.flag.tolist(), found.used
    ([True, False, False], 60)
    """
    probability(confidence, "confidence")
    if resamples < LEAST_RESAMPLES:
        raise ValueError(f"resamples is {resamples}: give at least {LEAST_RESAMPLES}")
    scores, results = table(behaviours), column(outcome)
    if results.size != scores.shape[0]:
        raise ValueError(
            f"give one outcome for each of the {scores.shape[0]} leaders, NaN for none"
        )
    usable, study = _usable(scores, results)
    figures = np.full((4, 1 + 3 * np.count_nonzero(usable)), NAN)
    if study.drawn.size >= LEAST_LEADERS and figures.shape[1] > 1 and _varies(study.outcome):
        figures = _estimated(study, rng, confidence, resamples)
    return _package(figures, usable, leaders=results.size, used=study.drawn.size)


def _usable(scores: Floats, results: Floats) -> tuple[NDArray[np.bool_], _Study]:
    """Say which behaviours can be looked at, and take the leaders who have an outcome and one of these."""
    known = ~np.isnan(results)
    behaviours, outcome = centred(scores[known])[1], centred(results[known])[1]
    answered = ~np.isnan(behaviours)
    usable = (answered.sum(axis=0) >= LEAST_LEADERS) & _varies(behaviours)
    some = answered[:, usable].any(axis=1)
    once = np.ones(np.count_nonzero(some), dtype=np.intp)
    return usable, _Study(behaviours[some][:, usable], outcome[some], once)


def _varies(shifted: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.fmax.reduce(np.abs(shifted), axis=0, initial=0.0) > 0)


def _estimated(study: _Study, rng: Generator, confidence: float, resamples: int) -> Floats:
    """Give estimate, low, high and share of equal sign, (4, ...), of each figure, `_figures` in columns."""
    leaders = study.drawn.size
    standard = replace(study, outcome=(study.outcome - study.outcome.mean()) / study.outcome.std())
    with config_context(assume_finite=True, skip_parameter_validation=True):  # checked above, once
        estimate = _figures(standard, REPEATS, _seed(rng))
        draws = rng.multinomial(leaders, np.full(leaders, 1 / leaders), size=resamples)
        again = np.array([_figures(standard.redrawn(drawn), 1, _seed(rng)) for drawn in draws])
    found = np.where(
        np.isnan(estimate), NAN, np.nan_to_num(again)
    )  # where nobody differs, nothing is
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return np.array([estimate, low, high, (np.sign(found) == np.sign(estimate)).mean(axis=0)])


def _seed(rng: Generator) -> int:
    return int(rng.integers(2**32))


def _figures(study: _Study, repeats: int, seed: int) -> Floats:
    """Give R2, importances, coefficients and correlations, in this order, (1 + 3 K,)."""
    coefficients = _Fitted.to(study).ridge.coef_
    return np.concatenate([_held_out(study, repeats, seed), coefficients, _correlations(study)])


def _held_out(study: _Study, repeats: int, seed: int) -> Floats:
    """Give R2 in leaders held out, and by how much it falls when each behaviour is permuted among them."""
    folds = RepeatedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=seed)
    splits = folds.split(study.behaviours)
    parts = np.array([_saved(study.only(train), study.only(test)) for train, test in splits])
    *saved, whole = parts.sum(axis=0)
    return np.array(saved) / (whole if whole > NOISE else NAN)


def _saved(train: _Study, test: _Study) -> Floats:
    """Give the squared error of the mean that the behaviours save, what permuting each loses, and the whole.

    What permuting loses is its expectation over all permutations of these leaders, which is closed: with
    the behaviour's part m of a prediction, about its mean, and the error e, it is the sum of 2 e m + 2 m^2.
    """
    model = _Fitted.to(train)
    scores = model.scores(test)
    error = test.outcome - model.ridge.predict(scores)
    part = model.ridge.coef_ * (scores - np.average(scores, axis=0, weights=test.drawn))
    mean = np.average(train.outcome, weights=train.drawn)
    whole = test.drawn @ (test.outcome - mean) ** 2
    lost = 2 * test.drawn @ (part * (part + error[:, np.newaxis]))
    return np.array([whole - test.drawn @ error**2, *lost, whole])


def _correlations(study: _Study) -> Floats:
    """Correlate each behaviour with the outcome, among the leaders who have both."""
    drawn, behaviours = study.answered, np.nan_to_num(study.behaviours)
    outcome = np.broadcast_to(study.outcome[:, np.newaxis], behaviours.shape)
    (mean, sd), (middle, spread) = study.moments(behaviours), study.moments(outcome)
    products = drawn * (behaviours - mean) * (outcome - middle)
    return np.asarray(products.sum(axis=0) / np.maximum(drawn.sum(axis=0), 1) / (sd * spread))


def _package(figures: Floats, usable: NDArray[np.bool_], *, leaders: int, used: int) -> Drivers:
    parts = np.full((4, 3, usable.size), NAN)
    parts[:, :, usable] = figures[:, 1:].reshape(4, 3, -1)
    importance, coefficient, correlation = parts.transpose(1, 0, 2)
    r2, r2_low, r2_high = figures[:3, 0].tolist()
    return Drivers(
        coefficient=coefficient[0],
        coefficient_low=coefficient[1],
        coefficient_high=coefficient[2],
        importance=importance[0],
        importance_low=importance[1],
        importance_high=importance[2],
        correlation=correlation[0],
        correlation_low=correlation[1],
        correlation_high=correlation[2],
        sign_stability=coefficient[3],
        flag=(r2_low > 0) & (importance[1] > 0),
        r2=r2,
        r2_low=r2_low,
        r2_high=r2_high,
        leaders=leaders,
        used=used,
    )
