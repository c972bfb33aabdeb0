"""Messages on a pipe: a mark, two lengths, a JSON header, and a body of raw numbers."""

from __future__ import annotations

import os
import struct
from json import dumps, loads
from typing import Any

MARK = b"dlc1"
LENGTHS = struct.Struct("!4sIQ")
LONGEST_HEADER = 8 * 2**20

_read, _write = os.read, os.write  # as they were before any other code ran in this process


class FrameError(Exception):
    """The bytes on the pipe are no message."""


def write_frame(descriptor: int, header: dict[str, Any], body: bytes = b"") -> None:
    """Writes one message; raises OSError when the other end is closed."""
    text = dumps(header).encode()
    for part in (LENGTHS.pack(MARK, len(text), len(body)) + text, body):
        rest = memoryview(part)
        while rest:
            rest = rest[_write(descriptor, rest) :]


def read_frame(descriptor: int, longest_body: int) -> tuple[dict[str, Any], bytes] | None:
    """The next message, or None at the end of the stream; raises FrameError for anything else."""
    first = _exactly(descriptor, LENGTHS.size)
    if not first:
        return None
    if len(first) < LENGTHS.size:
        raise FrameError("the message is cut short")
    mark, header_length, body_length = LENGTHS.unpack(first)
    if mark != MARK:
        raise FrameError("the bytes are no message")
    if header_length > LONGEST_HEADER or body_length > longest_body:
        raise FrameError("the message is too long")
    text, body = _exactly(descriptor, header_length), _exactly(descriptor, body_length)
    if len(text) < header_length or len(body) < body_length:
        raise FrameError("the message is cut short")
    try:
        header = loads(text)
    except (ValueError, RecursionError) as error:
        raise FrameError("the header is no JSON") from error
    if not isinstance(header, dict):
        raise FrameError("the header is no mapping")
    return header, body


def _exactly(descriptor: int, length: int) -> bytes:
    """`length` bytes, or fewer at the end of the stream."""
    parts = bytearray()
    while len(parts) < length:
        part = _read(descriptor, min(length - len(parts), 2**20))
        if not part:
            break
        parts += part
    return bytes(parts)
