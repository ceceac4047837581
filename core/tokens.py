"""Secrets of links and what is derived from them. Nothing here is ever stored but a fingerprint."""

import base64
import hashlib
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LENGTH = 32


def link_secret(key: bytes, subject: UUID, issue: int, address: str) -> str:
    """Return the secret of a link: the same whenever asked, so that a reminder can carry it again.

    It is another one for another address: whoever writes theirs in its place is sent what opens nothing.
    """
    message = subject.bytes + issue.to_bytes(4, "big") + address.encode()
    return _encode(hashlib.blake2b(message, key=key, digest_size=LENGTH).digest())


def derive(secret: str, purpose: str, *, salt: bytes = b"") -> str:
    """Derive one of several independent secrets (HKDF-SHA256, RFC 5869), as the page does in the browser."""
    hkdf = HKDF(algorithm=SHA256(), length=LENGTH, salt=salt or None, info=purpose.encode())
    return _encode(hkdf.derive(_decode(secret)))


def fingerprint(authenticator: str) -> bytes:
    """Return what the database keeps of an authenticator of 256 random bits: its SHA-256."""
    return hashlib.sha256(authenticator.encode()).digest()


def key_of(secret: str) -> bytes:
    """Return the 32 bytes of an encoded secret."""
    return _decode(secret)


def is_wellformed(secret: str) -> bool:
    try:
        return len(_decode(secret)) == LENGTH
    except ValueError:
        return False


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
