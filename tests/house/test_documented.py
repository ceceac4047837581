"""Every setting and every command is described, and every package that we rest on has its reason."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest

import wsgi
from tests.house.sources import ROOMS, ROOT, Source, project, source

OPERATIONS = ROOT / "docs" / "operations.md"
DEPENDENCIES = ROOT / "docs" / "dependencies.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BROUGHT = {  # part of what a package is: its own documentation tells people to import them
    "Flask": {"click", "itsdangerous", "jinja2", "markupsafe", "werkzeug"},
    "Flask-Security": {"flask_login"},
    "import-linter": {"grimp"},
}
OURS = {*ROOMS, "wsgi", "examples", "tests", "bench"}


def undescribed(names: Iterable[str], text: str) -> list[str]:
    """Name what does not stand in the text in code quotes, alone or before its arguments."""
    return sorted(name for name in names if not re.search(rf"`{re.escape(name)}[` =]", text))


def settings(sources: Iterable[Source]) -> Iterator[str]:
    """Yield the environment variables that are read, wherever that is."""
    for read in sources:
        for node in ast.walk(read.tree):
            yield from _read_from_environment(node)


def _read_from_environment(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(
            func=ast.Attribute(attr="get", value=owner), args=[ast.Constant(str(name)), *_]
        ):
            pass
        case ast.Subscript(value=owner, slice=ast.Constant(str(name))):
            pass
        case ast.Call(
            func=ast.Attribute(attr="getenv", value=owner), args=[ast.Constant(str(name)), *_]
        ):
            pass
        case _:
            return
    if ast.unparse(owner) in {"environ", "os.environ", "os"}:
        yield name


def commands(group: click.Command, above: str = "flask") -> Iterator[str]:
    path = f"{above} {group.name}"
    if not isinstance(group, click.Group):
        yield path
        return
    for command in group.commands.values():
        yield from commands(command, path)


def required(path: Path) -> list[str]:
    """Return the packages that a list asks for, without extras and versions."""
    lines = path.read_text().splitlines()
    return [
        re.split(r"[\[<>=; ]", line)[0]
        for line in lines
        if line and not line.startswith(("-", "#"))
    ]


def borrowed(sources: Iterable[Source]) -> set[str]:
    """Return the foreign modules that sources import."""
    imported = {
        name.split(".")[0]
        for read in sources
        for node in ast.walk(read.tree)
        for name in _imported(node)
    }
    return imported - OURS - sys.stdlib_module_names


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def unasked(modules: Iterable[str], asked: Iterable[str]) -> list[str]:
    """Name the modules which come from no package that we ask for by name."""
    packages, ours = packages_distributions(), {_plain(name) for name in asked}
    brought = {m for package, ms in BROUGHT.items() if _plain(package) in ours for m in ms}
    return sorted(
        module
        for module in set(modules) - brought
        if not ours & {_plain(name) for name in packages.get(module, [])}
    )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def broken_links(page: Path, text: str) -> list[str]:
    """Name what a page of ours points to that is not there."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    return [link for link in links if not (page.parent / link).exists()]


def unknown_targets(text: str) -> list[str]:
    """Name the make targets that a page speaks of and that there are not."""
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    spoken = re.findall(r"(?:`|^)make((?: [a-z]+)+)", text, re.MULTILINE)
    return sorted({target for targets in spoken for target in targets.split()} - known)


def test_every_setting_is_described() -> None:
    house = [source for source in project() if not source.is_test]

    assert undescribed(settings(house), OPERATIONS.read_text()) == []


def test_only_the_configuration_reads_the_environment() -> None:
    others = [s for s in project() if not s.is_test and s.path.parts != ("core", "config.py")]

    assert list(settings(others)) == []


def test_every_command_is_described() -> None:
    ours = (path for group in wsgi.COMMANDS for path in commands(group))

    assert undescribed(ours, OPERATIONS.read_text()) == []


@pytest.mark.parametrize("name", ["run.in", "dev.in"])
def test_every_package_has_its_reason(name: str) -> None:
    assert undescribed(required(ROOT / "requirements" / name), DEPENDENCIES.read_text()) == []


def test_what_runs_rests_on_packages_asked_for_by_name() -> None:
    house = [s for s in project() if not s.is_test or s.path.parts[0] == "examples"]

    assert unasked(borrowed(house), required(ROOT / "requirements" / "run.in")) == []


def test_what_tests_rests_on_packages_asked_for_by_name() -> None:
    asked = [
        *required(ROOT / "requirements" / "run.in"),
        *required(ROOT / "requirements" / "dev.in"),
    ]

    assert unasked(borrowed(project()), asked) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_point_to_what_is_there(page: Path) -> None:
    text = page.read_text()

    assert broken_links(page, text) == []
    assert unknown_targets(text) == []


def test_a_planted_link_is_seen() -> None:
    assert broken_links(ROOT / "README.md", "see [this](docs/nowhere.md)") == ["docs/nowhere.md"]


def test_a_planted_target_is_seen() -> None:
    assert unknown_targets("run `make install coffee`, or\nmake tea\n") == ["coffee", "tea"]


@pytest.mark.parametrize(
    "line", ["environ.get('SECRET_DOOR')", "os.environ['SECRET_DOOR']", "os.getenv('SECRET_DOOR')"]
)
def test_a_planted_setting_is_seen(line: str) -> None:
    planted = settings([source("core/a.py", line)])

    assert undescribed(planted, OPERATIONS.read_text()) == ["SECRET_DOOR"]


def test_a_planted_command_is_seen() -> None:
    group = click.Group("surveys", commands=[click.Command("spy")])

    assert undescribed(commands(group), OPERATIONS.read_text()) == ["flask surveys spy"]


def test_a_planted_package_is_seen(tmp_path: Path) -> None:
    planted = tmp_path / "run.in"
    planted.write_text("Flask[async]>=3\nleft-pad\n")

    assert undescribed(required(planted), DEPENDENCIES.read_text()) == ["left-pad"]


def test_a_planted_import_is_seen() -> None:
    planted = source(
        "core/a.py", "import os\nimport werkzeug.http\nimport mako.lookup\nfrom core import db\n"
    )

    assert unasked(borrowed([planted]), ["Flask"]) == ["mako"]
