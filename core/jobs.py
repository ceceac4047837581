"""The queue: features declare jobs, the composition root binds them.

Work is derived from the database, so that a lost or doubled message loses and doubles nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import click
from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey
from huey.api import crontab
from huey.serializer import SignedSerializer

from core import mail
from core.commands import Group
from core.config import Config
from core.db import db


@dataclass(frozen=True)
class Job:
    """A piece of work that can be done at any time, any number of times."""

    name: str
    run: Callable[[], None]
    minute: str = "*"
    hour: str = "*"


def make_queue(config: Config, secret: bytes) -> Huey:
    """Return the queue: in a file beside the database, or in Redis for several machines."""
    serializer = SignedSerializer(secret=secret)
    if config.redis_url:
        return RedisHuey("candid360", url=config.redis_url, serializer=serializer, results=False)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(
        "candid360",
        filename=str(config.data_dir / "jobs.sqlite"),
        serializer=serializer,
        results=False,
    )


def bind(app: Flask, queue: Huey, jobs: Iterable[Job]) -> None:
    """Let the worker run each job on its schedule, in the app's context."""
    app.extensions["huey"] = queue
    app.extensions["jobs"] = {job.name: job for job in jobs}
    for job in app.extensions["jobs"].values():
        schedule = crontab(minute=job.minute, hour=job.hour)
        queue.periodic_task(schedule, name=job.name)(_in_context(app, job))
        queue.task(name=f"{job.name}_now")(_in_context(app, job))


def run_now(names: Iterable[str]) -> None:
    """Do jobs here and now, as a command or a demonstration does."""
    jobs: Mapping[str, Job] = current_app.extensions["jobs"]
    for name in names:
        jobs[name].run()


def deliver_outbox() -> None:
    """Send every waiting mail over one connection; each is committed by itself, so that none goes twice."""
    config: Config = current_app.extensions["config"]
    renderers: Mapping[str, mail.Renderer] = current_app.extensions["mails"]
    due = mail.waiting(db.session)
    db.session.rollback()
    if not due:
        return
    try:
        with mail.open_carrier(config, current_app.extensions["mail"]) as carrier:
            for mail_id in due:
                mail.send(db.session, mail_id, renderers, carrier)
                db.session.commit()
                carrier.be_ready()
    except OSError as error:
        current_app.logger.warning("The mail server cannot be reached (%s); mails wait.", error)


JOBS = [Job("deliver_outbox", deliver_outbox)]


def _in_context(app: Flask, job: Job) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            job.run()

    return run


group = Group("jobs", help="The work that runs by itself.")


@group.command("work")
def work() -> None:
    """Run the worker until it is stopped."""
    click.echo("The worker is running: it looks for work every minute.")
    current_app.extensions["huey"].create_consumer(workers=1, periodic=True).run()


@group.command("now")
@click.argument("names", nargs=-1, required=True)
def now(names: tuple[str, ...]) -> None:
    """Do the jobs NAMES here and now."""
    known = current_app.extensions["jobs"]
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(
            f"there is no job {', '.join(unknown)}: choose from {', '.join(known)}"
        )
    run_now(names)
