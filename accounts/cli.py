"""Commands for operators."""

import sys
from pathlib import Path

import click
from flask_security import hash_password

from accounts.forms import read_people, wrong_with_address
from accounts.models import ROLES
from accounts.queries import account_of, accounts, person_of
from accounts.services import grant, import_people, set_password
from core import audit
from core.commands import Group
from core.db import db
from core.errors import DomainError
from core.tables import FaultyFileError

group = Group("accounts", help="People and those who sign in.")
ACTOR = "command line"
REFUSED = 2


@group.command("import-people")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_people_command(file: Path) -> None:
    """Import the people in FILE (CSV, see docs/people.md), all or none."""
    try:
        people_file = read_people(file.read_bytes(), file.name)
        changes = import_people(db.session, people_file)
    except FaultyFileError as error:
        click.echo(error.report(), err=True)
        sys.exit(REFUSED)
    audit.record(db.session, ACTOR, "imported people", "directory")
    db.session.commit()
    added = sum(change.is_new for change in changes)
    total = len(people_file.people)
    click.echo(
        f"{total} people: {added} added, {len(changes) - added} changed, {total - len(changes)} as before."
    )


@group.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What they may be.")
@click.option("--person", "key", help="The key of the person in the directory.")
@click.option("--password-stdin", is_flag=True, help="Read their password; no mail is needed then.")
def create(email: str, role: str, key: str | None, *, password_stdin: bool) -> None:
    """Let EMAIL sign in; without a password a mail invites them to choose one."""
    if wrong := wrong_with_address(email):
        raise click.BadParameter(wrong)
    person = person_of(db.session, key) if key else None
    if key and person is None:
        raise click.ClickException(f"Nobody in the directory has the key {key}.")
    is_asked = account_of(db.session, email) is None and not password_stdin
    try:
        account = grant(db.session, email=email, role=role, person=person)
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
            set_password(db.session, account, password, hashed_by=hash_password)
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    audit.record(db.session, ACTOR, f"granted {role}", "account", account.id)
    db.session.commit()
    roles = ", ".join(sorted(role.name for role in account.roles))
    mail = " A mail asks them to choose a password." if is_asked else ""
    click.echo(f"{account.email} may sign in as {roles}.{mail}")


@group.command("list")
def list_accounts() -> None:
    """List those who sign in, and as what."""
    for account in accounts(db.session):
        roles = ", ".join(sorted(role.name for role in account.roles))
        state = "" if account.active else " (switched off)"
        click.echo(f"{account.email}\t{roles}{state}")
