"""The schema cannot tell who answered what: the anonymity rules for tables, tried on planted ones too."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

import assess.models
from core.db import Model

RATER_SIDE = {"invitation", "seat"}
KNOWN_OF_RATERS = {
    "invitation": {
        "id",
        "round_id",
        "person_id",
        "name",
        "email",
        "language",
        "issue",
        "authenticator_hash",
    },
    "seat": {"id", "invitation_id", "leader_id", "group", "declined", "envelope", "draft"},
}
SEALED = {"envelope", "draft"}
LEFT_BY_CLOSE = {"close_step", "counted_sheet"}
"""Tables of `surveys` that close writes; all those of `assess` it does."""
BOXED = {"sealed_sums", "sealed_tables"}
PUBLIC = {"leader", "round", "published_leaf", "instrument_version"}
MOMENTS = (sa.Date, sa.DateTime, sa.Time, sa.Interval)
NAMES_OF_MOMENTS = ("_at", "_on", "date", "time", "order", "position", "number", "serial")

Check = Callable[[sa.MetaData], Iterator[str]]


def anonymous_tables(metadata: sa.MetaData) -> list[sa.Table]:
    """Return what close leaves behind, by the module it is written in, and any table that hangs from it."""
    ours = {mapper.local_table for mapper in Model.registry.mappers if _is_of_assess(mapper.class_)}
    names = LEFT_BY_CLOSE | {table.name for table in ours if isinstance(table, sa.Table)}
    return [
        table
        for table in metadata.sorted_tables
        if table.name in names or {key.column.table.name for key in table.foreign_keys} & names
    ]


def _is_of_assess(model: type) -> bool:
    return model.__module__ == assess.models.__name__


def rater_side(metadata: sa.MetaData) -> list[sa.Table]:
    """Return the tables of raters, and those with a key to one of them."""
    return [
        table
        for table in metadata.sorted_tables
        if table.name in RATER_SIDE
        or {key.column.table.name for key in table.foreign_keys} & RATER_SIDE
    ]


def no_answer_beside_a_rater(metadata: sa.MetaData) -> Iterator[str]:
    """Every column at a rater's side must be known not to be an answer."""
    for table in rater_side(metadata):
        for column in table.columns:
            if column.name not in KNOWN_OF_RATERS.get(table.name, set()):
                yield f"{table.name}.{column.name} stands beside a rater's key"
            elif column.name in SEALED and not isinstance(column.type, sa.LargeBinary):
                yield f"{table.name}.{column.name} is not sealed"


def no_moment_beside_a_rater(metadata: sa.MetaData) -> Iterator[str]:
    for table in rater_side(metadata):
        yield from _moments(table)


def nothing_traceable_on_the_anonymous(metadata: sa.MetaData) -> Iterator[str]:
    """No date, no serial number, no key to anything of a rater."""
    for table in anonymous_tables(metadata):
        yield from _moments(table)
        yield from _numbered_keys(table)
        yield from (
            f"{table.name} refers to {key.column.table.name}"
            for key in table.foreign_keys
            if key.column.table.name not in PUBLIC
        )


def sums_are_sealed(metadata: sa.MetaData) -> Iterator[str]:
    """What is kept of answers for the methodologist lies in boxes, with nothing beside them."""
    for table in metadata.sorted_tables:
        if table.name in BOXED:
            yield from (
                f"{table.name}.{column.name} can be read"
                for column in table.columns
                if not column.primary_key
                and not (column.name == "box" and isinstance(column.type, sa.LargeBinary))
            )


def _moments(table: sa.Table) -> Iterator[str]:
    for column in table.columns:
        kind = column.type.impl if isinstance(column.type, sa.TypeDecorator) else column.type
        if isinstance(kind, MOMENTS) or column.name.endswith(NAMES_OF_MOMENTS):
            yield f"{table.name}.{column.name} tells when or in which order"


def _numbered_keys(table: sa.Table) -> Iterator[str]:
    for column in table.primary_key:
        made = getattr(column.default, "arg", None)  # SQLAlchemy wraps the function
        is_random = getattr(made, "__name__", "") == uuid4.__name__
        if isinstance(column.type, sa.Integer) or column.identity or column.server_default:
            yield f"{table.name}.{column.name} counts"
        elif isinstance(column.type, sa.Uuid) and not (column.foreign_keys or is_random):
            yield f"{table.name}.{column.name} is not random"


CHECKS: list[Check] = [
    no_answer_beside_a_rater,
    no_moment_beside_a_rater,
    nothing_traceable_on_the_anonymous,
    sums_are_sealed,
]


