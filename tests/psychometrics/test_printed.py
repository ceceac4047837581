"""Every figure printed about the public data sets, given by our functions to the digits printed.

The figures are read from the table of them that stands beside the reference values; here stands how we come
by each row, or why we do not.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from assess.psychometrics.agreement import (
    cohen_kappa,
    fleiss_kappa,
    intraclass_correlations,
    krippendorff_alpha,
    null_variance,
    two_way_mean_squares,
)
from assess.psychometrics.nested import one_way
from assess.psychometrics.reliability import Alpha, cronbach_alpha, spearman_brown
from assess.psychometrics.selection import adverse_impact
from tests.psychometrics import oracle
from tests.psychometrics.checks.agreement import judged
from tests.psychometrics.checks.generalizability import tasks
from tests.psychometrics.datasets import bh1996, respondents

SOURCE = oracle.FOLDER / "published.md"
NUMBER = re.compile(r"\d*\.\d+|\d+%")
NULLS = ("uniform", "slight_skew", "moderate_skew", "heavy_skew")


@dataclass(frozen=True)
class Row:
    dataset: str
    statistic: str
    printed: str

    @property
    def name(self) -> str:
        return f"{self.dataset}: {self.statistic}"

    @property
    def numbers(self) -> list[str]:
        return NUMBER.findall(self.printed)


@cache
def rows() -> tuple[Row, ...]:
    """The rows about public data sets; none where the reference values are absent."""
    if not SOURCE.is_file():
        return ()
    section = SOURCE.read_text("utf-8").split("\n## P.")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    return tuple(Row(*cells[:3]) for cells in lines[2:])


def digits(number: str) -> tuple[float, float]:
    """Tell a printed number, and what its last digit is worth."""
    if number.endswith("%"):
        return int(number[:-1]) / 100, 0.01
    return float(number), 10.0 ** -len(number.partition(".")[2])


def alpha(dataset: str, scale: str = "") -> Alpha:
    return cronbach_alpha(respondents(oracle.Record(dataset, f"{scale}alpha", None, 0.0)))


def six_forms() -> Sequence[float]:
    found = intraclass_correlations(judged("shrout_fleiss_1979"))
    return [icc.estimate for icc in found.values()]


def four_squares() -> Sequence[float]:
    found = two_way_mean_squares(judged("shrout_fleiss_1979"))
    return [found.between_targets, found.within_targets, found.between_judges, found.residual]


def four_levels() -> Sequence[float]:
    ratings = judged("krippendorff_4x12")
    levels = ("nominal", "ordinal", "interval", "ratio")
    return [krippendorff_alpha(ratings, level=level) for level in levels]


def ben_and_gerry() -> Sequence[float]:
    """Let Gerry say of the tenth what the paper prints, and the table here leaves out: the same as Ben."""
    ratings = judged("krippendorff_ben_gerry")
    assert np.argwhere(np.isnan(ratings)).tolist() == [[9, 1]]
    ratings[9, 1] = ratings[9, 0]
    return [krippendorff_alpha(ratings, level="nominal")]


def diagnoses() -> Sequence[float]:
    ratings = judged("irr_diagnoses")
    return [fleiss_kappa(ratings), *(fleiss_kappa(ratings == code) for code in range(5))]


def pairs_of_diagnoses() -> Sequence[float]:
    first_three = judged("irr_diagnoses").T[:3]
    found = [cohen_kappa(*pair) for pair in combinations(first_three, 2)]
    return [found[0], *found]


def attitude() -> Sequence[float]:
    found = alpha("attitude")
    return [found.estimate, found.standardized, found.lambda6, found.average_r]


def traits() -> Sequence[float]:
    names = ("agree", "conscientious", "extraversion", "neuroticism", "openness")
    return [alpha("bfi", f"{name}.").estimate for name in names]


def three_scales() -> Sequence[float]:
    names = ("visual", "textual", "speed")
    return [alpha("holzinger1939", f"{name}.").estimate for name in names]


def well_being() -> Sequence[float]:
    values, groups, _ = bh1996(oracle.dataset("bh1996"), "WBEING")
    found = one_way(values, groups)
    return [found.between, found.within]


def well_being_shares() -> Sequence[float]:
    """Put the mean size of groups in the place of Searle's for the first, as its package does."""
    values, groups, _ = bh1996(oracle.dataset("bh1996"), "WBEING")
    found, anova = one_way(values, groups), one_way(values, groups, method="anova")
    sizes = anova.group_sizes
    searle = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (sizes.size - 1)
    beyond = searle * anova.between / anova.within  # F less 1
    return [beyond / (beyond + sizes.mean()), found.icc1, found.reliability_of_mean]


def companies() -> Iterator[float]:
    for variable in ("HRS", "LEAD", "COHES"):
        values, groups, _ = bh1996(oracle.dataset("bh1996"), variable)
        found = one_way(values, groups)
        yield found.icc1
        yield spearman_brown(found.icc1, float(found.group_sizes.mean()))


