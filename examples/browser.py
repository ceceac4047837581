"""A browser without a screen: it reads the forms of our own pages and sends them back filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import IO

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import tokens

Attributes = list[tuple[str, str | None]]
SECRET = re.compile(r"/r#([\w-]{43})")
Filled = str | list[str] | tuple[IO[bytes], str]
"""What goes into a field: a text, several choices, or a file with its name."""

TYPED = {"text", "email", "password", "date", "number", "search"}
PICKED = {"radio", "checkbox"}


@dataclass
class Form:
    """One form: where it goes, what it carries already, and what it asks for with what may be picked."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """The forms and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(own.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(own.get("action", "")))
        elif tag == "option":
            self.forms[-1].asked[self._select].append(own.get("value", ""))
        elif self.forms and "name" in own:
            self._take(tag, own)

    def _take(self, tag: str, own: Mapping[str, str]) -> None:
        form, name = self.forms[-1], own["name"]
        if tag in {"textarea", "select"} or own.get("type") in TYPED | PICKED:
            self._select = name
            form.asked.setdefault(name, [])
        if own.get("type") in PICKED:
            form.asked[name].append(own.get("value", ""))
        elif tag == "input" and own.get("type") == "hidden":
            form.fields[name] = own.get("value", "")

    def form_to(self, action: str) -> Form:
        """Return the form with an action; one without an action goes to the page's own address."""
        return next(form for form in self.forms if form.action == action)


class Browser:
    """Follows pages as a person does, one click after another."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.path = self.text = ""
        self.page = Page("")

    def open(self, path: str) -> Page:
        return self._arrive(self.client.get(path, follow_redirects=True))

    def send(self, action: str = "", /, **filled: Filled) -> Page:
        """Fill in the form of this page with that action, and send it."""
        data = {**self.page.form_to(action).fields, **filled}
        return self._arrive(self.client.post(action or self.path, data=data, follow_redirects=True))

    def enter(self, mail: str) -> Page:
        """Follow the link of an invitation, as the page's script does."""
        found = SECRET.search(mail)
        if found is None:
            raise ValueError("there is no link in this mail")
        self.open("/r")
        return self.send(
            "/r/enter",
            authenticator=tokens.derive(found[1], "candid360 authenticator"),
            sibling=tokens.derive(found[1], "candid360 sibling"),
        )

    def _arrive(self, response: TestResponse) -> Page:
        if response.status_code >= 400:  # noqa: PLR2004 - HTTP's line between well and not well
            raise RuntimeError(f"{response.request.path}: {response.status}\n{response.text}")
        self.path, self.text = response.request.path, response.text
        self.page = Page(self.text)
        return self.page
