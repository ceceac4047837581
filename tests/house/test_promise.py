"""docs/anonymity.md says of nobody that they learn nothing without naming the test that shows it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.house.sources import ROOT, read

PAGE = ROOT / "docs" / "anonymity.md"
SECTION = "## Who can learn what"
NOTHING = re.compile(r"\bnothing\b", re.IGNORECASE)
REFERENCE = re.compile(r"\[[^\]]+\]\[([\w-]+)\]")
DEFINITION = re.compile(r'^\[([\w-]+)\]: \.\./(\S+) "(\w+)"$', re.MULTILINE)


def cells(page: str) -> Iterator[tuple[str, str]]:
    """Yield who, and what the table says of them, cell by cell."""
    section = page.partition(SECTION)[2].partition("\n## ")[0]
    for line in section.splitlines():
        who, *told = (cell.strip() for cell in line.strip("|").split("|"))
        if line.startswith("|") and not set(who) <= {"-", " "}:
            yield from ((who, cell) for cell in told)


def definitions(page: str) -> dict[str, tuple[str, str]]:
    """Return file and function by the name under which the page refers to a test."""
    return {name: (path, function) for name, path, function in DEFINITION.findall(page)}


def exists(path: str, function: str) -> bool:
    file = ROOT / path
    return file.is_file() and function in {made.name for made in read(file).functions()}


def faults(page: str) -> Iterator[str]:
    known = definitions(page)
    yield from (
        f"{name}: no test {function} in {path}"
        for name, (path, function) in known.items()
        if not (function.startswith("test_") and exists(path, function))
    )
    for who, cell in cells(page):
        yield from _cell_faults(who, cell, known)


def _cell_faults(who: str, cell: str, known: Mapping[str, object]) -> Iterator[str]:
    named = REFERENCE.findall(cell)
    if NOTHING.search(cell) and not named:
        yield f"{who}: {cell!r} names no test"
    yield from (f"{who}: {name} is not defined" for name in named if name not in known)


def test_whoever_learns_nothing_is_shown_to_by_a_test() -> None:
    page = PAGE.read_text()

    assert len({who for who, _ in cells(page)}) > 8, "the table was not found"
    assert not list(faults(page)), "\n".join(faults(page))


ROW = SECTION + "\n\n| who | until close |\n|---|---|\n| the leader | {cell} |\n\n{definition}\n"
HERE = f"../{Path(__file__).relative_to(ROOT).as_posix()}"


@pytest.mark.parametrize(
    ("cell", "definition"),
    [
        ("Nothing.", ""),
        ("Nothing ([t][gone]).", ""),
        ("Nothing ([t][a]).", f'[a]: {HERE} "test_there_is_none"'),
        ("Nothing ([t][a]).", '[a]: ../tests/gone.py "test_gone"'),
        ("Nothing ([t][a]).", f'[a]: {HERE} "faults"'),
    ],
)
def test_a_planted_empty_promise_is_seen(cell: str, definition: str) -> None:
    assert list(faults(ROW.format(cell=cell, definition=definition)))


def test_a_promise_with_its_test_passes() -> None:
    named = f'[a]: {HERE} "{test_a_promise_with_its_test_passes.__name__}"'

    assert not list(faults(ROW.format(cell="Nothing ([t][a]).", definition=named)))
