"""The report: the same bytes for the same card, nothing fetched, readable by eye and by machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import pikepdf
import pytest
from weasyprint.urls import FatalURLFetchingError

from assess.publication.protection import PROTECTIONS
from assess.scorecards.types import (
    Comment,
    CompetencyRow,
    LeafRow,
    Reason,
    WithheldRow,
)
from reports.documents import report_html, report_pdf
from reports.documents.pdf import STATIC, html_to_pdf
from tests.reports.cards import EVERYBODY, FAMILY, SMALL, make_card, small_card
from tests.reports.printed import text_of

ROOT = Path(__file__).parents[2]
HOSTILE = '"><img src="{url}"><style>@import "{url}"</style><script>x</script>{{{{ 7 * 7 }}}}'
RENDER = (
    "import hashlib, sys; from tests.reports.cards import make_card, make_instrument; "
    "from reports.documents import report_pdf; "
    "print(hashlib.sha256(report_pdf(make_card(instrument=make_instrument(2, 3)))).hexdigest())"
)


def rendered_elsewhere(seed: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", RENDER],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@contextmanager
def canary() -> Iterator[tuple[str, list[str]]]:
    """A server that sings when it is asked for anything."""
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Canary)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/canary.png", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return report_pdf(small_card())


@pytest.fixture(scope="module")
def document(pdf: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(BytesIO(pdf)) as document:
        yield document


def elements(document: pikepdf.Pdf, kind: str) -> list[pikepdf.Dictionary]:
    return [
        thing
        for thing in document.objects
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/S") == kind
    ]


def test_equal_cards_give_equal_bytes(pdf: bytes) -> None:
    assert report_pdf(small_card()) == pdf


def test_another_process_gives_the_same_bytes() -> None:
    assert rendered_elsewhere("1") == rendered_elsewhere("2")


def test_figures_finer_than_printed_leave_no_trace() -> None:
    """Beyond the second decimal a score is noise of reckoning, not of answers."""
    card = small_card()
    finer = tuple(replace(row, score=row.score and row.score + 1e-9) for row in card.competencies)

    assert report_html(replace(card, competencies=finer)) == report_html(card)


def test_nothing_is_fetched_for_hostile_names_and_comments(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("nightingale")
    with canary() as (url, asked):
        bad = HOSTILE.format(url=url)
        worse = HOSTILE.format(url=secret.as_uri())
        comments = tuple(Comment("continue", "", text) for text in (bad, worse))
        text = text_of(report_pdf(small_card(leader=bad, round_name=worse, comments=comments)))

    assert asked == []
    assert "nightingale" not in text
    assert "<script>x</script>" in text
    assert "{{ 7 * 7 }}" in text


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        f"{STATIC.as_uri()}/../pyproject.toml",
        f"{STATIC.as_uri()}/%2e%2e/pyproject.toml",
        f"file://elsewhere{STATIC}/report.css",
        "ftp://127.0.0.1/x",
        "data:text/plain,x",
    ],
)
def test_a_page_which_asks_for_more_than_is_bundled_is_refused(address: str) -> None:
    with pytest.raises(FatalURLFetchingError):
        html_to_pdf(f'<!doctype html><html lang="en"><title>x</title><img src="{address}" alt="x">')


def test_a_page_which_asks_the_network_is_refused_unasked() -> None:
    with canary() as (url, asked), pytest.raises(FatalURLFetchingError):
        html_to_pdf(f'<!doctype html><html lang="en"><title>x</title><img src="{url}" alt="x">')

    assert asked == []


def test_the_structure_is_there_for_those_who_listen(document: pikepdf.Pdf) -> None:
    root = document.Root

    assert root.MarkInfo.Marked
    assert root.Lang == "en"
    assert "/StructTreeRoot" in root
    assert root.ViewerPreferences.DisplayDocTitle
    assert elements(document, "/Figure")
    assert {str(th.A.Scope) for th in elements(document, "/TH")} == {"/Column", "/Row"}


def test_no_picture_is_spoken_of_but_for_what_is_not_printed(document: pikepdf.Pdf) -> None:
    said = {str(figure.Alt) for figure in elements(document, "/Figure")}
    drawn = b"".join(page.Contents.read_bytes() for page in document.pages)

    assert all(re.fullmatch(r"\d\.\d\sto\s\d\.\d", words) for words in said)
    assert drawn.count(b"/Figure") == len(elements(document, "/Figure"))


def test_a_score_is_headed_by_competency_group_and_column(document: pikepdf.Pdf) -> None:
    heads = {str(th.ID): th for th in elements(document, "/TH")}
    table = next(t for t in elements(document, "/Table") if len(list(t.K)) == 3)
    row = table.K[1].K[3]

    chart, score = ([heads[str(key)] for key in cell.A.Headers] for cell in list(row.K)[1:])

    assert [str(th.A.Scope) for th in score] == ["/Column", "/Row", "/Column"]
    assert score[0].objgen == table.K[1].K[0].K[0].objgen
    assert score[1].objgen == row.K[0].objgen
    assert score[2].objgen == table.K[0].K[0].K[2].objgen
    assert chart[2].objgen == table.K[0].K[0].K[1].objgen


def test_every_cell_is_headed_by_what_there_is(document: pikepdf.Pdf) -> None:
    heads = {str(th.ID) for th in elements(document, "/TH")}

    for cell in elements(document, "/TD"):
        assert len(cell.A.Headers) >= 2
        assert {str(key) for key in cell.A.Headers} <= heads


def test_chapters_are_bookmarked(document: pikepdf.Pdf) -> None:
    with document.open_outline() as outline:
        titles = [str(item.title) for item in outline.root]

    assert titles[:4] == [
        "The page to read first",
        "All competencies by group",
        "Trust",
        "Listening",
    ]


def test_every_font_is_our_own_and_embedded(document: pikepdf.Pdf) -> None:
    fonts = [
        thing
        for thing in document.objects
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"
    ]

    assert fonts
    assert all(
        "Source-Sans-3" in str(font.FontName) or "SourceSans3" in str(font.FontName)
        for font in fonts
    )
    assert all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_metadata_name_neither_leader_nor_moment(document: pikepdf.Pdf) -> None:
    assert str(document.docinfo["/Title"]) == "Candid360 report"
    assert not {"/CreationDate", "/ModDate", "/Author"} & set(document.docinfo.keys())
    assert b"Amara" not in document.Root.Metadata.read_bytes()


def test_the_text_says_what_the_card_says(pdf: bytes) -> None:
    text = text_of(pdf)

    for words in (
        "Amara Nwosu",
        "Autumn round 2026",
        "Confidential",
        "six peers, nine present and past direct reports",
        "How sure we are",
        "4.5 or more",
        "Board members are not shown: too few answered.",
        "What should this leader go on doing?",
        "Tell us earlier where you stand.",
    ):
        assert words in text


def test_every_symbol_is_printed_as_published(pdf: bytes) -> None:
    card = small_card()
    text = text_of(pdf)

    for item in SMALL.items:
        symbols = [row.symbol for row in card.items if row.item == item.key]
        assert " ".join(filter(None, symbols)) in text


def test_nothing_of_a_withheld_group_is_printed() -> None:
    withheld = (WithheldRow("client", Reason.TOO_FEW_RATERS),)
    card = replace(make_card(leaves=FAMILY[:4], instrument=SMALL), withheld=withheld)

    html = report_html(card)

    assert "Clients are not shown: too few answered." in html
    assert html.replace("Clients are not shown", "").count("lients") == 0


def test_what_is_missing_says_why() -> None:
    row = CompetencyRow("trust", "peer", None, None, None, None, Reason.TOO_FEW_ANSWERS)
    card = small_card()
    rows = tuple(
        row if (r.competency, r.leaf) == ("trust", "peer") else r for r in card.competencies
    )

    html = report_html(replace(card, competencies=rows))

    assert "too few answers" in html
    assert "stroke-dasharray" in html


@pytest.mark.parametrize("level", PROTECTIONS.values(), ids=lambda level: level.name)
def test_each_level_of_protection_is_explained(level: object) -> None:
    html = report_html(small_card(protection=level))

    assert f"protection “{level.name}”" in html  # type: ignore[attr-defined]  # one of PROTECTIONS


@pytest.mark.parametrize(
    "leaves",
    [
        (),
        FAMILY[:1],
        FAMILY[1:2],
        EVERYBODY,
        (LeafRow("pooled", ("client", "other"), 4, named=False),),
    ],
    ids=["nobody", "self", "supervisor", "everybody", "pooled"],
)
@pytest.mark.parametrize("comments", [0, 60])
def test_any_set_of_leaves_makes_a_report(leaves: tuple[LeafRow, ...], comments: int) -> None:
    card = make_card("N" * 64, leaves, SMALL, comments)

    assert "N" * 20 in text_of(report_pdf(replace(card, withheld=())))


def test_long_comments_and_strange_ones_are_whole() -> None:
    long = "So it went on. " * 70
    odd = "Zażółć gęślą jaźń, Ελληνικά, кириллица \N{ROCKET}"
    comments = (
        Comment("change", "", long),
        Comment("change", "", "x" * 1000),
        Comment("change", "", odd),
    )

    text = text_of(report_pdf(small_card(comments=comments)))

    assert text.count("So it went on.") == 70
    assert text.replace(" ", "").count("x" * 1000) == 1 or "x" * 60 in text
    assert "Zażółć gęślą jaźń, Ελληνικά, кириллица" in text
