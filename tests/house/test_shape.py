"""The measure of the house, and what each file may do, by the name it goes by."""

import ast
import re
from collections.abc import Callable, Iterator
from statistics import median, quantiles

import pytest

from tests.house.sources import EDGES, Function, Source, project, source

LONGEST_FUNCTION, LONGEST_VIEW, LONGEST_FILE = 40, 15, 400
MEDIAN_FUNCTION, NINTH_DECILE_FUNCTION = 8, 20
DEEPEST, MOST_ARGUMENTS = 3, 6
PUBLISHED = {"self_other_from_scores"}
"""Functions whose arguments the methodologists fixed before there was any code."""
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
UNFINISHED = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b"
)
SILENCED = re.compile(r"#\s*(noqa|type: ignore|pragma: no)\b(?!.*(?: - |  # )\w)")
SKIPPED = re.compile(r"@?pytest\.(?:mark\.)?(?:skip|xfail)(?:\(\s*\)|\s*$)")
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.localtime",
}
READS = {"execute", "scalar", "scalars", "query", "refresh"}
WRITES = {"add", "add_all", "delete", "flush", "merge", "commit", "rollback", "expire_all"}
STATEMENTS = {"select", "insert", "update", "delete", "text"}

Rule = Callable[[Source], Iterator[str]]


