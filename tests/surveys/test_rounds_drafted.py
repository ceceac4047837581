"""HR's pages of a draft: what is asked, and what is explained."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from surveys.models import Invitation, Round, Seat
from tests.factories import (
    make_account,
    make_leader,
    make_line,
    make_person,
    make_round,
    make_version,
)
from tests.surveys.rounds import SignIn, post


def test_without_rounds_the_next_step_is_offered(client: FlaskClient, hr: Account) -> None:
    page = client.get("/rounds").text

    assert "No rounds yet" in page
    assert "/rounds/new" in page


def test_a_round_is_drafted(client: FlaskClient, session: Session, hr: Account) -> None:
    instrument = make_version(session)
    session.commit()

    page = post(
        client,
        "/rounds/new",
        name="Spring",
        instrument=f"{instrument.key} {instrument.version}",
        last_day=str(clock.today() + timedelta(days=14)),
        purpose="development",
        protection="strict",
        release_policy="by_coach",
        retention_months="24",
    )

    round_ = session.scalars(sa.select(Round)).one()
    assert (round_.name, round_.protection, round_.state) == ("Spring", "strict", "draft")
    assert round_.instrument_version is instrument
    assert "Who is rated?" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Give the round a name"),
        ({"last_day": "2020-01-01"}, "This day is over"),
        ({"last_day": "soon"}, "Not a valid date"),
        ({"protection": "none"}, "Not a valid choice"),
        ({"retention_months": "0"}, "from 1 to 120"),
        ({"release_policy": "on_date"}, "Choose the date"),
        ({"release_policy": "on_date", "release_on": "2020-01-01"}, "cannot be there before"),
    ],
)
def test_a_faulty_draft_is_explained(
    client: FlaskClient, session: Session, hr: Account, wrong: dict[str, str], words: str
) -> None:
    instrument = make_version(session)
    session.commit()
    fields = {
        "name": "Spring",
        "instrument": f"{instrument.key} {instrument.version}",
        "last_day": str(clock.today() + timedelta(days=14)),
        "purpose": "development",
        "protection": "standard",
        "release_policy": "by_coach",
        "retention_months": "24",
    }

    assert words in post(client, "/rounds/new", **fields | wrong)
    assert session.scalars(sa.select(Round)).all() == []


def test_leaders_are_chosen_and_raters_proposed(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    round_, boss = make_round(session), make_person(session, "Boss")
    for _ in range(4):
        make_line(session, make_person(session), boss)
    session.commit()

    page = client.get(f"/rounds/{round_.id}/leaders").text
    assert "Boss" in page
    post(client, f"/rounds/{round_.id}/leaders", people=[str(boss.id)])
    page = post(client, f"/rounds/{round_.id}/propose")

    groups = session.scalars(sa.select(Seat.group)).all()
    assert sorted(groups) == ["direct_report"] * 4 + ["self"]
    assert "All direct reports must answer" in page


def test_a_search_finds_names_without_their_accents(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    round_ = make_round(session)
    make_person(session, "Nguyễn Thị Lan")
    make_person(session, "Somebody Else")
    session.commit()

    page = client.get(f"/rounds/{round_.id}/leaders?search=nguyen&everybody=1").text

    assert "Nguyễn Thị Lan" in page
    assert "Somebody Else" not in page


def test_a_choice_of_nobody_keeps_the_search(
    client: FlaskClient, session: Session, hr: Account
) -> None:
    round_ = make_round(session)
    make_person(session, "Nguyễn Thị Lan")
    session.commit()
    searched = f"/rounds/{round_.id}/leaders?search=nguyen&everybody=1"
    assert "search=nguyen&amp;everybody=1" in client.get(searched).text

    page = post(client, searched)

    assert "Nobody was added" in page
    assert "Nguyễn Thị Lan" in page
    assert 'value="nguyen"' in page


def test_hr_does_not_add_themselves(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    account = make_account(session, "hr", person=make_person(session, "Myself"))
    round_ = make_round(session)
    session.commit()
    sign_in(account)

    assert "Myself" not in client.get(f"/rounds/{round_.id}/leaders?everybody=1").text
    post(client, f"/rounds/{round_.id}/leaders", people=[str(account.person_id)])

    assert session.scalars(sa.select(Round)).one().leaders == []


def test_a_colleague_and_a_guest_are_added_and_taken_off(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    place = f"/rounds/{draft.id}/leaders/{draft.leaders[0].id}"
    colleague = make_person(session, "Colleague")
    session.commit()

    assert "Colleague" in post(client, f"{place}/raters", email=colleague.email, group="peer")
    page = post(client, f"{place}/guests", name="Guest", email="guest@x.org", group="client")
    assert "Guest" in page

    seat = session.scalars(sa.select(Seat).where(Seat.group == "client")).one()
    assert "Guest is taken off" in post(client, f"{place}/seats/{seat.id}/remove")


def test_a_rater_twice_is_explained_where_it_was_tried(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    leader = draft.leaders[0]
    place = f"/rounds/{draft.id}/leaders/{leader.id}"
    peer = next(seat.invitation for seat in leader.seats if seat.group == "peer")

    page = post(client, f"{place}/raters", email=peer.email or "", group="client")

    assert "is already asked about" in page
    assert "Add a colleague" in page


def test_an_address_nobody_has_is_explained(client: FlaskClient, draft: Round) -> None:
    place = f"/rounds/{draft.id}/leaders/{draft.leaders[0].id}"

    assert "Nobody in the directory" in post(
        client, f"{place}/raters", email="x@y.org", group="peer"
    )


def test_a_leader_is_taken_out(client: FlaskClient, session: Session, draft: Round) -> None:
    page = post(client, f"/rounds/{draft.id}/leaders/{draft.leaders[0].id}/remove")

    assert "no longer rated" in page
    assert session.scalars(sa.select(Invitation)).all() == []


def test_coaches_are_assigned(client: FlaskClient, session: Session, draft: Round) -> None:
    coach, leader = make_account(session, "coach"), draft.leaders[0]
    session.commit()

    post(client, f"/rounds/{draft.id}/coaches", **{f"coach-{leader.id}": str(coach.id)})

    session.expire_all()
    assert leader.coach is coach


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (
            {"client": 2, "direct_report": 2},
            "2 direct reports and 2 clients: too few to show apart. Shown together as one group",
        ),
        (
            {"client": 2},
            "2 clients: too few to show. Their answers would appear in no report: add 2 more",
        ),
        (
            {"direct_report": 5, "past_direct_report": 2},
            "2 past direct reports: too few to show apart. Shown together with the direct reports",
        ),
        ({"peer": 4}, "All peers must answer to be shown apart"),
        (
            {"other": 1},
            "Their answers would appear in no report: add 3 more, or take this one off",
        ),
        ({"peer": 6}, "Every group can be shown if enough of it answer"),
    ],
)
def test_what_is_too_small_is_said_before_launch(
    client: FlaskClient, session: Session, hr: Account, groups: dict[str, int], words: str
) -> None:
    round_ = make_round(session)
    make_leader(session, round_, **groups)
    make_leader(session, round_, supervisor=1)
    session.commit()

    for page in (f"/rounds/{round_.id}", f"/rounds/{round_.id}/launch"):
        assert words in " ".join(client.get(page).text.split())
