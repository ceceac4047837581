"""Answers collected elsewhere: one file for a round, one row a rater and leader."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.names import check_spellings, folded, key_in, slug
from core.tables import Faults, Row, is_formula, quoted, read_table
from instruments.questionnaires import Instrument, Scale
from surveys.ballots.sheets import COMMENT_LENGTH, NOT_OBSERVED, Rating, Sheet, clean_comment
from surveys.models import GROUPS

KEY_COLUMNS = ("leader", "rater", "group")

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(r"-?[0-9]+[.,][0-9]+")


@dataclass(frozen=True)
class AnswerRow:
    """What one rater says of one leader, and the line it was read from."""

    row: int
    leader: str
    rater: str
    group: str
    sheet: Sheet


def read_answers(content: bytes, *, name: str, instrument: Instrument) -> tuple[AnswerRow, ...]:
    """Read an answers file whole, or refuse it whole.

    An empty cell was not answered, `NA` was not observed. Columns of questions may be absent.

    Raises
    ------
    FaultyFileError
        With every fault of header, rows and cells.
    """
    faults = Faults(name)
    required = (*KEY_COLUMNS, *(item.key for item in instrument.items))
    known = (*required, *(question.key for question in instrument.questions))
    table = read_table(content, name=name, required=required, known=known, faults=faults)

    rows = tuple(_answer(row, instrument, faults) for row in table.rows)
    check_spellings(((row.row, row.leader) for row in rows), "leader", faults)
    check_spellings(((row.row, row.rater) for row in rows), "rater", faults)
    _check_file_names(rows, faults)
    _check_seats(rows, faults)

    faults.raise_if_any()
    return rows


def _answer(row: Row, instrument: Instrument, faults: Faults) -> AnswerRow:
    return AnswerRow(
        row=row.number,
        leader=key_in(row, "leader", faults),
        rater=key_in(row, "rater", faults),
        group=_group(row, faults),
        sheet=Sheet(_ratings(row, instrument, faults), _comments(row, instrument, faults)),
    )


def _group(row: Row, faults: Faults) -> str:
    group = row.cells.get("group", "")
    if group not in GROUPS and "group" in row.cells:
        message = f"unknown group {quoted(group)}; expected one of {', '.join(GROUPS)}"
        faults.add(row.number, "group", message)
    return group


def _ratings(row: Row, instrument: Instrument, faults: Faults) -> Mapping[str, Rating]:
    valid: dict[str, Rating] = {str(point): point for point in instrument.scale.points}
    valid[NOT_OBSERVED] = NOT_OBSERVED
    ratings: dict[str, Rating] = {}
    for item in instrument.items:
        cell = row.cells.get(item.key, "")
        if cell in valid:
            ratings[item.key] = valid[cell]
        elif cell:
            faults.add(row.number, item.key, _wrong_rating(cell, instrument.scale))
    return ratings


def _wrong_rating(cell: str, scale: Scale) -> str:
    expected = f"expected a whole number from {scale.low} to {scale.high}, NA, or nothing"
    if _WHOLE.fullmatch(cell):
        return f"{quoted(cell)} is outside the scale; {expected}"
    if _DECIMAL.fullmatch(cell):
        return f"{quoted(cell)} has decimals; {expected}"
    if is_formula(cell):
        return f"{quoted(cell)} begins like a formula; {expected}"
    return f"{quoted(cell)} is no whole number; {expected}"


def _comments(row: Row, instrument: Instrument, faults: Faults) -> Mapping[str, str]:
    written = {
        question.key: clean_comment(row.cells.get(question.key, ""))
        for question in instrument.questions
    }
    for question, text in written.items():
        if len(text) > COMMENT_LENGTH:
            message = f"the comment has {len(text)} characters; expected at most {COMMENT_LENGTH}"
            faults.add(row.number, question, message)
    return {question: text for question, text in written.items() if text}


def _check_file_names(rows: Sequence[AnswerRow], faults: Faults) -> None:
    """Refuse two leaders whose reports would overwrite each other."""
    first: dict[str, AnswerRow] = {}
    told: set[str] = {""}
    for row in rows:
        before = first.setdefault(folded(slug(row.leader)), row) if row.leader else row
        leader = folded(row.leader)
        if folded(before.leader) != leader and leader not in told:
            told.add(leader)
            message = (
                f"{quoted(row.leader)} and {quoted(before.leader)} in row {before.row} "
                f'both become the file name "{slug(row.leader)}"; expected names which differ in it'
            )
            faults.add(row.row, "leader", message)


def _check_seats(rows: Sequence[AnswerRow], faults: Faults) -> None:
    """Refuse a rater who rates a leader twice, and a leader with two selves."""
    seats: dict[tuple[str, str], int] = {}
    selves: dict[str, int] = {}
    for row in rows:
        if not row.leader or not row.rater:
            continue
        leader = folded(row.leader)
        before = seats.setdefault((leader, folded(row.rater)), row.row)
        if before != row.row:
            message = f"{quoted(row.rater)} rates {quoted(row.leader)} in row {before} already"
            faults.add(row.row, "rater", f"{message}; expected one row a rater and leader")
        elif row.group == "self" and selves.setdefault(leader, row.row) != row.row:
            message = f"{quoted(row.leader)} has a self rating in row {selves[leader]} already"
            faults.add(row.row, "group", f"{message}; expected at most one")
