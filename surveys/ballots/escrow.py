"""A round's private key, locked with a passphrase that a trustee keeps and no machine does.

Whoever holds the locked key may try passphrases as fast as their machines allow. So nobody thinks one up:
it is drawn by lot, from more than any machine will try at the better part of a second and 256 MiB each.
"""

import re
import secrets

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

from core.errors import DomainError

CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"
SPELLING = (CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS)
WORDS = 4
PUBLIC_LENGTH, SALT_LENGTH = 32, argon2id.SALTBYTES
BOXED = PUBLIC_LENGTH + SALT_LENGTH
PASSES, MEMORY = argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE


class WrongPassphraseError(DomainError):
    """It does not open the key."""


def make_passphrase() -> str:
    """Draw four words that can be said, spelled and copied in any language: 64 bits (after "proquints")."""
    return " ".join(_word() for _ in range(WORDS))


def is_passphrase(text: str) -> bool:
    """Whether it has the form of what is drawn; an invented one is too easily guessed."""
    word = "".join(f"[{letters}]" for letters in SPELLING)
    return re.fullmatch(rf"{word}( {word}){{{WORDS - 1}}}", plain(text)) is not None


def plain(passphrase: str) -> str:
    """Return a passphrase as it was drawn, however it was typed.

    Examples
    --------
    >>> plain(" Lusab-babad  gutih tugad")
    'lusab babad gutih tugad'
    """
    return " ".join(re.findall(r"[a-z]+", passphrase.lower()))


def wrap(private_key: bytes, passphrase: str) -> bytes:
    """Lock a private key (Argon2id, XSalsa20-Poly1305); its public half stands before it in the open."""
    salt = random(SALT_LENGTH)
    box = SecretBox(_key(passphrase, salt))
    return bytes(PrivateKey(private_key).public_key) + salt + bytes(box.encrypt(private_key))


def public_half(wrapped: bytes) -> bytes:
    return wrapped[:PUBLIC_LENGTH]


def unwrap(wrapped: bytes, passphrase: str) -> bytes:
    """Return the private key.

    Raises
    ------
    WrongPassphraseError
        Also where what was locked has been damaged, which looks no different.
    """
    salt, box = wrapped[PUBLIC_LENGTH:BOXED], wrapped[BOXED:]
    try:
        return bytes(SecretBox(_key(passphrase, salt)).decrypt(box))
    except CryptoError:
        raise WrongPassphraseError(
            "This is not the passphrase of this round. Nothing has changed, and nothing is lost: look at "
            "what you wrote down, and type it once more."
        ) from None


def _word() -> str:
    return "".join(secrets.choice(letters) for letters in SPELLING)


def _key(passphrase: str, salt: bytes) -> bytes:
    text = plain(passphrase).encode()
    return bytes(argon2id.kdf(SecretBox.KEY_SIZE, text, salt, opslimit=PASSES, memlimit=MEMORY))
