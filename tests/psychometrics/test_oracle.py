"""Every reference value that one of our functions should give, given.

`CHECKS` maps the end of a statistic's name to the figures we give for it, named as in the record. A record
that no check fits waits for its function.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assess.psychometrics.agreement import average_deviation, null_variance, rwg, rwg_j
from assess.psychometrics.awareness import SelfOther, self_other
from assess.psychometrics.nested import OneWay, one_way, pooled_within
from assess.psychometrics.ratings import Floats
from assess.psychometrics.reliability import (
    cronbach_alpha,
    omega_total,
    raters_needed,
    spearman_brown,
    standard_error_of_measurement,
)
from tests.psychometrics import oracle
from tests.psychometrics.oracle import Record, Table

Figures = Mapping[str, Any] | float
Groups = NDArray[np.str_]

REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}
ITEMS: Mapping[str, tuple[str, ...]] = {
    "attitude": ("rating", "complaints", "privileges", "learning", "raises", "critical", "advance"),
    **{
        f"bfi/{trait}": tuple(f"{trait[0].upper()}{number}" for number in range(1, 6))
        for trait in ("agree", "conscientious", "extraversion", "neuroticism", "openness")
    },
    "holzinger1939": tuple(f"x{number}" for number in range(1, 10)),
    "holzinger1939/visual": ("x1", "x2", "x3"),
    "holzinger1939/textual": ("x4", "x5", "x6"),
    "holzinger1939/speed": ("x7", "x8", "x9"),
    "cohesion": tuple(f"COH0{number}" for number in range(1, 6)),
    "sirt_ratings1": tuple(f"k{number}" for number in range(1, 6)),
    "sim360_A/others": tuple(f"q{number:02d}" for number in range(1, 13)),
    **{
        f"sim360_A/comp{number + 1}": tuple(f"q{3 * number + item:02d}" for item in (1, 2, 3))
        for number in range(4)
    },
}
"""The items of each scale, by data set and, where it has several, by the name before the statistic."""


def scale(record: Record) -> str:
    """Name the scale a record is about, as in `ITEMS`."""
    part, dot, _ = record.statistic.rpartition(".")
    return f"{record.dataset}/{part}" if dot else record.dataset


def respondents(record: Record) -> Floats:
    """Give the respondents x items a record of reliability is about."""
    table = oracle.dataset(record.dataset)
    names = ITEMS[scale(record)]
    scores = table.numbers(*names)
    if record.dataset == "bfi":
        turned = np.isin(names, sorted(REVERSED))
        scores[:, turned] = 7 - scores[:, turned]
    if record.dataset == "sim360_A":
        scores = scores[table.text("group") != "self"]
    return scores


def ratings(record: Record) -> tuple[Floats, Groups, int]:
    """Give the values, groups and number of options a record about raters is about."""
    table = oracle.dataset(record.dataset)
    variable = record.statistic.split(".")[0]
    return {
        "bh1996": bh1996,
        "cohesion": cohesion,
        "roundrobin_A": roundrobin,
        "sim360_A": sim360,
    }[record.dataset](table, variable)


def bh1996(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    return table.numbers(variable)[:, 0], table.text("GRP"), 5


def cohesion(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    platoons = zip(table.text("UNIT"), table.text("PLATOON"), strict=True)
    groups = np.array([f"{unit} {platoon}" for unit, platoon in platoons])
    if variable == "COH":
        return table.numbers(*ITEMS["cohesion"]), groups, 5
    return table.numbers(variable)[:, 0], groups, 5


def roundrobin(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    peers = table.text("perceiver.id") != table.text("target.id")
    values = table.numbers(variable.removesuffix("_peer"))[:, 0]
    return values[peers], table.text("target.id")[peers], 7


def sim360(table: Table, variable: str) -> tuple[Floats, Groups, int]:
    kind, _, group = variable.partition("_")
    members = table.text("group") == group
    items = table.numbers(*ITEMS["sim360_A/others"])[members]
    leaders = table.text("leader")[members]
    return (np.nanmean(items, axis=1) if kind == "score" else items), leaders, 5


def alpha(record: Record) -> Figures:
    found = cronbach_alpha(respondents(record))
    return {
        "raw_alpha": found.estimate,
        "std.alpha": found.standardized,
        "G6(smc)": found.lambda6,
        "average_r": found.average_r,
    }


def feldt(record: Record) -> Figures:
    found = cronbach_alpha(respondents(record))
    return {
        "lower": found.low,
        "upper": found.high,
        "lower.ci.raw_alpha": found.low,
        "alpha.raw_alpha": found.estimate,
        "upper.ci.raw_alpha": found.high,
        "LCL": found.low,
        "ALPHA": found.estimate,
        "UCL": found.high,
    }


def alpha_listwise(record: Record) -> Figures:
    found = cronbach_alpha(respondents(record), missing="listwise")
    return {"n": found.respondents, "alpha": found.estimate, "std": found.standardized}


def sem_total_score(record: Record) -> Figures:
    scores = respondents(record)
    sd = float(scores[~np.isnan(scores).any(axis=1)].sum(axis=1).std(ddof=1))
    reliability = cronbach_alpha(scores, missing="listwise").estimate
    return {"sd": sd, "SEM": standard_error_of_measurement(sd, reliability)}


def stepped(record: Record) -> Figures:
    found = cronbach_alpha(respondents(record), missing="listwise").estimate
    return {"double": spearman_brown(found, 2), "half": spearman_brown(found, 0.5)}


def omega(record: Record) -> Figures:
    return {"omega": omega_total(respondents(record))}


def reml(record: Record) -> OneWay:
    values, groups, _ = ratings(record)
    return one_way(values, groups)


def components(record: Record) -> Figures:
    found = reml(record)
    return {
        "mu": found.mean,
        "tau2": found.between,
        "sigma2": found.within,
        "ICC1": found.icc1,
    }


def group_reliability(record: Record) -> Figures:
    found = reml(record)
    return {
        "mean": found.reliability_of_mean,
        "min": found.group_reliabilities.min(),
        "max": found.group_reliabilities.max(),
        "at_kbar": spearman_brown(found.icc1, float(found.group_sizes.mean())),
    }


def shrunken(record: Record) -> Figures:
    found = reml(record)
    where = {str(label): at for at, label in enumerate(found.group_labels)}
    rows = [where[level] for level in record.value["level"]]
    return {
        "n": found.group_sizes[rows],
        "raw_mean": found.group_means[rows],
        "eb": found.shrunken[rows],
        "post_sd": found.conditional_sd[rows],
    }


def mean_squares(record: Record) -> Figures:
    values, groups, _ = ratings(record)
    found = one_way(values, groups, method="anova")
    return {
        "N": found.group_sizes.sum(),
        "J": found.group_sizes.size,
        "MSW": found.within,
        "kbar": found.group_sizes.mean(),
    }


def anova(record: Record) -> Figures:
    values, groups, _ = ratings(record)
    found = one_way(values, groups, method="anova")
    return {"ICC1": found.icc1, "tau2": found.between, "sigma2": found.within}


def raters_for(record: Record) -> Figures:
    values, groups, _ = ratings(record)
    single = one_way(values, groups, method="anova").icc1
    return {f"k{percent}": raters_needed(single, percent / 100) for percent in (70, 80, 90)}


def mult_icc(record: Record) -> Figures:
    rows = []
    for variable in record.value["rows"]:
        values, groups, _ = bh1996(oracle.dataset("bh1996"), variable)
        found = one_way(values, groups)
        mean_size = float(found.group_sizes.mean())
        rows.append([found.icc1, spearman_brown(found.icc1, mean_size)])
    return {"values": rows}


def rwg_pooled(record: Record) -> float:
    values, groups, options = ratings(record)
    return 1 - pooled_within(values, groups)[0] / null_variance(options, "uniform")


def within_null(null: str) -> Callable[[Record], Figures]:
    def agreement(record: Record) -> Figures:
        values, groups, options = ratings(record)
        measure = rwg if values.ndim == 1 else rwg_j
        return per_group(record, measure(values, groups, options=options, null=null), groups)

    return agreement


def deviation(center: str) -> Callable[[Record], Figures]:
    def agreement(record: Record) -> Figures:
        values, groups, _ = ratings(record)
        return per_group(record, average_deviation(values, groups, center=center), groups)

    return agreement


def per_group(record: Record, found: Floats, groups: Groups) -> Figures:
    """Arrange one value a group as the record does: those with a value, in its own order."""
    labels = dict.fromkeys(groups.tolist())
    by_label = dict(zip(labels, found.tolist(), strict=True))
    known = found[~np.isnan(found)]
    summary = {
        "n": known.size,
        "mean": known.mean(),
        "median": np.median(known),
        "sd": known.std(ddof=1),
        "min": known.min(),
        "max": known.max(),
        "q25": np.quantile(known, 0.25),
        "q75": np.quantile(known, 0.75),
    }
    return {
        "summary": summary,
        "value": [by_label[label] for label in record.value["group"]],
    }


def awareness(record: Record) -> Figures:
    values, targets, _ = ratings(record)
    order = list(dict.fromkeys(targets.tolist()))
    own = self_scores(oracle.dataset(record.dataset), record.statistic.split(".")[0])
    found = self_other([own.get(target, np.nan) for target in order], values, targets)
    rows = [order.index(target) for target in record.value["id"]]
    return {
        "n": np.count_nonzero(~np.isnan(found.gap)),
        "mean_diff": np.nanmean(found.gap),
        "msw": float((found.se[rows[0]] ** 2) * record.value["k"][0]),
        "D": found.gap[rows],
        "t_fixed_self": (found.gap / found.se)[rows],
        "p_min_effect_0.5": found.p[rows],
        "p_min_effect_0.5_BH": found.adjusted_p[rows],
        "n_BH05_min_effect_0.5": outspoken(found),
    }


def self_scores(table: Table, variable: str) -> dict[str, float]:
    own = table.text("perceiver.id") == table.text("target.id")
    scores = table.numbers(variable)[own, 0].tolist()
    return dict(zip(table.text("target.id")[own].tolist(), scores, strict=True))


def outspoken(found: SelfOther) -> int:
    return int(np.isin(found.flag, ["blind spot", "hidden strength"]).sum())


CHECKS: Mapping[str, Callable[[Record], Figures]] = {
    r"alpha": alpha,
    r"alpha_feldt_ci95": feldt,
    r"alpha_feldt_ci95_exactF": feldt,
    r"alpha_CI_psychometric": feldt,
    r"alpha_listwise": alpha_listwise,
    r"sem_total_score": sem_total_score,
    r"spearman_brown_x2_half": stepped,
    r"omega_cfa_ml": omega,
    r"lmer": components,
    r"lmer_group_reliability": group_reliability,
    r"EB_shrunken": shrunken,
    r"anova": mean_squares,
    r"ICC_anova_n0": anova,
    r"raters_needed_SB": raters_for,
    r"mult_icc": mult_icc,
    r"rwgj?_uniform": within_null("uniform"),
    r"rwgj?_slight_skew": within_null("slight_skew"),
    r"rwgp_uniform": rwg_pooled,
    r"ADM_mean": deviation("mean"),
    r"ADM_median": deviation("median"),
    r"self_other": awareness,
}


def check_for(record: Record) -> Callable[[Record], Figures] | None:
    """Find the check whose name is the statistic's, whatever scale or variable stands before it."""
    fits = (c for name, c in CHECKS.items() if re.fullmatch(rf"(.+\.)?{name}", record.statistic))
    return next(fits, None)


def fitting() -> list[Record]:
    return [record for record in oracle.records() if check_for(record)]


def test_the_reference_values_are_there() -> None:
    oracle.require()


def test_every_check_fits_some_record() -> None:
    oracle.require()
    used = {check_for(record) for record in oracle.records()}
    assert used >= set(CHECKS.values())


ABSENT = pytest.param(None, marks=pytest.mark.skip(reason=oracle.ABSENT), id="absent")


@pytest.mark.parametrize("record", fitting() or [ABSENT], ids=lambda record: record.name)
def test_we_give_the_reference_value(record: Record) -> None:
    check = check_for(record)
    assert check is not None
    compare(check(record), record.value, record.tolerance)


def compare(ours: Any, theirs: Any, tolerance: float) -> None:
    """Compare a figure, or those named figures which both have, of which there must be some."""
    if not isinstance(ours, Mapping):
        assert oracle.agrees(ours, theirs, tolerance), (ours, theirs)
        return
    shared = ours.keys() & theirs.keys()
    assert shared
    for name in shared:
        compare(ours[name], theirs[name], tolerance)
