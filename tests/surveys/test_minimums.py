"""What pages say of how many must answer is what publication keeps, on every scale."""

import pytest
from sqlalchemy.orm import Session

from assess.publication.gate import GateError, check
from assess.publication.plans import plan
from assess.publication.protection import PROTECTIONS as LEVELS
from assess.publication.protection import STANDARD
from assess.publication.symbols import Symbol, symbol
from assess.publication.table import SCALES
from assess.queries import what_binds
from surveys.models import ANSWERED_MINIMUMS, MINIMUMS, PROTECTIONS, Round
from tests.factories import make_round

EVERYWHERE = [(protection, low, high) for protection in PROTECTIONS for low, high in SCALES]


@pytest.mark.parametrize(("protection", "low", "high"), EVERYWHERE)
def test_so_many_raters_are_shown_and_no_fewer(protection: str, low: int, high: int) -> None:
    minimum, level = Round(protection=protection).minimum, LEVELS[protection]
    enough, too_few = (
        plan({"peer": raters}, protection=level, named=frozenset())
        for raters in (minimum, minimum - 1)
    )

    check(enough, protection=level, low=low, high=high)

    assert [leaf.raters for leaf in enough.leaves] == [minimum]
    assert not too_few.leaves


@pytest.mark.parametrize(("protection", "low", "high"), EVERYWHERE)
def test_so_many_answers_make_a_figure_and_no_fewer(protection: str, low: int, high: int) -> None:
    minimum = Round(protection=protection).answered_minimum
    told = [
        symbol([low] * answers, raters=8, protection=LEVELS[protection], low=low, high=high)
        for answers in (minimum - 1, minimum)
    ]

    assert [isinstance(each, Symbol) for each in told] == [False, True]


def test_more_protection_is_a_higher_minimum() -> None:
    """So it is by their minimum that a protection is known to be raised or lowered."""
    assert sorted(MINIMUMS, key=lambda name: MINIMUMS[name]) == ["threshold", "standard", "strict"]
    assert len({*MINIMUMS.values()}) == len(MINIMUMS) == len(ANSWERED_MINIMUMS)


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_close_keeps_the_protection_that_pages_name(session: Session, protection: str) -> None:
    round_ = make_round(session, protection=protection)

    _, level = what_binds(round_)

    assert (level.minimum, level.answered_minimum) == (round_.minimum, round_.answered_minimum)


def test_a_smaller_minimum_would_be_refused() -> None:
    three = plan({"peer": 3}, protection=LEVELS["threshold"], named=frozenset())

    with pytest.raises(GateError, match="fewer than 4 raters"):
        check(three, protection=STANDARD, low=1, high=4)
