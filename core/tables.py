"""Files of rows and columns, read strictly: whole and without a fault, or not at all."""

import csv
import difflib
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from core.errors import DomainError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
KEPT_FAULTS = 1000
WHOLE_FILE = "-"
"""What stands for the column where a fault is of the file or row as a whole."""

_CLIP = 60
_QUOTED = re.compile(r'"[^"]*"')
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Limits:
    """How large a file may be before it is refused unread."""

    bytes: int = 32 * 1024 * 1024
    columns: int = 1000
    rows: int = 100_000


LIMITS = Limits()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where it stands, and what was expected instead."""

    file: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"{printable(self.file)}:{self.row}:{printable(self.column)}: {self.message}"


class FaultyFileError(DomainError):
    """A file was refused whole. `count` is of all faults, `faults` holds the first thousand."""

    def __init__(self, faults: Sequence[Fault], count: int) -> None:
        self.faults = tuple(faults)
        self.count = count
        super().__init__(self.report())

    def report(self, limit: int = 50) -> str:
        """Return the first faults, one a line, and how many more there are."""
        lines = [str(fault) for fault in self.faults[:limit]]
        more = self.count - len(lines)
        if more:
            lines.append(f"and {more} more fault{'s' if more > 1 else ''}")
        return "\n".join(lines)


class Faults:
    """The faults of one file as they are found: all are counted, the first thousand kept."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._kept: list[Fault] = []

    def add(self, row: int, column: str, message: str) -> None:
        self.count += 1
        if len(self._kept) < KEPT_FAULTS:
            self._kept.append(Fault(self.file, row, column, message))

    def refuse(self, row: int, column: str, message: str) -> NoReturn:
        """Add a fault after which there is no use in reading on."""
        self.add(row, column, message)
        raise self.error()

    def error(self) -> FaultyFileError:
        """Return the refusal, the faults in the order of the file."""
        return FaultyFileError(sorted(self._kept, key=lambda fault: fault.row), self.count)

    def raise_if_any(self) -> None:
        if self.count:
            raise self.error()


