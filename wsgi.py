"""The composition root: settings, extensions, features, error pages. Nobody imports it but tests."""

import os
import resource
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_mail import Mail
from werkzeug.middleware.proxy_fix import ProxyFix

import accounts.cli
import accounts.jobs
import accounts.models
import accounts.routes
import assess.cli
import assess.jobs
import assess.models
import assess.routes
import instruments.cli
import instruments.models
import reports.cli
import reports.jobs
import reports.models
import reports.routes
import surveys.cli
import surveys.jobs
import surveys.models
import surveys.routes.counted
import surveys.routes.raters
import surveys.routes.rounds
import surveys.routes.seats
import surveys.routes.trustees
from accounts import sign_in
from core import audit, jobs, limits, migrations, web
from core.config import Config, ConfigError
from core.db import db, prepare_sqlite
from core.keys import KeyStore, open_key_store

ROOT = Path(__file__).parent
BLUEPRINTS = (
    accounts.routes.bp,
    surveys.routes.rounds.bp,
    surveys.routes.seats.bp,
    surveys.routes.trustees.bp,
    surveys.routes.raters.bp,
    surveys.routes.counted.bp,
    assess.routes.bp,
    reports.routes.bp,
)
COMMANDS = (
    accounts.cli.group,
    instruments.cli.group,
    surveys.cli.group,
    assess.cli.group,
    reports.cli.group,
    jobs.group,
)
JOBS = [*jobs.JOBS, *surveys.jobs.JOBS, *assess.jobs.JOBS, *reports.jobs.JOBS]
TABLES = (audit.AuditEntry,)  # a table that no feature imports yet must still be migrated
MAILS = {**accounts.jobs.MAILS, **surveys.jobs.MAILS, **assess.jobs.MAILS, **reports.jobs.MAILS}

HOPELESS = 3
"""Tells gunicorn that a worker started again would end the same way."""


def create_app(config: Config | None = None, **settings: Any) -> Flask:
    """Return the application; `settings` override Flask's own, for tests."""
    config, key_store = _start(config)
    app = web.Application("candid360", root_path=str(ROOT))
    secret = config.secret_key or key_store.get_or_create("session").hex()
    app.config.from_mapping(config.flask_settings() | {"SECRET_KEY": secret} | settings)
    app.extensions |= {"config": config, "key_store": key_store, "mails": MAILS}

    _install_database(app, config)
    Mail(app)
    web.install(app, https=config.is_https)  # before signing in, which rests on its CSRF protection
    limits.install(app, config)
    sign_in.install(app)
    jobs.bind(app, jobs.make_queue(config, secret.encode()), JOBS)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies)  # type: ignore[method-assign]  # as Flask's own documentation does
    return app


def _start(config: Config | None) -> tuple[Config, KeyStore]:
    """Return the settings and the key store; a sentence, no traceback, where they are wrong."""
    os.umask(0o077)  # what we write is for this user alone
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the answers of a closing round are in memory
    try:
        config = config or Config.from_env()
        return config, open_key_store(config)
    except ConfigError as error:
        click.echo(f"Candid360 cannot start. {error}", err=True)
        raise SystemExit(HOPELESS) from None


def _install_database(app: Flask, config: Config) -> None:
    if config.database_file:
        config.database_file.parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            prepare_sqlite(engine)
    migrations.install(app)
