"""The three levels of protection a round may have."""

from dataclasses import dataclass
from fractions import Fraction

STRICT_BANDS = {5: 10, 6: 10, 7: 8, 8: 7, 9: 7, 10: 5, 11: 6}
"""Tenths of a point by number of raters; 5 from 12 on. At 11, 5 would leave 10 in 11 (docs/adr/0008)."""


@dataclass(frozen=True)
class Protection:
    """How coarse publication must be.

    `minimum` raters make a leaf of their own; `answered_minimum` of them must have answered an item;
    `deniable` values must stay possible for every rater and item, also when `insiders` of the leaf put their
    own answers together; `certainty` is how sure an onlooker may at most be of one of them, all data sets
    being equally likely before.
    """

    name: str
    minimum: int
    answered_minimum: int
    deniable: int
    certainty: Fraction
    insiders: int = 0

    def band(self, raters: int) -> Fraction | None:
        """Return how far from either end of a five-point scale means are published as a band.

        None: no bands at all.
        """
        if self.name == "threshold":
            return None
        if self.name == "standard":
            return Fraction(1, 2)
        return Fraction(STRICT_BANDS.get(raters, 5), 10)


STANDARD = Protection(
    "standard", minimum=4, answered_minimum=3, deniable=3, certainty=Fraction(5, 7)
)
STRICT = Protection(
    "strict", minimum=5, answered_minimum=5, deniable=2, certainty=Fraction(9, 10), insiders=1
)
THRESHOLD = Protection(
    "threshold", minimum=3, answered_minimum=3, deniable=1, certainty=Fraction(1)
)

PROTECTIONS = {level.name: level for level in (STANDARD, STRICT, THRESHOLD)}
