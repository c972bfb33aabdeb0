"""Runs functions of a Python source in a process of its own, within limits, and returns numbers.

    example = "def double(x): return {'y': 2 * x}"
    result = run(example, "example.py", [Call("double", {"x": 3.0})])
    result.replies[0].values        # {'y': 6.0}

Nothing here knows of homework: expected values, seeds and scores never enter the worker, and what comes out of it is
checked to be plain float64 numbers and text. The worker has an empty folder, an empty environment, limits on time,
memory, files, processes and output, and, as far as the system offers them, no files but Python's own (Landlock), no
network, programs, processes or signals to others (a filter of system calls), and a user without rights where dlcli runs
as root. `Containment` says in sentences what the system did not offer. Every process is ended and the folder is removed
at the end, also after Ctrl-C and when dlcli itself is killed.

This is containment, not a security boundary: it keeps mistakes and casual mischief in, on a system whose own kernel may
have faults. Where students are adversaries, run all of dlcli in a container that can be thrown away:

    docker run --rm --network none --read-only --tmpfs /tmp --memory 4g --pids-limit 256 --cap-drop ALL \\
        --security-opt no-new-privileges --user 65534 --volume "$PWD":/homework:ro --workdir /homework IMAGE dlcli ...
"""

from dlcli.isolation.calls import (
    Argument,
    Array,
    Call,
    Containment,
    Limits,
    Reply,
    Result,
    Status,
    Value,
    arguments_from,
)
from dlcli.isolation.conversation import Conversation, conversation, run

__all__ = [
    "Argument",
    "Array",
    "Call",
    "Containment",
    "Conversation",
    "Limits",
    "Reply",
    "Result",
    "Status",
    "Value",
    "arguments_from",
    "conversation",
    "run",
]
