"""Figures are kept to two significant digits: enough to use, too few to give anybody away."""

from math import floor, isfinite, log10

SIGNIFICANT = 2


def significant(value: float, digits: int = SIGNIFICANT) -> float | None:
    """Round to significant digits; None for what is not a number.

    Examples
    --------
    >>> significant(0.7899), significant(1715.0), significant(float("nan"))
    (0.79, 1700.0, None)
    """
    if not isfinite(value):
        return None
    if value == 0:
        return 0.0
    return round(value, digits - 1 - floor(log10(abs(value))))
