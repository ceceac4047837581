"""Rounds collected elsewhere go through the whole house and come out as R says they should."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from flask import Flask

from assess.closing.figures import coefficient
from tests.conftest import make_config
from tests.journeys.collected import (
    SIM360_GROUPS,
    instrument,
    oracle,
    roundrobin,
    sim360,
    thirds,
)
from wsgi import create_app


@pytest.fixture(scope="module")
def command_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("data")
    return create_app(make_config(data, f"sqlite:///{data / 'db' / 'none.sqlite'}"))


def from_csv(
    app: Flask, folder: Path, answers: bytes, instrument_file: str, *options: str
) -> Result:
    (folder / "answers.csv").write_bytes(answers)
    (folder / "instrument.yaml").write_text(instrument_file)
    return app.test_cli_runner().invoke(
        args=[
            "reports",
            "from-csv",
            str(folder / "answers.csv"),
            "--instrument",
            str(folder / "instrument.yaml"),
            "--out",
            str(folder / "out"),
            *options,
        ]
    )


def reliability(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    document = json.loads((folder / "out" / "round.json").read_bytes())
    return {(row["competency"], row["group"]): row for row in document["reliability"]}


def reference(record: str) -> Any:
    values = json.loads(oracle("oracle.json").read_text())["values"]
    return next(entry["value"] for entry in values if entry["id"] == record)


def test_alpha_of_all_raters_equals_psych(command_app: Flask, tmp_path: Path) -> None:
    everybody_a_peer = dict.fromkeys(SIM360_GROUPS, "peer") | {"self": "self"}

    result = from_csv(
        command_app,
        tmp_path,
        sim360(everybody_a_peer),
        instrument(dict(thirds())),
        "--no-pdf",
    )

    assert result.exit_code == 0, result.output
    rows = reliability(tmp_path)
    for competency in ("comp1", "comp2", "comp3", "comp4"):
        expected = reference(f"sim360_A/{competency}.alpha")["raw_alpha"]
        assert rows[competency, "peer"]["alpha"] == coefficient(expected)


def test_icc_and_agreement_of_groups_equal_lme4_and_multilevel(
    command_app: Flask, tmp_path: Path
) -> None:
    one = {"all12": [item for _, items in thirds() for item in items]}

    result = from_csv(command_app, tmp_path, sim360(SIM360_GROUPS), instrument(one), "--no-pdf")

    assert result.exit_code == 0, result.output
    rows = reliability(tmp_path)
    for ours, theirs in (("peer", "peer"), ("direct_report", "report")):
        row = rows["all12", ours]
        assert row["icc1"] == coefficient(reference(f"sim360_A/score_{theirs}.lmer")["ICC1"])
        for figure, record in (
            ("rwg_j_uniform", "rwgj_uniform"),
            ("rwg_j_slight_skew", "rwgj_slight_skew"),
            ("average_deviation", "ADM_mean"),
        ):
            expected = reference(f"sim360_A/all12_{theirs}.{record}")["summary"]["mean"]
            assert row[figure] == coefficient(expected), figure


def test_real_people_who_rated_each_other(command_app: Flask, tmp_path: Path) -> None:
    result = from_csv(
        command_app,
        tmp_path,
        roundrobin(),
        instrument({"ex": ["ex"], "ne": ["ne"]}, high=7),
        "--no-pdf",
    )

    assert result.exit_code == 0, result.output
    rows = reliability(tmp_path)
    for trait in ("ex", "ne"):
        expected = reference(f"roundrobin_A/{trait}_peer.lmer")["ICC1"]
        assert rows[trait, "peer"]["icc1"] == coefficient(expected)
    targets = {line.split(b",")[0] for line in roundrobin().splitlines()[1:]}
    reports = {path.stem for path in (tmp_path / "out").glob("*.json")} - {"round"}
    assert reports == {target.decode() for target in targets}
    assert np.all([path.stat().st_size for path in (tmp_path / "out").iterdir()])
