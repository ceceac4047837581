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

from assess.forms import Scale, read_ratings
from core.errors import DomainError

REFUSED = 2

group = AppGroup("assess", help="Figures about ratings.")


def _columns(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(next(csv.reader([value], skipinitialspace=True), []))
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
        raise click.BadParameter("give the lowest and the highest answer, as in 1:5")
    return Scale(int(found[1]), int(found[2]))


@group.command("analyse")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--items", required=True, callback=_columns, metavar="COL,COL,...", help="Columns of answers."
)
@click.option("--target", metavar="COL", help="Column of the rated person.")
@click.option(
    "--scale", callback=_scale, metavar="LOW:HIGH", help="Lowest and highest answer, as in 1:5."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON rather than a table.")
def analyse(
    file: Path, items: tuple[str, ...], target: str | None, scale: Scale | None, *, as_json: bool
) -> None:
    """Say how far the ratings in a CSV FILE can be relied on; each row is a rater."""
    from assess import analysis

    if target in items:
        raise click.BadParameter(f"{target} is among the items", param_hint="--target")
    try:
        ratings = read_ratings(
            file.read_bytes(), name=file.name, items=items, target=target, scale=scale
        )
    except DomainError as error:
        click.echo(str(error), err=True)
        sys.exit(REFUSED)
    options = scale.options if scale else None
    figures = analysis.analyse(ratings.scores, ratings.targets, items=items, options=options)
    click.echo(json.dumps(figures, indent=2) if as_json else "\n".join(_lines(figures)))


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """Lay figures out one a line, those of one statistic below its name, items as a table."""
    for name, value in figures.items():
        match value:
            case Mapping():
                yield name
                yield from (f"  {line}" for line in _lines(value))
            case list():
                yield from _table(value)
            case _:
                yield f"{name:<18} {_shown(value)}"


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    cells = [list(rows[0]), *([_shown(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield line.rstrip()


def _shown(value: float | str | None) -> str:
    return "cannot be told" if value is None else str(value)
