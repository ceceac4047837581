"""Opening a round again for answers, where its key is lost: the one way back from a lock.

Nothing is guessed and nothing published of what was sealed. Whether it is lost the key store says, and
nobody's word: else who runs a round could have it answered again until they like what they see.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from core.errors import DomainError
from core.keys import KeyStore
from core.mail import post
from surveys.ballots.keynames import link_key_name, opened_name
from surveys.models import Leader, Round, Seat
from surveys.queries.keys import TO_FORMER
from surveys.queries.rounds import group_counts, invitations
from surveys.services.keys import Loss, loss_of, make_secrets
from surveys.services.rounds import (
    DeadlineBroughtForwardError,
    RoundNotOpenError,
    hold,
    issue_link,
)
from surveys.services.terms import keep_terms


class KeyNotLostError(DomainError):
    """What can be opened is not thrown away."""


def reopen(
    session: orm.Session, round_: Round, key_store: KeyStore, *, deadline: datetime, at: datetime
) -> Loss:
    """Make the secrets which are lost, empty what they sealed, and ask everybody once more.

    Returns
    -------
    What was lost. Drafts stay where their secret did, so that raters need only send them again.
    """
    hold(session, round_)
    if round_.state not in {"open", "locked"}:
        raise RoundNotOpenError(
            f"The round is {round_.state}: there is nothing to be opened again."
        )
    lost = loss_of(session, round_, key_store)
    _check(round_, lost, deadline, at)

    make_secrets(round_, key_store, lost)
    key_store.destroy(opened_name(round_))
    if lost.links:
        keep_terms(session, round_, key_store)
    round_.locked_at, round_.reminded_on, round_.deadline = None, None, deadline
    _empty_seats(session, round_, lost)
    if lost.of_sheets:
        _count_anew(session, round_, at)
    _tell_everybody(session, round_, key_store, lost)
    _tell_former_trustee(session, round_)
    return lost


def _check(round_: Round, lost: Loss, deadline: datetime, at: datetime) -> None:
    """Close needs no draft: a round that is over is not opened for the sake of drafts."""
    if not lost.of_sheets and (round_.state == "locked" or not lost.drafts):
        raise KeyNotLostError(
            "The key of this round is where it should be. Nothing was changed: a round is opened again "
            "only where its answers can no longer be opened."
        )
    if deadline <= at or (round_.state == "open" and deadline < round_.deadline):
        raise DeadlineBroughtForwardError(
            "Raters need time to send their answers again: choose a later day, and none before "
            f"{round_.deadline:%-d %B %Y}, which they were told."
            if round_.state == "open"
            else "Raters need time to send their answers again: choose a day to come."
        )


def _empty_seats(session: orm.Session, round_: Round, lost: Loss) -> None:
    """Empty every seat of the round in one statement, so that none tells whether it held anything."""
    emptied = {"envelope": lost.of_sheets, "draft": lost.of_drafts}
    leaders = sa.select(Leader.id).where(Leader.round_id == round_.id)
    session.execute(
        sa.update(Seat)
        .where(Seat.leader_id.in_(leaders))
        .values({column: None for column, is_lost in emptied.items() if is_lost})
    )


def _count_anew(session: orm.Session, round_: Round, at: datetime) -> None:
    """Say that nobody has answered: the next count comes tomorrow, like every other."""
    for count in group_counts(session, round_):
        count.answered, count.counted_on = 0, at.date()


def _tell_everybody(session: orm.Session, round_: Round, key_store: KeyStore, lost: Loss) -> None:
    """Mail all who were invited alike: whom a mail went to must not tell who had answered."""
    template = _mail_for(lost)
    link_key = key_store.get(link_key_name(round_))
    for invitation in invitations(session, round_):
        if lost.links:
            invitation.issue += 1
            issue_link(invitation, link_key)
        if invitation.email:
            post(session, template, invitation.id)


def _tell_former_trustee(session: orm.Session, round_: Round) -> None:
    """Write to whom raters were told of until now, where somebody else holds the passphrase.

    A trustee whom the operator replaced once more before raters read of them is not meant: else two steps
    would keep it from the one who was.
    """
    told, round_.told_trustee_id = round_.told_trustee_id, round_.trustee_id
    if told and told != round_.trustee_id:
        round_.former_trustee_id = told
        post(session, TO_FORMER, round_.id)


def _mail_for(lost: Loss) -> str:
    if not lost.of_sheets:
        return "drafts_lost"
    return "sheets_and_drafts_lost" if lost.of_drafts else "sheets_lost"
