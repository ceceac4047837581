"""The command that tells how leaders are seen together prints it, or says why not."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import click
import jsonschema
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from assess.models import CohortEntry
from core.audit import AuditEntry
from core.db import db
from tests.assess.cohorts import PLAIN, entries, published_round

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/cohort.schema.json").read_text("utf-8")
)


@pytest.fixture
def own_round(own_app: Flask) -> UUID:
    with own_app.app_context():
        round_ = published_round(db.session, [{"peer": "4.5+", "self": "4"}] * 12)
        db.session.commit()
        return round_.id


def run(app: Flask, round_id: UUID | str, *options: str) -> Result:
    return ask(app, round_id, "--yes", *options)


def ask(app: Flask, round_id: UUID | str, *options: str, said: str = "") -> Result:
    words = ["assess", "cohort", str(round_id), *options]
    return app.test_cli_runner().invoke(args=words, input=said)


def test_the_command_prints_a_table_and_leaves_a_trace(own_app: Flask, own_round: UUID) -> None:
    result = run(own_app, own_round)

    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "round                Autumn",
        "leaders              12",
        "",
        "leaf  competency  leaders  mean",
        "self  trust       12       4.0",
        "self  listening   12       4.0",
        "peer  trust       12       4.75",
        "peer  listening   12       4.75",
    ]
    with own_app.app_context():
        deed = db.session.scalars(sa.select(AuditEntry)).one()
        entry = db.session.scalars(sa.select(CohortEntry)).one()
        assert (deed.deed, deed.thing, deed.thing_id) == ("told", "cohort", entry.id)
        assert len(entry.leaders) == 12


def test_nothing_is_kept_before_somebody_says_so(own_app: Flask, own_round: UUID) -> None:
    """A look would use up what may be told: beside this cohort others can no longer be."""
    no = ask(own_app, own_round, said="n\n")

    assert (no.exit_code, no.stdout) == (1, "")
    assert "kept for good, and rules out others. Go on?" in no.stderr
    with own_app.app_context():
        assert entries(db.session) == 0
    assert "peer  trust" in ask(own_app, own_round, said="y\n").stdout
    with own_app.app_context():
        assert entries(db.session) == 1


def test_nobody_waits_for_the_database_while_somebody_thinks(
    own_app: Flask, own_round: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    monkeypatch.setattr(
        click, "confirm", lambda *_question, **_how: held.append(db.session.in_transaction())
    )

    assert ask(own_app, own_round).exit_code == 0
    assert held == [False]


def test_what_was_told_is_told_again_without_a_question(own_app: Flask, own_round: UUID) -> None:
    first = run(own_app, own_round)
    again = ask(own_app, own_round)

    assert (again.exit_code, again.output) == (0, first.output)


def test_what_is_refused_is_not_asked_for(own_app: Flask, own_round: UUID) -> None:
    run(own_app, own_round)

    assert ask(own_app, own_round, "--department", "Moon", said="y\n").exit_code == 2


def test_the_command_takes_a_department_or_a_file(
    own_app: Flask, own_round: UUID, tmp_path: Path
) -> None:
    file = tmp_path / "leaders.csv"
    file.write_text("leader\n" + "\n".join(f"Leader {number}" for number in range(6, 12)))

    by_department = run(own_app, own_round, "--department", "Plant", "--json")
    by_file = run(own_app, own_round, "--leaders", str(file), "--json")

    assert by_department.output == by_file.output
    told = json.loads(by_file.output)
    jsonschema.validate(told, SCHEMA)
    assert (told["round"], told["leaders"]) == ("Autumn", 6)
    assert told["means"][0] == {"leaf": "self", "competency": "trust", "leaders": 6, "mean": 4.0}


def test_the_command_says_where_too_few_leaders_are_behind_a_figure(own_app: Flask) -> None:
    with own_app.app_context():
        round_id = published_round(db.session, [*[PLAIN] * 4, *[{"self": "4"}] * 2]).id
        db.session.commit()

    assert "peer  trust       fewer than 5  not told" in run(own_app, round_id).output
    told = json.loads(run(own_app, round_id, "--json").output)
    jsonschema.validate(told, SCHEMA)
    assert told["means"][-1]["mean"] is None


def nobody(_folder: Path) -> list[str]:
    return ["--department", "Moon"]


def four(folder: Path) -> list[str]:
    (folder / "four.csv").write_text("leader\nLeader 0\nLeader 1\nLeader 2\nLeader 3\n")
    return ["--leaders", str(folder / "four.csv")]


def without_a_column(folder: Path) -> list[str]:
    (folder / "names.csv").write_text("who\nLeader 0\n")
    return ["--leaders", str(folder / "names.csv")]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (nobody, 'No leader of the round belongs to the department "Moon" today.'),
        (four, "no figure of the cohort would rest on 5 leaders."),
        (without_a_column, "names.csv:1:leader:"),
    ],
)
def test_the_command_says_why_it_refuses(
    own_app: Flask,
    own_round: UUID,
    tmp_path: Path,
    options: Callable[[Path], list[str]],
    sentence: str,
) -> None:
    result = run(own_app, own_round, *options(tmp_path))

    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    with own_app.app_context():
        assert entries(db.session) == 0
        assert db.session.scalars(sa.select(AuditEntry)).all() == []


def test_the_command_knows_its_rounds_and_takes_one_choice(own_app: Flask, own_round: UUID) -> None:
    unknown = run(own_app, "00000000-0000-4000-8000-000000000000")
    both = run(own_app, own_round, "--department", "Sales", "--leaders", __file__)

    assert (unknown.exit_code, both.exit_code) == (2, 2)
    assert "There is no such round. `flask surveys list` shows them all." in unknown.stderr
    assert "give --department or --leaders, not both" in both.stderr
