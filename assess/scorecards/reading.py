"""From what close left in the database to scorecards."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from assess.models import WHOLE, PublishedComment, PublishedLeaf, RoundParameters, WithheldGroup
from assess.publication.symbols import symbol_value
from assess.queries import what_binds
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
    ReliabilityRow,
    RoundCard,
    Scorecard,
    WithheldRow,
)
from core.errors import DomainError
from instruments.questionnaires import Instrument
from surveys.models import GROUPS, Leader, Round

LEAVES = (*GROUPS, "pooled")

Parameters = Mapping[tuple[str, str], Mapping[str, Any]]
"""Figures of a round by rater group and competency."""


class RoundNotClosedError(DomainError):
    """There are no figures before close, not even for those who run the round."""


def round_parameters(session: Session, round_: Round) -> Parameters:
    rows = session.scalars(sa.select(RoundParameters).where(RoundParameters.round_id == round_.id))
    return {(row.group, row.competency): row.figures for row in rows}


def scorecard(session: Session, leader: Leader, *, known: Parameters | None = None) -> Scorecard:
    """Return everything that is said of a leader; `known` saves reading the round's parameters again."""
    closed_on = _closed_on(leader.round)
    known = round_parameters(session, leader.round) if known is None else known
    instrument, protection = what_binds(leader.round)
    published = _published_leaves(session, leader)
    items = _item_rows(published, instrument)
    basis = _basis(published, known, instrument)
    rows = _competency_rows(published, items, basis)
    return Scorecard(
        leader=leader.name,
        round_name=leader.round.name,
        closed_on=closed_on,
        instrument=instrument,
        protection=protection,
        leaves=tuple(basis.leaves.values()),
        withheld=_withheld(session, leader),
        items=tuple(items.values()),
        competencies=tuple(within_scale(row, instrument.scale) for row in rows),
        index=index(rows, basis),
        awareness=tuple(awareness(rows, basis)),
        comments=_comments(session, leader),
        sure=_sure(basis),
    )


def round_card(session: Session, round_: Round) -> RoundCard:
    """Return what is said of a round as a whole."""
    closed_on = _closed_on(round_)
    instrument, protection = what_binds(round_)
    known = round_parameters(session, round_)
    raters = sa.select(sa.func.coalesce(sa.func.sum(PublishedLeaf.raters), 0)).join(Leader)
    return RoundCard(
        name=round_.name,
        closed_on=closed_on,
        instrument=instrument,
        protection=protection,
        leaders=len(round_.leaders),
        raters=session.scalars(raters.where(Leader.round_id == round_.id)).one(),
        reliability=tuple(
            _reliability_row(competency.key, group, known[group, competency.key])
            for competency in instrument.competencies
            for group in GROUPS
            if (group, competency.key) in known
        ),
    )


def _published_leaves(session: Session, leader: Leader) -> Sequence[PublishedLeaf]:
    leaves = session.scalars(
        sa.select(PublishedLeaf)
        .where(PublishedLeaf.leader_id == leader.id)
        .options(selectinload(PublishedLeaf.symbols), selectinload(PublishedLeaf.agreements))
    )
    return sorted(leaves, key=lambda leaf: LEAVES.index(leaf.name))


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
    return ItemRow(item, leaf, symbol, symbol_value(symbol, low=scale.low, high=scale.high), None)


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


def _closed_on(round_: Round) -> date:
    if round_.closed_at is None:
        raise RoundNotClosedError("The round is not closed yet: there are no figures before that.")
    return round_.closed_at.date()


def _withheld(session: Session, leader: Leader) -> tuple[WithheldRow, ...]:
    rows = session.scalars(sa.select(WithheldGroup).where(WithheldGroup.leader_id == leader.id))
    ordered = sorted(rows, key=lambda row: GROUPS.index(row.group))
    return tuple(WithheldRow(row.group, Reason(row.reason)) for row in ordered)


def _comments(session: Session, leader: Leader) -> tuple[Comment, ...]:
    rows = session.scalars(
        sa.select(PublishedComment)
        .where(PublishedComment.leader_id == leader.id)
        .order_by(PublishedComment.digest)
    )
    return tuple(Comment(row.question, row.leaf, row.text) for row in rows)


def _reliability_row(competency: str, group: str, figures: Mapping[str, Any]) -> ReliabilityRow:
    """Return one row; where nothing or not everything could be estimated, it says why."""
    names = [field.name for field in fields(ReliabilityRow)][2:-1]
    values: dict[str, Any] = {name: figures.get(name) for name in names}
    missing = any(value is None for value in values.values())
    stated = figures.get("reason", Reason.NOT_ESTIMABLE)
    return ReliabilityRow(competency, group, **values, reason=Reason(stated) if missing else None)
