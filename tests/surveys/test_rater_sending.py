"""What a rater sends is sealed, whole, and theirs to change."""

import pytest
from flask import Flask
from nacl.public import PrivateKey
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import tokens
from core.keys import KeyStore
from surveys.ballots import sealing
from surveys.ballots.keynames import draft_key_name, private_key_name
from surveys.ballots.opening import EnvelopeMovedError, open_envelope
from surveys.ballots.sheets import Sheet, Size
from surveys.models import Round, Seat
from surveys.services.answers import KeyReplacedError, place_of, submit
from surveys.services.rounds import replace_link
from tests.visits import ALL_TRUST, Visit, derived, is_checked, secret_for, sheet_address

CANARY = "The canary sings at noon"


def stored(session: Session, seat: Seat, key_store: KeyStore) -> Sheet:
    """Open an envelope as close would."""
    session.expire_all()
    round_ = seat.leader.round
    assert seat.envelope
    place = place_of(seat, key_store)
    private_key = key_store.get(private_key_name(round_))
    return open_envelope(seat.envelope, place=place, private_key=private_key)


def test_a_rater_answers_from_the_link_to_the_receipt(
    session: Session, visit: Visit, seat: Seat, secret: str, key_store: KeyStore
) -> None:
    assert visit.begin(secret).location == "/r/seats"
    assert seat.leader.name in visit.get("/r/seats").text
    visit.get(sheet_address(seat, 1))
    visit.follow(sheet_address(seat, 1), **ALL_TRUST, next="1")
    visit.follow(sheet_address(seat, 2), listening1="1", next="1")
    review = visit.follow(sheet_address(seat, 3), keep="Keep\u200b asking.", next="1")

    receipt = visit.follow(review.request.path)

    assert "Thank you" in receipt.text
    assert stored(session, seat, key_store) == Sheet(
        {"trust1": 4, "trust2": "NA", "trust3": 5, "listening1": 1}, {"keep": "Keep asking."}
    )


def test_a_sheet_may_be_sent_with_gaps(session: Session, inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 2), listening3="2")

    review = inside.get(sheet_address(seat, "send"))
    inside.post(sheet_address(seat, "send"))

    session.expire_all()
    assert "1 of 3 answered" in review.text
    assert seat.answered


def test_an_empty_sheet_is_not_sent(session: Session, inside: Visit, seat: Seat) -> None:
    assert "nothing to send" in inside.get(sheet_address(seat, "send")).text

    assert inside.post(sheet_address(seat, "send")).status_code == 409
    session.expire_all()
    assert not seat.answered


def test_after_sending_the_rater_finds_their_answers_and_changes_them(
    session: Session, inside: Visit, seat: Seat, key_store: KeyStore
) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, "send"))
    first = seat.envelope
    page = inside.get(sheet_address(seat, 1))

    inside.post(sheet_address(seat, 1), trust1="1")
    inside.post(sheet_address(seat, "send"))

    assert is_checked(page, "trust1", "4")
    assert "You have sent this sheet" in page.text
    assert stored(session, seat, key_store).ratings == {"trust1": 1}
    assert seat.envelope != first


def test_changes_count_only_when_sent_again(
    session: Session, inside: Visit, seat: Seat, key_store: KeyStore
) -> None:
    inside.post(sheet_address(seat, 1), trust1="4")
    inside.post(sheet_address(seat, "send"))

    inside.post(sheet_address(seat, 1), trust1="1")

    assert stored(session, seat, key_store).ratings == {"trust1": 4}


def test_what_only_an_older_link_could_show_is_not_replaced_unawares(
    session: Session, app: Flask, inside: Visit, seat: Seat, key_store: KeyStore
) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, "send"))
    replace_link(session, seat.invitation, key_store)
    session.commit()
    later = Visit(app)
    later.begin(secret_for(seat, key_store))

    page = later.get(sheet_address(seat, 1))
    review = later.follow(sheet_address(seat, 1), trust1="1", turn__later="1")

    for told in (page, review, later.get(sheet_address(seat, 2))):
        assert "What you sent is kept, but it cannot be shown here" in told.text
        assert "You have sent this sheet." not in told.text
    assert "Replace what I sent" in review.text
    assert stored(session, seat, key_store).ratings == {"trust1": 4, "trust2": "NA", "trust3": 5}


