"""A people file is imported whole, or refused whole with every fault and its place."""

import json
import secrets
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from accounts.forms import held_file, hold, read_people
from accounts.models import Person, ReportingLine
from accounts.services import Change, import_people, preview_import
from core.tables import FaultyFileError, Limits

HEADER = "person,name,email,language,department,title,level,supervisor,since,until"
ANNA = "anna,Anna Berg,anna@example.org,en,Sales,Director,director,,,"
BEN = "ben,Ben Holm,ben@example.org,de,Sales,Clerk,,anna,2020-01-01,"


def rows(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


def put(session: Session, *lines: str) -> list[Change]:
    return import_people(session, read_people(rows(*lines), "people.csv"))


def faults_of(session: Session, content: bytes) -> list[str]:
    with pytest.raises(FaultyFileError) as refusal:
        import_people(session, read_people(content, "people.csv"))
    return [str(fault) for fault in refusal.value.faults]


def everything(session: Session) -> str:
    session.expire_all()
    tables = (Person.__table__, ReportingLine.__table__)
    return json.dumps(
        [sorted(map(str, session.execute(sa.select(table)).all())) for table in tables]
    )


def test_people_and_their_lines_are_imported(session: Session) -> None:
    put(session, ANNA, BEN)

    ben = session.scalar(sa.select(Person).where(Person.key == "ben"))
    line = session.scalar(sa.select(ReportingLine))
    assert ben
    assert line
    assert (ben.name, ben.email, ben.language) == ("Ben Holm", "ben@example.org", "de")
    assert (line.person, line.supervisor.key, line.until) == (ben, "anna", None)


def test_the_same_file_twice_changes_nothing(session: Session) -> None:
    put(session, ANNA, BEN)
    before = everything(session)

    assert put(session, ANNA, BEN) == []
    assert everything(session) == before


def test_a_supervisor_may_stand_in_the_directory_alone(session: Session) -> None:
    put(session, ANNA)

    assert [change.key for change in put(session, BEN)] == ["ben"]


def test_a_preview_tells_what_changes_and_writes_nothing(session: Session) -> None:
    put(session, ANNA, BEN)
    before = everything(session)
    moved = (
        ANNA.replace("Director", "Head"),
        "ben,Ben Holm,ben@example.org,de,Sales,Clerk,,anna,2020-01-01,2026-01-01",
        "ben,Ben Holm,ben@example.org,de,Sales,Clerk,,cleo,2026-01-01,",
        "cleo,Cleo Díaz,cleo@example.org,,,,,anna,2019-01-01,",
    )

    changes = preview_import(session, read_people(rows(*moved), "people.csv"))

    assert changes == [
        Change(2, "anna", "Anna Berg", is_new=False, details=("title: Director → Head",)),
        Change(
            3,
            "ben",
            "Ben Holm",
            is_new=False,
            details=(
                "reports to Anna Berg since 2020-01-01 until 2026-01-01",
                "reports to Cleo Díaz since 2026-01-01",
            ),
        ),
        Change(
            5, "cleo", "Cleo Díaz", is_new=True, details=("reports to Anna Berg since 2019-01-01",)
        ),
    ]
    assert everything(session) == before


def test_a_line_the_file_no_longer_has_is_removed_for_those_it_names(session: Session) -> None:
    put(session, ANNA, BEN)

    [change] = put(session, BEN.replace("anna,2020-01-01", ","))

    assert change.details == ("no longer: reports to Anna Berg since 2020-01-01",)
    assert session.scalar(sa.select(sa.func.count()).select_from(ReportingLine)) == 0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("../x,Anna,a@example.org,,,,,,,",), '2:person: "/" may not stand in it'),
        (("=1+1,Anna,a@example.org,,,,,,,",), '2:person: "=1+1" begins like a formula'),
        (("anna,=1+1,a@example.org,,,,,,,",), '2:name: "=1+1" begins like a formula'),
        (("anna,Anna,a@example.org,,@x,,,,,",), '2:department: "@x" begins like a formula'),
        (("anna,,a@example.org,,,,,,,",), "2:name: the cell is empty"),
        (("anna,Anna,,,,,,,,",), "2:email: the cell is empty"),
        (("anna,Anna,anna at home,,,,,,,",), '2:email: "anna at home" is no e-mail address'),
        (("anna,Anna,änna@example.org,,,,,,,",), '2:email: "änna@example.org" is no e-mail'),
        (("anna,Anna,a@example.org,English!,,,,,,",), '2:language: "English!" is no language'),
        ((f"anna,{'A' * 121},a@example.org,,,,,,,",), "2:name: there are 121 characters"),
        (("anna,An\u200bna,a@example.org,,,,,,,",), "2:name: there are invisible signs"),
        ((ANNA, "ben,Ben,b@example.org,,,,,anna,01.02.2020,"), '3:since: "01.02.2020" is no day'),
        ((ANNA, "ben,Ben,b@example.org,,,,,anna,20200201,"), '3:since: "20200201" is no day'),
        ((ANNA, "ben,Ben,b@example.org,,,,,anna,2020-02-30,"), '3:since: "2020-02-30" is no day'),
        ((ANNA, "ben,Ben,b@example.org,,,,,anna,,"), "3:since: the cell is empty"),
        (
            (ANNA, "ben,Ben,b@example.org,,,,,anna,2020-01-01,2020-01-01"),
            "3:until: 2020-01-01 is not after 2020-01-01",
        ),
        (
            ("anna,Anna,a@example.org,,,,,,2020-01-01,",),
            "2:since: there is a day and no supervisor",
        ),
        (
            ("anna,Anna,a@example.org,,,,,,,2020-01-01",),
            "2:until: there is a day and no supervisor",
        ),
        (
            ("ben,Ben,b@example.org,,,,,anna,2020-01-01,",),
            '2:supervisor: nobody has the key "anna"',
        ),
        (
            ("ben,Ben,b@example.org,,,,,ben,2020-01-01,",),
            "2:supervisor: nobody reports to themselves",
        ),
        ((ANNA, ANNA), "3:supervisor: a person without a supervisor has one row"),
        (
            (ANNA, BEN, "ben,Ben Holm,ben@example.org,de,Sales,Clerk,,,,"),
            "4:supervisor: a person without a supervisor has one row",
        ),
        (
            (ANNA, BEN, "ben,Ben Holm,ben@example.org,de,Sales,Boss,,anna,2010-01-01,2012-01-01"),
            '4:title: "Boss" here and "Clerk" in row 3',
        ),
        (
            (ANNA, "Anna,Anna Berg,anna@example.org,en,Sales,Director,director,,,"),
            '3:person: "Anna" here and "anna" in row 2',
        ),
        (
            (ANNA, "ben,Ben,Anna@Example.org,,,,,anna,2020-01-01,"),
            '3:email: "anna@example.org" is the address of "anna" too',
        ),
        (
            (ANNA, BEN, BEN.replace("2020-01-01", "2021-01-01")),
            "4:since: this line overlaps with that to the same supervisor in row 3",
        ),
        ((ANNA, BEN, BEN), "4:since: this line overlaps"),
        ((ANNA, "ben,Ben"), "3:email: the row has 2 cells; expected 10"),
    ],
)
def test_a_fault_is_told_with_its_place(
    session: Session, lines: tuple[str, ...], expected: str
) -> None:
    faults = faults_of(session, rows(*lines))

    assert any(fault.startswith(f"people.csv:{expected}") for fault in faults), faults


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEADER.encode(),
        rows(ANNA).replace(b"person,", b"who,", 1),
        rows(ANNA).replace(b",until", b"", 1).replace(b",,,\n", b",,\n"),
        rows(ANNA).replace(b"Berg", b"\xff"),
        rows(ANNA).decode().encode("utf-16"),
        b",".join([b"x"] * 200_000),
    ],
    ids=["empty", "header alone", "unknown", "missing", "not UTF-8", "UTF-16", "too wide"],
)
def test_a_file_that_is_no_people_file_is_refused(session: Session, content: bytes) -> None:
    assert faults_of(session, content)


