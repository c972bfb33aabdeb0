"""A file of code checked by itself: `backward` against differences of its own `loss`, at the arguments of `example`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from dlcli.errors import UsageError
from dlcli.gradient_check import check_gradients
from dlcli.isolation import Argument, Call, Conversation, Limits, Reply, arguments_from, conversation
from dlcli.ops.operation import Array
from dlcli.student_code.records import CodeCheck, CodePoint
from dlcli.student_code.target import Target

WHERE = "the arguments of example()"
LIMITS = Limits(cpu_seconds=60.0, wall_seconds=120.0)


class _CallError(Exception):
    """A call of the student's function gave no number; the text says why."""


def check_alone(target: Target, source: str, *, limits: Limits = LIMITS, imports: Collection[str] = ()) -> CodeCheck:
    """The verdict on the gradients that `backward(**parameters)` returns, by name, of `loss(**parameters)`.

    The parameters are what `example()` returns, a dict of arrays and numbers; those that `backward` returns no
    gradient for are held fixed. All three run in one worker, one call a difference.
    """
    with conversation(source, target.path, limits, imports) as worker:
        check = CodeCheck(target.called, "backward", None, (), containment=worker.containment)
        example = worker.ask(Call("example", {}))
        printed = example.printed
        try:
            arguments = arguments_from(example)
        except ValueError as error:
            message = f"example() {error}"
            if example.status == "refused":
                message += "; a file that is checked without a homework has example(), loss(…) and backward(…)"
            return replace(check, stopped=message, printed=printed)
        reply = worker.ask(Call("backward", arguments))
        point = _compared(worker, arguments, reply)
    return replace(check, points=(point,), printed=printed + reply.printed)


def _compared(worker: Conversation, arguments: Mapping[str, Argument], reply: Reply) -> CodePoint:
    if reply.status != "returned":
        return CodePoint(WHERE, (f"backward {reply.message}",))
    if not isinstance(reply.values, Mapping):
        return CodePoint(WHERE, ("backward returns a dict from each parameter's name to its gradient",))
    problems = [
        f"backward returned a gradient for `{name}`, which is no parameter of example()"
        for name in reply.values
        if name not in arguments
    ]
    gradients = {
        name: np.asarray(value) for name, value in reply.values.items() if name in arguments and value is not None
    }
    moving = {name: _floats(arguments[name]) for name in gradients}
    fixed = {name: value for name, value in arguments.items() if name not in gradients}
    if not gradients:
        return CodePoint(WHERE, (*problems, "backward returned no gradient of a parameter"))
    stopped: list[str] = []

    def loss(x: Mapping[str, Array]) -> float:
        scalars = {name: float(value) if np.ndim(value) == 0 else value for name, value in x.items()}
        return _loss(worker, {**fixed, **scalars}, stopped)

    try:
        check = check_gradients(loss, gradients, moving)
    except _CallError as error:
        return CodePoint(WHERE, (*problems, f"loss {error}"))
    except UsageError as error:
        return CodePoint(WHERE, (*problems, error.diagnostics[0].message))
    if stopped:
        return CodePoint(WHERE, (*problems, f"loss {stopped[0]}, beside the arguments of example()"))
    return CodePoint(WHERE, tuple(problems), check.notes, check.comparison)


def _floats(value: Argument) -> Array:
    return np.asarray(value, dtype=np.float64)


def _loss(worker: Conversation, arguments: Mapping[str, Argument], stopped: list[str]) -> float:
    """The student's loss. Raises _CallError where it gives no number; why it was stopped is added to `stopped`."""
    if stopped:
        raise _CallError(stopped[0])
    reply = worker.ask(Call("loss", arguments))
    if reply.status in ("stopped", "unreadable"):
        stopped.append(reply.message)
    if reply.status != "returned":
        raise _CallError(reply.message)
    value = reply.values["loss"] if isinstance(reply.values, Mapping) and "loss" in reply.values else reply.values
    if value is None or isinstance(value, Mapping | tuple) or np.size(value) != 1:
        raise _CallError("returned no single number")
    return float(np.asarray(value).reshape(()))
