"""The batch door: a faulty file is refused whole, every fault named; a sound one leaves documents only."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result
from flask import Flask

from core.names import slug
from tests.conftest import make_config
from tests.journeys.collected import answers_file, instrument
from wsgi import create_app

ROOT = Path(__file__).parents[2]
ITEMS = ["a1", "a2", "a3"]
SMALL = instrument({"care": ITEMS})


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("data")
    return create_app(make_config(data, f"sqlite:///{data / 'db' / 'none.sqlite'}"))


def rows(leader: str = "Ana", *, peers: int = 5, value: str = "4") -> list[list[str]]:
    asked = ["self", *["peer"] * peers]
    return [
        [leader, f"{leader} {number}", group, *[value] * 3] for number, group in enumerate(asked)
    ]


def from_csv(
    app: Flask, folder: Path, answers: bytes, *options: str, questionnaire: str = SMALL
) -> Result:
    (folder / "answers.csv").write_bytes(answers)
    (folder / "instrument.yaml").write_text(questionnaire)
    files = [str(folder / "answers.csv"), "--instrument", str(folder / "instrument.yaml")]
    return app.test_cli_runner().invoke(
        args=["reports", "from-csv", *files, "--out", str(folder / "out"), *options]
    )


def test_a_sound_file_becomes_documents_that_fit_their_schemas(app: Flask, tmp_path: Path) -> None:
    result = from_csv(app, tmp_path, answers_file(ITEMS, rows()), "--no-pdf")

    assert result.exit_code == 0, result.output
    for name, schema in (("ana", "leader"), ("round", "round")):
        document = json.loads((tmp_path / "out" / f"{name}.json").read_bytes())
        jsonschema.validate(
            document, json.loads((ROOT / f"docs/schemas/{schema}.schema.json").read_text())
        )


def test_pdfs_are_written_unless_they_are_not_wanted(app: Flask, tmp_path: Path) -> None:
    from_csv(app, tmp_path, answers_file(ITEMS, rows()))

    assert (tmp_path / "out" / "ana.pdf").read_bytes().startswith(b"%PDF-")


def test_a_fault_is_told_with_its_place_and_nothing_is_written(app: Flask, tmp_path: Path) -> None:
    result = from_csv(app, tmp_path, answers_file(ITEMS, rows(value="7")))

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].startswith("answers.csv:2:a1: ")
    assert not (tmp_path / "out").exists()


def test_fifty_faults_are_told_and_the_others_counted(app: Flask, tmp_path: Path) -> None:
    result = from_csv(app, tmp_path, answers_file(ITEMS, rows(peers=20, value="seven")))

    told = result.stderr.strip().splitlines()
    assert len(told) == 51
    assert told[-1] == "and 13 more faults"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"leader,rater,group\n",
        b",".join(b"c%d" % number for number in range(200_000)),
        b"leader,rater,group,a1,a2,a3\n../../etc/passwd,r1,peer,4,4,4\n",
        b"leader,rater,group,a1,a2,a3\n=cmd(),r1,peer,4,4,4\n",
        b"leader,rater,group,a1,a2,a3\nAna,r1,friend,4,4,4\n",
        b"leader,rater,group,a1,a2,a3\nAna,r1,peer,4,4,4\nAna,r1,peer,4,4,4\n",
        b"leader,rater,group,a1,a2,a3\nAna B,r1,peer,4,4,4\nAna-B,r2,peer,4,4,4\n",
    ],
    ids=[
        "empty",
        "encoding",
        "header only",
        "columns",
        "path",
        "formula",
        "group",
        "twice",
        "slug",
    ],
)
def test_hostile_files_are_refused(app: Flask, tmp_path: Path, content: bytes) -> None:
    result = from_csv(app, tmp_path, content)

    assert result.exit_code == 2
    assert "answers.csv:" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_broken_instrument_names_the_line(app: Flask, tmp_path: Path) -> None:
    broken = SMALL.replace("high: 5", "high: five")

    result = from_csv(app, tmp_path, answers_file(ITEMS, rows()), questionnaire=broken)

    assert result.exit_code == 2
    line = broken.splitlines().index("  high: five") + 1
    assert f"instrument.yaml:{line}: " in result.stderr


def test_an_instrument_that_is_not_there_is_named(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_bytes(answers_file(ITEMS, rows()))

    result = app.test_cli_runner().invoke(
        args=[
            "reports",
            "from-csv",
            str(tmp_path / "answers.csv"),
            "--instrument",
            "no_such_thing",
            "--out",
            str(tmp_path / "out"),
        ]
    )

    assert result.exit_code == 2
    assert "no_such_thing" in result.stderr


def test_a_folder_that_cannot_be_written_is_named_before_the_work(
    app: Flask, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file is in the way")

    result = from_csv(app, tmp_path, answers_file(ITEMS, rows()), "--no-pdf")

    assert result.exit_code == 2
    assert "out" in result.stderr


def test_too_few_raters_are_no_fault(app: Flask, tmp_path: Path) -> None:
    result = from_csv(app, tmp_path, answers_file(ITEMS, rows(peers=2)), "--no-pdf")

    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "out" / "ana.json").read_bytes())
    assert document["withheld"] == [{"group": "peer", "reason": "too few raters"}]


def test_a_row_without_answers_is_somebody_who_did_not_answer(app: Flask, tmp_path: Path) -> None:
    silent = ["Ana", "silent", "peer", "", "", ""]

    from_csv(app, tmp_path, answers_file(ITEMS, [*rows(), silent]), "--no-pdf")

    document = json.loads((tmp_path / "out" / "ana.json").read_bytes())
    assert [leaf["n"] for leaf in document["leaves"] if leaf["leaf"] == "peer"] == [5]


@pytest.mark.parametrize("high", [4, 5, 6, 7])
@pytest.mark.parametrize("protection", ["standard", "strict", "threshold"])
def test_every_scale_and_protection_goes_through(
    app: Flask, tmp_path: Path, high: int, protection: str
) -> None:
    result = from_csv(
        app,
        tmp_path,
        answers_file(ITEMS, rows(peers=12)),
        "--no-pdf",
        f"--protection={protection}",
        questionnaire=instrument({"care": ITEMS}, high=high),
    )

    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "out" / "ana.json").read_bytes())
    assert document["protection"]["name"] == protection
    assert all(row["symbol"] for row in document["items"])


def test_the_private_folder_is_gone(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    from_csv(app, tmp_path, answers_file(ITEMS, rows()), "--no-pdf")

    assert list((tmp_path / "tmp").iterdir()) == []


def test_names_of_many_scripts_become_files(app: Flask, tmp_path: Path) -> None:
    names = ["Ana Luísa", "Σταύρος", "Милица", "陳大文"]
    everybody = [row for name in names for row in rows(name)]

    from_csv(app, tmp_path, answers_file(ITEMS, everybody), "--no-pdf")

    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "round.json",
        *(f"{slug(name)}.json" for name in names),
    }
