"""Writes the table of deniable answers anew, and its summary: `python -m tests.publication.tables`."""

from pathlib import Path

from assess.publication.table import lines, summary

DOCS = Path(__file__).parents[2] / "docs"
TABLE, PROMISE = DOCS / "deniable.csv", DOCS / "anonymity.md"
BEGIN, END = "<!-- deniable:begin -->\n", "<!-- deniable:end -->\n"


def parts(page: str) -> tuple[str, str, str]:
    """Return what stands before the summary, the summary, and what stands behind it."""
    before, _, rest = page.partition(BEGIN)
    told, _, behind = rest.partition(END)
    return before, told, behind


def as_text(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


if __name__ == "__main__":
    TABLE.write_text(as_text([*lines()]))
    before, _, behind = parts(PROMISE.read_text())
    PROMISE.write_text(before + BEGIN + as_text([*summary()]) + END + behind)
