"""What goes to a worker and what comes back, as records: limits, calls, replies, and how the worker was contained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

Array = npt.NDArray[Any]
Argument: TypeAlias = "Array | float"
Value: TypeAlias = "Array | float | Mapping[str, Value] | tuple[Value, ...] | None"
Status = Literal["returned", "raised", "stopped", "refused", "unreadable"]

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one worker may use, over all its calls; sizes in bytes, times in seconds.

    The system counts CPU time in whole seconds: `cpu_seconds` is rounded up. `memory` is what the code may take beyond
    the interpreter and NumPy. `processes` are threads, and processes where the system cannot refuse those altogether.
    `file_size` is that of one file, `folder` that of all files in the worker's folder together. `printed` bytes of
    standard output and error are kept for each call; more is read and dropped. `reply` is the size of one answer.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 20.0
    memory: int = 1024 * MIB
    file_size: int = 16 * MIB
    folder: int = 64 * MIB
    open_files: int = 64
    processes: int = 16
    printed: int = 64 * 1024
    reply: int = 64 * MIB

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < 2**62 or (name.endswith("seconds") and value == 0):
                raise ValueError(f"the limit {name} = {value} is not a positive number")


@dataclass(frozen=True)
class Call:
    """A function of the source by name, and its keyword arguments: arrays of numbers or truth values, and numbers."""

    function: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came of one call.

    `status` is `returned` (and `values` hold numbers); `raised` (an exception left the function, or the file as it was
    loaded); `stopped` (a limit, the end of the process, or an earlier stop); `refused` (nothing ran: no Python, no such
    function, or an import that is not allowed); `unreadable` (the function returned something else than numbers).

    `values` has the form of what was returned: a dict, a tuple, an array or a number. Arrays are float64, and numbers
    without dimensions are floats. `dtypes` says what they were where they were not float64: by the name in the dict, by
    the position in the tuple, by "" for a single value. NaN and infinity are passed on.

    `message` is a sentence's predicate for the student ("raised ValueError in line 12: ..."), empty after `returned`;
    `line` the line of the source that it speaks of. Both come from the worker and are data: one line of printable text.
    `printed` is the beginning of what the code wrote to standard output and error during the call.
    `seconds` is the wall-clock time of the call.
    """

    status: Status
    values: Value = None
    dtypes: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    line: int | None = None
    printed: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Containment:
    """What held the code in, and one sentence for each thing that did not.

    `files`: nothing can be written outside the worker's folder, nothing read but Python's own libraries.
    `network`: no socket can be opened. `processes`: no process can be started, and no other one be signalled.
    `user`: the code does not run as root. `limits`: all limits are the system's own.
    """

    files: bool
    network: bool
    processes: bool
    user: bool
    limits: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """The replies to all calls, in their order, and how the code was contained."""

    replies: tuple[Reply, ...]
    containment: Containment


def arguments_from(reply: Reply) -> dict[str, Argument]:
    """The dict that a function such as `example()` returned, as arguments of further calls.

    Whole numbers and truth values have their type again, so that they can serve as indices.
    Raises ValueError, with a predicate for the student, if the reply is no dict of arrays and numbers.
    """
    if reply.status != "returned":
        raise ValueError(reply.message)
    if not isinstance(reply.values, Mapping):
        raise ValueError("did not return a dict from names to arrays and numbers")
    arguments: dict[str, Argument] = {}
    for name, value in reply.values.items():
        if value is None or isinstance(value, Mapping | tuple):
            raise ValueError(f"returned no array or number for `{name}`")
        kind = reply.dtypes.get(name, "")
        if kind.startswith(("int", "uint")):
            value = int(value) if isinstance(value, float) else value.astype("int64")
        elif kind.startswith("bool"):
            value = bool(value) if isinstance(value, float) else value.astype("bool")
        arguments[name] = value
    return arguments
