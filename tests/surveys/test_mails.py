"""What raters are written: the whole text, as they get it, and nothing where it would be pointless."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyLostError, KeyStore
from core.mail import Mail
from surveys.ballots.keynames import link_key_name
from surveys.jobs import invitation_mail, reminder_mail
from surveys.models import Invitation, Round
from surveys.services.rounds import add_leader, launch, lock_round, replace_link, secret_of
from surveys.services.seats import Rater, invite_all
from surveys.services.trustees import name_trustee
from tests.factories import NOON, make_account, make_open_round, make_person, make_round
from tests.surveys.keys import PASSPHRASE, take

SNAPSHOTS = Path(__file__).parent / "mails"


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    """The context in which mails are rendered."""
    with app.app_context():
        yield


def check_snapshot(mail: Mail | None, name: str, code: str) -> None:
    """Compare with the mail as it was last agreed on; WRITE_SNAPSHOTS=1 agrees on the present one."""
    assert mail
    said = f"To: {mail.to}\nSubject: {mail.subject}\n\n{mail.text}\n".replace(code, "<code>")
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("WRITE_SNAPSHOTS") == "1":
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


def invited(session: Session, round_: Round, *groups: str) -> Invitation:
    """Ask Kim about a leader for each group; who is asked as `self` is Kim."""
    kim = make_person(session, "Kim Rater")
    kim.email = "kim@example.org"
    for number, group in enumerate(groups):
        person = kim if group == "self" else make_person(session, f"Leader {'ABCDE'[number]}")
        leader = add_leader(session, round_, name=person.name, person=person)
        [seat] = invite_all(session, leader, [Rater(group, person=kim)])
    return seat.invitation


@pytest.mark.parametrize(
    ("name", "groups", "settings"),
    [
        ("invitation_of_a_peer", ("peer",), {}),
        ("invitation_of_many", ("self", "supervisor", "direct_report", "past_supervisor"), {}),
        ("invitation_of_a_leader", ("self",), {"purpose": "decision"}),
        ("invitation_under_threshold", ("client",), {"protection": "threshold"}),
        (
            "invitation_with_past_supervisors_named",
            ("past_supervisor",),
            {
                "names_past_supervisors": True,
                "notice": "We do this every autumn.\nThank you, HR",
                "contact": "Ingrid of HR, ingrid@example.org",
            },
        ),
        (
            "invitation_to_a_round_released_by_date",
            ("board", "other"),
            {"release_policy": "on_date", "release_on": date(2027, 1, 5), "protection": "strict"},
        ),
    ],
)
def test_the_invitation_says_who_why_how_long_and_who_sees(
    session: Session,
    key_store: KeyStore,
    in_app: None,
    name: str,
    groups: tuple[str, ...],
    settings: dict[str, object],
) -> None:
    round_ = make_round(session)
    for setting, value in settings.items():
        setattr(round_, setting, value)
    invitation = invited(session, round_, *groups)
    launch(session, round_, key_store, at=NOON)

    mail = invitation_mail(session, invitation.id)

    check_snapshot(mail, name, secret_of(invitation, key_store))


@pytest.mark.usefixtures("cheap_passphrases")
def test_the_invitation_says_who_holds_the_key(
    session: Session, key_store: KeyStore, in_app: None
) -> None:
    round_ = make_round(session)
    invitation = invited(session, round_, "direct_report")
    trustee = make_account(session, "trustee", person=make_person(session, "Tove Trust"))
    name_trustee(session, round_, trustee, key_store)
    take(session, round_, key_store, PASSPHRASE)
    launch(session, round_, key_store, at=NOON)

    mail = invitation_mail(session, invitation.id)

    check_snapshot(mail, "invitation_under_a_trustee", secret_of(invitation, key_store))


def test_the_reminder_says_what_is_missing_and_carries_the_same_link(
    session: Session, key_store: KeyStore, in_app: None
) -> None:
    round_ = make_round(session)
    round_.contact = "Ingrid of HR, ingrid@example.org"
    invitation = invited(session, round_, "peer")
    launch(session, round_, key_store, at=NOON)

    mail = reminder_mail(session, invitation.id)

    check_snapshot(mail, "reminder", secret_of(invitation, key_store))


def test_a_replaced_link_is_explained(session: Session, key_store: KeyStore, in_app: None) -> None:
    round_ = make_round(session)
    invitation = invited(session, round_, "peer")
    launch(session, round_, key_store, at=NOON)
    before = secret_of(invitation, key_store)

    replace_link(session, invitation, key_store)
    session.flush()

    mail = invitation_mail(session, invitation.id)
    assert secret_of(invitation, key_store) != before
    check_snapshot(mail, "invitation_with_a_new_link", secret_of(invitation, key_store))


def test_a_replaced_link_forgets_the_draft_and_keeps_the_answer(
    session: Session, key_store: KeyStore
) -> None:
    round_ = make_open_round(session, key_store, peer=1)
    seat = round_.leaders[0].seats[1]
    seat.envelope, seat.draft = b"sealed", b"begun"

    replace_link(session, seat.invitation, key_store)

    session.refresh(seat)
    kept: tuple[bytes | None, bytes | None] = (seat.envelope, seat.draft)
    assert kept == (b"sealed", None)


def test_no_subject_names_a_leader(session: Session, key_store: KeyStore, in_app: None) -> None:
    round_ = make_open_round(session, key_store, peer=1)
    names = {seat.invitation.name for seat in round_.leaders[0].seats}

    for seat in round_.leaders[0].seats:
        for mail in (
            invitation_mail(session, seat.invitation_id),
            reminder_mail(session, seat.invitation_id),
        ):
            assert mail
            assert not any(name in mail.subject for name in names)


def test_after_the_round_no_mail_goes(session: Session, key_store: KeyStore, in_app: None) -> None:
    round_ = make_open_round(session, key_store)
    [seat] = round_.leaders[0].seats
    lock_round(session, round_, at=NOON)
    session.flush()
    key_store.destroy(link_key_name(round_))

    assert invitation_mail(session, seat.invitation_id) is None
    assert reminder_mail(session, seat.invitation_id) is None


def test_who_answered_since_is_not_reminded(
    session: Session, key_store: KeyStore, in_app: None
) -> None:
    round_ = make_open_round(session, key_store)
    [seat] = round_.leaders[0].seats
    seat.envelope = b"sealed"
    session.flush()

    assert reminder_mail(session, seat.invitation_id) is None


def test_without_its_key_no_mail_is_made_up(
    session: Session, key_store: KeyStore, in_app: None
) -> None:
    round_ = make_open_round(session, key_store)
    key_store.destroy(link_key_name(round_))

    with pytest.raises(KeyLostError):
        invitation_mail(session, round_.leaders[0].seats[0].invitation_id)
