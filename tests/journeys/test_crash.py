"""kill -9 at every boundary of close, then run again: nothing is lost, and nothing can be linked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from assess.publication.plans import TOO_FEW_RATERS
from assess.sums import KEY_NAME, unseal
from core.db import db
from core.keys import KeyStore
from surveys.ballots.sheets import Sheet
from surveys.models import CLOSE_STEPS, Seat
from surveys.services.rounds import launch, lock_round
from tests.assess.rounds import ITEMS, submit_all
from tests.factories import NOON, make_leader, make_round

ROOT = Path(__file__).parents[2]
NEVER = 0
KILLED, DONE = -SIGKILL, 0
MANY = 30
LEAF = (
    "SELECT leader_id, name, {} FROM published_leaf LEFT JOIN {} ON leaf_id = id ORDER BY 1, 2, 3"
)
PUBLISHED = {
    "symbols": LEAF.format("item, symbol, raters", "published_symbol"),
    "agreements": LEAF.format("competency, band", "published_agreement"),
    "comments": "SELECT leader_id, question, digest, leaf, text FROM published_comment ORDER BY 1, 2, 3",
    "withheld": 'SELECT leader_id, "group", reason FROM withheld_group ORDER BY 1, 2',
    "parameters": 'SELECT competency, "group", figures FROM round_parameters ORDER BY 1, 2',
    "ledger": "SELECT leader_id, plan, digest FROM ledger_entry ORDER BY 1",
    "receipts": "SELECT digest FROM counted_sheet ORDER BY digest",
}
BOXES = {"sums": "SELECT box FROM sealed_sums", "tables": "SELECT box FROM sealed_tables"}
HELD = {
    "seats": "SELECT id, envelope, draft, declined FROM seat ORDER BY id",
    "invitations": "SELECT id, authenticator_hash FROM invitation ORDER BY id",
}
TABLES = [
    ["client set aside", "peer 8", "self 1"],
    ["peer 4", "pooled 4", "self 1", "supervisor 1"],
]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class World:
    """A database with one round, and the folder with its keys."""

    folder: Path
    url: str

    @property
    def keys(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / "keys").glob("round-*")}

    def ask(self, **statements: str) -> dict[str, Rows]:
        """Ask all over one connection, and close it: whoever lingers would be in the way of close."""
        with _engine(self.url).connect() as connection:
            answers = {name: connection.exec_driver_sql(one) for name, one in statements.items()}
            return {name: [tuple(row) for row in rows] for name, rows in answers.items()}

    @property
    def told(self) -> dict[str, Rows]:
        """What is published, also to methodologists in a box: a box is never the same twice."""
        told, keys = self.ask(**PUBLISHED, **BOXES), KeyStore(self.folder / "keys")
        boxes = {name: [(unseal(box, keys),) for (box,) in told[name]] for name in BOXES}
        return told | boxes

    @property
    def held(self) -> Rows:
        """What is held of the raters: seats first, then what lets them in."""
        held = self.ask(**HELD)
        return [*held["seats"], *held["invitations"]]

    @property
    def steps(self) -> set[str]:
        return {step for (step,) in self.ask(steps="SELECT step FROM close_step")["steps"]}


@cache
def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


@contextmanager
def closing(world: World) -> Iterator[Callable[[int], int]]:
    """Lend a way to close the rounds of a world in processes which are killed at a boundary."""
    command = [sys.executable, "-m", "tests.journeys.killed", str(world.folder), world.url]
    settings = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        orders, endings = process.stdin, process.stdout
        assert orders
        assert endings

        def close(at: int) -> int:
            orders.write(f"{at}\n")
            orders.flush()
            return int(endings.readline())

        yield close
        process.communicate()


@pytest.fixture
def world(own_app: Flask, tmp_path: Path) -> World:
    """A locked round of two leaders whose tables differ, with drafts lying about."""
    with own_app.app_context():
        keys: KeyStore = own_app.extensions["key_store"]
        keys.get_or_create(KEY_NAME)  # made on the way, it would shift the boundaries of later runs
        lock_two_tables(keys)
        for seat in db.session.scalars(sa.select(Seat)):
            seat.draft = b"a draft of " + seat.id.bytes
        db.session.commit()
        db.engine.dispose()
        return World(tmp_path, db.engine.url.render_as_string(hide_password=False))


def lock_two_tables(keys: KeyStore) -> None:
    """Let one client stand alone beside the first leader's peers; the second has two groups to be pooled."""
    round_ = make_round(db.session)
    leaders = [
        make_leader(db.session, round_, peer=8, client=1),
        make_leader(db.session, round_, supervisor=1, peer=4, direct_report=2, client=2),
    ]
    launch(db.session, round_, keys, at=NOON)
    for leader in leaders:
        submit_all(db.session, leader, answer, keys)
    lock_round(db.session, round_, at=NOON)


