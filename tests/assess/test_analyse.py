"""A methodologist's own file: the same figures as everywhere, at full precision, or a refusal."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import Result
from flask import Flask

from tests.conftest import make_config
from tests.psychometrics import oracle
from tests.psychometrics.datasets import ITEMS
from tests.psychometrics.oracle import Record
from wsgi import create_app

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/analysis.schema.json").read_text("utf-8")
)
SOUND = (
    "who,q1,q2,q3,shoe size\nAna,1,2,1,38\nAna,2,2,3,39\nIda,4,3,,40\nIda,5,4,4,41\nIda,4,NA,5,42\n"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("data")
    return create_app(make_config(data, f"sqlite:///{data / 'db' / 'none.sqlite'}"))


def analyse(app: Flask, file: Path, items: Sequence[str], *options: str) -> Result:
    arguments = ["assess", "analyse", str(file), "--items", ",".join(items), *options]
    return app.test_cli_runner().invoke(args=arguments)


def of_text(app: Flask, folder: Path, text: str, *options: str) -> Result:
    (folder / "own.csv").write_text(text, encoding="utf-8")
    return analyse(app, folder / "own.csv", ["q1", "q2", "q3"], *options)


def figures(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def record(name: str) -> Record:
    return next(record for record in oracle.records() if record.name == name)


def agrees(ours: Mapping[str, Any], theirs: Record, names: Mapping[str, str]) -> bool:
    pairs = ((ours[own], theirs.value[other]) for own, other in names.items())
    return all(oracle.agrees(own, other, theirs.tolerance) for own, other in pairs)


def test_figures_without_a_target_are_those_of_another_program(app: Flask) -> None:
    oracle.require()

    found = figures(analyse(app, oracle.FOLDER / "attitude.csv", ITEMS["attitude"], "--json"))

    alpha = record("attitude/alpha")
    names = {"estimate": "raw_alpha", "standardized": "std.alpha", "lambda6": "G6(smc)"}
    assert agrees(found["alpha"], alpha, names)
    interval = {"low": "lower", "high": "upper"}
    assert agrees(found["alpha"], record("attitude/alpha_feldt_ci95_exactF"), interval)
    assert agrees(found, record("attitude/omega_cfa_ml"), {"omega": "omega"})
    assert [item["item"] for item in found["items"]] == list(ITEMS["attitude"])
    assert "one_way" not in found
    assert found["alpha_within"] is None


def test_figures_about_targets_are_those_of_another_program(app: Flask, tmp_path: Path) -> None:
    oracle.require()
    peers = oracle.FOLDER / "sim360_A.csv"
    header, *rows = peers.read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "peers.csv").write_text(header + "".join(r for r in rows if ',"peer",' in r))
    options = ["--target", "leader", "--scale", "1:5", "--json"]

    found = figures(analyse(app, tmp_path / "peers.csv", ITEMS["sim360_A/others"], *options))

    nested = {"mean": "mu", "between": "tau2", "within": "sigma2", "icc1": "ICC1"}
    assert agrees(found["one_way"], record("sim360_A/score_peer.lmer"), nested)
    crossed = {
        "target": "t", "rater": "r:t", "item": "i", "target_item": "ti", "residual": "ri:t,e",
    }  # fmt: skip
    assert agrees(found["g_study"], record("sim360_A/g_peer.varcomp"), crossed)
    for name, theirs in (
        ("rwg_j_uniform", "rwgj_uniform"),
        ("rwg_j_slight_skew", "rwgj_slight_skew"),
        ("average_deviation", "ADM_mean"),
    ):
        mean = record(f"sim360_A/all12_peer.{theirs}").value["summary"]["mean"]
        assert oracle.agrees(found[name], mean, 1e-6)


def test_the_table_says_the_same_to_the_last_digit(app: Flask, tmp_path: Path) -> None:
    options = ["--target", "who", "--scale", "1:5"]

    shown = of_text(app, tmp_path, SOUND, *options).stdout
    found = figures(of_text(app, tmp_path, SOUND, *options, "--json"))

    for name in ("estimate", "low", "high", "standardized"):
        assert f"{name:<20} {found['alpha'][name]}" in shown
    assert f"{'alpha_within':<20} {found['alpha_within']}" in shown
    assert all(str(item["mean"]) in shown for item in found["items"])


def test_what_cannot_be_told_is_null_and_said(app: Flask, tmp_path: Path) -> None:
    constant = "who,q1,q2,q3\nAna,3,3,3\nAna,3,3,3\n"

    found = figures(of_text(app, tmp_path, constant, "--target", "who", "--json"))

    assert found["alpha"]["estimate"] is None
    assert found["one_way"]["icc1"] is None
    assert "cannot be told" in of_text(app, tmp_path, constant).stdout


def test_columns_beside_those_that_are_named_are_let_be(app: Flask, tmp_path: Path) -> None:
    without = "\n".join(line.rpartition(",")[0] for line in SOUND.splitlines())

    assert figures(of_text(app, tmp_path, SOUND, "--json")) == figures(
        of_text(app, tmp_path, without, "--json")
    )


def test_one_item_mean_needs_two_thirds_of_the_items(app: Flask, tmp_path: Path) -> None:
    thin = SOUND + "Kai,5,,,43\n"

    found = figures(of_text(app, tmp_path, thin, "--target", "who", "--json"))

    assert found["respondents"] == 6
    assert found["targets"] == 3
    assert found["one_way"]["targets"] == 2


def test_a_row_without_any_answer_is_no_respondent(app: Flask, tmp_path: Path) -> None:
    """As spreadsheets save them: they would make the interval of alpha narrower."""
    blank = SOUND + ",,,,\n" * 30

    assert figures(of_text(app, tmp_path, blank, "--json")) == figures(
        of_text(app, tmp_path, SOUND, "--json")
    )


def test_how_many_stand_behind_agreement_is_told(app: Flask, tmp_path: Path) -> None:
    thin = SOUND + "Kai,5,4,4,43\nKai,5,,4,43\n"

    found = figures(of_text(app, tmp_path, thin, "--target", "who", "--scale", "1:5", "--json"))

    assert found["complete_respondents"] == 4
    assert found["agreement_targets"] == 1


@pytest.mark.parametrize(
    ("items", "options", "said"),
    [
        (["q1", "q2", "q3"], [], "alpha_within         needs --target"),
        (["q1", "q2"], [], "omega                needs three items"),
        (
            ["q1", "q2", "q3"],
            ["--target", "who", "--scale", "0:10"],
            "rwg_j_slight_skew    no published null variance for 11 options",
        ),
    ],
)
def test_why_a_figure_is_not_there_is_said(
    app: Flask, tmp_path: Path, items: list[str], options: list[str], said: str
) -> None:
    (tmp_path / "own.csv").write_text(SOUND)

    assert said in analyse(app, tmp_path / "own.csv", items, *options).stdout.splitlines()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x", '"x" is no number; expected a number from 1 to 5, NA, or nothing'),
        ("nan", '"nan" is no number; '),
        ("1_0", '"1_0" is no number; '),
        ("٣", '"٣" is no number; '),
        ('"3,5"', '"3,5" has a comma where 3.5 has a point; '),
        ("=1+1", '"=1+1" begins like a formula; '),
        ("1e999", '"1e999" is too large; '),
        ("-1e160", '"-1e160" is too large; '),
        ("6", '"6" is outside the scale; '),
        ("0.99", '"0.99" is outside the scale; '),
        ("\x1b[2J", r'"\x1b[2J" is no number; '),
    ],
)
def test_a_cell_that_is_no_answer_is_named_with_its_place(
    app: Flask, tmp_path: Path, cell: str, said: str
) -> None:
    result = of_text(app, tmp_path, f"q1,q2,q3\n1,2,3\n1,{cell},3\n", "--scale", "1:5", "--json")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"own.csv:3:q2: {said}")


def test_all_faults_are_told_at_once(app: Flask, tmp_path: Path) -> None:
    faulty = "who,q1,q2,q3\nAna,1,x,3\n,1,2\nana,1,2,y\n"

    result = of_text(app, tmp_path, faulty, "--target", "who")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        'own.csv:2:q2: "x" is no number; expected a number, NA, or nothing',
        "own.csv:3:q3: the row has 3 cells; expected 4",
        'own.csv:4:q3: "y" is no number; expected a number, NA, or nothing',
        'own.csv:4:who: "ana" is written "Ana" in row 2; expected one spelling',
    ]


def test_a_row_must_say_whom_it_rates(app: Flask, tmp_path: Path) -> None:
    result = of_text(app, tmp_path, "who,q1,q2,q3\n,1,2,3\n", "--target", "who")

    assert result.exit_code == 2
    assert result.stderr.startswith("own.csv:2:who: ")


def test_a_missing_target_is_nobody_of_that_name(app: Flask, tmp_path: Path) -> None:
    result = of_text(app, tmp_path, "who,q1,q2,q3\nNA,1,2,3\n", "--target", "who")

    assert result.exit_code == 2
    assert result.stderr == 'own.csv:2:who: "NA" names nobody; expected the rated person\n'


def test_a_column_that_is_not_there_is_looked_for(app: Flask, tmp_path: Path) -> None:
    result = of_text(app, tmp_path, "q1,q2,Q_3\n1,2,3\n")

    assert result.exit_code == 2
    assert 'own.csv:1:q3: the column is missing; did you mean "Q_3"?' in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--items", "q1"], "name at least two columns"),
        (["--items", ""], "name at least two columns"),
        (["--items", ","], "a name is empty"),
        (["--items", "q1,q2,q1"], "q1 stands twice"),
        (["--items", "q1,q2,"], "a name is empty"),
        (["--items", 'q1,"q2'], "cannot be read"),
        (["--items", "q1,q\n2"], "cannot be read"),
        (["--items", "q1,q2", "--target", "q1"], "not among the items"),
        (["--items", "q1,q2", "--target", ""], "name a column"),
        (["--items", "q1,q2", "--scale", "5:1"], "lowest and the highest answer"),
        (["--items", "q1,q2", "--scale", "1-5"], "lowest and the highest answer"),
        (["--target", "who"], "Missing option '--items'"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    app: Flask, tmp_path: Path, options: list[str], said: str
) -> None:
    (tmp_path / "own.csv").write_text(SOUND)

    result = app.test_cli_runner().invoke(
        args=["assess", "analyse", str(tmp_path / "own.csv"), *options]
    )

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_column_may_have_a_comma_in_its_name(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text('"q1, first",q2\n1,2\n2,3\n3,3\n')

    result = analyse(app, tmp_path / "own.csv", ['"q1, first"', "q2"], "--json")

    assert figures(result)["items"][0]["item"] == "q1, first"


def test_scales_without_a_published_null_have_one_agreement_less(
    app: Flask, tmp_path: Path
) -> None:
    options = ["--target", "who", "--scale", "0:10", "--json"]

    found = figures(of_text(app, tmp_path, SOUND, *options))

    assert found["rwg_j_slight_skew"] is None
    assert np.isfinite(found["rwg_j_uniform"])
