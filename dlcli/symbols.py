"""Quantities declared without numbers: the same homework at random points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.engines.draws import directions
from dlcli.ops.operation import Shape
from dlcli.spec.records import Declaration, Spec, Value

POINTS = 3
DIGITS = 3  # decimals of a drawn number, so that it is exact and can be typed in


def symbols(spec: Spec) -> tuple[str, ...]:
    """The names that are declared without a value, in file order."""
    return tuple(d.name for d in spec.declarations.values() if d.value is None)


def at_point(spec: Spec, point: int) -> Spec:
    """The homework with numbers in place of its symbols.

    Between 0.2 and 1.5 in size, of both signs; targets between 0.1 and 0.9, so that they can be probabilities.
    The first declared symbol gets the first draw, so a point never changes.
    """
    declarations: Mapping[str, Declaration] = {
        name: replace(declaration, value=_drawn(declaration, 1000 * point + number))
        if declaration.value is None
        else declaration
        for number, (name, declaration) in enumerate(spec.declarations.items())
    }
    return replace(spec, declarations=declarations, symbols=symbols(spec))


def _drawn(declaration: Declaration, seed: int) -> Value:
    draws = directions(declaration.shape, seed).reshape(-1)
    if declaration.section == "targets":
        numbers = [0.5 + 0.4 * draw for draw in draws]
    else:
        numbers = [math.copysign(0.2 + 1.3 * abs(draw), draw) for draw in draws]
    exact = [Fraction(round(number * 10**DIGITS), 10**DIGITS) for number in numbers]
    array = np.array([float(e) for e in exact]).reshape(declaration.shape)
    array.flags.writeable = False
    return Value(array, _nested(exact, declaration.shape), declaration.place)


def _nested(leaves: list[Fraction], shape: Shape) -> Any:
    if not shape:
        return leaves[0]
    size = math.prod(shape[1:])
    return tuple(_nested(leaves[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0]))
