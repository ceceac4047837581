"""Publishing an instrument: from then on its version never changes."""

import hashlib
import json

from sqlalchemy.orm import Session

from core.errors import DomainError
from instruments.models import InstrumentVersion
from instruments.queries import published_version
from instruments.questionnaires import Instrument


class VersionExistsError(DomainError):
    """A version by this number was published before, and asks something else."""


def publish(session: Session, instrument: Instrument) -> InstrumentVersion:
    """Make a version available to rounds, once and for all; the same again is the same version.

    Raises
    ------
    VersionExistsError
        When key and version are taken by other content.
    """
    document = json.dumps(instrument.document(), ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(document.encode()).digest()
    before = published_version(session, instrument.key, instrument.version)
    if before:
        return _same(before, digest)

    version = InstrumentVersion(
        key=instrument.key,
        version=instrument.version,
        title=instrument.title,
        language=instrument.language,
        document=document,
        digest=digest,
    )
    session.add(version)
    session.flush()
    return version


def _same(version: InstrumentVersion, digest: bytes) -> InstrumentVersion:
    if version.digest != digest:
        raise VersionExistsError(
            f"Version {version.version} of '{version.key}' is published with other content, "
            "and rounds may rest on it. Nothing was changed. "
            "Give your content a new version number and publish that."
        )
    return version
