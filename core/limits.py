"""How often somebody may try: limits on views which guessers would like to call."""

from collections.abc import Callable
from typing import cast

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from core.config import Config


def install(app: Flask, config: Config) -> None:
    """Count in Redis where several processes serve, else in memory; no address is kept on disk."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", config.redis_url or "memory://")
    app.extensions["limits"] = Limiter(get_remote_address, app=app)


def limit_posts(
    app: Flask,
    endpoint: str,
    rate: str,
    *,
    by: Callable[[], str] = get_remote_address,
    counting: Callable[[Response], bool] | None = None,
) -> None:
    """Limit how often a view of this app may be posted to, by address of the caller or by what is tried.

    `counting` says which answers count; without it all do.
    """
    limiter: Limiter = app.extensions["limits"]
    view = cast("Callable[..., ResponseReturnValue]", app.view_functions[endpoint])
    app.view_functions[endpoint] = limiter.limit(
        rate, key_func=by, methods=["POST"], deduct_when=counting
    )(view)
