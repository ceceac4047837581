"""An ability behind right and wrong answers: the two-parameter logistic model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from assess.psychometrics.ratings import Floats, table

LEAST_ITEMS = 3
"""Two items have three free frequencies, and four parameters."""
STEEPEST = 6.0
"""A slope beyond this says that the data hold no end to it."""
SINGULAR = 1e-10
"""Information on a direction which is a smaller share of that on the best one is but rounding."""
NODES = np.linspace(-6, 6, 61)
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()
"""Of the abilities, standard normal. Equal steps sum smooth integrands all but exactly: up to some 60 items,
which tell an ability to 0.2, the error is below 1e-7."""


@dataclass(frozen=True)
class TwoParameter:
    """A test described by the two-parameter logistic model.

    Attributes
    ----------
    discrimination, difficulty : (K,) slope and place of each item; per SD of ability, and SDs of ability
    discrimination_se, difficulty_se : (K,) their standard errors, from the observed information
    log_likelihood
        Of the answers, abilities integrated out.
    ability, ability_sd : (N,) mean and standard deviation of each respondent's ability given the answers
    respondents
        How many answered anything.
    """

    discrimination: Floats
    difficulty: Floats
    discrimination_se: Floats
    difficulty_se: Floats
    log_likelihood: float
    ability: Floats
    ability_sd: Floats
    respondents: int


def two_parameter(responses: ArrayLike, *, minimum: int = 200) -> TwoParameter:
    r"""Estimate slope and place of each item, and the ability of each respondent.

    .. math:: P(x_{ri} = 1 \mid \vartheta_r) = \operatorname{expit}(a_i (\vartheta_r - b_i)), \qquad
              \vartheta_r \sim N(0, 1)

    by marginal maximum likelihood (Bock & Aitkin): abilities are integrated out on 61 equally spaced points,
    and a quasi-Newton climb takes the place of their EM algorithm. The logistic scale is the plain one,
    without the factor 1.7. Abilities are the means of their distributions given the answers (EAP): drawn
    to 0, the more so the fewer answers there are. The scale is turned so that discriminations add up to more
    than 0.

    Parameters
    ----------
    responses : (N, K) respondents x items, 1 = right, 0 = wrong; NaN = not answered, and left out
    minimum
        Fewest respondents the figures are given for. 200 are the fewest Drasgow (1989) found to do; with 10
        items their slopes have standard errors of about 0.3, so that 500 are better.

    Returns
    -------
    TwoParameter
        An item which all, or none, got right tells nothing: its figures are NaN, the others as without it.
        NaN too are the figures of an item whose slope grows beyond 6: answers then follow from the ability
        nearly without fail, and how nearly such data do not say. All but `respondents` is NaN with fewer of
        them than `minimum`, or fewer than three items which tell something. Standard errors are NaN when the
        information is singular, and the ability of a respondent without answers is NaN.

    Raises
    ------
    ValueError
        With an answer other than 0, 1 and NaN.

    References
    ----------
    Birnbaum, in Lord & Novick (1968), Statistical Theories of Mental Test Scores, chapter 17. Bock & Aitkin
    (1981), Psychometrika 46:443. Louis (1982), Journal of the Royal Statistical Society B 44:226, on the
    information. Drasgow (1989), Applied Psychological Measurement 13:77, on samples.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ability, place = rng.normal(size=(2000, 1)), np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    >>> found = two_parameter(1.5 * (ability - place) > rng.logistic(size=(2000, 5)))
    >>> found.discrimination.round(1), found.difficulty.round(1)
    (array([1.6, 1.4, 1.4, 1.5, 1.6]), array([-1. , -0.5,  0.1,  0.5,  1. ]))
    >>> round(float(np.corrcoef(found.ability, ability[:, 0])[0, 1]), 1)
    0.8
    """
    checked = table(responses)
    if not (np.isnan(checked) | (checked == 0) | (checked == 1)).all():
        raise ValueError(
            "an answer is neither right nor wrong: give 1, 0, and NaN for not answered"
        )
    answered = np.asarray(~np.isnan(checked).all(axis=1))
    telling = (checked == 0).any(axis=0) & (checked == 1).any(axis=0)
    respondents = int(answered.sum())
    if respondents < minimum or telling.sum() < LEAST_ITEMS:
        return _unknown(checked, respondents)
    right, wrong = (np.asarray(checked[:, telling] == mark, dtype=np.float64) for mark in (1, 0))
    test = _Test(right, wrong)
    return _package(test, test.fitted(), answered, telling)


@dataclass(frozen=True)
class _Test:
    """Answers to the items that tell something, (N, K) each: 1 where right, and 1 where wrong."""

    right: Floats
    wrong: Floats

    def abilities(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Give how probable each node is for each respondent, (N, 61), and the log-likelihoods, (N,)."""
        logits = _logits(parameters)
        joint = self.right @ special.log_expit(logits) + self.wrong @ special.log_expit(-logits)
        joint += np.log(WEIGHTS)
        highest = joint.max(axis=1, keepdims=True)
        likely = np.exp(joint - highest)
        sums = likely.sum(axis=1, keepdims=True)
        return likely / sums, (highest + np.log(sums))[:, 0]

    def fitted(self) -> Floats:
        """Maximise the likelihood over slopes and intercepts, (2K,)."""
        items = self.right.shape[1]
        solved = self.right.sum(axis=0) / (self.right + self.wrong).sum(axis=0)
        start = np.concatenate([np.ones(items), special.logit(solved)])
        ends = np.repeat([STEEPEST, np.inf], items)
        found = optimize.minimize(
            self._cost,
            start,
            jac=True,
            bounds=optimize.Bounds(-ends, ends),
            options={"ftol": 1e-15, "gtol": 1e-8, "maxiter": 10_000},
        )
        upright = np.copysign(1, found.x[:items].sum())
        return np.asarray(found.x * np.repeat([upright, 1], items))

    def _cost(self, parameters: Floats) -> tuple[float, Floats]:
        """Give the negative log-likelihood of a respondent on average, and its gradient."""
        posterior, marginal = self.abilities(parameters)
        expected = special.expit(_logits(parameters)) * ((self.right + self.wrong).T @ posterior)
        surplus = self.right.T @ posterior - expected
        gradient = np.concatenate([surplus @ NODES, surplus.sum(axis=1)])
        return -float(marginal.mean()), -gradient / marginal.size

    def information(self, parameters: Floats, posterior: Floats) -> Floats:
        """Give the observed information, (2K, 2K): of known abilities, less what not knowing them costs."""
        chances, seen = special.expit(_logits(parameters)), self.right + self.wrong
        known = (seen.T @ posterior) * chances * (1 - chances)
        complete = np.block(
            [
                [np.diag(known @ NODES**2), np.diag(known @ NODES)],
                [np.diag(known @ NODES), np.diag(known.sum(axis=1))],
            ]
        )
        products = np.zeros_like(complete)
        for node, chance, share in zip(NODES, chances.T, posterior.T, strict=True):
            surplus = self.right - seen * chance
            powers = np.outer([node, 1], [node, 1])
            products += np.kron(powers, (surplus.T * share) @ surplus)
        on_average = np.hstack(
            [
                self.right * (posterior @ NODES)[:, np.newaxis]
                - seen * (posterior * NODES @ chances.T),
                self.right - seen * (posterior @ chances.T),
            ]
        )
        return np.asarray(complete - products + on_average.T @ on_average)


