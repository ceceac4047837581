"""One round in an invented company, from an empty database to the reports: `make demo`.

Everything goes the way it goes in earnest: HR fills in the pages' own forms, the invitations go through the
outbox into a local spool, every rater follows the link of their own mail and answers page by page, and the
job that closes rounds opens the envelopes.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

import click
import numpy as np
import sqlalchemy as sa
from flask import Flask

from accounts.models import Person
from assess.scorecards.reading import round_card, scorecard
from core import clock
from core.config import Config
from core.db import db
from core.jobs import run_now
from examples.browser import Browser
from examples.opinions import Opinion, Opinions
from instruments.queries import shipped_instrument
from reports.collected import write
from surveys.models import Invitation, Leader, Round, Seat
from wsgi import create_app

ROOT = Path(__file__).parents[1]
PEOPLE = Path(__file__).with_name("people.csv")
INSTRUMENT = "manager_coaching_effectiveness"
PASSWORD = "a-round-in-kestrelvale"  # noqa: S105 - of people who do not exist, in a database made anew each time
HR = "ingrid.sjostrandh"
COACHES = ("coach.aalto@kestrelvale.example", "coach.moreau@kestrelvale.example")
SILENT = 0.04
"""How many of the sheets are never sent: somebody always forgets."""
SEED = 360


def main() -> None:
    """Run the round and say where everything is."""
    folder = ROOT / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    app = make_app(folder)
    with app.app_context():
        app.extensions["alembic"].upgrade()
        settle(app)
    launch(Browser(app.test_client()))
    run(app, "deliver_outbox")
    answer(app, mails(folder / "mail"), folder=folder)
    close(Browser(app.test_client()))
    run(app, "close_locked_rounds", "open_reports")
    with app.app_context():
        report(folder)
    leader = person_of(app, release(Browser(app.test_client())))
    run(app, "deliver_outbox")
    let_in(app, leader)
    say_where(folder, leader)


def run(app: Flask, *jobs: str) -> None:
    with app.app_context():
        run_now(jobs)


def make_app(folder: Path) -> Flask:
    environment = {"DATA_DIR": str(folder / "data"), "MAIL_SPOOL": str(folder / "mail")}
    logging.getLogger("core.keys").setLevel(logging.ERROR)  # the first time is all there is here
    app = create_app(Config.from_env(environment), RATELIMIT_ENABLED=False)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return app


def settle(app: Flask) -> None:
    """Import the company, and let HR, the coaches and the leaders in."""
    command(app, "import-people", str(PEOPLE))
    command(app, "create", _email(HR), "--role", "hr", "--person", HR, "--password-stdin")
    for coach in COACHES:
        command(app, "create", coach, "--role", "coach", "--password-stdin")


def draft(browser: Browser, **words: str) -> str:
    """Fill in the form of a new round, and return where the round is."""
    browser.open("/rounds/new")
    browser.send(
        instrument=offered_instrument(browser),
        last_day=f"{clock.today() + timedelta(days=14)}",
        purpose="development",
        protection="standard",
        release_policy="by_coach",
        retention_months="24",
        **words,
    )
    return browser.path


def command(app: Flask, *arguments: str) -> None:
    """Run one of the operator's commands about people."""
    result = app.test_cli_runner().invoke(args=["accounts", *arguments], input=f"{PASSWORD}\n")
    if result.exit_code:
        raise SystemExit(result.output)


def launch(browser: Browser) -> None:
    """Let HR draft a round of all heads of departments but herself, propose raters, and launch."""
    sign_in(browser, _email(HR))
    round_path = draft(
        browser,
        name="Coaching round, autumn",
        notice="We want to become better at developing people. Your view is where that begins.",
        contact="Ingrid Sjöstrandh, ingrid.sjostrandh@kestrelvale.example",
    )
    browser.open(f"{round_path}/leaders")
    browser.send(f"{round_path}/leaders", people=_heads(browser))
    browser.send(f"{round_path}/propose")
    browser.send(f"{round_path}/coaches", **_coaches_in_turn(browser))
    browser.open(f"{round_path}/launch")
    browser.send()
    click.echo("Ingrid Sjöstrandh of HR has launched a round.")


def mails(spool: Path) -> list[str]:
    """Return the text of every mail in the spool."""
    parsed = (
        message_from_bytes(path.read_bytes(), policy=default) for path in sorted(spool.iterdir())
    )
    bodies = (message.get_body(("plain",)) for message in parsed)
    return [body.get_content() for body in bodies if body]


def answer(app: Flask, invitations: Sequence[str], *, folder: Path) -> None:
    """Let every rater follow their link and answer about everybody they are asked about."""
    follow = partial(follow_link, folder, think(app))
    label = f"{len(invitations)} raters answer"
    with (
        ProcessPoolExecutor(mp_context=get_context("spawn")) as pool,
        click.progressbar(length=len(invitations), label=label) as bar,
    ):
        for _ in pool.map(follow, invitations):
            bar.update(1)


