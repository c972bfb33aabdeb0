"""The weights of a layer other than dense: from the file, from the top level, or drawn."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.lowering.layers import Chain, own_leaf, referred, refusal
from dlcli.ops.operation import Shape
from dlcli.spec.initialisers import draw
from dlcli.spec.records import Description, LayerItem, Reference, Value


def given_shape(item: LayerItem, chain: Chain, key: str, own: str) -> Shape | None:
    """The shape of weights that the file gives; None where they are left to the layer."""
    given = item.keys.get(key)
    if isinstance(given, Reference):
        return chain.builder.shape(chain.builder.names[referred(given, chain)])
    if isinstance(given, Value):
        return given.array.shape
    if isinstance(given, Description):
        return given.shape
    return chain.builder.shape(chain.builder.names[own]) if own in chain.builder.names else None


def parameter(
    item: LayerItem, chain: Chain, key: str, own: str, needed: Shape, default: str, convention: str = "column"
) -> str:
    """The name of weights that are a leaf by now; `needed` and `default` say how they are made where left out.

    A single number stands for all entries of a vector. Their shape is not checked: see `checked`.
    """
    given = item.keys.get(key)
    place = item.places.get(key, item.place)
    if isinstance(given, Reference):
        return referred(given, chain)
    if given is None and own in chain.builder.names:
        return own
    if isinstance(given, Value):
        is_repeated = given.array.shape == () and len(needed) == 1 and key not in ("weights", "recurrent")
        own_leaf(own, _filled(given, needed) if is_repeated else given, chain, place)
        return own
    shape, init, seed, settings = needed, None, item.keys.get("seed"), {}
    if default not in ("zeros", "ones"):
        init = item.keys.get("init")
    if isinstance(given, Description):
        shape = given.shape if given.shape is not None else needed
        init, seed, settings = given.init, given.seed, dict(given.settings)
    if init is None:
        init, settings = ("constant", {"value": 1.0}) if default == "ones" else (default, settings)
    array = draw(init, shape, seed, own, convention, settings)
    array.flags.writeable = False
    own_leaf(own, Value(array, _exact(array) if init in ("zeros", "constant") else None, place, "drawn"), chain, place)
    return own


def checked(item: LayerItem, chain: Chain, key: str, name: str, needed: Shape, why: str) -> str:
    """The name, whose leaf has the needed shape. Raises HomeworkError (E204)."""
    shape = chain.builder.shape(chain.builder.names[name])
    if shape != needed:
        declared = chain.spec.declarations.get(name)
        place = item.places.get(key) or (declared.place if declared else item.place)
        raise refusal("E204", f"{name} has shape {shape}, but this layer needs {needed}", place, why)
    return name


def _filled(value: Value, shape: Shape) -> Value:
    exact: Any = value.exact
    return Value(np.full(shape, float(value.array)), None if exact is None else (exact,) * shape[0], value.place)


def _exact(array: Any) -> Any:
    """The numbers as nested tuples of fractions."""
    return tuple(_exact(part) for part in array) if array.shape else Fraction(float(array))
