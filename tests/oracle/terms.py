"""Formulas that are text and meaning at once: what a homework file says beside what dual numbers compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.oracle import dual, functions, losses
from tests.oracle.dual import Dual

Quantities = Mapping[str, Dual]


ADDITION, PRODUCT, SIGN, POWER, ATOM = range(5)  # precedences, the loosest first


@dataclass(frozen=True)
class Term:
    """text: the formula in the language of homework files; compute: its value from the quantities so far."""

    text: str
    compute: Callable[[Quantities], Dual]
    precedence: int = ATOM

    def bracketed(self, least: int) -> str:
        """The text, in brackets where it binds less than `least`."""
        return self.text if self.precedence >= least else f"({self.text})"


def quantity(name: str) -> Term:
    return Term(name, lambda known: known[name])


def number(value: float) -> Term:
    return Term(show(value), lambda known: dual.constant(value, next(iter(known.values())).directions))


def apply(name: str, *operands: Term, **settings: Any) -> Term:
    """The call of an operation on quantities, with settings by keyword."""
    function = OPERATIONS[name]
    written = [operand.text for operand in operands] + [f"{key}={show(v)}" for key, v in settings.items()]
    return Term(
        f"{name}({', '.join(written)})",
        lambda known: function(*(operand.compute(known) for operand in operands), **settings),
    )


def apply_to_list(name: str, operands: list[Term], **settings: Any) -> Term:
    """`concat([a, b], axis=0)` and `stack([a, b], axis=0)`."""
    function = {"concat": dual.concat, "stack": dual.stack}[name]
    options = "".join(f", {key}={show(value)}" for key, value in settings.items())
    return Term(
        f"{name}([{', '.join(operand.text for operand in operands)}]{options})",
        lambda known: function([operand.compute(known) for operand in operands], **settings),
    )


def binary(operator: str, left: Term, right: Term) -> Term:
    """Written with no more brackets than NumPy's precedence needs; `**` groups to the right."""
    function, own = BINARY[operator]
    sides = (POWER + 1, SIGN) if own == POWER else (own, own + 1)
    return Term(
        f"{left.bracketed(sides[0])} {operator} {right.bracketed(sides[1])}",
        lambda known: function(left.compute(known), right.compute(known)),
        own,
    )


def scaled(factor: float, term: Term) -> Term:
    return binary("*", number(factor), term)


def power(term: Term, exponent: int) -> Term:
    """A whole power, of negative numbers too."""
    return Term(f"{term.bracketed(ATOM)}**{exponent}", lambda known: term.compute(known) ** exponent, POWER)


def negative(term: Term) -> Term:
    """-x**2 is -(x^2)."""
    return Term(f"-{term.bracketed(POWER)}", lambda known: -term.compute(known), SIGN)


def transposed(term: Term) -> Term:
    return Term(f"{term.bracketed(ATOM)}.T", lambda known: term.compute(known).T)


def reshaped(term: Term, shape: tuple[int, ...]) -> Term:
    return Term(f"reshape({term.text}, {show(list(shape))})", lambda known: dual.reshape(term.compute(known), shape))


def entry(term: Term, *key: int | slice) -> Term:
    """An index with integers and slices."""
    written = ", ".join(_index(k) for k in key)
    return Term(f"{term.bracketed(ATOM)}[{written}]", lambda known: term.compute(known)[key])


def taken(term: Term, rows: list[int]) -> Term:
    return Term(f"take({term.text}, {show(rows)})", lambda known: dual.take(term.compute(known), rows))


def where_greater(a: Term, b: Term, yes: Term, no: Term) -> Term:
    """where(a > b, yes, no), whose margin is the distance of a from b."""

    def compute(known: Quantities) -> Dual:
        left, right = a.compute(known), b.compute(known)
        return dual.select(left.value > right.value, yes.compute(known), no.compute(known), left.value - right.value)

    return Term(f"where({a.text} > {b.text}, {yes.text}, {no.text})", compute)


def show(value: Any) -> str:
    """A setting or value as the file writes it: the shortest decimal that reads back as the same float64."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(show(item) for item in value)}]"
    if isinstance(value, np.ndarray):
        return show(value.tolist())
    return repr(value.item() if isinstance(value, np.generic) else value)


def _index(key: int | slice) -> str:
    if isinstance(key, slice):
        return f"{'' if key.start is None else key.start}:{'' if key.stop is None else key.stop}"
    return str(key)


BINARY: dict[str, tuple[Callable[[Dual, Dual], Dual], int]] = {
    "+": (lambda a, b: a + b, ADDITION),
    "-": (lambda a, b: a - b, ADDITION),
    "*": (lambda a, b: a * b, PRODUCT),
    "/": (lambda a, b: a / b, PRODUCT),
    "@": (lambda a, b: a @ b, PRODUCT),
    "**": (lambda a, b: a**b, POWER),
}

OPERATIONS: dict[str, Callable[..., Dual]] = {
    "exp": functions.exp,
    "log": functions.log,
    "ln": functions.log,
    "sqrt": functions.sqrt,
    "abs": functions.absolute,
    "sign": functions.sign,
    "sin": functions.sin,
    "cos": functions.cos,
    "erf": functions.erf,
    "square": functions.square,
    "reciprocal": functions.reciprocal,
    "clip": functions.clip,
    "maximum": functions.maximum,
    "minimum": functions.minimum,
    "xlogy": functions.xlogy,
    "stop_gradient": functions.stop_gradient,
    "identity": lambda x: x,
    "sigmoid": functions.sigmoid,
    "tanh": functions.tanh,
    "relu": functions.relu,
    "leaky_relu": functions.leaky_relu,
    "softplus": functions.softplus,
    "softmax": functions.softmax,
    "log_softmax": functions.log_softmax,
    "sum": functions.sum_,
    "mean": functions.mean,
    "var": functions.var,
    "std": functions.std,
    "max": functions.max_,
    "min": functions.min_,
    "prod": functions.prod,
    "norm": functions.norm,
    "logsumexp": functions.logsumexp,
    "flatten": dual.flatten,
    "outer": dual.outer,
    "dot": dual.dot,
    "pick": lambda p, y: dual.pick(p, y.value),
    "l1": functions.l1,
    "l2": functions.l2,
    "squared_error": losses.squared_error,
    "half_squared_error": losses.half_squared_error,
    "cross_entropy": losses.cross_entropy,
    "softmax_cross_entropy": losses.softmax_cross_entropy,
    "multiclass_hinge": losses.multiclass_hinge,
    "kl_divergence": losses.kl_divergence,
    "mse": losses.mse,
    "mae": losses.mae,
    "huber": losses.huber,
    "bce": losses.bce,
    "bce_with_logits": losses.bce_with_logits,
    "hinge": losses.hinge,
}