def think(app: Flask) -> dict[UUID, Opinion]:
    """Draw what is answered on each sheet that is sent, the same whenever the demonstration is run."""
    sheets = (
        sa.select(Seat.id, Leader.name, Seat.group)
        .join(Leader)
        .join(Invitation)
        .order_by(Leader.name, Seat.group, Invitation.email)
    )
    rng = np.random.default_rng(SEED)
    opinions = Opinions(shipped_instrument(INSTRUMENT), rng)
    with app.app_context():
        asked = db.session.execute(sheets).all()
    return {
        seat_id: opinions.of(leader, group)
        for seat_id, leader, group in asked
        if group == "self" or rng.random() > SILENT
    }


def follow_link(folder: Path, opinions: Mapping[UUID, Opinion], mail: str) -> None:
    """Follow one rater's link and send their sheets."""
    browser = Browser(served(folder).test_client())
    for seat_id in seats(browser, mail):
        if seat_id in opinions:
            fill_in(browser, seat_id, opinions[seat_id])


@cache
def served(folder: Path) -> Flask:
    """Return the application of this process: raters answer on every core."""
    return make_app(folder)


def seats(browser: Browser, mail: str) -> list[UUID]:
    """Return the sheets which a link leads to."""
    links = browser.enter(mail).links
    return [UUID(link.split("/")[3]) for link in links if link.endswith("/1")]


def fill_in(browser: Browser, seat_id: UUID, opinion: Opinion) -> None:
    """Answer a sheet page by page, look it over, and send it."""
    browser.open(f"/r/seats/{seat_id}/1")
    given = {**opinion.ratings, **opinion.comments}
    while not browser.path.endswith("/send"):
        asked = browser.page.form_to("").asked
        browser.send(**{key: value for key, value in given.items() if key in asked})
    browser.send()


def close(browser: Browser) -> None:
    """Let HR close the round."""
    sign_in(browser, _email(HR))
    browser.open("/rounds")
    path = next(link for link in browser.page.links if _is_round(link))
    browser.open(f"{path}/close")
    browser.send()


def report(folder: Path) -> None:
    """Write what may be said of the round and of each leader."""
    round_ = db.session.scalars(sa.select(Round)).one()
    cards = [scorecard(db.session, leader) for leader in round_.leaders]
    documents = write(round_card(db.session, round_), cards, folder, with_pdf=True)
    with click.progressbar(
        documents, length=1 + 2 * len(cards), label="Reports are written "
    ) as bar:
        for _ in bar:
            pass


def release(browser: Browser) -> UUID:
    """Let a coach debrief one leader and release the report; return which leader's."""
    sign_in(browser, COACHES[0])
    browser.open("/coach")
    path = next(link for link in browser.page.links if link.startswith("/coach/"))
    browser.open(path)
    browser.send(f"{path}/debrief", done="y")
    browser.send(f"{path}/release", sure="y")
    return UUID(path.removeprefix("/coach/"))


def let_in(app: Flask, person: Person) -> None:
    """Give a leader the password that everybody has here."""
    command(
        app, "create", person.email, "--role", "leader", "--person", person.key, "--password-stdin"
    )


def person_of(app: Flask, leader_id: UUID) -> Person:
    with app.app_context():
        return db.session.scalars(
            sa.select(Person).join(Leader).where(Leader.id == leader_id)
        ).one()


def say_where(folder: Path, leader: Person) -> None:
    """Tell where everything is, and who may look at what."""
    click.echo(f"""
The reports are in {folder}:
  one PDF and one JSON for each of {len(list(folder.glob("*.pdf")))} leaders, and round.json for the round.
  All mails are in {folder / "mail"}.

To look around, run

  make run

and sign in at http://localhost:5000 with the password {PASSWORD} as
  HR      {_email(HR)}
  coach   {COACHES[0]}
  leader  {leader.email} ({leader.name}, whose report is released)
""")


def sign_in(browser: Browser, email: str) -> None:
    browser.open("/sign-in")
    browser.send("/sign-in", email=email, password=PASSWORD)


def _email(key: str) -> str:
    return f"{key}@kestrelvale.example"


def offered_instrument(browser: Browser) -> str:
    """Return the shipped instrument among those which the form offers."""
    return next(
        key for key in browser.page.form_to("").asked["instrument"] if key.startswith(INSTRUMENT)
    )


def _heads(browser: Browser) -> list[str]:
    """Return the heads of departments whom HR may choose; HR itself is not among them."""
    offered = next(form.asked["people"] for form in browser.page.forms if "people" in form.asked)
    with browser.client.application.app_context():
        heads = db.session.scalars(sa.select(Person.id).where(Person.level == "leader"))
        return [str(head) for head in heads if str(head) in offered]


def _coaches_in_turn(browser: Browser) -> dict[str, str]:
    """Return a coach for each leader, every coach as often as the others."""
    asked = next(form.asked for form in browser.page.forms if form.action.endswith("/coaches"))
    return {
        name: offered[1 + number % len(COACHES)]
        for number, (name, offered) in enumerate(asked.items())
    }


def _is_round(link: str) -> bool:
    return link.startswith("/rounds/") and link != "/rounds/new"


if __name__ == "__main__":
    main()
