"""Where raters find their receipts: one digest for every seat, whether an envelope lay there or not."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from surveys.ballots.sealing import RECEIPT_LENGTH, receipt


def counted(
    envelopes: Iterable[bytes], silent_seats: Iterable[UUID], *, link_key: bytes
) -> list[bytes]:
    """Return the receipts of all envelopes among those of seats without one, in an order of their own."""
    blanks = (blank(seat_id, link_key=link_key) for seat_id in silent_seats)
    return sorted([*map(receipt, envelopes), *blanks])


def blank(seat_id: UUID, *, link_key: bytes) -> bytes:
    """Return what stands for a seat without an envelope: chance, for whoever has not the round's link key.

    It is the same when an interrupted close is run again: what the database still remembers of the first
    run would else give away the blanks as those that have changed.
    """
    return hashlib.blake2b(
        seat_id.bytes, key=link_key, digest_size=RECEIPT_LENGTH, person=b"silent seat"
    ).digest()
