"""How far raters say the same, which is not how reliably they tell leaders apart."""

from assess.psychometrics.agreement.groups import (
    NULL_VARIANCES,
    a_wg,
    average_deviation,
    null_variance,
    rwg,
    rwg_j,
)
from assess.psychometrics.agreement.judges import (
    Icc,
    MeanSquares,
    intraclass_correlations,
    kendall_w,
    two_way_mean_squares,
)
from assess.psychometrics.agreement.kappas import cohen_kappa, fleiss_kappa
from assess.psychometrics.agreement.krippendorff import krippendorff_alpha

__all__ = [
    "NULL_VARIANCES",
    "Icc",
    "MeanSquares",
    "a_wg",
    "average_deviation",
    "cohen_kappa",
    "fleiss_kappa",
    "intraclass_correlations",
    "kendall_w",
    "krippendorff_alpha",
    "null_variance",
    "rwg",
    "rwg_j",
    "two_way_mean_squares",
]
