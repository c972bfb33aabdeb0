"""A path or standard input -> the text of a homework file, or the reason why there is none."""

from __future__ import annotations

import codecs
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from dlcli.errors import Diagnostic, HomeworkError, Source

MAX_BYTES = 10_000_000
_ENDINGS = (".yaml", ".yml")
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_source(path: str | os.PathLike[str]) -> Source:
    """The text of a file (UTF-8, or UTF-16 with its byte order mark); `-` is standard input.

    The mark is removed; line ends stay as they are. Raises HomeworkError for what is missing, a folder,
    unreadable, larger than MAX_BYTES, empty, binary or in another encoding.
    """
    name = os.fspath(path)
    if name == "-":
        return _decoded("<stdin>", _standard_input())
    return _decoded(name, _file(name))


def _standard_input() -> bytes:
    if sys.stdin is None:
        _refuse("E003", "standard input is closed", "<stdin>", "pipe a homework file into dlcli, or name one")
    stream = getattr(sys.stdin, "buffer", None)
    data: bytes = stream.read(MAX_BYTES + 1) if stream is not None else sys.stdin.read(MAX_BYTES + 1).encode()
    if len(data) > MAX_BYTES:
        _refuse("E007", f"standard input is larger than {MAX_BYTES // 1_000_000} MB", "<stdin>", _LARGE)
    return data


_LARGE = "a homework file is text written by people; put large arrays into .npy, .npz or .csv files beside it"


def _file(name: str) -> bytes:
    if "\0" in name:
        _refuse("E001", "a path cannot contain the character U+0000", name.replace("\0", "?"), "check the path")
    path = Path(name)
    try:
        if path.is_dir():
            _folder(path, name)
        if not path.exists():
            _refuse("E001", f"there is no file `{name}`", name, _nearby(path))
        if not path.is_file():
            _refuse("E003", f"`{name}` is not an ordinary file", name, "give the path of a homework file, or `-`")
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(MAX_BYTES + 1) if size <= MAX_BYTES else b""
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        _refuse("E003", f"`{name}` cannot be read: {reason}", name, "check the path and its permissions")
    if size > MAX_BYTES or len(data) > MAX_BYTES:
        _refuse("E007", f"`{name}` is larger than {MAX_BYTES // 1_000_000} MB", name, _LARGE)
    return data


def _folder(path: Path, name: str) -> NoReturn:
    inside = sorted(entry.name for entry in path.iterdir() if entry.suffix in _ENDINGS)
    help = f"check all homework files in it with `dlcli gradcheck {name}`"
    if inside:
        listed = ", ".join(inside[:3]) + (", …" if len(inside) > 3 else "")
        help = f"name a file in it ({listed}), or {help}"
    _refuse("E002", f"`{name}` is a folder, not a homework file", name, help)


def _nearby(path: Path) -> str:
    """Help for a missing file: the file in its folder with the most similar name."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder `{folder}` either; check the path"
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    near = get_close_matches(path.name, names, n=1, cutoff=0.6)
    near = near or [n for n in names if n in {path.name + ending for ending in _ENDINGS}][:1]
    if near:
        return f"did you mean '{folder / near[0]}'?"
    inside = [n for n in names if n.endswith(_ENDINGS)]
    if inside:
        return "homework files there: " + ", ".join(inside[:3]) + (", …" if len(inside) > 3 else "")
    return "`dlcli problems` lists the homework that comes with dlcli"


def _decoded(name: str, data: bytes) -> Source:
    encoding = _UTF_16.get(data[:2], "utf-8")
    if b"\0" in data and encoding == "utf-8":
        at = data.index(b"\0")
        message = f"{_called(name)} is not text: byte {at + 1:,} is 0"
        _refuse("E005", message, name, "a homework file is YAML text; open it in an editor to see what it is")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        called = "UTF-8" if encoding == "utf-8" else "UTF-16"
        message = f"{_called(name)} is not {called}: byte {error.start + 1:,} (line {line:,}) fits no character"
        _refuse("E006", message, name, "save the file as UTF-8 in your editor")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        _refuse(
            "E004",
            f"{_called(name)} is empty",
            name,
            "`dlcli problems copy NAME` writes a homework to start from",
        )
    return Source(name, text)


def _called(name: str) -> str:
    return "standard input" if name == "<stdin>" else f"`{name}`"


def _refuse(code: str, message: str, name: str, help: str) -> NoReturn:
    raise HomeworkError(Diagnostic(code, message, help=help, file=name))
