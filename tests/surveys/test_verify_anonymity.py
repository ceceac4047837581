"""What `flask surveys verify-anonymity` finds on an installation: each planted fault must be named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from assess.jobs import close_locked_rounds
from core.db import db
from core.keys import KeyStore
from core.mail import post
from surveys.ballots.keynames import link_key_name, private_key_name
from surveys.models import GroupCount, Invitation, Round, Seat
from surveys.queries import traces
from surveys.queries.traces import Sqlite
from surveys.services import verifying
from surveys.services.verifying import RIGHT, UNSEEN, WRONG, Finding, verify
from tests.assess.rounds import answered_round, everybody_says, submit_all
from tests.conftest import FAST_HASHES, _own_database, make_config, opened
from tests.factories import NOON, make_open_round

BOTH, POSTGRESQL, SQLITE = {"postgresql", "sqlite"}, {"postgresql"}, {"sqlite"}


@dataclass(frozen=True)
class Place:
    """An installation with two rounds: one has been closed, one is open and answered."""

    app: Flask
    closed: UUID
    open: UUID

    @property
    def keys(self) -> KeyStore:
        store: KeyStore = self.app.extensions["key_store"]
        return store

    def findings(self, round_id: UUID) -> list[Finding]:
        round_ = db.session.get_one(Round, round_id)
        return verify(db.session, round_, self.keys, self.app.extensions["config"])

    def wrong(self, round_id: UUID) -> str:
        found = [finding for finding in self.findings(round_id) if finding.kind == WRONG]
        assert all(finding.more for finding in found), "nothing is said of what to do"
        return "\n".join(finding.words for finding in found)


@pytest.fixture(scope="module")
def installed(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("installed")
    with _own_database(database_url, folder) as url, opened() as open_app:
        app = open_app(make_config(folder, url), **FAST_HASHES)
        with app.app_context():
            app.extensions["alembic"].upgrade()
            rounds = two_rounds(app.extensions["key_store"])
        yield Place(app, *rounds)


def two_rounds(key_store: KeyStore) -> tuple[UUID, UUID]:
    """Close a round of seven, and leave one open that all six have answered."""
    closed = answered_round(db.session, key_store, everybody_says(4), peer=6).id
    db.session.commit()
    close_locked_rounds()
    round_ = make_open_round(db.session, key_store, peer=5)
    submit_all(db.session, round_.leaders[0], everybody_says(3), key_store)
    db.session.commit()
    return closed, round_.id


@pytest.fixture
def place(installed: Place) -> Iterator[Place]:
    """The installation; what a test plants in its database is undone."""
    with installed.app.app_context():
        yield installed
        db.session.rollback()


def kind() -> str:
    return db.engine.dialect.name


def sql(statement: str) -> Callable[[Place], None]:
    """Plant by a statement; `{uuid}` is the type of an id, `{seat}` the id of a seat of the closed round."""

    def plant(place: Place) -> None:
        leaders = sa.select(Seat.id).join(Seat.leader)
        seat = db.session.scalars(leaders.where(Seat.leader.has(round_id=place.closed))).first()
        assert seat
        words = {"uuid": "uuid", "seat": f"'{seat}'"}
        if kind() == "sqlite":
            words = {"uuid": "char(32)", "seat": f"'{seat.hex}'"}
        db.session.execute(sa.text(statement.format(**words)))

    return plant


def a_count(place: Place) -> None:
    seat = db.session.scalars(sa.select(Seat).where(Seat.leader.has(round_id=place.closed))).first()
    assert seat
    db.session.add(
        GroupCount(
            leader_id=seat.leader_id,
            group=seat.group,
            counted_on=NOON.date(),
            invited=6,
            answered=1,
        )
    )
    db.session.flush()


def a_mail(place: Place) -> None:
    invited = sa.select(Invitation.id).where(Invitation.round_id == place.closed)
    post(db.session, "reminder", db.session.scalars(invited).first() or place.closed)
    db.session.flush()


def a_trigger(_place: Place) -> None:
    does = {
        "sqlite": "CREATE TRIGGER spy AFTER UPDATE ON seat BEGIN SELECT 1; END",
        "postgresql": "CREATE TRIGGER spy BEFORE UPDATE ON seat FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    }
    db.session.execute(sa.text(does[kind()]))


PLANTED = [
    (sql("CREATE TABLE spy (x integer)"), "the table spy", BOTH),
    (sql("CREATE VIEW spy AS SELECT id FROM seat"), "the view spy", BOTH),
    (sql("CREATE SCHEMA spy"), "the schema spy", POSTGRESQL),
    (sql("CREATE MATERIALIZED VIEW spy AS SELECT 1"), "the view spy", POSTGRESQL),
    (sql("ALTER TABLE seat ADD COLUMN rating integer"), "the column seat.rating", BOTH),
    (
        sql("ALTER TABLE published_comment ADD COLUMN written date"),
        "comment.written is a date",
        BOTH,
    ),
    (
        sql("ALTER TABLE published_symbol ADD COLUMN seat_id {uuid} REFERENCES seat (id)"),
        "published_symbol refers to seat",
        BOTH,
    ),
    (
        sql("ALTER TABLE counted_sheet ADD COLUMN number serial"),
        "counted_sheet.number counts",
        POSTGRESQL,
    ),
    (a_trigger, "spy on seat", BOTH),
    (sql("CREATE RULE spy AS ON UPDATE TO seat DO ALSO NOTHING"), "spy on seat", POSTGRESQL),
    (sql("CREATE PUBLICATION spy"), "spy is told each change", POSTGRESQL),
    (sql("UPDATE seat SET draft = 'x' WHERE id = {seat}"), "drafts (1)", BOTH),
    (sql("UPDATE seat SET envelope = 'x' WHERE id = {seat}"), "envelopes (1)", BOTH),
    (sql("UPDATE seat SET declined = true WHERE id = {seat}"), "declined (1)", BOTH),
    (
        sql(
            "UPDATE invitation SET authenticator_hash = 'x' "
            "WHERE id = (SELECT invitation_id FROM seat WHERE id = {seat})"
        ),
        "links (1)",
        BOTH,
    ),
    (a_count, "counts (1)", BOTH),
    (a_mail, "mails (1)", BOTH),
    (
        sql(
            "DELETE FROM counted_sheet WHERE digest = (SELECT min(digest::text)::bytea FROM counted_sheet)"
        ),
        "6 receipts for 7 seats",
        POSTGRESQL,
    ),
    (
        sql("DELETE FROM counted_sheet WHERE digest = (SELECT min(digest) FROM counted_sheet)"),
        "6 receipts for 7 seats",
        SQLITE,
    ),
    (
        sql("UPDATE seat SET declined = declined WHERE id = {seat}"),
        "Rows of seat were written by several transactions",
        POSTGRESQL,
    ),
]


@pytest.mark.parametrize(("plant", "words", "where"), PLANTED)
def test_a_planted_fault_is_named(
    place: Place, plant: Callable[[Place], None], words: str, where: set[str]
) -> None:
    if kind() not in where:
        pytest.skip("planted in the other database")
    plant(place)

    assert words in place.wrong(place.closed)


@pytest.mark.parametrize("column", ["envelope", "draft"])
def test_sealed_things_of_different_sizes_are_named(place: Place, column: str) -> None:
    sizes = {"a": b"short", "b": b"shorter"}
    seats = db.session.scalars(sa.select(Seat).where(Seat.leader.has(round_id=place.open)))
    for seat, content in zip(seats, sizes.values(), strict=False):
        setattr(seat, column, content)
    db.session.flush()

    assert f"The {column}s of the round have" in place.wrong(place.open)


def test_nothing_is_wrong_where_nothing_was_planted(place: Place) -> None:
    for round_ in (place.closed, place.open):
        assert settings_aside(place.wrong(round_)) == ""


def settings_aside(wrong: str) -> str:
    """Leave out how the server that lends the database is set up: that is not ours."""
    lines = wrong.splitlines()
    return "\n".join(line for line in lines if not line.startswith(tuple(verifying.WANTED)))


def test_a_key_of_a_closed_round_is_named(place: Place) -> None:
    round_ = db.session.get_one(Round, place.closed)
    name = private_key_name(round_)
    place.keys.put(name, b"k" * 32)
    try:
        assert f"A secret of the round is still there: {name}" in place.wrong(place.closed)
    finally:
        place.keys.destroy(name)


def test_a_lost_key_of_an_open_round_is_named(place: Place) -> None:
    name = link_key_name(db.session.get_one(Round, place.open))
    secret = place.keys.get(name)
    place.keys.destroy(name)
    try:
        assert "A secret of the round is lost" in place.wrong(place.open)
    finally:
        place.keys.put(name, secret)


def test_a_key_store_that_others_read_is_named(place: Place) -> None:
    place.keys.directory.chmod(0o755)
    try:
        assert str(place.keys.directory) in place.wrong(place.closed)
    finally:
        place.keys.directory.chmod(0o700)


def test_a_changed_public_key_is_named(place: Place) -> None:
    db.session.get_one(Round, place.open).public_key = b"p" * 32
    db.session.flush()

    assert "is not the one that the database names" in place.wrong(place.open)


@pytest.mark.parametrize("name", verifying.WANTED)
def test_a_setting_that_keeps_too_much_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The settings of a server are not ours to change: they are told another way round."""
    if kind() == "sqlite":
        pytest.skip("SQLite has no such settings")
    monkeypatch.setattr(traces, "settings", lambda _session: {name: "all"})

    assert f"{name} is all" in place.wrong(place.closed)


