"""How exactly a figure over a whole round is kept: enough to use, too little to give anybody away."""

from math import floor, isfinite, log10

SIGNIFICANT = 2
COARSE, FINE, FINE_RATERS = 20, 100, 400
"""Steps of a variance to one squared scale point, and from how many raters on there are more of them."""


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


def head_count(people: float) -> int:
    """Round down to tens: an exact number would say of 80 who were asked that all have answered.

    >>> head_count(80), head_count(89)
    (80, 80)
    """
    return 10 * int(people // 10)


def variance(value: float, *, raters: int) -> float | None:
    """Round to twentieths, which chance outweighs by far; from 400 raters on to hundredths; to two digits.

    What one rater moves shrinks as they become more: whoever knows all others is left with several answers
    of the last, and that all have answered alike is told of nobody.

    Examples
    --------
    >>> variance(0.4567, raters=80), variance(0.4567, raters=400), variance(0.02, raters=80)
    (0.45, 0.46, 0.0)
    """
    if not isfinite(value):
        return None
    steps = _steps(raters)
    return significant(round(value * steps) / steps)


def error_variance(value: float, *, raters: int) -> float | None:
    """Round a variance on which intervals will rest: to one step at least, for none is known to be nought.

    >>> error_variance(0.0, raters=80), error_variance(0.4567, raters=80)
    (0.05, 0.45)
    """
    told = variance(value, raters=raters)
    return None if told is None else max(told, 1 / _steps(raters))


def coefficient(value: float) -> float | None:
    """Round to two decimals: near nought two significant digits would be more exact than any other figure.

    >>> coefficient(0.0831), coefficient(float("nan"))
    (0.08, None)
    """
    return round(value, 2) if isfinite(value) else None


def _steps(raters: int) -> int:
    return FINE if raters >= FINE_RATERS else COARSE