def answer_by_seat(metadata: sa.MetaData) -> None:
    sa.Table(
        "answer",
        metadata,
        sa.Column("seat_id", sa.ForeignKey("seat.id"), primary_key=True),
        sa.Column("value", sa.Integer),
    )


def rating_on_invitation(metadata: sa.MetaData) -> None:
    metadata.tables["invitation"].append_column(sa.Column("rating", sa.Integer))


def readable_envelope(metadata: sa.MetaData) -> None:
    metadata.tables["seat"].c.envelope.type = sa.Text()


def answered_at(metadata: sa.MetaData) -> None:
    metadata.tables["seat"].append_column(sa.Column("answered_at", sa.DateTime))


def dated_comment(metadata: sa.MetaData) -> None:
    metadata.tables["published_comment"].append_column(sa.Column("written", sa.Date))


def numbered_symbol(metadata: sa.MetaData) -> None:
    metadata.tables["published_symbol"].append_column(sa.Column("number", sa.Integer))


def comment_by_seat(metadata: sa.MetaData) -> None:
    seat: sa.Column[Any] = sa.Column("seat_id", sa.ForeignKey("seat.id"))
    metadata.tables["published_comment"].append_column(seat)


def serial_beside_a_leaf(metadata: sa.MetaData) -> None:
    sa.Table(
        "leaf_note",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("leaf_id", sa.ForeignKey("published_leaf.id")),
    )


def dated_step(metadata: sa.MetaData) -> None:
    metadata.tables["close_step"].append_column(sa.Column("done_at", sa.DateTime))


def receipt_of_an_invitation(metadata: sa.MetaData) -> None:
    invitation: sa.Column[Any] = sa.Column("invitation_id", sa.ForeignKey("invitation.id"))
    metadata.tables["counted_sheet"].append_column(invitation)


def numbered_receipts(metadata: sa.MetaData) -> None:
    number = sa.Column("place", sa.Integer, sa.Identity(), primary_key=True)
    metadata.tables["counted_sheet"].append_column(number)


def dated_cohort(metadata: sa.MetaData) -> None:
    metadata.tables["cohort_entry"].append_column(sa.Column("told", sa.Date))


def sums_of_a_seat(metadata: sa.MetaData) -> None:
    seat: sa.Column[Any] = sa.Column("seat_id", sa.ForeignKey("seat.id"))
    metadata.tables["sealed_sums"].append_column(seat)


def readable_sums(metadata: sa.MetaData) -> None:
    metadata.tables["sealed_sums"].c.box.type = sa.JSON()


def readable_tables(metadata: sa.MetaData) -> None:
    metadata.tables["sealed_tables"].append_column(sa.Column("histogram", sa.JSON))


PLANTED = [
    (answer_by_seat, no_answer_beside_a_rater),
    (rating_on_invitation, no_answer_beside_a_rater),
    (readable_envelope, no_answer_beside_a_rater),
    (answered_at, no_moment_beside_a_rater),
    (dated_comment, nothing_traceable_on_the_anonymous),
    (numbered_symbol, nothing_traceable_on_the_anonymous),
    (comment_by_seat, nothing_traceable_on_the_anonymous),
    (serial_beside_a_leaf, nothing_traceable_on_the_anonymous),
    (dated_step, nothing_traceable_on_the_anonymous),
    (receipt_of_an_invitation, nothing_traceable_on_the_anonymous),
    (numbered_receipts, nothing_traceable_on_the_anonymous),
    (dated_cohort, nothing_traceable_on_the_anonymous),
    (sums_of_a_seat, nothing_traceable_on_the_anonymous),
    (readable_sums, sums_are_sealed),
    (readable_tables, sums_are_sealed),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_schema_tells_nothing_of_raters(check: Check) -> None:
    assert list(check(Model.metadata)) == []


@pytest.mark.parametrize(("plant", "check"), PLANTED)
def test_a_planted_column_is_seen(plant: Callable[[sa.MetaData], None], check: Check) -> None:
    planted = sa.MetaData()
    for table in Model.metadata.sorted_tables:
        table.to_metadata(planted)
    plant(planted)

    assert list(check(planted))


def test_every_table_of_close_is_looked_at() -> None:
    names = {table.name for table in anonymous_tables(Model.metadata)}

    assert sorted(names) == [
        "close_step",
        "cohort_entry",
        "counted_sheet",
        "ledger_entry",
        "published_agreement",
        "published_comment",
        "published_leaf",
        "published_symbol",
        "round_parameters",
        "sealed_sums",
        "sealed_tables",
        "withheld_group",
    ]
    assert names >= BOXED
