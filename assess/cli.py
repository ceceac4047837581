"""Commands for methodologists."""

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from threadpoolctl import threadpool_limits

from assess.forms import Scale, read_ratings
from core.errors import DomainError

REFUSED = 2

group = AppGroup("assess", help="Figures about ratings.")


def _columns(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    try:
        names = tuple(next(csv.reader([value], skipinitialspace=True, strict=True), []))
    except csv.Error as error:
        raise click.BadParameter(f"the names cannot be read: {error}") from error
    if "" in names:
        raise click.BadParameter("a name is empty: part the names by single commas")
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise click.BadParameter(
            f"name each column once; {', '.join(sorted(doubled))} stands twice"
        )
    if len(names) < 2:  # noqa: PLR2004 - consistency is between items
        raise click.BadParameter("name at least two columns, parted by commas")
    return names


def _scale(_context: click.Context, _option: click.Parameter, value: str | None) -> Scale | None:
    if value is None:
        return None
    found = re.fullmatch(r"(-?[0-9]{1,3}):(-?[0-9]{1,3})", value)
    if not found or int(found[1]) >= int(found[2]):
        raise click.BadParameter("give the lowest and the highest answer, whole numbers, as in 1:5")
    return Scale(int(found[1]), int(found[2]))


@group.command("analyse")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--items",
    required=True,
    callback=_columns,
    metavar="COL,COL,...",
    help="Columns of answers; a name with a comma goes in quotes: '\"first, second\",third'.",
)
@click.option(
    "--target",
    metavar="COL",
    help="Column of the rated person: adds alpha within persons, ICC, and a G study.",
)
@click.option(
    "--scale",
    callback=_scale,
    metavar="LOW:HIGH",
    help="Lowest and highest answer, as in 1:5: checks the answers and, with --target, adds agreement.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON rather than a table.")
def analyse(
    file: Path, items: tuple[str, ...], target: str | None, scale: Scale | None, *, as_json: bool
) -> None:
    """Say how far the ratings in a CSV FILE can be relied on; each row is a rater.

    An empty cell and NA were not answered; decimals have a point. Turn reverse-keyed items before. What each
    figure is: docs/psychometrics.md.
    """
    from assess import analysis

    if target == "" or target in items:
        raise click.BadParameter("name a column that is not among the items", param_hint="--target")
    try:
        ratings = read_ratings(
            file.read_bytes(), name=file.name, items=items, target=target, scale=scale
        )
    except DomainError as error:
        click.echo(str(error), err=True)
        sys.exit(REFUSED)
    options = scale.options if scale else None
    with threadpool_limits(1):  # threads that wait for small matrices cost four times the work
        figures = analysis.analyse(ratings.scores, ratings.targets, items=items, options=options)
    reasons = _reasons(items, target, options)
    click.echo(json.dumps(figures, indent=2) if as_json else "\n".join(_lines(figures, reasons)))


def _reasons(items: Sequence[str], target: str | None, options: int | None) -> Mapping[str, str]:
    """Say of figures that were not asked for, or are not defined, why they are not there."""
    reasons = {"rwg_j_slight_skew": f"no published null variance for {options} options"}
    if target is None:
        reasons["alpha_within"] = "needs --target"
    if len(items) < 3:  # noqa: PLR2004 - two items are no factor, and one is no scale
        reasons |= dict.fromkeys(["omega", "alpha_if_dropped"], "needs three items")
    return reasons


def _lines(figures: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[str]:
    """Lay figures out one a line, those of one statistic below its name, items as a table."""
    for name, value in figures.items():
        match value:
            case Mapping():
                yield name
                yield from (f"  {line}" for line in _lines(value, reasons))
                yield ""
            case list():
                yield ""
                yield from _table(value, reasons)
            case _:
                yield f"{name:<20} {_shown(name, value, reasons)}"


def _table(rows: Sequence[Mapping[str, Any]], reasons: Mapping[str, str]) -> Iterator[str]:
    shown = ([_shown(name, value, reasons) for name, value in row.items()] for row in rows)
    cells = [list(rows[0]), *shown]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield line.rstrip()


def _shown(name: str, value: float | str | None, reasons: Mapping[str, str]) -> str:
    return reasons.get(name, "cannot be told") if value is None else str(value)
