"""A layer -> equations: names, weights and shapes settled, formulas written as trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError, Label, Place, did_you_mean
from dlcli.graph import Role
from dlcli.language.tree import Binary, Call, Name, Number, Sequence, Transpose, Tree, Unary
from dlcli.lowering.builder import Builder
from dlcli.ops.operation import Shape
from dlcli.spec.initialisers import draw
from dlcli.spec.records import Description, Formula, LayerItem, Reference, Spec, Value


@dataclass(frozen=True)
class Line:
    """An equation that a layer stands for. `formula` gives places where the tree comes from the file."""

    name: str
    tree: Tree
    role: Role
    group: str
    formula: Formula | None = None


@dataclass
class Chain:
    """What the layers so far have left behind: the running quantity, and how many there were of each kind."""

    spec: Spec
    builder: Builder
    current: str | None
    came_from: tuple[Place, str] | None = None  # where the running quantity's size was decided
    weighted: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    trained: list[str] = field(default_factory=list)


def refusal(code: str, message: str, place: Place | None, help: str | None = None, **more: Any) -> HomeworkError:
    """The error of a layer at a place of the file."""
    return HomeworkError(Diagnostic(code, message, place, help=help, **more))


def source_of(item: LayerItem, chain: Chain) -> str:
    """The quantity that feeds a layer."""
    if "input" in item.keys:
        name: str = item.keys["input"]
        if name not in chain.builder.names:
            help = did_you_mean(name, list(chain.builder.names))
            raise refusal("E103", f"unknown name `{name}`", item.places["input"], help)
        return name
    if chain.current is None:
        inputs = [d.name for d in chain.spec.declarations.values() if d.section == "inputs"]
        if not inputs:
            raise refusal("E109", "the first layer has nothing to work on", item.kind_place, "declare `inputs`")
        message = f"which of the inputs {', '.join(inputs)} feeds this layer?"
        raise refusal("E109", message, item.kind_place, f"add `input: {inputs[0]}` to the layer")
    return chain.current


def dense(item: LayerItem, chain: Chain) -> list[Line]:
    """The equations of a dense layer."""
    spec, builder = chain.spec, chain.builder
    chain.weighted += 1
    name = item.keys.get("name")
    suffix = f"_{name}" if name else str(chain.weighted)
    group = name or f"layer {chain.weighted}"
    z, a = f"z{suffix}", name or f"a{suffix}"
    source = source_of(item, chain)
    shape = builder.shape(builder.names[source])
    if len(shape) not in (1, 2):
        what = "a single number" if not shape else f"an array of shape {shape}"
        help = "write it as a vector, [0.5]" if not shape else "flatten first: add `- flatten` before this layer"
        raise refusal("E207", f"a dense layer takes a vector or a batch, but {source} is {what}", item.place, help)
    columns = spec.samples == "columns" and len(shape) == 2
    inputs = shape[0] if columns else shape[-1]
    weights = _weights(item, chain, f"W{suffix}", inputs, source)
    weight_shape = builder.shape(builder.names[weights])
    units = None if len(weight_shape) == 1 else weight_shape[1 if spec.convention == "row" else 0]
    product = weighted(Name(weights), Name(source), len(shape), units, columns, spec.convention)
    bias = _bias(item, chain, f"b{suffix}", units)
    if bias is not None:
        add: Tree = Name(bias)
        if columns and units is not None:
            size = Sequence((Number(Fraction(units), str(units)), Number(Fraction(1), "1")))
            add = Call("reshape", (add, size))
        product = Binary("+", product, add)
    chain.current = a
    chain.came_from = (item.place, _says(group, units or 1, name is not None))
    activation = item.keys.get("activation")
    tree, formula = activated(activation, z) if activation else (Call("identity", (Name(z),)), None)
    return [
        Line(z, product, "pre-activation", group),
        Line(a, tree, "activation", group, formula),
    ]


def _says(group: str, units: int, named: bool) -> str:
    return f"{f'layer {group}' if named else group} has {units} unit{'s' if units != 1 else ''}"


def weighted(weights: Tree, x: Tree, rank: int, units: int | None, columns: bool, convention: str) -> Tree:
    """W x in the file's convention: W (out, in) for columns, (in, out) for rows; x (in), (batch, in) or (in, batch)."""
    if units is None:
        return Binary("@", x, weights) if rank == 2 and not columns else Binary("@", weights, x)
    if convention == "row":
        return Binary("@", Transpose(weights), x) if columns else Binary("@", x, weights)
    return Binary("@", x, Transpose(weights)) if rank == 2 and not columns else Binary("@", weights, x)


