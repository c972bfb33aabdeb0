"""How the record of an element-wise operation is made: what all of them have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcli.ops.operation import VJP, Array, Declared, Elementwise, Example, Operation
from dlcli.ops.shapes import broadcast

ONE = (Example(((),)), Example(((3,),)), Example(((2, 3),)))
TWO = (Example(((), ())), Example(((3,), (3,))), Example(((2, 3), (3,))), Example(((2, 1), ())))
THREE = (Example(((3,), (3,), (3,))), Example(((2, 1), (3,), ())))


def elementwise(
    name: str,
    family: str,
    operands: tuple[str, ...],
    forward: Callable[..., Array],
    vjp: tuple[VJP | None, ...],
    expression: Callable[..., Any] | None,
    *,
    formula: str,
    derivative: str,
    latex: Callable[..., str] | None = None,
    **others: Any,  # further fields of the record, as Operation names them
) -> Operation:
    """The record of an operation on single entries; its operands broadcast against each other.

    expression None: its derivative is 0 by declaration.
    """
    others.setdefault("examples", {1: ONE, 2: TWO, 3: THREE}[len(operands)])
    others.setdefault("settle", broadcast)
    return Operation(
        name=name,
        family=family,
        operands=operands,
        forward=forward,
        vjp=vjp,
        definition=Declared() if expression is None else Elementwise(expression),
        formula=formula,
        derivative=derivative,
        latex=latex or named(name),
        align="broadcast",
        **others,
    )


def named(name: str) -> Callable[..., str]:
    r"""LaTeX of a call: \operatorname{name}\left(a, b\right)."""
    escaped = name.replace("_", r"\_")

    def latex(*operands: str, **_settings: object) -> str:
        return rf"\operatorname{{{escaped}}}\left({', '.join(operands)}\right)"

    return latex


def command(name: str) -> Callable[..., str]:
    r"""LaTeX of a function that LaTeX knows: \exp\left(x\right)."""

    def latex(*operands: str, **_settings: object) -> str:
        return rf"\{name}\left({', '.join(operands)}\right)"

    return latex


def times(cotangent: Array, slope: Array) -> Array:
    """The product in which a cotangent of 0 gives 0 even where the slope is infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = cotangent * slope
        lost = np.isnan(product)
    return np.where(lost & (cotangent == 0), 0.0, product) if lost.any() else product


def gated(cotangent: Array, is_open: Array) -> Array:
    """The cotangent where the gate is open, else 0; where all is finite by a product, which is faster."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = cotangent * is_open
        is_finite = np.isfinite(np.sum(product))
    return np.asarray(product) if is_finite else np.where(is_open, cotangent, 0.0)


def truth(mask: Array, like: Array) -> Array:
    """A condition as the numbers 1 and 0, in the precision of `like`; whole where numbers are exact."""
    mask = np.asarray(mask).astype(bool)
    precision = np.asarray(like).real.dtype
    return mask.astype(np.int64).astype(object) if precision.kind == "O" else mask.astype(precision)