def code_lines(source: Source, node: Function) -> int:
    """Count what is neither blank nor comment nor docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    signature = range(node.lineno, node.body[0].lineno) if node.body[0].lineno > node.lineno else ()
    numbers = {*signature, *range(first.lineno, (node.end_lineno or first.lineno) + 1)}
    written = (source.lines[number - 1].strip() for number in numbers)
    return sum(1 for line in written if line and not line.startswith("#"))


def depth(node: ast.AST, above: int = 0) -> int:
    """Return how deep blocks lie in each other; `elif` lies beside its `if`; nested functions count apart."""
    deepest = above
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            continue
        beside = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        step = int(isinstance(child, BLOCKS) and not beside)
        deepest = max(deepest, depth(child, above + step))
    return deepest


def no_long_function(source: Source) -> Iterator[str]:
    for node in source.functions():
        if (lines := code_lines(source, node)) > LONGEST_FUNCTION:
            yield source.fault(
                node.lineno, f"{node.name} has {lines} lines, {LONGEST_FUNCTION} at most"
            )


def no_deep_nesting(source: Source) -> Iterator[str]:
    for node in source.functions():
        if (levels := depth(node)) > DEEPEST:
            yield source.fault(node.lineno, f"{node.name} nests {levels} deep, {DEEPEST} at most")


def no_crowd_of_arguments(source: Source) -> Iterator[str]:
    for node in source.functions():
        if node.name.startswith("test_") or node.name in PUBLISHED:
            continue  # a test asks for its fixtures by name
        named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = sum(1 for argument in named if argument.arg not in {"self", "cls"})
        if count > MOST_ARGUMENTS:
            yield source.fault(
                node.lineno, f"{node.name} takes {count} arguments, {MOST_ARGUMENTS} at most"
            )


def no_long_file(source: Source) -> Iterator[str]:
    if len(source.lines) > LONGEST_FILE:
        yield source.fault(
            1, f"{len(source.lines)} lines, {LONGEST_FILE} at most: make it a folder"
        )


def no_vague_name(source: Source) -> Iterator[str]:
    if vague := source.words & NO_NAMES:
        yield source.fault(1, f"{', '.join(vague)} says nothing of what is in it")


def no_unfinished_work(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.lines, 1):
        if UNFINISHED.search(line):
            yield source.fault(number, "unfinished work is an issue, not a comment")


def no_silence_without_reason(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.lines, 1):
        if SILENCED.search(line) or SKIPPED.search(line):
            yield source.fault(number, "a rule is silenced without the reason beside it")


def no_commit_but_at_the_edges(source: Source) -> Iterator[str]:
    may = source.is_edge or source.is_test or source.path.parts == ("core", "jobs.py")
    for call, name in source.calls():
        if name.endswith(".commit") and not may:
            yield source.fault(call.lineno, "only routes, jobs and commands commit")


def no_sql_at_the_edges(source: Source) -> Iterator[str]:
    if source.is_test or not source.is_edge or source.path.parts[0] == "core":
        return
    for call, name in source.calls():
        owner, _, verb = name.rpartition(".")
        asks = owner.endswith("session") and verb in READS | WRITES - {"commit", "rollback"}
        if asks or (owner == "sa" and verb in STATEMENTS):
            yield source.fault(call.lineno, f"{name}: an edge calls a service or a query")


def no_writing_query(source: Source) -> Iterator[str]:
    if source.is_test or "queries" not in source.words:
        return
    for call, name in source.calls():
        owner, _, verb = name.rpartition(".")
        writes = owner.endswith("session") and verb in WRITES
        if writes or (owner == "sa" and verb in {"insert", "update", "delete"}):
            yield source.fault(call.lineno, f"{name}: a query does not write")


def no_query_in_models_or_policies(source: Source) -> Iterator[str]:
    if source.is_test or not source.words & {"models", "policies"}:
        return
    for call, name in source.calls():
        if name in {"sa.select", "select"} or name.endswith(("session.execute", "session.scalars")):
            yield source.fault(call.lineno, f"{name}: models and policies do not ask the database")


def no_long_view(source: Source) -> Iterator[str]:
    if "routes" not in source.words:
        return
    for node in source.functions():
        is_view = any(ast.unparse(d).startswith("bp.") for d in node.decorator_list)
        if is_view and (lines := code_lines(source, node)) > LONGEST_VIEW:
            yield source.fault(
                node.lineno, f"{node.name} has {lines} lines, a view {LONGEST_VIEW} at most"
            )


def no_clock_but_ours(source: Source) -> Iterator[str]:
    if source.is_test or source.path.parts == ("core", "clock.py"):
        return
    for call, name in source.calls():
        if name in CLOCKS or name.removeprefix("datetime.") in CLOCKS:
            yield source.fault(call.lineno, f"{name}: only core.clock reads the clock")


RULES: list[Rule] = [
    no_long_function,
    no_deep_nesting,
    no_crowd_of_arguments,
    no_long_file,
    no_vague_name,
    no_unfinished_work,
    no_silence_without_reason,
    no_commit_but_at_the_edges,
    no_sql_at_the_edges,
    no_writing_query,
    no_query_in_models_or_policies,
    no_long_view,
    no_clock_but_ours,
]
DEEP = "def f(a):\n for b in a:\n  if b:\n   with b:\n    while b:\n     pass\n"
VIEW = "@bp.get('/')\ndef page() -> str:\n" + "    x = 1\n" * 15
PLANTED: list[tuple[Rule, Source]] = [
    (no_long_function, source("core/a.py", "def f() -> None:\n" + "    x = 1\n" * 40)),
    (no_deep_nesting, source("core/a.py", DEEP)),
    (no_crowd_of_arguments, source("core/a.py", "def f(a, b, c, *, d, e, g, h): ...\n")),
    (no_long_file, source("core/a.py", "x = 1\n" * 401)),
    (no_vague_name, source("surveys/services/utils.py", "")),
    (no_vague_name, source("core/helpers/names.py", "")),
    (no_unfinished_work, source("core/a.py", "x = 1  # TO" + "DO later\n")),
    (no_silence_without_reason, source("core/a.py", "x = 1  # no" + "qa: F401\n")),
    (no_silence_without_reason, source("core/a.py", "x = 1  # type: " + "ignore[misc]\n")),
    (no_silence_without_reason, source("tests/a.py", "@pytest.mark." + "skip\n")),
    (no_commit_but_at_the_edges, source("surveys/services/a.py", "session.commit()\n")),
    (no_commit_but_at_the_edges, source("core/mail.py", "db.session.commit()\n")),
    (no_sql_at_the_edges, source("surveys/routes/a.py", "db.session.scalars(s)\n")),
    (no_sql_at_the_edges, source("surveys/jobs.py", "session.add(thing)\n")),
    (no_sql_at_the_edges, source("surveys/cli.py", "sa.select(Thing)\n")),
    (no_writing_query, source("surveys/queries/a.py", "session.add(thing)\n")),
    (no_writing_query, source("surveys/queries/a.py", "sa.update(Thing)\n")),
    (no_query_in_models_or_policies, source("surveys/models.py", "sa.select(Thing)\n")),
    (no_query_in_models_or_policies, source("surveys/policies.py", "session.scalars(s)\n")),
    (no_long_view, source("surveys/routes/a.py", VIEW)),
    (no_clock_but_ours, source("surveys/services/a.py", "datetime.now(UTC)\n")),
    (no_clock_but_ours, source("surveys/services/a.py", "datetime.date.today()\n")),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_its_shape(rule: Rule) -> None:
    faults = [fault for source in project() for fault in rule(source)]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("rule", "planted"), PLANTED)
def test_a_planted_violation_is_seen(rule: Rule, planted: Source) -> None:
    assert len(list(rule(planted))) == 1


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule.__name__ for rule in RULES} == {rule.__name__ for rule, _ in PLANTED}


def test_an_edge_may_commit() -> None:
    edges = (source(f"surveys/{name}.py", "db.session.commit()\n") for name in EDGES)

    assert [fault for edge in edges for fault in no_commit_but_at_the_edges(edge)] == []


def test_a_reason_lets_a_rule_be_silenced() -> None:
    ruff = "x = 1  # no" + "qa: F401 - the worker imports it from here"
    mypy = "x = 1  # type: " + "ignore[misc]  # the library ships no types"

    assert list(no_silence_without_reason(source("core/a.py", f"{ruff}\n{mypy}\n"))) == []


def lengths(sources: list[Source]) -> list[int]:
    rooms = [source for source in sources if not source.is_test]
    return [code_lines(source, node) for source in rooms for node in source.functions()]


def is_short(functions: list[int]) -> bool:
    return (
        median(functions) <= MEDIAN_FUNCTION
        and quantiles(functions, n=10)[-1] <= NINTH_DECILE_FUNCTION
    )


def test_functions_are_short_as_a_rule() -> None:
    assert is_short(lengths(project()))


def test_long_functions_as_a_rule_are_seen() -> None:
    long = source("core/a.py", ("def f() -> None:\n" + "    x = 1\n" * 25) * 10)

    assert not is_short(lengths([long]))