def answer(group: str, number: int) -> Sheet:
    ratings = {item: 1 + (number + place) % 5 for place, item in enumerate(ITEMS)}
    return Sheet(ratings, {"keep": f"What {group} {number} wrote."})


@dataclass(frozen=True)
class Copies:
    """A place for copies of a world, each laid over the one before."""

    original: World
    copy: World

    def renew(self) -> None:
        shutil.rmtree(self.copy.folder, ignore_errors=True)
        for part in ("keys", "db"):
            if (self.original.folder / part).exists():
                shutil.copytree(self.original.folder / part, self.copy.folder / part)
        if self.copy.url.startswith("postgresql"):
            self.drop()
            _on_server(self.copy, "CREATE DATABASE {} TEMPLATE " + _name(self.original))

    def drop(self) -> None:
        _on_server(self.copy, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


@pytest.fixture
def copies(world: World, tmp_path: Path) -> Iterator[Copies]:
    folder, url = tmp_path / "copy", sa.make_url(world.url)
    if url.drivername == "sqlite":
        yield Copies(world, World(folder, f"sqlite:///{folder / 'db' / Path(_name(world)).name}"))
        return
    copy = url.set(database=f"{url.database}_copy").render_as_string(hide_password=False)
    copies = Copies(world, World(folder, copy))
    yield copies
    copies.drop()


def _name(world: World) -> str:
    return str(sa.make_url(world.url).database)


def _on_server(world: World, statement: str) -> None:
    server = sa.make_url(world.url).set(database="postgres")
    engine = _engine(server.render_as_string(hide_password=False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement.format(_name(world)))


def test_killed_at_every_boundary_close_ends_as_if_it_never_had_been(
    world: World, copies: Copies
) -> None:
    """It is killed whenever it is run again, each time a boundary later, until a step is done; and so on."""
    copy, states, at = copies.copy, [(0, 0)], 0
    with closing(copy) as close:
        copies.renew()
        before = Before(world.told, world.held, world.keys)
        assert close(NEVER) == DONE
        nothing_is_left(copy, world)
        expected = copy.told
        assert tables(expected) == TABLES

        copies.renew()
        while close(at := at + 1) == KILLED:
            states.append(state(copy, before, expected))
            if states[-1][0] > states[-2][0]:
                at = 0

    assert copy.told == expected
    nothing_is_left(copy, world)
    assert states == sorted(states)
    assert states.count((0, 0)) > MANY
    gone = {(1, destroyed) for destroyed in range(len(before.keys) + 1)}
    assert {*states} == {(0, 0), *gone, *((step, len(before.keys)) for step in (2, 3))}


@dataclass(frozen=True)
class Before:
    """A world as it was before close."""

    told: dict[str, Rows]
    held: Rows
    keys: dict[str, bytes]


def tables(told: dict[str, Rows]) -> list[list[str]]:
    """Return who was seen at each leader's table, and whom the plan has set aside there."""
    seen: dict[Any, set[str]] = {}
    for leader, leaf, *_, raters in told["symbols"]:
        seen.setdefault(leader, set()).add(f"{leaf} {raters}")
    for leader, group, reason in told["withheld"]:
        assert reason == TOO_FEW_RATERS
        seen.setdefault(leader, set()).add(f"{group} set aside")
    return sorted(sorted(table) for table in seen.values())


def state(broken: World, before: Before, expected: dict[str, Rows]) -> tuple[int, int]:
    """Return how many steps are done and how many secrets are gone.

    Before the first step all is as it was, and from then on all is as it will be, for both leaders.
    """
    steps, gone = broken.steps, len(before.keys.keys() - broken.keys.keys())
    assert steps == {*CLOSE_STEPS[: len(steps)]}
    assert broken.told == (expected if steps else before.told)
    assert steps or broken.held == before.held
    assert steps or before.keys.items() <= broken.keys.items()
    return len(steps), gone


def nothing_is_left(closed: World, world: World) -> None:
    """No secret, no envelope, no draft, no way in; and nothing of them in any file we may read."""
    assert (closed.steps, closed.keys) == ({*CLOSE_STEPS}, {})
    assert {tuple(map(bool, values)) for _, *values in closed.held} == {(False,) * 3, (False,)}
    traces = [value for _, *values in world.held for value in values if value]
    traces += world.keys.values()
    files = [path.read_bytes() for path in closed.folder.rglob("*") if path.is_file()]
    assert not [trace for trace in traces for content in files if trace[-32:] in content]
    if closed.url.startswith("postgresql"):
        lying = [row for (row,) in closed.ask(ids="SELECT id FROM seat ORDER BY ctid")["ids"]]
        assert lying == sorted(lying)
        toasted = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = 'seat'"
        assert closed.ask(toasted=toasted) == {"toasted": [(0,)]}
