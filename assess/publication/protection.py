"""The three levels of protection a round may have."""

from dataclasses import dataclass
from fractions import Fraction


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
        return _strict_band(raters)


def _strict_band(raters: int) -> Fraction:
    tenths = 10 if raters <= 6 else 8 if raters == 7 else 7 if raters <= 9 else 5  # noqa: PLR2004 - the published table
    return Fraction(tenths, 10)


STANDARD = Protection(
    "standard", minimum=4, answered_minimum=3, deniable=3, certainty=Fraction(5, 7)
)
STRICT = Protection(
    "strict", minimum=5, answered_minimum=5, deniable=2, certainty=Fraction(10, 11), insiders=1
)
THRESHOLD = Protection(
    "threshold", minimum=3, answered_minimum=3, deniable=1, certainty=Fraction(1)
)

PROTECTIONS = {level.name: level for level in (STANDARD, STRICT, THRESHOLD)}
