"""Close a round: one transaction that either has changed nothing or has stored everything."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.closing.answers import OpenedSheet, open_all
from assess.closing.parameters import parameters
from assess.closing.publishing import Rows, Rules, publish
from assess.closing.receipts import counted
from assess.closing.sums import keep_sums
from assess.closing.tables import Table, laid
from assess.closing.voices import Voices, voices
from assess.models import RoundParameters
from assess.queries import (
    SealedSeat,
    groups_asked,
    has_release,
    sealed_seats,
    silent_seats,
    what_binds,
)
from core.errors import DomainError
from core.keys import KeyStore
from core.mail import OutboxMail
from instruments.questionnaires import Instrument
from surveys.ballots.keynames import (
    link_key_name,
    opened_name,
    private_key_name,
)
from surveys.models import CloseStep, CountedSheet, GroupCount, Invitation, Leader, Round, Seat
from surveys.queries.traces import ANONYMOUS
from surveys.services.terms import check_terms

REWRITTEN = ("seat", "invitation", "group_count", "outbox_mail", *sorted(ANONYMOUS))
"""Tables which held something of the raters, or in which an interrupted close may have left a trace."""


class RoundNotLockedError(DomainError):
    """Only a round that takes no more answers can be closed."""


class EnvelopesChangedError(DomainError):
    """What lies on the tables is not what close has begun to open."""


class AlreadyReleasedError(DomainError):
    """There is one release per round and leader, ever."""


def close_round(session: Session, round_: Round, key_store: KeyStore, *, at: datetime) -> None:
    """Open every envelope, publish what may be published, and empty the envelopes.

    The secrets go only after the caller has committed this: see
    `surveys.services.keys.destroy_secrets`.
    """
    _check_closable(session, round_)
    check_terms(session, round_, key_store)
    sealed, link_key = sealed_seats(session, round_), key_store.get(link_key_name(round_))
    private_key = key_store.get(private_key_name(round_))
    _open_these_alone(round_, sealed, key_store)
    opened = open_all(sealed, link_key=link_key, private_key=private_key)
    rules, asked = Rules(*what_binds(round_)), groups_asked(session, round_)

    for leader_id, table in _tables(round_, opened, asked, rules).items():
        _store(session, publish(leader_id, table.plan, table.sheets, rules))
    said = voices(sealed, opened, rules.instrument)
    groups = sorted(set().union(*asked.values()))
    _store(session, {RoundParameters: _parameters(round_, said, groups, rules.instrument)})
    _store(session, {CountedSheet: _receipts(session, round_, sealed, link_key)})
    keep_sums(session, round_, key_store, said=said, instrument=rules.instrument)

    _empty(session, round_)
    round_.closed_at = at
    note_step(session, round_, "published")


def note_step(session: Session, round_: Round, step: str) -> None:
    """Write down that a step of close is done; a second time changes nothing."""
    session.merge(CloseStep(round_id=round_.id, step=step))


def _check_closable(session: Session, round_: Round) -> None:
    if round_.state != "locked":
        raise RoundNotLockedError(
            f"The round is {round_.state}: only a locked round can be closed."
        )
    if has_release(session, round_):
        raise AlreadyReleasedError(
            "This round has been published before. A second publication could be held against the first, so "
            "there is none, whatever differs. The first stands; somebody has changed the round's row by hand."
        )


def _open_these_alone(round_: Round, sealed: Sequence[SealedSeat], key_store: KeyStore) -> None:
    """Write down, out of the database's reach, what is about to be opened; refuse anything else from then on.

    Whoever writes to the database could stop close when it has made its figures, take an envelope away,
    and learn by subtraction what was in it.
    """
    rules = [round_.protection, sorted(round_.named_groups)]
    digest = hashlib.blake2b(json.dumps(rules).encode())
    for seat in sealed:
        place = f"{seat.leader_id} {seat.invitation_id} {seat.group} {seat.language} "
        digest.update(place.encode() + hashlib.blake2b(seat.envelope).digest())
    name = opened_name(round_)
    if not key_store.has(name):
        key_store.put(name, digest.digest())
    elif key_store.get(name) != digest.digest():
        raise EnvelopesChangedError(
            "The envelopes are not those which close began to open the first time: somebody has been at the "
            "database since. Nothing has been published. Ask your operator to put back what was changed."
        )


def _tables(
    round_: Round,
    opened: Iterable[OpenedSheet],
    asked: Mapping[UUID, Mapping[str, int]],
    rules: Rules,
) -> dict[UUID, Table]:
    """Return each leader's table. All are planned, and pass the gate, before any answer is looked at."""
    sheets: dict[UUID, list[OpenedSheet]] = {leader.id: [] for leader in round_.leaders}
    for sheet in opened:
        sheets[sheet.leader_id].append(sheet)
    return {
        leader_id: laid(own, rules, named=round_.named_groups, asked=asked[leader_id])
        for leader_id, own in sheets.items()
    }


def _parameters(
    round_: Round, said: Voices, groups: Iterable[str], instrument: Instrument
) -> list[dict[str, Any]]:
    """Estimate over everybody who answered (docs/adr/0005): a round hides a rater better than a leaf does."""
    return [
        {
            "round_id": round_.id,
            "competency": row.competency,
            "group": row.group,
            "figures": row.figures,
        }
        for row in parameters(said, groups, instrument)
    ]


def _receipts(
    session: Session, round_: Round, sealed: Iterable[SealedSeat], link_key: bytes
) -> list[dict[str, Any]]:
    envelopes = (seat.envelope for seat in sealed)
    digests = counted(envelopes, silent_seats(session, round_), link_key=link_key)
    return [{"round_id": round_.id, "digest": digest} for digest in digests]


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
