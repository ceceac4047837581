"""Real and simulated rounds of others, turned into our answers file."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ORACLES = Path(os.environ.get("ORACLES", ROOT.parent / "shared" / "oracles"))
SIM360_GROUPS = {"boss": "supervisor", "peer": "peer", "report": "direct_report", "self": "self"}


def oracle(name: str) -> Path:
    """Return a reference file; where it is not, skip by name, or fail when it was required."""
    path = ORACLES / name
    if not path.exists():
        if os.environ.get("REQUIRE_ORACLES") == "1":
            pytest.fail(f"{name} is required and not in {ORACLES.name}")
        pytest.skip(f"{name}: the reference data sets are not here")
    return path


def sim360(groups: Mapping[str, str]) -> bytes:
    """Return the simulated round sim360_A with its groups renamed; an absent answer stays absent."""
    with oracle("sim360_A.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    items = [f"q{number:02d}" for number in range(1, 13)]
    return answers_file(
        items,
        (
            [
                row["leader"],
                row["rater"],
                groups[row["group"]],
                *(_cell(row[item]) for item in items),
            ]
            for row in rows
        ),
    )


def roundrobin() -> bytes:
    """Return the round robin: each row is what one person (perceiver) says of another or of themselves."""
    with oracle("roundrobin_A.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return answers_file(
        ["ex", "ne"],
        (
            [
                row["target.id"],
                row["perceiver.id"],
                "self" if row["target.id"] == row["perceiver.id"] else "peer",
                _cell(row["ex"]),
                _cell(row["ne"]),
            ]
            for row in rows
        ),
    )


def answers_file(items: Iterable[str], rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["leader", "rater", "group", *items])
    writer.writerows(rows)
    return out.getvalue().encode()


def instrument(competencies: Mapping[str, Iterable[str]], *, high: int = 5) -> str:
    """Return an instrument file with these competencies and items on a scale from 1 to `high`."""
    document = {
        "key": "collected",
        "version": "1.0.0",
        "title": "Collected elsewhere",
        "language": "en",
        "scale": {
            "low": 1,
            "high": high,
            "labels": [f"point {point}" for point in range(1, high + 1)],
            "not_observed": "Not observed",
        },
        "competencies": [_competency(key, items) for key, items in competencies.items()],
        "questions": [],
    }
    return yaml.safe_dump(document)


def _competency(key: str, items: Iterable[str]) -> dict[str, Any]:
    return {
        "key": key,
        "title": f"Competency {key}",
        "definition": f"What {key} is.",
        "items": [
            {"key": item, "text": f"Does {item}.", "self_text": f"I do {item}.", "reverse": False}
            for item in items
        ],
    }


def _cell(value: str) -> str:
    return "" if value in {"", "NA"} else value


def thirds() -> Iterator[tuple[str, list[str]]]:
    for number in range(4):
        yield f"comp{number + 1}", [f"q{number * 3 + item:02d}" for item in (1, 2, 3)]
