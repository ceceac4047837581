"""What we give for reference values about raters nested in leaders."""

from collections.abc import Mapping

import numpy as np
from scipy import special

from assess.psychometrics.nested import OneWay, one_way
from assess.psychometrics.reliability import raters_needed, spearman_brown
from tests.psychometrics import oracle
from tests.psychometrics.datasets import bh1996, ratings
from tests.psychometrics.oracle import Check, Figures, Record


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
    sizes, means = found.group_sizes, found.group_means
    between = float(sizes @ (means - np.average(means, weights=sizes)) ** 2) / (sizes.size - 1)
    ratio = between / found.within
    return {
        "N": sizes.sum(),
        "J": sizes.size,
        "MSB": between,
        "MSW": found.within,
        "F": ratio,
        "p": special.fdtrc(sizes.size - 1, sizes.sum() - sizes.size, ratio),
        "kbar": sizes.mean(),
        "n0": usual_size(found),
        "k_harmonic": 1 / (1 / sizes).mean(),
    }


def usual_size(found: OneWay) -> float:
    """Give Searle's n0."""
    sizes = found.group_sizes
    return float((sizes.sum() - (sizes**2).sum() / sizes.sum()) / (sizes.size - 1))


def anova(record: Record) -> Figures:
    values, groups, _ = ratings(record)
    found = one_way(values, groups, method="anova")
    return {
        "ICC1": found.icc1,
        "ICC2": spearman_brown(found.icc1, usual_size(found)),
        "tau2": found.between,
        "sigma2": found.within,
    }


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


CHECKS: Mapping[str, Check] = {
    r"lmer": components,
    r"lmer_group_reliability": group_reliability,
    r"EB_shrunken": shrunken,
    r"anova": mean_squares,
    r"ICC_anova_n0": anova,
    r"raters_needed_SB": raters_for,
    r"mult_icc": mult_icc,
}
WITHOUT: Mapping[str, str] = {
    r"ICC1_ICC2_multilevel": "It divides by the mean size; we give REML and, by name, Searle's n0.",
    r"ICC[12]_CI95_psychometric": "Intervals from F with the mean size; ours is of the likelihood.",
    r"lmer_profile_CI95_sd": "Intervals of standard deviations; ours is of their ratio, the ICC(1).",
}
