"""The auditor over real documents: nobody is exposed by what we publish, and a planted figure is named."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from click.testing import Result
from flask import Flask

from assess.publication.auditor import Answers, Exposed, Limits, audit
from assess.publication.protection import PROTECTIONS, STANDARD, STRICT, Protection
from instruments.questionnaires import Instrument
from reports.auditing import KINDS, Audited, drawn, from_rows
from reports.collected import score
from surveys.ballots.sheets import NOT_OBSERVED, Rating, Sheet
from surveys.forms.answers import AnswerRow
from tests.conftest import make_config
from tests.factories import SMALL_INSTRUMENT
from tests.journeys.collected import answers_file, instrument
from wsgi import create_app

SMALL = Instrument.from_document(SMALL_INSTRUMENT)
TRUST, LISTENING = SMALL.competencies
TURNED = replace(LISTENING, items=tuple(replace(item, reverse=True) for item in LISTENING.items))
INSTRUMENT = replace(SMALL, competencies=(TRUST, TURNED))
GROUPS = {"self": 1, "supervisor": 1, "peer": 4, "direct_report": 8, "client": 2}
"""Peers at the least number, reports of whom agreement is told, two clients who are set aside."""
POOLED = {"self": 1, "peer": 6, "client": 2, "board": 3, "past_direct_report": 1}


def sets(
    number: int, raters: Mapping[str, int] = GROUPS, protection: Protection = STANDARD
) -> list[Audited]:
    return [table for _, table in islice(drawn(INSTRUMENT, raters, protection, seed=360), number)]


def all_raters_means(answers: Answers) -> list[str]:
    """Return what a total would tell: the mean of all who answered an item, those set aside too."""
    by_item: dict[str, list[int]] = {}
    for (_, item), column in answers.items():
        by_item.setdefault(item, []).extend(value for value in column if value is not None)
    return [f"{fmean(values):.2f}" for values in by_item.values() if values]


def leaking(self: Audited, answers: Answers) -> bytes:
    return repr(self.card(answers)).encode() + repr(all_raters_means(answers)).encode()


def test_nobody_is_exposed_in_fifty_reports() -> None:
    assert len(KINDS) < 50

    assert [cell for table in sets(50) for cell in table.exposed()] == []


@pytest.mark.parametrize("raters", [GROUPS, POOLED], ids=["groups", "pooled"])
def test_nobody_is_exposed_to_an_insider_under_strict(raters: Mapping[str, int]) -> None:
    assert [cell for table in sets(len(KINDS), raters, STRICT) for cell in table.exposed()] == []


def test_pooled_groups_are_audited_as_one() -> None:
    tables = sets(len(KINDS), POOLED)

    assert {group for group, _ in tables[0].table.answers} == {"peer", "pooled"}
    assert [cell for table in tables for cell in table.exposed()] == []


def test_a_raw_total_in_a_report_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Audited, "document", leaking)

    exposed = {group for table in sets(2) for group, _ in named(table.exposed())}

    assert {"peer", "client"} <= exposed


def test_what_only_one_rater_can_use_is_found_in_a_report() -> None:
    """Beside the report stands the next rater's answer, moved by one where this one's is even."""
    table = sets(5, protection=STRICT)[4]

    def document(answers: Answers) -> bytes:
        own, next_one = (answers["direct_report", "trust1"][at] or 0 for at in (6, 7))
        return table.document(answers) + b"%d" % (next_one + (own + 1) % 2)

    assert named(audit(table.table.answers, document, Limits(STRICT, 1, 5))) == [
        ("direct_report", "trust1")
    ]


def named(cells: list[Exposed]) -> list[tuple[str, str]]:
    return [(cell.group, cell.item) for cell in cells]


def test_a_single_raw_value_in_a_report_is_found_where_it_stands() -> None:
    table = sets(1)[0]

    def document(answers: Answers) -> bytes:
        return table.document(answers) + repr(answers["client", "listening2"]).encode()

    assert named(audit(table.table.answers, document, Limits(STANDARD, 1, 5))) == [
        ("client", "listening2")
    ]


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_the_audited_card_is_the_one_that_close_publishes(protection: str) -> None:
    """Close goes through a database; the auditor does not. Nothing may come of the difference."""
    rows = list(collected_rows(np.random.default_rng(4)))

    _, cards = score(rows, INSTRUMENT, protection=protection)

    for card in cards:
        audited = from_rows(card, rows, {})
        assert audited.card(audited.table.answers) == card


def collected_rows(rng: np.random.Generator) -> list[AnswerRow]:
    """Return two leaders with everything that may happen: silent raters, small groups, comments alone."""
    groups = [group for group, number in (GROUPS | {"board": 2}).items() for _ in range(number)]
    return [
        AnswerRow(number, leader, f"{leader} {number}", group, sheet(rng, number))
        for leader in ("Ana", "Ben")
        for number, group in enumerate(groups)
    ]


def sheet(rng: np.random.Generator, number: int) -> Sheet:
    choices: list[Rating] = [1, 2, 3, 4, 5, NOT_OBSERVED]
    ratings = {item.key: choices[rng.integers(6)] for item in INSTRUMENT.items}
    comments = {"keep": f"Go on {number}."} if number % 2 else {}
    return Sheet({} if number % 6 == 0 else ratings, {} if number % 12 == 0 else comments)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("data")
    return create_app(make_config(data, f"sqlite:///{data / 'db' / 'none.sqlite'}"))


ITEMS = ["a1", "a2", "a3"]


def command(app: Flask, folder: Path, *arguments: str) -> Result:
    """Run a command which finds an instrument and an answers file in a folder."""
    (folder / "instrument.yaml").write_text(instrument({"care": ITEMS}))
    rows = [["Ana", f"r{at}", group, "5", "5", "5"] for at, group in enumerate(["peer"] * 5)]
    (folder / "answers.csv").write_bytes(answers_file(ITEMS, rows))
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        return app.test_cli_runner().invoke(args=["reports", *arguments])


AUDIT = ("audit", "instrument.yaml", "--group", "peer=4", "--group", "client=1", "--sets", "6")
FROM_CSV = (
    "from-csv",
    "answers.csv",
    "--instrument",
    "instrument.yaml",
    "--out",
    "out",
    "--no-pdf",
)


def test_the_command_says_set_by_set_what_it_found(app: Flask, tmp_path: Path) -> None:
    result = command(app, tmp_path, *AUDIT)

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[1] == "set 2, all the highest: 0 cells exposed"
    assert lines[-1].startswith("In 6 sets of answers every rater could claim at least 3 values")


def test_the_command_names_exposed_cells_and_no_value(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Audited, "document", leaking)

    result = command(app, tmp_path, *AUDIT)

    assert result.exit_code == 1
    assert "peer a1 (1 left)" in result.output.splitlines()


def test_one_set_is_one(app: Flask, tmp_path: Path) -> None:
    said = command(app, tmp_path, *AUDIT[:-1], "1").output

    assert said.splitlines()[-1].startswith("In 1 set of answers every rater")


@pytest.mark.parametrize("groups", [("peer=1",), ("peer=2", "client=1", "self=1"), ("self=1",)])
def test_groups_of_which_nothing_is_shown_pass_no_audit(
    app: Flask, tmp_path: Path, groups: tuple[str, ...]
) -> None:
    named = [word for group in groups for word in ("--group", group)]

    result = command(app, tmp_path, "audit", "instrument.yaml", *named)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Nothing would be shown of these groups" in result.stderr


def test_the_command_says_what_was_audited(app: Flask, tmp_path: Path) -> None:
    asked, unasked = (command(app, tmp_path, *FROM_CSV, *audit) for audit in (("--audit", "3"), ()))

    assert asked.output.splitlines()[-1] == "Audited were those of the first 1: nobody is exposed."
    assert "udited" not in unasked.output


@pytest.mark.parametrize("group", ["friends=3", "peer", "peer=many", "peer=-1"])
def test_a_group_that_cannot_be_is_refused(app: Flask, tmp_path: Path, group: str) -> None:
    result = command(app, tmp_path, "audit", "instrument.yaml", "--group", group)

    assert result.exit_code == 2
    assert "--group" in result.output


def test_an_unknown_instrument_is_refused(app: Flask, tmp_path: Path) -> None:
    result = command(app, tmp_path, "audit", "no_such_thing", "--group", "peer=4")

    assert result.exit_code == 2
    assert "no_such_thing" in result.stderr


def test_sound_documents_are_written_after_their_audit(app: Flask, tmp_path: Path) -> None:
    result = command(app, tmp_path, *FROM_CSV, "--audit", "1")

    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"ana.json", "round.json"}


def test_documents_that_would_expose_somebody_are_not_written(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Audited, "document", leaking)

    result = command(app, tmp_path, *FROM_CSV, "--audit", "1")

    assert result.exit_code == 2
    assert "peer a1 (1 left), peer a2 (1 left), peer a3 (1 left)" in result.stderr
    assert "Ana" not in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_without_the_option_nothing_is_audited(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Audited, "document", leaking)

    assert command(app, tmp_path, *FROM_CSV).exit_code == 0
