"""Answering: a draft that only the rater reads, an envelope that only close opens."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from nacl.exceptions import CryptoError
from sqlalchemy import orm

from core.errors import DomainError
from core.keys import KeyStore
from instruments.queries import instrument_of
from instruments.questionnaires import Instrument
from surveys.ballots import sealing
from surveys.ballots.keynames import draft_key_name, link_key_name
from surveys.ballots.sheets import (
    COMMENT_LENGTH,
    NOT_OBSERVED,
    Draft,
    Sheet,
    SheetTooLongError,
    Size,
    clean_comment,
)
from surveys.models import Round, Seat
from surveys.services.keys import public_halves
from surveys.services.rounds import RoundNotOpenError

NOTHING: Sheet = Sheet({}, {})


class SeatDeclinedError(DomainError):
    """Whoever has declined does not answer, unless they take it up again."""


class AlreadyAnsweredError(DomainError):
    """Whoever has answered cannot decline any more."""


class EmptySheetError(DomainError):
    """A sheet without a single answer is not sent."""


class KeyReplacedError(DomainError):
    """The key in the database is not the round's own: whoever wrote it there would read what it seals."""


class UnknownAnswerError(DomainError):
    """A sheet answers what was not asked, or with what is not on the scale."""


def draft_key(round_: Round, sibling: str, key_store: KeyStore, *, own: str = "") -> bytes:
    """Return the key of a rater's drafts, half of which came with their cookie.

    Where a trustee holds the round's key it also takes what only the rater's own browser has: the key store
    can make every link again, and what is sent was a draft before.
    """
    key = sealing.draft_key(sibling, key_store.get(draft_key_name(round_)))
    return sealing.own_draft_key(key, own) if round_.trustee_id else key


def read_draft(seat: Seat, *, key: bytes) -> Draft:
    """Return what the rater has written so far; nothing where an older link or another browser wrote it."""
    begun_anew = Draft(NOTHING, is_anew=seat.answered)
    if seat.draft is None:
        return begun_anew
    try:
        return sealing.unlock_draft(seat.draft, key=key)
    except CryptoError:
        return replace(begun_anew, is_elsewhere=seat.leader.round.trustee_id is not None)


def save_draft(session: orm.Session, seat: Seat, draft: Draft, *, key: bytes) -> None:
    """Keep a draft for its rater alone."""
    _write(session, seat, sa.not_(Seat.declined), draft=_locked(seat, draft, key))


def send_draft(session: orm.Session, seat: Seat, *, key: bytes, key_store: KeyStore) -> None:
    """Send what the rater has written; from now on their draft is what they have sent.

    Where a trustee holds the round's key no draft is left: what was sent opens with their passphrase, and
    with nothing else.
    """
    sheet = read_draft(seat, key=key).sheet
    submit(session, seat, sheet, key_store)
    if seat.leader.round.trustee_id:
        _write(session, seat, sa.true(), draft=None)
    else:
        save_draft(session, seat, Draft(sheet), key=key)


def submit(session: orm.Session, seat: Seat, sheet: Sheet, key_store: KeyStore) -> None:
    """Seal a sheet and put it where any earlier one of this seat lay.

    The key that seals comes from the key store: one that somebody wrote into the database seals nothing.
    """
    if not sheet.ratings and not sheet.comments:
        raise EmptySheetError("There is nothing on this sheet yet. Answer something, then send it.")
    instrument, round_ = asked_of(seat), seat.leader.round
    if round_.public_key is None:
        raise RoundNotOpenError("This round has not been launched yet.")

    envelope = sealing.seal(
        _checked(sheet, instrument),
        _size(instrument),
        place=place_of(seat, key_store),
        public_key=_sealing_key(round_, key_store),
    )
    _write(session, seat, sa.not_(Seat.declined), envelope=envelope)


def place_of(seat: Seat, key_store: KeyStore) -> bytes:
    """Return what ties an envelope to a seat."""
    link_key = key_store.get(link_key_name(seat.leader.round))
    return sealing.binding(seat.leader_id, seat.invitation_id, seat.group, link_key=link_key)


