"""The psychometric core on 10,000 leaders x 12 raters x 40 items: at most 1 s of CPU and 400 MB on one core.

Then, turn by turn in one process, pingouin and statsmodels on the same answers, in each statistic that we
share. They live in an environment made for this and thrown away: peers, never dependencies.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from assess.psychometrics.agreement import (
    average_deviation,
    cohen_kappa,
    fleiss_kappa,
    intraclass_correlations,
    krippendorff_alpha,
    rwg_j,
)
from assess.psychometrics.awareness import self_other
from assess.psychometrics.generalizability import g_study
from assess.psychometrics.nested import one_way
from assess.psychometrics.ratings import Floats, Grouping, grouped
from assess.psychometrics.reliability import (
    alpha_within,
    cronbach_alpha,
    item_statistics,
    omega_total,
)
from assess.psychometrics.selection import adverse_impact, mantel_haenszel

LEADERS, RATERS, ITEMS, COMPETENCIES, OPTIONS, RUNS = 10_000, 12, 40, 8, 5, 5
SECONDS, MEGABYTES = 1.0, 400
PEERS = ("pingouin==0.7.0", "statsmodels==0.15.0")
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": "."}

Work = Callable[[], Any]


class Pair(NamedTuple):
    """One statistic, computed by us and by a peer; both give the same numbers."""

    name: str
    peer: str
    ours: Work
    theirs: Work


def answers() -> Floats:
    """Make the answers, ratings x items, the same every time."""
    rng = np.random.default_rng(360)
    leader = rng.normal(0, 0.5, (LEADERS, 1, 1))
    rater = rng.normal(0, 0.6, (LEADERS, RATERS, 1))
    error = rng.normal(3.6, 0.8, (LEADERS, RATERS, ITEMS))
    return np.clip(np.rint(leader + rater + error), 1, OPTIONS).reshape(-1, ITEMS)


def needed(values: Floats, leaders: Grouping) -> Mapping[str, Work]:
    """Everything that a round asks of the answers of one rater group, by statistic."""
    competencies = [np.ascontiguousarray(c) for c in np.split(values, COMPETENCIES, axis=1)]
    scores = [competency.mean(axis=1) for competency in competencies]
    own = np.full(LEADERS, 4.0)
    units = values.reshape(LEADERS, RATERS, ITEMS).transpose(0, 2, 1).reshape(-1, RATERS)
    nulls = ("uniform", "slight_skew")
    labels = leaders.labels[leaders.codes]
    return {
        "coding the leaders": lambda: grouped(labels, labels.size),
        "alpha, interval, lambda 6": lambda: [cronbach_alpha(c) for c in competencies],
        "item statistics": lambda: [item_statistics(c) for c in competencies],
        "alpha within leaders": lambda: [alpha_within(c, leaders) for c in competencies],
        "omega": lambda: [omega_total(c) for c in competencies],
        "one-way REML, interval, shrinkage": lambda: [one_way(s, leaders) for s in scores],
        "40 one-way ICC": lambda: [one_way(item, leaders, method="anova") for item in values.T],
        "rwg(j), two nulls": lambda: [
            rwg_j(c, leaders, options=OPTIONS, null=null) for c in competencies for null in nulls
        ],
        "average deviation": lambda: [average_deviation(c, leaders) for c in competencies],
        "G study": lambda: g_study(values, leaders),
        "self and others": lambda: [self_other(own, s, leaders) for s in scores],
        "Krippendorff, ordinal, 400,000 units": lambda: krippendorff_alpha(units, level="ordinal"),
    }


def cpu(work: Work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def of_a_round(folder: Path) -> None:
    """Print the seconds of each statistic, run by run, and the peak of memory."""
    values = np.load(folder / "answers.npy")
    leaders = grouped(np.repeat(np.arange(LEADERS), RATERS), len(values))
    works = needed(values, leaders)
    runs = [{name: cpu(work) for name, work in works.items()} for _ in range(RUNS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"runs": runs, "peak": peak}))


def pairs(values: Floats) -> Iterator[Pair]:
    """Yield what we share with the peers; this runs where they are installed."""
    yield from _of_pingouin(values)
    yield from _of_statsmodels(values)


def _of_pingouin(values: Floats) -> Iterator[Pair]:
    pingouin, pandas = import_module("pingouin"), import_module("pandas")
    wide = pandas.DataFrame(values)
    yield Pair(
        "alpha of 40 items",
        "pingouin",
        lambda: cronbach_alpha(values).estimate,
        lambda: pingouin.cronbach_alpha(wide)[0],
    )
    judged = values[:, 0].reshape(LEADERS, RATERS)
    long = pandas.DataFrame(judged).stack().rename("v").rename_axis(["t", "r"]).reset_index()
    yield Pair(
        "six ICC forms",
        "pingouin",
        lambda: [icc.estimate for icc in intraclass_correlations(judged).values()],
        lambda: pingouin.intraclass_corr(long, targets="t", raters="r", ratings="v")["ICC"],
    )


def _of_statsmodels(values: Floats) -> Iterator[Pair]:
    mixed = import_module("statsmodels.regression.mixed_linear_model").MixedLM
    raters = import_module("statsmodels.stats.inter_rater")
    leaders, scores = np.repeat(np.arange(LEADERS), RATERS), values[:, :5].mean(axis=1)
    ones = np.ones((scores.size, 1))

    def one_way_reml() -> list[float]:
        fit = mixed(scores, ones, leaders).fit(reml=True)
        return [fit.cov_re.item(), fit.scale]

    def ours() -> list[float]:
        found = one_way(scores, leaders)
        return [found.between, found.within]

    yield Pair("one-way REML", "statsmodels", ours, one_way_reml)
    judged = values[:, 0].reshape(LEADERS, RATERS).astype(int)
    yield Pair(
        "Fleiss' kappa",
        "statsmodels",
        lambda: fleiss_kappa(judged),
        lambda: raters.fleiss_kappa(raters.aggregate_raters(judged)[0]),
    )
    first, second = values[:, 0].astype(int), values[:, 1].astype(int)
    yield Pair(
        "Cohen's kappa, quadratic",
        "statsmodels",
        lambda: cohen_kappa(first, second, weights="quadratic"),
        lambda: raters.cohens_kappa(_crossed(first, second), wt="quadratic").kappa,
    )
    yield from _of_tables(import_module("statsmodels.stats.contingency_tables"))


def _of_tables(tables: Any) -> Iterator[Pair]:
    strata = np.random.default_rng(1).integers(20, 200, (50, 2, 2)).astype(float)

    def common_odds() -> list[float]:
        found = mantel_haenszel(strata)
        return [found.odds_ratio, found.low, found.high, found.chi_squared]

    def pooled_odds() -> list[float]:
        found = tables.StratifiedTable(list(strata))
        test = found.test_null_odds(correction=True)
        return [found.oddsratio_pooled, *found.oddsratio_pooled_confint(), test.statistic]

    def impact() -> list[float]:
        found = adverse_impact([48, 12], [80, 40])
        return [found.ratio, found.ratio_low, found.ratio_high, found.fisher_p]

    def risk_ratio() -> list[float]:
        cells = np.array([[12, 28], [48, 32]])
        found = tables.Table2x2(cells)
        return [found.riskratio, *found.riskratio_confint(), stats.fisher_exact(cells).pvalue]

    yield Pair("Mantel-Haenszel, 50 strata", "statsmodels", common_odds, pooled_odds)
    yield Pair("adverse impact", "statsmodels", impact, risk_ratio)


def _crossed(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    table = np.zeros((OPTIONS, OPTIONS))
    np.add.at(table, (first - 1, second - 1), 1)
    return table


def beside_peers(folder: Path) -> None:
    """Print, for each shared statistic, the seconds of both, run by run, and whether they agree."""
    rows = []
    for pair in pairs(np.load(folder / "answers.npy")):
        equal = np.allclose(pair.ours(), pair.theirs(), rtol=1e-4, atol=1e-6)
        seconds = [(cpu(pair.ours), cpu(pair.theirs)) for _ in range(RUNS)]
        rows.append({"name": pair.name, "peer": pair.peer, "equal": equal, "seconds": seconds})
    print(json.dumps(rows))


def run(python: str, part: str, folder: Path) -> Any:
    """Run a part of this file in a process of its own, on one core."""
    command = [python, __file__, part, str(folder)]
    done = subprocess.run(  # noqa: S603 - our own command
        command, check=True, env=os.environ | ALONE, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)


def environment(folder: Path) -> str:
    """Install the peers beside our own numpy and scipy; return their interpreter."""
    python = str(folder / "bin" / "python")
    ours = [f"{name}=={version(name)}" for name in ("numpy", "scipy")]
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", python, *PEERS, *ours],
    ):
        subprocess.run(command, check=True)  # noqa: S603 - our own commands
    return python


def tell_of_a_round(found: Mapping[str, Any]) -> None:
    print(f"{LEADERS:,} leaders x {RATERS} raters x {ITEMS} items, one core, median of {RUNS} runs")
    for name in found["runs"][0]:
        print(f"  {name:<38} {_median([run[name] for run in found['runs']]):7.1f} ms CPU")
    total = statistics.median(sum(run.values()) for run in found["runs"])
    print(f"  {'together':<38} {1000 * total:7.1f} ms CPU (at most {1000 * SECONDS:.0f})")
    print(f"  {'peak':<38} {found['peak']:7.1f} MB (at most {MEGABYTES})")


def tell_of_peers(rows: Sequence[Mapping[str, Any]]) -> None:
    print(f"beside {' and '.join(PEERS)}, turn by turn in one process")
    for row in rows:
        ours, theirs = (_median(column) for column in zip(*row["seconds"], strict=True))
        ratio = statistics.median(theirs / ours for ours, theirs in row["seconds"])
        equal = "equal" if row["equal"] else "NOT EQUAL"
        print(
            f"  {row['name']:<27} ours {ours:8.2f} ms   {row['peer']:<11} {theirs:9.2f} ms"
            f"   {ratio:6.1f} times as long   {equal}"
        )


def _median(seconds: Sequence[float]) -> float:
    return 1000 * statistics.median(seconds)


def main() -> None:
    os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "answers.npy", answers())
        tell_of_a_round(run(sys.executable, "round", folder))
        tell_of_peers(run(environment(folder / "peers"), "peers", folder))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["round", folder]:
            of_a_round(Path(folder))
        case ["peers", folder]:
            beside_peers(Path(folder))
        case _:
            main()
