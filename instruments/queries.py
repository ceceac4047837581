"""Instruments where they are found: in a file, among the shipped ones, among the published ones."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from jsonschema import Draft202012Validator
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFoundError
from core.tables import printable, quoted, suggestion
from instruments.models import InstrumentVersion
from instruments.questionnaires import Instrument

LIBRARY = Path(__file__).parent / "library"
SCHEMA = Path(__file__).parents[1] / "docs" / "schemas" / "instrument.schema.json"

LARGEST = 128 * 1024  # bytes; forty items take about twelve thousand
DEEPEST = 10  # levels; an item's text stands on the seventh
FAULTS_SHOWN = 50
POINTS = range(4, 8)
RESERVED = frozenset({"leader", "rater", "group", "csrf_token", "next"})  # of files and forms
UNSEEN_BUT_WELCOME = "\u00a0\u00ad\u200c\u200d\u202f"  # blanks and joiners that scripts need

Place = tuple[str | int, ...]
"""The way from the top of a document to one of its entries."""


class FaultyInstrumentError(DomainError):
    """A file is not an instrument; every fault says on which line, and what was expected."""

    def __init__(self, faults: Sequence[str]) -> None:
        hidden = len(faults) - FAULTS_SHOWN
        more = [f"and {hidden} more fault{'s' if hidden > 1 else ''}"] if hidden > 0 else []
        super().__init__("\n".join([*faults[:FAULTS_SHOWN], *more]))
        self.faults = tuple(faults)


class UnknownInstrumentError(NotFoundError):
    """No instrument goes by this key, and no file by this name."""


class AlteredVersionError(DomainError):
    """A published version is no longer what was published."""


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong on a line, and what was expected."""

    line: int
    text: str


# --- Files


def read_instrument(content: bytes, *, name: str) -> Instrument:
    """Return the instrument in a YAML file, or refuse it with every fault it has.

    Parameters
    ----------
    content
        The bytes of the file.
    name
        What the faults call the file.

    Raises
    ------
    FaultyInstrumentError
        With each fault as ``name:line: what is wrong; expected what``.
    """
    root, faults = _composed(content)
    reading = _Reading(faults=faults)
    if root:
        document = reading.value(root, ())
        faults += [*_schema_faults(document, reading), *_own_faults(reading)]
    if faults:
        distinct = sorted(set(faults))
        raise FaultyInstrumentError([f"{name}:{fault.line}: {fault.text}" for fault in distinct])
    return Instrument.from_document(document)


def _composed(content: bytes) -> tuple[yaml.Node | None, list[Fault]]:
    """Return the tree of a YAML text with its lines, or the one fault for which it has none."""
    if len(content) > LARGEST:
        return None, [Fault(1, f"the file is too large; expected at most {LARGEST} bytes")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Fault(line, "a byte which is no UTF-8; expected the file saved as UTF-8")]
    return _tree(text)


def _tree(text: str) -> tuple[yaml.Node | None, list[Fault]]:
    try:
        composer = _Composer(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Fault(line, "a control character; expected letters people can see")]
    try:
        root = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        return None, [_broken(error)]
    except (ValueError, OverflowError):  # PyYAML trips over numbers of characters that do not exist
        return None, [Fault(composer.get_mark().line + 1, "no character; expected plain YAML")]
    return root, [] if root else [Fault(1, "the file is empty; expected an instrument")]


def _broken(error: yaml.MarkedYAMLError) -> Fault:
    """Name the line where reading stopped; for what stays open to the end, the one where it began."""
    begun, stopped = error.context_mark, error.problem_mark
    problem = str(error.problem)
    if begun and ("end of stream" in problem or "stream end" in problem):
        return Fault(begun.line + 1, "what begins here is open to the end; expected it closed")
    since = f" (begun on line {begun.line + 1})" if begun else ""
    return Fault(stopped.line + 1 if stopped else 1, f"{problem}{since}; expected plain YAML")


