"""Figures of a scorecard, from published symbols, leaf sizes and round-level parameters alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assess.psychometrics.awareness import self_other_from_scores
from assess.psychometrics.ratings import ITEMS_SHARE
from assess.psychometrics.reliability import spearman_brown
from assess.publication.agreement import AGREEMENT_ITEMS, AGREEMENT_RATERS
from assess.publication.plans import POOLED
from assess.publication.symbols import Symbol
from assess.scorecards.types import AwarenessRow, CompetencyRow, Index, ItemRow, LeafRow, Reason
from instruments.questionnaires import Competency, Instrument, Scale

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
MINIMUM_GAP = 0.5
"""The smallest gap between self and others that matters, on a five-point scale."""


@dataclass(frozen=True)
class Errors:
    """How far raters differ about a leader: variance (squared scale points), its df, ICC(1)."""

    variance: float
    df: float
    single_rater: float


@dataclass(frozen=True)
class Basis:
    """What every figure rests on beside the symbols.

    `errors` is by leaf and competency; `covariances` of competencies within leaders by leaf, where the
    round is large enough to tell.
    """

    instrument: Instrument
    leaves: Mapping[str, LeafRow]
    errors: Mapping[tuple[str, str], Errors]
    covariances: Mapping[str, Floats]


def competency_row(
    competency: Competency,
    leaf: LeafRow,
    items: Mapping[str, ItemRow],
    *,
    errors: Errors,
    band: str | None,
) -> CompetencyRow:
    """Score a competency as the mean of its items' published values, with a 95 % interval.

    The interval is of the mean of all raters who might have been asked: t with the df of the variance. Its
    squared standard error is variance / raters, and what bands leave open. What named people say is theirs,
    without error.
    """
    counted = [items[item.key] for item in competency.items if items[item.key].value is not None]
    empty = CompetencyRow(competency.key, leaf.leaf, None, None, None, None, Reason.TOO_FEW_ANSWERS)
    if not counted or len(counted) < ITEMS_SHARE * len(competency.items):
        return empty
    score = float(np.mean([item.value for item in counted]))
    if leaf.named:
        return replace(empty, score=score, reason=Reason.NAMED)
    left_open = float(np.mean([_band_width(item) for item in counted]))
    half = _quantile(errors.df) * sqrt(errors.variance / leaf.n + _uniform_variance(left_open))
    return replace(
        empty,
        score=score,
        low=score - half,
        high=score + half,
        agreement=band,
        reason=None if band else _why_no_agreement(competency, leaf),
        left_open=left_open,
    )


def within_scale(row: CompetencyRow, scale: Scale) -> CompetencyRow:
    """Cut an interval off at the ends of the scale."""
    if row.low is None or row.high is None:
        return row
    return replace(row, low=max(row.low, float(scale.low)), high=min(row.high, float(scale.high)))


def index(rows: Sequence[CompetencyRow], basis: Basis) -> Index:
    r"""Weigh every score by its reliability into one figure, the leader's own answers left out.

    .. math:: I = \sum_{gc} w_{gc} s_{gc}, \quad w_{gc} \propto R_{gc}
              = \frac{n_g \rho_{gc}}{1 + (n_g - 1) \rho_{gc}}, \quad
              SE^2 = \sum_g w_g' \Sigma_g w_g / n_g

    with :math:`\Sigma_g` the covariances of competencies within leaders. Where a round is too small to
    estimate them, raters are taken to err on all competencies alike: the widest interval there can be.
    To :math:`SE^2` comes what bands leave open.
    """
    scored = [row for row in rows if row.leaf != "self" and row.score is not None]
    if not scored:
        return Index(None, None, None, Reason.TOO_FEW_RATERS)
    weights = dict(zip(scored, _weights(scored, basis), strict=True))
    score = sum(weight * (row.score or 0.0) for row, weight in weights.items())
    variance = sum(_leaf_variance(leaf, weights, basis) for leaf in basis.leaves)
    left_open = sum(weight * row.left_open for row, weight in weights.items())
    half = _quantile(np.inf) * sqrt(max(variance, 0.0) + _uniform_variance(left_open))
    scale = basis.instrument.scale
    return Index(score, max(score - half, scale.low), min(score + half, scale.high), None)


def awareness(rows: Sequence[CompetencyRow], basis: Basis) -> list[AwarenessRow]:
    """Test each gap between self and others; the family is this leader's competencies x leaves.

    What bands leave open counts as error here too.
    """
    own = {row.competency: row.score for row in rows if row.leaf == "self"}
    others = [row for row in rows if row.leaf != "self"]
    family = [
        row for row in others if row.score is not None and own.get(row.competency) is not None
    ]
    tested = _tested(family, own, basis) if family else {}
    return [tested.get(row) or _untested(row, has_self=bool(own)) for row in others]


def _tested(
    family: Sequence[CompetencyRow], own: Mapping[str, float | None], basis: Basis
) -> dict[CompetencyRow, AwarenessRow]:
    errors = [basis.errors[row.leaf, row.competency] for row in family]
    raters = np.array([basis.leaves[row.leaf].n for row in family], dtype=float)
    left_open = np.array([_uniform_variance(row.left_open) for row in family])
    scale = basis.instrument.scale
    result = self_other_from_scores(
        np.array([own[row.competency] for row in family], dtype=float),
        np.array([row.score for row in family], dtype=float),
        raters,
        sigma2=np.array([error.variance for error in errors]) + raters * left_open,
        df=np.array([error.df for error in errors]),
        minimum=MINIMUM_GAP * (scale.high - scale.low) / 4,
    )
    return {
        row: AwarenessRow(
            row.competency,
            row.leaf,
            gap=float(result.gap[at]),
            low=float(result.low[at]),
            high=float(result.high[at]),
            adjusted_p=float(result.adjusted_p[at]),
            flag=str(result.flag[at]),
            reason=None,
        )
        for at, row in enumerate(family)
    }


def _untested(row: CompetencyRow, *, has_self: bool) -> AwarenessRow:
    reason = Reason.TOO_FEW_ANSWERS if has_self else Reason.NO_SELF
    return AwarenessRow(row.competency, row.leaf, None, None, None, None, None, reason)


def _leaf_variance(leaf: str, weights: Mapping[CompetencyRow, float], basis: Basis) -> float:
    """Return what the raters of one leaf add to the variance of the index."""
    keys = [competency.key for competency in basis.instrument.competencies]
    own = np.zeros(len(keys))
    for row, weight in weights.items():
        if row.leaf == leaf:
            own[keys.index(row.competency)] = weight
    spread = np.array([sqrt(basis.errors[leaf, key].variance) for key in keys])
    together = basis.covariances.get(leaf, np.outer(spread, spread))
    return float(own @ together @ own) / basis.leaves[leaf].n


def _weights(rows: Sequence[CompetencyRow], basis: Basis) -> list[float]:
    reliabilities = np.array(
        [
            spearman_brown(
                basis.errors[row.leaf, row.competency].single_rater, basis.leaves[row.leaf].n
            )
            for row in rows
        ]
    )
    if not reliabilities.sum():
        reliabilities = np.ones(len(rows))  # nobody is reliable: everybody counts the same
    return [float(weight) for weight in reliabilities / reliabilities.sum()]


def _why_no_agreement(competency: Competency, leaf: LeafRow) -> Reason:
    if leaf.leaf == POOLED:
        return Reason.POOLED
    if len(competency.items) < AGREEMENT_ITEMS:
        return Reason.TOO_FEW_ITEMS
    return Reason.TOO_FEW_RATERS if leaf.n < AGREEMENT_RATERS else Reason.PROTECTED


def _band_width(item: ItemRow) -> float:
    """Return how wide a stretch of the scale a band stands for; none where the mean itself is printed.

    Tenths are rounded as well, but by little, and not all items to the same side.
    """
    if item.symbol is None or item.value is None or Symbol(item.symbol).kind == "mean":
        return 0.0
    return 2 * abs(item.value - float(Symbol(item.symbol).figure))


def _uniform_variance(width: float) -> float:
    """Return the variance of a mean which may lie anywhere on so wide a stretch, all items alike."""
    return width**2 / 12


def _quantile(df: float) -> float:
    return float(special.stdtrit(df, (1 + CONFIDENCE) / 2))
