"""The whole web journey: a directory, a round, its raters, close, the coach, and the leader at the end."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask

from accounts.models import Person
from assess.models import PublishedLeaf
from core.db import db
from core.jobs import run_now
from examples.browser import Browser
from examples.demo import (
    HR,
    INSTRUMENT,
    PEOPLE,
    command,
    draft,
    fill_in,
    mails,
    seats,
    sign_in,
)
from examples.opinions import Opinion, Opinions
from instruments.queries import shipped_instrument
from surveys.models import Invitation, Leader, Round, Seat

HR_EMAIL = f"{HR}@kestrelvale.example"
COACH, OTHER_COACH = "first.coach@kestrelvale.example", "second.coach@kestrelvale.example"
LEADERS = ("begona.etxaburu", "dragoslav.jovicevski")
CANARY = "A canary sings in this comment, and nowhere else."


@pytest.fixture
def round_app(own_app: Flask) -> Flask:
    command(own_app, "create", HR_EMAIL, "--role", "hr", "--password-stdin")
    for coach in (COACH, OTHER_COACH):
        command(own_app, "create", coach, "--role", "coach", "--password-stdin")
    return own_app


def test_a_whole_round(round_app: Flask, tmp_path: Path) -> None:
    hr = Browser(round_app.test_client())
    sign_in(hr, HR_EMAIL)
    import_the_company(hr)
    path = launch_a_round(hr, round_app)

    run(round_app, "deliver_outbox")
    invitations = mails(tmp_path / "mail")
    assert len(invitations) == count(round_app, Invitation)
    everybody_answers(round_app, invitations)
    assert CANARY.encode() not in everything_on_disk(tmp_path)

    hr.open(f"{path}/close")
    hr.send()
    run(round_app, "close_locked_rounds", "open_reports")
    nothing_of_the_raters_is_left(round_app)
    the_report_goes_its_way(round_app, tmp_path)


def import_the_company(hr: Browser) -> None:
    """Upload the people file, look at the preview, confirm."""
    hr.open("/people/import")
    hr.send("/people/import", file=(BytesIO(PEOPLE.read_bytes()), "people.csv"))
    hr.send("/people/import/confirm")


def launch_a_round(hr: Browser, app: Flask) -> str:
    """Draft a round of two leaders with a coach each, let raters be proposed, launch; return its path."""
    path = draft(hr, name="Journey")
    hr.open(f"{path}/leaders")
    hr.send(f"{path}/leaders", people=people_of(app))
    hr.send(f"{path}/propose")
    asked = next(form.asked for form in hr.page.forms if form.action == f"{path}/coaches")
    first, second = asked
    hr.send(f"{path}/coaches", **{first: asked[first][1], second: asked[second][2]})
    hr.open(f"{path}/launch")
    hr.send()
    return path


def everybody_answers(app: Flask, invitations: list[str]) -> None:
    """Answer as every rater; the first declines once, comes back, and changes what they have sent."""
    opinions = Opinions(shipped_instrument(INSTRUMENT), np.random.default_rng(7))
    for number, mail in enumerate(invitations):
        browser = Browser(app.test_client())
        for seat_id in seats(browser, mail):
            opinion = opinions.of("anybody", "peer")
            if number == 0:
                think_again(browser, f"/r/seats/{seat_id}")
            fill_in(browser, seat_id, Opinion(opinion.ratings, {"helps_most": CANARY}))
            assert browser.path == f"/r/seats/{seat_id}/sent"


def think_again(browser: Browser, seat: str) -> None:
    """Decline, take it up after all, answer one page, leave, and find it saved on coming back."""
    browser.open(f"{seat}/decline")
    browser.send()
    browser.send(f"{seat}/take-up")
    item, choices = next(iter(browser.page.form_to("").asked.items()))
    browser.send(**{item: choices[0], "turn-later": "1"})
    browser.open(f"{seat}/send")
    assert "1 of 5 answered" in browser.text


def nothing_of_the_raters_is_left(app: Flask) -> None:
    with app.app_context():
        assert db.session.scalars(sa.select(Round)).one().is_swept
        kept = sa.or_(Seat.envelope.is_not(None), Seat.draft.is_not(None))
        assert db.session.scalars(sa.select(Seat).where(kept)).all() == []
        assert list(app.extensions["key_store"].directory.glob("round-*")) == []
        assert db.session.scalars(sa.select(PublishedLeaf)).all() != []


def the_report_goes_its_way(app: Flask, folder: Path) -> None:
    """The coach reads first; the other coach and HR never; the leader after the debrief."""
    coach, other, hr = (Browser(app.test_client()) for _ in range(3))
    for browser, email in ((coach, COACH), (other, OTHER_COACH), (hr, HR_EMAIL)):
        sign_in(browser, email)
    workspace = next(link for link in coach.open("/coach").links if link.startswith("/coach/"))
    pdf = workspace.replace("/coach/", "/reports/") + ".pdf"
    for stranger in (other, hr, Browser(app.test_client())):
        assert stranger.client.get(pdf).status_code in {302, 404}

    read_by_coach = coach.client.get(pdf)
    assert read_by_coach.data.startswith(b"%PDF-")
    coach.open(workspace)
    coach.send(f"{workspace}/debrief", done="y")
    assert the_leader(app, workspace).client.get(pdf).status_code == 404
    coach.send(f"{workspace}/release", sure="y")
    run(app, "deliver_outbox")

    leader = the_leader(app, workspace)
    assert pdf in leader.open("/my-report").links
    assert leader.client.get(pdf).data == read_by_coach.data
    assert any("/my-report" in mail for mail in mails(folder / "mail"))


def the_leader(app: Flask, workspace: str) -> Browser:
    """Return a browser in which the leader of a workspace is signed in."""
    with app.app_context():
        leader_id = workspace.removeprefix("/coach/")
        person = next(
            leader.person
            for leader in db.session.scalars(sa.select(Leader))
            if str(leader.id) == leader_id
        )
        assert person is not None
        email, key = person.email, person.key
    command(app, "create", email, "--role", "leader", "--person", key, "--password-stdin")
    browser = Browser(app.test_client())
    sign_in(browser, email)
    return browser


def people_of(app: Flask) -> list[str]:

    with app.app_context():
        return [
            str(one)
            for one in db.session.scalars(sa.select(Person.id).where(Person.key.in_(LEADERS)))
        ]


def run(app: Flask, *jobs: str) -> None:
    with app.app_context():
        run_now(jobs)


def count(app: Flask, table: type[Invitation]) -> int:
    with app.app_context():
        return db.session.scalars(sa.select(sa.func.count()).select_from(table)).one()


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
