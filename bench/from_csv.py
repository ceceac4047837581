"""The batch door, without PDFs: 100 leaders x 12 raters x 40 items in at most 20 s and 500 MB on one core."""

import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from instruments.queries import shipped_instrument

LEADERS, RUNS = 100, 5
NOT_OBSERVED = 0.05
GROUPS = ["self", "supervisor", *["peer"] * 4, *["direct_report"] * 6]
INSTRUMENT = "manager_coaching_effectiveness"


def write_answers(path: Path) -> None:
    """Write a round with missing and not observed answers, the same every time."""
    rng = np.random.default_rng(360)
    instrument = shipped_instrument(INSTRUMENT)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["leader", "rater", "group", *(item.key for item in instrument.items)])
        for leader in range(LEADERS):
            level = rng.normal(3.8, 0.5)
            for number, group in enumerate(GROUPS):
                values = np.clip(np.rint(rng.normal(level, 0.9, len(instrument.items))), 1, 5)
                cells = [
                    str(int(value)) if rng.random() > NOT_OBSERVED else "NA" for value in values
                ]
                writer.writerow(
                    [f"Leader {leader:03d}", f"rater {leader:03d}-{number:02d}", group, *cells]
                )


def run(answers: Path, out: Path) -> tuple[float, float]:
    """Return CPU and wall seconds of one run on one core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-m", "flask", "reports", "from-csv", str(answers)]
    options = ["--instrument", INSTRUMENT, "--out", str(out), "--no-pdf"]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "DATA_DIR": str(out / "data"),
    }
    subprocess.run([*command, *options], check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers.csv"
        write_answers(answers)
        timings = [run(answers, Path(folder) / "out") for _ in range(RUNS)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    cpu, wall = (statistics.median(column) for column in zip(*timings, strict=True))
    print(
        f"from-csv, {LEADERS} leaders x {len(GROUPS)} raters x 40 items, one core, median of {RUNS} runs"
    )
    print(
        f"  CPU  {cpu:5.1f} s    wall {wall:5.1f} s (at most 20 s)    peak {peak:4.0f} MB (at most 500 MB)"
    )


if __name__ == "__main__":
    main()
