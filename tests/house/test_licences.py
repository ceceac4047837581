"""What we install may be given on: no GPL, no AGPL."""

import re
from email.message import Message
from importlib.metadata import PackageMetadata, distributions
from typing import cast

import pytest

from tests.house.sources import ROOT

STRONG = re.compile(r"\bA?GPL|General Public", re.IGNORECASE)
MILD = re.compile(r"LGPL|Lesser General Public|Library or Lesser", re.IGNORECASE)
CHOICE = {
    "pyphen": "GPL, LGPL or MPL, as the user chooses: MPL 1.1",
}


def said_licences(metadata: PackageMetadata) -> list[str]:
    """Return what a package says of its licence, in the three places where it may."""
    expressions = metadata.get_all("License-Expression") or []
    text = (metadata.get_all("License") or [""])[0].strip()
    classifiers = metadata.get_all("Classifier") or []
    said = [c for c in classifiers if c.startswith("License ::")]
    return [*expressions, *said] if expressions else [*text.splitlines()[:1], *said]


def is_strong(licence: str) -> bool:
    """Tell whether a licence reaches over whoever uses the package; of "A OR B" the milder counts."""
    choices = re.split(r"\s+OR\s+", licence)
    return all(STRONG.search(choice) and not MILD.search(choice) for choice in choices)


def fault(metadata: PackageMetadata) -> str | None:
    name = str(metadata["Name"])
    strong = [licence for licence in said_licences(metadata) if is_strong(licence)]
    if not strong or name.lower() in CHOICE:
        return None
    return f"{name}: {'; '.join(strong)}"


def pinned() -> set[str]:
    text = (ROOT / "requirements" / "dev.txt").read_text()
    return {_plain(name) for name in re.findall(r"^([\w.-]+)(?:\[.*?\])?==", text, re.MULTILINE)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def described(licence: str, field: str = "License-Expression") -> PackageMetadata:
    message = Message()
    message["Name"] = "planted"
    message[field] = licence
    return cast("PackageMetadata", message)


def test_nothing_that_we_install_is_gpl() -> None:
    ours = [d.metadata for d in distributions() if _plain(d.metadata["Name"]) in pinned()]

    assert len(ours) > 50
    assert [found for found in map(fault, ours) if found] == []


@pytest.mark.parametrize(
    ("licence", "field"),
    [
        ("GPL-3.0-only", "License-Expression"),
        ("AGPL-3.0-or-later", "License-Expression"),
        ("MIT AND GPL-2.0-only", "License-Expression"),
        ("GNU General Public License v3", "License"),
        ("License :: OSI Approved :: GNU General Public License v2 (GPLv2)", "Classifier"),
        ("License :: OSI Approved :: GNU Affero General Public License v3", "Classifier"),
    ],
)
def test_a_planted_licence_is_seen(licence: str, field: str) -> None:
    assert fault(described(licence, field))


@pytest.mark.parametrize("licence", ["LGPL-3.0-only", "MPL-2.0", "MIT", "GPL-2.0-only OR MIT"])
def test_a_mild_licence_is_fine(licence: str) -> None:
    assert fault(described(licence)) is None
