"""In a real browser, on a phone: the secret stays there, and the page works without a fault."""

import re
from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from core.db import db
from core.keys import KeyStore
from tests import chromium
from tests.factories import make_open_round
from tests.visits import derived, seat_in, secret_for

pytest.importorskip("playwright.sync_api", reason="browser: playwright is missing")
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

CHROMIUM = chromium.find()
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = ViewportSize(width=390, height=844)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="browser: chromium is missing"),
    # Werkzeug leaves a file open when a browser turns the page before it has the fonts.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def address(own_app: Flask) -> Iterator[str]:
    """The application, served on this machine alone."""
    server = make_server("127.0.0.1", 0, own_app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(address: str, secret: str) -> Iterator[Browser]:
    """A browser, there only while the application rests: its event loop would be in the way."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def secret(own_app: Flask) -> str:
    key_store: KeyStore = own_app.extensions["key_store"]
    with own_app.app_context(), db.sessionmaker() as session:
        seat = seat_in(session, make_open_round(session, key_store, peer=4), "peer")
        secret = secret_for(seat, key_store)
        session.commit()
        return secret


@pytest.fixture
def faults(page: Page) -> list[str]:
    """Whatever the browser complains of: a script that fails, a rule of the page's policy that is broken."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport=PHONE, has_touch=True) as context:
        yield context.new_page()


def test_a_rater_answers_on_a_phone(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    page.goto(f"{address}/r#{secret}")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/r/seats")
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "rater"]

    page.get_by_role("link", name="Begin", exact=True).click()
    page.locator("label:has([name=trust1][value='4'])").click()
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/2")
    page.get_by_role("button", name="Back").click()
    page.wait_for_url("**/1")

    assert cookie["value"] == ".".join(derived(secret).values())
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.locator("[name=trust1][value='4']").is_checked()
    assert secret not in "".join(sent) + page.url
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert faults == []


def test_the_secret_leaves_the_address_and_the_way_back(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    page.goto(f"{address}/r#{secret}")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/r/seats")

    page.go_back()

    expect(page.get_by_label("The code from your mail")).to_be_visible()
    assert page.url == f"{address}/r"
    assert secret not in page.content()
    assert not re.search(r'name="(authenticator|sibling)" value="[^"]', page.content())
    assert faults == []


def test_a_link_pasted_into_an_open_page_is_noticed(page: Page, address: str, secret: str) -> None:
    page.goto(f"{address}/r")
    assert page.get_by_role("button", name="Begin", exact=True).is_hidden()

    page.goto(f"{address}/r#{secret}")

    expect(page.get_by_role("button", name="Begin", exact=True)).to_be_visible()
    expect(page.get_by_label("The code from your mail")).to_be_hidden()


def test_without_scripts_the_code_is_pasted(browser: Browser, address: str, secret: str) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/r#{secret}")
        page.get_by_label("The code from your mail").fill(secret)
        page.get_by_role("button", name="Begin with this code").click()

        page.wait_for_url(f"{address}/r/seats")


def test_enter_in_an_answer_does_not_turn_the_page(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    page.goto(f"{address}/r#{secret}")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="Begin", exact=True).click()
    page.wait_for_url("**/1")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    answer = page.locator("[name=trust1][value='4']")
    answer.check()

    answer.press("Enter")
    page.get_by_role("button", name="Save and go on").press("Enter")
    page.wait_for_url("**/2")

    assert sent.count("POST") == 1
    assert faults == []


def test_answers_are_large_enough_for_a_thumb(page: Page, address: str, secret: str) -> None:
    page.goto(f"{address}/r#{secret}")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="Begin", exact=True).click()
    page.wait_for_url("**/1")

    boxes = [label.bounding_box() for label in page.locator(".item label").all()]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert all(box and box["height"] >= 44 for box in boxes)
    assert len(boxes) == 21
    assert overflow <= 0
