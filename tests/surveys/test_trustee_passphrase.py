"""A passphrase is drawn by lot, typed as one likes, and the only thing that opens the key."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey
from nacl.pwhash import argon2id

from surveys.ballots import escrow
from surveys.ballots.escrow import (
    WrongPassphraseError,
    is_passphrase,
    make_passphrase,
    public_half,
    unwrap,
    wrap,
)

KEY = bytes(PrivateKey.generate())
DRAWN = "lusab babad gutih tugad"
WORDS = st.builds(make_passphrase)
cheap = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_guess_costs_what_the_promise_reckons_with() -> None:
    assert (escrow.PASSES, escrow.MEMORY) == (3, 256 * 2**20)
    assert (escrow.PASSES, escrow.MEMORY) == (
        argon2id.OPSLIMIT_MODERATE,
        argon2id.MEMLIMIT_MODERATE,
    )
    choices = (len(escrow.CONSONANTS) ** 3 * len(escrow.VOWELS) ** 2) ** escrow.WORDS
    assert choices == 2**64
    assert len({*escrow.CONSONANTS, *escrow.VOWELS}) == 20


@given(WORDS)
def test_what_is_drawn_has_the_form_that_is_asked_for(drawn: str) -> None:
    assert is_passphrase(drawn)


def test_no_two_draws_are_alike() -> None:
    assert len({make_passphrase() for _ in range(200)}) == 200


@pytest.mark.parametrize(
    "invented",
    ["", "    ", "correct horse battery staple", "lusab babad gutih", f"{DRAWN} lusab", "a b c d"],
)
def test_what_somebody_thought_up_is_not_taken(invented: str) -> None:
    assert not is_passphrase(invented)


@pytest.mark.usefixtures("cheap_passphrases")
@pytest.mark.parametrize(
    "typed", [DRAWN, DRAWN.upper(), DRAWN.replace(" ", "-"), f"  {DRAWN.replace(' ', '   ')}\n"]
)
def test_it_opens_however_it_is_typed(typed: str) -> None:
    assert unwrap(wrap(KEY, DRAWN), typed) == KEY


@pytest.mark.usefixtures("cheap_passphrases")
@cheap
@given(WORDS)
def test_no_other_passphrase_opens_it(other: str) -> None:
    with pytest.raises(WrongPassphraseError, match="nothing is lost"):
        unwrap(wrap(KEY, DRAWN), other)


@pytest.mark.usefixtures("cheap_passphrases")
@cheap
@given(place=st.integers(0, 87), bit=st.integers(0, 7))
def test_a_damaged_key_opens_to_nothing(place: int, bit: int) -> None:
    wrapped = bytearray(wrap(KEY, DRAWN))
    wrapped[escrow.PUBLIC_LENGTH + place] ^= 1 << bit

    assert len(wrapped) == escrow.PUBLIC_LENGTH + 88
    with pytest.raises(WrongPassphraseError):
        unwrap(bytes(wrapped), DRAWN)


@pytest.mark.usefixtures("cheap_passphrases")
def test_only_the_public_half_can_be_read_without() -> None:
    wrapped = wrap(KEY, DRAWN)

    assert public_half(wrapped) == bytes(PrivateKey(KEY).public_key)
    assert KEY not in wrapped


@pytest.mark.usefixtures("cheap_passphrases")
def test_the_same_passphrase_locks_two_keys_apart() -> None:
    first, second = (wrap(KEY, DRAWN)[escrow.PUBLIC_LENGTH :] for _ in range(2))

    assert first[: escrow.SALT_LENGTH] != second[: escrow.SALT_LENGTH]
