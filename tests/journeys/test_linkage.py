"""A hundred rounds of ten raters, attacked after close with all that anybody may hold but the keys."""

from collections.abc import Callable, Iterable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db
from surveys.models import CLOSE_STEPS
from tests.journeys.linkage import naive
from tests.journeys.linkage.attacks import (
    JOINS,
    ORDERS,
    Order,
    by_rank,
    next_transaction,
    order_of_dump,
    order_of_log,
    order_of_log_at_last,
    order_of_nights,
    order_of_places,
    order_of_transactions,
    same_transaction,
)
from tests.journeys.linkage.evidence import Evidence, Tables, Truth, marks, section
from tests.journeys.linkage.mailbox import opened
from tests.journeys.linkage.measures import (
    MOST_LEANING,
    MOST_LINKS,
    MOST_SILENT,
    leaning,
    links,
    order_found,
    silent_found,
)
from tests.journeys.linkage.rounds import TABLES, Lived, Play

ROUNDS = 100
INVITATIONS = Tables("invitation", "id", "1", "published_comment", "text")

LOGGED = (order_of_log, order_of_log_at_last)

Check = Callable[[Lived], Iterator[str]]


def no_answer_is_linked(lived: Lived) -> Iterator[str]:
    """Try every source on seats and on invitations, forwards and backwards."""
    for tables in (TABLES, INVITATIONS):
        for join in JOINS:
            found = links(lived.truth, join(lived.evidence, tables))
            if found >= MOST_LINKS:
                yield f"{join.__name__}, {tables.raters}: {found} links"
        for order in ORDERS:
            if order in LOGGED and lived.evidence.log is None:
                continue
            found, lean = by_order(lived, order(lived.evidence, tables))
            if found >= MOST_LINKS or abs(lean) >= MOST_LEANING:
                yield f"{order.__name__}, {tables.raters}: {found} links, leans by {lean:.2f}"


def by_order(lived: Lived, seen: Iterable[str]) -> tuple[int, float]:
    """Return how many links an order gives, taken forwards or backwards, and how far it leans."""
    seen = list(seen)
    guess = by_rank(lived.evidence, seen)
    assert len(guess) == len(lived.truth.said), "the attack has not seen everybody"
    people = [mark for mark in seen if mark in lived.evidence.rounds]
    texts = [mark for mark in seen if mark in lived.evidence.texts]
    other = by_rank(lived.evidence, [*people, *reversed(texts)])
    return max(links(lived.truth, guess), links(lived.truth, other)), leaning(lived.truth, guess)


def no_order_tells_who_answered(lived: Lived) -> Iterator[str]:
    """After close nothing in the database tells who answered before whom, or who never did."""
    for source, seen in kept_orders(lived.evidence):
        order, silent = order_found(lived.truth, seen), silent_found(lived.truth, seen)
        if abs(order) >= MOST_LEANING:
            yield f"{source}: people stand in the order of answering, by {order:.2f}"
        if silent >= MOST_SILENT:
            yield f"{source}: finds {silent} of those who never answered"


def kept_orders(evidence: Evidence) -> Iterator[tuple[str, list[str]]]:
    """Yield everybody who was asked, in each order that the closed database has of them."""
    for tables in (TABLES, INVITATIONS):
        rows = evidence.after[tables.raters]
        by_transaction = sorted(rows, key=lambda row: row["transaction_"])
        yield f"places of {tables.raters}", [row[tables.person] for row in rows]
        yield f"transactions of {tables.raters}", [row[tables.person] for row in by_transaction]
        yield (
            f"dump of {tables.raters}",
            marks(section(evidence.text_dump, tables.raters), evidence.asked),
        )


def one_transaction_wrote_all_rows_of_a_round(lived: Lived) -> Iterator[str]:
    """More than chance: where all is equal there is nothing to compare."""
    for tables in (TABLES, INVITATIONS):
        written: dict[str, set[int]] = {}
        for row in lived.evidence.after[tables.raters]:
            round_ = lived.truth.rounds[row[tables.person]]
            written.setdefault(round_, set()).add(row["transaction_"])
        if several := sum(len(found) > 1 for found in written.values()):
            yield f"{tables.raters}: in {several} rounds several transactions"


def what_was_sealed_had_one_size(lived: Lived) -> Iterator[str]:
    for column in ("envelope", "draft"):
        sizes = {
            len(row[column])
            for night in lived.evidence.nights
            for row in night["seat"]
            if row[column]
        }
        if len(sizes) != 1:
            yield f"{column}s of {len(sizes)} sizes"


def nothing_counts_by_itself(lived: Lived) -> Iterator[str]:
    yield from lived.sequences


def nothing_of_a_rater_is_left(lived: Lived) -> Iterator[str]:
    after = lived.evidence.after
    if len(after["close_step"]) != len(CLOSE_STEPS) * len(lived.truth.order):
        yield "a round has not closed to the end"
    for row in after["seat"]:
        if row["envelope"] or row["draft"] or row["declined"]:
            yield f"seat {row['id']}"
    yield from (f"{table} is not empty" for table in ("outbox_mail", "group_count") if after[table])


