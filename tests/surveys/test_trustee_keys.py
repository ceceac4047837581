"""While a trustee's round runs nobody opens an envelope, not with the database and the key store together."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from sqlalchemy.orm import Session

from assess.jobs import close_locked_rounds
from core import tokens
from core.db import Model, db
from core.keys import KeyLostError, KeyStore
from core.mail import OutboxMail
from surveys.ballots.escrow import PUBLIC_LENGTH, WrongPassphraseError
from surveys.ballots.keynames import private_key_name, wrapped_key_name
from surveys.ballots.sheets import Draft
from surveys.models import Round
from surveys.services.answers import (
    KeyReplacedError,
    draft_key,
    read_draft,
    save_draft,
    send_draft,
    submit,
)
from surveys.services.keys import (
    NOTHING,
    has_passphrase,
    loss_of,
    waits_for_trustee,
)
from surveys.services.rounds import (
    UnfitTrusteeError,
    launch,
    lock_round,
    secret_of,
)
from surveys.services.trustees import (
    KeyExchangedError,
    NoTrusteeError,
    PassphraseGivenError,
    TooEarlyError,
    name_trustee,
    replace_trustee,
    unlock,
)
from tests.factories import NOON, make_account, make_leader, make_round
from tests.surveys.keys import OTHER, PASSPHRASE, SAID, everybody_answers, take

pytestmark = pytest.mark.usefixtures("cheap_passphrases")


def opened_by(round_: Round, key_store: KeyStore) -> Iterator[bytes]:
    """Yield every envelope which any 32 bytes in a row of any file of the key store open."""
    envelopes = [seat.envelope for seat in round_.leaders[0].seats if seat.envelope]
    for path in sorted(key_store.directory.iterdir()):
        content = path.read_bytes() if round_.id.hex in path.name else b""
        for start in range(len(content) - 31):
            box = SealedBox(PrivateKey(content[start : start + 32]))
            yield from (envelope for envelope in envelopes if _opens(box, envelope))


def _opens(box: SealedBox[PrivateKey], envelope: bytes) -> bool:
    try:
        return bool(box.decrypt(envelope))
    except CryptoError:
        return False


# --- While it runs


def test_database_and_key_store_together_open_nothing_until_the_passphrase_is_given(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    """The same search opens all five envelopes afterwards: it would have found the key before."""
    assert list(opened_by(entrusted_locked, key_store)) == []

    unlock(session, entrusted_locked, key_store, passphrase=PASSPHRASE)

    assert len(list(opened_by(entrusted_locked, key_store))) == 5


def drafts_opened_by(
    session: Session, round_: Round, key_store: KeyStore, *, own: str
) -> list[Draft]:
    """Return every draft that the links, made again from the key store, and its draft secret open."""
    found = []
    for seat in round_.leaders[0].seats:
        sibling = tokens.derive(secret_of(seat.invitation, key_store), "candid360 sibling")
        key = draft_key(round_, sibling, key_store, own=own)
        session.refresh(seat)
        draft = read_draft(seat, key=key)
        found += [] if draft.is_elsewhere or seat.draft is None else [draft]
    return found


def test_no_draft_opens_for_them_either(
    session: Session, key_store: KeyStore, entrusted_open: Round
) -> None:
    """Of what was sent none is left; what was begun opens only with what the rater's browser has."""
    own, guessed = (tokens.derive(half * 43, "a browser") for half in "AB")
    begun, sent = entrusted_open.leaders[0].seats[:2]
    for seat in (begun, sent):
        sibling = tokens.derive(secret_of(seat.invitation, key_store), "candid360 sibling")
        key = draft_key(entrusted_open, sibling, key_store, own=own)
        save_draft(session, seat, Draft(SAID), key=key)
        if seat is sent:
            send_draft(session, seat, key=key, key_store=key_store)

    assert drafts_opened_by(session, entrusted_open, key_store, own=guessed) == []
    assert drafts_opened_by(session, entrusted_open, key_store, own=own) == [Draft(SAID)]


