"""Two rounds about one leader: the same people, or others; never almost the same."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from accounts.models import Person
from core.keys import KeyStore
from surveys.ballots.keynames import private_key_name
from surveys.models import Round
from surveys.services.answers import decline
from surveys.services.apart import (
    NEAR_DAYS,
    RoundsTooNearError,
    overlaps,
)
from surveys.services.reopening import reopen
from surveys.services.rounds import lock_round
from surveys.services.seats import Rater, invite_all
from tests.factories import DEADLINE, NOON, make_person
from tests.surveys.companies import Company


@pytest.fixture
def company(session: Session, key_store: KeyStore) -> Company:
    return Company(session, key_store)


# --- What is refused


@pytest.mark.parametrize(("protection", "many"), [("standard", 6), ("strict", 7)])
@pytest.mark.parametrize("state", ["open", "locked", "closed"])
def test_one_person_fewer_is_refused(
    company: Company, protection: str, many: int, state: str
) -> None:
    first = company.launched(protection=protection, direct_report=range(many))
    first.locked_at = NOON if state != "open" else None
    first.closed_at = NOON if state == "closed" else None
    second = company.drafted(protection=protection, direct_report=range(many - 1))

    with pytest.raises(RoundsTooNearError) as refused:
        company.launch(second, at=NOON + timedelta(days=1))

    words = str(refused.value)
    assert "About Lea Leader" in words
    assert f"is Rater {many - 1} (direct report then, not asked now)." in words
    assert f"by at least {first.minimum} people" in words
    assert "“Spring”" in words
    assert (second.state, second.public_key) == ("draft", None)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"peer": range(5)}, {"peer": range(6)}),
        ({"peer": range(5)}, {"peer": [0, 1, 2, 3, 5]}),
        ({"peer": range(6)}, {"client": range(5)}),
        ({"direct_report": range(6)}, {"direct_report": range(5), "past_direct_report": [5]}),
        ({"direct_report": range(6)}, {"direct_report": range(6), "past_direct_report": [6]}),
        ({"client": [0, 1], "board": [2, 3]}, {"client": [0, 1], "board": [2, 3, 4]}),
        ({"client": [0, 1], "board": [2, 3]}, {"other": [0, 1, 2, 3, 4]}),
        ({"peer": range(5), "client": range(5, 10)}, {"other": range(9)}),
        ({"peer": range(5), "client": [5, 6]}, {"peer": range(5), "client": [5, 7]}),
        ({"peer": range(5), "client": [5, 6]}, {"peer": range(5), "client": [5, 6, 7]}),
        ({"peer": range(6)}, {"peer": range(5), "supervisor": [5]}),
    ],
    ids=[
        "one comes",
        "one is exchanged",
        "another name",
        "moved to a related group",
        "one joins a related group",
        "the pool grows",
        "a group like the pool",
        "a group like two",
        "the small group changes, and is pooled where others are silent",
        "the small group grows, and is pooled where others are silent",
        "now named",
    ],
)
def test_whatever_may_be_shown_together_is_compared(
    company: Company, then: dict[str, Any], now: dict[str, Any]
) -> None:
    company.launched(**then)

    with pytest.raises(RoundsTooNearError):
        company.launch(company.drafted(**now))


def test_the_higher_minimum_of_both_counts(company: Company) -> None:
    company.launched(protection="strict", peer=range(10))

    with pytest.raises(RoundsTooNearError, match="at least 5 people"):
        company.launch(company.drafted(peer=range(4, 10)))


def test_a_round_which_shows_fewer_is_compared_with_one_that_does_not(company: Company) -> None:
    company.launched(peer=range(4))

    with pytest.raises(RoundsTooNearError):
        company.launch(company.drafted(protection="strict", peer=range(5)))


def test_the_same_people_under_another_protection_may_be_shown_otherwise(company: Company) -> None:
    company.launched(peer=range(4), client=[4])

    with pytest.raises(RoundsTooNearError, match=r"is Rater 4 \(client both times\)"):
        company.launch(company.drafted(protection="strict", peer=range(4), client=[4]))


def test_who_is_silent_or_declines_changes_nothing(company: Company) -> None:
    first = company.launched(peer=range(6))
    for seat in first.leaders[0].seats:
        if seat.group == "peer":
            decline(company.session, seat)

    with pytest.raises(RoundsTooNearError):
        company.launch(company.drafted(peer=range(5)))


def test_everybody_who_makes_the_difference_is_named_with_both_places(company: Company) -> None:
    company.launched(peer=range(6), direct_report=range(6, 12), supervisor=[12])

    with pytest.raises(RoundsTooNearError) as refused:
        company.launch(company.drafted(peer=[0, 1, 2, 3, 4, 6], direct_report=range(7, 13)))

    assert (
        "Rater 12 (supervisor then, direct report now), Rater 5 (peer then, not asked now), "
        "Rater 6 (direct report then, peer now)."
    ) in str(refused.value)


def test_the_first_of_several_is_told_and_how_many_there_are(company: Company) -> None:
    company.launched(peer=range(5), name="Winter")
    company.launched(peer=range(5), name="Spring")

    with pytest.raises(RoundsTooNearError, match=r"“Spring”.* 1 more are listed before launch\."):
        company.launch(company.drafted(peer=range(6)))


def test_a_refused_launch_leaves_no_keys(company: Company, key_store: KeyStore) -> None:
    company.launched(peer=range(6))
    second = company.drafted(peer=range(5))

    with pytest.raises(RoundsTooNearError):
        company.launch(second)

    assert not (key_store.directory / private_key_name(second)).exists()


# --- What is allowed


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"peer": range(6)}, {"peer": range(6)}),
        ({"peer": range(6), "client": [6]}, {"peer": range(6), "client": [6]}),
        ({"peer": range(4), "client": [4], "board": [5, 6]},) * 2,
        ({"peer": range(6)}, {"peer": range(6, 12)}),
        ({"peer": range(6)}, {"peer": range(10)}),
        ({"peer": range(6)}, {"peer": range(2, 8)}),
        ({"peer": range(6)}, {"direct_report": range(6)}),
        ({"peer": range(6)}, {"peer": range(6), "client": range(6, 10)}),
        ({"peer": range(6), "supervisor": [6]}, {"peer": range(6), "supervisor": [7]}),
        ({"client": [0]}, {"client": [1]}),
        ({"client": [0], "peer": range(1, 6)}, {"client": [6], "peer": range(7, 12)}),
    ],
    ids=[
        "the same",
        "the same, also where it is small",
        "the same, also where small groups are pooled",
        "others",
        "four more",
        "two of six exchanged",
        "the same under another name",
        "one group more",
        "another supervisor, who is named",
        "nothing is shown of either",
        "others, also where it is small",
    ],
)
def test_equal_and_wholly_different_groups_are_launched(
    company: Company, then: dict[str, Any], now: dict[str, Any]
) -> None:
    company.launched(**then)
    second = company.drafted(**now)

    company.launch(second)

    assert second.state == "open"


def test_a_past_supervisor_who_is_named_may_change(company: Company) -> None:
    first = company.drafted(peer=range(5), past_supervisor=[5])
    second = company.drafted(peer=range(5), past_supervisor=[6])
    first.names_past_supervisors = second.names_past_supervisors = True
    company.launch(first)

    company.launch(second)

    assert second.state == "open"


def test_another_leader_of_nearly_the_same_team_is_none_of_it(company: Company) -> None:
    company.launched(peer=range(6))
    company.leader = make_person(company.session, "Somebody Else")
    second = company.drafted(peer=range(5))

    company.launch(second)

    assert second.state == "open"


def test_drafts_are_not_compared(company: Company) -> None:
    company.drafted(peer=range(6))
    second = company.drafted(peer=range(5))

    company.launch(second)

    assert second.state == "open"


def test_half_a_year_after_close_a_round_may_differ_by_one(company: Company) -> None:
    first = company.launched(peer=range(6))
    first.locked_at = first.closed_at = NOON
    second, over = company.drafted(peer=range(5)), NOON + timedelta(days=NEAR_DAYS)

    with pytest.raises(RoundsTooNearError, match=f"or launch after {over:%-d %B %Y}"):
        company.launch(second, at=over - timedelta(seconds=1))
    company.launch(second, at=over)

    assert second.state == "open"


@pytest.mark.parametrize("locked_at", [None, NOON], ids=["open", "locked"])
def test_a_round_that_has_not_closed_is_near_however_old(
    company: Company, locked_at: datetime | None
) -> None:
    first = company.launched(peer=range(6))
    first.locked_at = locked_at

    with pytest.raises(RoundsTooNearError, match="wait until 180 days after “Spring” has closed"):
        company.launch(company.drafted(peer=range(5)), at=NOON + timedelta(days=400))


def test_a_round_is_not_compared_with_itself(company: Company, key_store: KeyStore) -> None:
    round_ = company.launched(peer=range(6))
    lock_round(company.session, round_, at=NOON)
    key_store.destroy(private_key_name(round_))

    later = DEADLINE + timedelta(days=9)
    reopen(company.session, round_, key_store, deadline=later, at=NOON)

    assert overlaps(company.session, round_, at=NOON) == []


# --- Who is the same person


@pytest.fixture
def guests(company: Company) -> Callable[..., Round]:
    """Draft a round that asks four people of the directory and one more."""

    def draft(**guest: str | Person) -> Round:
        round_ = company.drafted(peer=range(4))
        invite_all(company.session, round_.leaders[0], [Rater("peer", **guest)])  # type: ignore[arg-type]  # one of its fields
        return round_

    return draft


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"name": "Gus", "email": "gus@x.org"}, {"name": "Gus Guest", "email": "Gus@X.org"}),
        ({"name": "By letter"}, {"name": "By Letter"}),
    ],
    ids=["by address", "by name, without an address"],
)
def test_a_guest_is_the_same_in_both(
    company: Company, guests: Callable[..., Round], then: dict[str, str], now: dict[str, str]
) -> None:
    company.launch(guests(**then))
    second = guests(**now)

    company.launch(second)

    assert second.state == "open"


def test_a_guest_with_the_address_of_a_colleague_is_that_colleague(
    company: Company, guests: Callable[..., Round]
) -> None:
    colleague = company.people[4]
    company.launch(guests(name="Under their address", email=colleague.email.upper()))
    second = guests(person=colleague)

    company.launch(second)

    assert second.state == "open"


def test_another_guest_of_the_same_name_is_another(
    company: Company, guests: Callable[..., Round]
) -> None:
    company.launch(guests(name="Gus", email="gus@x.org"))

    with pytest.raises(RoundsTooNearError, match=r"Gus \(peer then, not asked now\), Gus \(not"):
        company.launch(guests(name="Gus", email="gus@y.org"))
