"""A rater's visit through the pages' own forms, forgery protection and all."""

import re
from collections.abc import Mapping
from html import unescape

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core import tokens
from core.keys import KeyStore
from surveys.models import Invitation, Round, Seat
from surveys.services.rounds import secret_of

ALL_TRUST = {"trust1": "4", "trust2": "NA", "trust3": "5"}


class Visit:
    """A browser of its own: it keeps its cookies, and sends the token of the page it last saw."""

    def __init__(self, app: Flask) -> None:
        app.config["WTF_CSRF_ENABLED"] = True
        self.client = app.test_client()
        self.token = ""

    def get(self, address: str) -> TestResponse:
        response = self.client.get(address)
        self._remember(response)
        return response

    def post(self, address: str, **fields: str) -> TestResponse:
        form = {"csrf_token": self.token} | {
            name.replace("__", "-"): f for name, f in fields.items()
        }
        response = self.client.post(address, data=form)
        self._remember(response)
        return response

    def follow(self, address: str, **fields: str) -> TestResponse:
        """Post a form and go where it leads."""
        return self.get(self.post(address, **fields).location)

    def begin(self, secret: str) -> TestResponse:
        """Enter as the page does where scripts run."""
        self.get("/r")
        return self.post("/r/enter", **derived(secret))

    def _remember(self, response: TestResponse) -> None:
        found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
        self.token = unescape(found[1]) if found else self.token


def derived(secret: str) -> Mapping[str, str]:
    return {
        purpose: tokens.derive(secret, f"candid360 {purpose}")
        for purpose in ("authenticator", "sibling")
    }


def sheet_address(seat: Seat, page: int | str) -> str:
    return f"/r/seats/{seat.id}/{page}"


def is_checked(response: TestResponse, item: str, value: str) -> bool:
    return bool(re.search(rf'name="{item}" value="{value}" checked', response.text))


def seat_in(session: Session, round_: Round, group: str) -> Seat:
    query = select(Seat).join(Seat.invitation).where(Invitation.round_id == round_.id)
    return session.scalars(query.where(Seat.group == group).order_by(Seat.id)).first() or _none()


def secret_for(seat: Seat, key_store: KeyStore) -> str:
    return secret_of(seat.invitation, key_store)


def _none() -> Seat:
    raise LookupError("the round has no such seat")
