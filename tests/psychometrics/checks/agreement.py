"""What we give for reference values about the agreement of a leader's raters."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from assess.psychometrics.agreement import (
    Icc,
    a_wg,
    average_deviation,
    cohen_kappa,
    fleiss_kappa,
    intraclass_correlations,
    kendall_w,
    krippendorff_alpha,
    null_variance,
    rwg,
    rwg_j,
    two_way_mean_squares,
)
from assess.psychometrics.nested import pooled_within
from tests.psychometrics import oracle
from tests.psychometrics.datasets import Groups, ratings
from tests.psychometrics.oracle import Check, Figures, Floats, Record

RATERS: Mapping[str, tuple[str, ...]] = {
    "shrout_fleiss_1979": ("J1", "J2", "J3", "J4"),
    "irr_anxiety": ("rater1", "rater2", "rater3"),
    "irr_diagnoses": tuple(f"rater{number}" for number in range(1, 7)),
    "krippendorff_4x12": ("Rater1", "Rater2", "Rater3", "Rater4"),
    "krippendorff_ben_gerry": ("Ben", "Gerry"),
}
"""The columns of the same raters of every target, by data set."""


def judged(dataset: str) -> Floats:
    """Give targets x judges; a number for each category that is text, and NaN for not rated."""
    table, names = oracle.dataset(dataset), RATERS[dataset]
    labels = np.column_stack([table.text(name) for name in names])
    if dataset not in {"irr_diagnoses", "krippendorff_ben_gerry"}:
        return table.numbers(*names)
    codes = np.unique(labels, return_inverse=True)[1].astype(np.float64)
    codes[labels == ""] = np.nan
    return codes


def mean_squares(record: Record) -> Figures:
    found = two_way_mean_squares(judged(record.dataset))
    return {
        "MSR": found.between_targets,
        "MSC": found.between_judges,
        "MSW": found.within_targets,
        "MSE": found.residual,
    }


def components(record: Record) -> Figures:
    """Give what restricted likelihood gives of a complete table with positive components."""
    found = two_way_mean_squares(judged(record.dataset))
    return {
        "s": (found.between_targets - found.residual) / found.judges,
        "r": (found.between_judges - found.residual) / found.targets,
        "Residual": found.residual,
    }


def psych_row(icc: Icc) -> list[float]:
    return [icc.estimate, icc.f, icc.df1, icc.df2, icc.p, icc.low, icc.high]


def psych_icc(record: Record) -> Figures:
    found = intraclass_correlations(judged(record.dataset))
    return {"values": [psych_row(icc) for icc in found.values()]}


def irr_icc(record: Record) -> Figures:
    """Leave out what irr does otherwise of ICC(2,...): the F test, and the interval of ICC(2,k)."""
    found = intraclass_correlations(judged(record.dataset))
    forms = ("ICC(1,1)", "ICC(1,k)", "ICC(3,1)", "ICC(3,k)", "ICC(2,1)", "ICC(2,k)")
    rows = [
        [icc.estimate, icc.low, icc.high, icc.f, icc.df1, icc.df2, icc.p]
        for icc in (found[form] for form in forms)
    ]
    ours, theirs = np.array(rows), np.array(record.value["values"])
    ours[4:, 5:] = theirs[
        4:, 5:
    ]  # its F test has Satterthwaite's degrees of freedom, where ours has those of EMS
    ours[5, 1:3] = theirs[
        5, 1:3
    ]  # it puts ICC(2,k) where ICC(2,1) belongs in them; we and psych do not
    return {"values": ours}


def alpha(level: str) -> Check:
    return lambda record: krippendorff_alpha(judged(record.dataset), level=level)


def irr_cac(level: str) -> Check:
    return lambda record: {"kripp": krippendorff_alpha(judged(record.dataset), level=level)}


def first_two(record: Record, weights: str | None) -> float:
    first, second, *_ = judged(record.dataset).T
    return cohen_kappa(first, second, weights=weights)


def cohen(weights: str | None) -> Check:
    return lambda record: first_two(record, weights)


def cohen_estimates(record: Record) -> Figures:
    """Give the estimates, between bounds which no function of ours gives."""
    values = np.array(record.value["values"])
    values[:, 1] = first_two(record, None), first_two(record, "quadratic")
    return {"values": values}


def finn(record: Record) -> float:
    """Pool rwg over targets, on the scale up to the highest rating."""
    scores = judged(record.dataset)
    chance = null_variance(int(scores.max()), "uniform")
    return 1 - two_way_mean_squares(scores).within_targets / chance


def light(record: Record) -> float:
    return float(
        np.mean([cohen_kappa(*pair) for pair in combinations(judged(record.dataset).T, 2)])
    )


def by_category(record: Record) -> Figures:
    """Tell each category from all others."""
    ratings = judged(record.dataset)
    return {name: fleiss_kappa(ratings == code) for code, name in enumerate(sorted(record.value))}


def within_ends(record: Record) -> Figures:
    values, groups, options = ratings(record)
    return per_group(record, a_wg(values, groups, low=1, high=options), groups)


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
    r"awg": within_ends,
    r"anova_mean_squares": mean_squares,
    r"icc_lmer_varcomp": components,
    r"icc_psych": psych_icc,
    r"icc_irr": irr_icc,
    r"kendall_w": lambda record: {"W_tie_corrected": kendall_w(judged(record.dataset))},
    r"krippendorff_nominal": alpha("nominal"),
    r"krippendorff_ordinal": alpha("ordinal"),
    r"krippendorff_interval": alpha("interval"),
    r"krippendorff_ratio": alpha("ratio"),
    r"irrCAC_unweighted": irr_cac("nominal"),
    r"irrCAC_quadratic": irr_cac("interval"),
    r"finn": finn,
    r"light_kappa": light,
    r"fleiss_kappa_by_category": by_category,
    r"fleiss_kappa": lambda record: {"kappa": fleiss_kappa(judged(record.dataset))},
    r"cohen_kappa_r1_r2": lambda record: {"kappa": first_two(record, None)},
    r"cohen_kappa_r1_r2_unweighted": cohen(None),
    r"cohen_kappa_r1_r2_equal": cohen("linear"),
    r"cohen_kappa_r1_r2_squared": cohen("quadratic"),
    r"cohen_kappa_ci_psych": cohen_estimates,
}
WITHOUT: Mapping[str, str] = {
    r"mean_pairwise_spearman": "Kendall's W tells of the common order of several judges",
    r"irrCAC_ordinal": "Gwet's ordinal weights are not the differences of Krippendorff's ordinal alpha",
    r"rwgj_lindell_.+": "r*wg(J), which may be negative, is not among what is told of agreement",
}
