"""An answer sheet: what one rater says of one leader, and how it lies in an envelope."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import DomainError

NOT_OBSERVED = "NA"
COMMENT_LENGTH = 1000

Rating = int | str
"""A point of the scale, or NOT_OBSERVED."""


class SheetTooLongError(DomainError):
    """A comment is longer than an envelope holds."""


@dataclass(frozen=True)
class Sheet:
    """Ratings by item, comments by question; what was not answered is absent."""

    ratings: Mapping[str, Rating]
    comments: Mapping[str, str]


@dataclass(frozen=True)
class Size:
    """How large an envelope of a questionnaire must be, so that none tells how much is in it."""

    items: tuple[str, ...]
    questions: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """The largest sheet there can be: every item not observed, every comment of four-byte letters."""
        fullest = Sheet(
            dict.fromkeys(self.items, NOT_OBSERVED),
            dict.fromkeys(self.questions, "\N{GRINNING FACE}" * COMMENT_LENGTH),
        )
        return len(_text(fullest))


def encode(sheet: Sheet, size: Size) -> bytes:
    """Write a sheet as text filled up with blanks to the size of its questionnaire."""
    text = _text(sheet)
    if len(text) > size.bytes:
        raise SheetTooLongError(
            f"A comment is too long: please keep each within {COMMENT_LENGTH} characters."
        )
    return text.ljust(size.bytes)


def decode(text: bytes) -> Sheet:
    document = json.loads(text)
    return Sheet(document["ratings"], document["comments"])


def _text(sheet: Sheet) -> bytes:
    document = {"ratings": dict(sheet.ratings), "comments": dict(sheet.comments)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
