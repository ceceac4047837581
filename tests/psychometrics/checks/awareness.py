"""What we give for reference values about leaders who rate themselves."""

from collections.abc import Mapping

import numpy as np

from assess.psychometrics.awareness import SelfOther, self_other
from tests.psychometrics import oracle
from tests.psychometrics.datasets import ratings
from tests.psychometrics.oracle import Check, Figures, Record, Table


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


CHECKS: Mapping[str, Check] = {
    r"self_other": awareness,
}
WITHOUT: Mapping[str, str] = {}
