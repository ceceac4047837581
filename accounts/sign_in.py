"""Who signs in, by Flask-Security on our own tables, its mails through our outbox."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_security import MailUtil, Security, auth_required, current_user
from flask_security.datastore import FSQLALiteUserDatastore

from accounts.models import Account, Role
from core.db import db
from core.errors import NotFoundError
from core.mail import post

View = Callable[..., ResponseReturnValue]
SETTINGS = {
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_LENGTH_MIN": 12,
    "SECURITY_RECOVERABLE": True,
    "SECURITY_CHANGEABLE": False,
    "SECURITY_TRACKABLE": False,
    "SECURITY_REGISTERABLE": False,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_RESET_URL": "/password",
    "SECURITY_POST_LOGIN_VIEW": "/",
    "SECURITY_POST_LOGOUT_VIEW": "/sign-in",
}


class OutboxMailUtil(MailUtil):  # type: ignore[misc]  # Flask-Security ships no types
    """Puts Flask-Security's mails into our outbox; tokens are made when the mail goes."""

    def send_mail(self, template: str, *_args: Any, user: Account, **_context: Any) -> None:
        post(db.session, template, user.id)


def install(app: Flask) -> None:
    settings = {name: value for name, value in SETTINGS.items() if value is not None}
    for name, value in settings.items():
        app.config.setdefault(name, value)
    app.config.setdefault("SECURITY_PASSWORD_SALT", app.config["SECRET_KEY"])
    datastore = FSQLALiteUserDatastore(db, Account, Role)
    Security(app, datastore, mail_util_cls=OutboxMailUtil)


def current_account() -> Account:
    """Return who is signed in; only for views that ask for it by `needs_role`."""
    account: Account = current_user._get_current_object()  # noqa: SLF001 - the proxy would outlive the request
    return account


def needs_role(*names: str) -> Callable[[View], View]:
    """Let in only who is signed in and has one of the roles; others learn nothing of the page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if not any(current_account().has_role(name) for name in names):
                raise NotFoundError("There is nothing here for you.")
            return view(*args, **kwargs)

        checked: View = auth_required("session")(guarded)
        return checked

    return decorate
