"""HR's pages: what they do, whom they let in, and what they never show."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core import clock
from core.audit import AuditEntry
from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.models import Invitation, Round, Seat
from surveys.queries.rounds import invitations
from surveys.services.rounds import count_answers, launch, lock_round
from tests.factories import (
    NOON,
    make_account,
    make_leader,
    make_line,
    make_person,
    make_round,
    make_version,
)
from tests.statements import counted_statements

SignIn = Callable[[Account], None]


@pytest.fixture
def hr(session: Session, sign_in: SignIn) -> Account:
    """Somebody of HR, signed in."""
    account = make_account(session, "hr")
    session.commit()
    sign_in(account)
    return account


@pytest.fixture
def draft(session: Session, hr: Account) -> Round:
    """A draft which may be launched today, with one leader and five raters."""
    round_ = make_round(session)
    round_.deadline = clock.now() + timedelta(days=14)
    make_leader(session, round_, peer=4)
    session.commit()
    return round_


@pytest.fixture
def open_round(session: Session, draft: Round, key_store: KeyStore) -> Round:
    launch(session, draft, key_store, at=clock.now() - timedelta(days=2))
    session.commit()
    return draft


def post(client: FlaskClient, path: str, **fields: str | list[str]) -> str:
    """Send a form, follow where it leads, and return what is said there."""
    answer = client.post(path, data=fields, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


# --- Drafting


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
    ("field", "value", "words"),
    [
        ("name", "", "Give the round a name"),
        ("last_day", "2020-01-01", "This day is over"),
        ("protection", "none", "Not a valid choice"),
        ("retention_months", "0", "from 1 to 120"),
        ("release_policy", "on_date", "Choose the date"),
    ],
)
def test_a_faulty_draft_is_explained(
    client: FlaskClient, session: Session, hr: Account, field: str, value: str, words: str
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

    assert words in post(client, "/rounds/new", **fields | {field: value})
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
    assert "Guest is not asked" in post(client, f"{place}/seats/{seat.id}/remove")


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
            "2 clients: too few to show. Their ratings would appear nowhere; add 2 more",
        ),
        (
            {"direct_report": 5, "past_direct_report": 2},
            "2 past direct reports: too few to show apart. Shown together with the direct reports",
        ),
        ({"peer": 4}, "All peers must answer to be shown apart"),
        ({"peer": 6}, "Every group can be shown"),
    ],
)
def test_what_is_too_small_is_said_before_launch(
    client: FlaskClient, session: Session, hr: Account, groups: dict[str, int], words: str
) -> None:
    round_ = make_round(session)
    make_leader(session, round_, **groups)
    session.commit()

    for page in (f"/rounds/{round_.id}", f"/rounds/{round_.id}/launch"):
        assert words in " ".join(client.get(page).text.split())


# --- Launched


def test_launch_is_one_click_after_a_page_which_explains_it(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    page = client.get(f"/rounds/{draft.id}/launch").text
    assert "What cannot be taken back" in page
    assert "5 people are sent an invitation" in page

    post(client, f"/rounds/{draft.id}/launch")

    session.expire_all()
    assert draft.state == "open"
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMail)) == 5


def test_a_launch_which_is_refused_says_why(
    client: FlaskClient, session: Session, draft: Round
) -> None:
    draft.deadline = NOON.replace(year=2020)
    session.commit()

    assert "deadline of this round has passed" in post(client, f"/rounds/{draft.id}/launch")


def test_a_round_is_closed_early(client: FlaskClient, session: Session, open_round: Round) -> None:
    assert "There is no way back" in client.get(f"/rounds/{open_round.id}/close").text

    assert "being scored" in post(client, f"/rounds/{open_round.id}/close")

    session.expire_all()
    assert open_round.state == "locked"


def test_every_deed_is_in_the_audit(client: FlaskClient, session: Session, draft: Round) -> None:
    place, later = f"/rounds/{draft.id}", clock.today() + timedelta(days=30)
    post(client, f"{place}/launch")
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


# --- What an attacker in HR would look for


def pages_of(round_: Round) -> list[str]:
    place = f"/rounds/{round_.id}"
    leaders = [f"{place}/leaders/{leader.id}" for leader in round_.leaders]
    return ["/rounds", place, f"{place}/close", f"{place}/links", f"{place}/leaders", *leaders]


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


def test_a_failing_reminder_does_not_say_whose_it_is(
    client: FlaskClient, session: Session, open_round: Round
) -> None:
    session.execute(sa.delete(OutboxMail))
    for invitation in invitations(session, open_round)[:2]:
        failure = f"SMTPRecipientsRefused: {{'{invitation.email}': (550, b'no such mailbox')}}"
        session.add(
            OutboxMail(template="reminder", subject_id=invitation.id, attempts=1, failure=failure)
        )
    session.commit()

    page = client.get(f"/rounds/{open_round.id}").text

    assert "Some reminders could not be sent yet: SMTPRecipientsRefused." in page
    assert not any(str(found.email) in page for found in invitations(session, open_round))


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


# --- What it costs


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
