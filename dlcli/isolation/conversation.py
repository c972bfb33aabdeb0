"""Calls to one worker and what came of each: the only part that a caller needs to know."""

from __future__ import annotations

import queue
import secrets
import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from dlcli.errors import Diagnostic, DlcliError
from dlcli.isolation.calls import Call, Containment, Limits, Reply, Result, Status
from dlcli.isolation.output import Output
from dlcli.isolation.process import MECHANISMS, Process, running
from dlcli.isolation.replies import ReplyError, read_containment, read_reply, request
from dlcli.isolation.worker.supervisor import ASKED, CPU_TIME, FOLDER, LEFT, SIGNALLED

LONGEST_SOURCE = 2**20  # characters
START = 120.0  # seconds for the interpreter and the libraries, on a slow disk
LAST_OUTPUT = 0.5  # seconds for what was printed before a reply to arrive after it
SIGKILL = 9
BY_ITSELF = 1.0  # seconds for a process without pipes to end


@dataclass(frozen=True)
class Conversation:
    """A worker that has loaded nothing yet: `ask` for one call after the other."""

    ask: Callable[[Call], Reply]
    containment: Containment


def run(
    source: str,
    name: str,
    calls: Sequence[Call],
    limits: Limits = Limits(),  # noqa: B008 (a frozen record)
    imports: Collection[str] = (),
) -> Result:
    """The replies of one worker process to the calls, in their order.

    `source` is Python text, and `name` what its author calls the file. `imports` names packages that it may import
    beyond the standard library and NumPy. After a call that was stopped, the others are `stopped` as well.
    Raises DlcliError (E450) if the worker cannot be started, and TypeError for arguments that are no numbers.
    """
    with conversation(source, name, limits, imports) as worker:
        return Result(tuple(worker.ask(call) for call in calls), worker.containment)


@contextmanager
def conversation(
    source: str,
    name: str,
    limits: Limits = Limits(),  # noqa: B008 (a frozen record)
    imports: Collection[str] = (),
    mechanisms: Collection[str] = MECHANISMS,
) -> Iterator[Conversation]:
    """A worker for calls that depend on earlier replies; it has ended, with all it started, when the block is left.

    Limits, errors and `imports` are those of `run`; wall-clock time counts while a call is asked. `mechanisms` are what
    contains the code, all of them unless a caller must do without one.
    """
    try:
        source.encode()
    except UnicodeEncodeError:
        source = source.encode(errors="replace").decode()
    too_long = len(source) > LONGEST_SOURCE
    with ExitStack() as stack:
        try:
            process = stack.enter_context(running("" if too_long else source, name, limits, imports, mechanisms))
        except OSError as error:
            raise _not_started(str(error)) from error
        containment = _containment(process)
        if too_long:
            refused = Reply("refused", message=f"has {len(source):,} characters; {LONGEST_SOURCE:,} are allowed")
            yield Conversation(lambda call: refused, containment)
        else:
            yield Conversation(_asking(process, limits), containment)


def _not_started(why: str) -> DlcliError:
    return DlcliError(
        Diagnostic("E450", f"the process for students' code did not start: {why}", help="nothing was run or graded")
    )


def _containment(process: Process) -> Containment:
    deadline, output = time.monotonic() + START, Output(process.folder, b"\0", 2**16)
    closed: set[str] = set()
    while True:
        kind, content = _next(process, deadline)
        if kind == "printed":
            output.add(content)
        elif kind == "reply":
            try:
                return read_containment(content[0])
            except ReplyError as error:
                raise _not_started(str(error)) from error
        elif kind == "closed" and content == "printed":
            closed.add(content)
        else:
            _drain(process, output, closed)
            last = output.text().strip().rpartition("\n")[2]
            raise _not_started(last or ("it took too long" if kind == "late" else "it ended at once"))


def _next(process: Process, deadline: float, closed: Collection[str] = ()) -> tuple[str, Any]:
    """What the worker sends next; ("late", None) when the time is over. A pipe that is `closed` stays so."""
    if "replies" in closed:
        return "closed", "replies"
    try:
        return process.received.get(timeout=max(deadline - time.monotonic(), 0))
    except queue.Empty:
        return "late", None


def _asking(process: Process, limits: Limits) -> Callable[[Call], Reply]:
    spent, over = 0.0, ""  # seconds in calls; what ended the conversation
    closed: set[str] = set()

    def ask(call: Call) -> Reply:
        nonlocal spent, over
        if over:
            return Reply("stopped", message=f"was not called: an earlier call {over}")
        reply, ended = _ask(process, limits, closed, call, spent)
        spent += reply.seconds
        over = reply.message if ended else ""
        return reply

    return ask


def _ask(process: Process, limits: Limits, closed: set[str], call: Call, spent: float) -> tuple[Reply, bool]:
    """The reply to a call, and whether the worker has ended with it.

    `spent` are the seconds of earlier calls; `closed` are the pipes that the worker has closed, and grows.
    """
    nonce = secrets.token_hex(8)
    start = time.monotonic()
    deadline = start + limits.wall_seconds - spent
    output = Output(process.folder, f"\0{nonce}\0".encode(), limits.printed)
    process.send(*request(call, nonce))
    answer: Any = None  # header and body
    seconds = 0.0
    status: Status = "stopped"
    message = f"stopped after {limits.wall_seconds:g} s"
    while not (answer and ("printed" in closed or output.complete)):
        kind, content = _next(process, deadline, closed)
        if kind == "printed":
            output.add(content)
        elif kind == "reply" and answer is None:
            answer, seconds = content, time.monotonic() - start
            deadline = time.monotonic() + LAST_OUTPUT
        elif kind == "closed" and content == "printed":
            closed.add(content)
        else:
            closed |= {content} if kind == "closed" else set()
            if kind == "closed":
                _drain(process, output, closed)
                message = _ending(process.end(BY_ITSELF), limits)
            elif kind != "late":
                status, message = "unreadable", "sent bytes that are no answer"
            break
    if answer is None:
        process.end(0)
        return Reply(status, message=message, printed=output.text(), seconds=time.monotonic() - start), True
    try:
        return read_reply(answer[0], answer[1], nonce, output.text(), seconds), False
    except ReplyError as error:
        process.end(0)
        message = f"sent an answer that cannot be read: {error}"
        return Reply("unreadable", message=message, printed=output.text(), seconds=seconds), True


def _drain(process: Process, output: Output, closed: set[str]) -> None:
    """Takes the last output of a worker that answers no more."""
    deadline = time.monotonic() + LAST_OUTPUT
    while "printed" not in closed:
        kind, content = _next(process, deadline)
        if kind == "printed":
            output.add(content)
        elif kind == "closed":
            closed.add(content)
        elif kind == "late":
            break


def _ending(code: int, limits: Limits) -> str:
    """Why a worker ended, as a predicate, by its exit code."""
    if code == CPU_TIME:
        return f"stopped after {limits.cpu_seconds:g} s of CPU time"
    if code == FOLDER:
        return f"stopped: it wrote more than {limits.folder / 1e6:,.3g} MB of files"
    if code == SIGNALLED + SIGKILL:
        return "was killed by the system, most likely for want of memory"
    if code > SIGNALLED:
        return f"crashed ({_signal_name(code - SIGNALLED)})"
    if code == ASKED:
        return "closed its connection before it answered"
    if code == LEFT:
        return "left a process behind that could not be ended"
    return "ended the process before it answered"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
