"""The commands of accounts: what they say, what they return, what they leave behind."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.queries import account_of
from core.audit import AuditEntry
from tests.factories import make_person

HEADER = "person,name,email,language,department,title,level,supervisor,since,until\n"
ANNA = "anna,Anna Berg,anna@example.org,en,Sales,Director,,,,\n"


def run(app: Flask, *words: str, said: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["accounts", *words], input=said)


@pytest.fixture
def people_file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + ANNA, encoding="utf-8")
    return path


def test_a_file_is_imported_and_again_without_change(
    app: Flask, session: Session, people_file: Path
) -> None:
    first = run(app, "import-people", str(people_file))
    again = run(app, "import-people", str(people_file))

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.output == "1 people: 1 added, 0 changed, 0 as before.\n"
    assert again.output == "1 people: 0 added, 0 changed, 1 as before.\n"
    assert set(session.scalars(sa.select(AuditEntry.deed))) == {"imported people"}


def test_a_faulty_file_is_refused_with_its_first_fifty_faults(
    app: Flask, session: Session, people_file: Path
) -> None:
    wrong = "".join(f"p{n},Person,nobody{n},en,,,,,,\n" for n in range(60))
    people_file.write_text(HEADER + ANNA + wrong, encoding="utf-8")

    result = run(app, "import-people", str(people_file))

    lines = result.stderr.splitlines()
    assert result.exit_code == 2
    assert lines[0].startswith('people.csv:3:email: "nobody0" is no e-mail address')
    assert lines[50:] == ["and 10 more faults"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


def test_an_account_is_created_with_a_password_from_standard_input(
    app: Flask, session: Session
) -> None:
    result = run(
        app, "create", "hr@example.org", "--role", "hr", "--password-stdin", said="a quiet river\n"
    )

    account = account_of(session, "hr@example.org")
    assert result.output == "hr@example.org may sign in as hr.\n"
    assert account
    assert account.password == "a quiet river"  # the tests' hash is none
    assert "quiet" not in result.output


def test_who_is_new_and_has_no_password_is_said_to_be_sent_a_mail(
    app: Flask, session: Session
) -> None:
    first = run(app, "create", "hr@example.org", "--role", "hr").output
    again = run(app, "create", "hr@example.org", "--role", "coach").output

    assert first == "hr@example.org may sign in as hr. A mail asks them to choose a password.\n"
    assert again == "hr@example.org may sign in as coach, hr.\n"


def test_an_account_is_created_for_a_person(app: Flask, session: Session) -> None:
    person = make_person(session)
    session.commit()

    run(app, "create", "work@example.org", "--role", "leader", "--person", person.key)

    account = account_of(session, "work@example.org")
    assert account
    assert account.person_id == person.id


@pytest.mark.parametrize(
    ("words", "said", "expected"),
    [
        (("--role", "king"), "", "king"),
        (("--role", "hr", "--person", "nobody"), "", "Nobody in the directory has the key nobody."),
        (("--role", "hr", "--password-stdin"), "short\n", "at least 12 characters"),
    ],
)
def test_what_cannot_be_granted_is_said_and_nothing_is_left(
    app: Flask, session: Session, words: tuple[str, ...], said: str, expected: str
) -> None:
    result = run(app, "create", "hr@example.org", *words, said=said)

    assert result.exit_code != 0
    assert expected in result.output
    assert account_of(session, "hr@example.org") is None


def test_the_list_shows_who_signs_in_as_what(app: Flask, session: Session) -> None:
    run(app, "create", "b@example.org", "--role", "coach")
    run(app, "create", "a@example.org", "--role", "hr")
    run(app, "create", "a@example.org", "--role", "coach")

    assert run(app, "list").output == "a@example.org\tcoach, hr\nb@example.org\tcoach\n"


def test_what_is_no_address_gets_no_account(app: Flask, session: Session) -> None:
    result = app.test_cli_runner().invoke(args=["accounts", "create", "nonsense", "--role", "hr"])

    assert result.exit_code == 2
    assert "is no e-mail address" in result.output
    assert account_of(session, "nonsense") is None
