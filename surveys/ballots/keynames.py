"""What a round's three secrets are called in the key store."""

from surveys.models import Round


def private_key_name(round_: Round) -> str:
    return f"round-{round_.id.hex}-private"


def link_key_name(round_: Round) -> str:
    return f"round-{round_.id.hex}-link"


def draft_key_name(round_: Round) -> str:
    return f"round-{round_.id.hex}-draft"
