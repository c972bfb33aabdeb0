"""Bytes of a file that a student saved -> its text, whatever the editor wrote."""

from __future__ import annotations

import codecs
from typing import NamedTuple

MAX_BYTES = 10_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UnreadableError(Exception):
    """The file is no text; the message says why, to the student."""


EMPTY = "the file is empty"


class Decoded(NamedTuple):
    """A text with `\\n` at the end of each line, and what was noticed about its bytes."""

    text: str
    remarks: tuple[str, ...]


def decoded(data: bytes, most: int = MAX_BYTES) -> Decoded:
    """The text of a file in UTF-8, UTF-16 or UTF-32, or else in Windows' Western code page. Raises UnreadableError."""
    if len(data) > most:
        raise UnreadableError(f"the file has {len(data):,} bytes; {most:,} are allowed")
    text, remarks = _text(data)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return Decoded("", (*remarks, EMPTY))
    return Decoded(text, remarks)


def _text(data: bytes) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return Decoded(data[len(mark) :].decode(encoding), ())
            except UnicodeDecodeError as error:
                message = f"the file starts as {encoding.upper()}, but byte {error.start + 1:,} fits no character"
                raise UnreadableError(message) from None
    if b"\0" in data:
        return Decoded(_without_mark(data), ())
    try:
        return Decoded(data.decode("utf-8"), ())
    except UnicodeDecodeError as error:
        odd = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in data[:10_000])
        if odd > 4:
            raise UnreadableError("the file is not text") from None
        line = data.count(b"\n", 0, error.start) + 1
        return Decoded(
            data.decode("cp1252", errors="replace"), (f"line {line} is not UTF-8; the file is read as Windows-1252",)
        )


def _without_mark(data: bytes) -> str:
    """UTF-16 without its mark: every second byte of mostly Latin text is 0."""
    zeros = (data[0::2].count(0), data[1::2].count(0))
    half = len(data) // 2
    if half and len(data) % 2 == 0 and max(zeros) > 0.6 * half and min(zeros) < 0.1 * half:
        try:
            text = data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" not in text:
            return text
    at = data.index(b"\0")
    raise UnreadableError(f"the file is not text: byte {at + 1:,} is 0")
