"""Commands for operators."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import click
from flask import current_app

from accounts.queries import account_of
from core import audit, clock
from core.commands import Group
from core.db import db
from core.errors import DomainError
from core.keys import KeyStore
from surveys.forms.rounds import LAST_MINUTE
from surveys.models import Round
from surveys.queries.keys import running_rounds
from surveys.queries.rounds import round_by_id, rounds
from surveys.services.keys import EVERYTHING, NOTHING, Loss, loss_of, stage_of, waits_for_trustee
from surveys.services.reopening import reopen
from surveys.services.rounds import lock_round
from surveys.services.trustees import replace_trustee, unlock
from surveys.services.verifying import RIGHT, UNSEEN, WRONG, Finding, verify

ACTOR = "the command line"
BROKEN = 1
HEADINGS = {
    RIGHT: "Looked at and found right",
    WRONG: "Found wrong",
    UNSEEN: "Cannot be seen from here",
}
FOR_GOOD = (
    "What it sealed is emptied unread, and there is no way back. "
    "Is it lost for good, and not only elsewhere?"
)
WAS_READ = (
    "Was it closed already, and its reports read, before this database was put back from a backup?"
)
TWICE = (
    "Then it is not opened again: two reports of the same people can be subtracted from each other. A backup "
    "made after it closed has its reports."
)
ANOTHER_STORE = (
    "This looks like another key store: of no running round does it hold anything. Point KEY_STORE at the "
    "right place, and nothing is lost. Where everything is lost for good, say so by --lost-for-good."
)

group = Group("surveys", help="Rounds.")


@group.command("list")
def list_rounds() -> None:
    """Show every round with its state and deadline, and what is wrong with its key."""
    for round_ in rounds(db.session):
        words = f"{round_.id}  {round_.state:<6}  {round_.deadline:%Y-%m-%d}  {round_.name}"
        remark = _remark(round_)
        click.echo(f"{words}  ({remark})" if remark else words)


@group.command("lock")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
@click.confirmation_option(
    prompt="Nobody can answer any more, and there is no way back. Go on?", help="Do not ask."
)
def lock(round_id: UUID) -> None:
    """Close ROUND early: nobody can answer any more, and there is no way back."""
    with _deed("locked", round_id) as round_:
        lock_round(db.session, round_, at=clock.now())
    click.echo(f"The round is locked. {_what_follows(round_)}")


@group.command("unlock")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
@click.option(
    "--passphrase-stdin", is_flag=True, help="Read the passphrase from a pipe; do not ask for it."
)
def unlock_command(round_id: UUID, *, passphrase_stdin: bool) -> None:
    """Let the trustee give their passphrase for ROUND here instead of on their page."""
    _check_waits(_round(round_id))
    passphrase = _passphrase(is_piped=passphrase_stdin)
    with _deed("unlocked the key of", round_id) as round_:
        unlock(db.session, round_, _key_store(), passphrase=passphrase)
    click.echo("The key is unlocked. The worker scores the round within a minute or two.")


@group.command("reopen")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
@click.option(
    "--deadline", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day to answer."
)
@click.option(
    "--lost-for-good",
    is_flag=True,
    help="Go on where the key store holds nothing of any running round.",
)
@click.option(
    "--yes", is_flag=True, help="Do not ask: the key is lost for good, and no report was read."
)
def reopen_command(round_id: UUID, deadline: datetime, *, lost_for_good: bool, yes: bool) -> None:
    """Open ROUND again for answers, where its key is lost; what was sent is emptied unread."""
    lost = loss_of(db.session, _round(round_id), _key_store())
    if lost != NOTHING:
        _check_place(lost, lost_for_good=lost_for_good)
        _make_sure(lost, asks=not yes)
    with _deed("reopened", round_id) as round_:
        moment = datetime.combine(deadline, LAST_MINUTE)
        reopen(db.session, round_, _key_store(), deadline=moment, at=clock.now())
    click.echo("The round is open again. Everybody who was invited is told by mail.")


@group.command("entrust")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
@click.argument("email")
@click.confirmation_option(
    prompt="What is sealed with the passphrase of before is lost for good. Go on?"
)
def entrust(round_id: UUID, email: str) -> None:
    """Let EMAIL be the trustee of a launched ROUND whose trustee and passphrase are gone."""
    trustee = account_of(db.session, email)
    if trustee is None:
        raise click.ClickException(f"Nobody signs in as {email}. `flask accounts list` shows them.")
    with _deed("changed the trustee of", round_id) as round_:
        replace_trustee(db.session, round_, trustee, _key_store())
        audit.record(db.session, ACTOR, "made trustee of it", "account", trustee.id)
    click.echo(
        f"{trustee.email} is asked by mail to take a passphrase. Then open the round again: "
        "flask surveys reopen"
    )


@group.command("verify-anonymity")
@click.argument("round_id", metavar="ROUND", type=click.UUID)
def verify_anonymity(round_id: UUID) -> None:
    """Look for whatever breaks the promise to the raters of ROUND, here and now; change nothing.

    Says what is right, what is wrong and what to do, and what cannot be seen from here. Ends with 1 where
    something is wrong.
    """
    round_ = _round(round_id)
    findings = verify(db.session, round_, _key_store(), current_app.extensions["config"])
    click.echo(f"The round {round_.name!r} is {round_.state}.")
    for kind, heading in HEADINGS.items():
        _tell(heading, [finding for finding in findings if finding.kind == kind])
    if any(finding.kind == WRONG for finding in findings):
        sys.exit(BROKEN)


def _tell(heading: str, findings: list[Finding]) -> None:
    click.echo(f"\n{heading} ({len(findings)})")
    for finding in findings:
        click.echo(f"  - {finding.words}{'.' if finding.kind != UNSEEN else ':'}")
        if finding.more:
            click.echo(f"    {finding.more}.")


@contextmanager
def _deed(words: str, round_id: UUID) -> Iterator[Round]:
    """Lend a round for a deed; what forbids it is said, what is done is recorded and committed."""
    round_ = _round(round_id)
    try:
        yield round_
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    audit.record(db.session, ACTOR, words, "round", round_.id)
    db.session.commit()


def _round(round_id: UUID) -> Round:
    round_ = round_by_id(db.session, round_id)
    if round_ is None:
        raise click.ClickException("There is no such round. `flask surveys list` shows them all.")
    return round_


def _what_follows(round_: Round) -> str:
    match stage_of(db.session, round_, _key_store()):
        case "lost":
            return f"It cannot be scored yet: {_of_its_key(round_)}."
        case "waiting":
            return "It waits for its trustee."
        case _:
            return "The worker scores it soon."


def _check_waits(round_: Round) -> None:
    """Ask nobody for a passphrase that would open nothing."""
    if waits_for_trustee(round_, _key_store()):
        return
    why = f": {_of_its_key(round_)}" if _of_its_key(round_) else ""
    raise click.ClickException(
        f"The round is {round_.state}, and waits for no passphrase{why}. Nothing was changed."
    )


def _passphrase(*, is_piped: bool) -> str:
    """Return what the trustee types, or what a pipe brings; meanwhile nobody waits for the database."""
    db.session.rollback()
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("The trustee's passphrase", hide_input=True)
    return typed


def _check_place(lost: Loss, *, lost_for_good: bool) -> None:
    """Refuse where it is the setting rather than the key that got lost."""
    click.echo(
        f"KEY_STORE is {_key_store().directory}: a secret of the round is not there, or is another one."
    )
    if lost != EVERYTHING or lost_for_good:
        return
    running = running_rounds(db.session)
    if all(loss_of(db.session, round_, _key_store()) == EVERYTHING for round_ in running):
        raise click.ClickException(ANOTHER_STORE)


def _make_sure(lost: Loss, *, asks: bool) -> None:
    """Ask before anything is thrown away, or published twice; meanwhile nobody waits for the database."""
    db.session.rollback()
    if not asks:
        return
    click.confirm(FOR_GOOD, abort=True)
    if lost == EVERYTHING and click.confirm(WAS_READ):  # as close leaves a key store
        raise click.ClickException(TWICE)


def _remark(round_: Round) -> str:
    """Return why a round does not go on by itself, or has not ended."""
    if round_.state == "closed" and not round_.is_swept:
        return "close has not ended"
    return _of_its_key(round_)


def _of_its_key(round_: Round) -> str:
    if loss_of(db.session, round_, _key_store()) != NOTHING:
        return f"its key is not in {_key_store().directory}, or is another one"
    return "waits for its trustee" if waits_for_trustee(round_, _key_store()) else ""


def _key_store() -> KeyStore:
    store: KeyStore = current_app.extensions["key_store"]
    return store
