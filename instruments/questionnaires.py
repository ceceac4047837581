"""An instrument as the rest of the house sees it: what is asked, on which scale, under which headings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Scale:
    """Answers run from `low` to `high` in whole steps; `labels` has one word for each."""

    low: int
    high: int
    labels: tuple[str, ...]
    not_observed: str

    @property
    def points(self) -> range:
        return range(self.low, self.high + 1)


@dataclass(frozen=True)
class Item:
    """One behaviour that is rated; `self_text` is how the leader reads it."""

    key: str
    text: str
    self_text: str
    reverse: bool


@dataclass(frozen=True)
class Competency:
    """What several items say together."""

    key: str
    title: str
    definition: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Question:
    """An open question."""

    key: str
    text: str


@dataclass(frozen=True)
class Instrument:
    """One published version of an instrument; without an audience it is for every rater group."""

    key: str
    version: str
    title: str
    language: str
    scale: Scale
    competencies: tuple[Competency, ...]
    questions: tuple[Question, ...]
    sources: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for competency in self.competencies for item in competency.items)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Instrument":
        """Build an instrument from a document which the schema has found valid."""
        scale = document["scale"]
        return cls(
            key=document["key"],
            version=str(document["version"]),
            title=document["title"],
            language=document["language"],
            scale=Scale(scale["low"], scale["high"], tuple(scale["labels"]), scale["not_observed"]),
            competencies=tuple(_competency(entry) for entry in document["competencies"]),
            questions=tuple(Question(**entry) for entry in document.get("questions", ())),
            sources=tuple(document.get("sources", ())),
            audience=tuple(document.get("audience", ())),
        )

    def document(self) -> dict[str, Any]:
        """Return the document this is built from, less what is at its default.

        A default left out keeps the digest of a version when the format learns a new entry.
        """
        document: dict[str, Any] = _plain(asdict(self))
        return document


def _competency(entry: Mapping[str, Any]) -> Competency:
    return Competency(
        key=entry["key"],
        title=entry["title"],
        definition=entry["definition"],
        items=tuple(
            Item(item["key"], item["text"], item["self_text"], item.get("reverse", False))
            for item in entry["items"]
        ),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        told = {key: entry for key, entry in value.items() if entry is not False and entry != ()}
        return {key: _plain(entry) for key, entry in told.items()}
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value
