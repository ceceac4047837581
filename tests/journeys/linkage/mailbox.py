"""Everybody's mailbox, and what its links open in old dumps."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox

from core import tokens
from surveys.ballots.sealing import draft_key
from tests.journeys.linkage.evidence import Dump, Row

SECRET = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")


@dataclass(frozen=True)
class Letter:
    """A mail as it lies in a spool or a mailbox."""

    path: Path

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.path.read_bytes(), EmailMessage, policy=policy.default)

    @cached_property
    def at(self) -> float:
        return parsedate_to_datetime(str(self.message["Date"])).timestamp()

    @cached_property
    def secret(self) -> str:
        body = self.message.get_body()
        assert body
        found: list[str] = SECRET.findall(body.get_content())
        return found[0]


class Mailbox:
    """All mails that ever went out, and whose they are: an old dump tells whom a link leads to."""

    def __init__(self, folder: Path, old: Dump) -> None:
        self.letters = [Letter(path) for path in folder.glob("*.eml")]
        holders = {row["authenticator_hash"]: row["id"] for row in old["invitation"]}
        self.holder = {
            secret: holders[_fingerprint(secret)]
            for secret in {letter.secret for letter in self.letters}
        }
        self.secrets = {person: secret for secret, person in self.holder.items()}
        self._owners = {letter.path: self.holder[letter.secret] for letter in self.letters}

    def in_order(self) -> list[str]:
        """Return to whom mail went, by the time that it bears."""
        letters = sorted(self.letters, key=lambda letter: (letter.at, letter.path.name))
        return [self.holder[letter.secret] for letter in letters]

    def about(self, path: Path) -> list[str]:
        """Return whom a file is about, where it is a mail."""
        return [self._owners[path]] if path in self._owners else []


def opened(seats: Iterable[Row], mailbox: Mailbox, keys: Iterable[bytes]) -> list[str]:
    """Return whose envelope or draft opens with links and with keys, in any way they may be put together."""
    keys = [key for key in keys if len(key) == tokens.LENGTH]
    return [
        f"{kind} of {row['invitation_id']}"
        for row in seats
        for kind, opens in _ways(row, mailbox.secrets[row["invitation_id"]], keys)
        if opens
    ]


def _ways(row: Row, secret: str, keys: list[bytes]) -> Iterator[tuple[str, bool]]:
    derived = [tokens.derive(secret, f"candid360 {half}") for half in ("authenticator", "sibling")]
    halves = [secret, *derived]
    alone = [tokens.key_of(half) for half in halves]
    together = [draft_key(half, salt) for half in halves for salt in [b"", *keys, *alone]]
    if row["envelope"]:
        boxes = (SealedBox(PrivateKey(key)) for key in [*keys, *alone])
        yield "envelope", any(_opens(box, row["envelope"]) for box in boxes)
    if row["draft"]:
        locks = (SecretBox(key) for key in [*keys, *alone, *together])
        yield "draft", any(_opens(box, row["draft"]) for box in locks)


def _opens(box: SealedBox[PrivateKey] | SecretBox, content: bytes) -> bool:
    try:
        box.decrypt(content)
    except CryptoError:
        return False
    return True


def _fingerprint(secret: str) -> bytes:
    return tokens.fingerprint(tokens.derive(secret, "candid360 authenticator"))
