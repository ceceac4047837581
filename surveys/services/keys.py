"""A round's secrets: made at launch, kept apart from the database, never guessed where they are lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_bytes

from nacl.public import PrivateKey
from sqlalchemy import orm

from core import tokens
from core.errors import DomainError
from core.keys import KeyStore
from surveys.ballots import escrow, sealing
from surveys.ballots.keynames import (
    draft_key_name,
    link_key_name,
    private_key_name,
    secret_names,
    terms_name,
    wrapped_key_name,
)
from surveys.models import Invitation, Round
from surveys.queries.keys import any_invitation


class PassphraseMissingError(DomainError):
    """A trustee's round has no key before they have their passphrase."""


@dataclass(frozen=True)
class Loss:
    """Which of a round's secrets are gone."""

    key: bool = False
    links: bool = False
    """The key of the links, or the terms which were kept with it."""
    drafts: bool = False

    @property
    def of_sheets(self) -> bool:
        """Whether what was sent cannot be opened, or no longer be told from what was put in its place."""
        return self.key or self.links

    @property
    def of_drafts(self) -> bool:
        """Whether what was begun cannot be shown: half of its key came with the link."""
        return self.links or self.drafts


NOTHING, EVERYTHING = Loss(), Loss(key=True, links=True, drafts=True)


def make_secrets(round_: Round, key_store: KeyStore, lost: Loss = EVERYTHING) -> None:
    """Make a round's secrets, or those alone which are lost.

    They are written first: should the transaction be rolled back, they open nothing, are found not to fit
    the round, and are replaced by the next.
    """
    if lost.key:
        round_.public_key = _public_half_of_new_key(round_, key_store)
    if lost.links:
        _put(key_store, link_key_name(round_), token_bytes(tokens.LENGTH))
    if lost.drafts:
        _put(key_store, draft_key_name(round_), token_bytes(tokens.LENGTH))


def make_wrapped_key(round_: Round, key_store: KeyStore, passphrase: str) -> None:
    """Make a key that only the passphrase opens; any there was before is gone for good."""
    key_store.destroy(private_key_name(round_))
    _put(key_store, wrapped_key_name(round_), escrow.wrap(_new_private_key(), passphrase))


def public_halves(round_: Round, key_store: KeyStore) -> frozenset[bytes]:
    """Return the public halves of the keys that the store holds for a round, locked or not.

    The public half in the database seals nothing unless it is among these: whoever wrote another one there
    would read what it seals.
    """
    return frozenset(_public_halves(round_, key_store))


def loss_of(session: orm.Session, round_: Round, key_store: KeyStore) -> Loss:
    """Return which secrets a round needs that the key store does not hold, or holds others in their place."""
    if round_.state in {"draft", "closed"}:
        return NOTHING
    return loss_for(any_invitation(session, round_), key_store)


def loss_for(invitation: Invitation, key_store: KeyStore) -> Loss:
    """Return the same of a round that is not closed, as it is seen from one of its invitations."""
    round_ = invitation.round
    return Loss(
        key=round_.public_key not in public_halves(round_, key_store),
        links=not (_links_fit(invitation, key_store) and has_terms(round_, key_store)),
        drafts=not key_store.has(draft_key_name(round_)),
    )


def link_secret(invitation: Invitation, link_key: bytes) -> str:
    """Return the secret of an invitation's present link."""
    address = invitation.email or ""
    return tokens.link_secret(link_key, invitation.id, invitation.issue, address)


def link_fingerprint(invitation: Invitation, link_key: bytes) -> bytes:
    """Return what the database keeps of it."""
    authenticator = tokens.derive(link_secret(invitation, link_key), "candid360 authenticator")
    return tokens.fingerprint(authenticator)


def link_fits(invitation: Invitation, link_key: bytes) -> bool:
    """Whether the key makes the link of which the database has the fingerprint."""
    return invitation.authenticator_hash == link_fingerprint(invitation, link_key)


def has_passphrase(round_: Round, key_store: KeyStore) -> bool:
    """Whether the round's trustee has the passphrase to a key in the store."""
    return round_.trustee_id is not None and key_store.has(wrapped_key_name(round_))


def has_terms(round_: Round, key_store: KeyStore) -> bool:
    return key_store.has(terms_name(round_))


def waits_for_trustee(round_: Round, key_store: KeyStore) -> bool:
    """Whether a round is over, and its answers wait for nothing but the trustee's passphrase."""
    return (
        round_.state == "locked"
        and has_passphrase(round_, key_store)
        and not key_store.has(private_key_name(round_))
        and round_.public_key in public_halves(round_, key_store)
    )


def stage_of(session: orm.Session, round_: Round, key_store: KeyStore) -> str:
    """Return a round's state; of one that cannot go on `lost` or `waiting`, which says why."""
    if loss_of(session, round_, key_store).of_sheets:
        return "lost"
    return "waiting" if waits_for_trustee(round_, key_store) else round_.state


def unlock_key(round_: Round, key_store: KeyStore, passphrase: str) -> bytes:
    """Return the private key of a trustee's round."""
    return escrow.unwrap(key_store.get(wrapped_key_name(round_)), passphrase)


def destroy_secrets(round_: Round, key_store: KeyStore) -> None:
    """Make everything unreadable that was sealed in a round; what is gone already is no fault."""
    for name in secret_names(round_):
        key_store.destroy(name)


def _public_half_of_new_key(round_: Round, key_store: KeyStore) -> bytes:
    if round_.trustee_id is None:
        private_key = _new_private_key()
        _put(key_store, private_key_name(round_), private_key)
        return sealing.public_key(private_key)
    if not has_passphrase(round_, key_store):
        raise PassphraseMissingError(
            "The trustee of this round has no passphrase for it yet. They get one on their own page; "
            "until then there is nothing to seal answers with."
        )
    return escrow.public_half(key_store.get(wrapped_key_name(round_)))


def _public_halves(round_: Round, key_store: KeyStore) -> Iterator[bytes]:
    if key_store.has(private_key_name(round_)):
        yield sealing.public_key(key_store.get(private_key_name(round_)))
    if key_store.has(wrapped_key_name(round_)):
        yield escrow.public_half(key_store.get(wrapped_key_name(round_)))


def _links_fit(invitation: Invitation, key_store: KeyStore) -> bool:
    name = link_key_name(invitation.round)
    return key_store.has(name) and link_fits(invitation, key_store.get(name))


def _new_private_key() -> bytes:
    return bytes(PrivateKey.generate())


def _put(key_store: KeyStore, name: str, secret: bytes) -> None:
    """Write a secret; what lay there before is overwritten, and not only left without a name."""
    key_store.destroy(name)
    key_store.put(name, secret)
