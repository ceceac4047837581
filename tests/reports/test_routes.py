"""The pages of coaches and leaders: what they show, and to whom they are not there."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account
from core.keys import KeyStore
from core.mail import OutboxMail
from reports.services import open_reports
from surveys.models import Leader
from tests.assess.rounds import by_group, closed_round
from tests.factories import make_account
from tests.reports.conftest import Cast
from tests.statements import counted_statements

SignIn = Callable[[Account], None]


def visit(client: FlaskClient, address: str, method: str = "GET", **form: Any) -> int:
    with client.open(address, method=method, data=form) as response:
        return response.status_code


@pytest.mark.parametrize(
    ("role", "place"), [("hr", "/rounds"), ("coach", "/coach"), ("leader", "/my-report")]
)
def test_everybody_is_sent_to_their_work(
    session: Session, client: FlaskClient, sign_in: SignIn, role: str, place: str
) -> None:
    account = make_account(session, role)
    session.commit()
    sign_in(account)

    assert client.get("/").location == place


def test_who_is_not_signed_in_is_asked_to(client: FlaskClient, session: Session) -> None:
    assert client.get("/").location == "/sign-in"


def test_who_has_no_work_yet_is_told(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    account = make_account(session, "assessor")
    session.commit()
    sign_in(account)

    assert "Nothing for you here yet" in client.get("/").text


def test_a_coach_reads_debriefs_and_releases(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    session.commit()
    sign_in(cast.coach)
    place = f"/coach/{cast.report.leader_id}"

    assert "Read the report, then meet the leader." in client.get("/coach").text
    assert "Three questions worth asking" in client.get(place).text
    assert client.post(f"{place}/debrief", data={"done": "y"}).location == place
    assert "You went through the report together" in client.get(place).text
    assert client.post(f"{place}/release", data={"sure": "y"}).location == place
    assert "has had the report since" in client.get(place).text

    session.expire_all()
    assert cast.report.state == "released"


def test_a_coach_sees_who_answered_and_what_is_asked(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    session.commit()
    sign_in(cast.coach)

    page = client.get(f"/coach/{cast.report.leader_id}").text

    assert "<li>Peers: 5</li>" in page
    assert "<q>Which moment of the last months" in page


@pytest.mark.parametrize("step", ["debrief", "release"])
def test_a_step_without_its_word_is_not_taken(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast, step: str
) -> None:
    session.commit()
    sign_in(cast.coach)

    response = client.post(f"/coach/{cast.report.leader_id}/{step}")

    session.expire_all()
    assert (response.status_code, cast.report.state) == (422, "held")


def test_a_coach_sees_which_questions_are_less_sure(
    session: Session, key_store: KeyStore, client: FlaskClient, sign_in: SignIn
) -> None:
    """With four peers nobody knows whether a whole point matters; that the leader gives it shows."""
    round_ = closed_round(session, key_store, by_group({"self": [5], "peer": [4] * 4}), peer=4)
    leader = round_.leaders[0]
    leader.coach = make_account(session, "coach")
    open_reports(session, round_)
    session.commit()
    sign_in(leader.coach)

    page = client.get(f"/coach/{leader.id}").text

    assert page.index("The figures ask nothing surely.") < page.index("You rate this higher than")
    assert "The figures ask nothing: too few" not in page


def test_releasing_before_the_debrief_says_what_to_do(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    session.commit()
    sign_in(cast.coach)

    response = client.post(f"/coach/{cast.report.leader_id}/release", data={"sure": "y"})

    assert response.status_code == 409
    assert "Record the debrief first" in response.text


def test_the_pdf_comes_under_the_leaders_name(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    session.commit()
    sign_in(cast.coach)

    with client.get(f"/reports/{cast.report.leader_id}.pdf") as response:
        assert response.data.startswith(b"%PDF-1.7")
        assert response.mimetype == "application/pdf"
        assert response.headers["Content-Disposition"].startswith("attachment; filename=leader-")
        assert response.headers["Cache-Control"] == "no-store"


def test_a_leader_gets_the_pdf_once_it_is_released(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    session.commit()
    sign_in(cast.leader)
    address = f"/reports/{cast.report.leader_id}.pdf"

    assert visit(client, address) == 404
    assert "when your coach releases it, or on the day set" in client.get("/my-report").text

    cast.report.debriefed_on = cast.report.released_on = cast.report.leader.round.deadline.date()
    session.commit()

    assert address in client.get("/my-report").text
    assert visit(client, address) == 200


def test_for_nobody_else_is_anything_there(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    cast.report.debriefed_on = cast.report.released_on = cast.report.leader.round.deadline.date()
    session.commit()
    place = f"/coach/{cast.report.leader_id}"

    for account in cast.others:
        sign_in(account)
        assert visit(client, f"/reports/{cast.report.leader_id}.pdf") == 404
        assert visit(client, place) == 404
        assert visit(client, f"{place}/debrief", "POST", done="y") == 404
        assert visit(client, f"{place}/release", "POST", sure="y") == 404


def test_a_refused_release_leaves_no_mail(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    session.execute(sa.delete(OutboxMail))
    session.commit()
    sign_in(cast.others[1])

    visit(client, f"/coach/{cast.report.leader_id}/release", "POST", sure="y")

    assert session.scalars(sa.select(OutboxMail)).all() == []


def test_a_coachs_list_asks_the_database_once_for_all_leaders(
    session: Session, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    round_ = cast.report.leader.round
    session.add_all(Leader(round=round_, name=name, coach=cast.coach) for name in ("Ada", "Bo"))
    session.flush()
    open_reports(session, round_)
    session.commit()
    sign_in(cast.coach)

    with counted_statements(session) as statements:
        page = client.get("/coach").text

    assert page.count("Held by you") == 3
    assert sum("FROM leader" in statement for statement in statements) == 1
