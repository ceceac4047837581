"""What somebody in HR would look for who wants to know who has answered, and whom the pages let in."""

import re
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import orm
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.models import Round, Seat
from surveys.queries.rounds import invitations
from surveys.services.rounds import count_answers, launch, lock_round
from surveys.services.seats import invite
from tests.factories import (
    NOON,
    make_account,
    make_leader,
    make_person,
    make_round,
)
from tests.surveys.rounds import SignIn


def pages_of(round_: Round) -> list[str]:
    place = f"/rounds/{round_.id}"
    leaders = [f"{place}/leaders/{leader.id}" for leader in round_.leaders]
    session = orm.object_session(round_)
    assert session
    links = [f"{place}/links/{one.id}" for one in invitations(session, round_)]
    about = [f"{place}/close", f"{place}/links", f"{place}/leaders"]
    return ["/rounds", place, *about, *leaders, *links]


def test_no_page_changes_when_somebody_answers(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    first, second, third, *_ = open_round.leaders[0].seats
    with time_machine.travel(clock.now(), tick=False):  # form tokens carry the time
        before = [client.get(page).text for page in pages_of(open_round)]

        first.envelope, second.draft, third.declined = b"sealed", b"begun", True
        session.commit()

        assert [client.get(page).text for page in pages_of(open_round)] == before


def test_the_page_with_counts_has_no_raters_name(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    open_round.leaders[0].seats[1].envelope = b"sealed"
    count_answers(session, open_round, on=clock.today())
    session.commit()

    page = client.get(f"/rounds/{open_round.id}").text

    assert "1 of 4" in page
    for invitation in invitations(session, open_round):
        if invitation.person_id != open_round.leaders[0].person_id:
            assert invitation.name not in page
            assert str(invitation.email) not in page


def test_a_small_group_is_not_counted_by_itself(
    client: FlaskClient, session: Session, hr: Account, key_store: KeyStore
) -> None:
    round_ = make_round(session)
    lonely = make_leader(session, round_, client=2)
    pooled = make_leader(session, round_, client=3, board=2)
    launch(session, round_, key_store, at=NOON)
    for seat in (*lonely.seats, *pooled.seats):
        seat.envelope = b"sealed"
    count_answers(session, round_, on=clock.today() + timedelta(days=1))
    session.commit()

    page = client.get(f"/rounds/{round_.id}").text

    assert "5 of 5" in page
    for alone in ("2 of 2", "3 of 3"):
        assert alone not in page


def test_raising_protection_does_not_cut_one_count_in_two_ways(
    client: FlaskClient, session: Session, hr: Account, key_store: KeyStore
) -> None:
    """Four clients apart, then together with one of the board: the difference would be that one person."""
    round_ = make_round(session)
    seats = make_leader(session, round_, client=4, board=1).seats
    launch(session, round_, key_store, at=NOON)
    answer(session, [seat for seat in seats if seat.group in {"client", "board"}][1:])

    before = told(client, round_)
    client.post(f"/rounds/{round_.id}/protection", data={"protection": "strict"})
    session.expire_all()

    assert round_.protection == "strict"
    assert told(client, round_) == before


def told(client: FlaskClient, round_: Round) -> set[str]:
    return set(re.findall(r"\d+ of \d+", client.get(f"/rounds/{round_.id}").text))


def test_nobody_who_stands_alone_at_a_table_is_counted_there(
    client: FlaskClient, session: Session, hr: Account, key_store: KeyStore
) -> None:
    round_ = make_round(session)
    round_.names_past_supervisors = True
    for _ in range(3):
        make_leader(session, round_, peer=4, supervisor=1, past_supervisor=1)
    launch(session, round_, key_store, at=NOON)
    answer(session, round_.leaders[0].seats)

    for page in pages_of(round_)[1:]:
        body = client.get(page).text
        assert not set(re.findall(r"\d+ of \d+", body)) - {"4 of 4", "0 of 4", "4 of 12"}


def test_supervisors_and_leaders_are_counted_over_all_leaders(
    client: FlaskClient, session: Session, hr: Account, key_store: KeyStore
) -> None:
    round_ = make_round(session)
    first, second, *_ = [make_leader(session, round_, peer=4, supervisor=1) for _ in range(4)]
    launch(session, round_, key_store, at=NOON)
    named = [seat for seat in first.seats if seat.group != "peer"]
    answer(session, [*named, *(seat for seat in second.seats if seat.group == "peer")])

    page = client.get(f"/rounds/{round_.id}").text

    assert "Self: 1 of 4; Supervisors: 1 of 4." in page
    assert "6 of 24 sheets are in" in page
    assert page.index(first.name) < page.index(second.name)


def test_one_supervisor_of_many_leaders_is_not_counted(
    client: FlaskClient, session: Session, hr: Account, key_store: KeyStore
) -> None:
    round_, boss = make_round(session), make_person(session)
    for _ in range(5):
        leader = make_leader(session, round_)
        invite(session, leader, group="supervisor", person=boss)
    launch(session, round_, key_store, at=NOON)
    session.commit()

    page = client.get(f"/rounds/{round_.id}").text

    assert "Self: 0 of 5." in page
    assert "Supervisors:" not in page


def answer(session: Session, seats: Iterable[Seat]) -> None:
    for seat in seats:
        seat.envelope = b"sealed"
        round_ = seat.leader.round
    count_answers(session, round_, on=clock.today() + timedelta(days=1))
    session.commit()


def test_a_failing_reminder_changes_no_page(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    """Whoever knows that one mailbox is broken would know whose sheet is missing."""
    session.execute(sa.delete(OutboxMail))
    session.commit()
    with time_machine.travel(clock.now(), tick=False):  # as above
        before = [client.get(page).text for page in pages_of(open_round)]

        broken = invitations(session, open_round)[0].id
        reminder = OutboxMail(template="reminder", subject_id=broken, attempts=1, failure="refused")
        session.add(reminder)
        session.commit()

        assert [client.get(page).text for page in pages_of(open_round)] == before


def test_a_failing_invitation_is_named_with_its_reason(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    mail = session.scalars(sa.select(OutboxMail)).first()
    assert mail
    mail.attempts, mail.failure = 1, "SMTPRecipientsRefused: no such mailbox"
    session.commit()

    page = client.get(f"/rounds/{open_round.id}").text

    assert "5 invitations wait" in page
    assert "no such mailbox" in page


@pytest.mark.parametrize("roles", [(), ("coach",), ("leader",), ("administrator",)])
def test_nobody_but_hr_gets_in(
    client: FlaskClient,
    session: Session,
    open_round: Round,
    sign_in: SignIn,
    roles: tuple[str, ...],
) -> None:
    account = make_account(session, *roles)
    session.commit()
    sign_in(account)

    assert {client.get(page).status_code for page in pages_of(open_round)} == {404}
    assert client.post(f"/rounds/{open_round.id}/close").status_code == 404


def test_who_is_not_signed_in_is_asked_to(
    client: FlaskClient, session: Session, key_store: KeyStore
) -> None:
    answer = client.get(f"/rounds/{uuid4()}")

    assert answer.status_code == 302
    assert "/sign-in" in answer.location


@pytest.mark.parametrize("joined", [True, False])
def test_hr_who_is_rated_is_locked_out(
    client: FlaskClient, session: Session, open_round: Round, sign_in: SignIn, *, joined: bool
) -> None:
    person = open_round.leaders[0].person
    assert person
    account = make_account(session, "hr", person=person)
    if not joined:
        account.person_id = None
    session.commit()
    sign_in(account)

    for page in pages_of(open_round)[1:]:
        assert client.get(page).status_code == 404
    assert client.post(f"/rounds/{open_round.id}/close").status_code == 404
    assert open_round.name not in client.get("/rounds").text


def test_a_leader_is_reached_through_their_own_round_alone(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    other = make_round(session)
    session.commit()

    assert client.get(f"/rounds/{other.id}/leaders/{open_round.leaders[0].id}").status_code == 404
    seat = open_round.leaders[0].seats[0].id
    stranger = make_leader(session, other)
    session.commit()
    table = f"/rounds/{other.id}/leaders/{stranger.id}"
    assert client.post(f"{table}/seats/{seat}/remove").status_code == 404
    link = invitations(session, open_round)[0].id
    assert client.post(f"/rounds/{other.id}/links/{link}").status_code == 404


def test_after_the_lock_no_count_is_shown(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    lock_round(session, open_round, at=clock.now())
    session.commit()

    page = client.get(f"/rounds/{open_round.id}").text

    assert "being scored" in page
    assert " of 4" not in page
