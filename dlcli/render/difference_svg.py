"""The V of a finite difference as an SVG document, by the standard library alone; no background of its own."""

from __future__ import annotations

from html import escape

import numpy as np

from dlcli.render.difference_curve import STYLES, Decades, Key, frame, heading, keys, marked, shortened, summary, theory
from dlcli.step_errors import StepErrors

WIDE = 720
LEFT, RIGHT, TOP = 76, 20, 44
PLOT = 320  # height of the field
LINE = 20  # of the legend
INK = "#767676"  # a grey that reads on white and on black
GRID = 'stroke="#888" stroke-opacity="0.25"'


def difference_svg(curve: StepErrors, title: str) -> str:
    """The picture with axes, legend, and a description in words."""
    steps, errors = frame(curve)
    legend = keys(curve)
    bottom = TOP + PLOT
    high = bottom + 58 + LINE * ((len(legend) + 1) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}"'
        f' role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<title id="title">{_text(f"{heading(curve)}: {title}")}</title>',
        f'<desc id="desc">{_text(_described(curve, legend))}</desc>',
        f'<text x="{WIDE / 2:g}" y="24" text-anchor="middle" font-size="15">{_text(shortened(title))}</text>',
        *_axes(steps, errors),
        f'<clipPath id="field"><rect x="{LEFT}" y="{TOP}" width="{WIDE - LEFT - RIGHT}" height="{PLOT}"/></clipPath>',
        '<g clip-path="url(#field)">',
        *(part for key in reversed(legend) for part in _lines(curve, key, steps, errors)),
        "</g>",
        *(part for key in _points_last(legend) for part in _points(curve, key, steps, errors)),
        *(part for number, key in enumerate(legend) for part in _legend(key, number, bottom + 66)),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _described(curve: StepErrors, legend: list[Key]) -> str:
    return f"{summary(curve)} Drawn: {'; '.join(key.text for key in legend)}."


def _text(text: str) -> str:
    """The text without characters that XML does not allow, and with its own marks escaped."""
    return escape("".join(c if c.isprintable() else " " for c in text))


def _across(steps: Decades, step: float) -> float:
    return LEFT + (WIDE - LEFT - RIGHT) * steps.at(step)


def _down(errors: Decades, error: float) -> float:
    return TOP + PLOT * (1 - errors.at(error))


def _axes(steps: Decades, errors: Decades) -> list[str]:
    right, bottom, middle = WIDE - RIGHT, TOP + PLOT, TOP + PLOT / 2
    parts = []
    for exponent in errors.ticks():
        y = _down(errors, 10.0**exponent)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" {GRID}/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">1e{exponent}</text>')
    for exponent in steps.ticks():
        x = _across(steps, 10.0**exponent)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" {GRID}/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">1e{exponent}</text>')
    return [
        *parts,
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="{INK}"/>',
        f'<text x="{(LEFT + right) / 2:g}" y="{bottom + 38}" text-anchor="middle">step h</text>',
        f'<text x="18" y="{middle:g}" text-anchor="middle" transform="rotate(-90 18 {middle:g})">error</text>',
    ]


def _lines(curve: StepErrors, key: Key, steps: Decades, errors: Decades) -> list[str]:
    """The straight line of a key that is one."""
    style = STYLES[key.mark]
    if key.level is not None:
        y = _down(errors, key.level)
        path = f"M{LEFT} {y:.1f}H{WIDE - RIGHT}"
    elif key.mark in ("truncation", "rounding"):
        ends = 10.0 ** np.array([steps.low, steps.high])
        heights = np.log10(theory(curve, ends, key.mark))
        shares = (heights - errors.low) / (errors.high - errors.low)
        (x1, x2), (y1, y2) = (LEFT, WIDE - RIGHT), (TOP + PLOT * (1 - shares))
        path = f"M{x1} {y1:.1f}L{x2} {y2:.1f}"
    else:
        return []
    return [f'<path d="{path}" fill="none" stroke="{style.color}" stroke-width="1.5"{_dashes(style.dashes)}/>']


def _dashes(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _points_last(legend: list[Key]) -> list[Key]:
    """The keys in the order in which they are drawn: the rungs above the fine grid."""
    order = ("measured", "flipped", "rung", "chosen")
    return sorted((key for key in legend if key.mark in order), key=lambda key: order.index(key.mark))


def _points(curve: StepErrors, key: Key, steps: Decades, errors: Decades) -> list[str]:
    x, y = marked(curve, key.mark)
    return [_shape(key.mark, _across(steps, h), _down(errors, e)) for h, e in zip(x, y, strict=True)]


def _shape(mark: str, x: float, y: float) -> str:
    """A dot, a cross or a diamond."""
    style = STYLES[mark]
    r = style.size
    if mark == "measured":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}" fill="{style.color}"/>'
    if mark == "flipped":
        cross = f"M{x - r:.1f} {y - r:.1f}L{x + r:.1f} {y + r:.1f}M{x - r:.1f} {y + r:.1f}L{x + r:.1f} {y - r:.1f}"
        return f'<path d="{cross}" stroke="{style.color}"/>'
    fill = style.color if style.filled else "none"
    diamond = f"M{x - r:.1f} {y:.1f}L{x:.1f} {y - r:.1f}L{x + r:.1f} {y:.1f}L{x:.1f} {y + r:.1f}Z"
    return f'<path d="{diamond}" fill="{fill}" stroke="{style.color}" stroke-width="1.5"/>'


def _legend(key: Key, number: int, top: float) -> list[str]:
    x, y = LEFT + (number % 2) * 310, top + LINE * (number // 2)
    style = STYLES[key.mark]
    if style.size:
        sample = _shape(key.mark, x + 14, y - 4)
    else:
        line = f'<path d="M{x} {y - 4:g}h28" stroke="{style.color}" stroke-width="1.5"'
        sample = f"{line}{_dashes(style.dashes)}/>"
    return [sample, f'<text x="{x + 36}" y="{y:g}">{_text(key.text)}</text>']
