"""Recurrent layers, unrolled: one group of equations a step, the same weights in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dlcli.errors import did_you_mean
from dlcli.language.tree import Binary, Call, Index, Name, Number, Sequence, Slice, Text, Tree
from dlcli.lowering.layers import Chain, Line, activated, refusal, source_of, weighted
from dlcli.lowering.parameters import checked, given_shape, parameter
from dlcli.ops.operation import Shape
from dlcli.spec.records import LayerItem


@dataclass(frozen=True)
class _Layer:
    """What the equations of all steps share.

    suffix: of z and of the weights' names; a: of the states; rank: of one step's x (2 with a batch); b is None
    without bias.
    """

    item: LayerItem
    chain: Chain
    suffix: str
    a: str
    group: str
    source: str
    shape: Shape
    units: int
    W: str
    U: str
    b: str | None

    @property
    def steps(self) -> int:
        return self.shape[-2] if len(self.shape) > 1 else self.shape[0]

    @property
    def rank(self) -> int:
        return 2 if len(self.shape) == 3 else 1


def rnn(item: LayerItem, chain: Chain) -> list[Line]:
    """z_t = W x_t + U h_t-1 + b and h_t = activation(z_t); h_0 is zero unless given."""
    layer = _layer(item, chain, 1)
    state = _start(layer, "initial", layer.a)
    lines = []
    for step in range(1, layer.steps + 1):
        z, h = f"z{layer.suffix}_{step}", f"{layer.a}_{step}"
        lines.append(Line(z, _pre_activation(layer, step, state), "pre-activation", layer.group))
        activation = item.keys.get("activation")
        tree, formula = activated(activation, z) if activation else (Call("tanh", (Name(z),)), None)
        lines.append(Line(h, tree, "activation", layer.group, formula))
        state = h
    return [*lines, _result(layer)]


def lstm(item: LayerItem, chain: Chain) -> list[Line]:
    """The gates i, f, g, o of each step, c_t = f c_t-1 + i g and h_t = o tanh(c_t)."""
    layer = _layer(item, chain, 4)
    state = _start(layer, "initial", layer.a)
    cell = _start(layer, "initial_cell", f"c{layer.suffix}")
    lines = []
    for step in range(1, layer.steps + 1):
        end = f"{layer.suffix}_{step}"
        z, c, h = f"z{end}", f"c{end}", f"{layer.a}_{step}"
        lines.append(Line(z, _pre_activation(layer, step, state), "pre-activation", layer.group))
        for block, gate in enumerate("ifgo"):
            tree = Call("tanh" if gate == "g" else "sigmoid", (_block(layer, z, block),))
            lines.append(Line(f"{gate}{end}", tree, "activation", layer.group))
        kept = Binary("*", Name(f"f{end}"), Name(cell))
        new = Binary("*", Name(f"i{end}"), Name(f"g{end}"))
        lines.append(Line(c, Binary("+", kept, new), "quantity", layer.group))
        shown = Binary("*", Name(f"o{end}"), Call("tanh", (Name(c),)))
        lines.append(Line(h, shown, "activation", layer.group))
        state, cell = h, c
    return [*lines, _result(layer)]


def gru(item: LayerItem, chain: Chain) -> list[Line]:
    """h_t = gru_cell(x_t, h_t-1, W, U, b)."""
    layer = _layer(item, chain, 3)
    state = _start(layer, "initial", layer.a)
    weights: tuple[Tree, ...] = (Name(layer.W), Name(layer.U))
    keywords: tuple[tuple[str, Tree], ...] = ()
    if layer.b is not None:
        weights = (*weights, Name(layer.b))
    if item.keys.get("variant") == "pytorch":
        keywords = (("variant", Text("pytorch")),)
        if layer.b is not None and item.keys.get("bias2") != "none":
            second = parameter(item, chain, "bias2", f"b2{layer.suffix}", (3 * layer.units,), "zeros")
            weights = (*weights, Name(second))
    elif "bias2" in item.keys:
        message = "a second bias belongs to torch's form of the GRU"
        raise refusal("E124", message, item.places["bias2"], "add `variant: pytorch`, or leave `bias2` out")
    lines = []
    for step in range(1, layer.steps + 1):
        h = f"{layer.a}_{step}"
        call = Call("gru_cell", (_taken(layer, step), Name(state), *weights), keywords)
        lines.append(Line(h, call, "activation", layer.group))
        state = h
    return [*lines, _result(layer)]


def _layer(item: LayerItem, chain: Chain, blocks: int) -> _Layer:
    """The layer's names and weights, the latter leaves by now, their shapes checked."""
    chain.weighted += 1
    name = item.keys.get("name")
    suffix = f"_{name}" if name else str(chain.weighted)
    source = source_of(item, chain)
    shape = chain.builder.shape(chain.builder.names[source])
    if len(shape) not in (1, 2, 3):
        what = "a single number" if not shape else f"an array of shape {shape}"
        help = "a sequence is (steps, inputs), a batch of sequences (batch, steps, inputs)"
        raise refusal("E207", f"`{item.kind}` takes a sequence, but {source} is {what}", item.place, help)
    if len(shape) == 3 and chain.spec.samples == "columns":
        raise refusal(
            "E207",
            f"`{item.kind}` takes a batch of sequences as (batch, steps, inputs), one sample first, but the file says "
            "`samples: columns`",
            item.place,
            "leave `samples: columns` out, and give inputs and targets one row a sample",
        )
    inputs = shape[-1] if len(shape) > 1 else 1
    is_row = chain.spec.convention == "row"
    own = f"W{suffix}"
    given = given_shape(item, chain, "weights", own)
    units = item.keys.get("units")
    if units is None and given is not None and len(given) == 2:
        units = given[1 if is_row else 0] // blocks
    if not units:
        raise refusal(
            "E208",
            f"this layer has no weights: there is no `{own}` under `weights`, and no `units`",
            item.kind_place,
            f"give `weights:` and `recurrent:` here, declare `{own}` and `U{suffix}`, or say `units: 4`",
        )
    convention = chain.spec.convention
    gates = f"one row for each unit{f' of each of {blocks} gates' if blocks > 1 else ''}"
    gates = gates.replace("row", "column") if is_row else gates

    def matrix(key: str, own: str, columns: int) -> str:
        out = blocks * units
        needed = (columns, out) if is_row else (out, columns)
        found = parameter(item, chain, key, own, needed, "xavier_uniform", convention)
        return checked(item, chain, key, found, needed, gates)

    W, U = matrix("weights", own, inputs), matrix("recurrent", f"U{suffix}", units)
    b = None
    if item.keys.get("bias") != "none":
        b = parameter(item, chain, "bias", f"b{suffix}", (blocks * units,), "zeros")
        checked(item, chain, "bias", b, (blocks * units,), gates.replace("row", "number").replace("column", "number"))
    a = name or f"a{suffix}"
    chain.current, chain.came_from = a, (item.place, f"{a} is computed here")
    group = name or f"layer {chain.weighted}"
    return _Layer(item, chain, suffix, a, group, source, shape, units, W, U, b)


