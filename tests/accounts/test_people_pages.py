"""HR's pages of the directory: who may see them, and an import by upload, look and confirmation."""

import io
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import ROLES, Account, Person
from core.audit import AuditEntry
from tests.factories import make_account, make_line, make_person

FILE = (
    "person,name,email,language,department,title,level,supervisor,since,until\n"
    "anna,Anna Berg,anna@example.org,en,Sales,Director,,,,\n"
    "ben,Ben Holm,ben@example.org,en,Sales,Clerk,,anna,2020-01-01,\n"
)
PAGES = [
    ("GET", "/people"),
    ("GET", "/people/import"),
    ("POST", "/people/import"),
    ("POST", "/people/import/confirm"),
]
SignIn = Callable[[Account], None]


@pytest.fixture
def hr(session: Session, sign_in: SignIn) -> Account:
    """Somebody of HR, signed in."""
    account = make_account(session, "hr")
    session.commit()
    sign_in(account)
    return account


def upload(client: FlaskClient, content: str, name: str = "people.csv") -> tuple[int, str]:
    data = {"file": (io.BytesIO(content.encode()), name)}
    answer = client.post("/people/import", data=data)
    return answer.status_code, answer.text


def held_in(page: str) -> str:
    found = re.search(r'name="held"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def count(session: Session) -> int:
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).select_from(Person)) or 0


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_stranger_is_asked_to_sign_in(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("role", sorted({*ROLES} - {"hr"}))
@pytest.mark.parametrize(("method", "path"), PAGES)
def test_nobody_but_hr_learns_that_the_page_is_there(
    client: FlaskClient, session: Session, sign_in: SignIn, method: str, path: str, role: str
) -> None:
    account = make_account(session, role)
    session.commit()
    sign_in(account)

    assert client.open(path, method=method).status_code == 404


@pytest.mark.parametrize(("method", "path"), PAGES[:2])
def test_hr_sees_the_pages(client: FlaskClient, hr: Account, method: str, path: str) -> None:
    assert client.open(path, method=method).status_code == 200


@pytest.mark.parametrize(("method", "path"), PAGES[2:])
def test_a_forged_form_is_refused(
    app: Flask, client: FlaskClient, hr: Account, method: str, path: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.open(path, method=method)
    app.config["WTF_CSRF_ENABLED"] = False

    assert answer.status_code == 400


def test_the_list_shows_people_with_their_supervisor(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    boss, person = make_person(session, "Győző Halmos"), make_person(session, "Ana <b>Luísa</b>")
    make_line(session, person, boss)
    session.commit()

    page = client.get("/people?q=luisa").text

    assert "Ana &lt;b&gt;Luísa&lt;/b&gt;" in page
    assert "Győző Halmos" in page
    assert "1 person found" in page


def test_an_empty_directory_says_what_it_is_for(client: FlaskClient, hr: Account) -> None:
    assert "Nobody here yet" in client.get("/people").text


def test_a_file_is_looked_at_before_it_is_imported(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    status, page = upload(client, FILE)
    assert status == 200
    assert "2 would be added" in page
    assert count(session) == 0

    answer = client.post("/people/import/confirm", data={"held": held_in(page)})

    assert answer.location == "/people"
    assert count(session) == 2
    assert session.scalars(sa.select(AuditEntry.actor)).all() == [hr.email]


def test_a_faulty_file_shows_its_faults_and_changes_nothing(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    status, page = upload(client, FILE.replace("2020-01-01", "<script>").replace("anna@", "@"))

    assert status == 422
    assert "has 2 faults" in page
    assert "&lt;script&gt;" in page
    assert count(session) == 0


def test_a_file_that_became_faulty_meanwhile_is_refused_at_confirmation(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    _, page = upload(client, FILE)
    session.add(Person(key="eve", name="Eve", email="ben@example.org"))
    session.commit()

    answer = client.post("/people/import/confirm", data={"held": held_in(page)})

    assert answer.status_code == 422
    assert count(session) == 1


@pytest.mark.parametrize("held", ["", "something else"])
def test_a_confirmation_of_no_file_of_ours_changes_nothing(
    client: FlaskClient, session: Session, hr: Account, held: str
) -> None:
    answer = client.post("/people/import/confirm", data={"held": held})

    assert answer.location == "/people/import"
    assert count(session) == 0


def test_a_file_name_that_is_markup_stays_text(client: FlaskClient, hr: Account) -> None:
    _, page = upload(client, FILE, name="<img src=x>.csv")

    assert "<img" not in page


def test_no_choice_of_a_file_is_said_kindly(client: FlaskClient, hr: Account) -> None:
    answer = client.post("/people/import", data={})

    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


def test_a_file_that_says_nothing_new_offers_nothing_to_confirm(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    _, page = upload(client, FILE)
    client.post("/people/import/confirm", data={"held": held_in(page)})

    _, again = upload(client, FILE)

    assert "The directory already says what the file says" in again
    assert 'name="held"' not in again
