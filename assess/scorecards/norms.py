"""What stands in where a round is too small to tell: defaults from the literature, said in the report.

Single-rater reliabilities: Conway & Huffcutt (1997), Human Performance 10:331. The rater SD of 0.65 on
five points is our shipped default for the mean of a competency's items.
"""

RATER_SD = 0.65
"""Standard deviation of raters within a leader, on a five-point scale."""

SINGLE_RATER_RELIABILITY = {
    "supervisor": 0.50,
    "supervisors_supervisor": 0.50,
    "past_supervisor": 0.50,
    "peer": 0.37,
}
OTHER_RELIABILITY = 0.30
"""Direct reports, and everybody of whom nothing is known."""


def single_rater_reliability(leaf: str) -> float:
    return SINGLE_RATER_RELIABILITY.get(leaf, OTHER_RELIABILITY)


def rater_variance(low: int, high: int) -> float:
    """Return the default variance, in squared points of a scale from `low` to `high`."""
    return float((RATER_SD * (high - low) / 4) ** 2)