def _start(layer: _Layer, key: str, name: str) -> str:
    """The quantity before the first step: given, or zeros under the name with step 0."""
    names = layer.chain.builder.names
    if key in layer.item.keys:
        given: str = layer.item.keys[key]
        if given not in names:
            place = layer.item.places[key]
            raise refusal("E103", f"unknown name `{given}`", place, did_you_mean(given, list(names)))
        needed = (*layer.shape[:-2], layer.units)
        checked(layer.item, layer.chain, key, given, needed, "one number a unit, of a batch one row a sequence")
        return given
    shape = (*layer.shape[:-2], layer.units)
    zero = f"{name}_0"
    if zero in names:
        help = f"call the layer or the quantity otherwise, or give `{key}:`"
        raise refusal("E104", f"`{zero}` is defined twice: the layer starts from it", layer.item.place, help)
    layer.chain.builder.leaf(np.zeros(shape), _zeros(shape), name=zero, role="constant")
    return zero


def _zeros(shape: Shape) -> object:
    return (_zeros(shape[1:]),) * shape[0] if shape else Fraction(0)


def _number(value: int) -> Number:
    return Number(Fraction(value), str(value))


def _taken(layer: _Layer, step: int) -> Tree:
    """x of one step, counted from 1: x[t], of a batch x[:, t], of a vector x[t:t + 1]."""
    place = _number(step - 1)
    items: tuple[Tree, ...] = (place,)
    if len(layer.shape) == 3:
        items = (Slice(), place)
    elif len(layer.shape) == 1:
        items = (Slice(place, _number(step)),)
    return Index(Name(layer.source), items)


def _pre_activation(layer: _Layer, step: int, state: str) -> Tree:
    convention = layer.chain.spec.convention
    from_x = weighted(Name(layer.W), _taken(layer, step), layer.rank, layer.units, False, convention)
    from_h = weighted(Name(layer.U), Name(state), layer.rank, layer.units, False, convention)
    total = Binary("+", from_x, from_h)
    return total if layer.b is None else Binary("+", total, Name(layer.b))


def _block(layer: _Layer, z: str, block: int) -> Tree:
    """The part of the pre-activations that belongs to one gate."""
    part = Slice(_number(block * layer.units), _number((block + 1) * layer.units))
    return Index(Name(z), (part,) if layer.rank == 1 else (Slice(), part))


def _result(layer: _Layer) -> Line:
    """The layer's own quantity: the last state, or all of them along the sequence."""
    states = tuple(Name(f"{layer.a}_{step}") for step in range(1, layer.steps + 1))
    tree: Tree = Call("identity", (states[-1],))
    if layer.item.keys.get("output") == "sequence":
        tree = Call("stack", (Sequence(states),), (("axis", _number(layer.rank - 1)),))
    return Line(layer.a, tree, "activation", layer.group)
