"""Functions as answers write them: other spellings, derivatives (`sigmoid'(z)`), some that dlcli has no name for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from dlcli.language.error import LanguageError
from dlcli.language.parser import parse_expression
from dlcli.language.traversal import names_in, substitute
from dlcli.language.tree import Call, Tree
from dlcli.ops import OPERATIONS, find
from dlcli.ops.operation import REQUIRED

ASKING = frozenset(("grad", "jacobian", "hessian", "step", "shape", "size", "count", "parameters"))

_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {"sigma": "sigmoid", "sig": "sigmoid", "sgn": "sign", "lrelu": "leaky_relu", "logistic": "sigmoid", "sqr": "square"}
)
_FORMULAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "log2": ("x", "log(x)/log(2)"),
        "loge": ("x", "log(x)"),
        "log10": ("x", "log(x)/log(10)"),
        "tan": ("x", "sin(x)/cos(x)"),
        "sinh": ("x", "(exp(x) - exp(-x))/2"),
        "cosh": ("x", "(exp(x) + exp(-x))/2"),
        "sech": ("x", "2/(exp(x) + exp(-x))"),
        "cbrt": ("x", "sign(x)*abs(x)**(1/3)"),
        "pow": ("x", "y", "x**y"),
    }
)
_PIECES = re.compile(r"(?P<inside>.+?) where (?P<condition>.+?), else (?P<outside>.+)")


@lru_cache(maxsize=1)
def _folded() -> Mapping[str, str]:
    """Names of operations without case and underscores: `LeakyReLU` is leaky_relu."""
    return MappingProxyType({name.replace("_", "").lower(): name for name in OPERATIONS})


def function_named(name: str) -> str | None:
    """The function that a written name means before a bracket, None when it is none: `ReLU`, `sigma`, `ln`, `log2`."""
    if find(name) is not None or name in _FORMULAS:
        return name
    folded = name.replace("_", "").lower()
    if folded in _FORMULAS and folded == name.replace("_", ""):
        return folded
    spelt = _SPELLINGS.get(name if name == "sigma" else folded)
    if spelt is not None:
        return spelt
    found = _folded().get(folded)
    return found if found is not None and len(name) > 1 else "ln" if name in ("Ln", "LN") else None


def takes_one(function: str) -> bool:
    """Whether the function is of one number, so that it can stand without brackets: `ln 2`."""
    record = find(function)
    return len(_FORMULAS[function]) == 2 if record is None else record.operands == ("x",)


def expanded(call: Call) -> Tree:
    """The formula that a call of a derivative, or of a function without a name in dlcli, stands for.

    Every other call comes back unchanged. Raises LanguageError (E413, E415).
    """
    name = call.name.rstrip("'")
    primes = len(call.name) - len(name)
    if primes:
        return _slope(call, name, primes)
    if name not in _FORMULAS:
        return call
    *operands, formula = _FORMULAS[name]
    if len(call.arguments) != len(operands) or call.keywords:
        message = f"`{name}` takes {len(operands)} number{'s' * (len(operands) > 1)} in brackets"
        raise LanguageError("E415", message, call.span, f"write `{name}({', '.join(operands)})`")
    return substitute(_parsed(formula), dict(zip(operands, call.arguments, strict=True)))


def _slope(call: Call, name: str, primes: int) -> Tree:
    record = find(name)
    help = "write the derivative out as a formula"
    if primes > 1 or record is None or len(call.arguments) != 1 or record.operands != ("x",):
        raise LanguageError("E413", f"the derivative `{call.name}` is not known here", call.span, help)
    settings: dict[str, Tree] = {
        setting.name: _parsed(str(setting.default))
        for setting in record.settings
        if setting.default is not REQUIRED and isinstance(setting.default, int | float)
    }
    settings |= dict(call.keywords)
    formula = _slope_formula(record.derivative)
    if formula is None or not {n.name for n in names_in(formula)} <= {"x", "pi", *settings}:
        raise LanguageError("E413", f"the derivative `{call.name}` is not known here", call.span, help)
    return substitute(formula, {"x": call.arguments[0], **settings})


@lru_cache(maxsize=64)
def _slope_formula(text: str) -> Tree | None:
    """The derivative column of the table of operations as a tree, None where it is prose."""
    pieces = _PIECES.fullmatch(text)
    if pieces is not None:
        first, _, last = pieces["condition"].partition(" < x < ")
        condition = f"({first} < x) and (x < {last})" if last else pieces["condition"]
        text = f"where({condition}, {pieces['inside']}, {pieces['outside']})"
    try:
        return parse_expression(text)
    except LanguageError:
        return None


@lru_cache(maxsize=64)
def _parsed(formula: str) -> Tree:
    return parse_expression(formula)
