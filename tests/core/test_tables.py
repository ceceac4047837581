"""A file is read whole and strictly, or refused with every fault and its place."""

import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables import (
    KEPT_FAULTS,
    Faults,
    FaultyFileError,
    Limits,
    Table,
    is_formula,
    quoted,
    read_table,
)

COLUMNS = ("who", "age", "note")


def read(content: bytes, **limits: int) -> Table:
    return read_table(
        content, name="x.csv", required=("who", "age"), known=COLUMNS, limits=Limits(**limits)
    )


def refusal(content: bytes, **limits: int) -> str:
    with pytest.raises(FaultyFileError) as refused:
        read(content, **limits)
    return refused.value.report()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_comma_semicolon_and_tab_with_any_line_end_and_mark(
    delimiter: str, mark: bytes, end: str
) -> None:
    text = end.join(delimiter.join(row) for row in [COLUMNS, ("Zoë", "40", ""), ("李", "50", "x")])

    table = read(mark + text.encode())

    assert table.columns == COLUMNS
    assert [(row.number, row.cells["who"]) for row in table.rows] == [(2, "Zoë"), (3, "李")]


def test_a_row_is_numbered_by_the_line_where_it_begins() -> None:
    table = read(b'who,age,note\nAnn,40,"one\ntwo, and\r\nthree"\n\nBob,50,\n')
    assert [row.number for row in table.rows] == [2, 6]
    assert table.rows[0].cells["note"] == "one\ntwo, and\r\nthree"


def test_quotation_marks_are_doubled_inside() -> None:
    assert read(b'who,age\n"A ""B""",4').rows[0].cells["who"] == 'A "B"'


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", b"  \r\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert refusal(content).startswith("x.csv:1:-: the file is empty; expected")


@pytest.mark.parametrize("content", [b"who,age", b"who,age\n", b"who,age\r\n\r\n"])
def test_a_header_alone_is_refused(content: bytes) -> None:
    assert refusal(content).startswith("x.csv:1:-: the file has a header and nothing more")


def test_a_blank_first_line_is_refused() -> None:
    assert "first line is blank; expected the header" in refusal(b"\nwho,age\nAnn,4\n")


def test_another_encoding_is_refused_with_line_and_byte() -> None:
    message = "x.csv:2:byte 10: 0xeb is not UTF-8; expected text in UTF-8"
    assert refusal("who,age\nZoë,4\n".encode("latin-1")) == message


def test_bytes_are_counted_from_the_start_of_the_file() -> None:
    assert refusal(b"\xef\xbb\xbfwho,age\r\n\xff").startswith("x.csv:2:byte 12: 0xff")


def test_utf16_is_refused_by_name() -> None:
    assert "the file is UTF-16; expected UTF-8" in refusal("who,age\nAnn,4".encode("utf-16"))
    assert "x.csv:1:byte 1: there is a NUL byte" in refusal("who,age".encode("utf-16-le"))


def test_a_nul_byte_is_refused_where_it_stands() -> None:
    assert refusal(b"who,age\nAn\0n,4\n").startswith("x.csv:2:byte 10: there is a NUL byte")


def test_an_unknown_column_is_named_and_the_nearest_suggested() -> None:
    assert refusal(b"who,age,Notes\nAnn,4,\n") == (
        'x.csv:1:Notes: unknown column; did you mean "note"?'
    )
    assert refusal(b"who,age,zzz\nAnn,4,\n") == (
        "x.csv:1:zzz: unknown column; expected one of age, note, who"
    )


def test_a_column_without_a_name_is_told_by_its_place() -> None:
    assert refusal(b"who,age,\nAnn,4,\n").startswith("x.csv:1:#3: unknown column")


def test_a_missing_column_is_named() -> None:
    assert refusal(b"who\nAnn\n") == "x.csv:1:age: the column is missing; expected age, who"


def test_a_column_stands_once() -> None:
    assert refusal(b"who,age,who\nAnn,4,Bob\n") == (
        "x.csv:1:who: the column stands at 1 and again at 3; expected it once"
    )


def test_a_row_has_as_many_cells_as_the_header() -> None:
    assert refusal(b"who,age,note\nAnn,4\nBob,5,x,y\n").splitlines() == [
        "x.csv:2:note: the row has 2 cells; expected 3",
        "x.csv:3:note: the row has 4 cells; expected 3",
    ]


@pytest.mark.parametrize("content", [b'who,age\n"Ann,4\n', b'who,age\n"A"nn,4\n'])
def test_a_broken_quotation_is_refused_where_its_row_begins(content: bytes) -> None:
    assert refusal(content).startswith("x.csv:2:-: the row cannot be read: a quotation mark")


def test_a_header_of_two_lines_is_refused() -> None:
    assert "x.csv:1:-: the header cannot be read" in refusal(b'who,"age\n"\nAnn,4\n')


def test_a_cell_without_end_is_refused() -> None:
    assert "a cell is too long; expected at most 131072" in refusal(
        b"who,age\nAnn," + b"4" * 140_000
    )