def dumps_and_mailboxes_open_nothing(lived: Lived) -> Iterator[str]:
    """Try whatever lies in old dumps with every link that was ever sent, and the keys that are left."""
    yield from opened(lived.evidence.nights[-1]["seat"], lived.mailbox, lived.keys_left.values())


CHECKS: list[Check] = [
    no_answer_is_linked,
    no_order_tells_who_answered,
    one_transaction_wrote_all_rows_of_a_round,
    what_was_sealed_had_one_size,
    nothing_counts_by_itself,
    nothing_of_a_rater_is_left,
    dumps_and_mailboxes_open_nothing,
]


def test_after_close_nobody_is_linked_to_anything(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All in one test: the rounds take half a minute to live through."""
    monkeypatch.setattr("os.fsync", lambda _file: None)  # a thousand waits, and no other content
    lived = Play(own_app, rounds=ROUNDS, seed=4).live()

    assert len(lived.truth.said) == len(lived.evidence.texts) == 10 * ROUNDS
    assert [fault for check in CHECKS for fault in check(lived)] == []
    the_keys_of_the_open_round_would_have_opened_all(lived)
    if lived.evidence.log is None:
        pytest.skip("PostgreSQL: this user may not read its log; all other attacks were tried")


def the_keys_of_the_open_round_would_have_opened_all(lived: Lived) -> None:
    """Show that the attack with mailboxes works where it has the keys."""
    leader = next(iter(lived.truth.order))
    seats = [row for row in lived.evidence.nights[-1]["seat"] if row["leader_id"] == leader]
    found = opened(seats, lived.mailbox, lived.keys.values())
    assert sum(name.startswith("envelope") for name in found) == 10
    assert sum(name.startswith("draft") for name in found) == 10


EVERYWHERE, POSTGRESQL = ("sqlite", "postgresql"), ("postgresql",)
PLANTED: list[tuple[Order, Tables, tuple[str, ...]]] = [
    (order_of_transactions, naive.TOKENS, POSTGRESQL),
    (order_of_transactions, naive.VOTERS, POSTGRESQL),
    (order_of_places, naive.TOKENS, POSTGRESQL),  # SQLite changes a row where it lies
    (order_of_places, naive.VOTERS, EVERYWHERE),
    (order_of_dump, naive.TOKENS, POSTGRESQL),
    (order_of_dump, naive.VOTERS, EVERYWHERE),
    (order_of_log, naive.TOKENS, EVERYWHERE),
    (order_of_log, naive.VOTERS, EVERYWHERE),
    (order_of_nights, naive.TOKENS, EVERYWHERE),
    (order_of_nights, naive.VOTERS, EVERYWHERE),
]


@pytest.mark.parametrize("apart", [False, True], ids=["at once", "one after the other"])
def test_the_naive_tables_are_linked_ten_of_ten(own_app: Flask, *, apart: bool) -> None:
    """The same attacks, on answers in a table of their own with random ids, no time and no key."""
    with own_app.app_context():
        engine = db.engine
    found = dict(naive_links(engine, apart=apart))

    expected = {
        f"{order.__name__} of {tables.raters}": 10
        for order, tables, databases in PLANTED
        if engine.dialect.name in databases and f"{order.__name__} of {tables.raters}" in found
    }
    if engine.dialect.name == "postgresql":
        join = next_transaction if apart else same_transaction
        expected |= {f"{join.__name__} of {table}": 10 for table in ("token", "voter")}
    assert {name: found[name] for name in expected} == expected


def naive_links(engine: sa.Engine, *, apart: bool) -> Iterator[tuple[str, int]]:
    """Yield how many of ten each attack links."""
    for tables in (naive.TOKENS, naive.VOTERS):
        truth, evidence = naive.lived(engine, tables, apart=apart)
        for join in JOINS:
            yield f"{join.__name__} of {tables.raters}", links(truth, join(evidence, tables))
        for order, *_ in PLANTED:
            if order not in LOGGED or evidence.log is not None:
                guess = by_rank(evidence, order(evidence, tables))
                yield f"{order.__name__} of {tables.raters}", links(truth, guess)


def truth_of_one_round() -> Truth:
    people = [f"person {number}" for number in range(10)]
    return Truth(
        {person: f"text of {person}" for person in people},
        {"round": people},
        {"round": ["silent 1", "silent 2"]},
    )


def test_what_was_found_is_measured() -> None:
    truth = truth_of_one_round()
    people, texts = list(truth.said), list(truth.said.values())

    assert links(truth, truth.said) == 10
    assert leaning(truth, truth.said) == pytest.approx(1)
    assert leaning(truth, dict(zip(people, reversed(texts), strict=True))) == pytest.approx(-1)
    assert order_found(truth, people) == pytest.approx(1)
    assert order_found(truth, reversed(people)) == pytest.approx(-1)
    assert silent_found(truth, [*people, "silent 2", "silent 1"]) == 2
    assert silent_found(truth, ["silent 2", "silent 1", *people]) == 2
    assert silent_found(truth, ["silent 2", *people, "silent 1"]) == 1
