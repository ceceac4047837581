"""What is published stays as it was published."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from instruments.models import InstrumentVersion
from instruments.queries import (
    AlteredVersionError,
    instrument_of,
    published_versions,
    shipped,
    shipped_instrument,
)
from instruments.services import VersionExistsError, publish

KEY = "manager_coaching_effectiveness"


@pytest.mark.parametrize("key", [instrument.key for instrument in shipped()])
def test_what_was_published_is_read_back_whole(session: Session, key: str) -> None:
    version = publish(session, shipped_instrument(key))
    session.expire_all()

    assert instrument_of(version) == shipped_instrument(key)


def test_the_same_again_is_the_same_version(session: Session) -> None:
    first = publish(session, shipped_instrument(KEY))

    assert publish(session, shipped_instrument(KEY)) is first
    assert len(published_versions(session)) == 1


def test_other_content_under_the_same_version_is_refused(session: Session) -> None:
    before = publish(session, shipped_instrument(KEY)).document

    with pytest.raises(VersionExistsError, match=r"Version 1\.0 .* new version number"):
        publish(session, replace(shipped_instrument(KEY), title="Another"))

    session.expire_all()
    assert [version.document for version in published_versions(session)] == [before]


def test_a_new_version_stands_beside_the_old_and_after_it(session: Session) -> None:
    for version in ("1.10", "1.9", "1.0"):
        publish(session, replace(shipped_instrument(KEY), version=version))

    assert [each.version for each in published_versions(session)] == ["1.0", "1.9", "1.10"]


def test_the_database_holds_a_version_once(session: Session) -> None:
    first = publish(session, shipped_instrument(KEY))
    copied = {
        column: getattr(first, column) for column in ("key", "version", "title", "language")
    } | {"document": first.document, "digest": first.digest}

    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.insert(InstrumentVersion).values(copied))


def test_a_document_changed_in_the_database_is_refused(session: Session) -> None:
    version = publish(session, shipped_instrument(KEY))
    altered = version.document.replace("Asks", "Tells")
    session.execute(sa.update(InstrumentVersion).values(document=altered))
    session.expire_all()

    with pytest.raises(AlteredVersionError):
        instrument_of(version)
