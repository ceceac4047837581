"""The answers file of the batch door: every fault is told with its place, and nothing gets through."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tables import FaultyFileError
from instruments.questionnaires import Competency, Instrument, Item, Question, Scale
from surveys.ballots.sheets import COMMENT_LENGTH, NOT_OBSERVED, Sheet
from surveys.forms.answers import AnswerRow, read_answers
from surveys.models import GROUPS

INSTRUMENT = Instrument(
    key="tiny",
    version="1",
    title="Tiny",
    language="en",
    scale=Scale(1, 5, ("a", "b", "c", "d", "e"), "not observed"),
    competencies=(
        Competency(
            key="listening",
            title="Listening",
            definition="",
            items=(Item("q1", "One", "One", reverse=False), Item("q2", "Two", "Two", reverse=True)),
        ),
    ),
    questions=(Question("keep", "What to keep?"), Question("more", "What more?")),
)
HEADER = "leader,rater,group,q1,q2,keep,more"


def read(*rows: str, header: str = HEADER) -> tuple[AnswerRow, ...]:
    content = "\n".join([header, *rows]).encode()
    return read_answers(content, name="answers.csv", instrument=INSTRUMENT)


def refusal(*rows: str, header: str = HEADER) -> str:
    with pytest.raises(FaultyFileError) as refused:
        read(*rows, header=header)
    return refused.value.report()


def only_fault(*rows: str, header: str = HEADER) -> str:
    report = refusal(*rows, header=header)
    assert "\n" not in report
    return report


def test_a_row_is_a_sheet() -> None:
    assert read("Ann,Bob,peer,4,NA,Listens well.,", "Ann,Ann,self,,5,,") == (
        AnswerRow(
            2, "Ann", "Bob", "peer", Sheet({"q1": 4, "q2": NOT_OBSERVED}, {"keep": "Listens well."})
        ),
        AnswerRow(3, "Ann", "Ann", "self", Sheet({"q2": 5}, {})),
    )


def test_question_columns_may_be_absent_and_columns_stand_in_any_order() -> None:
    (row,) = read("3,peer,Ann,4,Bob", header="q2,group,leader,q1,rater")
    assert row == AnswerRow(2, "Ann", "Bob", "peer", Sheet({"q1": 4, "q2": 3}, {}))


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_is_known(group: str) -> None:
    assert read(f"Ann,Bob,{group},4,4,,")[0].group == group


def test_one_rater_rates_several_leaders() -> None:
    assert len(read("Ann,Eve,peer,4,4,,", "Bob,Eve,direct_report,4,4,,")) == 2


def test_keys_are_normalised() -> None:
    assert read("Zoe\u0308,Bob,peer,4,4,,")[0].leader == "Zoë"


@pytest.mark.parametrize("start", ["=", "-", "+", "@"])
def test_a_comment_may_begin_like_a_formula(start: str) -> None:
    assert read(f"Ann,Bob,peer,4,4,{start}1 more,")[0].sheet.comments == {"keep": f"{start}1 more"}


def test_comments_lose_what_cannot_be_seen() -> None:
    assert read('Ann,Bob,peer,4,4,"so\u200b\x1b we\ufb03",\u200b')[0].sheet.comments == {
        "keep": "so weffi"
    }


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(FaultyFileError, match=r"^answers\.csv:1:-: the file is empty; expected"):
        read_answers(b"", name="answers.csv", instrument=INSTRUMENT)


def test_a_wrong_encoding_is_refused() -> None:
    content = f"{HEADER}\nZoë,Bob,peer,4,4,,".encode("latin-1")
    with pytest.raises(FaultyFileError, match=r"^answers\.csv:2:byte 37: 0xeb is not UTF-8"):
        read_answers(content, name="answers.csv", instrument=INSTRUMENT)


def test_two_hundred_thousand_columns_are_refused() -> None:
    header = ",".join([HEADER, *(f"x{i}" for i in range(200_000))])
    assert only_fault("Ann,Bob", header=header) == (
        "answers.csv:1:-: the header has 200007 columns; expected at most 1000"
    )


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    assert only_fault("Ann,Bob,peer,4,4,,", header="leader,rater,group,q1,q2,keep,mores") == (
        'answers.csv:1:mores: unknown column; did you mean "more"?'
    )


@pytest.mark.parametrize("column", ["leader", "rater", "group", "q1", "q2"])
def test_a_missing_column_is_refused_once(column: str) -> None:
    cells = {"leader": "Ann", "rater": "Bob", "group": "peer", "q1": "4", "q2": "4"}
    del cells[column]
    fault = only_fault(",".join(cells.values()), header=",".join(cells))
    assert fault.startswith(f"answers.csv:1:{column}: the column is missing; expected")


def test_an_unknown_group_is_refused() -> None:
    assert only_fault("Ann,Bob,boss,4,4,,") == (
        'answers.csv:2:group: unknown group "boss"; expected one of ' + ", ".join(GROUPS)
    )


@pytest.mark.parametrize("value", ["0", "6", "-1", "9" * 5000])
def test_a_value_outside_the_scale_is_refused(value: str) -> None:
    fault = only_fault(f"Ann,Bob,peer,{value},4,,")
    assert fault.startswith("answers.csv:2:q1: ")
    assert fault.endswith(
        "is outside the scale; expected a whole number from 1 to 5, NA, or nothing"
    )


@pytest.mark.parametrize("value", ["often", "4 ", "na", "N/A", "04", "٤", "1e0", "nan"])
def test_text_where_a_number_belongs_is_refused(value: str) -> None:
    assert only_fault(f"Ann,Bob,peer,4,{value},,").startswith(
        f'answers.csv:2:q2: "{value}" is no whole number; expected a whole number from 1 to 5'
    )


@pytest.mark.parametrize("value", ["5.0", "4.5", '"4,5"'])
def test_decimals_are_refused(value: str) -> None:
    assert "has decimals; expected a whole number" in only_fault(f"Ann,Bob,peer,{value},4,,")


@pytest.mark.parametrize("value", ["=1+1", "@SUM(A1)", "+4", "-x", '"\t4"', '"\r4"'])
def test_a_formula_in_an_item_is_refused(value: str) -> None:
    assert "q1: " in only_fault(f"Ann,Bob,peer,{value},4,,")
    assert "begins like a formula" in only_fault(f"Ann,Bob,peer,{value},4,,")


@pytest.mark.parametrize("key", ["=cmd|'/c calc'!A1", "@Ann", "-Ann", "+Ann"])
def test_a_formula_in_a_key_is_refused(key: str) -> None:
    formulas = [only_fault(f"{key},Bob,peer,4,4,,"), only_fault(f"Ann,{key},peer,4,4,,")]
    assert [fault.split(":")[2] for fault in formulas] == ["leader", "rater"]
    assert all("begins like a formula; expected at most 64 letters" in fault for fault in formulas)


@pytest.mark.parametrize("key", ["../../etc/passwd", "..", "a/b", "/etc", ".hidden", "", "x" * 65])
def test_a_leader_key_that_is_none_is_refused(key: str) -> None:
    assert only_fault(f"{key},Bob,peer,4,4,,").startswith("answers.csv:2:leader: ")


def test_a_rater_rates_a_leader_once() -> None:
    assert only_fault("Ann,Bob,peer,4,4,,", "Ann,Bob,client,4,4,,") == (
        'answers.csv:3:rater: "Bob" rates "Ann" in row 2 already; expected one row a rater and leader'
    )


def test_a_leader_has_one_self() -> None:
    assert only_fault("Ann,Ann,self,4,4,,", "Ann,Bob,self,4,4,,") == (
        'answers.csv:3:group: "Ann" has a self rating in row 2 already; expected at most one'
    )


def test_one_leader_is_written_in_one_way() -> None:
    assert only_fault("Ann,Bob,peer,4,4,,", "ANN,Eve,peer,4,4,,") == (
        'answers.csv:3:leader: "ANN" is written "Ann" in row 2; expected one spelling'
    )


def test_one_rater_is_written_in_one_way() -> None:
    assert "3:rater:" in only_fault("Ann,Bob,peer,4,4,,", "Eve,BOB,peer,4,4,,")


def test_two_leaders_with_one_file_name_are_refused() -> None:
    rows = ["O'Neill,Bob,peer,4,4,,", "ONeill,Bob,peer,4,4,,", "ONeill,Eve,peer,4,4,,"]
    assert only_fault(*rows).startswith(
        'answers.csv:3:leader: "ONeill" and "O\'Neill" in row 2 both become the file name "oneill"'
    )


def test_a_comment_too_long_is_refused() -> None:
    longest = "x" * COMMENT_LENGTH
    assert read(f"Ann,Bob,peer,4,4,{longest},")
    assert only_fault(f"Ann,Bob,peer,4,4,,{longest}x") == (
        f"answers.csv:2:more: the comment has {COMMENT_LENGTH + 1} characters; "
        f"expected at most {COMMENT_LENGTH}"
    )


def test_faults_everywhere_are_told_at_once_in_the_order_of_the_file() -> None:
    report = refusal(
        "Ann,Bob,boss,9,=1,,", "../x,,peer,4,4", "Ann,Bob,peer,4,4,,", header=HEADER + "s"
    )
    assert [":".join(line.split(":")[:3]) for line in report.splitlines()] == [
        "answers.csv:1:mores",
        "answers.csv:2:group",
        "answers.csv:2:q1",
        "answers.csv:2:q2",
        "answers.csv:3:keep",
        "answers.csv:4:rater",
    ]


def test_scales_may_begin_below_nought() -> None:
    scale = replace(INSTRUMENT.scale, low=-2, high=2)
    content = f"{HEADER}\nAnn,Bob,peer,-2,0,,".encode()
    (row,) = read_answers(content, name="x", instrument=replace(INSTRUMENT, scale=scale))
    assert row.sheet.ratings == {"q1": -2, "q2": 0}


CELL = st.sampled_from(["Ann", "ann", "Bob", "peer", "self", "4", "NA", "", "=1", "9", "é", "x/y"])


@given(st.lists(st.lists(CELL, min_size=7, max_size=7), max_size=6))
def test_any_cells_give_answers_or_a_refusal(rows: list[list[str]]) -> None:
    try:
        answers = read(*(",".join(cells) for cells in rows))
    except FaultyFileError:
        return
    assert all(row.leader and row.rater and row.group in GROUPS for row in answers)
    assert all(_is_sound(row.sheet.ratings) for row in answers)


def _is_sound(ratings: Mapping[str, object]) -> bool:
    return all(value in {1, 2, 3, 4, 5, NOT_OBSERVED} for value in ratings.values())
