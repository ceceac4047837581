"""What tests of a round's secrets share: passphrases, what everybody says, how a secret is lost."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from core.keys import KeyStore
from surveys.ballots.sheets import Sheet
from surveys.models import Round
from surveys.services.answers import submit
from surveys.services.keys import Loss
from surveys.services.reopening import reopen
from surveys.services.trustees import set_passphrase
from tests.factories import NOON

PASSPHRASE, OTHER = "lusab babad gutih tugad", "zulov nifat hoban jigor"
LATER = NOON + timedelta(days=30)
SAID = Sheet({"trust1": 4}, {"keep": "The canary sings."})

Name = Callable[[Round], str]
"""Says what a secret of a round is called."""


def take(session: Session, round_: Round, key_store: KeyStore, passphrase: str) -> None:
    """Let the trustee take a passphrase."""
    set_passphrase(session, round_, key_store, drawn=passphrase, typed=passphrase)


def everybody_answers(session: Session, round_: Round, key_store: KeyStore) -> None:
    for seat in round_.leaders[0].seats:
        submit(session, seat, SAID, key_store)
    session.flush()


def lose(session: Session, round_: Round, key_store: KeyStore, *names: Name) -> None:
    for name in names:
        key_store.destroy(name(round_))
    session.commit()


def again(session: Session, round_: Round, key_store: KeyStore) -> Loss:
    """Open a round again, the day after."""
    lost = reopen(session, round_, key_store, deadline=LATER, at=NOON + timedelta(days=1))
    session.flush()
    session.expire_all()
    return lost
