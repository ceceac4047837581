"""No file that we give away names a machine of ours, an index of packages, or a secret."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT

# Written apart, so that this file does not find itself.
INDEX = "|".join(("py" + "pi", "python" + "hosted", "npm" + "js", "deb" + r"\.debian", "conda"))
PATTERNS = {
    "an index of packages": re.compile(
        rf"https?://[^\s\"'<>]*(?:{INDEX}|mirror|registry)\b", re.IGNORECASE
    ),
    "an option that names an index": re.compile(
        "--(?:extra-)?index" + "-url|--find" + "-links|--trusted" + "-host"
    ),
    "a path of a machine": re.compile(r"(?<![\w.~-])/(?:home|Users|root|work|farm)/\w"),
    "a private key": re.compile("-----BEGIN [A-Z ]*" + "PRIVATE KEY"),
    "a token": re.compile(r"\b(?:ghp_|github_pat_|glpat-|xox[bp]-|AKIA)[A-Za-z0-9_]{10}"),
}


def committed() -> list[Path]:
    """Return what git keeps of us; without git, as in an unpacked archive, there is nothing to look at."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git the person has
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("git: this is no clone")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name]


def text_of(path: Path) -> str:
    """Return a file as text; a binary one has no lines to search."""
    content = path.read_bytes() if path.is_file() else b""
    return "" if b"\0" in content else content.decode(errors="replace")


def faults(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in PATTERNS.items():
            if pattern.search(line):
                yield f"{name}:{number}: {what}"


def test_no_committed_file_gives_us_away() -> None:
    found = [
        fault
        for path in committed()
        for fault in faults(path.relative_to(ROOT).as_posix(), text_of(path))
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "see https://" + "py" + "pi.org/simple/flask",
        "--extra-" + "index-url https://example.org/simple",
        "open('/" + "home/ann/answers.csv')",
        "cd /" + "root/candid360",
        "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
        "token = 'gh" + "p_0123456789abcdef'",
    ],
)
def test_a_planted_line_is_seen(line: str) -> None:
    assert list(faults("planted", line))


def test_harmless_lines_are_not() -> None:
    harmless = (
        "postgresql://root@127.0.0.1/test, /r/seats, https://example.org/r#secret, ~/work/notes"
    )

    assert list(faults("harmless", harmless)) == []
