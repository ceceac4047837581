"""Commands for operators."""

import sys
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup

from assess.publication.protection import PROTECTIONS
from core.errors import DomainError
from instruments.queries import find_instrument
from surveys.forms.answers import read_answers

REFUSED = 2

group = AppGroup("reports", help="Reports.")


@group.command("from-csv")
@click.argument("answers", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--instrument", required=True, help="Key of a shipped instrument, or a YAML file.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--protection", type=click.Choice(list(PROTECTIONS)), default="standard")
@click.option("--no-pdf", is_flag=True, help="Write the JSON documents only.")
def from_csv(answers: Path, instrument: str, out: Path, protection: str, *, no_pdf: bool) -> None:
    """Score a round whose answers were collected elsewhere, one row of ANSWERS a rater."""
    from reports.collected import (
        score,
        write,
    )  # brings the typesetter, which other commands do without

    try:
        asked = find_instrument(instrument)
        rows = read_answers(answers.read_bytes(), name=answers.name, instrument=asked)
        out.mkdir(parents=True, exist_ok=True)
    except DomainError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{out} cannot be written to: {error.strerror}. Choose another folder.")
    card, cards = score(rows, asked, protection=protection)
    written = list(write(card, cards, out, with_pdf=not no_pdf))
    click.echo(f"{len(written)} documents about {card.leaders} leaders are in {out}.")


def refuse(why: str) -> NoReturn:
    """Say what is wrong and end, nothing being written."""
    click.echo(why, err=True)
    sys.exit(REFUSED)
