"""Who signs in, by Flask-Security on our own tables, its mails through our outbox."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast
from uuid import UUID, uuid4

from flask import Flask, g, request, session
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import user_logged_in
from flask_security import MailUtil, Security, auth_required, current_user
from flask_security.datastore import FSQLALiteUserDatastore
from flask_security.forms import ForgotPasswordForm

from accounts.models import Account, Role
from accounts.queries import account_of
from accounts.services import SHORTEST_PASSWORD
from core import limits
from core.db import db
from core.errors import NotFoundError
from core.keys import KeyStore
from core.mail import post

View = Callable[..., ResponseReturnValue]
SETTINGS = {
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
    "SECURITY_RECOVERABLE": True,
    "SECURITY_RESET_PASSWORD_WITHIN": timedelta(days=3),
    "SECURITY_CHANGEABLE": False,
    "SECURITY_TRACKABLE": False,
    "SECURITY_REGISTERABLE": False,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
    "SECURITY_EMAIL_PLAINTEXT": False,  # our outbox renders, when the mail goes
    "SECURITY_EMAIL_HTML": False,
    "SECURITY_CLI_USERS_NAME": "",  # our own commands do it, and leave a trace in the audit log
    "SECURITY_CLI_ROLES_NAME": "",
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_RESET_URL": "/password",
    "SECURITY_POST_LOGIN_VIEW": "/",
    "SECURITY_POST_LOGOUT_VIEW": "/sign-in",
    "SECURITY_POST_RESET_VIEW": "/sign-in",
    "REMEMBER_COOKIE_HTTPONLY": True,
    "REMEMBER_COOKIE_SAMESITE": "Lax",
}
MESSAGES = {
    "GENERIC_AUTHN_FAILED": (
        "This address and this password do not belong together. Check both, or choose a new password.",
        "error",
    ),
    "UNAUTHENTICATED": ("Please sign in to see this page.", "info"),
    "REAUTHENTICATION_REQUIRED": ("Please give your password once more.", "info"),
    "REAUTHENTICATION_SUCCESSFUL": ("Thank you. Please go on.", "info"),
    "PASSWORD_RESET_REQUEST": (
        (
            "If this address belongs to an account, a mail with a link is on its way. "
            "It can take a few minutes."
        ),
        "info",
    ),
    "PASSWORD_RESET_EXPIRED": (
        "This link is older than %(within)s and no longer works. Ask for a new one here.",
        "error",
    ),
    "INVALID_RESET_PASSWORD_TOKEN": (
        "This link does not work, or has been used already. Ask for a new one here.",
        "error",
    ),
    "PASSWORD_RESET_NO_LOGIN": ("Your new password is set. Please sign in with it.", "success"),
    "RETYPE_PASSWORD_MISMATCH": ("The two passwords differ. Type the same one twice.", "error"),
    "PASSWORD_INVALID_LENGTH": ("A password needs at least %(length)s characters.", "error"),
    "PASSWORD_NOT_PROVIDED": ("Your password is missing.", "error"),
    "EMAIL_NOT_PROVIDED": ("Your e-mail address is missing.", "error"),
    "INVALID_EMAIL_ADDRESS": ("This is not an e-mail address.", "error"),
    "FORGOT_PASSWORD": ("Choose a new password", "info"),
    "INVALID_PASSWORD": ("This is not your password.", "error"),
}
TRIES = ("security.login", "security.forgot_password", "security.reset_password", "security.verify")


class OutboxMailUtil(MailUtil):
    """Puts Flask-Security's mails into our outbox; tokens are made when the mail goes."""

    def send_mail(self, template: str, *_rendered: Any, **context: Any) -> None:
        post(db.session, template.rpartition("/")[2], context["user"].id)


class ForgotForm(ForgotPasswordForm):
    """Does the same work and gives the same answer whether the address belongs to an account or not."""

    def validate(self, **_kwargs: Any) -> bool:
        account = account_of(db.session, self.email.data or "")
        self.user = cast("Any", _stand_in(account.id if account else uuid4()))
        return True


def install(app: Flask) -> None:
    messages = {f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()}
    for name, value in (SETTINGS | messages).items():
        app.config.setdefault(name, value)
    key_store: KeyStore = app.extensions["key_store"]
    app.config.setdefault("SECURITY_PASSWORD_SALT", key_store.get_or_create("passwords").hex())
    app.config.setdefault("REMEMBER_COOKIE_SECURE", app.config["SESSION_COOKIE_SECURE"])
    datastore = FSQLALiteUserDatastore(db, cast("Any", Account), cast("Any", Role))
    Security(app, datastore, mail_util_cls=OutboxMailUtil, forgot_password_form=ForgotForm)
    user_logged_in.connect(_renew_csrf_token, app)
    for endpoint in TRIES:
        limits.limit_posts(app, endpoint, "60 per minute")
        limits.limit_posts(app, endpoint, "10 per minute; 50 per hour", by=_address_tried)


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


def _stand_in(account_id: UUID) -> Account:
    """Return what Flask-Security may address a mail to; the outbox finds the account later, if there is one.

    For a real account it would hash the password's hash here and now, so slowly that one could tell.
    """
    return Account(id=account_id, email="", fs_uniquifier="")


def _renew_csrf_token(_app: Flask, **_user: Any) -> None:
    """Forget the token of before: whoever planted that session must not know the token of this one."""
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)


def _address_tried() -> str:
    """Return what stands for the account that is tried, known or not; without one, the caller."""
    email = request.form.get("email", "").strip().casefold()
    return hashlib.sha256(email.encode()).hexdigest() if email else get_remote_address()
