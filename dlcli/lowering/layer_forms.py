"""Which equations each layer stands for: convolution, normalisation, embedding, attention, and those of `layers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from dlcli.language.tree import Call, Name, Number, Sequence, Tree
from dlcli.lowering.layers import Chain, Line, activated, dense, plain_operation, refusal, source_of
from dlcli.lowering.parameters import checked, given_shape, parameter
from dlcli.lowering.recurrent import gru, lstm, rnn
from dlcli.ops.operation import Shape
from dlcli.spec.records import Formula, LayerItem


def expand(item: LayerItem, chain: Chain) -> list[Line]:
    """The equations of a layer, its weights already leaves of the graph. Raises HomeworkError."""
    return FORMS.get(item.kind, plain_operation)(item, chain)


def number(value: int) -> Number:
    """A whole number as a tree."""
    return Number(Fraction(value), str(value))


def _option(value: Any) -> Tree:
    if isinstance(value, Formula):
        return value.tree
    if isinstance(value, tuple):
        return number(value[0]) if len(value) == 1 else Sequence(tuple(map(number, value)))
    return number(value)


def _convolution(axes: int) -> Callable[[LayerItem, Chain], list[Line]]:
    def lines(item: LayerItem, chain: Chain) -> list[Line]:
        chain.weighted += 1
        name = item.keys.get("name")
        suffix = f"_{name}" if name else str(chain.weighted)
        group = name or f"layer {chain.weighted}"
        source = source_of(item, chain)
        weights = _kernels(item, chain, f"W{suffix}", axes, chain.builder.shape(chain.builder.names[source]))
        shape = chain.builder.shape(chain.builder.names[weights])
        arguments: tuple[Tree, ...] = (Name(source), Name(weights))
        if item.keys.get("bias") != "none":
            needed: Shape = () if len(shape) == axes else shape[:1]
            bias = parameter(item, chain, "bias", f"b{suffix}", needed, "zeros")
            checked(item, chain, "bias", bias, needed, "give one number a kernel, or one for all")
            arguments = (*arguments, Name(bias))
        options = tuple(
            (key, _option(item.keys[key])) for key in ("stride", "padding", "dilation", "groups") if key in item.keys
        )
        z, a = f"z{suffix}", name or f"a{suffix}"
        activation = item.keys.get("activation")
        tree, formula = activated(activation, z) if activation else (Call("identity", (Name(z),)), None)
        chain.current, chain.came_from = a, (item.place, f"{a} is computed here")
        padding = item.keys.get("padding")
        return [
            Line(z, Call(item.kind, arguments, options), "pre-activation", group, padding),
            Line(a, tree, "activation", group, formula),
        ]

    return lines


def _kernels(item: LayerItem, chain: Chain, own: str, axes: int, source: Shape) -> str:
    """The name of the kernels; left out, `units` of them of `size` for the channels of the source."""
    needed = given_shape(item, chain, "weights", own)
    if needed is None:
        units, size = item.keys.get("units"), item.keys.get("size")
        if units is None or size is None:
            raise refusal(
                "E208",
                f"this layer has no kernels: there is no `{own}` under `weights`, and no `units` with `size`",
                item.kind_place,
                "give `weights:` here, or `units: 8` and `size: 3`",
            )
        if len(source) < axes + 1:
            raise refusal(
                "E207",
                f"{item.kind} with several kernels takes x with channels, (C, {'H, W' if axes == 2 else 'L'}), "
                f"but x has shape {source}",
                item.place,
                f"add an axis of one channel: reshape(x, [1, {', '.join(map(str, source))}])",
            )
        sizes = size * axes if len(size) == 1 else size
        needed = (units, source[-axes - 1] // item.keys.get("groups", 1), *sizes)
    return parameter(item, chain, "weights", own, needed, "xavier_uniform")


def _own_name(item: LayerItem, chain: Chain) -> str:
    chain.counts[item.kind] = chain.counts.get(item.kind, 0) + 1
    name: str = item.keys.get("name") or f"{item.kind}_{chain.counts[item.kind]}"
    return name


def _normalisation(item: LayerItem, chain: Chain) -> list[Line]:
    name, source = _own_name(item, chain), source_of(item, chain)
    shape = chain.builder.shape(chain.builder.names[source])
    columns = chain.spec.samples == "columns" and len(shape) == 2
    if item.kind == "layernorm":
        features = shape[:1] if columns else shape[-1:]
    elif len(shape) < 2:
        features = ()
    else:
        features = shape[:1] if columns else shape[1:2]
    gamma = parameter(item, chain, "gamma", f"gamma_{name}", features, "ones")
    beta = parameter(item, chain, "beta", f"beta_{name}", features, "zeros")
    formulas = {key: value for key, value in item.keys.items() if isinstance(value, Formula)}
    keywords = tuple((key, formulas[key].tree) for key in ("mean", "var", "eps") if key in formulas)
    tree = Call(item.kind, (Name(source), Name(gamma), Name(beta)), keywords)
    chain.current, chain.came_from = name, (item.place, f"{name} is computed here")
    return [Line(name, tree, "activation", name, next(iter(formulas.values()), None))]


def _embedding(item: LayerItem, chain: Chain) -> list[Line]:
    chain.weighted += 1
    name = item.keys.get("name")
    suffix, group = f"_{name}" if name else str(chain.weighted), name or f"layer {chain.weighted}"
    own, source = f"W{suffix}", source_of(item, chain)
    needed = given_shape(item, chain, "weights", own)
    if needed is None:
        if "rows" not in item.keys or "units" not in item.keys:
            raise refusal(
                "E208",
                f"this layer has no table: there is no `{own}` under `weights`, and no `rows` with `units`",
                item.kind_place,
                "give `weights:` here, or `rows: 1000` and `units: 16`",
            )
        needed = (item.keys["rows"], item.keys["units"])
    table = parameter(item, chain, "weights", own, needed, "xavier_uniform")
    a = name or f"a{suffix}"
    chain.current, chain.came_from = a, (item.place, f"{a} is computed here")
    return [Line(a, Call("take", (Name(table), Name(source))), "activation", group)]


def _attention(item: LayerItem, chain: Chain) -> list[Line]:
    name, source = _own_name(item, chain), source_of(item, chain)
    formulas = {key: value for key, value in item.keys.items() if isinstance(value, Formula)}
    keys = formulas["k"].tree if "k" in formulas else Name(source)
    values = formulas["v"].tree if "v" in formulas else keys
    mask = (("mask", formulas["mask"].tree),) if "mask" in formulas else ()
    tree = Call("attention", (Name(source), keys, values), mask)
    chain.current, chain.came_from = name, (item.place, f"{name} is computed here")
    return [Line(name, tree, "activation", name, next(iter(formulas.values()), None))]


FORMS: Mapping[str, Callable[[LayerItem, Chain], list[Line]]] = {
    "dense": dense,
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "batchnorm": _normalisation,
    "layernorm": _normalisation,
    "embedding": _embedding,
    "attention": _attention,
    "rnn": rnn,
    "lstm": lstm,
    "gru": gru,
}
