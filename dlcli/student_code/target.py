"""`student.py::backward` on the command line: a Python file and the function that is checked."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from dlcli.errors import Diagnostic, UsageError, did_you_mean

FUNCTIONS = ("backward", "forward")
LARGEST = 1_000_000  # bytes of a file of code


@dataclass(frozen=True)
class Target:
    """A file of code; function None: the file is checked by itself. kind: what the function is checked as."""

    path: str
    function: str | None
    kind: str | None

    @property
    def called(self) -> str:
        """As reports call it."""
        return self.path if self.function is None else f"{self.path}::{self.function}"


def is_code(text: str) -> bool:
    """Whether a path of the command line names code, rather than a homework or a problem of an exam."""
    path, colons, function = text.rpartition("::")
    if path == "-" or path.lower().endswith((".yaml", ".yml")):
        return False
    return text.lower().endswith(".py") or bool(colons and (path.lower().endswith(".py") or function.isidentifier()))


def parse_target(text: str) -> Target:
    """The target that a text names: `file.py`, `file.py::backward` or `file.py::my_forward`.

    A function that is called neither way is checked as `forward` when `forward` is in its name, else as
    `backward`. Raises UsageError for an empty file or function.
    """
    path, colons, function = text.rpartition("::")
    if text.lower().endswith(".py"):
        return Target(text, None, None)
    if not path or (colons and not function.isidentifier()):
        message = f"`{text}` names no function"
        raise UsageError(Diagnostic("E511", message, help="write student.py::backward"))
    near = did_you_mean(function, FUNCTIONS)
    if function not in FUNCTIONS and near is not None and not any(f in function for f in FUNCTIONS):
        raise UsageError(Diagnostic("E511", f"`{function}` is neither backward nor forward", help=near))
    return Target(path, function, "forward" if "forward" in function else "backward")


def functions_of(target: Target) -> list[Target]:
    """The target; of one that names no function, `backward` and `forward` as far as the file defines them.

    Of a file that defines neither, or that is no Python, `backward`, so that checking it says what is wrong.
    """
    if target.function is not None:
        return [target]
    try:
        tree = ast.parse(read_code(target.path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [Target(target.path, "backward", "backward")]
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = [name for name in FUNCTIONS if name in defined] or ["backward"]
    return [Target(target.path, name, name) for name in found]


def read_code(path: str) -> str:
    """The text of a file of code. Raises UsageError (E512)."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        help = None if Path(path).is_dir() else _similar(path) or "check the path"
        raise UsageError(Diagnostic("E512", f"{path}: {reason}", file=path, help=help)) from None
    if len(data) > LARGEST:
        raise UsageError(Diagnostic("E512", f"{path} has more than {LARGEST:,} bytes", file=path, help="is it code?"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(Diagnostic("E512", f"{path} is not UTF-8", file=path, help="save it as UTF-8")) from None
    if "\x00" in text:
        raise UsageError(Diagnostic("E512", f"{path} contains the byte 0: it is no text", file=path)) from None
    return text


def _similar(path: str) -> str | None:
    try:
        names = [p.name for p in Path(path).parent.iterdir() if p.suffix == ".py"]
    except OSError:
        return None
    return did_you_mean(Path(path).name, names)