@pytest.mark.parametrize("own", ["", "A" * 42, "A" * 44])
def test_no_draft_is_locked_without_what_the_browser_has(
    key_store: KeyStore, entrusted_open: Round, own: str
) -> None:
    with pytest.raises(ValueError, match="256 random bits"):
        draft_key(entrusted_open, "A" * 43, key_store, own=own)


def test_an_open_round_has_no_private_key(key_store: KeyStore, entrusted_open: Round) -> None:
    assert not key_store.has(private_key_name(entrusted_open))
    assert loss_of_nothing(entrusted_open, key_store)


def loss_of_nothing(round_: Round, key_store: KeyStore) -> bool:
    session = sa.orm.object_session(round_)
    assert session
    return loss_of(session, round_, key_store) == NOTHING


def test_nobody_unlocks_before_the_round_is_over(
    session: Session, key_store: KeyStore, entrusted_open: Round
) -> None:
    with pytest.raises(TooEarlyError):
        unlock(session, entrusted_open, key_store, passphrase=PASSPHRASE)

    assert not key_store.has(private_key_name(entrusted_open))


def test_a_key_of_somebody_elses_making_seals_nothing(
    session: Session, key_store: KeyStore, entrusted_open: Round
) -> None:
    entrusted_open.public_key = bytes(PrivateKey.generate().public_key)
    session.flush()

    with pytest.raises(KeyReplacedError):
        submit(session, entrusted_open.leaders[0].seats[0], SAID, key_store)


# --- When it is over


def test_the_trustee_is_asked_when_the_round_is_over(
    session: Session, entrusted_locked: Round
) -> None:
    asked = session.scalars(sa.select(OutboxMail).where(OutboxMail.template == "round_waits")).all()

    assert [mail.subject_id for mail in asked] == [entrusted_locked.id]


