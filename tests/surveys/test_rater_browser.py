"""In a real browser, on a phone: the secret stays there, and the page works without a fault."""

import re
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from core import clock
from core.db import db
from core.keys import KeyStore
from surveys.forms.hints import Known, hints
from surveys.forms.receipts import written
from surveys.models import CountedSheet
from surveys.services.rounds import launch
from surveys.services.trustees import name_trustee
from tests import chromium
from tests.factories import make_account, make_leader, make_open_round, make_round
from tests.surveys.keys import PASSPHRASE, take
from tests.visits import derived, seat_in, secret_for

pytest.importorskip("playwright.sync_api", reason="browser: playwright is missing")
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect, sync_playwright

CHROMIUM = chromium.find()
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = ViewportSize(width=390, height=844)
expect.set_options(timeout=30_000)  # as for everything else: a busy machine is slow

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


def begin(page: Page, address: str, secret: str) -> None:
    page.goto(f"{address}/r#{secret}")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/r/seats")


def open_sheet(page: Page) -> None:
    page.get_by_role("link", name="Begin", exact=True).click()
    page.wait_for_url("**/1")


def test_a_rater_answers_on_a_phone(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    begin(page, address, secret)
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "rater"]

    open_sheet(page)
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
    begin(page, address, secret)

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
    begin(page, address, secret)
    open_sheet(page)
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
    begin(page, address, secret)
    open_sheet(page)

    boxes = [label.bounding_box() for label in page.locator(".item label").all()]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert all(box and box["height"] >= 44 for box in boxes)
    assert len(boxes) == 21
    assert overflow <= 0


def test_a_press_is_not_lost_when_letters_arrive_late(
    page: Page, address: str, secret: str
) -> None:
    """What moves under a finger between pressing and letting go is not pressed."""
    late: list[Route] = []
    page.route("**/*.woff2", lambda route: late.append(route))  # noqa: PLW0108 - Playwright marks it
    page.goto(f"{address}/r#{secret}", wait_until="domcontentloaded")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/r/seats", wait_until="domcontentloaded")
    page.get_by_role("link", name="Begin", exact=True).hover()

    page.mouse.down()
    for route in late:
        route.continue_()
    page.wait_for_load_state()
    page.mouse.up()

    page.wait_for_url("**/1", wait_until="domcontentloaded")


# --- The receipt


def send(page: Page) -> str:
    """Turn the pages that are left, send, and return the receipt."""
    while not page.url.endswith("/send"):
        with page.expect_navigation():
            page.get_by_role("button", name="Save and").first.click()
    page.locator("button[name=send]").click()
    page.wait_for_url("**/sent")
    return page.locator("#receipt").inner_text()


