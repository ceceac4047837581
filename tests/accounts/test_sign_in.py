"""Who signs in, and what those learn who try."""

import re
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy.orm import Session

from accounts.jobs import MAILS
from accounts.models import Account
from accounts.services import grant, set_password
from core.db import db
from core.mail import OutboxMail
from tests.conftest import FAST_HASHES, OpenApp, make_config

EMAIL = "anna@example.org"
PASSWORD = "a quiet river in spring"
NEW_PASSWORD = "a loud river in autumn"


@pytest.fixture
def account(session: Session) -> Account:
    """Anna of HR, who has a password."""
    account = grant(session, email=EMAIL, role="hr")
    set_password(session, account, PASSWORD, hashed_by=str)
    session.execute(sa.delete(OutboxMail))
    session.commit()
    return account


@pytest.fixture
def forged(app: Flask, session: Session) -> Iterator[FlaskClient]:
    """A client whose forms are checked for their token, as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False


def try_to_sign_in(client: FlaskClient, email: str, password: str) -> tuple[int, str]:
    answer = client.post("/sign-in", data={"email": email, "password": password})
    return answer.status_code, answer.text.replace(email, "ADDRESS")


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/verify").status_code == 200


def waiting(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.scalars(sa.select(OutboxMail)))


def link_in(text: str) -> str:
    return next(line for line in text.splitlines() if "/password/" in line).removeprefix(
        "http://localhost:5000"
    )


def link_mailed_to(app: Flask, session: Session, account: Account, template: str) -> str:
    with app.app_context():
        mail = MAILS[template](session, account.id)
    assert mail
    return link_in(mail.text)


def test_the_right_password_signs_in(client: FlaskClient, account: Account) -> None:
    assert try_to_sign_in(client, EMAIL, PASSWORD)[0] == 302
    assert is_signed_in(client)


def test_capitals_in_an_address_mean_the_same_account(
    client: FlaskClient, account: Account
) -> None:
    try_to_sign_in(client, "Anna@Example.org", PASSWORD)

    assert is_signed_in(client)


def test_known_and_unknown_addresses_get_the_same_answer_at_sign_in(
    client: FlaskClient, account: Account
) -> None:
    known = try_to_sign_in(client, EMAIL, "a wrong password")
    unknown = try_to_sign_in(client, "nobody@example.org", "a wrong password")

    assert known == unknown
    assert "do not belong together" in known[1]


def test_an_account_without_a_password_or_switched_off_gets_that_answer_too(
    client: FlaskClient, session: Session, account: Account
) -> None:
    grant(session, email="new@example.org", role="coach")
    off = grant(session, email="off@example.org", role="coach")
    set_password(session, off, PASSWORD, hashed_by=str)
    off.active = False
    session.commit()
    unknown = try_to_sign_in(client, "nobody@example.org", PASSWORD)

    assert try_to_sign_in(client, "new@example.org", PASSWORD) == unknown
    assert try_to_sign_in(client, "off@example.org", PASSWORD) == unknown


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "off@example.org", "no address"])
def test_asking_for_a_link_is_answered_alike_for_every_address(
    client: FlaskClient, session: Session, account: Account, email: str
) -> None:
    grant(session, email="off@example.org", role="coach").active = False
    session.execute(sa.delete(OutboxMail))
    session.commit()

    answer = client.post("/password", data={"email": email})

    assert answer.status_code == 200
    assert "If this address belongs to an account" in answer.text
    assert email not in answer.text.partition("<form")[0]
    assert [mail.template for mail in waiting(session)] == ["reset_instructions"]


def test_a_link_asked_for_by_nobody_comes_to_nothing(client: FlaskClient, session: Session) -> None:
    client.post("/password", data={"email": "nobody@example.org"})

    [mail] = waiting(session)
    assert MAILS[mail.template](session, mail.subject_id) is None


def test_a_new_password_works_once_and_signs_others_out(
    app: Flask, client: FlaskClient, session: Session, account: Account
) -> None:
    thief = app.test_client()
    try_to_sign_in(thief, EMAIL, PASSWORD)
    assert is_signed_in(thief)
    link = link_mailed_to(app, session, account, "reset_instructions")

    chosen = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert client.get(link).status_code == 200
    assert client.post(link, data=chosen).location == "/sign-in"

    assert not is_signed_in(thief)
    assert client.get(link).status_code == 302
    assert [mail.template for mail in waiting(session)] == ["reset_notice"]
    assert try_to_sign_in(client, EMAIL, PASSWORD)[0] == 200
    assert try_to_sign_in(client, EMAIL, NEW_PASSWORD)[0] == 302


def test_the_welcome_leads_to_a_first_password_and_is_not_sent_after_it(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    account = grant(session, email="new@example.org", role="coach")
    session.commit()
    assert [mail.template for mail in waiting(session)] == ["welcome"]
    link = link_mailed_to(app, session, account, "welcome")

    client.post(link, data={"password": PASSWORD, "password_confirm": PASSWORD})
    session.expire_all()

    assert try_to_sign_in(client, "new@example.org", PASSWORD)[0] == 302
    assert MAILS["welcome"](session, account.id) is None


def test_a_link_stands_in_no_row_of_the_database(
    client: FlaskClient, session: Session, account: Account
) -> None:
    client.post("/password", data={"email": EMAIL})

    [mail] = waiting(session)
    assert {column.name for column in OutboxMail.__table__.columns} == {
        "id",
        "template",
        "subject_id",
        "attempts",
        "failure",
    }
    assert mail.failure is None


def test_every_mail_is_addressed_and_whole(app: Flask, session: Session, account: Account) -> None:
    account.password = None
    for render in MAILS.values():
        with app.app_context():
            mail = render(session, account.id)
        assert mail
        assert mail.to == EMAIL
        assert "{" not in mail.text


def test_the_token_of_a_form_changes_when_somebody_signs_in(
    forged: FlaskClient, account: Account
) -> None:
    """Who planted a session of their own in somebody's browser must not know the next token."""
    form = forged.get("/sign-in").text
    planted = token_in(form)
    forged.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "csrf_token": planted})
    assert is_signed_in(forged)

    assert forged.post("/sign-out", data={"csrf_token": planted}).status_code == 400
    assert is_signed_in(forged)


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/password", "/verify"])
def test_a_form_without_its_token_is_refused(
    forged: FlaskClient, session: Session, account: Account, path: str
) -> None:
    answer = forged.post(path, data={"email": EMAIL, "password": PASSWORD})

    assert answer.status_code == 400
    assert waiting(session) == []


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_foreign_place(
    client: FlaskClient, account: Account, target: str
) -> None:
    answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "next": target})

    assert answer.location in {None, "/%5Cevil.example"}  # the form once more, or a path of our own


