"""The items of `network`: equations, layers and operations, with repeated items written out."""

from __future__ import annotations

from typing import Any

from dlcli.errors import did_you_mean
from dlcli.language import LanguageError, parse_equation
from dlcli.layers import LAYERS, Key, LayerType, layer_type
from dlcli.ops import OPERATIONS
from dlcli.spec.context import Context, read_mapping, value_places
from dlcli.spec.names import is_name, read_name
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.records import EquationItem, Formula, LayerItem, Reference
from dlcli.spec.report import kind_of

MAX_ITEMS = 10_000
Item = EquationItem | LayerItem


def read_network(node: Node, key: Key, context: Context) -> tuple[Item, ...] | None:
    """All items in order; those with errors are left out."""
    report = context.report
    if isinstance(node, Scalar) and not node.is_null:
        help = f"write it as the only item of a list: `- {node.text.strip().splitlines()[0]}`"
        report.error("E122", f"`{key.name}` is a list of items, but text stands here", node, help)
        return None
    if not isinstance(node, Items):
        message = f"`{key.name}` is a list of items, but {kind_of(node)} stands here"
        report.error("E122", message, node, "start each item with `- `")
        return None
    if not node.items:
        report.error("E122", f"`{key.name}` has no item", node, "write an equation or a layer: - z = w*x + b")
    items: list[Item] = []
    for item in node.items:
        read = _read_item(item, context)
        if len(items) + len(read) > MAX_ITEMS:
            message = f"the network has more than {MAX_ITEMS:,} items, repeated ones counted"
            report.error("E127", message, item, "make it smaller")
            return None
        items += read
    return tuple(items)


def _read_item(node: Node, context: Context) -> tuple[Item, ...]:
    if isinstance(node, Pairs):
        return _mapping_item(node, context)
    if isinstance(node, Scalar) and not node.is_null:
        item = _bare_layer(node, context) if is_name(node.text.strip()) else _equation(node, context)
        return () if item is None else (item,)
    message = f"an item of the network is an equation or a layer, but {kind_of(node)} stands here"
    context.report.error("E122", message, node, "write for example `- z = w*x + b`")
    return ()


def _equation(node: Scalar, context: Context) -> EquationItem | None:
    report, written = context.report, context.report.written(node)
    try:
        equation = parse_equation(written.text)
    except LanguageError as error:
        report.error(error.code, error.message, written.part(error.span), error.help)
        return None
    names = []
    for name in equation.names:
        place = written.part(name.span)
        read = read_name(Scalar(name.name, True, place.start, place.end), report)
        if read is not None:
            names.append((read, place))
    if len(names) < len(equation.names):
        return None
    formula = Formula(equation.tree, written)
    return EquationItem(tuple(n for n, _ in names), tuple(p for _, p in names), formula, written.place)


def _bare_layer(node: Scalar, context: Context) -> LayerItem | None:
    kind, report = node.text.strip(), context.report
    layer = layer_type(kind)
    if layer is None:
        report.error("E102", f"unknown layer or operation `{kind}`", node, _unknown_help(kind))
        return None
    place = report.place(node)
    if layer.bare:
        return LayerItem(kind, {}, {}, place, place)
    needed = [key for key in layer.keys if key.required] or [key for key in layer.keys if key.name == "units"]
    if kind == "dense":
        return LayerItem(kind, {}, {}, place, place)
    example = _example(layer, needed)
    report.error("E107", f"`{kind}` needs {' and '.join(f'`{key.name}`' for key in needed)}", node, f"write {example}")
    return None


def _example(layer: LayerType, needed: list[Key]) -> str:
    keys = ", ".join(f"{key.name}: {_as_yaml(key.examples[0]) if key.examples else '…'}" for key in needed)
    return f"`- {layer.name}: {{{keys}}}`"


def _as_yaml(example: object) -> str:
    return f"[{', '.join(map(_as_yaml, example))}]" if isinstance(example, list) else str(example)


def _unknown_help(word: str) -> str:
    known = [*LAYERS, *(name for name, operation in OPERATIONS.items() if not operation.hidden)]
    return did_you_mean(word, known) or "`dlcli ops` lists the operations; an equation is written `q = x + y`"