@dataclass(frozen=True)
class Row:
    """One row: the line it begins at, counted from 1, and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A file that was read; each row has a cell in each column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(
    content: bytes,
    *,
    name: str,
    required: Collection[str],
    known: Collection[str] | None,
    limits: Limits = LIMITS,
    faults: Faults | None = None,
) -> Table:
    r"""Read a CSV file: UTF-8, its columns parted by comma, semicolon or tab.

    Columns that are not `known` are faults; where `known` is None, those beside the required are let be,
    whatever they are called.

    A caller who goes on to check what stands in the cells gives its own `faults`, and raises them when it has
    seen all: then one reading tells everything. The table holds only what is sound until then.

    Raises
    ------
    FaultyFileError
        With all faults where none were given to collect them, or at once where the file cannot be read on.

    Examples
    --------
    >>> table = read_table(b"who;age\nAnn;40\n", name="x.csv", required=["who"], known=["who", "age"])
    >>> table.rows[0].number, table.rows[0].cells["age"]
    (2, '40')
    """
    found = faults or Faults(name)
    _check_bytes(content, limits, found)
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    line = lines.readline()
    delimiter = _delimiter_of(line)
    columns = _read_header(line, delimiter, limits, found)
    _check_columns(columns, required=required, known=known, found=found)

    rows = tuple(_read_rows(lines, delimiter, columns, limits, found))

    if faults is None:
        found.raise_if_any()
    return Table(name, columns, rows)


def separator_of(content: bytes) -> str:
    r"""Return the name of what parts the columns, as a file is read.

    >>> separator_of(b"who;age\nAnn;40\n")
    'semicolon'
    """
    line = content.partition(b"\n")[0].decode(errors="replace")
    return DELIMITERS[_delimiter_of(line)]


def _delimiter_of(line: str) -> str:
    unquoted = _QUOTED.sub("", line)
    return max(DELIMITERS, key=unquoted.count)


def is_formula(cell: str) -> bool:
    """Say whether a spreadsheet would run the cell rather than show it.

    >>> is_formula("=1+1"), is_formula("Ann")
    (True, False)
    """
    return cell.startswith(FORMULA_STARTS)


def printable(text: str) -> str:
    """Return text that is safe to print in a line: no line breaks, no terminal codes, not long."""
    clipped = text if len(text) <= _CLIP else text[: _CLIP - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in clipped)


def quoted(text: str) -> str:
    r"""Return what stood in a file as a fault may quote it.

    >>> quoted("a\x1b[2J")
    '"a\\x1b[2J"'
    """
    return f'"{printable(text)}"'


def suggestion(word: str, known: Collection[str]) -> str:
    """Return what was likely meant, or what there is to choose from.

    >>> suggestion("Leadr", ["leader", "rater"])
    'did you mean "leader"?'
    """
    by_folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(word[:_CLIP].casefold(), by_folded, n=1)
    if near:
        return f"did you mean {quoted(by_folded[near[0]])}?"
    return f"expected one of {_listed(known)}"


def _listed(names: Collection[str], most: int = 12) -> str:
    shown = ", ".join(printable(name) for name in sorted(names)[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _check_bytes(content: bytes, limits: Limits, found: Faults) -> None:
    if len(content) > limits.bytes:
        found.refuse(
            1, WHOLE_FILE, f"the file has {len(content)} bytes; expected at most {limits.bytes}"
        )
    if content.startswith(_UTF16):
        found.refuse(1, "byte 0", "the file is UTF-16; expected UTF-8 (save it as CSV UTF-8)")
    if (nul := content.find(b"\0")) >= 0:
        message = "there is a NUL byte; expected text in UTF-8 (UTF-16 files have many)"
        found.refuse(_line_of(content, nul), f"byte {nul}", message)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"0x{error.object[error.start]:02x} is not UTF-8; expected text in UTF-8"
        at = error.start + len(content) - len(error.object)  # the mark at the start is not counted
        found.refuse(_line_of(content, at), f"byte {at}", message)
    if not text.strip():
        found.refuse(1, WHOLE_FILE, "the file is empty; expected a header and at least one row")


def _line_of(content: bytes, offset: int) -> int:
    before = content[:offset]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


def _read_header(line: str, delimiter: str, limits: Limits, found: Faults) -> tuple[str, ...]:
    """Split the first line; it is measured first, so that a monstrous one costs nothing."""
    width = line.count(delimiter) + 1
    if width > limits.columns:
        found.refuse(
            1, WHOLE_FILE, f"the header has {width} columns; expected at most {limits.columns}"
        )
    try:
        names = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        found.refuse(1, WHOLE_FILE, f"the header cannot be read: {_broken(error)}")
    if not names:
        found.refuse(1, WHOLE_FILE, "the first line is blank; expected the header there")
    return tuple(names)


def _check_columns(
    columns: Sequence[str],
    *,
    required: Collection[str],
    known: Collection[str] | None,
    found: Faults,
) -> None:
    allowed = frozenset(columns if known is None else known) | frozenset(required)
    seen: dict[str, int] = {}
    for place, column in enumerate(columns, start=1):
        if column in seen and (known is not None or column in required):
            message = f"the column stands at {seen[column]} and again at {place}; expected it once"
            found.add(1, column or f"#{place}", message)
        elif column not in allowed:
            found.add(1, column or f"#{place}", f"unknown column; {suggestion(column, allowed)}")
        seen.setdefault(column, place)
    for column in required:
        if column not in seen:
            expected = f"expected {_listed(required)}" if known else suggestion(column, columns)
            found.add(1, column, f"the column is missing; {expected}")


def _read_rows(
    lines: Iterator[str], delimiter: str, columns: Sequence[str], limits: Limits, found: Faults
) -> Iterator[Row]:
    """Yield the sound rows; blank lines count as lines, not as rows."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    count = 0
    while True:
        number = reader.line_num + 2
        try:
            cells = next(reader, None)
        except csv.Error as error:
            found.refuse(number, WHOLE_FILE, f"the row cannot be read: {_broken(error)}")
        if cells is None:
            break
        count += bool(cells)
        if count > limits.rows:
            found.refuse(
                number, WHOLE_FILE, f"here begins row {count}; expected at most {limits.rows}"
            )
        if len(cells) == len(columns):
            yield Row(number, _by_column(columns, cells))
        elif cells:
            at = columns[min(len(cells), len(columns) - 1)]
            found.add(number, at, f"the row has {len(cells)} cells; expected {len(columns)}")
    if not count:
        found.add(1, WHOLE_FILE, "the file has a header and nothing more; expected a row at least")


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    """Pair names and cells; of a column which stands twice, a fault already, the first counts."""
    return dict(zip(reversed(columns), reversed(cells), strict=True))


def _broken(error: csv.Error) -> str:
    if "limit" in str(error):
        return f"a cell is too long; expected at most {csv.field_size_limit()} characters"
    return "a quotation mark is not closed, or text follows it; expected marks in pairs"