def test_the_settings_of_the_server_are_read(place: Place) -> None:
    if kind() == "sqlite":
        pytest.skip("SQLite has no such settings")

    assert traces.settings(db.session).keys() >= {"log_statement", "track_commit_timestamp"}


@pytest.mark.parametrize(
    ("settings", "expected", "words"),
    [
        ({"shared_preload_libraries": "a, auto_explain"}, WRONG, "auto_explain"),
        ({"shared_preload_libraries": ""}, RIGHT, "no library that writes statements"),
        ({}, UNSEEN, "which libraries"),
        ({"archive_mode": "on"}, UNSEEN, "archived as well"),
        ({}, UNSEEN, "track_commit_timestamp"),
    ],
)
def test_what_the_server_loads_and_archives_is_judged(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    expected: str,
    words: str,
) -> None:
    if kind() == "sqlite":
        pytest.skip("SQLite loads and archives nothing")
    monkeypatch.setattr(traces, "settings", lambda _session: settings)
    monkeypatch.setattr(traces, "extensions", lambda _session: ["pg_stat_statements"])
    found = place.findings(place.closed)

    assert any(f.kind == expected and words in f.words + f.more for f in found)
    assert any(f.kind == UNSEEN and "pg_stat_statements" in f.words for f in found)


CAREFUL = Sqlite(
    secure_delete=1,
    journal_mode="wal",
    log_bytes=0,
    has_journal=False,
    pages_not_overwritten=0,
)


