"""Close opens the envelopes once, publishes symbols, and leaves nothing else."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.closing.answers import head_counts, open_all
from assess.closing.publishing import Rows, Rules, publish
from assess.closing.receipts import blank, counted
from assess.closing.rounds import RoundNotLockedError, close_round
from assess.models import LedgerEntry, PublishedComment, PublishedLeaf, PublishedSymbol
from assess.publication.plans import plan
from assess.queries import sealed_seats, what_binds
from assess.scorecards.reading import RoundNotClosedError, round_card, scorecard
from assess.scorecards.types import Reason
from core.keys import KeyLostError, KeyStore
from core.mail import OutboxMail, post
from surveys.ballots.keynames import draft_key_name, link_key_name, private_key_name
from surveys.ballots.opening import EnvelopeMovedError
from surveys.ballots.sealing import RECEIPT_LENGTH, receipt
from surveys.ballots.sheets import NOT_OBSERVED, Sheet
from surveys.models import CountedSheet, GroupCount, Invitation, Seat
from surveys.services.keys import destroy_secrets
from tests.assess.rounds import (
    ITEMS,
    answered_round,
    by_group,
    closed_round,
    everybody_says,
)
from tests.factories import NOON, make_open_round


def test_symbols_of_a_group_are_published(session: Session, key_store: KeyStore) -> None:
    answer = by_group({"self": [5], "peer": [3, 4, 4, 5]})

    card = scorecard(session, closed_round(session, key_store, answer, peer=4).leaders[0])

    assert {(row.leaf, row.symbol) for row in card.items} == {("self", "5"), ("peer", "4.0")}
    assert [(leaf.leaf, leaf.n, leaf.named) for leaf in card.leaves] == [
        ("self", 1, True),
        ("peer", 4, False),
    ]


def test_close_leaves_no_envelope_no_draft_and_no_link(
    session: Session, key_store: KeyStore
) -> None:
    round_ = closed_round(session, key_store, everybody_says(4), peer=5)

    kept = sa.or_(Seat.envelope.is_not(None), Seat.draft.is_not(None), Seat.declined)
    assert session.scalars(sa.select(Seat).where(kept)).all() == []
    links = sa.select(Invitation).where(Invitation.authenticator_hash.is_not(None))
    assert session.scalars(links).all() == []
    assert round_.state == "closed"


def test_all_three_secrets_are_destroyed_and_may_be_destroyed_again(
    session: Session, key_store: KeyStore
) -> None:
    round_ = closed_round(session, key_store, everybody_says(4), peer=5)

    destroy_secrets(round_, key_store)
    destroy_secrets(round_, key_store)

    for name in (private_key_name(round_), link_key_name(round_), draft_key_name(round_)):
        with pytest.raises(KeyLostError):
            key_store.get(name)


def test_raters_set_aside_enter_no_figure_of_the_leader(
    session: Session, key_store: KeyStore
) -> None:
    """Three clients stand alone: whatever they say, the report is the same."""

    def card(clients_say: int) -> object:
        values = {"self": [4], "peer": [3, 4, 4, 5], "client": [clients_say] * 3}
        return scorecard(
            session, closed_round(session, key_store, by_group(values), peer=4, client=3).leaders[0]
        )

    low, high = card(1), card(5)

    assert low.withheld[0].group == "client"  # type: ignore[attr-defined]  # object, so that nothing but equality counts
    assert repr(low).replace(low.leader, "") == repr(high).replace(high.leader, "")  # type: ignore[attr-defined]  # as above


def test_small_groups_are_shown_as_one(session: Session, key_store: KeyStore) -> None:
    card = scorecard(
        session,
        closed_round(session, key_store, everybody_says(4), client=2, board=2).leaders[0],
    )

    pooled = next(leaf for leaf in card.leaves if leaf.leaf == "pooled")
    assert (set(pooled.groups), pooled.n) == ({"client", "board"}, 4)
    assert {row.reason for row in card.competencies if row.leaf == "pooled"} == {Reason.POOLED}


def test_an_item_few_have_observed_says_so(session: Session, key_store: KeyStore) -> None:
    answer = by_group({"self": [4], "peer": [NOT_OBSERVED, NOT_OBSERVED, 4, 5]})

    card = scorecard(session, closed_round(session, key_store, answer, peer=4).leaders[0])

    peers = [row for row in card.items if row.leaf == "peer"]
    assert {(row.symbol, row.reason) for row in peers} == {(None, Reason.TOO_FEW_ANSWERS)}
    scores = [row for row in card.competencies if row.leaf == "peer"]
    assert {(row.score, row.reason) for row in scores} == {(None, Reason.TOO_FEW_ANSWERS)}


def test_a_leader_whom_nobody_answered_about_gets_an_empty_card(
    session: Session, key_store: KeyStore
) -> None:
    round_ = make_open_round(session, key_store, peer=4)
    round_.locked_at = NOON
    session.flush()

    close_round(session, round_, key_store, at=NOON)
    card = scorecard(session, round_.leaders[0])

    assert (card.leaves, card.items, card.index.reason) == ((), (), Reason.TOO_FEW_RATERS)
    assert round_card(session, round_).raters == 0


def test_the_same_words_of_two_raters_are_both_kept(session: Session, key_store: KeyStore) -> None:
    round_ = closed_round(session, key_store, everybody_says(4, "Keep going."), peer=5)

    anonymous = [c for c in scorecard(session, round_.leaders[0]).comments if c.leaf != "self"]
    assert [comment.text for comment in anonymous] == ["Keep going."] * 5


def test_a_moved_envelope_stops_close_before_anything_is_stored(
    session: Session, key_store: KeyStore
) -> None:
    round_ = answered_round(session, key_store, everybody_says(4), peer=4)
    first, second = session.scalars(sa.select(Seat).where(Seat.group == "peer").limit(2)).all()
    first.envelope, second.envelope = second.envelope, first.envelope
    session.flush()

    with pytest.raises(EnvelopeMovedError):
        close_round(session, round_, key_store, at=NOON)

    assert session.scalars(sa.select(PublishedLeaf)).all() == []
    assert round_.state == "locked"


def test_only_a_locked_round_is_closed_and_only_once(session: Session, key_store: KeyStore) -> None:
    open_ = make_open_round(session, key_store, peer=4)
    closed = closed_round(session, key_store, everybody_says(4), peer=4)

    for round_ in (open_, closed):
        with pytest.raises(RoundNotLockedError):
            close_round(session, round_, key_store, at=NOON)


def test_there_are_no_figures_before_close(session: Session, key_store: KeyStore) -> None:
    round_ = answered_round(session, key_store, everybody_says(4), peer=4)

    with pytest.raises(RoundNotClosedError):
        scorecard(session, round_.leaders[0])
    with pytest.raises(RoundNotClosedError):
        round_card(session, round_)


def test_without_its_key_a_round_is_not_closed(session: Session, key_store: KeyStore) -> None:
    round_ = answered_round(session, key_store, everybody_says(4), peer=4)
    key_store.destroy(private_key_name(round_))

    with pytest.raises(KeyLostError):
        close_round(session, round_, key_store, at=NOON)


def test_every_release_stands_in_the_ledger(session: Session, key_store: KeyStore) -> None:
    round_ = closed_round(session, key_store, everybody_says(4), peer=4, client=1)

    entry = session.get_one(LedgerEntry, round_.leaders[0].id)
    assert [leaf["name"] for leaf in entry.plan["leaves"]] == ["self", "peer"]
    assert entry.plan["withheld"] == ["client"]


def test_a_comment_of_an_open_sheet_alone_is_an_answer(
    session: Session, key_store: KeyStore
) -> None:
    def only_words(_group: str, _number: int) -> Sheet:
        return Sheet({}, {"keep": "Ask more."})

    card = scorecard(session, closed_round(session, key_store, only_words, peer=5).leaders[0])

    assert all(row.symbol is None for row in card.items)
    assert len([comment for comment in card.comments if comment.leaf != "self"]) == 5


def test_a_symbol_is_stored_for_every_item_of_every_leaf(
    session: Session, key_store: KeyStore
) -> None:
    closed_round(session, key_store, everybody_says(5), peer=4, direct_report=6)

    stored = session.scalars(sa.select(PublishedSymbol.symbol)).all()
    assert len(stored) == 3 * len(ITEMS)
    assert set(stored) == {"5", "4.5+"}


def test_a_group_of_which_the_round_tells_in_part_only_is_not_told_of_by_it(
    session: Session, key_store: KeyStore
) -> None:
    round_ = closed_round(session, key_store, everybody_says(3), peer=5, direct_report=5)
    figures = {"sigma2": 0.4, "df": 90.0, "icc1": 0.2}
    told = [("peer", "trust"), ("peer", "listening"), ("direct_report", "trust")]

    card = scorecard(session, round_.leaders[0], known=dict.fromkeys(told, figures))

    assert card.sure == ("peer",)


def test_a_group_that_stayed_silent_looks_like_one_that_is_too_small(
    session: Session, key_store: KeyStore
) -> None:
    """A leader with one client must not learn whether that client has answered."""

    def card(*, client_answers: bool) -> object:
        def answer(group: str, _number: int) -> Sheet:
            silent = group == "client" and not client_answers
            return Sheet({} if silent else dict.fromkeys(ITEMS, 4), {})

        round_ = closed_round(session, key_store, answer, peer=4, client=1)
        return scorecard(session, round_.leaders[0])

    answered, silent = card(client_answers=True), card(client_answers=False)

    assert repr(answered).replace(answered.leader, "") == repr(silent).replace(silent.leader, "")  # type: ignore[attr-defined]  # as above


def test_close_forgets_counts_and_reminders(session: Session, key_store: KeyStore) -> None:
    """A reminder still waiting would name somebody who had not answered."""
    round_ = answered_round(session, key_store, everybody_says(4), peer=4)
    post(session, "reminder", session.scalars(sa.select(Invitation.id)).first() or uuid4())
    session.flush()

    close_round(session, round_, key_store, at=NOON)

    assert session.scalars(sa.select(GroupCount)).all() == []
    assert session.scalars(sa.select(OutboxMail)).all() == []


def test_agreement_is_not_told_where_one_dissenter_would_be(
    session: Session, key_store: KeyStore
) -> None:
    answer = by_group({"self": [4], "direct_report": [1, *[5] * 8]})

    card = scorecard(session, closed_round(session, key_store, answer, direct_report=9).leaders[0])

    told = {row.agreement for row in card.competencies if row.leaf == "direct_report"}
    why = {row.reason for row in card.competencies if row.leaf == "direct_report"}
    assert (told, why) == ({None}, {Reason.PROTECTED})


def test_agreement_in_the_middle_is_told(session: Session, key_store: KeyStore) -> None:
    answer = by_group({"self": [4], "direct_report": [3, 3, 3, 4, 4, 4, 3, 4]})

    card = scorecard(session, closed_round(session, key_store, answer, direct_report=8).leaders[0])

    assert {row.agreement for row in card.competencies if row.leaf == "direct_report"} == {"high"}


def test_every_envelope_is_counted_among_as_many_digests_as_there_are_seats(
    session: Session, key_store: KeyStore
) -> None:
    """Whoever has no receipt cannot even count the sheets."""

    def silent_clients(group: str, number: int) -> Sheet:
        return Sheet({}, {}) if group == "client" else everybody_says(4)(group, number)

    round_ = answered_round(session, key_store, silent_clients, peer=4, client=3)
    sealed = session.scalars(sa.select(Seat.envelope).where(Seat.envelope.is_not(None))).all()
    receipts = {receipt(envelope) for envelope in sealed if envelope}

    close_round(session, round_, key_store, at=NOON)

    digests = session.scalars(sa.select(CountedSheet.digest)).all()
    assert (len(receipts), len(digests), len(set(digests))) == (5, 8, 8)
    assert receipts < set(digests)
    assert {len(digest) for digest in digests} == {RECEIPT_LENGTH}


def test_a_close_run_again_counts_the_same_digests(session: Session, key_store: KeyStore) -> None:
    """What an interrupted close has left in the database would else tell blanks from receipts."""
    round_ = answered_round(session, key_store, everybody_says(4), peer=4)
    silent = session.scalars(sa.select(Seat).where(Seat.group == "peer").limit(1)).one()
    silent.envelope = None

    def digests() -> set[bytes]:
        with session.begin_nested() as attempt:
            close_round(session, round_, key_store, at=NOON)
            session.flush()
            found = set(session.scalars(sa.select(CountedSheet.digest)))
            attempt.rollback()
        return found

    assert digests() == digests()


def test_digests_of_silent_seats_are_told_by_the_key_of_the_round_alone() -> None:
    seat_id, key = uuid4(), b"k" * 32

    assert blank(seat_id, link_key=key) == blank(seat_id, link_key=key)
    assert blank(seat_id, link_key=key) != blank(seat_id, link_key=b"l" * 32)
    assert counted([], [seat_id], link_key=key) == [blank(seat_id, link_key=key)]


def test_digests_stand_in_an_order_of_their_own() -> None:
    envelopes, silent = [bytes([number]) for number in range(9)], [uuid4() for _ in range(9)]

    digests = counted(envelopes, silent, link_key=b"k" * 32)

    assert digests == sorted(digests)
    assert digests == counted(envelopes[::-1], silent[::-1], link_key=b"k" * 32)


def test_what_is_published_does_not_depend_on_the_order_of_sheets(
    session: Session, key_store: KeyStore
) -> None:
    """Rows lie on the disk as they were written: an order of seats would be an order of raters."""

    def answer(group: str, number: int) -> Sheet:
        return Sheet({"trust1": 1 + number % 5}, {"keep": f"Word {number} of {group}."})

    round_ = answered_round(session, key_store, answer, peer=9, direct_report=6)
    opened = open_all(
        sealed_seats(session, round_),
        link_key=key_store.get(link_key_name(round_)),
        private_key=key_store.get(private_key_name(round_)),
    )
    rules, leader_id = Rules(*what_binds(round_)), round_.leaders[0].id
    made = plan(head_counts(opened), protection=rules.protection, named=round_.named_groups)

    there, back = (
        publish(leader_id, made, sheets, rules) for sheets in (opened, list(reversed(opened)))
    )

    assert without_leaf_ids(there) == without_leaf_ids(back)
    assert len(there[PublishedComment]) == 16


def without_leaf_ids(rows: Rows) -> list[list[object]]:
    """Return rows in their order; the ids of leaves are of chance."""
    return [
        [{key: row[key] for key in row.keys() - {"id", "leaf_id"}} for row in table]
        for table in rows.values()
    ]