class _Composer(yaml.SafeLoader):
    """Take the plain part of YAML: nothing that refers, grows or runs; `No` and 1.10 are text."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # its stubs leave it out
        tag = getattr(event, "tag", None)
        self.depth += 1
        if getattr(event, "anchor", None):
            raise _refused("'&' or '*' makes an anchor or alias, and none is allowed", event)
        if tag:
            raise _refused(f"{quoted(tag)} is a tag, and none is allowed", event)
        if self.depth > DEEPEST:
            raise _refused(f"entries are nested more than {DEEPEST} deep", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Composer.yaml_implicit_resolvers = {}  # those it comes with make `No` false and 1.10 1.1
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"-?(0|[1-9][0-9]{0,5})", "-0123456789"),
    ("null", r"~|null|", ["~", "n", ""]),
):
    _Composer.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), list(_first))


def _refused(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


@dataclass
class _Reading:
    """What has been read: on which line each entry stands, what each scalar says, what is wrong."""

    faults: list[Fault]
    lines: dict[Place, int] = field(default_factory=dict)
    scalars: dict[Place, Any] = field(default_factory=dict)

    def value(self, node: yaml.Node, place: Place) -> Any:
        line = self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, n)) for n, child in enumerate(node.value)]
        self.scalars[place] = value = _scalar(node)
        if isinstance(value, str) and not _is_visible(value):
            unseen = f"{_name(place)} holds a character nobody can see"
            self.faults.append(Fault(line, f"{unseen}; expected letters, digits and signs"))
        return value

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            here, line = (*place, key), key_node.start_mark.line + 1
            if key in found:
                again = f"{quoted(key)} stands here again after line {self.lines[here]}"
                self.faults.append(Fault(line, f"{again}; expected it once"))
                continue
            self.lines[here] = line
            found[key] = self.value(value_node, here)
        return found


def _scalar(node: yaml.Node) -> str | int | bool | None:
    match node.tag:
        case "null":
            return None
        case "bool":
            return bool(node.value == "true")
        case "int":
            return int(node.value)
    folded = re.sub(r"[ \t\r\n]+", " ", node.value).strip(" ")
    return unicodedata.normalize("NFC", folded)


def _is_visible(text: str) -> bool:
    return all(letter.isprintable() or letter in UNSEEN_BUT_WELCOME for letter in text)


def _schema_faults(document: object, reading: _Reading) -> Iterator[Fault]:
    for error in _schema().iter_errors(document):
        place: Place = tuple(error.absolute_path)
        line = reading.lines[place]
        schema: Mapping[str, Any] = error.schema
        match error.validator:
            case "required":
                yield from (Fault(line, text) for text in _missing(error.instance, schema, place))
            case "additionalProperties":
                for key in error.instance.keys() - schema["properties"].keys():
                    text = f"unknown entry {quoted(key)}; {suggestion(key, schema['properties'])}"
                    yield Fault(reading.lines[*place, key], text)
            case _:
                text = f"{_name(place)} {_says(error.instance)}; expected {schema['description']}"
                yield Fault(line, text)


@cache
def _schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_bytes()))


def _missing(found: Collection[str], schema: Mapping[str, Any], place: Place) -> Iterator[str]:
    for key in schema["required"]:
        if key not in found:
            yield f"{_name(place)} lacks {quoted(key)}; expected {schema['description']}"


def _own_faults(reading: _Reading) -> Iterator[Fault]:
    """Yield what no schema can say: keys used twice, and a scale and labels that disagree."""
    items = _keys(reading, ("competencies", None, "items", None, "key"))
    columns = items + _keys(reading, ("questions", None, "key"))
    yield from _repeated(columns)
    yield from _repeated(_keys(reading, ("competencies", None, "key")))
    for line, key in columns:
        if key in RESERVED:
            yield Fault(line, f"{quoted(key)} is taken; expected another key")
    yield from _scale_faults(reading)


def _keys(reading: _Reading, pattern: tuple[str | None, ...]) -> list[tuple[int, str]]:
    """Return line and key of every place the pattern fits, in which None stands for any number."""

    def fits(place: Place) -> bool:
        return len(place) == len(pattern) and all(
            wanted in (None, step) for wanted, step in zip(pattern, place, strict=True)
        )

    found = ((reading.lines[place], key) for place, key in reading.scalars.items() if fits(place))
    return [(line, key) for line, key in found if isinstance(key, str)]


def _repeated(keys: Iterable[tuple[int, str]]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for line, key in keys:
        if first.setdefault(key, line) != line:
            yield Fault(
                line, f"the key {quoted(key)} was used on line {first[key]}; expected a new one"
            )


def _scale_faults(reading: _Reading) -> Iterator[Fault]:
    low, high = (reading.scalars.get(("scale", end)) for end in ("low", "high"))
    labels = sum(1 for place in reading.lines if place[:-1] == ("scale", "labels"))
    if type(low) is not int or type(high) is not int:
        return  # the schema has said so
    if (points := high - low + 1) not in POINTS:
        text = f"the scale runs from {low} to {high}; expected 4 to 7 points"
        yield Fault(reading.lines["scale", "high"], text)
    elif labels not in (0, points):
        text = f"labels has {labels} entries; expected {points}, one for each point"
        yield Fault(reading.lines["scale", "labels"], text)


def _name(place: Place) -> str:
    if not place:
        return "the file"
    *before, last = place
    if isinstance(last, str):
        return printable(last)
    return f"{_name(tuple(before)).removesuffix(',')}, entry {last + 1},"


def _says(value: object) -> str:
    match value:
        case None | "":
            return "is empty"
        case dict():
            return "is a mapping"
        case list():
            return f"is a list of {len(value)}"
        case bool():
            return f"is {str(value).lower()}"
        case str():
            return f"is {quoted(value)}"
    return f"is the number {value}"


# --- Shipped instruments


@cache
def shipped() -> tuple[Instrument, ...]:
    """Return the instruments that come with the house, by key."""
    files = sorted(LIBRARY.glob("*.yaml"))
    return tuple(read_instrument(file.read_bytes(), name=file.name) for file in files)


def shipped_instrument(key: str) -> Instrument:
    for instrument in shipped():
        if instrument.key == key:
            return instrument
    raise UnknownInstrumentError(
        f"No shipped instrument has the key '{key}'. There are: {_shipped_keys()}."
    )


def find_instrument(key_or_path: str) -> Instrument:
    """Return the shipped instrument of this key, or the one in the file of this name."""
    if key_or_path in {instrument.key for instrument in shipped()}:
        return shipped_instrument(key_or_path)
    path = Path(key_or_path)
    if not path.is_file():
        raise UnknownInstrumentError(
            f"'{key_or_path}' is neither a file nor the key of a shipped instrument. "
            f"There are: {_shipped_keys()}."
        )
    return instrument_in(path)


def instrument_in(path: Path) -> Instrument:
    with path.open("rb") as file:  # no more than shows that it is too large
        return read_instrument(file.read(LARGEST + 1), name=str(path))


def _shipped_keys() -> str:
    return ", ".join(instrument.key for instrument in shipped())


# --- Published versions


def published_version(session: Session, key: str, version: str) -> InstrumentVersion | None:
    return session.scalar(sa.select(InstrumentVersion).filter_by(key=key, version=version))


def published_versions(session: Session) -> list[InstrumentVersion]:
    """Return every published version, by key and then from the first to the newest."""
    return sorted(session.scalars(sa.select(InstrumentVersion)), key=_in_order)


def instrument_of(version: InstrumentVersion) -> Instrument:
    """Return what a round on this version asks; refuse a document that was changed since."""
    return _published(version.document, version.digest)


@lru_cache(maxsize=64)
def _published(document: str, digest: bytes) -> Instrument:
    if hashlib.sha256(document.encode()).digest() != digest:
        raise AlteredVersionError(
            "A published instrument was changed in the database, so its answers cannot be read "
            "safely. Nothing was done. Please restore the database from a backup."
        )
    return Instrument.from_document(json.loads(document))


def _in_order(version: InstrumentVersion) -> tuple[str, list[int]]:
    return version.key, [int(number) for number in version.version.split(".")]
