"""What we give for reference values about the consistency of items."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from assess.psychometrics.reliability import (
    all_split_halves,
    cronbach_alpha,
    item_statistics,
    omega_total,
    spearman_brown,
    split_half,
    standard_error_of_measurement,
)
from tests.psychometrics.datasets import respondents
from tests.psychometrics.oracle import Check, Figures, Record


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


def without_each(record: Record) -> Figures:
    """Give alpha of all items but one, of one item after the other, and its relatives."""
    scores = respondents(record)
    rest = [cronbach_alpha(np.delete(scores, item, axis=1)) for item in range(scores.shape[1])]
    return columns(
        record,
        {
            "raw_alpha": item_statistics(scores).alpha_if_dropped,
            "std.alpha": [alpha.standardized for alpha in rest],
            "G6(smc)": [alpha.lambda6 for alpha in rest],
            "average_r": [alpha.average_r for alpha in rest],
        },
    )


def items(record: Record) -> Figures:
    found = item_statistics(respondents(record))
    return columns(
        record,
        {"n": found.n, "r.drop": found.item_rest_r, "mean": found.mean, "sd": found.sd},
    )


def columns(record: Record, found: Mapping[str, ArrayLike]) -> Figures:
    """Put our columns into the table of the record; it has others which no function of ours gives."""
    values = np.array(record.value["values"])
    for name, figures in found.items():
        values[:, record.value["cols"].index(name)] = figures
    return {"values": values}


def odd_even(record: Record) -> Figures:
    found = split_half(respondents(record))
    return {
        "r": found.r,
        "spearman_brown": found.spearman_brown,
        "guttman_lambda4": found.lambda4,
    }


def all_splits(record: Record) -> Figures:
    """Give what psych 2.2.9 does, which goes through the first half of the splits of an odd number of items.

    For an even number the other half would repeat these; for an odd one it is left out by mistake.
    """
    scores = respondents(record)
    splits = all_split_halves(scores).lambda4
    share = 1 / 2 if scores.shape[1] % 2 else 1
    seen = splits[: math.ceil(share * splits.size)]
    alpha = cronbach_alpha(scores)
    return {
        "maxrb": seen.max(),
        "minrb": seen.min(),
        "meanr": seen.sum() / (share * splits.size),
        "lambda6": alpha.lambda6,
        "alpha": alpha.standardized,
    }


def omega(record: Record) -> Figures:
    return {"omega": omega_total(respondents(record))}


CHECKS: Mapping[str, Check] = {
    r"alpha": alpha,
    r"alpha_feldt_ci95": feldt,
    r"alpha_feldt_ci95_exactF": feldt,
    r"alpha_CI_psychometric": feldt,
    r"alpha_listwise": alpha_listwise,
    r"alpha_drop": without_each,
    r"item_stats": items,
    r"split_half": all_splits,
    r"split_half_odd_even": odd_even,
    r"sem_total_score": sem_total_score,
    r"spearman_brown_x2_half": stepped,
    r"omega_cfa_ml": omega,
}
WITHOUT: Mapping[str, str] = {
    r"alpha_bonett_ci95_listwise": "Bonett's interval approximates the exact one, which we give.",
    r"n_complete_25": "It counts the complete rows of a data set.",
    r"layout": "It names the columns of a data set.",
    r"source_means": "They are plain means of a data set.",
    r"source_correlations_pairwise": "They are plain correlations of a data set.",
}
