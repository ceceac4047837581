"""From what close publishes of one leader to the scorecard: pure, whoever looks and from where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from assess.models import WHOLE, PublishedComment, PublishedLeaf, WithheldGroup
from assess.publication.protection import Protection
from assess.publication.symbols import Symbol
from assess.scorecards import norms
from assess.scorecards.scores import (
    Basis,
    Errors,
    awareness,
    competency_row,
    index,
    within_scale,
)
from assess.scorecards.types import (
    Comment,
    CompetencyRow,
    ItemRow,
    LeafRow,
    Reason,
    Scorecard,
    WithheldRow,
)
from instruments.questionnaires import Instrument
from surveys.models import GROUPS

LEAVES = (*GROUPS, "pooled")

Parameters = Mapping[tuple[str, str], Mapping[str, Any]]
"""Figures of a round by rater group and competency."""


@dataclass(frozen=True)
class Occasion:
    """Whose scorecard it is, of which round, and by which rules."""

    leader: str
    round_name: str
    closed_on: date
    instrument: Instrument
    protection: Protection


@dataclass(frozen=True)
class Published:
    """All that close publishes of one leader, in any order; leaves have their symbols and agreements."""

    leaves: Sequence[PublishedLeaf]
    withheld: Sequence[WithheldGroup]
    comments: Sequence[PublishedComment]


def scorecard_of(published: Published, occasion: Occasion, known: Parameters) -> Scorecard:
    """Return everything that is said of a leader. Nothing but its arguments has a part in it."""
    instrument = occasion.instrument
    leaves = sorted(published.leaves, key=lambda leaf: LEAVES.index(leaf.name))
    items = _item_rows(leaves, instrument)
    basis = _basis(leaves, known, instrument)
    rows = _competency_rows(leaves, items, basis)
    return Scorecard(
        leader=occasion.leader,
        round_name=occasion.round_name,
        closed_on=occasion.closed_on,
        instrument=instrument,
        protection=occasion.protection,
        leaves=tuple(basis.leaves.values()),
        withheld=_withheld(published.withheld),
        items=tuple(items.values()),
        competencies=tuple(within_scale(row, instrument.scale) for row in rows),
        index=index(rows, basis),
        awareness=tuple(awareness(rows, basis)),
        comments=_comments(published.comments),
        sure=_sure(basis),
    )


def _item_rows(
    published: Sequence[PublishedLeaf], instrument: Instrument
) -> dict[tuple[str, str], ItemRow]:
    symbols = {(leaf.name, row.item): row.symbol for leaf in published for row in leaf.symbols}
    return {
        (leaf.name, item.key): _item_row(
            item.key, leaf.name, symbols[leaf.name, item.key], instrument
        )
        for item in instrument.items
        for leaf in published
    }


def _item_row(item: str, leaf: str, symbol: str | None, instrument: Instrument) -> ItemRow:
    if symbol is None:
        return ItemRow(item, leaf, None, None, Reason.TOO_FEW_ANSWERS)
    scale = instrument.scale
    return ItemRow(item, leaf, symbol, Symbol(symbol).value(low=scale.low, high=scale.high), None)


def _basis(published: Sequence[PublishedLeaf], known: Parameters, instrument: Instrument) -> Basis:
    """Return how far raters of each leaf differ: as this round shows, else as the norm says."""
    default = norms.rater_variance(instrument.scale.low, instrument.scale.high)
    rows = [LeafRow(leaf.name, tuple(leaf.groups), leaf.raters, leaf.named) for leaf in published]
    whole = {row.leaf: known.get((row.leaf, WHOLE), {}).get("covariances") for row in rows}
    return Basis(
        instrument,
        {row.leaf: row for row in rows},
        {
            (row.leaf, key): _errors(row.leaf, known.get((row.leaf, key), {}), default)
            for row in rows
            for key in (competency.key for competency in instrument.competencies)
        },
        {leaf: np.array(matrix, dtype=float) for leaf, matrix in whole.items() if matrix},
    )


def _errors(leaf: str, figures: Mapping[str, Any], default: float) -> Errors:
    """Return what the round tells of a leaf's raters; `pooled` is no group, so the norm stands in."""
    if figures.get("sigma2") is None or not figures.get("df"):
        return Errors(default, np.inf, norms.single_rater_reliability(leaf))
    return Errors(figures["sigma2"], figures["df"], figures["icc1"])


def _sure(basis: Basis) -> tuple[str, ...]:
    """Return the leaves of which the round tells how far raters differ, in every competency."""
    keys = [competency.key for competency in basis.instrument.competencies]
    return tuple(
        leaf
        for leaf in basis.leaves
        if all(np.isfinite(basis.errors[leaf, key].df) for key in keys)
    )


def _competency_rows(
    published: Sequence[PublishedLeaf],
    items: Mapping[tuple[str, str], ItemRow],
    basis: Basis,
) -> list[CompetencyRow]:
    bands = {(leaf.name, row.competency): row.band for leaf in published for row in leaf.agreements}
    return [
        competency_row(
            competency,
            leaf,
            {item.key: items[leaf.leaf, item.key] for item in competency.items},
            errors=basis.errors[leaf.leaf, competency.key],
            band=bands[leaf.leaf, competency.key],
        )
        for competency in basis.instrument.competencies
        for leaf in basis.leaves.values()
    ]


def _withheld(groups: Sequence[WithheldGroup]) -> tuple[WithheldRow, ...]:
    ordered = sorted(groups, key=lambda row: GROUPS.index(row.group))
    return tuple(WithheldRow(row.group, Reason(row.reason)) for row in ordered)


def _comments(comments: Sequence[PublishedComment]) -> tuple[Comment, ...]:
    ordered = sorted(comments, key=lambda row: row.digest)
    return tuple(Comment(row.question, row.leaf, row.text) for row in ordered)
