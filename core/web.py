"""What every page shares: security headers, error pages, one way to show a rule that was broken."""

from types import TracebackType

from flask import Flask, Response, render_template, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException

from core.errors import DomainError, ForbiddenError, NotFoundError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATUS = {NotFoundError: 404, ForbiddenError: 403}

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]

csrf = CSRFProtect()


class Application(Flask):
    """Says in its log which page failed, not at whose address: a rater's tells who was there when."""

    def log_exception(self, exc_info: ExcInfo) -> None:
        self.logger.error(
            "Exception in %s [%s]", request.endpoint, request.method, exc_info=exc_info
        )


def install(app: Flask, *, https: bool) -> None:
    """Give an app its headers, its protection against forged forms, and its error pages."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # a rater may think for longer than an hour
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)  # it wants the referrer that we never send
    csrf.init_app(app)
    app.after_request(lambda response: _with_headers(response, https=https))
    app.register_error_handler(DomainError, _broken_rule)
    app.register_error_handler(HTTPException, _http_error)


def _with_headers(response: Response, *, https: bool) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if (
        request.endpoint != "static"
    ):  # styles and letters tell nothing, and phones pay for each byte
        response.headers["Cache-Control"] = "no-store"
    if https:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response


def _broken_rule(error: DomainError) -> tuple[str, int]:
    status = STATUS.get(type(error), 409)
    return render_template("errors/error.html", status=status, message=str(error)), status


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.response is not None or (error.code or 0) < 400:  # noqa: PLR2004 - redirects are no errors
        return error
    return render_template("errors/error.html", status=error.code, message=None), error.code or 500