def test_only_a_post_signs_out(client: FlaskClient, account: Account) -> None:
    try_to_sign_in(client, EMAIL, PASSWORD)
    assert client.get("/sign-out").status_code == 405

    client.post("/sign-out")

    assert not is_signed_in(client)


def test_a_session_from_before_a_switch_off_is_worth_nothing(
    client: FlaskClient, session: Session, account: Account
) -> None:
    try_to_sign_in(client, EMAIL, PASSWORD)
    account.active = False
    session.commit()

    assert not is_signed_in(client)


def test_pages_of_signing_in_hold_no_inline_script_or_style(
    app: Flask, client: FlaskClient, session: Session, account: Account
) -> None:
    pages = [
        client.get("/sign-in").text,
        client.get("/password").text,
        client.get(link_mailed_to(app, session, account, "reset_instructions")).text,
    ]
    try_to_sign_in(client, EMAIL, PASSWORD)
    pages.append(client.get("/verify").text)

    for page in pages:
        assert "<h1>" in page
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page)


def test_known_and_unknown_addresses_take_about_the_same_time(
    open_app: OpenApp, tmp_path: Path
) -> None:
    """With the real hash, which alone is slow enough to be measured from outside."""
    app = slow_app(open_app, tmp_path, RATELIMIT_ENABLED=False)
    client = app.test_client()

    def seconds(path: str, email: str) -> float:
        begun = process_time()
        client.post(path, data={"email": email, "password": "a wrong password"})
        return process_time() - begun

    for path in ("/sign-in", "/password"):
        times = [(seconds(path, EMAIL), seconds(path, "nobody@example.org")) for _ in range(7)]
        known, unknown = (min(each) for each in zip(*times, strict=True))
        assert known == pytest.approx(unknown, rel=0.5, abs=0.01)


def test_guessing_is_slowed_down_for_known_and_unknown_alike(
    open_app: OpenApp, tmp_path: Path
) -> None:
    app = slow_app(open_app, tmp_path, **FAST_HASHES)
    client = app.test_client()

    def tries(email: str) -> list[int]:
        return [try_to_sign_in(client, email, "a guess")[0] for _ in range(12)]

    assert tries(EMAIL) == tries("nobody@example.org") == [200] * 10 + [429] * 2


def test_links_cannot_be_asked_for_without_end(open_app: OpenApp, tmp_path: Path) -> None:
    client = slow_app(open_app, tmp_path, **FAST_HASHES).test_client()

    answers = [client.post("/password", data={"email": EMAIL}).status_code for _ in range(11)]

    assert answers[-1] == 429


def slow_app(open_app: OpenApp, data: Path, **settings: object) -> Flask:
    """Return an application of its own, with its limits on, and with Anna's account."""
    config = make_config(data, f"sqlite:///{data / 'db' / 'own.sqlite'}")
    app = open_app(config, WTF_CSRF_ENABLED=False, **settings)
    with app.app_context():
        app.extensions["alembic"].upgrade()
        account = grant(db.session, email=EMAIL, role="hr")
        set_password(db.session, account, PASSWORD, hashed_by=hash_password)
        db.session.commit()
    return app


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]