def _logits(parameters: Floats) -> Floats:
    slopes, intercepts = parameters.reshape(2, -1, 1)
    return np.asarray(slopes * NODES + intercepts)


def _package(
    test: _Test, parameters: Floats, answered: NDArray[np.bool_], telling: NDArray[np.bool_]
) -> TwoParameter:
    posterior, marginal = test.abilities(parameters)
    finite = np.abs(parameters[: parameters.size // 2]) < STEEPEST
    slopes, intercepts = np.where(finite, parameters.reshape(2, -1), np.nan)
    difficulty = -intercepts / slopes
    covariances = _inverse(test.information(parameters, posterior), np.tile(finite, 2))
    of_slopes, of_intercepts = np.diag(covariances).reshape(2, -1)
    shared = np.diag(covariances, k=slopes.size)
    of_places = of_intercepts + difficulty**2 * of_slopes + 2 * difficulty * shared
    ability = posterior @ NODES
    squares = (posterior * (NODES - ability[:, np.newaxis]) ** 2).sum(axis=1)
    return TwoParameter(
        discrimination=_placed(slopes, telling),
        difficulty=_placed(difficulty, telling),
        discrimination_se=_placed(np.sqrt(of_slopes), telling),
        difficulty_se=_placed(np.sqrt(of_places) / np.abs(slopes), telling),
        log_likelihood=float(marginal.sum()),
        ability=np.where(answered, ability, np.nan),
        ability_sd=np.where(answered, np.sqrt(squares), np.nan),
        respondents=int(answered.sum()),
    )


def _inverse(information: Floats, free: NDArray[np.bool_]) -> Floats:
    """Invert the information about the free parameters; NaN for the others, and where it is singular."""
    inverse = np.full_like(information, np.nan)
    inner = information[np.ix_(free, free)]
    values = np.linalg.eigvalsh(inner)
    if values.size and values[0] > SINGULAR * values[-1]:
        inverse[np.ix_(free, free)] = np.linalg.inv(inner)
    return inverse


def _placed(figures: Floats, where: NDArray[np.bool_]) -> Floats:
    """Put figures where they belong, among NaN."""
    among = np.full(where.size, np.nan)
    among[where] = figures
    return among


def _unknown(checked: Floats, answered: int) -> TwoParameter:
    of_respondents, of_items = (np.full(size, np.nan) for size in checked.shape)
    figures = of_items, of_items, of_items, of_items, np.nan, of_respondents, of_respondents
    return TwoParameter(*figures, answered)
