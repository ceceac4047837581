"""The audit chain holds, and shows where it was broken."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit
from core.audit import AuditEntry


def test_an_untouched_chain_holds(session: Session) -> None:
    for deed in ("launched", "closed", "released"):
        audit.record(session, "hr@example.org", deed, "round")

    assert list(audit.broken_entries(session)) == []


def test_a_changed_entry_is_named(session: Session) -> None:
    for deed in ("launched", "closed", "released"):
        audit.record(session, "hr@example.org", deed, "round")

    session.execute(sa.update(AuditEntry).where(AuditEntry.number == 2).values(actor="nobody"))
    session.expire_all()

    assert list(audit.broken_entries(session)) == [2]


def test_a_removed_entry_is_named_by_the_one_after_it(session: Session) -> None:
    for deed in ("launched", "closed", "released"):
        audit.record(session, "hr@example.org", deed, "round")

    session.execute(sa.delete(AuditEntry).where(AuditEntry.number == 2))
    session.expire_all()

    assert 3 in list(audit.broken_entries(session))
