"""Commands for operators."""

from uuid import UUID

import click
from flask.cli import AppGroup

from core import audit, clock
from core.db import db
from core.errors import DomainError
from surveys.queries.rounds import round_by_id, rounds
from surveys.services.rounds import lock_round

ACTOR = "the command line"

group = AppGroup("surveys", help="Rounds.")


@group.command("list")
def list_rounds() -> None:
    """Show every round with its state and deadline."""
    for round_ in rounds(db.session):
        click.echo(f"{round_.id}  {round_.state:<6}  {round_.deadline:%Y-%m-%d}  {round_.name}")


@group.command("lock")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
def lock(round_id: UUID) -> None:
    """Close ROUND early: nobody can answer any more, and there is no way back."""
    round_ = round_by_id(db.session, round_id)
    if round_ is None:
        raise click.ClickException("There is no such round. `flask surveys list` shows them all.")
    try:
        lock_round(db.session, round_, at=clock.now())
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    audit.record(db.session, ACTOR, "locked", "round", round_.id)
    db.session.commit()
    click.echo("The round is locked. The worker scores it within a minute or two.")
