"""What a round's secrets are called in the key store."""

from typing import Protocol
from uuid import UUID


class Identified(Protocol):
    """A round, as far as ballots know of it."""

    @property
    def id(self) -> UUID: ...


def private_key_name(round_: Identified) -> str:
    return f"round-{round_.id.hex}-private"


def wrapped_key_name(round_: Identified) -> str:
    """Where a trustee's round keeps its private key, locked, until they give their passphrase."""
    return f"round-{round_.id.hex}-wrapped"


def link_key_name(round_: Identified) -> str:
    return f"round-{round_.id.hex}-link"


def draft_key_name(round_: Identified) -> str:
    return f"round-{round_.id.hex}-draft"


def terms_name(round_: Identified) -> str:
    """Where the terms are kept on which raters answer: no secret, but beyond the database's reach."""
    return f"round-{round_.id.hex}-terms"


def opened_name(round_: Identified) -> str:
    """Where it is kept what close has begun to open."""
    return f"round-{round_.id.hex}-opened"


def secret_names(round_: Identified) -> tuple[str, ...]:
    """Return everything that must be gone after close; another secret of a round belongs here too."""
    return (
        private_key_name(round_),
        wrapped_key_name(round_),
        link_key_name(round_),
        draft_key_name(round_),
        terms_name(round_),
        opened_name(round_),
    )
