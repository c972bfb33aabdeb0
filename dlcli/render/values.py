"""Forward values: each quantity by name, small ones in full, large ones by a summary that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dlcli.ops.operation import Array
from dlcli.render.console import Medium
from dlcli.render.gradients import FEW
from dlcli.render.numbers import SURE_DIGITS, aligned, number, reads_as
from dlcli.render.text import display_width, own, visible
from dlcli.render.verdicts import entry_name

LONGEST_EXACT = 60  # characters of a closed form beside a scalar's value
LONGEST_EXACT_ENTRY = 16  # and inside an array
EXACTLY = "   exactly "
FIRST = 3  # entries of a large array that are printed


@dataclass(frozen=True)
class Printed:
    """A quantity's name, = or ≈, its value on one or several lines, its exact form where that says more."""

    name: str
    sign: str
    value: tuple[str, ...]
    exact: tuple[str, ...] = ()


def printed_values(
    values: Mapping[str, Array], exact: Mapping[str, Array], digits: int, every: bool, base: int, on: Medium
) -> list[str]:
    """Lines `name = value` or `name ≈ value   exactly …`; scalars are aligned at the decimal point."""
    rows = [
        row
        for name, array in values.items()
        for row in _printed(name, np.asarray(array), exact.get(name), digits, every, base, on)
    ]
    scalars = iter(aligned(row.value[0] for row in rows if _is_scalar(row)))
    widest = max((display_width(row.name) for row in rows), default=0)
    shown = [(next(scalars),) if _is_scalar(row) else row.value for row in rows]
    column = max((len(v[0]) for v, row in zip(shown, rows, strict=True) if row.exact), default=0)
    lines = []
    for row, value in zip(rows, shown, strict=True):
        for at in range(max(len(value), len(row.exact))):
            head = (
                row.name + " " * (widest - display_width(row.name)) + f" {row.sign} "
                if at == 0
                else " " * (widest + 2 + len(row.sign))
            )
            right = value[at] if at < len(value) else ""
            if at < len(row.exact):
                right = right.ljust(column) + (EXACTLY if at == 0 else " " * len(EXACTLY)) + row.exact[at]
            lines.append(("  " + head + right).rstrip())
    return lines


def _is_scalar(row: Printed) -> bool:
    return len(row.value) == 1 and not row.value[0].startswith(("[", "shape "))


def _printed(
    name: str, array: Array, exact: Array | None, digits: int, every: bool, base: int, on: Medium
) -> Iterator[Printed]:
    called = visible(name, on)
    if array.shape == ():
        yield Printed(
            called,
            _sign(array, digits, on),
            (number(float(array), digits),),
            _exact_scalar(array, exact, digits),
        )
        return
    small = array.size <= FEW
    if small and array.ndim <= 2 and array.size:
        block = matrix_lines([number(float(x), digits) for x in array.reshape(-1)], array.shape)
        if on.width is None or len(block[0]) + display_width(called) + 5 <= on.width:
            yield Printed(called, _sign(array, digits, on), block, _exact_block(array, exact, digits))
            return
    if small or every:
        for entry in np.ndindex(array.shape):
            one = None if exact is None else np.asarray(exact[entry], dtype=object)
            value = np.asarray(array[entry])
            yield Printed(
                visible(entry_name(name, entry, base), on),
                _sign(value, digits, on),
                (number(float(value), digits),),
                _exact_scalar(value, one, digits),
            )
        if array.size:
            return
    yield Printed(called, "has", (_summary(array, digits),))


def _sign(array: Array, digits: int, on: Medium) -> str:
    """`=` where every printed number is the value itself, to the digits a float64 is sure of; else `≈`."""
    same = all(number(float(x), digits) == number(float(x), SURE_DIGITS - 1) for x in array.reshape(-1))
    return "=" if same else own("≈", on)


def _exact_scalar(value: Array, exact: Array | None, digits: int) -> tuple[str, ...]:
    text = None if exact is None else exact[()]
    if text is None or len(text) > LONGEST_EXACT or reads_as(number(float(value), digits), str(text)):
        return ()
    return (str(text),)


def _exact_block(array: Array, exact: Array | None, digits: int) -> tuple[str, ...]:
    """The exact entries in the same layout, when each is short and one at least is not its own value."""
    texts = [] if exact is None else list(exact.reshape(-1))
    if not texts or any(text is None or len(text) > LONGEST_EXACT_ENTRY for text in texts):
        return ()
    printed = [number(float(x), digits) for x in array.reshape(-1)]
    if all(map(reads_as, printed, texts)):
        return ()
    return matrix_lines(texts, array.shape)


def matrix_lines(texts: list[str], shape: tuple[int, ...]) -> tuple[str, ...]:
    """A vector as `[a, b]`, a matrix one row a line with aligned columns."""
    if len(shape) == 1:
        return ("[" + ", ".join(texts) + "]",)
    rows, columns = shape
    padded = [aligned(texts[column::columns]) for column in range(columns)]
    lines = ["[" + ", ".join(padded[column][row] for column in range(columns)) + "]" for row in range(rows)]
    return tuple(
        ("[" if row == 0 else " ") + line + ("]" if row == rows - 1 else ",") for row, line in enumerate(lines)
    )


def _summary(array: Array, digits: int) -> str:
    shape = f"shape ({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
    if not array.size:
        return f"{shape}: no entries"
    first = ", ".join(number(float(x), digits) for x in array.reshape(-1)[:FIRST])
    with np.errstate(all="ignore"):
        low, high, mean = (number(float(f(array)), digits) for f in (np.min, np.max, np.mean))
    return f"{shape}: min {low}, max {high}, mean {mean}; first entries {first}, ..."