def receipt_of(seat: Seat) -> bytes | None:
    """Return what a rater may keep of the sheet that they sent last; it tells nothing of its content."""
    return seat.envelope and sealing.receipt(seat.envelope)


def decline(session: orm.Session, seat: Seat) -> None:
    """Leave a seat empty on purpose; what was written so far is forgotten."""
    if seat.answered:
        raise AlreadyAnsweredError(
            "You have already sent your answers. They cannot be taken back, but until the "
            "deadline you can change them."
        )
    _write(session, seat, Seat.envelope.is_(None), declined=True, draft=None)


def take_up(session: orm.Session, seat: Seat) -> None:
    """Answer after all."""
    _write(session, seat, Seat.envelope.is_(None), declined=False)


def asked_of(seat: Seat) -> Instrument:
    return instrument_of(seat.leader.round.instrument_version)


def _write(
    session: orm.Session, seat: Seat, condition: sa.ColumnElement[bool], **values: Any
) -> None:
    """Change one seat in one statement, while the round is held open.

    Close takes the round's row for itself before it opens envelopes: a sheet is either in by then,
    or refused here.
    """
    is_open = sa.and_(
        Round.id == seat.leader.round_id, Round.launched_at.is_not(None), Round.locked_at.is_(None)
    )
    held = sa.select(Round.id).where(is_open).with_for_update(read=True)
    if session.scalar(held) is None:
        raise RoundNotOpenError("This round has closed. Nothing can be answered or changed now.")

    update = (
        sa.update(Seat)
        .where(Seat.id == seat.id, condition, sa.exists().where(is_open))
        .values(**values)
        .returning(Seat.id)
    )
    changed = session.execute(update, execution_options={"synchronize_session": False}).all()
    session.expire(seat)
    if len(changed) != 1:
        raise _refusal(seat)


def _refusal(seat: Seat) -> DomainError:
    if seat.declined:
        return SeatDeclinedError(
            f"You have declined to answer about {seat.leader.name}. "
            "You can take it up again in your list."
        )
    return AlreadyAnsweredError("You have already sent your answers.")


def _locked(seat: Seat, draft: Draft, key: bytes) -> bytes:
    instrument = asked_of(seat)
    checked = replace(draft, sheet=_checked(draft.sheet, instrument))
    return sealing.lock_draft(checked, _size(instrument), key=key)


def _sealing_key(round_: Round, key_store: KeyStore) -> bytes:
    for own in public_halves(round_, key_store):
        if own == round_.public_key:
            return own
    raise KeyReplacedError(
        "Nothing can be sent just now: a key of this round is not in its place. What you wrote is kept. "
        "Please come back later to send it."
    )


def _size(instrument: Instrument) -> Size:
    return Size(
        tuple(item.key for item in instrument.items),
        tuple(question.key for question in instrument.questions),
    )


def _checked(sheet: Sheet, instrument: Instrument) -> Sheet:
    """Return the sheet in the order of its questionnaire: the order of answering is nobody's business."""
    size = _size(instrument)
    valid = {NOT_OBSERVED, *instrument.scale.points}
    unknown = (sheet.ratings.keys() - {*size.items}) | (sheet.comments.keys() - {*size.questions})
    if unknown or not valid.issuperset(sheet.ratings.values()):
        raise UnknownAnswerError(
            "The form was sent with an answer which is not on it. Nothing was changed. "
            "Load the page again and choose once more."
        )
    return Sheet(
        {key: sheet.ratings[key] for key in size.items if key in sheet.ratings},
        {key: text for key in size.questions if (text := _comment(sheet, key))},
    )


def _comment(sheet: Sheet, question: str) -> str:
    text = clean_comment(sheet.comments.get(question, ""))
    if len(text) > COMMENT_LENGTH:
        raise SheetTooLongError(
            f"A comment is too long: please keep each within {COMMENT_LENGTH} characters."
        )
    return text
