"""What a round as a whole tells: how far the raters of each group can be relied on.

Kept only where at least ten leaders and eighty raters stand behind a figure (ANONYMITY.md, section 2a), and
only to two significant digits: whoever knows all but one of eighty answers still learns nothing of the last.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from assess.closing.answers import Floats, GroupAnswers
from assess.closing.figures import significant
from assess.models import WHOLE
from assess.psychometrics.agreement import average_deviation, rwg_j
from assess.psychometrics.nested import one_way
from assess.psychometrics.reliability import (
    alpha_within,
    cronbach_alpha,
    omega_total,
    raters_needed,
)
from instruments.questionnaires import Competency, Instrument

T = TypeVar("T")
Codes = NDArray[np.intp]

LEADERS_MINIMUM = 10
RATERS_MINIMUM = 80
ITEMS_SHARE = 2 / 3
NESTED = (
    "mean",
    "tau2",
    "sigma2",
    "df",
    "icc1",
    "icc1_low",
    "icc1_high",
    "reliability_of_mean",
    "raters_for_70",
)


@dataclass(frozen=True)
class Parameters:
    """The figures of one competency and rater group; empty where they may not be kept."""

    competency: str
    group: str
    figures: dict[str, Any]


def parameters(groups: Mapping[str, GroupAnswers], instrument: Instrument) -> Iterator[Parameters]:
    """Estimate everything a round tells, group by group."""
    for group, answers in groups.items():
        for competency, columns in _columns(instrument):
            figures = competency_figures(answers.ratings[:, columns], answers.leaders, instrument)
            yield Parameters(competency.key, group, figures)
        yield Parameters(WHOLE, group, group_figures(answers, instrument))


def competency_figures(ratings: Floats, leaders: Codes, instrument: Instrument) -> dict[str, Any]:
    """Return the figures of one competency in one group, or why there are none."""
    answered = ~np.isnan(ratings).all(axis=1)
    ratings, leaders = ratings[answered], leaders[answered]
    if reason := too_few(leaders):
        return {"reason": reason}
    counts = {"respondents": len(leaders), "leaders": len(np.unique(leaders))}
    estimates = {
        **_consistency(ratings, leaders),
        **_nesting(ratings, leaders),
        **_agreement(ratings, leaders, options=len(instrument.scale.points)),
    }
    return {
        **{name: int(significant(count) or 0) for name, count in counts.items()},
        **{name: significant(value) for name, value in estimates.items()},
    }


def group_figures(answers: GroupAnswers, instrument: Instrument) -> dict[str, Any]:
    """Return the covariances of competencies within leaders: how raters' errors go together."""
    scores = np.column_stack(
        [item_mean(answers.ratings[:, columns]) for _, columns in _columns(instrument)]
    )
    complete = ~np.isnan(scores).any(axis=1)
    scores, leaders = scores[complete], answers.leaders[complete]
    if reason := too_few(leaders):
        return {"reason": reason}
    residuals = scores - _leader_means(scores, leaders)
    degrees = len(leaders) - len(np.unique(leaders))
    if degrees < 1:
        return {"reason": "cannot be estimated"}
    covariances = residuals.T @ residuals / degrees
    return {"covariances": [[significant(value) for value in row] for row in covariances]}


def too_few(leaders: Codes) -> str | None:
    if len(np.unique(leaders)) < LEADERS_MINIMUM:
        return "fewer than 10 leaders"
    return "fewer than 80 raters" if len(leaders) < RATERS_MINIMUM else None


def item_mean(ratings: Floats) -> Floats:
    """Return each rater's mean over the items, where two thirds of them were answered; else NaN."""
    answered = (~np.isnan(ratings)).sum(axis=1)
    enough = answered >= ITEMS_SHARE * ratings.shape[1]
    means = np.full(len(ratings), np.nan)
    means[enough] = np.nansum(ratings[enough], axis=1) / answered[enough]
    return means


def _columns(instrument: Instrument) -> Iterator[tuple[Competency, slice]]:
    start = 0
    for competency in instrument.competencies:
        yield competency, slice(start, start + len(competency.items))
        start += len(competency.items)


def _consistency(ratings: Floats, leaders: Codes) -> dict[str, float]:
    """Return how far the items of a competency say the same thing."""
    figures = dict.fromkeys(("alpha", "alpha_low", "alpha_high", "alpha_within", "omega"), np.nan)
    if ratings.shape[1] < 2:  # noqa: PLR2004 - one item cannot agree with itself
        return figures
    alpha = _estimate(cronbach_alpha, ratings)
    if alpha:
        figures |= {"alpha": alpha.estimate, "alpha_low": alpha.low, "alpha_high": alpha.high}
    figures["alpha_within"] = _estimate(alpha_within, ratings, leaders) or np.nan
    figures["omega"] = _estimate(omega_total, ratings) or np.nan
    return figures


def _nesting(ratings: Floats, leaders: Codes) -> dict[str, float]:
    """Return how much of what raters say is about the leader, by one-way REML of their item means."""
    scores = item_mean(ratings)
    scored = ~np.isnan(scores)
    study = _estimate(one_way, scores[scored], leaders[scored])
    if study is None:
        return dict.fromkeys(
            (
                "mean",
                "tau2",
                "sigma2",
                "df",
                "icc1",
                "icc1_low",
                "icc1_high",
                "reliability_of_mean",
                "raters_for_70",
            ),
            np.nan,
        )
    return {
        "mean": study.mean,
        "tau2": study.between,
        "sigma2": study.within,
        "df": float(scored.sum() - len(study.group_sizes)),
        "icc1": study.icc1,
        "icc1_low": study.icc1_low,
        "icc1_high": study.icc1_high,
        "reliability_of_mean": study.reliability_of_mean,
        "raters_for_70": raters_needed(study.icc1) if study.icc1 > 0 else np.inf,
    }


def _agreement(ratings: Floats, leaders: Codes, *, options: int) -> dict[str, float]:
    """Return agreement as means over the leaders with at least two complete raters."""
    complete = ~np.isnan(ratings).any(axis=1)
    values, groups = ratings[complete], leaders[complete]
    return {
        "rwg_j_uniform": _mean(_estimate(rwg_j, values, groups, options=options)),
        "rwg_j_slight_skew": _mean(
            _estimate(rwg_j, values, groups, options=options, null="slight_skew")
        ),
        "average_deviation": _mean(_estimate(average_deviation, values, groups)),
    }


def _mean(values: Floats | None) -> float:
    if values is None or np.isnan(values).all():
        return np.nan
    return float(np.nanmean(values))


def _leader_means(scores: Floats, leaders: Codes) -> Floats:
    """Return, for each row, the mean row of its leader."""
    _, codes, sizes = np.unique(leaders, return_inverse=True, return_counts=True)
    sums = np.zeros((len(sizes), scores.shape[1]))
    np.add.at(sums, codes, scores)
    return (sums / sizes[:, None])[codes]


def _estimate(function: Callable[..., T], *arguments: Any, **options: Any) -> T | None:
    """Return what a function finds, or None where it says that nothing can be found."""
    try:
        return function(*arguments, **options)
    except ValueError:
        return None
