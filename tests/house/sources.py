"""The project as text and as trees, so that a rule can be tried on a planted example as well."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "accounts", "instruments", "surveys", "assess", "coaching", "reports")
FOLDERS = (*ROOMS, "tests", "examples", "bench")
EDGES = frozenset({"routes", "jobs", "cli", "sign_in"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file; the path is relative to the project."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def is_test(self) -> bool:
        return self.path.parts[0] not in (*ROOMS, "wsgi.py")

    @property
    def words(self) -> frozenset[str]:
        """The names this file goes by: `surveys/services/rounds.py` is of the `services`."""
        return frozenset((*self.path.parts[:-1], self.path.stem))

    @property
    def is_edge(self) -> bool:
        return bool(self.words & EDGES)

    def functions(self) -> Iterator[Function]:
        yield from (n for n in ast.walk(self.tree) if isinstance(n, Function))

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Yield each call with the dotted name of what is called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node, ast.unparse(node.func)

    def fault(self, line: int, what: str) -> str:
        return f"{self.path}:{line}: {what}"


def source(path: str, text: str) -> Source:
    return Source(PurePosixPath(path), text)


def read(path: Path) -> Source:
    return source(path.relative_to(ROOT).as_posix(), path.read_text())


def project() -> list[Source]:
    """Return every Python file of ours but the migrations, which Alembic writes."""
    paths = [ROOT / "wsgi.py", *(p for f in FOLDERS for p in (ROOT / f).rglob("*.py"))]
    return [read(path) for path in sorted(paths)]
