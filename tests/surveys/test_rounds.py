"""What HR may change of a launched round, and what nobody may; who may manage one."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from accounts.models import Account, Person, Role
from assess.publication.protection import PROTECTIONS
from core.keys import KeyStore
from surveys import models
from surveys.ballots.keynames import private_key_name
from surveys.forms.rounds import GROUP_CHOICES
from surveys.models import CLOSE_STEPS, MINIMUMS, CloseStep, Leader, Round
from surveys.policies import may_have_rated, may_manage
from surveys.queries.rounds import Count, Table, group_counts
from surveys.services.rounds import (
    DeadlineBroughtForwardError,
    ProtectionLoweredError,
    RoundNotOpenError,
    UnfitCoachError,
    assign_coach,
    count_answers,
    extend_deadline,
    lock_round,
    raise_protection,
    replace_link,
)
from tests.factories import (
    DEADLINE,
    NOON,
    make_account,
    make_leader,
    make_open_round,
    make_round,
)

TOMORROW = NOON.date() + timedelta(days=1)


def test_the_minimum_is_the_one_that_publication_keeps() -> None:
    assert {name: level.minimum for name, level in PROTECTIONS.items()} == MINIMUMS


def test_every_group_can_be_chosen() -> None:
    assert {group for group, _ in GROUP_CHOICES} == {*models.GROUPS}


# --- Protection and deadline only become safer


@pytest.mark.parametrize("level", ["standard", "strict"])
def test_protection_can_be_raised(session: Session, key_store: KeyStore, level: str) -> None:
    round_ = make_open_round(session, key_store)

    raise_protection(session, round_, level, key_store)

    assert round_.protection == level


def test_protection_is_never_lowered_again(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store)
    raise_protection(session, round_, "strict", key_store)

    for lower in ("standard", "threshold"):
        with pytest.raises(ProtectionLoweredError):
            raise_protection(session, round_, lower, key_store)


def test_a_draft_may_have_any_protection(session: Session, key_store: KeyStore) -> None:
    round_ = make_round(session, protection="strict")

    raise_protection(session, round_, "threshold", key_store)

    assert round_.protection == "threshold"


def test_a_deadline_moves_only_to_a_later_day(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store)
    extend_deadline(session, round_, DEADLINE + timedelta(days=3))

    with pytest.raises(DeadlineBroughtForwardError):
        extend_deadline(session, round_, DEADLINE)

    assert round_.deadline == DEADLINE + timedelta(days=3)


def test_a_draft_may_have_any_deadline(session: Session) -> None:
    round_ = make_round(session)

    extend_deadline(session, round_, DEADLINE - timedelta(days=3))

    assert round_.deadline == DEADLINE - timedelta(days=3)


def test_nothing_changes_after_the_lock(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store)
    lock_round(session, round_, at=NOON)

    changes: tuple[Callable[[], None], ...] = (
        lambda: raise_protection(session, round_, "strict", key_store),
        lambda: extend_deadline(session, round_, DEADLINE + timedelta(days=3)),
        lambda: lock_round(session, round_, at=DEADLINE),
        lambda: replace_link(session, round_.leaders[0].seats[0].invitation, key_store),
        lambda: count_answers(session, round_, on=TOMORROW),
    )
    for change in changes:
        with pytest.raises(RoundNotOpenError):
            change()

    assert round_.locked_at == NOON


def test_a_draft_is_not_locked(session: Session) -> None:
    with pytest.raises(RoundNotOpenError):
        lock_round(session, make_round(session), at=NOON)


# --- Counts


def counted(session: Session, round_: Round) -> dict[str, tuple[int, int, date]]:
    return {
        count.group: (count.invited, count.answered, count.counted_on)
        for count in group_counts(session, round_)
    }


def test_answers_are_counted_by_group(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store, peer=4)
    for seat in [seat for seat in round_.leaders[0].seats if seat.group == "peer"][:3]:
        seat.envelope = b"sealed"

    count_answers(session, round_, on=TOMORROW)

    assert counted(session, round_) == {"self": (1, 0, TOMORROW), "peer": (4, 3, TOMORROW)}


def test_a_second_count_on_one_day_changes_nothing(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store, peer=4)
    count_answers(session, round_, on=TOMORROW)
    round_.leaders[0].seats[0].envelope = b"sealed"

    count_answers(session, round_, on=TOMORROW)

    assert sum(answered for _, answered, _ in counted(session, round_).values()) == 0


def test_declining_looks_like_not_answering(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store, peer=4)
    round_.leaders[0].seats[1].declined = True

    count_answers(session, round_, on=TOMORROW)

    assert counted(session, round_)["peer"] == (4, 0, TOMORROW)


@pytest.mark.parametrize(
    ("groups", "leaves"),
    [
        ({"self": 1, "peer": 4}, {"peer": 4}),
        ({"client": 2, "board": 2}, {"pooled": 4}),
        ({"client": 3}, {}),
        ({"direct_report": 4, "past_direct_report": 3}, {"direct_report": 7}),
        ({"direct_report": 1, "past_direct_report": 5}, {"past_direct_report": 6}),
        ({"supervisor": 1, "peer": 1}, {}),
    ],
)
def test_small_groups_are_counted_together_or_not_at_all(
    groups: dict[str, int], leaves: dict[str, int]
) -> None:
    named = Round(names_past_supervisors=False).named_groups
    table = Table(Leader(name="Ada"), {g: Count(n) for g, n in groups.items()}, 4, named)

    assert {leaf: count.invited for leaf, count in table.leaves.items()} == leaves


# --- Coaches


def test_a_coach_needs_the_role_and_is_not_the_leader(session: Session) -> None:
    leader = make_leader(session, make_round(session))

    for unfit in (
        make_account(session, "hr"),
        make_account(session, "coach", person=leader.person),
    ):
        with pytest.raises(UnfitCoachError):
            assign_coach(leader, unfit)


# --- Who may


def somebody(*roles: str, email: str = "hr@example.org", person: Person | None = None) -> Account:
    return Account(
        email=email,
        person=person,
        person_id=person and person.id,
        roles=[Role(name=role) for role in roles],
    )


def test_hr_manages_a_round_in_which_they_are_not_rated() -> None:
    round_ = Round(leaders=[Leader(name="From elsewhere")])

    assert may_manage(somebody("hr"), round_)
    assert not may_manage(somebody("coach"), round_)


def test_an_address_in_capitals_is_the_same_person() -> None:
    person = Person(name="Ada", email="ada@example.org")
    account = somebody("hr", email="ADA@example.org")

    assert not may_manage(account, Round(leaders=[Leader(name="Ada", person=person)]))
    assert not may_have_rated(account, person)


# --- Commands


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Runs commands in the app."""
    return app.test_cli_runner()