def test_every_fault_is_told_at_once(session: Session) -> None:
    """Those of cells with those which only the directory shows."""
    put(session, ANNA)

    faults = faults_of(
        session,
        rows("ben,,b@example.org,,,,,anna,2020,", "cleo,Cleo,anna@example.org,,,,,dan,2020-01-01,"),
    )

    assert [fault.split(":")[1:3] for fault in faults] == [
        ["2", "name"],
        ["2", "since"],
        ["3", "email"],
        ["3", "supervisor"],
    ]


def test_a_key_of_the_directory_keeps_its_spelling(session: Session) -> None:
    put(session, ANNA)

    [fault] = faults_of(session, rows(ANNA.replace("anna,Anna", "ANNA,Anna")))

    assert fault.startswith('people.csv:2:person: the directory has "anna"')


def test_two_supervisors_at_once_are_no_fault(session: Session) -> None:
    put(session, ANNA, "cleo,Cleo,cleo@example.org,,,,,anna,2019-01-01,", BEN)

    assert put(session, BEN, BEN.replace("anna,2020", "cleo,2021"))


def test_one_line_after_another_to_the_same_supervisor_is_no_fault(session: Session) -> None:
    first = BEN + "2021-01-01"

    assert put(session, ANNA, first, BEN.replace("2020-01-01", "2021-01-01"))


