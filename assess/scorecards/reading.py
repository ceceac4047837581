"""From what close left in the database to scorecards."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from assess.models import PublishedComment, PublishedLeaf, RoundParameters, WithheldGroup
from assess.queries import what_binds
from assess.scorecards.cards import Occasion, Parameters, Published, scorecard_of
from assess.scorecards.types import Reason, ReliabilityRow, RoundCard, Scorecard
from core.errors import DomainError
from surveys.models import GROUPS, Leader, Round


class RoundNotClosedError(DomainError):
    """There are no figures before close, not even for those who run the round."""


def round_parameters(session: Session, round_: Round) -> Parameters:
    rows = session.scalars(sa.select(RoundParameters).where(RoundParameters.round_id == round_.id))
    return {(row.group, row.competency): row.figures for row in rows}


def scorecard(session: Session, leader: Leader, *, known: Parameters | None = None) -> Scorecard:
    """Return everything that is said of a leader; `known` saves reading the round's parameters again."""
    round_ = leader.round
    occasion = Occasion(leader.name, round_.name, _closed_on(round_), *what_binds(round_))
    known = round_parameters(session, round_) if known is None else known
    return scorecard_of(_published(session, leader), occasion, known)


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


def _published(session: Session, leader: Leader) -> Published:
    leaves = sa.select(PublishedLeaf).options(
        selectinload(PublishedLeaf.symbols), selectinload(PublishedLeaf.agreements)
    )
    return Published(
        session.scalars(leaves.where(PublishedLeaf.leader_id == leader.id)).all(),
        session.scalars(sa.select(WithheldGroup).where(WithheldGroup.leader_id == leader.id)).all(),
        session.scalars(
            sa.select(PublishedComment).where(PublishedComment.leader_id == leader.id)
        ).all(),
    )


def _closed_on(round_: Round) -> date:
    if round_.closed_at is None:
        raise RoundNotClosedError("The round is not closed yet: there are no figures before that.")
    return round_.closed_at.date()


def _reliability_row(competency: str, group: str, figures: Mapping[str, Any]) -> ReliabilityRow:
    """Return one row; where nothing or not everything could be estimated, it says why."""
    names = [field.name for field in fields(ReliabilityRow)][2:-1]
    values: dict[str, Any] = {name: figures.get(name) for name in names}
    missing = any(value is None for value in values.values())
    stated = figures.get("reason", Reason.NOT_ESTIMABLE)
    return ReliabilityRow(competency, group, **values, reason=Reason(stated) if missing else None)