def test_too_many_bytes_rows_and_columns_are_refused() -> None:
    assert "the file has 14 bytes; expected at most 10" in refusal(b"who,age\nAnn,4\n", bytes=10)
    assert "x.csv:3:-: here begins row 2; expected at most 1" in refusal(
        b"who,age\nA,1\nB,2\n", rows=1
    )
    assert "the header has 3 columns; expected at most 2" in refusal(
        b"who,age,note\nA,1,\n", columns=2
    )


def test_two_hundred_thousand_columns_are_refused_at_once_and_cheaply() -> None:
    header = ",".join(f"column{i}" for i in range(200_000)).encode()
    content = b"\n".join([header, b"1," * 199_999 + b"1"])

    tracemalloc.start()
    began = time.process_time()
    message = refusal(content)
    taken, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert message == "x.csv:1:-: the header has 200000 columns; expected at most 1000"
    assert taken < 1
    assert peak < 4 * len(content)


def test_faults_of_header_and_rows_are_told_together() -> None:
    report = refusal(b"who,old\nAnn\nBob,4\nEve,4,5\n").splitlines()
    assert [line.split(":")[1:3] for line in report] == [
        ["1", "old"],
        ["1", "age"],
        ["2", "old"],
        ["4", "old"],
    ]


def test_a_caller_may_add_its_own_faults_before_all_are_raised() -> None:
    faults = Faults("x.csv")
    table = read_table(
        b"who,old\nAnn,4\nBob\n", name="x.csv", required=("who",), known=(), faults=faults
    )
    faults.add(2, "who", "something else")

    assert [row.cells for row in table.rows] == [{"who": "Ann", "old": "4"}]
    with pytest.raises(FaultyFileError) as refused:
        faults.raise_if_any()
    assert [fault.row for fault in refused.value.faults] == [1, 2, 3]


def test_the_report_ends_with_a_count() -> None:
    with pytest.raises(FaultyFileError) as refused:
        read(b"who,age\n" + b"Ann\n" * 67)
    lines = refused.value.report().splitlines()
    assert len(lines) == 51
    assert lines[-1] == "and 17 more faults"
    assert refused.value.report(limit=66).endswith("\nand 1 more fault")
    assert str(refused.value) == refused.value.report()


def test_faults_are_counted_all_and_kept_in_bounds() -> None:
    with pytest.raises(FaultyFileError) as refused:
        read(b"who,age\n" + b"Ann\n" * 5000)
    assert refused.value.count == 5000
    assert len(refused.value.faults) == KEPT_FAULTS


def test_a_fault_is_one_line_whatever_the_file_says() -> None:
    report = refusal(b'"a\x1b[2Jb",who,age,' + b"x" * 500 + b"\n1,2,3,4\n")
    assert len(report.splitlines()) == 2
    assert "\x1b" not in report
    assert max(map(len, report.splitlines())) < 200


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_a_formula(start: str) -> None:
    assert is_formula(start + "1")
    assert not is_formula("1" + start)


def test_what_is_quoted_is_short_and_printable() -> None:
    assert quoted("a\nb") == '"a\\nb"'
    assert len(quoted("x" * 1000)) == 62


LIKELY = st.lists(
    st.sampled_from(
        [
            b"who",
            "é\u2028".encode(),
            b"\xef\xbb\xbf",
            b"age",
            b"note",
            b",",
            b";",
            b"\t",
            b'"',
            b"\n",
            b"\r",
            b"x",
            b"\0",
            b"\xff",
        ]
    )
).map(b"".join)


@given(st.binary() | LIKELY | LIKELY.map(lambda rest: b"who,age\n" + rest))
@example(b"who,age\n1,2\r\r\n")
def test_any_bytes_give_a_table_or_a_refusal(content: bytes) -> None:
    try:
        table = read(content)
    except FaultyFileError:
        return
    assert table.rows
    assert all(set(row.cells) == set(table.columns) for row in table.rows)
    assert {"who", "age"} <= set(table.columns) <= set(COLUMNS)


def test_columns_nobody_asked_for_may_be_let_be() -> None:
    table = read_table(b"who;age;shoe\nAnn;40;38\n", name="x.csv", required=["who"], known=None)

    assert table.rows[0].cells["who"] == "Ann"


def test_a_column_that_is_let_be_may_stand_twice_and_another_may_not() -> None:
    read_table(b"who;shoe;shoe\nAnn;1;2\n", name="x.csv", required=["who"], known=None)

    with pytest.raises(FaultyFileError, match="again at 3"):
        read_table(b"shoe;who;who\n1;Ann;Ida\n", name="x.csv", required=["who"], known=None)


def test_what_parts_the_columns_is_not_looked_for_within_quotation_marks() -> None:
    content = b'"I listen, ask, then act";"I tell, then go";who\n1;2;Ann\n'

    table = read_table(content, name="x.csv", required=["who"], known=None)

    assert table.columns == ("I listen, ask, then act", "I tell, then go", "who")


def test_a_column_that_is_missing_among_any_others_is_looked_for_among_them() -> None:
    with pytest.raises(
        FaultyFileError, match=r'x.csv:1:age: the column is missing; did you mean "agee"'
    ):
        read_table(b"who;agee\nAnn;1\n", name="x.csv", required=["age"], known=None)
