"""A trustee: somebody without whom nobody, not with database and key store together, opens an envelope."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import orm

from accounts.models import Account
from core import clock
from core.errors import DomainError
from core.keys import KeyStore
from core.mail import post
from surveys.ballots import sealing
from surveys.ballots.escrow import is_passphrase, plain
from surveys.ballots.keynames import private_key_name, wrapped_key_name
from surveys.models import Round
from surveys.queries.keys import mails_to_trustee
from surveys.queries.rounds import invitations
from surveys.services.keys import make_wrapped_key, unlock_key, waits_for_trustee
from surveys.services.rounds import check_trustee, hold, hold_draft

ONE_DAY = timedelta(days=1)
PATIENCE = 3 * ONE_DAY
"""How long a trustee is left in peace after each mail that asks for the passphrase."""
HOUR = time(8, tzinfo=UTC)
"""When the job that reminds runs."""


class NoTrusteeError(DomainError):
    """Only before launch is it decided whether a key is locked with a passphrase."""


class PassphraseGivenError(DomainError):
    """The key has been unlocked: there is nothing a passphrase could still do."""


class PassphraseMistypedError(DomainError):
    """What was typed is not what was drawn."""


class TooEarlyError(DomainError):
    """While raters may answer nobody opens anything."""


class KeyExchangedError(DomainError):
    """The passphrase opens another key than the one the round's envelopes were sealed with."""


def name_trustee(
    session: orm.Session, round_: Round, trustee: Account | None, key_store: KeyStore
) -> bool:
    """Let somebody hold the key of a draft, or nobody; return whether that changes anything."""
    hold_draft(session, round_)
    if round_.trustee is trustee:
        return False
    _entrust(session, round_, trustee, key_store)
    return True


def replace_trustee(
    session: orm.Session, round_: Round, trustee: Account, key_store: KeyStore
) -> None:
    """Let somebody else hold the key of a launched round, whose trustee and passphrase are gone.

    What was sealed with the key of before is lost: the round waits to be opened again.
    """
    hold(session, round_)
    if round_.trustee_id is None or round_.state not in {"open", "locked"}:
        raise NoTrusteeError(
            f"The round is {round_.state}, and {'has a' if round_.trustee_id else 'has no'} trustee. One "
            "can be replaced here while their round is open or waits; before launch HR names one."
        )
    _check_locked_key(round_, key_store)
    _entrust(session, round_, trustee, key_store)


def set_passphrase(
    session: orm.Session, round_: Round, key_store: KeyStore, *, drawn: str, typed: str
) -> None:
    """Make the round's key, locked with the passphrase that was drawn for the trustee.

    In a launched round that is for a trustee who has lost the one of before: what was sealed is lost with it.
    """
    hold(session, round_)
    if round_.state == "closed":
        raise PassphraseGivenError(
            "This round is closed. Its key is destroyed, and needs no passphrase."
        )
    _check_locked_key(round_, key_store)
    if not is_passphrase(drawn) or plain(drawn) != plain(typed):
        raise PassphraseMistypedError(
            "What you typed is not what was drawn for you. Nothing was changed. Copy it once more, "
            "letter by letter."
        )
    make_wrapped_key(round_, key_store, typed)


def unlock(session: orm.Session, round_: Round, key_store: KeyStore, *, passphrase: str) -> None:
    """Put the key of a round that is over where close finds it."""
    hold(session, round_)
    if round_.state in {"draft", "open"}:
        raise TooEarlyError(
            "Raters may still answer. The passphrase is asked for when the round is over, not before."
        )
    if round_.state == "closed":
        raise PassphraseGivenError("This round is closed already: its answers are scored.")
    private_key = unlock_key(round_, key_store, passphrase)
    if sealing.public_key(private_key) != round_.public_key:
        raise KeyExchangedError(
            "Your passphrase is right, but the answers were sealed with a key of before, which is lost. "
            "HR can open the round again for answers."
        )
    key_store.put(private_key_name(round_), private_key)


def remind_trustee(session: orm.Session, round_: Round, key_store: KeyStore) -> None:
    """Ask once more for the passphrase for which a round waits, when the last time is long enough ago.

    The row is held: another worker, or the trustee who comes at this very moment, is waited for and seen.
    """
    hold(session, round_)
    now = clock.now()
    if not waits_for_trustee(round_, key_store) or now < _peace_ends(round_):
        return
    round_.reminded_on = now.date()
    if "round_waits" not in mails_to_trustee(session, round_):
        post(session, "round_waits", round_.id)


def next_reminder(round_: Round, *, at: datetime) -> datetime:
    """Return when the trustee of a locked round is reminded, if they have not come by then.

    Where the worker stood still when it should have been, that is the next time it looks.
    """
    earliest = max(_peace_ends(round_), at)
    looks = datetime.combine(earliest, HOUR)
    return looks if looks >= earliest else looks + ONE_DAY


def _peace_ends(round_: Round) -> datetime:
    """Return until when a trustee is left in peace, who was asked at the lock and by each reminder since."""
    reminded = datetime.combine(round_.reminded_on or date.min, HOUR)
    return max(round_.locked_at or reminded, reminded) + PATIENCE


def _entrust(
    session: orm.Session, round_: Round, trustee: Account | None, key_store: KeyStore
) -> None:
    check_trustee(round_, trustee, invitations(session, round_))
    key_store.destroy(wrapped_key_name(round_))
    round_.trustee = trustee
    if trustee:
        session.flush()
        post(session, "trustee_named", round_.id)


def _check_locked_key(round_: Round, key_store: KeyStore) -> None:
    """Refuse where the key is unlocked; one in a draft was left by a launch that was rolled back."""
    if round_.state == "locked" and key_store.has(private_key_name(round_)):
        raise PassphraseGivenError(
            "The passphrase has been given: the answers are being scored, which takes a minute or two."
        )
