"""What runs by itself: the mails to those who sign in."""

from uuid import UUID

from flask import current_app, render_template
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy.orm import Session

from accounts.models import Account
from core.config import Config
from core.jobs import Job
from core.mail import Mail, Renderer

JOBS: list[Job] = []


def welcome(session: Session, account_id: UUID) -> Mail | None:
    """Render the first mail to an account; pointless once a password has been chosen."""
    account = session.get(Account, account_id)
    if account is None or account.password:
        return None
    return _render(account, "welcome", "Your access to Candid360", link=_reset_link(account))


def reset_instructions(session: Session, account_id: UUID) -> Mail | None:
    """Render the link by which a password is chosen; its token is made now and never stored."""
    account = session.get(Account, account_id)
    if account is None or not account.active:
        return None
    link = _reset_link(account)
    return _render(account, "reset_instructions", "Choose a new password", link=link)


def reset_notice(session: Session, account_id: UUID) -> Mail | None:
    account = session.get(Account, account_id)
    if account is None:
        return None
    return _render(account, "reset_notice", "Your password has been changed")


MAILS: dict[str, Renderer] = {
    "welcome": welcome,
    "reset_instructions": reset_instructions,
    "reset_notice": reset_notice,
}


def _render(account: Account, template: str, subject: str, *, link: str = "") -> Mail:
    text = render_template(
        f"accounts/mails/{template}.txt",
        greeting=f"Dear {account.person.name}," if account.person else "Good day,",
        address=account.email,
        link=link,
        forgot=_address(current_app.config["SECURITY_RESET_URL"]),
        days=current_app.config["SECURITY_RESET_PASSWORD_WITHIN"].days,
    )
    return Mail(account.email, subject, text)


def _reset_link(account: Account) -> str:
    path = current_app.config["SECURITY_RESET_URL"]
    token = generate_reset_password_token(account)  # type: ignore[no-untyped-call]  # as it is shipped
    return _address(f"{path}/{token}")


def _address(path: str) -> str:
    """Return a whole address: a job has no request which would know the host."""
    config: Config = current_app.extensions["config"]
    return f"{config.base_url}{path}"
