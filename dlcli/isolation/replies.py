"""A worker's messages read with suspicion: whatever they hold, the outcome is a reply of plain numbers and text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast, get_args

import numpy as np

from dlcli.isolation.calls import Argument, Array, Call, Containment, Reply, Status, Value

DEEPEST, LONGEST_MESSAGE, LONGEST_NAME = 6, 1200, 200
FROM_WORKER = {"returned", "raised", "refused", "unreadable"}


class ReplyError(Exception):
    """A message that no worker sends by itself."""


def request(call: Call, nonce: str) -> tuple[dict[str, Any], bytes]:
    """Header and body of the message that asks for a call.

    Raises TypeError for an argument that is no array of numbers or truth values, and no number.
    """
    described: list[list[Any]] = []
    parts = []
    for name, value in call.arguments.items():
        if isinstance(value, int | float) and not isinstance(value, np.generic):
            described.append([name, {"number": value}])
            continue
        array, kind = _sendable(name, value)
        parts.append(np.ascontiguousarray(array, dtype=kind).tobytes())
        described.append([name, {"type": kind, "shape": list(array.shape)}])
    return {"nonce": nonce, "function": call.function, "arguments": described}, b"".join(parts)


def _sendable(name: str, value: Argument) -> tuple[Array, str]:
    array = np.asarray(value)
    kinds = {"f": "<f8", "i": "<i8", "u": "<i8", "b": "|b1"}
    if array.dtype.kind not in kinds:
        raise TypeError(f"the argument {name} is an array of {array.dtype}, not of real numbers")
    return array, kinds[array.dtype.kind]


def read_containment(header: Mapping[str, Any]) -> Containment:
    """How the worker says it is contained; it says so before any of the code ran. Raises ReplyError."""
    facts = header.get("ready")
    names = ("files", "network", "processes", "user", "limits")
    if not isinstance(facts, dict) or not all(isinstance(facts.get(name), bool) for name in names):
        raise ReplyError("the worker did not say how it is contained")
    missing = tuple(plain(str(line), 300) for line in facts.get("missing", []))
    return Containment(
        **{name: facts[name] for name in names}, missing=tuple(plain(str(line), 300) for line in missing)
    )


def read_reply(header: Mapping[str, Any], body: bytes, nonce: str, printed: str, seconds: float) -> Reply:
    """The reply that a message holds; raises ReplyError."""
    status, message, line = header.get("status"), header.get("message"), header.get("line")
    if header.get("nonce") != nonce:
        raise ReplyError("it answers no call")
    if (
        not isinstance(status, str)
        or status not in FROM_WORKER
        or status not in get_args(Status)
        or not isinstance(message, str)
    ):
        raise ReplyError("it has no known status")
    if type(line) is not int or not 0 < line < 2**31:
        line = None
    told: dict[str, Any] = {"line": line, "printed": printed, "seconds": seconds, "message": plain(message)}
    if status != "returned":
        return Reply(cast("Status", status), **told)
    dtypes: dict[str, str] = {}
    value, end = _value(header.get("value"), body, 0, "", 0, dtypes)
    if end != len(body):
        raise ReplyError("it holds more than it describes")
    return Reply("returned", value, dtypes, **told | {"message": ""})


def _value(form: object, body: bytes, start: int, place: str, depth: int, dtypes: dict[str, str]) -> tuple[Value, int]:
    """A value by its description, and where the body goes on."""
    if not isinstance(form, dict) or depth > DEEPEST:
        raise ReplyError("a value is not described")
    kind = form.get("kind")
    if kind == "none":
        return None, start
    if kind == "number":
        number = form.get("value")
        if type(number) is not float:
            raise ReplyError("a number is none")
        _note_type(form, place, dtypes)
        return number, start
    if kind == "array":
        return _array(form, body, start, place, dtypes)
    if kind == "tuple" and isinstance(form.get("items"), list):
        items = []
        for position, item in enumerate(form["items"]):
            value, start = _value(
                item, body, start, f"{place}[{position}]" if place else str(position), depth + 1, dtypes
            )
            items.append(value)
        return tuple(items), start
    if kind == "dict" and isinstance(form.get("entries"), list):
        entries: dict[str, Value] = {}
        for entry in form["entries"]:
            if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)):
                raise ReplyError("an entry has no name")
            name = plain(entry[0], LONGEST_NAME)
            if name in entries:
                raise ReplyError("two entries have one name")
            value, start = _value(entry[1], body, start, f"{place}.{name}" if place else name, depth + 1, dtypes)
            entries[name] = value
        return entries, start
    raise ReplyError("a value is of no known kind")


def _array(form: Mapping[str, Any], body: bytes, start: int, place: str, dtypes: dict[str, str]) -> tuple[Value, int]:
    shape = form.get("shape")
    if not isinstance(shape, list) or len(shape) > 32 or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise ReplyError("an array has no shape")
    count = math.prod(shape)
    end = start + 8 * count
    if end > len(body):
        raise ReplyError("an array is larger than its bytes")
    _note_type(form, place, dtypes)
    try:
        array = np.frombuffer(body, dtype="<f8", count=count, offset=start) if count else np.empty(0)
        array = array.astype(np.float64).reshape(shape)  # a copy that can be written
    except ValueError as error:
        raise ReplyError("an array has no such shape") from error
    return (array if shape else float(array)), end


def _note_type(form: Mapping[str, Any], place: str, dtypes: dict[str, str]) -> None:
    name = form.get("type")
    if not isinstance(name, str) or not 0 < len(name) <= 20 or not name.isascii() or not name.isalnum():
        raise ReplyError("a value has no type")
    if name != "float64":
        dtypes[place] = name


def plain(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """A text on one line, in characters that can be printed; the rest stands as �."""
    cut = text[:longest] + ("…" if len(text) > longest else "")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)


def plain_lines(text: str) -> str:
    """The same for text of several lines, of any length."""
    kept = (c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text.replace("\r\n", "\n"))
    return "".join(kept)
