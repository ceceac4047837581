"""What we give for reference values about who is selected."""

from collections.abc import Mapping

from assess.psychometrics.selection import adverse_impact
from tests.psychometrics import oracle
from tests.psychometrics.oracle import Check, Figures, Record


def impact(record: Record) -> Figures:
    table = oracle.dataset(record.dataset)
    groups = table.text("case") == record.statistic
    applicants, hired = table.numbers("applicants", "hired")[groups].T
    found = adverse_impact(hired, applicants)
    return {
        "rate_ref": found.rates[0],
        "rate_focal": found.rates[1],
        "impact_ratio": found.ratio,
        "ratio_lo": found.ratio_low,
        "ratio_hi": found.ratio_high,
        "fisher_p": found.fisher_p,
    }


CHECKS: Mapping[str, Check] = {
    r"eeoc_\w+": impact,
}
WITHOUT: Mapping[str, str] = {}
