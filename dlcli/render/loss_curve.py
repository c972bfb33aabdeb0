"""Loss against training step as a picture: columns of characters, SVG, and PNG where matplotlib is installed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dlcli.render.console import Medium
from dlcli.render.numbers import number

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " ...:::##"
HEIGHT = 8  # lines of the picture in a terminal
MOST_COLUMNS = 60
WIDEST_COLUMN = 4  # characters of a step, where there are few
MOST_POINTS = 1000  # of an SVG line; more are drawn by the least and the greatest of each stretch
WIDE, HIGH = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 40, 50
STEEP = 1000.0  # losses that differ by such a factor are drawn on a logarithmic axis

Point = tuple[int, float]


@dataclass(frozen=True)
class Axis:
    """The range of the losses; `logarithmic` where all are positive and lie far apart."""

    low: float
    high: float
    logarithmic: bool

    def height(self, loss: float) -> float:
        """0 at the lower end, 1 at the upper."""
        if self.low == self.high:
            return 0.5
        if self.logarithmic:
            return (math.log(loss) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        scale = max(abs(self.low), abs(self.high))  # so that the difference cannot overflow
        return (loss / scale - self.low / scale) / (self.high / scale - self.low / scale)


def loss_axis(points: Sequence[Point]) -> Axis:
    low, high = min(loss for _, loss in points), max(loss for _, loss in points)
    return Axis(low, high, low > 0 and high / STEEP > low)


def finite_points(losses: Sequence[float]) -> list[Point]:
    """(step, loss) of every loss that is finite."""
    return [(step, loss) for step, loss in enumerate(losses) if math.isfinite(loss)]


def curve_lines(losses: Sequence[float], digits: int, on: Medium) -> list[str]:
    """The curve in lines of characters; no lines where fewer than two losses are finite."""
    points = finite_points(losses)
    if len(points) < 2:
        return []
    axis = loss_axis(points)
    top, bottom = number(axis.high, digits), number(axis.low, digits)
    margin = max(len(top), len(bottom))
    room = MOST_COLUMNS if on.width is None else min(MOST_COLUMNS, on.width - margin - 5)
    columns = _columns([loss for _, loss in points], max(room, 10))
    blocks = BLOCKS if _shows_blocks(on) else ASCII_BLOCKS
    wide = max(1, min(WIDEST_COLUMN, room // 2 // len(columns)))
    columns = [loss for loss in columns for _ in range(wide)]
    eighths = [max(1, round(axis.height(loss) * HEIGHT * 8)) for loss in columns]
    lines = []
    for row in reversed(range(HEIGHT)):
        label = top if row == HEIGHT - 1 else bottom if row == 0 else ""
        bars = "".join(blocks[min(8, max(0, height - 8 * row))] for height in eighths)
        lines.append(f"  {label:>{margin}} |{bars}".rstrip())
    first, last = str(points[0][0]), str(points[-1][0])
    gap = max(1, len(columns) - len(first) - len(last))
    lines.append(f"  {'':>{margin}} +{'-' * len(columns)}")
    lines.append(f"  {'':>{margin}}  {first}{' ' * gap}{last}  step")
    return lines


def curve_scale(losses: Sequence[float]) -> str:
    """`logarithmic` or `linear`, as the curve is drawn."""
    points = finite_points(losses)
    return "logarithmic" if points and loss_axis(points).logarithmic else "linear"


def _columns(losses: Sequence[float], most: int) -> list[float]:
    """One number a column: the losses, or of many the last of each of `most` stretches."""
    if len(losses) <= most:
        return list(losses)
    return [losses[(column + 1) * len(losses) // most - 1] for column in range(most)]


def _shows_blocks(on: Medium) -> bool:
    if not on.letters:
        return False
    try:
        BLOCKS.encode(on.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def curve_svg(losses: Sequence[float], title: str) -> str:
    """The curve as an SVG document with axes, ticks and a title."""
    points = finite_points(losses)
    if not points:
        points = [(0, 0.0)]
    axis = loss_axis(points)
    last = max(points[-1][0], 1)
    width, height = WIDE - LEFT - RIGHT, HIGH - TOP - BOTTOM

    def across(step: float) -> float:
        return LEFT + width * step / last

    def down(loss: float) -> float:
        return TOP + height * (1 - axis.height(loss))

    line = " ".join(f"{across(step):.2f},{down(loss):.2f}" for step, loss in _thinned(points))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}"'
        ' role="img" font-family="sans-serif" font-size="12">',
        f"<title>{_plain(title)}: loss by training step</title>",
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>',
        f'<text x="{WIDE / 2:g}" y="24" text-anchor="middle" font-size="15">{_plain(title)}</text>',
        f'<path d="M{LEFT} {TOP}V{TOP + height}H{LEFT + width}" fill="none" stroke="#333"/>',
    ]
    for loss in _loss_ticks(axis):
        y = down(loss)
        parts.append(f'<path d="M{LEFT - 5} {y:.2f}H{LEFT + width}" stroke="#ccc"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.2f}" text-anchor="end">{number(loss, 4)}</text>')
    for step in _ticks(0, last):
        if step == int(step):
            x = across(step)
            parts.append(f'<path d="M{x:.2f} {TOP + height}V{TOP + height + 5}" stroke="#333"/>')
            parts.append(f'<text x="{x:.2f}" y="{TOP + height + 19}" text-anchor="middle">{int(step)}</text>')
    label = "loss (logarithmic)" if axis.logarithmic else "loss"
    middle = TOP + height / 2
    parts += [
        f'<text x="{LEFT + width / 2:g}" y="{HIGH - 10}" text-anchor="middle">step</text>',
        f'<text x="16" y="{middle:g}" text-anchor="middle" transform="rotate(-90 16 {middle:g})">{label}</text>',
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>',
    ]
    if len(points) == 1:
        parts.append(f'<circle cx="{across(points[0][0]):.2f}" cy="{down(points[0][1]):.2f}" r="3" fill="#1f5fa8"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _plain(text: str) -> str:
    """The text without characters that XML does not allow, and with its own marks escaped."""
    return escape("".join(c if c.isprintable() else " " for c in text))


def _thinned(points: Sequence[Point]) -> list[Point]:
    if len(points) <= MOST_POINTS:
        return list(points)
    stretches = MOST_POINTS // 2
    kept = {points[0], points[-1]}
    for at in range(stretches):
        part = points[at * len(points) // stretches : (at + 1) * len(points) // stretches]
        kept |= {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
    return sorted(kept)


def _loss_ticks(axis: Axis) -> list[float]:
    if not axis.logarithmic:
        return _ticks(axis.low, axis.high)
    low, high = math.log10(axis.low), math.log10(axis.high)
    return [float(f"1e{exponent:g}") for exponent in _ticks(low, high) if exponent == int(exponent)]


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers in the range, about five: multiples of 1, 2 or 5 times a power of ten."""
    spread = high - low
    if not 0 < spread < math.inf:
        return [low]
    power = 10.0 ** math.floor(math.log10(spread / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if spread / (power * factor) <= 5)
    return [at * step for at in range(math.ceil(low / step), math.floor(high / step) + 1)]


def curve_png(losses: Sequence[float], title: str) -> bytes:
    """The curve as a PNG file. Raises ImportError where matplotlib is missing."""
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = finite_points(losses)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([step for step, _ in points], [loss for _, loss in points], marker="." if len(points) == 1 else "")
    axes.set_title(title, parse_math=False)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    if points and loss_axis(points).logarithmic:
        axes.set_yscale("log")
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()
