"""How consistently several items, or several raters, measure one thing."""

from assess.psychometrics.reliability.alphas import Alpha, alpha_within, cronbach_alpha
from assess.psychometrics.reliability.lengths import (
    raters_needed,
    spearman_brown,
    standard_error_of_measurement,
)
from assess.psychometrics.reliability.omegas import omega_total

__all__ = [
    "Alpha",
    "alpha_within",
    "cronbach_alpha",
    "omega_total",
    "raters_needed",
    "spearman_brown",
    "standard_error_of_measurement",
]
