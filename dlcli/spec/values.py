"""Entries of the four sections, and the weights of layers: written, drawn or from a file."""

from __future__ import annotations

from typing import Any, cast

from dlcli.errors import did_you_mean
from dlcli.layers import Key
from dlcli.ops.operation import Shape
from dlcli.spec.beside import FileError
from dlcli.spec.context import Context, read_mapping
from dlcli.spec.files import load_array
from dlcli.spec.initialisers import INITIALISERS, draw
from dlcli.spec.keys import DESCRIPTION, Section
from dlcli.spec.kinds import is_reference
from dlcli.spec.names import read_name
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.numbers import read_array
from dlcli.spec.records import Declaration, Description, Reference, Value
from dlcli.spec.report import kind_of
from dlcli.spec.slips import joined_pair


def read_section(node: Node, key: Key, context: Context) -> list[Declaration]:
    """The declarations of a section, in file order; `[x, t]` declares scalars without values."""
    report, section = context.report, cast("Section", key.name)
    if isinstance(node, Scalar) and node.is_null:
        return []
    if isinstance(node, Items):
        names = [(item, read_name(item, report)) for item in node.items if isinstance(item, Scalar)]
        for item in node.items:
            if not isinstance(item, Scalar):
                message = f"`{section}` lists names, but {kind_of(item)} stands here"
                report.error("E122", message, item, "write name: value, one a line")
        return [Declaration(name, section, report.place(at), None, ()) for at, name in names if name is not None]
    if isinstance(node, Scalar):
        if joined_pair(node, report) is None:
            message = f"`{section}` takes names with values, but text stands here"
            report.error("E122", message, node, f"write {section}: {{name: value}}, or one name: value a line")
        return []
    declarations = []
    for name_node, value in node.pairs:
        name = read_name(name_node, report)
        read = _entry(value, name or name_node.text, section, context)
        if name is not None and read is not None:
            declarations.append(Declaration(name, section, report.place(name_node), *read))
    return declarations


def _entry(node: Node, name: str, section: Section, context: Context) -> tuple[Value | None, Shape] | None:
    """The value of an entry, or None with a shape where it is left open; None after an error."""
    if isinstance(node, Scalar) and node.is_null:
        return None, ()
    if not isinstance(node, Pairs):
        value = read_array(node, name, context.rules(allow_infinite=section == "constants"))
        return None if value is None else (value, value.array.shape)
    described = read_description(node, name, context)
    if described is None:
        return None
    if isinstance(described, Value):
        return described, described.array.shape
    if described.shape is None:
        message = f"{name} has an initialiser, but no shape"
        context.report.error("E107", message, node, "add the sizes: shape: [2, 3]")
        return None
    if described.init is None:
        return None, described.shape
    array = draw(described.init, described.shape, described.seed, name, context.convention, described.settings)
    array.setflags(write=False)
    return Value(array, None, described.place, "drawn"), array.shape


def read_description(node: Pairs, name: str, context: Context) -> Value | Description | None:
    """`{shape, init, seed}` as a Description, `{file, key}` as the Value that the file holds."""
    report, before = context.report, len(context.report.diagnostics)
    given = read_mapping(node, DESCRIPTION, context, f"the value of {name}")
    if given is None or len(report.diagnostics) > before:
        return None
    if "file" in given or "key" in given:
        return _from_file(node, given, name, context)
    init = given.get("init")
    settings: dict[str, float] = {key: given[key].value for key in ("std", "low", "high", "value") if key in given}
    if not _settings_fit(node, init, given, name, context):
        return None
    if not given:
        report.error("E107", f"the value of {name} is an empty mapping", node, "write a number, or {shape: [2, 3]}")
        return None
    return Description(given.get("shape"), init, given.get("seed"), settings, report.place(node))


def _settings_fit(node: Pairs, init: str | None, given: dict[str, Any], name: str, context: Context) -> bool:
    """Whether the initialiser takes the settings that are given with it, and has those that it needs."""
    report = context.report
    taken = INITIALISERS[init].settings if init is not None else {}
    fits = True
    for key, value in node.pairs:
        if key.text in ("shape", "init") or (key.text == "seed" and init is not None) or key.text in taken:
            continue
        what = "without `init`" if init is None else f"with the initialiser {init}"
        owner = next((n for n, i in INITIALISERS.items() if key.text in i.settings), "normal")
        help = f"add `init: {owner}`" if init is None else "leave it out"
        report.error("E124", f"`{key.text}` means nothing {what}", key, help, [(value, "given here")])
        fits = False
    for key_name, default in taken.items():
        if default is None and key_name not in given:
            report.error("E107", f"the initialiser {init} needs `{key_name}`", node, f"add `{key_name}: 0.1`")
            fits = False
    if init == "uniform":
        low = given["low"].value if "low" in given else -1.0
        high = given["high"].value if "high" in given else 1.0
        if not low < high:
            message = f"{name} is drawn from an empty interval: low is {low:g} and high is {high:g}"
            report.error("E305", message, node, "make low smaller than high")
            fits = False
    return fits


def _from_file(node: Pairs, given: dict[str, Any], name: str, context: Context) -> Value | None:
    report = context.report
    if "file" not in given:
        key = next(key for key, _ in node.pairs if key.text == "key")
        report.error("E107", f"the value of {name} has a `key` but no `file`", key, "add `file: weights.npz`")
        return None
    others = [key for key, _ in node.pairs if key.text not in ("file", "key")]
    if others:
        message = f"`{others[0].text}` means nothing beside `file`: the file has all of the value"
        report.error("E124", message, others[0], "leave one of them out")
        return None
    try:
        array = load_array(context.folder, given["file"], given.get("key"))
    except FileError as error:
        report.error(error.code, error.message, node.get(error.about) or node, error.help)
        return None
    array.setflags(write=False)
    return Value(array, None, report.place(node), "file")


def read_weights(node: Node, key: Key, context: Context) -> Value | Description | Reference | None:
    """The weights of a layer: numbers, a description, or the name of an entry of weights or constants."""
    what = f"`{key.name}`"
    if isinstance(node, Pairs):
        return read_description(node, what, context)
    if not is_reference(node) or not isinstance(node, Scalar) or _is_constant(node.text, context):
        return read_array(node, what, context.rules())
    name = read_name(node, context.report)
    if name is None:
        return None
    section = context.sections.get(name)
    if section in ("weights", "constants"):
        return Reference(name, context.report.place(node))
    known = [n for n, s in context.sections.items() if s in ("weights", "constants")]
    if section is not None:
        message = f"`{name}` stands under `{section}`, but {what} takes an entry of `weights` or `constants`"
        help = "move it there, or write the numbers"
    else:
        message = f"unknown name `{name}`: neither `weights` nor `constants` has such an entry"
        help = did_you_mean(name, known) or "declare it under `weights`, or write the numbers"
    context.report.error("E103", message, node, help)
    return None


def _is_constant(text: str, context: Context) -> bool:
    return text in ("pi", "e", "inf", "nan") and text not in context.sections


def read_bias(node: Node, key: Key, context: Context) -> Any:
    """As `read_weights`, and `none` where the layer has no bias."""
    if isinstance(node, Scalar) and node.text == "none" and "none" not in context.sections:
        return "none"
    return read_weights(node, key, context)
