"""From a scorecard to the report its leader holds: first HTML, then PDF."""

from reports.documents.book import Book, report_html
from reports.documents.pdf import report_pdf

__all__ = ["Book", "report_html", "report_pdf"]
