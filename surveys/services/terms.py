"""The terms on which raters answer: kept apart from the database at launch, and held against it before close.

Whoever can write to the database could otherwise add raters of their own making, lower the protection for a
minute, or name a group that was promised not to be, and put all back.
"""

import hashlib
import json

from sqlalchemy import orm

from core.errors import DomainError
from core.keys import KeyStore
from surveys.ballots.keynames import terms_name
from surveys.models import MINIMUMS, Round
from surveys.queries.keys import seated


class TermsChangedError(DomainError):
    """Somebody has changed in the database what raters were promised."""


def keep_terms(session: orm.Session, round_: Round, key_store: KeyStore) -> None:
    """Write down on what terms raters of a round answer."""
    _write(round_, key_store, digest=_digest(session, round_))


def raise_terms(round_: Round, key_store: KeyStore) -> None:
    """Write down that raters are protected more, and nothing else: what else was changed stays a fault."""
    _write(round_, key_store, digest=_read(round_, key_store)["digest"])


def check_terms(session: orm.Session, round_: Round, key_store: KeyStore) -> None:
    """Refuse a round which is not, or no longer, what raters were promised.

    Raises
    ------
    TermsChangedError
        Until the database is again as it was. Nothing has been opened.
    """
    terms = _read(round_, key_store)
    is_lower = MINIMUMS[round_.protection] < MINIMUMS[terms["protection"]]
    if is_lower or terms["digest"] != _digest(session, round_):
        raise TermsChangedError(
            "Who is asked, by which questionnaire, who is named, or how raters are protected has been "
            "changed in the database since they were promised it. Nothing has been opened or scored. Ask "
            "your operator to compare the database with its backups, and to put back what was changed."
        )


def _write(round_: Round, key_store: KeyStore, *, digest: str) -> None:
    terms = {"protection": round_.protection, "digest": digest}
    key_store.put(terms_name(round_), json.dumps(terms).encode())


def _read(round_: Round, key_store: KeyStore) -> dict[str, str]:
    terms: dict[str, str] = json.loads(key_store.get(terms_name(round_)))
    return terms


def _digest(session: orm.Session, round_: Round) -> str:
    """Return what stands for everything that launch has fixed."""
    fixed = [
        [
            [str(leader), str(invitation), group]
            for leader, invitation, group in seated(session, round_)
        ],
        sorted(round_.named_groups),
        round_.instrument_version.digest.hex(),
    ]
    return hashlib.blake2b(json.dumps(fixed).encode(), digest_size=32).hexdigest()