def test_rounds_are_listed(session: Session, runner: FlaskCliRunner) -> None:
    round_ = make_round(session)
    session.commit()

    output = runner.invoke(args=["surveys", "list"]).output

    assert f"{round_.id}  draft" in output


def test_the_list_says_where_close_has_not_ended(
    session: Session, key_store: KeyStore, runner: FlaskCliRunner
) -> None:
    begun, done = make_open_round(session, key_store), make_open_round(session, key_store)
    for round_, steps in ((begun, CLOSE_STEPS[:1]), (done, CLOSE_STEPS)):
        round_.locked_at = round_.closed_at = NOON
        session.add_all(CloseStep(round_id=round_.id, step=step) for step in steps)
    session.commit()

    lines = runner.invoke(args=["surveys", "list"]).output.splitlines()

    ended = {line.split()[0]: line.endswith("(close has not ended)") for line in lines}
    assert ended == {str(begun.id): True, str(done.id): False}


def test_a_round_is_locked_by_command(
    session: Session, key_store: KeyStore, runner: FlaskCliRunner
) -> None:
    round_ = make_open_round(session, key_store)
    session.commit()

    first = runner.invoke(args=["surveys", "lock", str(round_.id)], input="y\n")
    again = runner.invoke(args=["surveys", "lock", str(round_.id), "--yes"])

    session.expire_all()
    assert (first.exit_code, round_.state) == (0, "locked")
    assert first.output.endswith("The round is locked. The worker scores it soon.\n")
    assert again.exit_code == 1
    assert "This round is over" in again.output


def test_nothing_is_locked_before_somebody_says_so(
    session: Session, key_store: KeyStore, runner: FlaskCliRunner
) -> None:
    round_ = make_open_round(session, key_store)
    session.commit()

    no = runner.invoke(args=["surveys", "lock", str(round_.id)], input="n\n")

    session.expire_all()
    assert (no.exit_code, round_.state) == (1, "open")
    assert "there is no way back. Go on?" in no.output


def test_who_locks_a_round_reads_what_it_waits_for(
    session: Session, key_store: KeyStore, runner: FlaskCliRunner, entrusted_open: Round
) -> None:
    lost = make_open_round(session, key_store)
    session.commit()
    key_store.destroy(private_key_name(lost))

    said = [
        runner.invoke(args=["surveys", "lock", str(round_.id), "--yes"]).output
        for round_ in (entrusted_open, lost)
    ]

    assert said[0].endswith("It waits for its trustee.\n")
    assert f"cannot be scored yet: its key is not in {key_store.directory}" in said[1]


@pytest.mark.parametrize("words", [("lock", "--yes"), ("verify-anonymity",)])
def test_an_unknown_round_is_said_to_be_one(
    session: Session, runner: FlaskCliRunner, words: tuple[str, ...]
) -> None:
    nobody = runner.invoke(args=["surveys", *words, str(UUID(int=0))])

    assert nobody.exit_code == 1
    assert "There is no such round" in nobody.output
