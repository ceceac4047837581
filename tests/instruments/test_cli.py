"""What an operator types, and what comes back."""

from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from instruments.queries import LIBRARY, published_versions

FILE = LIBRARY / "executive_coaching_effectiveness.yaml"


def run(app: Flask, *words: str) -> tuple[int, str, str]:
    result = app.test_cli_runner().invoke(args=["instruments", *words])
    return result.exit_code, result.stdout, result.stderr


def test_a_sound_file_is_said_to_be_sound(app: Flask) -> None:
    code, said, _ = run(app, "check", str(FILE))

    assert code == 0
    assert "no fault found" in said
    assert "30 items" in said


def test_a_faulty_file_ends_with_2_and_its_lines(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE.read_text().replace("language: en", "langage: en"))

    code, said, faults = run(app, "check", str(file))

    assert code == 2
    assert said == ""
    assert f'{file}:7: unknown entry "langage"; did you mean "language"?' in faults


def test_the_shipped_instruments_are_listed(app: Flask) -> None:
    code, said, _ = run(app, "list")

    assert code == 0
    assert "manager_coaching_effectiveness 1.0" in said
    assert "executive_coaching_effectiveness 1.0" in said


def test_an_instrument_is_published_by_key_or_by_file_once(app: Flask, session: Session) -> None:
    for name in ("executive_coaching_effectiveness", str(FILE)):
        assert run(app, "publish", name)[0] == 0

    assert [each.key for each in published_versions(session)] == [FILE.stem]
    assert FILE.stem in run(app, "list", "--published")[1]


def test_what_is_no_instrument_is_not_published(app: Flask, session: Session) -> None:
    code, _, fault = run(app, "publish", "horoscope")

    assert code == 2
    assert "neither a file nor the key" in fault
    assert published_versions(session) == []
