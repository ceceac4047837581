"""Envelopes: sealed with the round's public key, so that whoever seals one cannot open it again.

A draft is something else: it is locked with a key that only the rater's link and the round together give.
"""

import hashlib
from uuid import UUID

from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from core import tokens
from surveys.ballots.sheets import Draft, Sheet, Size, decode, encode

BINDING_LENGTH = 32
RECEIPT_LENGTH = 20
CONTINUED, ANEW = b"=", b"!"


def binding(leader_id: UUID, invitation_id: UUID, group: str, *, link_key: bytes) -> bytes:
    """Return what ties an envelope to its place: leader, rater and group, by a secret of the round.

    Whoever can write to the database, but not read the key store, can neither move an envelope nor put
    one of their own in its place.
    """
    place = leader_id.bytes + invitation_id.bytes + group.encode()
    return hashlib.blake2b(place, key=link_key, digest_size=BINDING_LENGTH).digest()


def public_key(private_key: bytes) -> bytes:
    """Return the half of a round's key that seals."""
    return bytes(PrivateKey(private_key).public_key)


def seal(sheet: Sheet, size: Size, *, place: bytes, public_key: bytes) -> bytes:
    """Seal a sheet for one place at one leader's table."""
    return SealedBox(PublicKey(public_key)).encrypt(place + encode(sheet, size))


def receipt(envelope: bytes) -> bytes:
    """Return what a rater keeps of an envelope, to find it among those that close has counted."""
    return hashlib.blake2b(envelope, digest_size=RECEIPT_LENGTH).digest()


def lock_draft(draft: Draft, size: Size, *, key: bytes) -> bytes:
    mark = ANEW if draft.is_anew else CONTINUED
    return bytes(SecretBox(key).encrypt(mark + encode(draft.sheet, size)))


def unlock_draft(locked: bytes, *, key: bytes) -> Draft:
    text = bytes(SecretBox(key).decrypt(locked))
    return Draft(decode(text[1:]), is_anew=text[:1] == ANEW)


def draft_key(sibling: str, draft_secret: bytes) -> bytes:
    """Return the key of a rater's drafts: half from the link, half from the round."""
    return tokens.key_of(tokens.derive(sibling, "candid360 draft", salt=draft_secret))


def own_draft_key(key: bytes, own: str) -> bytes:
    """Return the key of drafts that one browser alone opens, which has `own` and else nobody."""
    if not tokens.is_wellformed(own):
        raise ValueError("the browser's part of a draft's key is 256 random bits")
    return tokens.key_of(tokens.derive(own, "candid360 draft of one browser", salt=key))
