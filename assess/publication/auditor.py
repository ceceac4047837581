"""The document auditor: other answers must exist of which the very same document would be made.

Plan, symbols and gate reason about what is published. The auditor knows nothing of that: it is given the
function which makes a document of answers, changes answers, and looks whether the bytes change. Each value
that it lets a rater claim is proved by other answers with that value and the same document, so that nothing
passes by mistake; what is not found counts as unsafe. What has once been proved holds against everybody whose
own answers it leaves alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import islice, product

from assess.publication.protection import Protection
from assess.publication.symbols import Symbol, scaled_band, symbol_of_mean

Value = int | None
"""An answer in scale points, reverse-keyed items turned round already; None where none was given."""
Column = tuple[Value, ...]
"""What the raters of a leaf say of one item, always in the same order."""
Cell = tuple[str, str]
"""A leaf, or a group that is set aside, and an item."""
Answers = Mapping[Cell, Column]
Document = Callable[[Answers], bytes]
Claims = Sequence[set[Value]]
"""What each rater of a cell has been shown to be able to claim, the own answer first of all."""

TRIES = 24
"""Changes in vain after which a rater counts as exposed."""

TURNS = 3
"""How often whole sheets go round: once before items are searched, again for who is still exposed."""


@dataclass(frozen=True)
class Exposed:
    """A cell in which a rater can claim too few values, and how many: never who, never which."""

    group: str
    item: str
    left: int

    def __str__(self) -> str:
        return f"{self.group} {self.item} ({self.left} left)"


@dataclass(frozen=True)
class Limits:
    """What claims must keep to: the protection that is promised, and the ends of the scale."""

    protection: Protection
    low: int
    high: int

    @property
    def points(self) -> range:
        return range(self.low, self.high + 1)

    @property
    def moves(self) -> list[int]:
        """By how much the sum of answers may be moved, the least first."""
        width = self.high - self.low
        return sorted(range(-width, width + 1), key=abs)


def audit(answers: Answers, document: Document, limits: Limits) -> list[Exposed]:
    """Return the cells in which a rater cannot claim as many values as the protection promises.

    How many answered is kept as if it were known, except where nobody else did: a document that tells so
    leaves nothing to claim. Against an insider, all of the insider's answers are kept, whoever of the raters
    that is.

    Parameters
    ----------
    answers
        Of everybody who is to be protected. Those of others are the affair of `document`.
    document
        Makes of answers everything that is published, as bytes.

    Examples
    --------
    >>> from assess.publication.protection import STANDARD
    >>> limits, cell = Limits(STANDARD, low=1, high=5), ("peer", "trust")
    >>> audit({cell: (5, 5, 5, 5)}, lambda answers: b"high" if sum(answers[cell]) >= 18 else b"low", limits)
    []
    >>> audit({cell: (5, 5, 5, 5)}, lambda answers: b"%d" % sum(answers[cell]), limits)
    [Exposed(group='peer', item='trust', left=1)]
    """
    promised = limits.protection.deniable
    if promised <= 1:
        return []  # the value that was given is always left
    proofs = Proofs(answers, document, document(answers))
    left = dict.fromkeys(answers, promised)
    for onlooker in _onlookers(answers, limits.protection):
        for cell, found in _left(onlooker, proofs, limits):
            left[cell] = min(left[cell], found)
    return [Exposed(*cell, found) for cell, found in left.items() if found < promised]


@dataclass(frozen=True)
class Onlooker:
    """Somebody who knows all answers but the hidden ones, and of those what raters at `places` say."""

    hidden: Answers
    places: range

    @property
    def others(self) -> dict[Cell, list[int]]:
        """The raters of each cell whose answers are to be guessed."""
        return {
            cell: [at for at in range(len(column)) if at not in self.places]
            for cell, column in self.hidden.items()
        }

    def allows(self, changes: Answers) -> bool:
        """Say whether changes leave alone what the onlooker knows."""
        return changes.keys() <= self.hidden.keys() and all(
            column[place] == self.hidden[cell][place]
            for cell, column in changes.items()
            for place in self.places
        )


@dataclass(frozen=True)
class Proofs:
    """Changes which the document does not show, kept: they hold against everybody who allows them."""

    answers: Answers
    document: Document
    printed: bytes
    found: list[Answers] = field(default_factory=list)

    def add(self, changes: Answers) -> bool:
        """Say whether the document stays the same.

        Where it does although more have answered, only the onlooker for whom that was tried is meant.
        """
        stays = self.document({**self.answers, **changes}) == self.printed
        as_many = (_answered(col) == _answered(self.answers[cell]) for cell, col in changes.items())
        if stays and all(as_many):
            self.found.append(changes)
        return stays


def _onlookers(answers: Answers, protection: Protection) -> Iterator[Onlooker]:
    """Yield everybody against whom a protection is to hold.

    For raters who look on from elsewhere one leaf alone is hidden, so that they keep all their answers.
    """
    if not protection.insiders:
        yield Onlooker(answers, range(0))
        return
    for places in _circles(range(max(map(len, answers.values()), default=0))):
        hidden = {cell: column for cell, column in answers.items() if places[-1] < len(column)}
        yield Onlooker(hidden, places)
    for group in dict.fromkeys(group for group, _ in answers):
        hidden = {cell: column for cell, column in answers.items() if cell[0] == group}
        yield Onlooker(hidden, range(0))


def _circles(places: range) -> Iterator[range]:
    """Yield raters together, then halves of them, down to each alone: a proof against many saves many."""
    if places:
        yield places
    if len(places) > 1:
        yield from _circles(places[: len(places) // 2])
        yield from _circles(places[len(places) // 2 :])


def _left(onlooker: Onlooker, proofs: Proofs, limits: Limits) -> Iterator[tuple[Cell, int]]:
    """Search all cells side by side, one document for a change of each; yield how many values are left.

    Nothing is promised against several who look on together, and nothing is yielded then: they only leave
    proofs behind.
    """
    answers, others = onlooker.hidden, onlooker.others
    claims = {cell: [{value} for value in column] for cell, column in answers.items()}
    for proved in filter(onlooker.allows, proofs.found):
        _credit(proved, claims)
    turns = _turned(answers, others, claims, limits)
    for turned in islice(turns, 1):
        _claim(turned, claims, proofs)
    if len(onlooker.places) > 1:
        return
    searches = {
        cell: _wanted(column, others[cell], claims[cell], limits)
        for cell, column in answers.items()
    }
    while changes := {
        cell: change for cell, search in searches.items() if (change := next(search, None))
    }:
        _claim(changes, claims, proofs)
    for turned in turns:
        _claim(turned, claims, proofs)
    promised = limits.protection.deniable
    for cell, raters in others.items():
        found = (len(claims[cell][rater]) for rater in raters)
        yield cell, next((values for values in found if values < promised), promised)


def _claim(changes: Answers, claims: Mapping[Cell, Claims], proofs: Proofs) -> None:
    """Let raters claim what the document does not show of changes all at once, else half by half."""
    if proofs.add(changes):
        _credit(changes, claims)
    elif len(changes) > 1:
        pairs, half = list(changes.items()), len(changes) // 2
        _claim(dict(pairs[:half]), claims, proofs)
        _claim(dict(pairs[half:]), claims, proofs)


def _credit(changes: Answers, claims: Mapping[Cell, Claims]) -> None:
    for cell, column in changes.items():
        for own, value in zip(claims[cell], column, strict=True):
            own.add(value)


def _turned(
    answers: Answers,
    others: Mapping[Cell, Sequence[int]],
    claims: Mapping[Cell, Claims],
    limits: Limits,
) -> Iterator[Answers]:
    """Yield answers in which whole sheets have gone round, as long as somebody can claim more by that.

    Who has left several items out could not claim to have answered one alone: another's whole sheet they can.
    """
    for step in range(1, TURNS + 1):
        turned = {cell: _gone_round(column, others[cell], step) for cell, column in answers.items()}
        if any(
            len(own) < limits.protection.deniable and value not in own
            for cell, column in turned.items()
            for own, value in zip(claims[cell], column, strict=True)
        ):
            yield turned


def _gone_round(column: Column, raters: Sequence[int], step: int) -> Column:
    mates = (raters[(at + step) % len(raters)] for at in range(len(raters)))
    return _with(column, {rater: column[mate] for rater, mate in zip(raters, mates, strict=True)})


def _wanted(
    column: Column, raters: Sequence[int], claims: Claims, limits: Limits
) -> Iterator[Column]:
    """Yield changes of a column as long as `claims`, which grow meanwhile, are too few.

    First as many raters as can say something else at once, then one at a time. A rater for whom enough has
    been tried in vain ends the search: the cell is exposed.
    """
    if all(column[rater] is None for rater in raters):
        yield from _broken_silence(column, raters, claims, limits)
        return
    yield from _bold(column, raters, claims, limits)
    moves = sorted(limits.moves, key=lambda move: not _is_likely(column, move, limits))
    for rater in raters:
        tries = 0
        for change in _changes(column, rater, raters, limits, moves):
            if tries == TRIES or len(claims[rater]) >= limits.protection.deniable:
                break
            if change[rater] not in claims[rater]:
                yield change
                tries += change[rater] not in claims[rater]
        if len(claims[rater]) < limits.protection.deniable:
            return


def _broken_silence(
    column: Column, raters: Sequence[int], claims: Claims, limits: Limits
) -> Iterator[Column]:
    """Yield changes in which those answer of whom none did: as many as may stay unseen, then each alone."""
    room = max(1, limits.protection.answered_minimum - 1 - _answered(column))
    for size, value in product((room, 1), limits.points[: limits.protection.deniable - 1]):
        for at in range(0, len(raters), size):
            if some := [rater for rater in raters[at : at + size] if value not in claims[rater]]:
                yield _with(column, dict.fromkeys(some, value))


def _bold(
    column: Column, raters: Sequence[int], claims: Claims, limits: Limits
) -> Iterator[Column]:
    """Yield changes of as many raters as can, as long as the document does not show them."""
    known = 0
    while sum(map(len, claims)) > known:
        known = sum(map(len, claims))
        change = _together(column, raters, claims, limits)
        if change != column:
            yield change


def _together(column: Column, raters: Sequence[int], claims: Claims, limits: Limits) -> Column:
    """Let every rater who can claim too little say something new, in turn, each with fresh mates."""
    change = column
    for rater in raters:
        fresh = [at for at in raters if change[at] == column[at]]
        if rater in fresh and len(claims[rater]) < limits.protection.deniable:
            moves = [move for move in limits.moves if _is_likely(change, move, limits)]
            ways = _changes(change, rater, fresh, limits, moves)
            change = next((way for way in ways if way[rater] not in claims[rater]), change)
    return change


def _is_likely(column: Column, move: int, limits: Limits) -> bool:
    """Say whether the same may be printed when the sum of answers moves: a guess, which guides the search."""
    total, answered = sum(value or 0 for value in column), _answered(column)
    before, after = (_guess(each, answered, len(column), limits) for each in (total, total + move))
    return before == after


@cache
def _guess(total: int, answered: int, raters: int, limits: Limits) -> Symbol | None:
    if answered < limits.protection.answered_minimum:
        return None
    band = scaled_band(limits.protection, raters, low=limits.low, high=limits.high)
    return symbol_of_mean(Fraction(total, answered), band, low=limits.low, high=limits.high)


def _changes(
    column: Column, rater: int, raters: Sequence[int], limits: Limits, moves: Iterable[int]
) -> Iterator[Column]:
    """Yield columns in which one of the raters says something else, the sum moving by `moves` in this order.

    First the rater changes places with a mate, also with a silent one; then says anything, the nearest
    first, while mates make up for it.
    """
    mates = [at for at in raters if at != rater]
    swapped = [_with(column, {rater: column[mate], mate: column[rater]}) for mate in mates]
    yield from swapped
    start = next((each for each in (column, *swapped) if each[rater] is not None), column)
    if (own := start[rater]) is None:
        return
    nearest = sorted(limits.points, key=lambda value: abs(value - own))
    for move, value in product(moves, nearest):
        yield from _made_up(_with(start, {rater: value}), own - value + move, mates, limits)


def _made_up(column: Column, owed: int, mates: Sequence[int], limits: Limits) -> Iterator[Column]:
    """Yield columns in which as few mates as can say so much more or less, beginning with each of them."""
    answering = [mate for mate in mates if column[mate] is not None]
    for at in range(max(1, len(answering))):
        shifts, left = {}, owed
        for mate in (*answering[at:], *answering[:at]):
            before = column[mate] or 0
            shifts[mate] = max(limits.low, min(limits.high, before + left))
            left -= shifts[mate] - before
        if left:
            return  # all of them together cannot
        yield _with(column, shifts)


def _answered(column: Column) -> int:
    return len(column) - column.count(None)


def _with(column: Column, changes: Mapping[int, Value]) -> Column:
    return tuple(changes.get(at, value) for at, value in enumerate(column))