@pytest.mark.parametrize(
    ("careless", "words"),
    [
        ({"secure_delete": 0}, "does not overwrite what is deleted"),
        ({"journal_mode": "persist"}, "persist"),
        ({"has_journal": True}, "journal with earlier content"),
        ({"pages_not_overwritten": 3}, "3 free pages still hold"),
    ],
)
def test_a_careless_sqlite_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, careless: dict[str, Any], words: str
) -> None:
    if kind() == "postgresql":
        pytest.skip("PostgreSQL keeps no such file")
    monkeypatch.setattr(traces, "sqlite_file", lambda _session: replace(CAREFUL, **careless))

    assert words in place.wrong(place.closed)


@pytest.mark.parametrize(("log_bytes", "expected"), [(0, RIGHT), (4152, UNSEEN)])
def test_a_log_that_is_not_empty_cannot_be_judged(
    place: Place, monkeypatch: pytest.MonkeyPatch, log_bytes: int, expected: str
) -> None:
    if kind() == "postgresql":
        pytest.skip("PostgreSQL keeps its log elsewhere")
    monkeypatch.setattr(
        traces, "sqlite_file", lambda _session: replace(CAREFUL, log_bytes=log_bytes)
    )
    found = [f.kind for f in place.findings(place.closed) if "log beside the file" in f.words]

    assert found == [expected]


def test_the_file_is_read_as_it_is(place: Place) -> None:
    if kind() == "postgresql":
        pytest.skip("PostgreSQL keeps no such file")
    file = traces.sqlite_file(db.session)

    assert (file.secure_delete, file.journal_mode, file.has_journal) == (1, "wal", False)
    assert file.pages_not_overwritten == 0


def test_rows_out_of_the_order_of_their_keys_are_named(place: Place) -> None:
    """One transaction may write a whole round anew, in an order of its own."""
    if kind() == "sqlite":
        pytest.skip("SQLite changes a row where it lies")
    seats = db.session.scalars(sa.select(Seat).where(Seat.leader.has(round_id=place.closed)))
    for seat in sorted(seats, key=lambda seat: seat.id, reverse=True):
        moved = sa.update(Seat).where(Seat.id == seat.id).values(declined=False)
        db.session.execute(moved, execution_options={"synchronize_session": False})

    wrong = place.wrong(place.closed)
    assert "Rows of seat do not lie in the order of their keys" in wrong
    assert "several transactions" not in wrong
    todo = [found.more for found in place.findings(place.closed)]
    assert "Run `psql \"$DATABASE_URL\" -c 'CLUSTER seat USING pk_seat'`" in todo


def test_while_close_has_not_ended_nothing_else_is_held_against_the_round(place: Place) -> None:
    """Close empties and sorts at its last step: whoever mended things by hand before would mend in vain."""
    sql("DELETE FROM close_step WHERE step = 'files_rewritten'")(place)
    a_count(place)
    (wrong,) = place.wrong(place.closed).splitlines()
    assert "Close has not ended" in wrong


def test_the_command_says_what_it_found(installed: Place) -> None:
    said = installed.app.test_cli_runner().invoke(
        args=["surveys", "verify-anonymity", str(installed.closed)]
    )

    assert said.exit_code == 0, said.output
    assert "The round 'Autumn' is closed." in said.output
    assert "Found wrong (0)" in said.output
    assert "  - Close has done all its steps.\n" in said.output
    assert "  - swap and core dumps:\n    answers are in memory" in said.output


def test_the_command_ends_with_1_where_something_is_wrong(installed: Place) -> None:
    installed.keys.directory.chmod(0o755)
    try:
        said = installed.app.test_cli_runner().invoke(
            args=["surveys", "verify-anonymity", str(installed.open)]
        )
    finally:
        installed.keys.directory.chmod(0o700)

    assert said.exit_code == 1
    assert "Found wrong (1)" in said.output
    assert "Put it right as it says" in said.output
