"""What a round as a whole tells: how far the raters of each group can be relied on.

Kept only where at least ten leaders and eighty raters stand behind a figure (docs/anonymity.md), and only
as exactly as docs/adr/0011 says: that all have answered alike is told of nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from assess.closing.answers import Floats, columns_of
from assess.closing.figures import (
    coefficient,
    error_variance,
    head_count,
    significant,
    variance,
)
from assess.closing.voices import Codes, Voices
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
from assess.sums import ITEMS_MINIMUM
from instruments.questionnaires import Instrument

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
TOO_FEW = "fewer than 10 leaders or 80 raters"
"""One reason for all: of ten leaders with one client each "fewer than 80" would say that all answered."""
LONE = 0.3
"""The least variance that is told of a competency of one item, in squared points of five.

Beside the printed means, how little raters differ would tell what single ones answered. So would agreement,
which is not told at all of one item.
"""


@dataclass(frozen=True)
class Block:
    """Figures that rest on the same answers: which ones, on which answers, and how to find them."""

    names: tuple[str, ...]
    behind: Voices
    estimate: Callable[[], Mapping[str, float]]

    def figures(self) -> dict[str, float | None]:
        """Return the figures as exactly as they are told; None where too few stand behind them."""
        found = self.estimate() if self.behind.enough() else {}
        people = self.behind.people
        return {name: _told(name, found.get(name, np.nan), raters=people) for name in self.names}


@dataclass(frozen=True)
class Parameters:
    """The figures of one competency and rater group; empty where they may not be kept."""

    competency: str
    group: str
    figures: dict[str, Any]


def parameters(said: Voices, groups: Iterable[str], instrument: Instrument) -> Iterator[Parameters]:
    """Estimate everything a round tells, group by group, also of a group that stayed silent."""
    for group in groups:
        answers = said.of_group(group)
        for competency, columns in columns_of(instrument):
            figures = competency_figures(answers.about(columns), instrument)
            yield Parameters(competency.key, group, figures)
        yield Parameters(WHOLE, group, group_figures(answers, instrument))


def competency_figures(answers: Voices, instrument: Instrument) -> dict[str, Any]:
    """Return the figures of one competency in one group, and why some or all of them are missing.

    A figure is kept only where enough leaders and raters stand behind this very figure: agreement rests on
    complete raters of leaders who have two of them, and not on everybody who answered something.
    """
    answers = answers.only(~np.isnan(answers.ratings).all(axis=1))
    if not answers.enough():
        return {"reason": TOO_FEW}
    figures: dict[str, Any] = {"respondents": head_count(len(answers.leaders))}
    for block in _blocks(answers, options=len(instrument.scale.points)):
        figures |= block.figures()
        if not block.behind.enough():
            figures["reason"] = TOO_FEW
    return figures


def _blocks(answers: Voices, *, options: int) -> list[Block]:
    complete = answers.only(~np.isnan(answers.ratings).any(axis=1))
    scored = answers.only(~np.isnan(item_means(answers.ratings)))
    twice = complete.rated_twice()
    if answers.ratings.shape[1] < ITEMS_MINIMUM:
        least = _least(options)
        return [Block(NESTED, scored.rated_twice(), partial(_nesting_of_one, scored, least))]
    return [
        Block(CONSISTENT, complete, partial(_consistency, answers)),
        Block(CONSISTENT_WITHIN, twice, partial(_consistency_within, answers)),
        Block(NESTED, scored.rated_twice(), partial(_nesting, scored)),
        Block(AGREEING, twice, partial(_agreement, complete, options=options)),
    ]


def group_figures(answers: Voices, instrument: Instrument) -> dict[str, Any]:
    """Return the covariances of competencies within leaders: how raters' errors go together."""
    scores = np.column_stack(
        [item_means(answers.ratings[:, columns]) for _, columns in columns_of(instrument)]
    )
    complete = ~np.isnan(scores).any(axis=1)
    scores, answers = scores[complete], answers.only(complete)
    twice = answers.rated_twice()
    if not twice.enough():
        return {"reason": TOO_FEW}
    covariances, _ = within_covariances(scores, grouped(answers.leaders, len(answers.leaders)))
    for at, competency in enumerate(instrument.competencies):
        if len(competency.items) < ITEMS_MINIMUM:
            least = _least(len(instrument.scale.points))
            covariances[at, at] = max(covariances[at, at], least)
    told = [[variance(value, raters=twice.people) for value in row] for row in covariances]
    return {"covariances": told}


