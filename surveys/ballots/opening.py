"""Opening envelopes. Only close may do this, once."""

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from core.errors import DomainError
from surveys.ballots.sealing import BINDING_LENGTH
from surveys.ballots.sheets import Sheet, decode


class EnvelopeMovedError(DomainError):
    """An envelope does not belong where it lies, or was damaged: somebody has been at the database."""


def open_envelope(envelope: bytes, *, place: bytes, private_key: bytes) -> Sheet:
    """Open an envelope and check that it was sealed for this very place."""
    try:
        content = SealedBox(PrivateKey(private_key)).decrypt(envelope)
    except CryptoError:
        content = b""
    if content[:BINDING_LENGTH] != place:
        raise EnvelopeMovedError(
            "An envelope was changed or moved after it was sealed. Nothing has been scored. "
            "Ask your operator to compare the database with its backups before you close again."
        )
    return decode(content[BINDING_LENGTH:])
