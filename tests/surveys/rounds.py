"""What tests of HR's pages share: how somebody signs in, and how a form is sent."""

from collections.abc import Callable

from flask.testing import FlaskClient

from accounts.models import Account

SignIn = Callable[[Account], None]


def post(client: FlaskClient, path: str, **fields: str | list[str]) -> str:
    """Send a form, follow where it leads, and return what is said there."""
    answer = client.post(path, data=fields, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text
