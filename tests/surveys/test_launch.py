"""Launch: what it asks for, makes, freezes and sends."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from nacl.public import PrivateKey
from sqlalchemy.orm import Session

from core import tokens
from core.keys import KeyStore
from core.mail import OutboxMail
from surveys.ballots.keynames import draft_key_name, link_key_name, private_key_name
from surveys.models import GroupCount, Invitation, Round
from surveys.queries.rounds import invitations
from surveys.services.rounds import (
    RoundIncompleteError,
    RoundLaunchedError,
    add_leader,
    launch,
    remove_leader,
    secret_of,
)
from surveys.services.seats import Rater, invite, invite_all, uninvite
from tests.factories import (
    DEADLINE,
    NOON,
    make_leader,
    make_open_round,
    make_person,
    make_round,
)
from tests.statements import counted_statements


def test_launch_keeps_the_private_half_outside_the_database(
    session: Session, key_store: KeyStore
) -> None:
    round_ = make_open_round(session, key_store, peer=4)

    private_key = PrivateKey(key_store.get(private_key_name(round_)))

    assert bytes(private_key.public_key) == round_.public_key
    assert round_.state == "open"


def test_the_three_secrets_differ(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store)

    names = (private_key_name(round_), link_key_name(round_), draft_key_name(round_))

    assert len({key_store.get(name) for name in names}) == 3


def test_the_database_knows_a_link_by_its_fingerprint_alone(
    session: Session, key_store: KeyStore
) -> None:
    round_ = make_open_round(session, key_store, peer=1)

    for invitation in invitations(session, round_):
        secret = secret_of(invitation, key_store)
        authenticator = tokens.derive(secret, "candid360 authenticator")
        assert invitation.authenticator_hash == tokens.fingerprint(authenticator)


def test_links_differ_by_rater_and_can_be_made_again(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store, peer=4)

    first = [secret_of(invitation, key_store) for invitation in invitations(session, round_)]
    again = [secret_of(invitation, key_store) for invitation in invitations(session, round_)]

    assert len(set(first)) == 5
    assert first == again


def test_everybody_with_an_address_is_sent_an_invitation(
    session: Session, key_store: KeyStore
) -> None:
    round_ = make_round(session)
    leader = make_leader(session, round_, peer=2)
    invite(session, leader, group="client", name="By letter")
    launch(session, round_, key_store, at=NOON)

    posted = session.scalars(sa.select(OutboxMail)).all()

    assert [mail.template for mail in posted] == ["invitation"] * 3


def test_the_outbox_holds_no_secret(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store, peer=4)
    secrets = [secret_of(invitation, key_store) for invitation in invitations(session, round_)]
    session.flush()

    rows = session.execute(sa.select(OutboxMail.__table__)).all()

    assert not any(secret in str(row) for secret in secrets for row in rows)
    assert {column.name for column in sa.inspect(OutboxMail).columns} == {
        "id",
        "template",
        "subject_id",
        "attempts",
        "failure",
    }


def test_launch_counts_nobody_as_having_answered(session: Session, key_store: KeyStore) -> None:
    make_open_round(session, key_store, peer=4)

    counts = session.scalars(sa.select(GroupCount)).all()

    assert {(count.group, count.invited, count.answered) for count in counts} == {
        ("self", 1, 0),
        ("peer", 4, 0),
    }


def test_a_round_without_leaders_is_not_launched(session: Session, key_store: KeyStore) -> None:
    with pytest.raises(RoundIncompleteError, match="Nobody is rated"):
        launch(session, make_round(session), key_store, at=NOON)


def test_a_leader_without_raters_is_named(session: Session, key_store: KeyStore) -> None:
    round_ = make_round(session)
    add_leader(session, round_, name="Ada")

    with pytest.raises(RoundIncompleteError, match="about Ada"):
        launch(session, round_, key_store, at=NOON)


def test_a_round_past_its_deadline_is_not_launched(session: Session, key_store: KeyStore) -> None:
    round_ = make_round(session)
    make_leader(session, round_)

    with pytest.raises(RoundIncompleteError, match="deadline"):
        launch(session, round_, key_store, at=DEADLINE + timedelta(seconds=1))


def test_a_second_launch_leaves_the_keys_as_they_are(session: Session, key_store: KeyStore) -> None:
    round_ = make_open_round(session, key_store)
    before = key_store.get(private_key_name(round_))

    with pytest.raises(RoundLaunchedError):
        launch(session, round_, key_store, at=NOON)

    assert key_store.get(private_key_name(round_)) == before


def test_a_refused_launch_leaves_no_keys(session: Session, key_store: KeyStore) -> None:
    round_ = make_round(session)

    with pytest.raises(RoundIncompleteError):
        launch(session, round_, key_store, at=NOON)

    assert not (key_store.directory / private_key_name(round_)).exists()


@pytest.fixture
def open_round(session: Session, key_store: KeyStore) -> Round:
    return make_open_round(session, key_store, peer=4)


def test_nobody_is_invited_after_launch(session: Session, open_round: Round) -> None:
    with pytest.raises(RoundLaunchedError):
        invite(session, open_round.leaders[0], group="peer", person=make_person(session))


def test_nobody_is_taken_off_after_launch(session: Session, open_round: Round) -> None:
    with pytest.raises(RoundLaunchedError):
        uninvite(session, open_round.leaders[0].seats[0])


def test_no_leader_comes_or_goes_after_launch(session: Session, open_round: Round) -> None:
    with pytest.raises(RoundLaunchedError):
        add_leader(session, open_round, name="Late")
    with pytest.raises(RoundLaunchedError):
        remove_leader(session, open_round.leaders[0])


def test_two_thousand_seats_take_few_statements(session: Session, key_store: KeyStore) -> None:
    round_ = make_round(session)
    for number in range(100):
        leader = add_leader(session, round_, name=f"Leader {number}")
        names = [f"Rater {number} {place}" for place in range(20)]
        invite_all(
            session,
            leader,
            [Rater("peer", name=name, email=f"{name}@example.org") for name in names],
        )

    with counted_statements(session) as statements:
        launch(session, round_, key_store, at=NOON)
        session.flush()

    assert len(statements) <= 40
    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 2000