def test_answers_can_be_changed_until_close_and_each_time_have_a_receipt(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    begin(page, address, secret)
    open_sheet(page)
    page.locator("label:has([name=trust1][value='4'])").click()
    first = send(page)

    page.context.clear_cookies()  # another day, another browser
    begin(page, address, secret)
    page.get_by_role("link", name="Change", exact=True).click()
    page.wait_for_url("**/1")
    kept = page.locator("[name=trust1][value='4']").is_checked()
    page.locator("label:has([name=trust1][value='2'])").click()
    second = send(page)
    page.goto(f"{address}/r/seats")
    page.get_by_role("link", name="Receipt").click()
    page.wait_for_url("**/sent")

    assert kept
    assert re.fullmatch("([0-9a-f]{4} ){9}[0-9a-f]{4}", first)
    assert second != first
    assert page.locator("#receipt").inner_text() == second
    assert faults == []


def test_the_receipt_is_copied_with_the_address_of_the_list(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begin(page, address, secret)
    open_sheet(page)
    page.locator("label:has([name=trust1][value='4'])").click()
    receipt = send(page)

    page.get_by_role("button", name="Copy receipt and address").click()

    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied == [receipt, page.locator("#receipt-list").get_attribute("href")]
    assert faults == []


DIGESTS = [bytes([number]) * 20 for number in (9, 200, 31)]


@pytest.fixture
def list_path(own_app: Flask) -> str:
    """The list of a round that is over."""
    with own_app.app_context(), db.sessionmaker() as session:
        round_ = make_open_round(session, own_app.extensions["key_store"], peer=4)
        session.add_all(CountedSheet(round_id=round_.id, digest=digest) for digest in DIGESTS)
        session.commit()
        return f"/counted/{round_.id}"


def test_a_receipt_is_found_in_the_list_and_sent_nowhere(
    list_path: str, page: Page, faults: list[str], address: str
) -> None:
    page.goto(f"{address}{list_path}")
    page.wait_for_load_state("networkidle")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    field, answer = page.get_by_label("Your receipt"), page.locator("#found")

    field.fill(written(b"x" * 20))
    expect(answer).to_contain_text("not in the list")
    field.fill(f" {written(DIGESTS[0]).upper()}\n")
    expect(answer).to_contain_text("your sheet was counted")

    assert page.locator("#line").inner_text() == written(DIGESTS[0])
    assert sent == faults == []


def test_without_scripts_the_browser_itself_looks(
    list_path: str, browser: Browser, address: str
) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}{list_path}")

        expect(page.get_by_text("press Ctrl and F")).to_be_visible()
        expect(page.get_by_label("Your receipt")).to_be_hidden()
        expect(page.get_by_text(written(DIGESTS[1]))).to_be_visible()


# --- Under a trustee: a draft opens in the browser where it was written


@pytest.fixture
def entrusted_secret(own_app: Flask, cheap_passphrases: None) -> str:
    key_store: KeyStore = own_app.extensions["key_store"]
    with own_app.app_context(), db.sessionmaker() as session:
        round_ = make_round(session)
        make_leader(session, round_, peer=4)
        name_trustee(session, round_, make_account(session, "trustee"), key_store)
        take(session, round_, key_store, PASSPHRASE)
        launch(session, round_, key_store, at=clock.now())
        secret = secret_for(seat_in(session, round_, "peer"), key_store)
        session.commit()
        return secret


Cookies = Mapping[str, Any]
"""The cookies of a browser by their name, each with its flags."""


@pytest.fixture
def left(entrusted_secret: str, browser: Browser, address: str) -> Cookies:
    """What a browser holds in which somebody has answered one question."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        begin(page, address, entrusted_secret)
        expect(page.get_by_text("You can stop and come back in this browser")).to_be_visible()
        open_sheet(page)
        page.locator("[name=trust1][value='4']").check()
        page.get_by_role("button", name="Save and go on").click()
        page.wait_for_url("**/2")
        return {cookie["name"].partition("-")[0]: cookie for cookie in context.cookies()}


@pytest.mark.parametrize(
    ("kept", "offered"),
    [
        (("rater", "draft"), "Go on"),
        (("draft",), "Go on"),
        (("rater",), "Begin here"),
        ((), "Begin here"),
    ],
)
def test_a_draft_is_shown_where_it_was_written_and_elsewhere_it_is_said_that_it_cannot_be(
    entrusted_secret: str,
    browser: Browser,
    address: str,
    left: Cookies,
    kept: tuple[str, ...],
    offered: str,
) -> None:
    is_own = "draft" in kept
    with browser.new_context(viewport=PHONE) as context:
        context.add_cookies([left[name] for name in kept])
        page = context.new_page()
        page.goto(f"{address}/r/seats")
        if "rater" not in kept:
            begin(page, address, entrusted_secret)
        assert page.get_by_text("What you began cannot be shown here").count() == (not is_own)
        page.get_by_role("link", name=offered, exact=True).click()
        page.goto(page.url.rpartition("/")[0] + "/1")

        assert page.get_by_text("What you save here takes its place").count() == (not is_own)
        assert page.locator("[name=trust1][value='4']").is_checked() == is_own


# --- Hints while writing


def test_the_page_finds_while_writing_what_the_server_finds(
    page: Page, faults: list[str], address: str, secret: str
) -> None:
    text = (
        "As the only engineer I asked in March 2024, on 12 May and 12.3.2024\nor 2024-03-14; since I "
        "joined, two weeks ago, last Tuesday, yesterday. Write to a.b@example.org or +49 170 1234567 or "
        "(555) 123-4567. In my new role as team lead I\u2019m the only one. As her deputy in May, in MAY. "
        "We may march on 24/7 with 3 of 10, 4.5. and 2000 units."
    )
    begin(page, address, secret)
    page.goto(page.get_by_role("link", name="Begin", exact=True).evaluate("link => link.href"))
    page.goto(page.url.removesuffix("1") + "3")
    page.wait_for_load_state("networkidle")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))

    page.locator("textarea").fill(text)
    expect(page.get_by_text("This could tell who wrote it")).to_be_visible()

    found = [hint.words for hint in hints(text, Known())]
    told = page.locator(".could-tell q").all_inner_texts()
    assert [words.strip("\u201c\u201d") for words in told] == found
    assert len(found) > 12
    assert sent == faults == []
