"""What comes in: the people file, cell by cell, and the forms that bring it."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import HiddenField

from accounts.services import OWN_COLUMNS, LineRow, PeopleFile, PersonRow
from core.names import NotAKeyError, folded, normal_key
from core.tables import (
    LIMITS,
    WHOLE_FILE,
    Faults,
    Limits,
    Row,
    is_formula,
    quoted,
    read_table,
)

COLUMNS = ("person", *OWN_COLUMNS, "supervisor", "since", "until")
LENGTHS = {"name": 120, "email": 254, "language": 12, "department": 80, "title": 80, "level": 40}
UPLOAD_LIMITS = Limits(bytes=1_000_000, columns=100, rows=20_000)
HELD_LENGTH = 450_000  # a form field may have half a million characters
HELD_SECONDS = 3600

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class UploadForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The choice of a people file."""

    file = FileField("People file (CSV)", validators=[FileRequired("Choose a file first.")])


class ConfirmForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The file which was looked at, coming back to be imported."""

    held = HiddenField()


def hold(content: bytes, name: str, *, secret: str) -> str:
    """Return a file as a signed text, which the page keeps between looking at it and importing it.

    Raises
    ------
    FaultyFileError
        When it is too large to be kept so.
    """
    held = _holder(secret).dumps([name, content.decode("latin-1")])
    if len(held) > HELD_LENGTH:
        faults = Faults(name)
        faults.refuse(1, WHOLE_FILE, "the file is too large for this page; import it by command")
    return str(held)


def held_file(held: str, *, secret: str) -> tuple[bytes, str] | None:
    """Return the file and its name; None when it was held too long, or is not as we signed it."""
    try:
        name, content = _holder(secret).loads(held, max_age=HELD_SECONDS)
    except BadSignature:
        return None
    return content.encode("latin-1"), name


def read_people(content: bytes, name: str, *, limits: Limits = LIMITS) -> PeopleFile:
    """Read a people file; what is wrong with its cells stands in its `faults`, for the import to raise.

    Raises
    ------
    FaultyFileError
        At once, when the file is no table with our columns.
    """
    faults = Faults(name)
    table = read_table(
        content, name=name, required=COLUMNS, known=COLUMNS, limits=limits, faults=faults
    )
    if not set(COLUMNS) <= set(table.columns):
        faults.raise_if_any()
    reading = _Reading(faults)
    for row in table.rows:
        reading.read(row)
    return PeopleFile(tuple(reading.people.values()), tuple(reading.lines), faults)


@dataclass
class _Reading:
    """People and lines as they are met, row by row."""

    faults: Faults
    people: dict[str, PersonRow] = field(default_factory=dict)
    lines: list[LineRow] = field(default_factory=list)
    without_line: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def read(self, row: Row) -> None:
        key = self._key(row, "person")
        if not key:
            return
        person = PersonRow(
            row.number, key, **{column: self._own(row, column) for column in OWN_COLUMNS}
        )
        first = self.people.setdefault(folded(key), person)
        self._check_same(first, person)
        self._check_address(person)
        self._read_line(row, key, is_first=first is person)

    def _key(self, row: Row, column: str) -> str:
        try:
            return normal_key(row.cells[column].strip())
        except NotAKeyError as error:
            self.faults.add(row.number, column, str(error))
            return ""

    def _own(self, row: Row, column: str) -> str:
        cell = unicodedata.normalize("NFC", row.cells[column].strip())
        if column == "email":
            cell = cell.lower()
        elif column == "language":
            cell = cell or "en"
        if wrong := _wrong_with(column, cell):
            self.faults.add(row.number, column, wrong)
        return cell

    def _check_same(self, first: PersonRow, person: PersonRow) -> None:
        """Every row of a person must say the same of them."""
        for column in ("key", *OWN_COLUMNS):
            before, now = getattr(first, column), getattr(person, column)
            if before != now:
                shown = "person" if column == "key" else column
                message = f"{quoted(now)} here and {quoted(before)} in row {first.row}"
                self.faults.add(person.row, shown, f"{message}; expected the same for one person")

    def _check_address(self, person: PersonRow) -> None:
        owner = self.owners.setdefault(person.email, folded(person.key))
        if person.email and owner != folded(person.key):
            message = (
                f"{quoted(person.email)} is the address of {quoted(self.people[owner].key)} too"
            )
            self.faults.add(person.row, "email", f"{message}; expected one of their own")

    def _read_line(self, row: Row, key: str, *, is_first: bool) -> None:
        has_line = bool(row.cells["supervisor"].strip())
        if not is_first and (not has_line or folded(key) in self.without_line):
            message = "a person without a supervisor has one row; expected a supervisor in each of several"
            self.faults.add(row.number, "supervisor", message)
        if has_line:
            self._read_dates(row, key)
            return
        self.without_line[folded(key)] = row.number
        for column in ("since", "until"):
            if row.cells[column].strip():
                message = "there is a day and no supervisor; expected both or neither"
                self.faults.add(row.number, column, message)

    def _read_dates(self, row: Row, key: str) -> None:
        supervisor = self._key(row, "supervisor")
        since, until = self._day(row, "since"), self._day(row, "until")
        if not row.cells["since"].strip():
            message = "the cell is empty; expected the day on which the line began, as 2026-01-31"
            self.faults.add(row.number, "since", message)
        if since and until and until <= since:
            message = (
                f"{until} is not after {since}; expected the first day on which it no longer held"
            )
            self.faults.add(row.number, "until", message)
        elif supervisor and since:
            self.lines.append(LineRow(row.number, key, supervisor, since, until))

    def _day(self, row: Row, column: str) -> date | None:
        cell = row.cells[column].strip()
        try:
            return date.fromisoformat(cell if _DAY.fullmatch(cell) else "")
        except ValueError:
            if cell:
                message = f"{quoted(cell)} is no day; expected one as 2026-01-31"
                self.faults.add(row.number, column, message)
            return None


def _wrong_with(column: str, cell: str) -> str | None:
    if len(cell) > LENGTHS[column]:
        return f"there are {len(cell)} characters; expected at most {LENGTHS[column]}"
    if not cell.isprintable():
        return f"there are invisible signs in {quoted(cell)}; expected plain text"
    if is_formula(cell):
        return f"{quoted(cell)} begins like a formula; expected plain text"
    if column in {"name", "email"} and not cell:
        return "the cell is empty; expected text"
    if column == "language" and not _LANGUAGE.fullmatch(cell):
        return f"{quoted(cell)} is no language; expected a code as en or pt-BR"
    return wrong_with_address(cell) if column == "email" else None


def wrong_with_address(cell: str) -> str | None:
    try:
        validate_email(
            cell, check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        return f"{quoted(cell)} is no e-mail address; expected one as anna@example.org"
    return None


def _holder(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="people file")
