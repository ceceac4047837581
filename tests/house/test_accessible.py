"""The main pages of everybody, on a phone, as axe finds them: no fault against WCAG 2.2, level AA.

The pages are fetched before the browser starts, as its event loop would be in the application's way.
"""

import json
import mimetypes
from collections.abc import Iterator, Mapping
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from core.keys import KeyStore
from tests import chromium
from tests.factories import make_leader, make_round
from tests.house.sources import ROOT
from tests.house.world import World, build

pytest.importorskip("playwright.sync_api", reason="browser: playwright is missing")
from playwright.sync_api import Page, Route, ViewportSize, sync_playwright

CHROMIUM = chromium.find()
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = ViewportSize(width=390, height=844)
AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
LEVELS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
RUN = """async levels => (await axe.run({runOnly: levels})).violations.flatMap(
    broken => broken.nodes.map(node => `${broken.id}: ${node.html}`))"""
HOST = "http://candid360.example"

Shelf = Mapping[str, str]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="browser: chromium is missing")


def addresses(world: World, draft: UUID, drafted: UUID) -> dict[str, list[str]]:
    """Return the main pages of each role; `{draft}` and the like stand for what is in the world."""
    opened, closed = world.places["open"]["leader"], world.places["closed"]["released"]
    round_, seat = f"/rounds/{opened['round_id']}", f"/r/seats/{opened['seat_id']}"
    sheet, key = f"/rounds/{draft}", f"/trustee/{world.places['entrusted']['trustee']['round_id']}"
    return {
        "anonymous": ["/sign-in", "/r", f"/counted/{closed['round_id']}"],
        "rater": ["/r/seats", f"{seat}/1", f"{seat}/send", f"{seat}/decline"],
        "hr": [
            *("/people", "/people/import", "/rounds", "/rounds/new"),
            *(
                sheet,
                f"{sheet}/leaders?everybody=1",
                f"{sheet}/leaders/{drafted}",
                f"{sheet}/launch",
            ),
            *(round_, f"{round_}/leaders/{opened['leader_id']}", f"{round_}/close"),
            *(f"{round_}/links", f"{round_}/links/{opened['invitation_id']}"),
            f"{round_}/reopen",
            f"/rounds/{closed['round_id']}",
        ],
        "coach": ["/coach", f"/coach/{world.places['closed']['leader']['leader_id']}"],
        "released": ["/my-report"],
        "trustee": ["/trustee", key, f"{key}/passphrase"],
        "methodologist": ["/figures", f"/figures/{closed['round_id']}"],
    }


@pytest.fixture
def pages(app: Flask, session: Session, key_store: KeyStore) -> dict[str, str]:
    """What each address answers, by role and address."""
    draft = make_round(session)
    drafted = make_leader(session, draft, peer=4, client=1)
    world = build(app, session, key_store)
    found: dict[str, str] = {}
    for role, asked in addresses(world, draft.id, drafted.id).items():
        client = world.client(role)
        for address in asked:
            answer = client.get(address)
            assert answer.status_code == 200, (role, address)
            found[f"{role} {address}"] = answer.text
    return found


@pytest.fixture
def page(pages: dict[str, str]) -> Iterator[Page]:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport=PHONE)
        browser.close()


def lay_out(route: Route, html: str) -> None:
    """Answer with the page for which the browser asks, or with a file of its look."""
    path = route.request.url.removeprefix(HOST)
    if path.startswith("/static/"):
        route.fulfill(
            path=ROOT / path.removeprefix("/"), content_type=mimetypes.guess_type(path)[0]
        )
    else:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")


def faults_of(page: Page, html: str) -> list[str]:
    page.unroute_all()
    page.route("**/*", lambda route: lay_out(route, html))
    page.goto(f"{HOST}/")
    page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN, LEVELS)
    return found


def test_no_page_keeps_anybody_out(page: Page, pages: dict[str, str]) -> None:
    faults = {address: faults_of(page, html) for address, html in pages.items()}
    broken = {address: found for address, found in faults.items() if found}

    assert broken == {}, json.dumps(broken, indent=1)


def test_a_planted_fault_is_seen(page: Page) -> None:
    found = faults_of(page, '<html lang="en"><title>Planted</title><main><input></main>')

    assert any(fault.startswith("label:") for fault in found)
