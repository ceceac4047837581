"""Nobody takes a trustee's place in silence: raters read who holds the passphrase, who held it is told."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.keys import KeyStore
from core.mail import Mail, OutboxMail
from surveys.jobs import MAILS
from surveys.models import Invitation, Round
from surveys.queries.keys import TO_FORMER
from surveys.services.rounds import launch, secret_of
from surveys.services.trustees import name_trustee, replace_trustee
from tests.factories import NOON, make_account, make_person, make_round
from tests.surveys.keys import OTHER, PASSPHRASE, again, take
from tests.surveys.test_mails import check_snapshot, invited

pytestmark = pytest.mark.usefixtures("cheap_passphrases")


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    """The context in which mails are rendered."""
    with app.app_context():
        yield


def somebody(session: Session, name: str, email: str) -> Account:
    person = make_person(session, name)
    person.email = email
    return make_account(session, "trustee", person=person)


@pytest.fixture
def tilda(session: Session) -> Account:
    """Whom raters are told of at launch."""
    return somebody(session, "Tilda Thorne", "tilda@example.org")


@pytest.fixture
def theo(session: Session) -> Account:
    return somebody(session, "Theo Trust", "theo@example.org")


@pytest.fixture
def stranger(session: Session) -> Account:
    """Somebody whose address no directory knows."""
    account = make_account(session, "trustee")
    account.email = "stranger@elsewhere.example"
    return account


@pytest.fixture
def kim(session: Session, in_app: None) -> Invitation:
    return invited(session, make_round(session), "peer")


@pytest.fixture
def round_(session: Session, kim: Invitation, tilda: Account, key_store: KeyStore) -> Round:
    """An open round, in which Kim is asked."""
    name_trustee(session, kim.round, tilda, key_store)
    take(session, kim.round, key_store, PASSPHRASE)
    launch(session, kim.round, key_store, at=NOON)
    session.commit()
    return kim.round


def reopened(
    session: Session, round_: Round, key_store: KeyStore, *trustees: Account
) -> list[Mail | None]:
    """Let trustees take each other's place, open the round again, and return what former ones are sent."""
    session.execute(sa.delete(OutboxMail))
    for trustee in trustees:
        replace_trustee(session, round_, trustee, key_store)
    take(session, round_, key_store, OTHER)
    again(session, round_, key_store)
    posted = sa.select(OutboxMail.subject_id).where(OutboxMail.template == TO_FORMER)
    return [MAILS[TO_FORMER](session, subject) for subject in session.scalars(posted)]


def to_raters(session: Session, kim: Invitation) -> Mail:
    mail = MAILS["sheets_lost"](session, kim.id)
    assert mail
    return mail


def addresses(mails: list[Mail | None]) -> list[str]:
    return [mail.to for mail in mails if mail]


# --- Word for word


def test_raters_read_who_holds_the_new_passphrase(
    session: Session, round_: Round, kim: Invitation, key_store: KeyStore
) -> None:
    mails = reopened(session, round_, key_store)

    link = secret_of(kim, key_store)
    check_snapshot(to_raters(session, kim), "sheets_lost_under_a_trustee", link)
    assert mails == []


def test_raters_read_when_it_is_somebody_else(
    session: Session, round_: Round, kim: Invitation, theo: Account, key_store: KeyStore
) -> None:
    reopened(session, round_, key_store, theo)

    link = secret_of(kim, key_store)
    check_snapshot(to_raters(session, kim), "sheets_lost_under_another_trustee", link)


def test_the_former_trustee_is_told(
    session: Session, round_: Round, theo: Account, key_store: KeyStore
) -> None:
    [mail] = reopened(session, round_, key_store, theo)

    check_snapshot(mail, "trustee_replaced", str(round_.id))


# --- Who is told, and of whom


def test_a_former_trustee_is_told_whatever_became_of_their_account(
    session: Session, round_: Round, tilda: Account, theo: Account, key_store: KeyStore
) -> None:
    tilda.active = False
    tilda.roles = []

    assert addresses(reopened(session, round_, key_store, theo)) == ["tilda@example.org"]


def test_two_steps_do_not_keep_it_from_whom_raters_were_told_of(
    session: Session,
    round_: Round,
    kim: Invitation,
    theo: Account,
    stranger: Account,
    key_store: KeyStore,
) -> None:
    mails = reopened(session, round_, key_store, stranger, theo)

    assert addresses(mails) == ["tilda@example.org"]
    assert "in place of Tilda Thorne. " in to_raters(session, kim).text


def test_who_comes_back_before_anybody_was_told_has_lost_nothing(
    session: Session,
    round_: Round,
    kim: Invitation,
    tilda: Account,
    theo: Account,
    key_store: KeyStore,
) -> None:
    assert reopened(session, round_, key_store, theo, tilda) == []
    assert "that only Tilda Thorne holds. " in to_raters(session, kim).text


def test_each_is_told_once_and_the_next_one_as_well(
    session: Session,
    round_: Round,
    kim: Invitation,
    theo: Account,
    stranger: Account,
    key_store: KeyStore,
) -> None:
    first = reopened(session, round_, key_store, theo)
    take(session, round_, key_store, PASSPHRASE)
    second = reopened(session, round_, key_store)
    third = reopened(session, round_, key_store, stranger)

    told = [addresses(mails) for mails in (first, second, third)]
    assert told == [["tilda@example.org"], [], ["theo@example.org"]]
    assert "named in place of Theo Trust. " in to_raters(session, kim).text


def test_nobody_reads_an_address_of_either(
    session: Session,
    round_: Round,
    kim: Invitation,
    stranger: Account,
    theo: Account,
    key_store: KeyStore,
) -> None:
    [to_tilda] = reopened(session, round_, key_store, stranger)
    texts = [to_raters(session, kim).text]
    [to_stranger] = reopened(session, round_, key_store, theo)
    texts.append(to_raters(session, kim).text)

    assert to_tilda
    assert to_stranger
    assert to_stranger.to == stranger.email
    assert "that only a trustee outside the round holds: somebody else than before" in texts[0]
    assert "in place of the trustee until then. " in texts[1]
    assert "have named somebody else in your place" in to_tilda.text
    for text in (*texts, to_tilda.text, to_stranger.text):
        assert stranger.email not in text
        assert "tilda@" not in text
        assert "theo@" not in text


def test_the_operators_commands_tell_everybody(
    app: Flask, session: Session, entrusted_open: Round, theo: Account, key_store: KeyStore
) -> None:
    """An operator alone makes somebody of theirs the trustee, and opens the round again."""
    session.execute(sa.delete(OutboxMail))
    session.commit()
    run, number = app.test_cli_runner(), str(entrusted_open.id)
    run.invoke(args=["surveys", "entrust", number, theo.email, "--yes"])
    session.expire_all()
    take(session, entrusted_open, key_store, OTHER)
    session.commit()
    day = f"{clock.today() + timedelta(days=40)}"
    run.invoke(args=["surveys", "reopen", number, "--deadline", day], input="y\n")

    posted = Counter(session.scalars(sa.select(OutboxMail.template)))
    assert posted == {"trustee_named": 1, "sheets_lost": 5, TO_FORMER: 1}
