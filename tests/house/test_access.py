"""Every route has a row in access.txt, and every role gets what its cell says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from core.keys import KeyStore
from tests.house.sources import ROOT
from tests.house.world import ROLES, World, build, undone

TABLE = ROOT / "tests" / "house" / "access.txt"


@dataclass(frozen=True)
class Row:
    """What one route answers to each role."""

    method: str
    endpoint: str
    on: str
    statuses: tuple[int, ...]

    @property
    def route(self) -> str:
        return f"{self.method} {self.endpoint}"


def matrix(text: str) -> list[Row]:
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return [Row(method, endpoint, on, tuple(map(int, row))) for method, endpoint, on, *row in lines]


def routes(app: Flask) -> set[str]:
    return {
        f"{method} {rule.endpoint}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def differences(world: World, session: Session, rows: list[Row]) -> Iterator[str]:
    """Yield each cell that is not what a visitor in this role gets."""
    for row in rows:
        for role, expected in zip(ROLES, row.statuses, strict=True):
            with undone(session):
                status = visit(world, row, role)
            if status != expected:
                yield f"{row.route} for {role}: {status}, not {expected}"


def visit(world: World, row: Row, role: str) -> int:
    with answer(world, row, role) as response:
        return response.status_code


def answer(world: World, row: Row, role: str) -> TestResponse:
    rule = next(rule for rule in world.app.url_map.iter_rules(row.endpoint) if _answers(rule, row))
    with world.app.test_request_context():
        known = world.arguments(row.on, role)
        address = world.app.url_for(row.endpoint, **{name: known[name] for name in rule.arguments})
    return world.client(role).open(address, method=row.method)


def _answers(rule: Rule, row: Row) -> bool:
    return row.method in (rule.methods or set())


@pytest.fixture
def world(app: Flask, session: Session, key_store: KeyStore) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    return build(app, session, key_store)


def test_every_role_gets_what_its_cell_says(world: World, session: Session) -> None:
    wrong = list(differences(world, session, matrix(TABLE.read_text())))

    assert not wrong, "\n".join(wrong)


def test_a_planted_cell_is_seen(world: World, session: Session) -> None:
    row = next(r for r in matrix(TABLE.read_text()) if r.endpoint == "accounts.people")
    planted = replace(row, statuses=(200, *row.statuses[1:]))

    assert len(list(differences(world, session, [planted]))) == 1


def without_row(app: Flask, rows: list[Row]) -> list[str]:
    return sorted(routes(app) - {row.route for row in rows})


def test_every_route_has_a_row(app: Flask) -> None:
    missing = without_row(app, matrix(TABLE.read_text()))

    assert not missing, "these have no row in access.txt:\n" + "\n".join(missing)


def test_every_row_has_a_route(app: Flask) -> None:
    assert [row.route for row in matrix(TABLE.read_text()) if row.route not in routes(app)] == []


def test_a_planted_route_without_a_row_is_seen() -> None:
    app = Flask("planted", static_folder=None)
    app.add_url_rule("/secrets", "secrets", lambda: "", methods=["GET", "POST"])

    assert without_row(app, matrix(TABLE.read_text())) == ["GET secrets", "POST secrets"]
