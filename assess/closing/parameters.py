"""What a round as a whole tells: how far the raters of each group can be relied on.

Kept only where at least ten leaders and eighty raters stand behind a figure (docs/anonymity.md), and
only to two significant digits: whoever knows all but one of eighty answers still learns nothing of the last.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.closing.answers import Floats, GroupAnswers
from assess.closing.figures import significant
from assess.models import WHOLE
from assess.psychometrics.agreement import average_deviation, rwg_j
from assess.psychometrics.covariances import within_covariances
from assess.psychometrics.nested import one_way
from assess.psychometrics.ratings import grouped, item_means
from assess.psychometrics.reliability import (
    alpha_within,
    cronbach_alpha,
    omega_total,
    raters_needed,
)
from instruments.questionnaires import Competency, Instrument

Codes = NDArray[np.intp]

LEADERS_MINIMUM = 10
RATERS_MINIMUM = 80
SKEWED = frozenset({5, 6, 7})
"""Numbers of options for which the variance of slightly skewed answers is published."""
CONSISTENT = ("alpha", "alpha_low", "alpha_high", "omega")
CONSISTENT_WITHIN = ("alpha_within",)
AGREEING = ("rwg_j_uniform", "rwg_j_slight_skew", "average_deviation")
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
class Block:
    """Figures that rest on the same raters: which ones, whose leaders these have, and how to find them."""

    names: tuple[str, ...]
    behind: Codes
    estimate: Callable[[], Mapping[str, float]]

    def figures(self) -> dict[str, float | None]:
        """Return the figures to two significant digits; None where too few stand behind them."""
        found = {} if too_few(self.behind) else self.estimate()
        return {name: significant(found.get(name, np.nan)) for name in self.names}


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
    """Return the figures of one competency in one group, and why some or all of them are missing.

    A figure is kept only where enough leaders and raters stand behind this very figure: agreement rests on
    complete raters of leaders who have two of them, and not on everybody who answered something.
    """
    answered = ~np.isnan(ratings).all(axis=1)
    ratings, leaders = ratings[answered], leaders[answered]
    if reason := too_few(leaders):
        return {"reason": reason}
    counts = {"respondents": len(leaders), "leaders": len(np.unique(leaders))}
    figures: dict[str, Any] = {name: int(significant(n) or 0) for name, n in counts.items()}
    for block in _blocks(ratings, leaders, options=len(instrument.scale.points)):
        figures |= block.figures()
        if reason := too_few(block.behind):
            figures.setdefault("reason", reason)
    return figures


def _blocks(ratings: Floats, leaders: Codes, *, options: int) -> list[Block]:
    complete = ~np.isnan(ratings).any(axis=1)
    scored = ~np.isnan(item_means(ratings))
    twice = rated_twice(leaders[complete])
    return [
        Block(CONSISTENT, leaders[complete], partial(_consistency, ratings)),
        Block(CONSISTENT_WITHIN, twice, partial(_consistency_within, ratings, leaders)),
        Block(NESTED, rated_twice(leaders[scored]), partial(_nesting, ratings, leaders)),
        Block(AGREEING, twice, partial(_agreement, ratings, leaders, options=options)),
    ]


def group_figures(answers: GroupAnswers, instrument: Instrument) -> dict[str, Any]:
    """Return the covariances of competencies within leaders: how raters' errors go together."""
    scores = np.column_stack(
        [item_means(answers.ratings[:, columns]) for _, columns in _columns(instrument)]
    )
    complete = ~np.isnan(scores).any(axis=1)
    scores, leaders = scores[complete], answers.leaders[complete]
    if reason := too_few(rated_twice(leaders)):
        return {"reason": reason}
    covariances, _ = within_covariances(scores, grouped(leaders, len(leaders)))
    return {"covariances": [[significant(value) for value in row] for row in covariances]}


def rated_twice(leaders: Codes) -> Codes:
    """Return the rows of those leaders alone who have at least two: only these tell how raters differ."""
    _, codes, sizes = np.unique(leaders, return_inverse=True, return_counts=True)
    return leaders[sizes[codes] > 1]


def too_few(leaders: Codes) -> str | None:
    if len(np.unique(leaders)) < LEADERS_MINIMUM:
        return "fewer than 10 leaders"
    return "fewer than 80 raters" if len(leaders) < RATERS_MINIMUM else None


def _columns(instrument: Instrument) -> Iterator[tuple[Competency, slice]]:
    start = 0
    for competency in instrument.competencies:
        yield competency, slice(start, start + len(competency.items))
        start += len(competency.items)


def _consistency(ratings: Floats) -> dict[str, float]:
    """Return how far the items of a competency say the same thing."""
    if ratings.shape[1] < 2:  # noqa: PLR2004 - one item cannot agree with itself
        return {}
    alpha = cronbach_alpha(ratings)
    figures = {"alpha": alpha.estimate, "alpha_low": alpha.low, "alpha_high": alpha.high}
    if ratings.shape[1] > 2:  # noqa: PLR2004 - two items do not tell one factor from another
        figures["omega"] = omega_total(ratings)
    return figures


def _consistency_within(ratings: Floats, leaders: Codes) -> dict[str, float]:
    """Return how far the items say the same thing among the raters of one leader."""
    if ratings.shape[1] < 2:  # noqa: PLR2004 - as above
        return {}
    return {"alpha_within": alpha_within(ratings, leaders).estimate}


def _nesting(ratings: Floats, leaders: Codes) -> dict[str, float]:
    """Return how much of what raters say is about the leader, by one-way REML of their item means."""
    scores = item_means(ratings)
    scored = ~np.isnan(scores)
    study = one_way(scores[scored], leaders[scored])
    return {
        "mean": study.mean,
        "tau2": study.between,
        "sigma2": study.within,
        "df": float(scored.sum() - len(study.group_sizes)),
        "icc1": study.icc1,
        "icc1_low": study.icc1_low,
        "icc1_high": study.icc1_high,
        "reliability_of_mean": study.reliability_of_mean,
        "raters_for_70": raters_needed(study.icc1),
    }


def _agreement(ratings: Floats, leaders: Codes, *, options: int) -> dict[str, float]:
    """Return agreement as means over the leaders with at least two complete raters."""
    complete = ~np.isnan(ratings).any(axis=1)
    values, groups = ratings[complete], leaders[complete]
    figures = {
        "rwg_j_uniform": float(np.nanmean(rwg_j(values, groups, options=options))),
        "average_deviation": float(np.nanmean(average_deviation(values, groups))),
    }
    if options in SKEWED:
        skewed = rwg_j(values, groups, options=options, null="slight_skew")
        figures["rwg_j_slight_skew"] = float(np.nanmean(skewed))
    return figures
