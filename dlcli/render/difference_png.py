"""The V of a finite difference as PNG, with matplotlib."""

from __future__ import annotations

import numpy as np

from dlcli.render.difference_curve import STYLES, frame, keys, marked, shortened, theory
from dlcli.step_errors import StepErrors


def difference_png(curve: StepErrors, title: str) -> bytes:
    """The picture as a PNG file. Raises ImportError where matplotlib is missing."""
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    steps, errors = frame(curve)
    floor = 10.0**errors.low
    figure = Figure(figsize=(7.2, 6.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    grid = 10 ** np.linspace(steps.low, steps.high, 50)
    for key in keys(curve):
        style = STYLES[key.mark]
        if key.level is not None:
            axes.axhline(max(key.level, floor), label=key.text, color=style.color, linestyle=style.png)
        elif key.mark in ("truncation", "rounding"):
            axes.plot(grid, theory(curve, grid, key.mark), label=key.text, color=style.color, linestyle=style.png)
        else:
            x, y = marked(curve, key.mark)
            face = style.color if style.filled else "none"
            axes.plot(x, np.maximum(y, floor), style.png, label=key.text, color=style.color,
                      markerfacecolor=face, markersize=2 * style.size, linestyle="none", clip_on=False)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlim=(10.0**steps.low, 10.0**steps.high), ylim=(floor, 10.0**errors.high))
    axes.set_xlabel("step h")
    axes.set_ylabel("error")
    axes.set_title(shortened(title), parse_math=False)
    axes.grid(alpha=0.3)
    for text in figure.legend(loc="outside lower left", ncols=2, fontsize="small", frameon=False).get_texts():
        text.set_parse_math(False)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()
