"""Who stands in which relation to a leader, by dated reporting lines."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from accounts.models import Person, ReportingLine
from accounts.queries import GROUPS, coaches, directory, relations
from tests.factories import make_account, make_person

TODAY = date(2026, 11, 21)
LONG_AGO = date(2020, 1, 1)


def line(
    session: Session,
    person: Person,
    supervisor: Person,
    since: date = LONG_AGO,
    until: date | None = None,
) -> None:
    session.add(ReportingLine(person=person, supervisor=supervisor, since=since, until=until))
    session.flush()


def groups_of(session: Session, leader: Person, person: Person) -> list[str]:
    found = relations(session, leader, on=TODAY)
    return [group for group, people in found.items() if person in people]


def test_present_lines_make_supervisor_peers_and_direct_reports(session: Session) -> None:
    top, boss, leader, peer, report = (make_person(session) for _ in range(5))
    for person, supervisor in ((boss, top), (leader, boss), (peer, boss), (report, leader)):
        line(session, person, supervisor)

    assert relations(session, leader, on=TODAY) == {
        "self": [leader],
        "supervisor": [boss],
        "supervisors_supervisor": [top],
        "peer": [peer],
        "direct_report": [report],
        "past_supervisor": [],
        "past_direct_report": [],
    }


def test_lines_that_ended_within_two_years_make_past_groups(session: Session) -> None:
    leader, boss, report = (make_person(session) for _ in range(3))
    line(session, leader, boss, until=TODAY - timedelta(days=730))
    line(session, report, leader, until=TODAY)

    assert groups_of(session, leader, boss) == ["past_supervisor"]
    assert groups_of(session, leader, report) == ["past_direct_report"]


def test_lines_that_ended_earlier_make_none(session: Session) -> None:
    leader, report = make_person(session), make_person(session)
    line(session, report, leader, until=TODAY - timedelta(days=731))

    assert groups_of(session, leader, report) == []
    longer = relations(session, leader, on=TODAY, reaching_back_days=731)
    assert longer["past_direct_report"] == [report]


def test_a_line_counts_as_present_from_its_ninetieth_day(session: Session) -> None:
    leader, settled, new = (make_person(session) for _ in range(3))
    line(session, settled, leader, since=TODAY - timedelta(days=90))
    line(session, new, leader, since=TODAY - timedelta(days=89))

    assert relations(session, leader, on=TODAY)["direct_report"] == [settled]
    assert relations(session, leader, on=TODAY, tenure_days=0)["direct_report"] == [settled, new]


def test_a_line_that_begins_later_counts_for_nothing(session: Session) -> None:
    leader, report = make_person(session), make_person(session)
    line(session, report, leader, since=TODAY + timedelta(days=1))

    assert groups_of(session, leader, report) == []


def test_who_came_back_is_present_and_not_past(session: Session) -> None:
    leader, report = make_person(session), make_person(session)
    line(session, report, leader, until=date(2025, 6, 1))
    line(session, report, leader, since=date(2026, 1, 1))

    assert groups_of(session, leader, report) == ["direct_report"]


def test_who_moved_up_beside_a_leader_is_a_peer_and_not_a_past_report(session: Session) -> None:
    boss, leader, colleague = (make_person(session) for _ in range(3))
    line(session, leader, boss)
    line(session, colleague, leader, until=date(2025, 6, 1))
    line(session, colleague, boss, since=date(2025, 6, 1))

    assert groups_of(session, leader, colleague) == ["peer"]


def test_who_reports_to_a_leader_and_beside_them_is_a_direct_report(session: Session) -> None:
    boss, leader, report = (make_person(session) for _ in range(3))
    for person, supervisor in ((leader, boss), (report, boss), (report, leader)):
        line(session, person, supervisor)

    assert groups_of(session, leader, report) == ["direct_report"]


PAIRS = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1])
DAYS = st.integers(-1500, 60)


@given(lines=st.sets(st.tuples(PAIRS, DAYS, st.none() | st.integers(1, 900)), max_size=14))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_appears_twice(
    session: Session, lines: set[tuple[tuple[int, int], int, int | None]]
) -> None:
    with session.begin_nested() as savepoint:
        people = [make_person(session) for _ in range(6)]
        begun = set()
        for (report, supervisor), since, lasting in sorted(lines, key=str):
            if (report, supervisor, since) in begun:
                continue
            begun.add((report, supervisor, since))
            first = TODAY + timedelta(days=since)
            until = first + timedelta(days=lasting) if lasting else None
            line(session, people[report], people[supervisor], first, until)

        for person in people:
            found = relations(session, person, on=TODAY)
            everybody = [other.id for group in found.values() for other in group]
            assert tuple(found) == GROUPS
            assert len(everybody) == len(set(everybody))
            assert found["self"] == [person]
        savepoint.rollback()


def test_only_those_who_may_coach_now_are_coaches(session: Session) -> None:
    coach = make_account(session, "coach", "hr")
    make_account(session, "leader")
    make_account(session, "coach").active = False
    session.flush()

    assert coaches(session) == [coach]


def test_the_directory_finds_names_without_their_accents(session: Session) -> None:
    boss, person = make_person(session, "Győző Halmos"), make_person(session, "Đặng Hữu Nghĩa")
    person.department = "Quality"
    line(session, person, boss)

    assert [entry.name for entry in directory(session, on=TODAY, search="dang QUAL")] == [
        "Đặng Hữu Nghĩa"
    ]
    assert [entry.name for entry in directory(session, on=TODAY, search="gyozo")] == [
        "Đặng Hữu Nghĩa",
        "Győző Halmos",
    ]
    assert directory(session, on=LONG_AGO - timedelta(days=1), search="dang")[0].supervisors == ()