def activated(formula: Formula, z: str) -> tuple[Tree, Formula]:
    """An activation as a call on the quantity z, and the formula that the file gives."""
    tree = formula.tree
    if isinstance(tree, Name):
        return Call(tree.name, (Name(z, tree.span),), (), tree.span, tree.span), formula
    assert isinstance(tree, Call)
    return Call(tree.name, (Name(z, tree.span), *tree.arguments), tree.keywords, tree.span, tree.name_span), formula


def _weights(item: LayerItem, chain: Chain, own: str, inputs: int, source: str) -> str:
    """The name of the layer's weights, a leaf of the graph by now, its shape checked."""
    spec, builder = chain.spec, chain.builder
    given = item.keys.get("weights")
    units = item.keys.get("units")
    place = item.places.get("weights", item.place)
    name = own
    if isinstance(given, Reference):
        name = referred(given, chain)
    elif isinstance(given, Value):
        own_leaf(own, given, chain, place)
    elif given is None and own in builder.names:
        place = spec.declarations[own].place if own in spec.declarations else place
    else:
        if isinstance(given, Description):
            shape, init, seed, settings = given.shape, given.init, given.seed, given.settings
        else:
            shape, init, seed, settings = None, item.keys.get("init"), item.keys.get("seed"), {}
        if shape is None:
            if units is None:
                raise refusal(
                    "E208",
                    f"this layer has no weights: there is no `{own}` under `weights`, and no `units`",
                    item.kind_place,
                    f"give `weights:` here, declare `{own}` under `weights`, or say `units: 3`",
                )
            shape = (units, inputs) if spec.convention == "column" else (inputs, units)
        array = draw(init or "xavier_uniform", shape, seed, own, spec.convention, settings)
        array.flags.writeable = False
        own_leaf(own, Value(array, None, place, "drawn"), chain, place)
    _check_weights(item, chain, name, inputs, source, units, place)
    return name


def referred(reference: Reference, chain: Chain) -> str:
    """The name that a layer's weights have under `weights` or `constants`."""
    declaration = chain.spec.declarations.get(reference.name)
    if declaration is None or declaration.section not in ("weights", "constants"):
        if declaration is not None:
            message = f"`{reference.name}` stands under `{declaration.section}`, not under `weights` or `constants`"
            raise refusal("E103", message, reference.place)
        known = [d.name for d in chain.spec.declarations.values() if d.section in ("weights", "constants")]
        help = did_you_mean(reference.name, known) or "declare it under `weights`"
        raise refusal("E103", f"unknown name `{reference.name}`", reference.place, help)
    return reference.name


def own_leaf(name: str, value: Value, chain: Chain, place: Place) -> None:
    """A leaf for weights that stand in the layer itself."""
    taken = chain.spec.declarations.get(name)
    if taken is not None:
        raise refusal(
            "E104",
            f"`{name}` is defined twice: the layer gives its own",
            place,
            "leave one of them out",
            labels=(Label(taken.place, "declared here"),),
        )
    chain.builder.leaf(value.array, value.exact, name=name, role="weight")
    chain.trained.append(name)


def _check_weights(
    item: LayerItem, chain: Chain, name: str, inputs: int, source: str, units: int | None, place: Place
) -> None:
    """Raises E204 where the weights do not fit what feeds the layer."""
    shape, row = chain.builder.shape(chain.builder.names[name]), chain.spec.convention == "row"
    if len(shape) not in (1, 2):
        message = f"{name} has shape {shape}, but the weights of a dense layer are a matrix or a vector"
        raise refusal("E204", message, place, "write one row a unit" if shape == () else None)
    if len(shape) == 1:
        needed: Shape = (inputs,)
    else:
        out = units if units is not None else shape[1 if row else 0]
        needed = (inputs, out) if row else (out, inputs)
    if shape == needed:
        return
    label = chain.came_from if source == chain.current else None
    if label is None and source in chain.spec.declarations:
        declaration = chain.spec.declarations[source]
        label = (declaration.place, f"{source} has {inputs} number{'s' if inputs != 1 else ''} a sample")
    notes: tuple[str, ...] = ()
    if shape == needed[::-1] or (len(shape) == 2 and inputs in shape):
        z, other, form = ("x W + b", "column", "W x + b") if row else ("W x + b", "row", "x W + b")
        notes = (f"dlcli computes z = {z} here; if your course writes z = {form}, set `convention: {other}`",)
    of_layer = f"layer {item.keys['name']}" if "name" in item.keys else f"layer {chain.weighted}"
    fits = "one column an output unit and one row an input" if row else "one row an output unit and one column an input"
    raise refusal(
        "E204",
        f"{name} has shape {shape}, but {of_layer} needs {needed}",
        place,
        f"give {name} {fits}",
        labels=(Label(*label),) if label else (),
        notes=notes,
    )