def test_what_was_sent_by_the_new_link_is_shown_again(
    session: Session, app: Flask, inside: Visit, seat: Seat, key_store: KeyStore
) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, "send"))
    replace_link(session, seat.invitation, key_store)
    session.commit()
    later = Visit(app)
    later.begin(secret_for(seat, key_store))
    later.get("/r/seats")
    later.post(sheet_address(seat, 1), trust1="1")

    later.post(sheet_address(seat, "send"))

    page = later.get(sheet_address(seat, 1))
    assert "You have sent this sheet." in page.text
    assert is_checked(page, "trust1", "1")
    assert stored(session, seat, key_store).ratings == {"trust1": 1}


def test_what_is_changed_and_left_is_not_taken_for_sent(inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    inside.post(sheet_address(seat, "send"))

    review = inside.follow(sheet_address(seat, 1), trust1="1", turn__later="1")

    assert "What you changed counts only when you send it again" in review.text
    assert "Send again" in review.text


def test_when_everything_is_sent_the_list_says_so(inside: Visit, seat: Seat) -> None:
    inside.post(sheet_address(seat, 1), **ALL_TRUST)
    receipt = inside.follow(sheet_address(seat, "send"))

    assert "All your sheets are in" in receipt.text
    assert "All your sheets are in" in inside.get("/r/seats").text


def test_the_receipt_is_for_who_has_sent(inside: Visit, seat: Seat) -> None:
    assert inside.get(sheet_address(seat, "sent")).location == sheet_address(seat, "send")


def test_nothing_that_was_written_lies_readable(
    session: Session, inside: Visit, seat: Seat, round_: Round
) -> None:
    inside.post(sheet_address(seat, 3), keep=CANARY)
    inside.post(sheet_address(seat, "send"))

    rows = session.execute(text("SELECT draft, envelope FROM seat WHERE envelope IS NOT NULL"))
    (row,) = rows.all()

    assert all(CANARY.encode() not in bytes(cell) for cell in row)
    assert len({len(bytes(cell)) for cell in row}) == 2


def test_envelopes_tell_nothing_by_their_size(
    session: Session, app: Flask, round_: Round, key_store: KeyStore
) -> None:
    for number, seat in enumerate(session.scalars(select(Seat).where(Seat.group == "peer"))):
        visit = Visit(app)
        visit.begin(secret_for(seat, key_store))
        visit.get("/r/seats")
        visit.post(sheet_address(seat, 3), keep="a" * (1 + 100 * number))
        visit.post(sheet_address(seat, "send"))

    session.expire_all()
    seats = session.scalars(select(Seat).where(Seat.envelope.is_not(None))).all()
    assert len(seats) == 5
    assert len({(len(seat.envelope or b""), len(seat.draft or b"")) for seat in seats}) == 1


def test_a_draft_opens_neither_by_the_link_nor_by_the_round_alone(
    inside: Visit, session: Session, seat: Seat, secret: str, key_store: KeyStore
) -> None:
    inside.post(sheet_address(seat, 3), keep=CANARY)
    session.expire_all()
    sibling = derived(secret)["sibling"]
    draft_secret = key_store.get(draft_key_name(seat.leader.round))

    assert seat.draft
    for wrong in (tokens.key_of(sibling), draft_secret, sealing.draft_key(sibling, b"0" * 32)):
        with pytest.raises(Exception, match="Decryption failed"):
            sealing.unlock_draft(seat.draft, key=wrong)


def test_a_key_written_into_the_database_seals_nothing(
    session: Session, seat: Seat, key_store: KeyStore
) -> None:
    """Whoever can write to the database would read what their own key has sealed."""
    seat.leader.round.public_key = bytes(PrivateKey.generate().public_key)
    session.flush()

    with pytest.raises(KeyReplacedError):
        submit(session, seat, Sheet({"trust1": 4}, {}), key_store)

    assert seat.envelope is None


def test_an_envelope_made_without_the_key_store_does_not_open(
    session: Session, seat: Seat, key_store: KeyStore
) -> None:
    """Everything in the database is not enough to answer in somebody's place."""
    public_key = seat.leader.round.public_key
    assert public_key
    place = sealing.binding(seat.leader_id, seat.invitation_id, seat.group, link_key=b"guess" * 6)
    size = Size(("trust1",), ())
    seat.envelope = sealing.seal(Sheet({"trust1": 1}, {}), size, place=place, public_key=public_key)
    session.flush()

    with pytest.raises(EnvelopeMovedError):
        stored(session, seat, key_store)