def test_a_circle_is_told_with_its_day(session: Session) -> None:
    faults = faults_of(
        session,
        rows(
            "anna,Anna,a@example.org,,,,,cleo,2022-05-01,",
            "ben,Ben,b@example.org,,,,,anna,2020-01-01,",
            "cleo,Cleo,c@example.org,,,,,ben,2021-01-01,",
        ),
    )

    [fault] = faults
    assert fault.startswith("people.csv:4:supervisor: ")
    assert fault.endswith("all on 2022-05-01; expected lines without a circle")


def test_a_circle_through_the_directory_is_found(session: Session) -> None:
    put(session, ANNA, BEN)

    [fault] = faults_of(session, rows("anna,Anna,anna@example.org,,,,,ben,2026-01-01,"))

    assert '"anna" reports to "ben", who reports to "anna"' in fault or (
        '"ben" reports to "anna", who reports to "ben"' in fault
    )


def test_who_swapped_places_one_after_the_other_makes_no_circle(session: Session) -> None:
    assert put(
        session,
        "anna,Anna,a@example.org,,,,,ben,2022-01-01,",
        "ben,Ben,b@example.org,,,,,anna,2020-01-01,2022-01-01",
    )


@given(cut=st.integers(0, 400), put_in=st.text(max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_import_is_ever_half_done(session: Session, cut: int, put_in: str) -> None:
    """However a file is damaged: it is refused and nothing has changed, or all of it is there."""
    with session.begin_nested() as savepoint:
        put(session, ANNA)
        before = everything(session)
        whole = rows(ANNA, BEN, "cleo,Cleo,cleo@example.org,,,,,ben,2021-01-01,").decode()
        damaged = (whole[:cut] + put_in + whole[cut:]).encode("utf-8", "surrogatepass")
        try:
            file = read_people(damaged, "people.csv")
            import_people(session, file)
        except FaultyFileError:
            assert everything(session) == before
        else:
            keys = set(session.scalars(sa.select(Person.key)))
            assert {row.key for row in file.people} <= keys
            assert preview_import(session, read_people(damaged, "people.csv")) == []
        savepoint.rollback()


def test_a_held_file_comes_back_as_it_was() -> None:
    held = hold("person;ünï".encode(), "people.csv", secret="s")

    assert held_file(held, secret="s") == ("person;ünï".encode(), "people.csv")


def test_a_held_file_that_was_changed_is_not_taken() -> None:
    held = hold(b"person", "people.csv", secret="s")

    assert held_file("x" + held, secret="s") is None
    assert held_file(held, secret="another") is None
    assert held_file("", secret="s") is None


def test_a_file_too_large_to_be_held_is_refused() -> None:
    with pytest.raises(FaultyFileError, match="import it by command"):
        hold(secrets.token_bytes(600_000), "people.csv", secret="s")


def test_a_file_beyond_the_limits_is_refused_unread() -> None:
    with pytest.raises(FaultyFileError, match="bytes"):
        read_people(rows(ANNA), "people.csv", limits=Limits(bytes=10))


def test_the_example_company_is_imported(session: Session) -> None:
    example = Path("examples/people.csv").read_bytes()

    changes = import_people(session, read_people(example, "people.csv"))

    assert len(changes) == 149
    assert import_people(session, read_people(example, "people.csv")) == []
