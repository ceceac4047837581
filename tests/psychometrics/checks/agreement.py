"""What we give for reference values about the agreement of a leader's raters."""

from collections.abc import Mapping

import numpy as np

from assess.psychometrics.agreement import average_deviation, null_variance, rwg, rwg_j
from assess.psychometrics.nested import pooled_within
from tests.psychometrics.datasets import Groups, ratings
from tests.psychometrics.oracle import Check, Figures, Floats, Record


def rwg_pooled(record: Record) -> float:
    values, groups, options = ratings(record)
    return 1 - pooled_within(values, groups)[0] / null_variance(options, "uniform")


def within_null(null: str) -> Check:
    def agreement(record: Record) -> Figures:
        values, groups, options = ratings(record)
        measure = rwg if values.ndim == 1 else rwg_j
        return per_group(record, measure(values, groups, options=options, null=null), groups)

    return agreement


def deviation(center: str) -> Check:
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


CHECKS: Mapping[str, Check] = {
    r"rwgj?_uniform": within_null("uniform"),
    r"rwgj?_slight_skew": within_null("slight_skew"),
    r"rwgp_uniform": rwg_pooled,
    r"ADM_mean": deviation("mean"),
    r"ADM_median": deviation("median"),
}
WITHOUT: Mapping[str, str] = {}