def test_a_wrong_passphrase_changes_nothing(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    with pytest.raises(WrongPassphraseError):
        unlock(session, entrusted_locked, key_store, passphrase=OTHER)

    assert waits_for_trustee(entrusted_locked, key_store)
    assert not key_store.has(private_key_name(entrusted_locked))


def test_a_passphrase_is_given_once(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    unlock(session, entrusted_locked, key_store, passphrase=PASSPHRASE)

    assert not waits_for_trustee(entrusted_locked, key_store)
    with pytest.raises(PassphraseGivenError):
        take(session, entrusted_locked, key_store, OTHER)
    entrusted_locked.closed_at = NOON
    session.flush()
    with pytest.raises(PassphraseGivenError):
        unlock(session, entrusted_locked, key_store, passphrase=PASSPHRASE)
    with pytest.raises(PassphraseGivenError):
        take(session, entrusted_locked, key_store, OTHER)


def test_a_locked_key_that_is_gone_is_lost(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    key_store.destroy(wrapped_key_name(entrusted_locked))

    assert not waits_for_trustee(entrusted_locked, key_store)
    assert loss_of(session, entrusted_locked, key_store).key
    with pytest.raises(KeyLostError):
        unlock(session, entrusted_locked, key_store, passphrase=PASSPHRASE)


# --- When the passphrase is lost


def test_a_new_passphrase_is_a_new_key_and_the_old_one_is_gone_for_good(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    take(session, entrusted_locked, key_store, OTHER)

    assert loss_of(session, entrusted_locked, key_store).key
    assert not waits_for_trustee(entrusted_locked, key_store)
    with pytest.raises(WrongPassphraseError):
        unlock(session, entrusted_locked, key_store, passphrase=PASSPHRASE)
    with pytest.raises(KeyExchangedError, match="HR can open the round again"):
        unlock(session, entrusted_locked, key_store, passphrase=OTHER)
    assert list(opened_by(entrusted_locked, key_store)) == []


def test_with_a_new_key_nothing_is_sealed_until_the_round_is_opened_again(
    session: Session, key_store: KeyStore, entrusted_open: Round
) -> None:
    take(session, entrusted_open, key_store, OTHER)

    with pytest.raises(KeyReplacedError):
        submit(session, entrusted_open.leaders[0].seats[0], SAID, key_store)


def test_an_operator_replaces_a_trustee_who_is_gone(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    new = make_account(session, "coach")

    replace_trustee(session, entrusted_locked, new, key_store)

    assert entrusted_locked.trustee is new
    assert not has_passphrase(entrusted_locked, key_store)
    with pytest.raises(UnfitTrusteeError):
        replace_trustee(session, entrusted_locked, make_account(session, "hr"), key_store)


def test_no_trustee_is_brought_into_a_round_that_was_launched_without(
    session: Session, key_store: KeyStore, entrusted_draft: Round
) -> None:
    with pytest.raises(NoTrusteeError):
        replace_trustee(session, entrusted_draft, make_account(session, "coach"), key_store)
    name_trustee(session, entrusted_draft, None, key_store)
    launch(session, entrusted_draft, key_store, at=NOON)

    with pytest.raises(NoTrusteeError):
        replace_trustee(session, entrusted_draft, make_account(session, "coach"), key_store)


def test_a_trustee_is_not_replaced_once_the_passphrase_is_given(
    session: Session, key_store: KeyStore, entrusted_locked: Round
) -> None:
    unlock(session, entrusted_locked, key_store, passphrase=PASSPHRASE)

    with pytest.raises(PassphraseGivenError):
        replace_trustee(session, entrusted_locked, make_account(session, "coach"), key_store)


# --- The whole way, on a database and in files of its own


@pytest.fixture
def waiting(own_app: Flask) -> Flask:
    """An application with a trustee's round, answered and entrusted_locked."""
    with own_app.app_context():
        session, key_store = db.session, own_keys(own_app)
        round_ = make_round(session)
        make_leader(session, round_, peer=4)
        name_trustee(session, round_, make_account(session, "trustee"), key_store)
        take(session, round_, key_store, PASSPHRASE)
        launch(session, round_, key_store, at=NOON)
        everybody_answers(session, round_, key_store)
        lock_round(session, round_, at=NOON)
        session.commit()
    return own_app


def own_keys(app: Flask) -> KeyStore:
    store: KeyStore = app.extensions["key_store"]
    return store


def state_of(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(sa.select(Round)).one().state


def run(app: Flask, job: Callable[[], None]) -> None:
    with app.app_context():
        job()


def give(app: Flask) -> bytes:
    """Give the passphrase, and return the key that it unlocks."""
    with app.app_context():
        round_ = db.session.scalars(sa.select(Round)).one()
        unlock(db.session, round_, own_keys(app), passphrase=PASSPHRASE)
        db.session.commit()
        return own_keys(app).get(private_key_name(round_))


def test_close_waits_in_silence_and_then_destroys_everything(
    waiting: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        run(waiting, close_locked_rounds)
        run(waiting, close_locked_rounds)
    assert (state_of(waiting), caplog.text) == ("locked", "")

    give(waiting)
    run(waiting, close_locked_rounds)

    assert state_of(waiting) == "closed"
    assert list(own_keys(waiting).directory.glob("round-*")) == []


def test_the_passphrase_stands_nowhere(waiting: Flask, tmp_path: Path) -> None:
    def everything() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    before = everything()
    private_key = give(waiting)

    assert private_key not in before
    assert private_key in everything()
    for written in (before, everything()):
        assert not any(word in written for word in (b"lusab", b"gutih", b"tugad"))


def test_the_locked_key_is_in_no_table(waiting: Flask) -> None:
    """A copy in a backup would outlive the promise: then a passphrase could still open old envelopes."""
    with waiting.app_context():
        round_ = db.session.scalars(sa.select(Round)).one()
        wrapped = own_keys(waiting).get(wrapped_key_name(round_))
        values = [
            value
            for table in Model.metadata.sorted_tables
            for row in db.session.execute(sa.select(table))
            for value in row
            if isinstance(value, bytes)
        ]

    secret = wrapped[PUBLIC_LENGTH:]
    assert wrapped[:PUBLIC_LENGTH] in values
    assert not any(secret in value or value in secret for value in values)
