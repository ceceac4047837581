"""Dot and interval on the real scale, as SVG without a letter in it: words stand in the page around it.

Only published figures come in, and coordinates are whole tenths of a millimetre, so that a picture tells no
more than the words beside it. Each group has a colour and a mark, the same everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from markupsafe import Markup

GUIDE = "#dcd9d0"
ABSENT = "#8f8b82"
INK = "#1c2733"
UNSAID = Markup('aria-hidden="true">')
PAD = 24  # room for half a mark at either end of the scale


@dataclass(frozen=True)
class Axis:
    """The whole numbers from one end of the real scale to the other."""

    low: int
    high: int


@dataclass(frozen=True)
class Frame:
    """The size of a chart's row and of its marks, in tenths of a millimetre."""

    width: int
    height: int
    radius: int


ROW = Frame(820, 76, 17)
SMALL = Frame(640, 41, 12)
TIGHT = Frame(640, 33, 11)
LANE = Frame(400, 28, 10)


@dataclass(frozen=True)
class Figure:
    """What a row shows: scale points with their interval, or nothing.

    `words` says what is not printed beside the picture; without them the picture is only for the eye.
    """

    leaf: str
    words: str
    score: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Mark:
    """How a group is known by eye, in colour and in grey."""

    draw: Callable[[int, int, int], str]
    colour: str
    is_open: bool = False
    has_core: bool = False


@cache
def mark(leaf: str) -> Markup:
    """Return a leaf's mark alone, to stand before its name and to tell no more than that."""
    return _svg("mark", "", 40, 40, [_mark(leaf, 20, 20, 15)])


@cache
def absent(words: str) -> Markup:
    """Return a dash for the eye, and for the ear why nothing stands there."""
    line = Markup('<path d="M8 20H32" stroke="{}" stroke-width="3"/>').format(INK)
    return _svg("absent", words, 40, 40, [line])


@lru_cache(maxsize=1024)
def interval(figure: Figure, scale: Axis, frame: Frame = ROW) -> Markup:
    """Draw one leaf's score and interval on the scale; a score that is not given is drawn as absent."""
    middle = frame.height // 2
    parts = [_guides(scale, frame), _whisker(figure, scale, frame)]
    if figure.score is None:
        parts.append(_absence(frame, middle))
    else:
        parts.append(_mark(figure.leaf, _x(figure.score, scale, frame), middle, frame.radius))
    return _svg("row", figure.words, frame.width, frame.height, parts)


def strip(cells: Sequence[tuple[str, str | None]], scale: Axis) -> Markup:
    """Draw what each leaf says of one item, a lane each: a mean as a mark, a band as a band.

    Parameters
    ----------
    cells
        Leaf and symbol as printed, or None where nothing is shown.
    """
    height = LANE.height * len(cells)
    frame = Frame(LANE.width, height, LANE.radius)
    lanes = [
        _lane(leaf, symbol, scale, index * LANE.height + LANE.height // 2)
        for index, (leaf, symbol) in enumerate(cells)
    ]
    return _svg("strip", "", frame.width, height, [_guides(scale, frame), *lanes])


def tick_offsets(scale: Axis, frame: Frame = ROW) -> tuple[int, int]:
    """Return where the scale's first number stands and how far the next is, in tenths of a millimetre."""
    return PAD, (frame.width - 2 * PAD) // (scale.high - scale.low)


def _lane(leaf: str, symbol: str | None, scale: Axis, y: int) -> Markup:
    if symbol is None:
        return Markup("")
    if symbol[-1] in "+-":
        return _band(leaf, symbol, scale, y)
    return _mark(leaf, _x(float(symbol), scale, LANE), y, LANE.radius)


def _band(leaf: str, symbol: str, scale: Axis, y: int) -> Markup:
    """Draw from where the band begins to the end of the scale."""
    inner = _x(float(symbol[:-1]), scale, LANE)
    outer = _x(scale.high if symbol[-1] == "+" else scale.low, scale, LANE)
    left, width = min(inner, outer), abs(outer - inner)
    colour, half = _look(leaf).colour, LANE.radius - 3
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="3" fill="{}" fill-opacity="0.3" '
        'stroke="{}" stroke-width="2"/>'
    ).format(left, y - half, width, 2 * half, colour, colour)


