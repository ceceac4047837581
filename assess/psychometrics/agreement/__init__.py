"""How far raters say the same, which is not how reliably they tell leaders apart."""

from assess.psychometrics.agreement.groups import (
    NULL_VARIANCES,
    average_deviation,
    null_variance,
    rwg,
    rwg_j,
)

__all__ = [
    "NULL_VARIANCES",
    "average_deviation",
    "null_variance",
    "rwg",
    "rwg_j",
]
