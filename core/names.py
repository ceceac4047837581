"""Names as keys and as file names: what may stand in them, and when two are the same."""

import hashlib
import unicodedata
from collections.abc import Iterable

from core.errors import DomainError
from core.tables import Faults, Row, is_formula, quoted

KEY_LENGTH = 64
KEY_RULE = (
    f"expected at most {KEY_LENGTH} letters, digits, spaces and . _ ' -, "
    "beginning with a letter or digit"
)
SLUG_BYTES = 200  # file systems allow 255, and an ending follows

_KEY_SIGNS = frozenset(" ._'-")
_SLUG_SIGNS = frozenset("._-")
_UNSEEN = frozenset(map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0))) | frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Letters and marks that are drawn as nothing: two names would look the same."""
_RESERVED = frozenset(
    ["round", "con", "prn", "aux", "nul"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(10)]
)
"""What Windows keeps for its devices, whatever the ending, and `round`, which is the round's own file."""


class NotAKeyError(DomainError):
    """A name cannot serve as a key; the message says why and what was expected."""


def normal_key(text: str) -> str:
    """Return a key in its one spelling (NFC).

    Raises
    ------
    NotAKeyError
        When something stands in it that may not.

    Examples
    --------
    >>> normal_key("Zoe\u0308 O'Neill-2")
    "Zoë O'Neill-2"
    """
    key = unicodedata.normalize("NFC", text)
    if wrong := _wrong_with(key):
        raise NotAKeyError(f"{wrong}; {KEY_RULE}")
    return key


def folded(key: str) -> str:
    """Return a key as it is compared: two that differ in case alone are the same.

    >>> folded("ANN") == folded("Ann")
    True
    """
    return unicodedata.normalize("NFC", key.casefold())


def key_in(row: Row, column: str, faults: Faults) -> str:
    """Return the key in a row; nothing where it is faulty, so that it is compared with no other."""
    if column not in row.cells:
        return ""
    try:
        return normal_key(row.cells[column])
    except NotAKeyError as error:
        faults.add(row.number, column, str(error))
        return ""


def check_spellings(keys: Iterable[tuple[int, str]], column: str, faults: Faults) -> None:
    """Find fault with keys, each with its row, that are the same but for the case of letters."""
    first: dict[str, tuple[int, str]] = {}
    for number, key in keys:
        before, spelling = first.setdefault(folded(key), (number, key))
        if key != spelling:
            faults.add(
                number,
                column,
                f"{quoted(key)} is written {quoted(spelling)} in row {before}; expected one spelling",
            )


def slug(name: str) -> str:
    """Return a name as the stem of a file's name, on any system.

    >>> slug("Siobhán O'Neill"), slug("../../etc/passwd"), slug("Con")
    ('siobhán-oneill', 'etcpasswd', 'leader-con')
    """
    lowered = unicodedata.normalize("NFC", name.lower())
    kept = "".join(filter(None, map(_in_slug, lowered))).lstrip("._-").rstrip(".")
    if not kept or kept.partition(".")[0] in _RESERVED:
        kept = f"leader-{kept}".rstrip("-")
    return _shortened(kept)


def _wrong_with(key: str) -> str | None:
    foreign = next((c for c in key if not (_is_letter(c) or c in _KEY_SIGNS)), None)
    if not key:
        return "the cell is empty"
    if is_formula(key):
        return f"{quoted(key)} begins like a formula"
    if foreign or not _is_letter(key[0], first=True):
        return f"{quoted(foreign or key[0])} may not stand {'in' if foreign else 'first in'} it"
    if len(key) > KEY_LENGTH:
        return f"{quoted(key)} has {len(key)} characters"
    return "it ends with a space" if key.endswith(" ") else None


def _is_letter(character: str, *, first: bool = False) -> bool:
    """Letters and digits; after the first also vowel signs and accents, which many scripts need."""
    category = unicodedata.category(character)
    if character in _UNSEEN:
        return False
    return category[0] == "L" or category == "Nd" or (category in {"Mn", "Mc"} and not first)


def _in_slug(character: str) -> str:
    if character.isspace():
        return "-"
    return character if _is_letter(character) or character in _SLUG_SIGNS else ""


def _shortened(stem: str) -> str:
    """Cut what is too long for a file system, and tell by a digest what was cut."""
    coded = stem.encode()
    if len(coded) <= SLUG_BYTES:
        return stem
    digest = hashlib.blake2b(coded, digest_size=5).hexdigest()
    return f"{coded[: SLUG_BYTES - 11].decode(errors='ignore')}-{digest}"
