"""How consistently several items, or several raters, measure one thing."""

from assess.psychometrics.reliability.alphas import (
    Alpha,
    ItemStatistics,
    alpha_within,
    cronbach_alpha,
    item_statistics,
)
from assess.psychometrics.reliability.halves import (
    AllSplitHalves,
    SplitHalf,
    all_split_halves,
    split_half,
)
from assess.psychometrics.reliability.lengths import (
    raters_needed,
    spearman_brown,
    standard_error_of_measurement,
)
from assess.psychometrics.reliability.omegas import Omega, omega_hierarchical, omega_total

__all__ = [
    "AllSplitHalves",
    "Alpha",
    "ItemStatistics",
    "Omega",
    "SplitHalf",
    "all_split_halves",
    "alpha_within",
    "cronbach_alpha",
    "item_statistics",
    "omega_hierarchical",
    "omega_total",
    "raters_needed",
    "spearman_brown",
    "split_half",
    "standard_error_of_measurement",
]
