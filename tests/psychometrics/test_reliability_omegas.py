import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assess.psychometrics.reliability import Omega, omega_hierarchical
from tests.psychometrics.samples import Floats, one_trait
from tests.psychometrics.test_dimensions import exactly, of_pattern

GENERAL = np.array([0.8, 0.7, 0.6])
PATTERN = np.zeros((9, 3))
PATTERN[:3, 0], PATTERN[3:6, 1], PATTERN[6:, 2] = [0.8, 0.7, 0.6], [0.7, 0.9, 0.5], [0.6, 0.6, 0.7]


def grouped_items(seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    groups = rng.normal(size=(300, 1)) + rng.normal(size=(300, 3))
    return np.asarray(np.repeat(groups, 3, axis=1) + rng.normal(size=(300, 9)))


def test_the_planted_general_factor_is_found() -> None:
    between = np.outer(GENERAL, GENERAL) + np.diag(1 - GENERAL**2)
    correlations = of_pattern(PATTERN, between)
    omega = omega_hierarchical(exactly(correlations))
    general = (PATTERN @ GENERAL).sum() ** 2
    assert omega.hierarchical == pytest.approx(general / correlations.sum(), abs=1e-5)
    unique = 9 - (PATTERN**2).sum()
    assert omega.total == pytest.approx(1 - unique / correlations.sum(), abs=1e-5)


def test_groups_without_anything_in_common_have_no_general_factor() -> None:
    omega = omega_hierarchical(exactly(of_pattern(PATTERN, np.eye(3))))
    assert omega.hierarchical == pytest.approx(0, abs=1e-3)
    assert omega.total > 0.6


@settings(max_examples=20)
@given(st.integers(0, 30))
def test_what_all_items_share_is_part_of_what_factors_explain(seed: int) -> None:
    scores = grouped_items(seed)
    omega = omega_hierarchical(scores)
    assert 0 <= omega.hierarchical <= omega.total <= 1
    order = np.random.default_rng(seed).permutation(9)
    moved = omega_hierarchical(1 + 2 * scores[:, order])
    assert moved.hierarchical == pytest.approx(omega.hierarchical, abs=1e-4)
    assert moved.total == pytest.approx(omega.total, abs=1e-6)


@pytest.mark.parametrize(
    "scores",
    [np.full((9, 6), 2.0), one_trait(respondents=5, items=6), np.full((9, 6), math.nan)],
    ids=["constant", "too few", "unanswered"],
)
def test_nothing_is_known_from_singular_correlations(scores: Floats) -> None:
    omega = omega_hierarchical(scores)
    assert isinstance(omega, Omega)
    assert math.isnan(omega.hierarchical)
    assert math.isnan(omega.total)


def test_a_general_factor_needs_three_groups_and_six_items() -> None:
    with pytest.raises(ValueError, match="at least 3, or take omega_total"):
        omega_hierarchical(grouped_items(1), factors=2)
    with pytest.raises(ValueError, match="5 items determine at most 2 factors"):
        omega_hierarchical(one_trait(items=5))