def _least(options: int) -> float:
    """Return the least variance that is told of one item, in squared scale points."""
    return LONE * ((options - 1) / 4) ** 2


def _told(name: str, value: float, *, raters: int) -> float | None:
    """Round a figure as its kind asks for."""
    if name in ("tau2", "average_deviation"):
        return variance(value, raters=raters)
    if name == "sigma2":
        return error_variance(value, raters=raters)
    if name == "df":
        return head_count(value) if np.isfinite(value) else None
    if name == "raters_for_70":
        return significant(value)
    return round(value, 1) if name == "mean" and np.isfinite(value) else coefficient(value)


def _hardly_differ(scores: Floats, raters: int) -> bool:
    """Say whether scores vary so little that their variance is told as nought.

    What rests on it is left out then: left out only where it cannot be reckoned, it would say that all have
    answered alike.
    """
    return not variance(float(np.nanvar(scores)), raters=raters)


def _consistency(answers: Voices) -> dict[str, float]:
    """Return how far the items of a competency say the same thing."""
    ratings = answers.ratings
    if _hardly_differ(item_means(ratings), answers.people):
        return {}
    alpha = cronbach_alpha(ratings)
    figures = {"alpha": alpha.estimate, "alpha_low": alpha.low, "alpha_high": alpha.high}
    if ratings.shape[1] > 2:  # noqa: PLR2004 - two items do not tell one factor from another
        figures["omega"] = omega_total(ratings)
    return figures


def _consistency_within(answers: Voices) -> dict[str, float]:
    """Return how far the items say the same thing among the raters of one leader."""
    scores = item_means(answers.ratings)
    own = scores - _means_of_leaders(scores, answers.leaders)
    if _hardly_differ(own, answers.people):
        return {}
    return {"alpha_within": alpha_within(answers.ratings, answers.leaders).estimate}


def _means_of_leaders(scores: Floats, leaders: Codes) -> Floats:
    """Return for each score the mean of its leader's."""
    known = ~np.isnan(scores)
    sums = np.bincount(leaders[known], weights=scores[known], minlength=leaders.max() + 1)
    counts = np.bincount(leaders[known], minlength=leaders.max() + 1)
    return np.asarray((sums / np.maximum(counts, 1))[leaders])


def _nesting(answers: Voices) -> dict[str, float]:
    """Return how much of what raters say is about the leader, by one-way REML of their item means."""
    scores = item_means(answers.ratings)
    study = one_way(scores, answers.leaders)
    figures = {
        "mean": study.mean,
        "tau2": study.between,
        "sigma2": study.within,
        "df": float(len(scores) - len(study.group_sizes)),
    }
    if _hardly_differ(scores, answers.people):
        return figures
    return figures | {
        "icc1": study.icc1,
        "icc1_low": study.icc1_low,
        "icc1_high": study.icc1_high,
        "reliability_of_mean": study.reliability_of_mean,
        "raters_for_70": raters_needed(coefficient(study.icc1) or 0.0),
    }


def _nesting_of_one(answers: Voices, least: float) -> dict[str, float]:
    """Return the same of a single item, whose raters are said to differ at least so much."""
    figures = _nesting(answers)
    if figures["sigma2"] >= least:
        return figures
    return {name: figures[name] for name in ("mean", "tau2", "df")} | {"sigma2": least}


def _agreement(answers: Voices, *, options: int) -> dict[str, float]:
    """Return agreement as means over the leaders with at least two complete raters."""
    values, groups = answers.ratings, answers.leaders
    figures = {
        "rwg_j_uniform": float(np.nanmean(rwg_j(values, groups, options=options))),
        "average_deviation": float(np.nanmean(average_deviation(values, groups))),
    }
    if options in SKEWED:
        skewed = rwg_j(values, groups, options=options, null="slight_skew")
        figures["rwg_j_slight_skew"] = float(np.nanmean(skewed))
    return figures
