"""The box in which close leaves what only methodologists may see, and how it is opened again.

Its key lies in the key store and outlives rounds: a dump of the database alone tells nothing of it.
"""

import json
from collections.abc import Mapping
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from core.errors import DomainError
from core.keys import KeyLostError, KeyStore

LEADERS_MINIMUM = 10
RATERS_MINIMUM = 80
MANY_RATERS = 200
"""What must stand behind a figure; many raters behind the finer ones."""
ITEMS_MINIMUM = 2
"""How raters spread on one item, beside the mean which is printed, would tell what single ones answered."""
KEY_NAME = "sums"
BLOCK = 1024
OVERHEAD = SecretBox.NONCE_SIZE + SecretBox.MACBYTES


class SumsLostError(DomainError):
    """The key with which these sums were sealed is gone, or another one has taken its place."""


def seal(document: Mapping[str, Any], key_store: KeyStore) -> bytes:
    """Seal a document; the box is so many full kilobytes long, so that its length tells little."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    blocks = -(-(len(text) + OVERHEAD) // BLOCK)
    box = SecretBox(key_store.get_or_create(KEY_NAME))
    return bytes(box.encrypt(text.ljust(blocks * BLOCK - OVERHEAD)))


def unseal(box: bytes, key_store: KeyStore) -> dict[str, Any]:
    """Return what `seal` was given.

    Raises
    ------
    SumsLostError
        When the key store has no key that opens the box, or the box was changed.
    """
    try:
        text = SecretBox(key_store.get(KEY_NAME)).decrypt(box)
    except (KeyLostError, CryptoError):
        raise SumsLostError(
            f"These sums are sealed, and the key “{KEY_NAME}” in the key store does not open them: it was "
            "lost or replaced, or KEY_STORE points elsewhere. Reports are safe, and so are the figures that "
            "say how far raters can be relied on: they rest on other rows. Put the key back if there is a "
            "copy. Without it only these sums are gone; rounds that close from now on have theirs."
        ) from None
    document: dict[str, Any] = json.loads(text)
    return document
