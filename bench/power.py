"""How often a true gap is called a blind spot: the formula, and docs/blind_spot_power.svg drawn from it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assess.scorecards.norms import RATER_SD
from assess.scorecards.scores import MINIMUM_GAP

Floats = NDArray[np.float64]
Place = tuple[float, float]

PICTURE = Path(__file__).parents[1] / "docs" / "blind_spot_power.svg"
LEVEL = 0.05
LARGEST_GAP = 2.0
RATERS = {3: 0.62, 4: 0.70, 6: 0.78, 8: 0.86, 12: 0.93}
"""How many raters a line is for, and at which power it is labelled: the labels climb like a stair."""
MARKED = (4, 8)
FAMILY = 16
"""Comparisons in a report on eight competencies by two groups."""
INK, TEAL, GUIDE, PAPER = "#1c2733", "#0b6e6e", "#d9d6cc", "#ffffff"
LEFT, RIGHT, TOP, BOTTOM = 84, 912, 124, 452


def power(gap: Floats | float, raters: int, *, comparisons: int = 1) -> Floats:
    r"""Give the chance that a true gap is called a blind spot.

    .. math:: \Phi\left(\frac{\Delta - \delta}{\sigma / \sqrt n} - z_{1 - q / m}\right)

    with the shipped default as the SD of raters, and known, and with m comparisons none of which has another
    gap: where others have, the correction of Benjamini and Hochberg leaves more power. Left out is what the
    far side of the null adds to the least gap that is flagged: less than 0.001 points, also with three
    raters.
    """
    needed = special.ndtri(1 - LEVEL / comparisons)
    return np.asarray(special.ndtr((gap - MINIMUM_GAP) / _error(raters) - needed))


def gap_found(chance: float, raters: int) -> float:
    """Give the true gap that is called a blind spot with this chance."""
    return float(MINIMUM_GAP + (special.ndtri(chance) + special.ndtri(1 - LEVEL)) * _error(raters))


def picture() -> str:
    """Draw power over the true gap, a line for each number of raters."""
    return "\n".join([*_opening(), *_guides(), *_lines(), *_labels(), *_at_one_point(), "</svg>\n"])


def _error(raters: int) -> float:
    return float(RATER_SD / np.sqrt(raters))


def _percent(gap: float, raters: int, *, comparisons: int = 1) -> str:
    return f"{100 * float(power(gap, raters, comparisons=comparisons)):.0f} %"


def _opening() -> Iterator[str]:
    few, many = (_percent(1.0, raters) for raters in MARKED)
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 520" role="img"'
        ' aria-labelledby="title words" font-size="16"'
        " font-family=\"'Source Sans 3', 'Source Sans Pro', system-ui, sans-serif\""
        f' fill="{INK}">'
    )
    yield '<title id="title">How often a blind spot is found</title>'
    yield (
        '<desc id="words">The chance that a true gap between self and others is called a blind spot, by the'
        f" size of the gap and the number of raters. A gap of 1.0 is found by 4 raters in {few} of cases,"
        f" by 8 in {many}, if it is the only comparison; among {FAMILY} it is found less often. A gap of"
        " 0.5, the smallest that matters, is flagged in 5 %, whatever the number of raters.</desc>"
    )
    yield f'<rect width="960" height="520" fill="{PAPER}"/>'
    yield _text((24, 40), "How often a blind spot is found", font_size="22", font_weight="700")
    yield _text(
        (24, 66),
        f"One comparison alone, on five points, where single raters differ by an SD of {RATER_SD}",
    )
    yield _text((24, 104), "Called a blind spot")


def _guides() -> Iterator[str]:
    for chance in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        yield f'<path d="M{LEFT} {_y(chance):.1f}H{RIGHT}" stroke="{GUIDE}"/>'
        yield _text((LEFT - 12, _y(chance) + 5), f"{100 * chance:.0f} %", text_anchor="end")
    for gap in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0):
        yield _text((_x(gap), BOTTOM + 24), f"{gap:g}", text_anchor="middle")
    yield _text((RIGHT, BOTTOM + 50), "True gap between self and others, points", text_anchor="end")
    yield _text((168, BOTTOM - 12), "5 %: level of the test")


def _lines() -> Iterator[str]:
    gaps = np.linspace(MINIMUM_GAP, LARGEST_GAP, 61)
    for raters in RATERS:
        chances = power(gaps, raters).tolist()
        places = zip(gaps.tolist(), chances, strict=True)
        points = " ".join(f"{_x(gap):.1f},{_y(chance):.1f}" for gap, chance in places)
        width = 3 if raters in MARKED else 1.5
        yield f'<polyline points="{points}" fill="none" stroke="{TEAL}" stroke-width="{width}"/>'


def _labels() -> Iterator[str]:
    for raters, chance in RATERS.items():
        words = f"{raters} raters" if raters == max(RATERS) else str(raters)
        place = (_x(gap_found(chance, raters)) - 8, _y(chance) + 2)
        yield _text(place, words, text_anchor="end", font_weight=_weight(raters))


def _at_one_point() -> Iterator[str]:
    """Mark where the lines pass a gap of 1.0, and say it in figures where there is room."""
    highest = _y(float(power(1.0, max(RATERS))))
    yield f'<path d="M{_x(1.0):.1f} {highest:.1f}V{BOTTOM}" stroke="{INK}" stroke-dasharray="2 6"/>'
    yield f'<rect x="592" y="208" width="320" height="212" fill="{PAPER}"/>'
    yield _text((612, 230), "Of gaps of one point", font_weight="600")
    yield _text((800, 256), "alone", text_anchor="end")
    yield _text((904, 256), f"among {FAMILY}", text_anchor="end")
    for row, raters in enumerate(sorted(RATERS, reverse=True), start=1):
        y, weight = 256 + 28 * row, _weight(raters)
        among = _percent(1.0, raters, comparisons=FAMILY)
        yield f'<circle cx="{_x(1.0):.1f}" cy="{_y(float(power(1.0, raters))):.1f}" r="5" fill="{TEAL}"/>'
        yield _text((632, y), str(raters), text_anchor="end", font_weight=weight)
        yield _text((640, y), "raters find", font_weight=weight)
        yield _text((800, y), _percent(1.0, raters), text_anchor="end", font_weight=weight)
        yield _text((904, y), among, text_anchor="end", font_weight=weight)


def _weight(raters: int) -> str:
    return "700" if raters in MARKED else "400"


def _text(place: Place, words: str, **style: str) -> str:
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{place[0]:.1f}" y="{place[1]:.1f}"{attributes}>{words}</text>'


def _x(gap: float) -> float:
    return LEFT + (gap - MINIMUM_GAP) / (LARGEST_GAP - MINIMUM_GAP) * (RIGHT - LEFT)


def _y(chance: float) -> float:
    return BOTTOM - chance * (BOTTOM - TOP)


def main() -> None:
    PICTURE.write_text(picture(), encoding="utf-8")
    told = ", ".join(f"{_percent(1.0, raters)} with {raters} raters" for raters in RATERS)
    print(f"a gap of 1.0 is called a blind spot: {told}")


if __name__ == "__main__":
    main()