def persons_and_tasks() -> Sequence[float]:
    found = tasks()
    return [found.item, found.target, found.rater, found.target_item, found.residual]


def two_groups(case: str) -> Sequence[float]:
    table = oracle.dataset("adverse_impact")
    applicants, hired = table.numbers("applicants", "hired")[table.text("case") == case].T
    found = adverse_impact(hired, applicants)
    return [*found.rates, found.ratio]


def null_variances(*options: int) -> Sequence[float]:
    return [null_variance(number, null) for number in options for null in NULLS]


PRINTED: Mapping[str, Callable[[], Sequence[float] | Iterator[float]]] = {
    "shrout_fleiss_1979: ICC(1,1), (2,1), (3,1), (1,4), (2,4), (3,4)": six_forms,
    "shrout_fleiss_1979: BMS, WMS, JMS, EMS": four_squares,
    "krippendorff_4x12: alpha nominal / ordinal / interval / ratio": four_levels,
    "krippendorff_ben_gerry: nominal alpha": ben_and_gerry,
    "irr_diagnoses (= Fleiss 1971): kappa; by category": diagnoses,
    "irr_diagnoses: kappa2 r1-r2, (r1,r2,r3 pairs)": pairs_of_diagnoses,
    "attitude: raw alpha, std, G6, average r": attitude,
    "bfi: alpha A, C, E, N, O": traits,
    "holzinger1939: alpha visual, textual, speed": three_scales,
    "bh1996: WBEING: variance between, within": well_being,
    "bh1996: WBEING: ICC1 (aov), ICC1.lme, ICC2.lme unweighted": well_being_shares,
    "bh1996: mult.icc HRS / LEAD / COHES ICC1 (ICC2)": companies,
    "brennan_3_2: p, t, r:t, pt, pr:t": persons_and_tasks,
    "adverse_impact eeoc_qa: 48/80, 12/40, ratio": lambda: two_groups("eeoc_qa"),
    "adverse_impact eeoc_manual_gender: 255 men/48 hired, 395 women/52": (
        lambda: two_groups("eeoc_manual_gender")[:2]
    ),
    "rwg null variances: uniform, slight, moderate, heavy skew: 5-pt; 7-pt": (
        lambda: null_variances(5, 7)
    ),
}
LAST_DIGITS: Mapping[str, float] = {
    "bh1996: WBEING: variance between, within": 2,  # nlme ends its search a little early
    "bh1996: WBEING: ICC1 (aov), ICC1.lme, ICC2.lme unweighted": 1,  # the same
    "brennan_3_2: p, t, r:t, pt, pr:t": 1,  # the last mean square is 192.8/81, which is 2.38025
}
"""How far off the last digits of a row may be, where not by rounding alone."""
WITHOUT: Mapping[str, str] = {
    "holzinger1939: 3-factor CFA chi2(24), CFI, RMSEA, SRMR": "we fit no confirmatory model",
    "gleser_1965: EMS components p, i, j, pi, pj, ij, res": "our raters are nested, not crossed",
    "brennan_3_2: E rho^2, Phi (3 tasks, 4 raters per task)": (
        "the persons, who are our items here, are what is measured; we measure targets"
    ),
}


def checked() -> list[Row]:
    return [row for row in rows() if row.name in PRINTED]


def test_every_printed_row_is_checked_or_has_a_reason() -> None:
    oracle.require()
    names = [row.name for row in rows()]
    assert sorted(names) == sorted([*PRINTED, *WITHOUT])
    assert not LAST_DIGITS.keys() - PRINTED.keys()


ABSENT = pytest.param(None, marks=pytest.mark.skip(reason=oracle.ABSENT), id="absent")


@pytest.mark.parametrize("row", checked() or [ABSENT], ids=lambda row: row.name)
def test_we_give_what_is_printed(row: Row) -> None:
    ours = list(PRINTED[row.name]())
    for found, number in zip(ours, row.numbers, strict=True):
        printed, unit = digits(number)
        off = LAST_DIGITS.get(row.name, 0.5) * unit
        assert math.isclose(found, printed, rel_tol=0, abs_tol=off + 1e-12), (found, number)


@pytest.mark.parametrize(
    ("options", "printed"),
    [(6, (2.92, 1.85, 1.26, 0.69)), (9, (6.67, 5.66, 4.73, 3.16)), (10, (8.25, 6.30, 5.09, 3.46))],
)
def test_we_give_the_null_variances_of_other_scales(
    options: int, printed: tuple[float, ...]
) -> None:
    assert null_variances(options) == pytest.approx(printed, abs=0.005)


@pytest.mark.parametrize(("focal", "printed"), [(45, 0.75), (48, 0.80), (51, 0.85)])
def test_we_give_the_ratios_of_the_guidelines(focal: int, printed: float) -> None:
    """Of rates in percent of whites, 60, and three other groups; Questions and Answers (1979)."""
    found = adverse_impact([60, focal], [100, 100])
    assert found.ratio == pytest.approx(printed)
    assert found.four_fifths == (printed < 0.8)
