"""Loads the code once and answers calls, one message after another, until the pipe is closed."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

from dlcli.isolation.worker.confinement import confine
from dlcli.isolation.worker.frames import read_frame, write_frame
from dlcli.isolation.worker.imports import ForbiddenImportError, forbidden_imports, guard, refusal
from dlcli.isolation.worker.supervisor import LONGEST_SETTINGS

MODULE = "answer"
LONGEST_TEXT = 500

_FOLDER = os.getcwd()  # where the process was started
_write, _flush_error = os.write, sys.stderr.flush
Outcome = tuple[dict[str, Any], bytes]


def serve(requests: int, replies: int, settings: Mapping[str, Any], user: int | None) -> None:
    """Confines this process, says how, and answers every request on one pipe with a reply on the other."""
    import numpy

    for package in settings["imports"]:
        if package in settings["text"]:
            try:
                importlib.import_module(package)  # before the limits, and while its files can be read
            except Exception:  # the code's own import says what is wrong
                continue
    from dlcli.isolation.worker import values

    facts = confine(settings, user)
    for name in [name for name in sys.modules if name.partition(".")[0] == "dlcli"]:
        del sys.modules[name]  # what is loaded goes on working; the code finds no such package
    write_frame(replies, {"ready": facts})
    loaded: ModuleType | Outcome | None = None
    process = os.getpid()
    while (request := read_frame(requests, LONGEST_SETTINGS * 64)) is not None:
        header, body = request
        if loaded is None:
            loaded = _load(settings)
            if os.getpid() != process:
                os._exit(0)
        if isinstance(loaded, ModuleType):
            arguments = _arguments(header["arguments"], body, numpy)
            outcome = _call(loaded, header["function"], arguments, settings, values)
            if os.getpid() != process:
                os._exit(0)  # the code forked, and this is the copy
        else:
            outcome = loaded
        _end_output(header["nonce"])
        write_frame(replies, outcome[0] | {"nonce": header["nonce"]}, outcome[1])


def _end_output(nonce: str) -> None:
    """Marks the end of what a call printed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # the code replaced or closed it
            continue
    try:
        _flush_error()
        _write(2, b"\0" + nonce.encode() + b"\0")
    except (OSError, ValueError):
        pass  # closed: the other end sees that


def _load(settings: Mapping[str, Any]) -> ModuleType | Outcome:
    """The code as a module, or what to answer to every call when there is none."""
    module: ModuleType
    file, extra = settings["file"], settings["imports"]
    try:
        tree = ast.parse(settings["text"])
        for forbidden, line in sorted(forbidden_imports(tree, extra), key=lambda found: found[1]):
            return _outcome("refused", refusal(forbidden, line, extra), line)
    except SyntaxError as error:
        return _outcome("refused", f"is no Python: {error.msg}{_in_line(error.lineno)}", error.lineno)
    except (ValueError, MemoryError, RecursionError) as error:
        return _outcome("refused", f"cannot be read as Python: {_text(error)}")
    guard(file, extra)
    loader = SourceFileLoader(MODULE, file)
    spec = ModuleSpec(MODULE, loader, origin=file)
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[MODULE] = module
    try:
        loader.exec_module(module)
    except BaseException as error:
        return _raised(error, file, ", as the file was loaded")
    return module


def _call(
    module: ModuleType, name: str, arguments: dict[str, Any], settings: Mapping[str, Any], values: Any
) -> Outcome:
    function = vars(module).get(name)
    if not callable(function):
        return _outcome("refused", _no_function(module, name))
    try:
        returned = function(**arguments)
    except BaseException as error:
        if isinstance(error, TypeError) and _line(error, settings["file"]) is None:
            misfit = _misfit(function, arguments)
            if misfit:
                return _outcome("raised", f"cannot be called with {', '.join(arguments) or 'no arguments'}: {misfit}")
        return _raised(error, settings["file"], "")
    try:
        description, body = values.described(returned, settings["limits"]["reply"])
    except values.NotNumbersError as error:
        if hasattr(returned, "close") and inspect.iscoroutine(returned):
            returned.close()
        return _outcome("unreadable", _text(error))
    except BaseException as error:
        return _outcome("unreadable", f"returned what cannot be read: {type(error).__name__}: {_text(error)}")
    return {"status": "returned", "message": "", "line": None, "value": description}, body


def _arguments(described: list[list[Any]], body: bytes, numpy: Any) -> dict[str, Any]:
    """Fresh arrays and numbers of a request."""
    arguments: dict[str, Any] = {}
    start = 0
    for name, form in described:
        if "number" in form:
            arguments[name] = form["number"]
            continue
        kind = numpy.dtype(form["type"])
        count = 1
        for length in form["shape"]:
            count *= length
        flat = numpy.frombuffer(body, dtype=kind, count=count, offset=start)
        arguments[name] = flat.reshape(form["shape"]).copy()
        start += count * kind.itemsize
    return arguments


def _no_function(module: ModuleType, name: str) -> str:
    functions = [key for key, value in vars(module).items() if inspect.isfunction(value)]
    if name in vars(module):
        return f"defines `{name}`, but not as a function"
    near = get_close_matches(name.lower(), [known.lower() for known in functions], n=1)
    meant = next((known for known in functions if near and known.lower() == near[0]), None)
    if meant is not None:
        return f"has no function `{name}`; did you mean `{meant}`?"
    listed = ", ".join(f"`{known}`" for known in functions[:10])
    return f"has no function `{name}`; it defines {listed or 'no function at all'}"


def _misfit(function: Callable[..., object], arguments: Mapping[str, object]) -> str | None:
    """Why the arguments do not fit the function's parameters, None if they do or that cannot be told."""
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        return _text(error)
    except BaseException:
        return None
    return None


def _raised(error: BaseException, file: str, when: str) -> Outcome:
    line, text = _line(error, file), _text(error)
    if isinstance(error, ForbiddenImportError):
        return _outcome("refused", text, line)
    name = type(error).__name__
    if isinstance(error, MemoryError):
        return _outcome("raised", f"ran out of memory{_in_line(line)}{when}" + (f": {text}" if text else ""), line)
    if isinstance(error, SystemExit):
        return _outcome("raised", f"asked the process to exit{_in_line(line)}{when}, which graded code must not", line)
    hint = ""
    if isinstance(error, PermissionError):
        hint = " (the code runs without files, network and other processes)"
    elif isinstance(error, IndexError) and ("integer" in text or "only integers" in text):
        hint = " (class numbers come as floats: y.astype(int) makes indices of them)"
    return _outcome("raised", f"raised {name}{_in_line(line)}{when}" + (f": {text}" if text else "") + hint, line)


def _outcome(status: str, message: str, line: int | None = None) -> Outcome:
    return {"status": status, "message": message, "line": line}, b""


def _in_line(line: int | None) -> str:
    return f" in line {line}" if line else ""


def _line(error: BaseException, file: str) -> int | None:
    """The line of the code that an exception passed last."""
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _text(error: BaseException) -> str:
    """What an exception says, on one line, without this run's folder; nothing if it cannot say it."""
    try:
        return " ".join(str(error)[: 4 * LONGEST_TEXT].replace(_FOLDER, ".").split())[:LONGEST_TEXT]
    except BaseException:
        return ""
