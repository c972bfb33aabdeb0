"""The formula sheet: all operations by family, or everything about one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from dlcli.ops.operation import REQUIRED, Operation, Setting
from dlcli.render.console import Medium, painted
from dlcli.render.text import display_width, own, visible

SIGNATURE = 28  # columns of a call; longer ones stand on a line of their own
WIDEST = 100  # columns of explanations where the medium sets no limit


def formula_sheet(operations: Iterable[Operation], on: Medium) -> str:
    """Families in the table's order; each operation with its formula, and its derivative below."""
    families: dict[str, list[Operation]] = {}
    for operation in operations:
        if not operation.hidden:
            families.setdefault(operation.family, []).append(operation)
    sections = [
        "\n".join([painted(visible(family, on), "bold", on), *(line for o in found for line in _entry(o, on))])
        for family, found in families.items()
    ]
    head = "Each operation with its formula and, after ', its derivative. `dlcli ops NAME` tells more."
    return "\n\n".join([*_wrapped(head, 0, on), *sections]) + "\n"


def _entry(operation: Operation, on: Medium) -> list[str]:
    """The call, and beside it formula and derivative; below it where the call is long."""
    name = visible(signature(operation), on)
    texts = [_wrapped(operation.formula, SIGNATURE + 4, on)]
    if operation.derivative:
        texts.append(_wrapped("' " + operation.derivative, SIGNATURE + 4, on))
    below = [line for lines in texts for line in lines]
    margin = " " * (SIGNATURE + 4)
    if display_width(name) > SIGNATURE:
        return ["  " + name, *(margin + line for line in below)]
    first = "  " + name + " " * (SIGNATURE - display_width(name)) + "  " + below[0]
    return [first.rstrip(), *(margin + line for line in below[1:])]


def signature(operation: Operation) -> str:
    """`leaky_relu(x, slope=0.01)`; operands that may be left out in brackets."""
    required = len(operation.operands) - operation.optional
    names = [name if i < required else f"[{name}]" for i, name in enumerate(operation.operands)]
    if operation.variadic:
        names = [f"[{names[0]}1, {names[0]}2, ...]"]
    settings = [s.name if s.default is REQUIRED else f"{s.name}={written(s.default)}" for s in operation.settings]
    return f"{operation.name}({', '.join([*names, *settings])})"


def written(default: object) -> str:
    """A setting as it is written in a homework file."""
    if isinstance(default, str):
        return f'"{default}"'
    return repr(int(default)) if isinstance(default, float) and default.is_integer() else repr(default)


def operation_page(operation: Operation, on: Medium) -> str:
    """Everything about one operation."""
    facts: list[tuple[str, str]] = [("formula", operation.formula), ("derivative", operation.derivative)]
    facts += [("domain", domain.text) for domain in operation.domain]
    facts += [("at a kink", kink.text) for kink in operation.kinks]
    if operation.infinite_slope_at:
        facts.append(("infinite slope at", ", ".join(f"{x:g}" for x in operation.infinite_slope_at)))
    facts += [("setting", _setting(setting)) for setting in operation.settings]
    facts.append(("complex step", "safe" if operation.complex_safe else "not defined on complex numbers"))
    if operation.aliases:
        facts.append(("also called", ", ".join(operation.aliases)))
    latex = latex_of(operation)
    if latex is not None:
        facts.append(("LaTeX", latex))
    if operation.source:
        facts.append(("source", operation.source))
    lines = [painted(visible(signature(operation), on), "bold", on) + painted(f"  {operation.family}", "dim", on)]
    if operation.about:
        lines += ["", *_wrapped(operation.about, 0, on)]
    lines.append("")
    width = max(len(kind) for kind, _ in facts)
    before = ""
    for kind, text in facts:
        if text:
            shown = "" if kind == before else kind
            first, *more = _wrapped(text, width + 4, on)
            lines.append(f"  {painted(shown.ljust(width), 'cyan', on)}  {first}")
            lines += [" " * (width + 4) + line for line in more]
            before = kind
    return "".join(line.rstrip() + "\n" for line in lines)


def _wrapped(text: str, indent: int, on: Medium) -> list[str]:
    room = min(on.width or WIDEST, WIDEST) - indent
    shown = [visible(own(line, on), on) for line in text.split("\n")]
    return [
        part
        for line in shown
        for part in (textwrap.wrap(line, max(room, 20), break_long_words=False, break_on_hyphens=False) or [""])
    ]


def _setting(setting: Setting) -> str:
    default = "required" if setting.default is REQUIRED else f"default {written(setting.default)}"
    choices = f"; one of {', '.join(map(written, setting.choices))}" if setting.choices else ""
    about = f": {setting.about}" if setting.about else ""
    return f"{setting.name}{about} ({setting.kind}, {default}{choices})"


def latex_of(operation: Operation) -> str | None:
    """LaTeX of the operation on its operands' names, with the settings of its first example."""
    if not operation.examples:
        return None
    example = operation.examples[0]
    given: Mapping[str, object] = {
        **{s.name: s.default for s in operation.settings if s.default is not REQUIRED},
        **example.settings,
    }
    _, settled = operation.settle(example.shapes, given)
    names = operation.operands
    if operation.variadic:
        names = tuple(f"{names[0]}_{i + 1}" for i in range(len(example.shapes)))
    return operation.latex(*names[: len(example.shapes)], **settled)
