"""What a rater has begun opens for nobody else: the attacks, each with what it holds."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from nacl.exceptions import CryptoError
from sqlalchemy.orm import Session

from assess.closing.rounds import close_round
from core import tokens
from core.db import Model
from core.keys import KeyLostError, KeyStore
from surveys.ballots import sealing
from surveys.ballots.keynames import draft_key_name
from surveys.models import Round, Seat
from surveys.services.keys import destroy_secrets
from surveys.services.rounds import lock_round
from tests.factories import NOON, make_account, make_person
from tests.visits import ALL_TRUST, Visit, derived, is_checked, sheet_address

CANARY = "The canary sings at noon"

Dump = list[bytes]


@pytest.fixture
def locked(session: Session, inside: Visit, seat: Seat) -> bytes:
    """A draft as it lies in the database."""
    inside.post(sheet_address(seat, 3), keep=CANARY)
    session.expire_all()
    assert seat.draft
    return seat.draft


def dump(session: Session) -> Dump:
    """Return every value of every table that could be a secret."""
    return [
        _bytes(value)
        for table in Model.metadata.sorted_tables
        for row in session.execute(sa.select(table)).all()
        for value in row
        if value is not None
    ]


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def guesses(dumped: Dump, mailed: list[str], draft_secrets: list[bytes]) -> Iterator[bytes]:
    """Yield every key that can be made of what an attacker holds, as we make them and more directly."""
    secrets = [*mailed, *(derived(secret)["sibling"] for secret in mailed)]
    yield from (tokens.key_of(secret) for secret in secrets)
    yield from (value for value in dumped if len(value) == tokens.LENGTH)
    for salt in (*draft_secrets, b"", *{value for value in dumped if len(value) >= tokens.LENGTH}):
        yield from (sealing.draft_key(secret, salt) for secret in secrets)


def opens(locked: bytes, keys: Iterator[bytes]) -> bool:
    return any(_opens(locked, key) for key in keys)


def _opens(locked: bytes, key: bytes) -> bool:
    try:
        return CANARY in sealing.unlock_draft(locked, key=key).sheet.comments.values()
    except CryptoError:
        return False


def test_the_attack_works_for_whoever_holds_everything(
    session: Session, locked: bytes, round_: Round, secret: str, key_store: KeyStore
) -> None:
    draft_secret = key_store.get(draft_key_name(round_))

    assert opens(locked, guesses(dump(session), [secret], [draft_secret]))


def test_a_dump_opens_no_draft(session: Session, locked: bytes) -> None:
    assert not opens(locked, guesses(dump(session), [], []))


def test_a_dump_and_the_draft_secret_open_no_draft(
    session: Session, locked: bytes, round_: Round, key_store: KeyStore
) -> None:
    """Half of the key came with the link; what is in the database does not stand for it."""
    dumped, draft_secret = dump(session), key_store.get(draft_key_name(round_))
    siblings = [tokens._encode(value) for value in dumped if len(value) == tokens.LENGTH]  # noqa: SLF001 - as an attacker would

    assert not opens(locked, guesses(dumped, siblings, [draft_secret]))


def test_a_dump_and_the_mailbox_open_no_draft(session: Session, locked: bytes, secret: str) -> None:
    assert not opens(locked, guesses(dump(session), [secret], []))


def test_after_close_an_old_dump_and_the_mailbox_open_no_draft(
    session: Session, locked: bytes, round_: Round, secret: str, key_store: KeyStore
) -> None:
    old = dump(session)
    lock_round(session, round_, at=NOON)
    session.flush()
    close_round(session, round_, key_store, at=NOON)
    session.flush()
    destroy_secrets(round_, key_store)

    with pytest.raises(KeyLostError):
        key_store.get(draft_key_name(round_))
    assert not opens(locked, guesses([*old, *dump(session)], [secret], []))


def test_after_close_no_draft_lies_in_the_database(
    session: Session, locked: bytes, round_: Round, seat: Seat, key_store: KeyStore
) -> None:
    lock_round(session, round_, at=NOON)
    session.flush()

    close_round(session, round_, key_store, at=NOON)

    session.flush()
    session.expire_all()
    assert seat.draft is None
    assert locked not in dump(session)


def test_no_session_keeps_what_came_with_the_link(
    inside: Visit, locked: bytes, secret: str
) -> None:
    """Flask signs its session and does not seal it; a session kept by a server would lie on its disk."""
    with inside.client.session_transaction() as kept:
        everything = repr(dict(kept))

    for hidden in (secret, *derived(secret).values()):
        assert hidden not in everything
    assert set(kept) <= {"csrf_token", "_fresh"}


def test_no_answer_sends_the_cookie_again(inside: Visit, seat: Seat) -> None:
    """It is set at the door and nowhere else, so that no cache and no log of answers meets it."""
    inside.get("/r")
    responses = [
        inside.get("/r/seats"),
        inside.get(sheet_address(seat, 1)),
        inside.post(sheet_address(seat, 1), **ALL_TRUST),
    ]

    cookies = [cookie for answer in responses for cookie in answer.headers.getlist("Set-Cookie")]
    assert not [cookie for cookie in cookies if cookie.startswith("rater=")]


# --- Where a trustee holds the key


@pytest.fixture
def entrusted(session: Session, round_: Round) -> Round:
    person = make_person(session, "Tilda Thorne")
    round_.trustee = make_account(session, "trustee", person=person)
    session.commit()
    return round_


def test_under_a_trustee_nothing_that_was_sent_stays_for_the_servers_keys(
    session: Session, entrusted: Round, inside: Visit, locked: bytes, seat: Seat
) -> None:
    """The server can make every link again, and so every key of a draft: none may stay."""
    inside.post(sheet_address(seat, "send"))

    session.expire_all()
    assert seat.answered
    assert seat.draft is None


def test_under_a_trustee_a_new_sheet_takes_the_place_of_the_old(
    session: Session, entrusted: Round, inside: Visit, seat: Seat
) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    sent = inside.follow(sheet_address(seat, "send"))
    session.expire_all()
    first = seat.envelope

    page = inside.get(sheet_address(seat, 1))
    review = inside.follow(sheet_address(seat, 1), trust1="1", turn__later="1")
    inside.post(sheet_address(seat, "send"))

    session.expire_all()
    assert "nobody can open this one, not even you" in " ".join(sent.text.split())
    assert "nobody can open it, not even you" in page.text
    assert not is_checked(page, "trust1", "4")
    assert "Replace what I sent" in review.text
    assert seat.envelope != first
