"""What each item of a test or scale is worth, and whether it treats groups alike."""

from assess.psychometrics.items.classical import (
    Discrimination,
    item_difficulty,
    item_discrimination,
)
from assess.psychometrics.items.latent import TwoParameter, two_parameter
from assess.psychometrics.items.logistic import Improvement, LogisticDif, logistic_dif
from assess.psychometrics.items.mantel import (
    MantelHaenszelDif,
    mantel_haenszel_dif,
    mantel_haenszel_dif_of_tables,
)

__all__ = [
    "Discrimination",
    "Improvement",
    "LogisticDif",
    "MantelHaenszelDif",
    "TwoParameter",
    "item_difficulty",
    "item_discrimination",
    "logistic_dif",
    "mantel_haenszel_dif",
    "mantel_haenszel_dif_of_tables",
    "two_parameter",
]
