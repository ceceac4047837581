"""Ways to find out who wrote what. Each is given the evidence, and says whose it thinks each answer is."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from surveys.ballots.sealing import receipt
from tests.journeys.linkage.evidence import Dump, Evidence, Row, Tables, marks, section

Guess = Mapping[str, str]
"""An answer for each person."""
Attack = Callable[[Evidence, Tables], Guess]
Order = Callable[[Evidence, Tables], Iterable[str]]
"""People and answers in the order in which a source shows them."""


def by_rank(evidence: Evidence, seen: Iterable[str]) -> dict[str, str]:
    """Give the first person of a round its first answer, and so on."""
    people, texts = defaultdict(list), defaultdict(list)
    for mark in dict.fromkeys(seen):
        if mark in evidence.rounds:
            people[evidence.rounds[mark]].append(mark)
        elif mark in evidence.texts:
            texts[evidence.texts[mark]].append(mark)
    return {
        person: text
        for round_, names in people.items()
        for person, text in zip(names, texts[round_], strict=False)
    }


def same_transaction(evidence: Evidence, tables: Tables) -> Guess:
    """Join on the transaction that wrote both rows; where several share it, in their order."""
    texts = defaultdict(list)
    for row, mark in _answers(evidence.after, tables, evidence):
        texts[row["transaction_"], evidence.texts[mark]].append(mark)
    guess = {}
    for row, person in _people(evidence.after, tables, evidence):
        candidates = texts[row["transaction_"], evidence.rounds[person]]
        if candidates:
            guess[person] = candidates.pop(0)
    return guess


def next_transaction(evidence: Evidence, tables: Tables) -> Guess:
    """Give everybody the answer that was written soonest after their own row."""
    written = defaultdict(list)
    for row, mark in _answers(evidence.after, tables, evidence):
        written[evidence.texts[mark]].append((row["transaction_"], mark))
    guess = {}
    for row, person in _people(evidence.after, tables, evidence):
        texts = sorted(written[evidence.rounds[person]])
        place = bisect_right(texts, (row["transaction_"], "~"))
        if texts:
            guess[person] = texts[min(place, len(texts) - 1)][1]
    return guess


def order_of_transactions(evidence: Evidence, tables: Tables) -> list[str]:
    rows = [
        *_people(evidence.after, tables, evidence),
        *_answers(evidence.after, tables, evidence),
    ]
    return [mark for _, mark in sorted(rows, key=lambda found: found[0]["transaction_"])]


def order_of_places(evidence: Evidence, tables: Tables) -> list[str]:
    """Take rows as they lie: PostgreSQL puts a changed row behind the others."""
    people = [person for _, person in _people(evidence.after, tables, evidence)]
    return people + [mark for _, mark in _answers(evidence.after, tables, evidence)]


def order_of_dump(evidence: Evidence, tables: Tables) -> list[str]:
    """Take the lines of a plain dump as they stand."""
    people = marks(section(evidence.text_dump, tables.raters), evidence.rounds)
    return people + marks(section(evidence.text_dump, tables.answers), evidence.texts)


def order_of_log(evidence: Evidence, _tables: Tables) -> list[str]:
    """Replay the log: who came first."""
    return evidence.log or []


def order_of_log_at_last(evidence: Evidence, _tables: Tables) -> list[str]:
    """Replay the log backwards: who came last."""
    return list(reversed(evidence.log or []))


def order_of_nights(evidence: Evidence, tables: Tables) -> list[str]:
    """Compare each night's dump with the one before, and the last with what close has left."""
    dumps = [*evidence.nights, evidence.after]
    return [mark for before, after in pairwise(dumps) for mark in _changed(before, after, tables)]


def order_of_close(evidence: Evidence, tables: Tables) -> list[str]:
    """Compare the last dump of the open round with what close has left."""
    return _changed(evidence.nights[-1], evidence.after, tables)


def order_of_mails(evidence: Evidence, tables: Tables) -> list[str]:
    """Take people in the order in which mail went to them for the last time."""
    last = reversed(list(dict.fromkeys(reversed(evidence.mails))))
    return [*last, *(mark for _, mark in _answers(evidence.after, tables, evidence))]


def order_of_reminders(evidence: Evidence, tables: Tables) -> list[str]:
    """Take those first who had the fewest mails: they answered before the others."""
    people = sorted(dict.fromkeys(evidence.mails), key=evidence.mails.count)
    return [*people, *(mark for _, mark in _answers(evidence.after, tables, evidence))]


def order_of_files(evidence: Evidence, tables: Tables) -> list[str]:
    """Take people in the order of the times of the files that are about them."""
    return [*evidence.files, *(mark for _, mark in _answers(evidence.after, tables, evidence))]


def order_of_receipts(evidence: Evidence, tables: Tables) -> list[str]:
    """Find in the list of counted sheets whose envelope each was, by an old dump."""
    last = evidence.nights[-1]
    owner = {
        receipt(row["envelope"]): row[tables.person]
        for row in last[tables.raters]
        if row.get("envelope")
    }
    people = [owner.get(row["digest"], "") for row in evidence.after.get("counted_sheet", [])]
    return [*people, *order_of_places(evidence, tables)]


def _people(dump: Dump, tables: Tables, evidence: Evidence) -> list[tuple[Row, str]]:
    found = [(row, row[tables.person]) for row in dump[tables.raters]]
    return [(row, person) for row, person in found if person in evidence.rounds]


def _answers(dump: Dump, tables: Tables, evidence: Evidence) -> list[tuple[Row, str]]:
    return [
        (row, mark)
        for row in dump[tables.answers]
        for mark in marks(row[tables.text], evidence.texts)
    ]


def _changed(before: Dump, after: Dump, tables: Tables) -> list[str]:
    """Return whose rows differ between two dumps, and which answers are new."""
    old = {row[tables.person]: _content(row) for row in before[tables.raters]}
    people = [
        row[tables.person]
        for row in after[tables.raters]
        if old.get(row[tables.person]) != _content(row)
    ]
    known = {row[tables.text] for row in before[tables.answers]}
    texts = [row[tables.text] for row in after[tables.answers] if row[tables.text] not in known]
    return people + [mark for text in texts for mark in marks(text)]


def _content(row: Row) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in {"place", "transaction_"}}


ORDERS: list[Order] = [
    order_of_transactions,
    order_of_places,
    order_of_dump,
    order_of_log,
    order_of_log_at_last,
    order_of_nights,
    order_of_close,
    order_of_mails,
    order_of_reminders,
    order_of_files,
    order_of_receipts,
]
JOINS: list[Attack] = [same_transaction, next_transaction]