@cache
def _guides(scale: Axis, frame: Frame) -> Markup:
    lines = " ".join(
        f"M{_x(point, scale, frame)} 0V{frame.height}" for point in range(scale.low, scale.high + 1)
    )
    return Markup('<path d="{}" stroke="{}" stroke-width="1.5"/>').format(lines, GUIDE)


def _whisker(figure: Figure, scale: Axis, frame: Frame) -> Markup:
    if figure.low is None or figure.high is None:
        return Markup("")
    return Markup(
        '<path d="M{} {}H{}" stroke="{}" stroke-width="{}" stroke-linecap="round" '
        'stroke-opacity="0.55"/>'
    ).format(
        _x(figure.low, scale, frame),
        frame.height // 2,
        _x(figure.high, scale, frame),
        _look(figure.leaf).colour,
        frame.radius // 2,
    )


def _absence(frame: Frame, y: int) -> Markup:
    return Markup(
        '<path d="M{} {}H{}" stroke="{}" stroke-width="2" stroke-dasharray="2 12"/>'
    ).format(PAD, y, frame.width - PAD, ABSENT)


def _x(value: float, scale: Axis, frame: Frame) -> int:
    share = (round(value, 2) - scale.low) / (scale.high - scale.low)
    return round(PAD + min(1.0, max(0.0, share)) * (frame.width - 2 * PAD))


def _svg(name: str, words: str, width: int, height: int, parts: Sequence[str]) -> Markup:
    said = Markup('role="img"><title>{}</title>').format(words) if words else UNSAID
    return Markup('<svg class="{}" viewBox="0 0 {} {}" {}{}</svg>').format(
        name, width, height, said, Markup("").join(parts)
    )


def _look(leaf: str) -> Mark:
    return MARKS.get(leaf, MARKS["pooled"])


@cache
def _mark(leaf: str, x: int, y: int, radius: int) -> Markup:
    look = _look(leaf)
    if not look.is_open:
        return _shape(look.draw(x, y, radius), look.colour, "#ffffff", 2)
    frame = _shape(look.draw(x, y, radius - 2), "#ffffff", look.colour, 4)
    core = _shape(look.draw(x, y, radius // 2 - 1), look.colour, look.colour, 0)
    return frame + core if look.has_core else frame


def _shape(path: str, fill: str, edge: str, width: int) -> Markup:
    return Markup('<path d="{}" fill="{}" stroke="{}" stroke-width="{}"/>').format(
        path, fill, edge, width
    )


def _diamond(x: int, y: int, r: int) -> str:
    return f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z"


def _square(x: int, y: int, r: int) -> str:
    half = round(r * 0.85)
    return f"M{x - half} {y - half}h{2 * half}v{2 * half}h{-2 * half}Z"


def _circle(x: int, y: int, r: int) -> str:
    half = round(r * 0.95)
    return f"M{x - half} {y}a{half} {half} 0 1 0 {2 * half} 0a{half} {half} 0 1 0 {-2 * half} 0Z"


def _triangle(x: int, y: int, r: int) -> str:
    return f"M{x} {y - r}L{x + r} {y + round(r * 0.8)}L{x - r} {y + round(r * 0.8)}Z"


def _hexagon(x: int, y: int, r: int) -> str:
    half = round(r * 0.5)
    rise = round(r * 0.87)
    return (
        f"M{x - r} {y}L{x - half} {y - rise}L{x + half} {y - rise}L{x + r} {y}"
        f"L{x + half} {y + rise}L{x - half} {y + rise}Z"
    )


MARKS = {
    "self": Mark(_diamond, INK),
    "supervisor": Mark(_square, "#0072b2"),
    "supervisors_supervisor": Mark(_square, "#3f51b5", is_open=True, has_core=True),
    "peer": Mark(_circle, "#00805d"),
    "direct_report": Mark(_triangle, "#bd5200"),
    "past_supervisor": Mark(_square, "#0072b2", is_open=True),
    "past_direct_report": Mark(_triangle, "#bd5200", is_open=True),
    "pooled": Mark(_hexagon, "#7b5aa6"),
}
