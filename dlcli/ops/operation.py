"""The record of an operation, and the few kinds of definition that the symbolic engine understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

Array = npt.NDArray[Any]  # float64 or complex128, and object where numbers are exact
Shape = tuple[int, ...]
Settings = Mapping[str, Any]

REQUIRED: Any = type("Required", (), {"__repr__": lambda _self: "REQUIRED"})()


@dataclass(frozen=True)
class Setting:
    """A constant that shapes an operation: an axis, a slope, a choice of form.

    kind: "number", "integer", "axis" (integer, tuple of integers or None), "shape" (integers, one may be -1),
    "flag", "choice" (one of `choices`) or "integers".
    """

    name: str
    default: Any
    kind: Literal["number", "integer", "axis", "shape", "flag", "choice", "integers"]
    about: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Elementwise:
    """A formula in scalars. `expression(sympy, *symbols, **settings)` returns a SymPy expression.

    Derivatives come from SymPy; where the textbook formula has a kink the expression is a Piecewise that
    takes the side of the convention.
    """

    expression: Callable[..., Any]


@dataclass(frozen=True)
class Composite:
    """A formula over simpler operations: `text(shapes, settings)` in dlcli's language and operand names."""

    text: Callable[[tuple[Shape, ...], Settings], str]


@dataclass(frozen=True)
class Einsum:
    """A sum of products: `subscripts(shapes, settings)` as numpy.einsum takes them, without ellipsis."""

    subscripts: Callable[[tuple[Shape, ...], Settings], str]


@dataclass(frozen=True)
class Gather:
    """Entries of the operands, moved, repeated or dropped.

    The symbolic engine finds out which by running `forward` on arrays of entry numbers: operands listed in
    `data` are numbered on, one after the other; the others are passed as they are.
    """

    data: tuple[int, ...] | Literal["all"] = (0,)


@dataclass(frozen=True)
class Fold:
    """A two-argument scalar formula folded along the axes in settings["axes"], in order of the entries.

    `step(sympy, accumulated, entry)` returns a SymPy expression; the first entry starts the fold.
    """

    step: Callable[..., Any]


@dataclass(frozen=True)
class Declared:
    """A value without slope: its derivative is 0 by declaration (comparisons, argmax, stop_gradient)."""


Definition = Elementwise | Composite | Einsum | Gather | Fold | Declared


@dataclass(frozen=True)
class Domain:
    """Where the operation is defined: `inside(*operands, **settings)` is a mask (closed domain) per entry of
    operand number `operand`; `text` says it in words, "p must lie in [0, 1]"; `help` what to do."""

    operand: int
    inside: Callable[..., Array]
    text: str
    help: str | None = None


@dataclass(frozen=True)
class Example:
    """Operand shapes and settings on which the laws are tested.

    `low`, `high` bound the random operands; `values` fixes single operands (class numbers, masks) by position.
    """

    shapes: tuple[Shape, ...]
    settings: Settings = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    values: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kink:
    """A point where the slope jumps: operand values there, and the slopes that the convention declares.

    `at`: one scalar an operand; `slopes`: the derivative by each operand there; `text`: the convention in words.
    """

    at: tuple[float, ...]
    slopes: tuple[float, ...]
    text: str
    settings: Settings = field(default_factory=dict)


VJP = Callable[..., Array]
Together = Callable[..., tuple[Array | None, ...]]


def alone(together: Together, position: int) -> VJP:
    """The vjp by the operand at `position` alone."""

    def vjp(cotangent: Array, result: Array, *operands: Array, **settings: Any) -> Array:
        needed = tuple(p == position for p in range(len(operands)))
        part = together(needed, cotangent, result, *operands, **settings)[position]
        assert part is not None
        return part

    return vjp


@dataclass(frozen=True, eq=False)
class Operation:
    """All the mathematics of one operation.

    operands   names, as printed in formulas; `variadic` operations take a list, `operands` then names one
    settings   constants after the operands
    settle     (shapes, settings) -> (shape of the result, settled settings). Everything that depends on a
               shape is settled here, counted from the end, so that `forward` and `vjp` work unchanged on
               many networks stacked along a leading axis. Raises OperationError.
    forward    forward(*operands, **settled): vectorised, stable, silent; float64 or complex128
    vjp        one function an operand, vjp[i](cotangent, result, *operands, **settled) -> the operand's
               cotangent; of an element-wise operation in the result's shape (broadcasting is undone in the
               reverse sweep). None: derivative 0 by declaration. A variadic operation has one function
               that takes the operand's position as keyword `position`
    together   together(needed, cotangent, result, *operands, **settled) -> the operands' cotangents as vjp gives
               them, None where needed[i] is False; where they share work. None: each by its own vjp
    definition the textbook formula, for the symbolic engine; independent of forward and vjp
    align      what stacked copies need: "broadcast" operands broadcast against each other (element-wise);
               "matmul" only their axes before the last two; "stack" the leading axes must be equal
               (concatenation); "none"
    branches   branches(*operands, **settled) -> array that tells which side of its kinks each entry is on
               (integers or booleans, shape with the leading axis of stacked copies kept), or None
    margins    margins(*operands, **settled) -> distance of each entry from its nearest kink, 0 on it; the
               shape of `branches`
    complex_safe  forward on complex operands is the analytic continuation (branches by the real part)
    latex      LaTeX of the result, from the operands' LaTeX: latex(*operand_texts, **settings)
    """

    name: str
    family: str
    operands: tuple[str, ...]
    settle: Callable[[tuple[Shape, ...], Settings], tuple[Shape, dict[str, Any]]]
    forward: Callable[..., Array]
    vjp: tuple[VJP | None, ...]
    definition: Definition
    formula: str
    derivative: str
    latex: Callable[..., str]
    settings: tuple[Setting, ...] = ()
    optional: int = 0  # how many of the last operands may be left out
    variadic: bool = False
    align: Literal["broadcast", "matmul", "stack", "none"] = "none"
    branches: Callable[..., Array] | None = None
    margins: Callable[..., Array] | None = None
    complex_safe: bool = True
    domain: tuple[Domain, ...] = ()
    kinks: tuple[Kink, ...] = ()
    infinite_slope_at: tuple[float, ...] = ()  # operand values where an infinite slope is right (sqrt at 0)
    aliases: tuple[str, ...] = ()
    about: str = ""
    source: str = ""
    examples: tuple[Example, ...] = ()
    batch: Literal["loss", "samples", None] = None  # see `losses` and `activations`: how samples are found
    reduction: Literal["samples", "entries", None] = None  # losses: what the lowering averages over
    together: Together | None = None
    results: int = 1  # quantities that an equation names; more lie along a new first axis of the result
    hidden: bool = False  # only for definitions: not in the language of homework files
