"""What people wrote, question by question: first what nobody is named for, then what somebody is."""

from collections.abc import Iterator
from dataclasses import dataclass

from assess.scorecards.types import Comment
from instruments.questionnaires import Question
from reports.documents.readings import Reading
from reports.documents.words import Voice, sentence

LONG = 1500  # characters; a longer comment may run over a page


@dataclass(frozen=True)
class Remark:
    """A comment, and by whom where that is told."""

    text: str
    writer: str
    is_long: bool


@dataclass(frozen=True)
class Answers:
    """What was written to one question.

    `anonymous` is by what is told of the writers: nothing, or their group.
    """

    question: Question
    anonymous: tuple[tuple[str, tuple[Remark, ...]], ...]
    named: tuple[Remark, ...]


def remarks(reading: Reading) -> Iterator[Answers]:
    """Yield every question, also where nothing is shown."""
    for question in reading.card.instrument.questions:
        rows = [row for row in reading.card.comments if row.question == question.key]
        groups = [leaf for leaf in ("", *reading.voices) if leaf not in reading.named]
        yield Answers(question, tuple(_anonymous(reading, groups, rows)), _named(reading, rows))


def _anonymous(
    reading: Reading, groups: list[str], rows: list[Comment]
) -> Iterator[tuple[str, tuple[Remark, ...]]]:
    for leaf in groups:
        texts = tuple(_remark(row.text) for row in rows if row.leaf == leaf)
        if texts:
            yield sentence(reading.subjects([leaf])) if leaf else "", texts


def _named(reading: Reading, rows: list[Comment]) -> tuple[Remark, ...]:
    """Return what people shown by name wrote, the leader last."""
    order = [leaf for leaf in reading.voices if leaf in reading.named and leaf != "self"]
    return tuple(
        _remark(row.text, _writer(reading.voices[leaf]))
        for leaf in (*order, "self")
        for row in rows
        if row.leaf == leaf
    )


def _writer(who: Voice) -> str:
    return sentence(who.subject if who.n == 1 else f"one of {who.subject}")


def _remark(text: str, writer: str = "") -> Remark:
    return Remark(text, writer, len(text) > LONG)
