"""What a round's three secrets are called in the key store."""

from typing import Protocol
from uuid import UUID


class Identified(Protocol):
    """A round, as far as ballots know of it."""

    @property
    def id(self) -> UUID: ...


def private_key_name(round_: Identified) -> str:
    return f"round-{round_.id.hex}-private"


def link_key_name(round_: Identified) -> str:
    return f"round-{round_.id.hex}-link"


def draft_key_name(round_: Identified) -> str:
    return f"round-{round_.id.hex}-draft"
