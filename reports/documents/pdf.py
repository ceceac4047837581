"""From HTML to PDF. Nothing but what is bundled under static/ is ever fetched."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pikepdf
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from assess.scorecards.types import Scorecard
from reports.documents import tags
from reports.documents.book import ROOT, report_html

STATIC = (ROOT / "static").resolve()


class BundledFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Serves files under static/ and refuses the rest, loudly: nothing in a report may ask for more."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ARG002 - WeasyPrint's signature
        parts = urlsplit(url)
        path = Path(unquote(parts.path)).resolve()
        if parts.scheme != "file" or parts.netloc or not path.is_relative_to(STATIC):
            raise FatalURLFetchingError(f"A report may not fetch {url}")
        return URLFetcherResponse(url, path.read_bytes())


def report_pdf(card: Scorecard) -> bytes:
    """Return a scorecard's report as a tagged PDF: the same bytes for the same card, wherever it is made."""
    html = report_html(card)
    with _uncollected():
        return html_to_pdf(html)


def html_to_pdf(html: str) -> bytes:
    """Lay out a page of our own HTML."""
    fonts, sheet = _style()
    document = HTML(string=html, base_url=STATIC.as_uri() + "/", url_fetcher=BundledFetcher())
    raw = document.write_pdf(stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/ua-1")
    return _completed(raw)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put the garbage collector off: a layout makes a million objects which all live until its end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@cache
def _style() -> tuple[FontConfiguration, CSS]:
    """Read fonts and style once a process: it takes longer than a page."""
    fonts = FontConfiguration()
    sheet = CSS(filename=STATIC / "report.css", font_config=fonts, url_fetcher=BundledFetcher())
    return fonts, sheet


def _completed(raw: bytes) -> bytes:
    result = BytesIO()
    with pikepdf.open(BytesIO(raw)) as pdf:
        tags.complete(pdf)
        pdf.save(result, deterministic_id=True)
    return result.getvalue()
