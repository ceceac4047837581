"""What we give for reference values about the consistency of items."""

from collections.abc import Mapping

import numpy as np

from assess.psychometrics.reliability import (
    cronbach_alpha,
    omega_total,
    spearman_brown,
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


def omega(record: Record) -> Figures:
    return {"omega": omega_total(respondents(record))}


CHECKS: Mapping[str, Check] = {
    r"alpha": alpha,
    r"alpha_feldt_ci95": feldt,
    r"alpha_feldt_ci95_exactF": feldt,
    r"alpha_CI_psychometric": feldt,
    r"alpha_listwise": alpha_listwise,
    r"sem_total_score": sem_total_score,
    r"spearman_brown_x2_half": stepped,
    r"omega_cfa_ml": omega,
}
WITHOUT: Mapping[str, str] = {}
