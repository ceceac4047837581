"""Every example in a docstring is run with the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOMS, ROOT, project

PLANTED = '''"""A module.

>>> 1 + 1
3
"""
'''


def test_rooms_with_examples_are_looked_through(pytestconfig: pytest.Config) -> None:
    looked_through = set(pytestconfig.getini("testpaths"))
    rooms = {s.path.parts[0] for s in project() if s.path.parts[0] in ROOMS and ">>> " in s.text}

    assert rooms
    assert rooms <= looked_through


def test_a_planted_wrong_example_is_seen(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(PLANTED)
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]

    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *command, str(tmp_path / "planted.py")],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 1
    assert "1 failed" in done.stdout
