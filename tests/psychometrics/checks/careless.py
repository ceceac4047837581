"""What we give for reference values about answers given without care."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import stats

from assess.psychometrics.careless import (
    average_string,
    even_odd,
    longstring,
    mahalanobis_squared,
    psychometric_synonyms,
    response_variability,
)
from tests.psychometrics import oracle
from tests.psychometrics.oracle import Check, Floats, Record

ITEMS: Mapping[str, int] = {"bfi": 25, "careless_1": 50}
"""How many of the first columns are items, as answered."""
QUARTERS: Mapping[str, tuple[int, ...]] = {
    "bfi": (0, 7, 13, 19, 25),
    "careless_1": (0, 13, 25, 37, 50),
}
"""Where the reference program cuts the items in four."""


def answers(record: Record) -> Floats:
    table = oracle.dataset(record.dataset)
    return table.numbers(*list(table.columns)[: ITEMS[record.dataset]])


def per_respondent(record: Record, figures: Floats) -> dict[str, Any]:
    known = figures[~np.isnan(figures)]
    quantiles = np.quantile(known, [0, 0.25, 0.5, 0.75, 1]) if known.size else [np.nan] * 5
    names = ("min", "q25", "median", "q75", "max")
    summary = {
        "n": known.size,
        "mean": known.mean() if known.size else np.nan,
        "sd": known.std(ddof=1) if known.size else np.nan,
        **dict(zip(names, quantiles, strict=True)),
    }
    return {"summary": summary, "first": figures[: len(record.value["first"])]}


def by(measure: Callable[[Floats], Floats]) -> Check:
    return lambda record: per_respondent(record, measure(answers(record)))


def variability_by_quarters(record: Record) -> dict[str, Any]:
    scores = answers(record)
    blocks = [scores, *(scores[:, a:b] for a, b in pairwise(QUARTERS[record.dataset]))]
    variability = np.column_stack([response_variability(block) for block in blocks])
    return {"values": variability[: len(record.value["rows"])]}


def mahalanobis(record: Record) -> dict[str, Any]:
    scores = answers(record)
    distances = mahalanobis_squared(scores)
    flagged = distances > stats.chi2.ppf(0.99, scores.shape[1])
    return {**per_respondent(record, distances), "n_flag99": np.count_nonzero(flagged)}


CHECKS: Mapping[str, Check] = {
    r"longstring": by(longstring),
    r"avgstring": by(average_string),
    r"irv": by(response_variability),
    r"irv_split4": variability_by_quarters,
    r"mahalanobis_D2": mahalanobis,
    r"mahad": mahalanobis,
    r"psychsyn_\.60": by(lambda scores: psychometric_synonyms(scores, least=0.60)),
    r"evenodd": by(lambda scores: even_odd(scores, scales=np.repeat(np.arange(10), 5))),
}
WITHOUT: Mapping[str, str] = {}
