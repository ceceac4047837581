"""HR's pages of a launched round: what still can be done, and what no longer."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.audit import AuditEntry
from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.models import Round, Seat
from surveys.queries.rounds import invitations
from surveys.services.rounds import launch
from tests.factories import (
    NOON,
    make_account,
    make_leader,
    make_person,
    make_round,
)
from tests.statements import counted_statements
from tests.surveys.rounds import post


def test_launch_is_one_click_after_a_page_which_explains_it(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    page = client.get(f"/rounds/{draft.id}/launch").text
    assert "What cannot be taken back" in page
    assert "5 people are sent an invitation" in page

    post(client, f"/rounds/{draft.id}/launch", without_coach="y")

    session.expire_all()
    assert draft.state == "open"
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMail)) == 5


def test_a_launch_without_coaches_asks_for_a_tick(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    asked = client.get(f"/rounds/{draft.id}/launch").text
    assert "Launch without a coach for 1 leader" in asked

    assert "Nothing was launched" in post(client, f"/rounds/{draft.id}/launch")

    session.expire_all()
    assert draft.state == "draft"


def test_a_launch_which_is_refused_says_why(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    draft.deadline = NOON.replace(year=2020)
    session.commit()

    page = post(client, f"/rounds/{draft.id}/launch", without_coach="y")

    assert "deadline of this round has passed" in page


def test_a_round_is_closed_early(client: FlaskClient, session: Session, open_round: Round) -> None:
    assert "There is no way back" in client.get(f"/rounds/{open_round.id}/close").text

    assert "being scored" in post(client, f"/rounds/{open_round.id}/close")

    session.expire_all()
    assert open_round.state == "locked"


def test_every_deed_is_in_the_audit(client: FlaskClient, session: Session, draft: Round) -> None:
    place, later = f"/rounds/{draft.id}", clock.today() + timedelta(days=30)
    post(client, f"{place}/launch", without_coach="y")
    post(client, f"{place}/protection", protection="strict")
    post(client, f"{place}/deadline", last_day=str(later))
    post(client, f"{place}/links/{invitations(session, draft)[0].id}")
    post(client, f"{place}/close")

    assert session.scalars(sa.select(AuditEntry.deed).order_by(AuditEntry.number)).all() == [
        "launched",
        "set protection to strict",
        "moved the deadline",
        "replaced a link",
        "locked",
    ]


def test_protection_cannot_be_lowered(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    offered = client.get(f"/rounds/{open_round.id}").text
    assert 'value="threshold"' not in offered
    assert 'value="strict"' in offered

    page = post(client, f"/rounds/{open_round.id}/protection", protection="threshold")

    session.expire_all()
    assert "never lowered" in page
    assert open_round.protection == "standard"


def test_a_deadline_cannot_be_brought_forward(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    before, sooner = open_round.deadline, clock.today() + timedelta(days=1)

    page = post(client, f"/rounds/{open_round.id}/deadline", last_day=str(sooner))

    session.expire_all()
    assert "Raters have until" in page
    assert open_round.deadline == before


@pytest.mark.parametrize(
    "deed", ["launch", "propose", "leader", "rater", "guest", "seat", "leaders"]
)
def test_nothing_about_who_rates_whom_changes_after_launch(
    client: FlaskClient, session: Session, open_round: Round, deed: str
) -> None:
    leader = open_round.leaders[0]
    place, table = f"/rounds/{open_round.id}", f"/rounds/{open_round.id}/leaders/{leader.id}"
    other = make_person(session)
    session.commit()
    before = session.execute(sa.select(Seat.leader_id, Seat.invitation_id, Seat.group)).all()
    path, fields = {
        "launch": (f"{place}/launch", {}),
        "propose": (f"{place}/propose", {}),
        "leaders": (f"{place}/leaders", {"people": str(other.id)}),
        "leader": (f"{table}/remove", {}),
        "rater": (f"{table}/raters", {"email": other.email, "group": "peer"}),
        "guest": (f"{table}/guests", {"name": "G", "email": "g@x.org", "group": "client"}),
        "seat": (f"{table}/seats/{leader.seats[0].id}/remove", {}),
    }[deed]

    assert "has been launched" in post(client, path, **fields)

    session.expire_all()
    after = session.execute(sa.select(Seat.leader_id, Seat.invitation_id, Seat.group)).all()
    assert sorted(map(str, after)) == sorted(map(str, before))


def test_a_lost_link_is_replaced(client: FlaskClient, session: Session, open_round: Round) -> None:
    invitation = invitations(session, open_round)[0]
    before = invitation.authenticator_hash

    post(client, f"/rounds/{open_round.id}/links/{invitation.id}")

    session.expire_all()
    assert invitation.authenticator_hash != before


def test_a_new_link_is_asked_about_before_it_is_sent(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    first, second, *_ = invitations(session, open_round)
    before, place = first.authenticator_hash, f"/rounds/{open_round.id}/links"

    found = client.get(f"{place}?search={first.email}").text
    assert first.name in found
    assert second.name not in found
    assert f"{place}/{first.id}" in found
    assert "stops working at once" in client.get(f"{place}/{first.id}").text

    session.expire_all()
    assert first.authenticator_hash == before


@pytest.mark.parametrize("state", ["draft", "open"])
def test_a_page_asks_no_more_of_the_database_for_more_leaders(
    client: FlaskClient, session: Session, hr: Account, key_store: KeyStore, state: str
) -> None:
    costs = []
    for leaders in (2, 9):
        round_ = make_round(session)
        for _ in range(leaders):
            leader = make_leader(session, round_, peer=2, direct_report=1)
            leader.coach = make_account(session, "coach", person=make_person(session))
        if state == "open":
            launch(session, round_, key_store, at=NOON)
        session.commit()
        with counted_statements(session) as statements:
            assert client.get(f"/rounds/{round_.id}").status_code == 200
        costs.append(len(statements))

    assert costs[0] == costs[1]
    assert costs[0] <= 16
