"""An answer sheet: what one rater says of one leader, and how it lies in an envelope."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import DomainError

NOT_OBSERVED = "NA"
COMMENT_LENGTH = 1000

# Drawn as nothing, though their category is not that of a format character.
INVISIBLE = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x1D159))
) | frozenset(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))

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
class Draft:
    """What a rater has written so far.

    `is_anew` where a sheet was sent before which their present link cannot show: this draft would take
    its place without holding any of it. `is_elsewhere` where something was begun that this browser cannot
    show: what is saved here takes its place.
    """

    sheet: Sheet
    is_anew: bool = False
    is_elsewhere: bool = False


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


def clean_comment(text: str) -> str:
    r"""Return a comment in plain text: what cannot be seen could carry a mark of who wrote it.

    Normalised (NFKC), without control, zero-width and unassigned characters, with single blanks and
    at most one empty line between paragraphs.

    Examples
    --------
    >>> clean_comment("  Asks\u200b first,\tthen  tells. ")
    'Asks first, then tells.'
    """
    lines = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", unicodedata.normalize("NFKC", text))
    visible = "".join(filter(_is_visible, lines.replace("\t", " ")))
    single = re.sub(r" *\n *", "\n", re.sub(r" +", " ", unicodedata.normalize("NFKC", visible)))
    return re.sub(r"\n{3,}", "\n\n", single).strip()


def _is_visible(character: str) -> bool:
    if character in INVISIBLE:
        return False
    return character == "\n" or unicodedata.category(character) not in {
        "Cc",
        "Cf",
        "Cs",
        "Cn",
        "Co",
    }


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
