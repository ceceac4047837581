"""Close a round: one transaction that either has changed nothing or has stored everything."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.closing.answers import OpenedSheet, by_group, head_counts, open_all
from assess.closing.parameters import parameters
from assess.closing.publishing import Rows, Rules, publish
from assess.models import RoundParameters
from assess.publication import gate
from assess.publication.plans import Plan, plan
from assess.queries import groups_asked, sealed_seats, what_binds
from core.errors import DomainError
from core.keys import KeyStore
from core.mail import OutboxMail
from instruments.questionnaires import Instrument
from surveys.ballots.keynames import draft_key_name, link_key_name, private_key_name
from surveys.models import GroupCount, Invitation, Leader, Round, Seat

HELD_SECRETS = ("seat", "invitation", "group_count", "outbox_mail")
"""Tables which held something of the raters: they are written anew after close."""


class RoundNotLockedError(DomainError):
    """Only a round that takes no more answers can be closed."""


def close_round(session: Session, round_: Round, key_store: KeyStore, *, at: datetime) -> None:
    """Open every envelope, publish what may be published, and empty the envelopes.

    The secrets go only after the caller has committed this: see `destroy_secrets`.
    """
    if round_.state != "locked":
        raise RoundNotLockedError(
            f"The round is {round_.state}: only a locked round can be closed."
        )
    opened = open_all(
        sealed_seats(session, round_),
        link_key=key_store.get(link_key_name(round_)),
        private_key=key_store.get(private_key_name(round_)),
    )
    rules = Rules(*what_binds(round_))

    tables, asked = _tables(round_, opened), groups_asked(session, round_)
    plans = {
        leader_id: _plan(round_, {**asked[leader_id], **head_counts(sheets)}, rules)
        for leader_id, sheets in tables.items()
    }
    for leader_id, sheets in tables.items():
        _store(session, publish(leader_id, plans[leader_id], sheets, rules))
    _store(session, {RoundParameters: _parameters(round_, opened, rules.instrument)})
    _empty(session, round_)
    round_.closed_at = at


def destroy_secrets(round_: Round, key_store: KeyStore) -> None:
    """Make every envelope unreadable that a backup may still hold. Safe to run again."""
    for name in (private_key_name(round_), link_key_name(round_), draft_key_name(round_)):
        key_store.destroy(name)


def _tables(round_: Round, opened: Iterable[OpenedSheet]) -> dict[UUID, list[OpenedSheet]]:
    """Return the sheets that lie on each leader's table."""
    tables: dict[UUID, list[OpenedSheet]] = {leader.id: [] for leader in round_.leaders}
    for sheet in opened:
        tables[sheet.leader_id].append(sheet)
    return tables


def _plan(round_: Round, raters: Mapping[str, int], rules: Rules) -> Plan:
    """Return what may be shown of a leader, and let the gate judge it, from head counts alone."""
    made = plan(raters, protection=rules.protection, named=round_.named_groups)
    scale = rules.instrument.scale
    gate.check(made, protection=rules.protection, low=scale.low, high=scale.high)
    return made


def _parameters(
    round_: Round, opened: Sequence[OpenedSheet], instrument: Instrument
) -> list[dict[str, Any]]:
    """Estimate over everybody who answered (docs/adr/0005): a round hides a rater better than a leaf does."""
    return [
        {
            "round_id": round_.id,
            "competency": row.competency,
            "group": row.group,
            "figures": row.figures,
        }
        for row in parameters(by_group(opened, instrument), instrument)
    ]


def _store(session: Session, rows: Rows) -> None:
    for table, values in rows.items():
        if values:
            session.execute(sa.insert(table), values)


def _empty(session: Session, round_: Round) -> None:
    """Empty every seat, forget every link, count and mail: nothing shall tell who answered at all."""
    leaders = sa.select(Leader.id).where(Leader.round_id == round_.id)
    session.execute(
        sa.update(Seat)
        .where(Seat.leader_id.in_(leaders))
        .values(envelope=None, draft=None, declined=False)
    )
    session.execute(
        sa.update(Invitation)
        .where(Invitation.round_id == round_.id)
        .values(authenticator_hash=None)
    )
    guests = sa.select(Invitation.id).where(Invitation.round_id == round_.id)
    session.execute(sa.delete(OutboxMail).where(OutboxMail.subject_id.in_(guests)))
    session.execute(sa.delete(GroupCount).where(GroupCount.leader_id.in_(leaders)))