def _bias(item: LayerItem, chain: Chain, own: str, units: int | None) -> str | None:
    """The name of the layer's bias, a leaf by now, or None."""
    given = item.keys.get("bias")
    builder = chain.builder
    needed: Shape = () if units is None else (units,)
    place = item.places.get("bias", item.place)
    if given == "none":
        return None
    if isinstance(given, Reference):
        name = referred(given, chain)
    elif given is None and own in builder.names:
        name, place = own, chain.spec.declarations[own].place
    else:
        name = own
        if given is None:
            value = Value(np.zeros(needed), _repeated(Fraction(0), units), place)
        elif isinstance(given, Description):
            shape = needed if given.shape is None else given.shape
            array = draw(given.init or "zeros", shape, given.seed, own, chain.spec.convention, given.settings)
            value = Value(array, None, place, "drawn")
        elif given.array.shape == () and units is not None:
            value = Value(np.full(needed, float(given.array)), _repeated(given.exact, units), place)
        else:
            value = given
        own_leaf(own, value, chain, place)
    shape = builder.shape(builder.names[name])
    if shape != needed and not (shape == (1,) and needed == ()):
        size = "a single number" if units is None else f"{units} numbers, one a unit"
        raise refusal("E204", f"{name} has shape {shape}, but this layer's bias needs {needed}", place, f"give {size}")
    return name


def _repeated(exact: Any, units: int | None) -> Any:
    if exact is None or units is None:
        return exact
    return (exact,) * units


def plain_operation(item: LayerItem, chain: Chain) -> list[Line]:
    """A weightless item: an operation on the running quantity, `add` or `concat` of several."""
    kind = item.kind
    chain.counts[kind] = chain.counts.get(kind, 0) + 1
    name = item.keys.get("name") or f"{kind}_{chain.counts[kind]}"
    keywords = tuple((k, v.tree) for k, v in item.keys.items() if isinstance(v, Formula))
    formula = next((v for v in item.keys.values() if isinstance(v, Formula)), None)
    tree: Tree
    if "items" in item.keys:
        parts: tuple[Tree, ...] = tuple(Name(part) for part in item.keys["items"])
        for part in item.keys["items"]:
            if part not in chain.builder.names:
                help = did_you_mean(part, list(chain.builder.names))
                raise refusal("E103", f"unknown name `{part}`", item.places["items"], help)
        tree = _joined(kind, parts)
    else:
        source = source_of(item, chain)
        shape = chain.builder.shape(chain.builder.names[source])
        if kind == "flatten" and len(shape) > 1:
            sizes = (shape[0], int(np.prod(shape[1:])))
            tree = Call("reshape", (Name(source), Sequence(tuple(Number(Fraction(n), str(n)) for n in sizes))))
        else:
            tree = Call(kind, (Name(source),), keywords)
    chain.current, chain.came_from = name, (item.place, f"{name} is computed here")
    return [Line(name, tree, "activation", name, formula)]


def _joined(kind: str, parts: tuple[Tree, ...]) -> Tree:
    if kind == "concat":
        return Call("concat", (Sequence(parts),), (("axis", Unary("-", Number(Fraction(1), "1"))),))
    tree = parts[0]
    for part in parts[1:]:
        tree = Binary("+", tree, part)
    return tree


def trained_names(chain: Chain, declared: Mapping[str, Any]) -> tuple[str, ...]:
    """All weights, those declared first and then those that stand in layers, in file order."""
    own = [name for name in chain.trained if name not in declared]
    return tuple([d.name for d in declared.values() if d.section == "weights"] + own)
