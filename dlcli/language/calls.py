"""How a call is typeset: as the record of its operation says, or as a named operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dlcli.language.printing import ATOM
from dlcli.language.symbols import name_latex, text_latex
from dlcli.language.tree import Call, Name, Number, Sequence, Text, Tree, Unary
from dlcli.language.typeset import Typeset, measured
from dlcli.ops import find
from dlcli.ops.operation import REQUIRED, Operation


def call_latex(node: Call, parts: tuple[Typeset, ...]) -> Typeset:
    """The call, from the LaTeX of its arguments and of its keywords' values."""
    record = find(node.name)
    given = None if record is None else _given(record, node, parts)
    recorded = None if record is None or given is None else _as_recorded(record, *given)
    if recorded is not None:
        return recorded
    values = parts[len(node.arguments) :]
    written = [part.latex for part in parts[: len(node.arguments)]]
    written += [
        rf"\mathrm{{{text_latex(key)}}} = {value.latex}" for (key, _), value in zip(node.keywords, values, strict=True)
    ]
    name = node.name.rstrip("'")
    primes = node.name[len(name) :]
    head = name_latex(name) if len(name) == 1 else rf"\operatorname{{{text_latex(name)}}}"
    return Typeset(rf"{head}{primes}\left({', '.join(written)}\right)", ATOM)


_FIRST_PLACE = 0xF0000  # private characters stand for the operands while the record writes around them
_PLACE = re.compile("[\U000f0000-\U000fffff]")
_OPENING = re.compile(r"(?:[({\[,|&]|\\(?:left)?\||\\\\|\\begin\{[a-z]+\})\s*\Z")
_CLOSING = re.compile(r"\s*(?:[)\],|&]|\\right|\\\||\\\\|\\end|\}(?!\s*[\^_]))")


def _as_recorded(record: Operation, operands: list[Typeset], settings: Mapping[str, Any]) -> Typeset | None:
    """The record's LaTeX; an operand gets brackets of its own where the record puts none around it.

    None where the record does not show a setting that differs from its default.
    """
    places = [chr(_FIRST_PLACE + k) for k in range(len(operands))]
    frame = record.latex(*places, **settings)
    for setting in record.settings:
        if settings[setting.name] != setting.default:
            usual = record.latex(*places, **{**settings, setting.name: setting.default})
            if usual == frame:
                return None
    if _PLACE.fullmatch(frame) is not None:
        return operands[ord(frame) - _FIRST_PLACE]

    def put(place: re.Match[str]) -> str:
        part = operands[ord(place.group()) - _FIRST_PLACE]
        opened = _OPENING.search(frame, 0, place.start()) is not None
        enclosed = opened and _CLOSING.match(frame, place.end()) is not None
        return part.latex if enclosed or part.precedence == ATOM else rf"\left({part.latex}\right)"

    return Typeset(_PLACE.sub(put, frame), measured(frame).precedence)


def _given(record: Operation, node: Call, parts: tuple[Typeset, ...]) -> tuple[list[Typeset], dict[str, Any]] | None:
    """The operands and the settings of a call; None where they are not those of the record."""
    arguments = list(zip(node.arguments, parts[: len(node.arguments)], strict=True))
    keywords = dict(zip((key for key, _ in node.keywords), parts[len(node.arguments) :], strict=True))
    values = dict(node.keywords)
    if record.variadic:
        if not arguments or arguments[0][1].entries is None:
            return None
        operands = list(arguments.pop(0)[1].entries or ())
    else:
        operands = [part for _, part in arguments[: len(record.operands)]]
        del arguments[: len(record.operands)]
        for name in record.operands[len(operands) :]:
            if name not in keywords:
                break
            operands.append(keywords[name])
            del values[name]
        if len(operands) < len(record.operands) - record.optional:
            return None
    known = [setting.name for setting in record.settings]
    if len(arguments) > len(known):
        return None
    values |= dict(zip(known, (tree for tree, _ in arguments), strict=False))
    settings = {setting.name: setting.default for setting in record.settings}
    for name, tree in values.items():
        value = _setting(tree)
        if name not in settings or value is _UNKNOWN:
            return None
        settings[name] = value
    return None if REQUIRED in settings.values() else (operands, settings)


_UNKNOWN = object()
_CONSTANTS: Mapping[str, object] = {"True": True, "False": False, "None": None}


def _setting(tree: Tree) -> object:
    """The value of a setting written as a literal, or _UNKNOWN."""
    match tree:
        case Number(value=value):
            return int(value) if value.denominator == 1 else float(value)
        case Unary(operator="-", operand=Number(value=value)):
            return -int(value) if value.denominator == 1 else -float(value)
        case Text(value=word):
            return word
        case Name(name=name):
            return _CONSTANTS.get(name, _UNKNOWN)
        case Sequence(items=items):
            values = tuple(_setting(item) for item in items)
            return _UNKNOWN if _UNKNOWN in values else values
        case _:
            return _UNKNOWN
