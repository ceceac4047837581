"""kill -9 at every boundary of close, then run again: nothing is lost, and nothing can be linked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from assess.sums import KEY_NAME, unseal
from core.db import db
from core.keys import KeyStore
from surveys.ballots.sheets import Sheet
from surveys.models import CLOSE_STEPS, Seat
from tests.assess.rounds import ITEMS, answered_round

ROOT = Path(__file__).parents[2]
NEVER = 0
KILLED, DONE = -SIGKILL, 0
SECRETS = 3
MANY = 30
PUBLISHED = {
    "symbols": """SELECT name, raters, item, symbol FROM published_leaf
        JOIN published_symbol ON leaf_id = id ORDER BY name, item""",
    "agreements": """SELECT name, competency, band FROM published_leaf
        JOIN published_agreement ON leaf_id = id ORDER BY name, competency""",
    "comments": "SELECT question, digest, leaf, text FROM published_comment ORDER BY digest",
    "withheld": 'SELECT "group", reason FROM withheld_group ORDER BY "group"',
    "parameters": 'SELECT competency, "group", figures FROM round_parameters ORDER BY 1, 2',
    "ledger": "SELECT plan, digest FROM ledger_entry",
    "receipts": "SELECT digest FROM counted_sheet ORDER BY digest",
}
BOXES = {"sums": "SELECT box FROM sealed_sums", "tables": "SELECT box FROM sealed_tables"}


@dataclass(frozen=True)
class World:
    """A database with one round, and the folder with its keys."""

    folder: Path
    url: str

    @property
    def keys(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in (self.folder / "keys").glob("round-*"))

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    @property
    def published(self) -> dict[str, str]:
        """What is told, also to methodologists in a box: a box is never the same twice."""
        told = {name: repr(self.ask(statement)) for name, statement in PUBLISHED.items()}
        keys = KeyStore(self.folder / "keys")
        boxes = {name: [box for (box,) in self.ask(statement)] for name, statement in BOXES.items()}
        return told | {name: repr([unseal(box, keys) for box in boxes[name]]) for name in BOXES}

    @property
    def held(self) -> list[tuple[Any, ...]]:
        """What is held of the raters: seats first, then what lets them in."""
        return [
            *self.ask("SELECT id, envelope, draft, declined FROM seat ORDER BY id"),
            *self.ask("SELECT id, authenticator_hash FROM invitation ORDER BY id"),
        ]

    @property
    def steps(self) -> set[str]:
        return {step for (step,) in self.ask("SELECT step FROM close_step")}


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
    """A locked round: eight peers have written, one client stands alone, and drafts lie about."""
    with own_app.app_context():
        keys: KeyStore = own_app.extensions["key_store"]
        keys.get_or_create(KEY_NAME)  # made on the way, it would shift the boundaries of later runs
        answered_round(db.session, keys, answer, peer=8, client=1)
        seats = db.session.scalars(sa.select(Seat)).all()
        for seat in seats:
            seat.draft = b"a draft of " + seat.id.bytes
        db.session.commit()
        db.engine.dispose()
        return World(tmp_path, db.engine.url.render_as_string(hide_password=False))


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
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement.format(_name(world)))


def test_killed_at_every_boundary_close_ends_as_if_it_never_had_been(
    world: World, copies: Copies
) -> None:
    """It is killed whenever it is run again, each time a boundary later, until a step is done; and so on."""
    copy, states, at = copies.copy, [(0, 0)], 0
    with closing(copy) as close:
        copies.renew()
        assert close(NEVER) == DONE
        nothing_is_left(copy, world)
        expected = copy.published

        copies.renew()
        while close(at := at + 1) == KILLED:
            states.append(state(copy, world, expected))
            if states[-1][0] > states[-2][0]:
                at = 0

    assert copy.published == expected
    nothing_is_left(copy, world)
    assert states == sorted(states)
    assert states.count((0, 0)) > MANY
    gone = {(1, destroyed) for destroyed in range(SECRETS + 1)}
    assert {*states} == {(0, 0), *gone, (2, SECRETS), (3, SECRETS)}


def state(broken: World, world: World, expected: dict[str, str]) -> tuple[int, int]:
    """Return how many steps are done and how many secrets are gone.

    Before the first step all is as it was, and from then on all is as it will be.
    """
    steps, gone = broken.steps, len(world.keys) - len(broken.keys)
    assert steps == {*CLOSE_STEPS[: len(steps)]}
    assert broken.published == (expected if steps else world.published)
    assert steps or (broken.held, gone) == (world.held, 0)
    return len(steps), gone


def nothing_is_left(closed: World, world: World) -> None:
    """No secret, no envelope, no draft, no way in; and nothing of them in any file we may read."""
    assert (closed.steps, closed.keys) == ({*CLOSE_STEPS}, [])
    assert {tuple(map(bool, values)) for _, *values in closed.held} == {(False,) * 3, (False,)}
    traces = [value for _, *values in world.held for value in values if value] + world.keys
    files = [path.read_bytes() for path in closed.folder.rglob("*") if path.is_file()]
    assert not [trace for trace in traces for content in files if trace[-32:] in content]
    if closed.url.startswith("postgresql"):
        lying = [row for (row,) in closed.ask("SELECT id FROM seat ORDER BY ctid")]
        assert lying == sorted(lying)
        toasted = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = 'seat'"
        assert closed.ask(toasted) == [(0,)]
