"""Commands for operators."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from core.commands import Group
from core.db import db
from core.errors import DomainError
from instruments import queries, services
from instruments.questionnaires import Instrument

REFUSED = 2

group = Group("instruments", help="Instruments: what raters are asked.")


@group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Check an instrument FILE; name the line of every fault."""
    with _refusing():
        click.echo(f"{file}: no fault found. {_described(queries.instrument_in(file))}")


@group.command("list")
@click.option("--published", is_flag=True, help="Those in the database rather than the shipped.")
def list_instruments(*, published: bool) -> None:
    """List key, version and title of each instrument."""
    found: Iterable[Instrument] = (
        map(queries.instrument_of, queries.published_versions(db.session))
        if published
        else queries.shipped()
    )
    for instrument in found:
        click.echo(_described(instrument))


@group.command("publish")
@click.argument("key_or_file")
def publish(key_or_file: str) -> None:
    """Publish a shipped instrument by its key, or one of your own from a file."""
    with _refusing():
        version = services.publish(db.session, queries.find_instrument(key_or_file))
        db.session.commit()
    click.echo(f"Published: {version.key} {version.version}, {version.title}.")


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        click.echo(str(error), err=True)
        sys.exit(REFUSED)


def _described(instrument: Instrument) -> str:
    return (
        f"{instrument.key} {instrument.version}: {instrument.title} ({instrument.language}), "
        f"{len(instrument.competencies)} competencies, {len(instrument.items)} items, "
        f"{len(instrument.questions)} open questions, {len(instrument.scale.points)} points"
    )
