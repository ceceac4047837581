"""The direction of imports, as pyproject.toml states it: kept by the tree, and seen when it is broken."""

import subprocess
import sys
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from tests.house.sources import ROOT

KINDS: dict[str, type[Contract]] = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
    "acyclic_siblings": AcyclicSiblingsContract,
}
PLANTED = [
    ("core.clock", "accounts.models", "The rooms form one stack"),
    ("surveys.models", "assess.models", "The rooms form one stack"),
    ("instruments.models", "surveys.models", "The rooms form one stack"),
    ("accounts.models", "accounts.sign_in", "In accounts"),
    ("instruments.questionnaires", "instruments.models", "In instruments"),
    ("surveys.models", "surveys.queries", "In surveys"),
    ("surveys.services", "surveys.jobs", "In surveys"),
    ("assess.closing", "assess.scorecards", "In assess"),
    ("assess.publication", "assess.psychometrics", "In assess"),
    ("reports.models", "reports.routes", "In reports"),
    ("assess.psychometrics", "flask", "The core is pure"),
    ("assess.psychometrics", "datetime", "The core is pure"),
    ("assess.publication", "surveys.models", "The core is pure"),
    ("reports.charts", "datetime", "Charts are pure"),
    ("surveys.services", "flask", "Only the edges know HTTP"),
    ("surveys.services.deep.models", "werkzeug", "Only the edges know HTTP"),
    ("surveys.forms", "sqlalchemy", "Policies and forms know no database"),
    ("surveys.routes", "sqlalchemy", "Pages write through services alone"),
    ("reports.cli", "accounts.sign_in", "Who is signed in"),
    ("reports.routes", "surveys.ballots.sheets", "Ballots are the business of few"),
    ("core.clock", "surveys.ballots", "Ballots are the business of few"),
    ("surveys.routes", "surveys.ballots.sealing", "Envelopes are sealed"),
    ("surveys.services", "surveys.ballots.opening", "Envelopes are opened"),
    ("core.web", "wsgi", "Nothing imports the composition root"),
    ("core.clock", "core.db", "No cycles anywhere"),
]


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    return read_configuration(str(ROOT / "pyproject.toml"))


@pytest.fixture(scope="module")
def contracts(configuration: dict[str, Any]) -> list[Contract]:
    return [
        KINDS[options["type"]](options["name"], configuration["session_options"], options)
        for options in configuration["contracts_options"]
    ]


@pytest.fixture(scope="module")
def graph(configuration: dict[str, Any]) -> grimp.ImportGraph:
    """Who imports whom, as the tree stands."""
    rooms: list[str] = configuration["session_options"]["root_packages"]
    return grimp.build_graph(*rooms, include_external_packages=True, cache_dir=None)


def broken(contracts: Iterable[Contract], graph: grimp.ImportGraph) -> list[str]:
    return [c.name for c in contracts if not c.check(deepcopy(graph), verbose=False).kept]


def test_the_house_keeps_its_contracts(contracts: list[Contract], graph: grimp.ImportGraph) -> None:
    assert broken(contracts, graph) == []


@pytest.mark.parametrize(("importer", "imported", "contract"), PLANTED)
def test_a_planted_import_breaks_the_contract_meant_for_it(
    contracts: list[Contract],
    graph: grimp.ImportGraph,
    importer: str,
    imported: str,
    contract: str,
) -> None:
    planted = deepcopy(graph)
    planted.add_import(importer=importer, imported=imported)
    if contract == "No cycles anywhere":
        planted.add_import(importer=imported, imported=importer)

    assert any(name.startswith(contract) for name in broken(contracts, planted))


@pytest.mark.parametrize("room", ["accounts", "instruments", "surveys", "assess", "reports"])
def test_a_name_outside_the_vocabulary_breaks_the_contract_of_its_room(
    contracts: list[Contract], graph: grimp.ImportGraph, room: str
) -> None:
    planted = deepcopy(graph)
    planted.add_module(f"{room}.utils")

    assert any(name.startswith(f"In {room}") for name in broken(contracts, planted))


def test_every_contract_has_a_planted_violation(contracts: list[Contract]) -> None:
    proved = {
        contract.name for contract in contracts for *_, p in PLANTED if contract.name.startswith(p)
    }

    assert {contract.name for contract in contracts} == proved


def test_the_command_sees_an_import_in_a_file(
    tmp_path: Path, configuration: dict[str, Any]
) -> None:
    for room in configuration["session_options"]["root_packages"]:
        copytree(ROOT / room, tmp_path / room, ignore=ignore_patterns("__pycache__"))
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    with (tmp_path / "core" / "clock.py").open("a") as clock:
        clock.write("\nimport surveys.models\n")

    program = (
        "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    )
    run = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert "core.clock -> surveys.models" in run.stdout
