"""An answer sheet on the web: a page for each competency, then one for the open questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from instruments.questionnaires import Instrument, Item, Question, Scale
from surveys.ballots.sheets import COMMENT_LENGTH, NOT_OBSERVED, Rating, Sheet, clean_comment

SECONDS_A_RATING = 8
SECONDS_A_COMMENT = 45

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """One page of a sheet: the items of a competency, or the open questions."""

    number: int
    title: str
    definition: str
    items: tuple[Item, ...] = ()
    questions: tuple[Question, ...] = ()
    comment_length: int = COMMENT_LENGTH

    @property
    def seconds(self) -> int:
        return SECONDS_A_RATING * len(self.items) + SECONDS_A_COMMENT * len(self.questions)

    def unanswered(self, sheet: Sheet) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.key not in sheet.ratings)


@dataclass(frozen=True)
class Filled:
    """A sheet as the form leaves it, with what is wrong by question."""

    sheet: Sheet
    faults: Mapping[str, str]


def pages_of(instrument: Instrument) -> tuple[Page, ...]:
    pages = [
        Page(number, competency.title, competency.definition, items=competency.items)
        for number, competency in enumerate(instrument.competencies, start=1)
    ]
    if instrument.questions:
        title, questions = "In your own words", instrument.questions
        pages.append(Page(len(pages) + 1, title, "", questions=questions))
    return tuple(pages)


def minutes_left(pages: tuple[Page, ...], number: int = 1) -> int:
    """Return how long the pages from this one on may take, roughly."""
    return ceil(sum(page.seconds for page in pages if page.number >= number) / 60)


def first_with_gaps(pages: tuple[Page, ...], sheet: Sheet) -> int:
    """Return where to go on: the first page with an item left open, or else the last page."""
    gaps = (page.number for page in pages if page.unanswered(sheet))
    return next(gaps, len(pages))


def band_ends(scale: Scale) -> tuple[str, str]:
    """Return below and above which figures a report leaves averages untold.

    A band is an eighth of the scale, and half a point at least.

    >>> band_ends(Scale(low=1, high=5, labels=(), not_observed=""))
    ('1.5', '4.5')
    """
    width = max((scale.high - scale.low) / 8, 0.5)
    return _plain(scale.low + width), _plain(scale.high - width)


def _plain(figure: float) -> str:
    return str(round(figure, 3))


def fill(page: Page, scale: Scale, sheet: Sheet, fields: Mapping[str, str]) -> Filled:
    """Return the sheet with this page as it was sent; the other pages stay as they are."""
    ratings = _without(sheet.ratings, page.items) | _ratings(page, scale, fields)
    comments = _without(sheet.comments, page.questions) | _comments(page, fields)
    faults = {key: _too_long(text) for key, text in comments.items() if len(text) > COMMENT_LENGTH}
    return Filled(Sheet(ratings, comments), faults)


def _ratings(page: Page, scale: Scale, fields: Mapping[str, str]) -> dict[str, Rating]:
    """Read numbers as numbers; what is not on the scale stays as it is, for the service to refuse."""
    known: dict[str, Rating] = {str(point): point for point in scale.points}
    known[NOT_OBSERVED] = NOT_OBSERVED
    sent = {item.key: fields.get(item.key, "") for item in page.items}
    return {key: known.get(value, value) for key, value in sent.items() if value}


def _comments(page: Page, fields: Mapping[str, str]) -> dict[str, str]:
    sent = {
        question.key: clean_comment(fields.get(question.key, "")) for question in page.questions
    }
    return {key: text for key, text in sent.items() if text}


def _without(
    answers: Mapping[str, T], asked: tuple[Item, ...] | tuple[Question, ...]
) -> dict[str, T]:
    keys = {entry.key for entry in asked}
    return {key: answer for key, answer in answers.items() if key not in keys}


def _too_long(text: str) -> str:
    return (
        f"This is {len(text)} characters long, and {COMMENT_LENGTH} fit on the sheet. "
        "It is not saved yet: please shorten it."
    )
