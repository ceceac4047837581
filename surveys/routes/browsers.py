"""What a rater's browser keeps: the key to their sheets, and under a trustee a part that nobody else has."""

from datetime import timedelta
from secrets import token_urlsafe

from flask import Response, after_this_request, current_app, request

from core import clock, tokens
from core.config import Config
from surveys.models import Round

PATH = "/r"
KEY, OWN_PART = "rater", "draft-"
KEPT_AFTER = timedelta(days=30)
"""How long after the deadline its own part stays in a browser: the round may be opened again."""


def kept() -> str:
    """Return the key that this browser was given at the door."""
    return request.cookies.get(KEY, "")


def keep(key: str) -> None:
    """Let this browser keep the key until it is closed."""
    _set_cookie(KEY, key)


def own_part(round_: Round) -> str:
    """Return what this browser alone has of the key of a draft; empty where the round has no trustee.

    It is made where it is not there, so that what is written from now on can be kept.
    """
    if round_.trustee_id is None:
        return ""
    return _own_part(round_) or keep_own_part(round_)


def keep_own_part(round_: Round) -> str:
    """Let this browser keep its own part until a while after the round: a phone closes it at will.

    It comes with each request, and is never written down here: whoever copies what is on our disks has all
    else of which the key of a draft is made.
    """
    own, now = _own_part(round_) or token_urlsafe(tokens.LENGTH), clock.now()
    _set_cookie(_name(round_), own, max_age=max(round_.deadline, now) + KEPT_AFTER - now)
    return own


def forget() -> bool:
    """Take all keys out of this browser; return whether it had a part of its own."""
    own = [name for name in request.cookies if name.startswith(OWN_PART)]

    @after_this_request
    def delete(response: Response) -> Response:
        for name in (KEY, *own):
            response.delete_cookie(name, path=PATH, httponly=True, samesite="Strict")
        return response

    return bool(own)


def _own_part(round_: Round) -> str:
    own = request.cookies.get(_name(round_), "")
    return own if tokens.is_wellformed(own) else ""


def _name(round_: Round) -> str:
    """Name it by its round: each is kept as long as its own needs it."""
    return f"{OWN_PART}{round_.id.hex}"


def _set_cookie(name: str, value: str, *, max_age: timedelta | None = None) -> None:
    config: Config = current_app.extensions["config"]

    @after_this_request
    def set_(response: Response) -> Response:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path=PATH,
            secure=config.is_https,
            httponly=True,
            samesite="Strict",
        )
        return response
