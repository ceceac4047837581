"""Commands for methodologists."""

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from flask import current_app
from threadpoolctl import threadpool_limits

from assess.forms import Scale, read_ratings
from assess.queries import cohorts_released, leaders_called, leaders_of
from core import audit
from core.commands import Group
from core.db import db
from core.errors import DomainError, NotFoundError
from core.tables import read_table
from surveys.models import Leader, Round
from surveys.queries.rounds import round_by_id

if TYPE_CHECKING:
    from assess.methodology import Review
    from assess.services import Cohort

ACTOR = "the command line"
FEW = {"leaders": "fewer than 5", "mean": "not told"}
KEPT = "This cohort is told for the first time. That is kept for good, and rules out others. Go on?"
REFUSED = 2
WHY_NO_SUMS = {
    "components": "from 10 leaders and 80 raters",
    "items_in_b_or_c": "none; compared from 200 raters on either side",
    "careless": "from 10 leaders, 80 raters and 10 items",
    "largest_change": "too few others are left",
    "raters": "no round with this questionnaire before",
}

group = Group("assess", help="Figures about ratings.")


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


@group.command("cohort")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
@click.option("--department", metavar="NAME", help="Only leaders who belong to it today.")
@click.option(
    "--leaders",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Only those named in its column `leader`, by their keys in the directory or their names.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON rather than a table.")
@click.option("--yes", is_flag=True, help="Do not ask before a cohort is told for the first time.")
def cohort(
    round_id: UUID, department: str | None, file: Path | None, *, as_json: bool, yes: bool
) -> None:
    """Say how leaders of ROUND are seen together: all of them, or a department, or those in a file.

    What is told is kept in the ledger. A cohort is refused that would, beside others told before, tell fewer
    than five leaders apart; so begin with the cohorts that matter.
    """
    if department is not None and file is not None:
        raise click.UsageError("give --department or --leaders, not both")
    try:
        round_ = _round(round_id)
        together = _told(round_, _leaders(round_, department, file), asks=not yes)
    except DomainError as error:
        click.echo(str(error), err=True)
        sys.exit(REFUSED)
    audit.record(db.session, ACTOR, "told", "cohort", together.id)
    db.session.commit()
    means = [asdict(mean) for mean in together.means]
    told = {"round": together.round_name, "leaders": together.leaders, "means": means}
    click.echo(json.dumps(told, indent=2) if as_json else "\n".join(_lines(told, FEW)))


def _told(round_: Round, leaders: Sequence[Leader], *, asks: bool) -> "Cohort":
    """Tell a cohort; ask before it is kept for good, while nobody waits for the database."""
    from assess.services import release_cohort

    before = {entry.id for entry in cohorts_released(db.session)}
    together = release_cohort(db.session, round_, leaders)
    if not asks or together.id in before:
        return together
    db.session.rollback()
    click.confirm(KEPT, abort=True, err=True)
    return release_cohort(db.session, round_, leaders)


def _round(round_id: UUID) -> Round:
    round_ = round_by_id(db.session, round_id)
    if round_ is None:
        raise NotFoundError("There is no such round. `flask surveys list` shows them all.")
    return round_


def _leaders(round_: Round, department: str | None, file: Path | None) -> Sequence[Leader]:
    if file is None:
        return leaders_of(db.session, round_, department=department)
    table = read_table(file.read_bytes(), name=file.name, required=["leader"], known=None)
    return leaders_called(db.session, round_, [row.cells["leader"] for row in table.rows])


@group.command("sums")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Print JSON rather than a table.")
def sums(round_id: UUID, *, as_json: bool) -> None:
    """Say what a closed ROUND tells of raters and items, and nothing of a leader."""
    from assess.methodology import document, review

    try:
        round_ = _round(round_id)
        seen = review(db.session, round_, current_app.extensions["key_store"])
    except DomainError as error:
        click.echo(str(error), err=True)
        sys.exit(REFUSED)
    shown = document(seen) if as_json else _summary(seen)
    click.echo(json.dumps(shown, indent=2) if as_json else "\n".join(_lines(shown, WHY_NO_SUMS)))


def _summary(seen: "Review") -> dict[str, Any]:
    """Return what fits on a screen of a round's sums; the rest is in the JSON."""
    looked = [
        {"reference": " ".join(pair.reference), "focal": " ".join(pair.focal), **asdict(item)}
        for pair in seen.comparisons
        for item in pair.items
        if item.category in {"B", "C"}
    ]
    components = [
        {k: v for k, v in asdict(row).items() if k != "decisions"} for row in seen.components
    ]
    return {
        "round": seen.name,
        "leaders": seen.leaders,
        "components": components or None,
        "items_in_b_or_c": looked or None,
        "careless": asdict(seen.careless) if seen.careless else None,
        "raters": seen.overlap,
    } | ({"note": seen.why_closed} if seen.why_closed else {})