def _mapping_item(node: Pairs, context: Context) -> tuple[Item, ...]:
    report = context.report
    if not node.pairs:
        report.error("E122", "an item of the network is empty", node, "write for example `- z = w*x + b`")
        return ()
    name, value = node.pairs[0]
    if len(node.pairs) > 1:
        if layer_type(name.text) is not None and isinstance(value, Scalar) and value.is_null:
            key = node.pairs[1][0].text
            help = f"indent the keys of {name.text} deeper, or write `- {name.text}: {{{key}: …}}`"
        else:
            help = "start each item with `- `; the keys of a layer stand indented under its name"
        report.error("E122", f"an item of the network has {len(node.pairs)} keys, but a layer is one", node, help)
        return ()
    layer = layer_type(name.text)
    if layer is None:
        _not_a_layer(name, value, context)
        return ()
    if layer.name == "repeat":
        return _repeated(value, layer, context)
    item = _layer(node, name, value, layer, context)
    return () if item is None else (item,)


def _not_a_layer(name: Scalar, value: Node, context: Context) -> None:
    report = context.report
    if not is_name(name.text):
        message = "the colon makes this a key and a value, but an equation is one text"
        report.error("E128", message, name, "put the whole equation in quotes")
    elif isinstance(value, Scalar) and not value.is_null and did_you_mean(name.text, LAYERS) is None:
        equation = f"{name.text} = {value.text}"
        message = f"`{name.text}` is no layer or operation; an equation is written with `=`, not with a colon"
        report.error("E128", message, name, f"write `- {equation}`")
    else:
        report.error("E102", f"unknown layer or operation `{name.text}`", name, _unknown_help(name.text))


def _repeated(value: Node, layer: LayerType, context: Context) -> tuple[Item, ...]:
    given = read_mapping(value, layer.keys, context, "`repeat`")
    if given is None or not given.keys() >= {"times", "items"}:
        return ()
    times, items = given["times"], given["items"]
    if times * len(items) > MAX_ITEMS:
        message = f"{len(items)} items {times:,} times are more than the {MAX_ITEMS:,} that a network may have"
        context.report.error("E127", message, value, "repeat them less often")
        return ()
    return tuple(items * times)


def _layer(node: Pairs, name: Scalar, value: Node, layer: LayerType, context: Context) -> LayerItem | None:
    report = context.report
    place, kind_place = report.place(node), report.place(name)
    what = f"`{layer.name}`"
    if isinstance(value, Scalar) and value.is_null:
        return _bare_layer(name, context)
    if isinstance(value, Items) and layer.list_key is not None:
        value = Pairs([(Scalar(layer.list_key, True, value.start, value.start), value)], True, value.start, value.end)
    if isinstance(value, Scalar):
        key = "input" if any(key.name == "input" for key in layer.keys) and is_name(value.text) else layer.keys[0].name
        key = "units" if layer.name == "dense" and value.text.isdigit() else key
        help = f"write `- {layer.name}: {{{key}: {value.text}}}`"
        report.error("E122", f"{what} takes keys in braces, but `{value.text}` stands here", value, help)
        return None
    before = len(report.diagnostics)
    given = read_mapping(value, layer.keys, context, what)
    if given is None or not isinstance(value, Pairs):
        return None
    places = value_places(value, context)
    for first, second, reason in layer.conflicts:
        if first in places and second in places:
            key_node = next(key for key, _ in value.pairs if key.text == second)
            message = f"{what} has both `{first}` and `{second}`, but {reason}"
            label = (places[first], f"`{first}` is given here")
            report.error("E124", message, key_node, f"leave `{second}` out, or write it inside `{first}`", [label])
    if len(report.diagnostics) > before:
        return None
    keys = {key: _names(read) if key == layer.list_key else read for key, read in given.items()}
    return LayerItem(layer.name, keys, places, place, kind_place)


def _names(references: tuple[Reference, ...]) -> Any:
    return tuple(reference.name for reference in references)
