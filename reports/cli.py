"""Commands for operators."""

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NoReturn

import click

from assess.publication.protection import PROTECTIONS
from core.commands import Group
from core.errors import DomainError
from instruments.queries import find_instrument
from surveys.forms.answers import read_answers
from surveys.models import GROUPS

EXPOSED = 1
REFUSED = 2
PROMISING = [name for name, level in PROTECTIONS.items() if level.deniable > 1]
"""Protections that promise more than the answer given."""

group = Group("reports", help="Reports.")


@group.command("from-csv")
@click.argument("answers", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--instrument", required=True, help="Key of a shipped instrument, or a YAML file.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--protection", type=click.Choice(list(PROTECTIONS)), default="standard")
@click.option("--no-pdf", is_flag=True, help="Write the JSON documents only.")
@click.option(
    "--audit",
    "audited",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="First look whether the documents of the first N leaders would give a rater away; some "
    "seconds each.",
)
def from_csv(
    answers: Path, instrument: str, out: Path, protection: str, *, no_pdf: bool, audited: int
) -> None:
    """Score a round whose answers were collected elsewhere, one row of ANSWERS a rater.

    With --audit N the documents of the first N leaders are audited before anything is written.
    """
    from reports.collected import (
        score,
        write,
    )  # brings the typesetter, which other commands do without

    try:
        asked = find_instrument(instrument)
        rows = read_answers(answers.read_bytes(), name=answers.name, instrument=asked)
        out.mkdir(parents=True, exist_ok=True)
        card, cards = score(rows, asked, protection=protection, audited=audited)
    except DomainError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{out} cannot be written to: {error.strerror}. Choose another folder.")
    written = list(write(card, cards, out, with_pdf=not no_pdf))
    click.echo(f"{len(written)} documents about {card.leaders} leaders are in {out}.")
    if audited:
        click.echo(
            f"Audited were those of the first {min(audited, card.leaders)}: nobody is exposed."
        )


@group.command("audit")
@click.argument("instrument")
@click.option("--group", "groups", multiple=True, required=True, metavar="GROUP=NUMBER")
@click.option("--protection", type=click.Choice(PROMISING), default="standard")
@click.option(
    "--sets",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many sets of answers to draw; each takes some seconds.",
)
@click.option("--seed", default=1)
def audit(
    instrument: str, groups: tuple[str, ...], protection: str, *, sets: int, seed: int
) -> None:
    """Look whether documents made of drawn answers to INSTRUMENT would give a rater away.

    Every rater must be able to claim other answers of which exactly the same document is made.
    """
    from reports.auditing import drawn  # brings the templates, which other commands do without

    try:
        asked = find_instrument(instrument)
    except DomainError as error:
        refuse(str(error))
    promised = PROTECTIONS[protection]
    cells: set[str] = set()
    tables = drawn(asked, _head_counts(groups), promised, seed=seed)
    for number, (kind, table) in enumerate(islice(tables, sets), 1):
        if not table.shows_groups:
            refuse("Nothing would be shown of these groups: they are too small. Name larger ones.")
        exposed = {str(cell) for cell in table.exposed()}
        click.echo(f"set {number}, {kind}: {len(exposed)} cells exposed")
        cells |= exposed
    if cells:
        click.echo("\n".join(["Exposed, by group and item:", *sorted(cells)]))
        sys.exit(EXPOSED)
    of_answers = "1 set" if sets == 1 else f"{sets} sets"
    click.echo(
        f"In {of_answers} of answers every rater could claim at least {promised.deniable} values for every "
        "item, with exactly the same document."
    )


def _head_counts(groups: Iterable[str]) -> dict[str, int]:
    """Read `peer=5`."""
    parts = [text.partition("=") for text in groups]
    for group, _, number in parts:
        if group not in GROUPS or not number.isdecimal():
            raise click.BadParameter(
                f"{group}={number} is no group and number of raters; groups are {', '.join(GROUPS)}.",
                param_hint="--group",
            )
    return {group: int(number) for group, _, number in parts}


def refuse(why: str) -> NoReturn:
    """Say what is wrong and end, nothing being written."""
    click.echo(why, err=True)
    sys.exit(REFUSED)
