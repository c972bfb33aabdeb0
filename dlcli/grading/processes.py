"""Chunks of work in processes of this machine, results in the order of the chunks. Knows nothing of marking."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[tuple[Item, ...]], tuple[Result, ...]]

AHEAD = 4  # chunks a process that may be finished before the one whose turn it is
GRACE = 5.0  # seconds for a process to end by itself, with all that it started


@dataclass
class _Worker(Generic[Item]):
    """A process, and the chunk that it works on."""

    process: SpawnProcess
    connection: Connection[Any, Any]
    number: int | None = None
    chunk: tuple[Item, ...] = ()


def chunked(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Tuples of `size` items, the last one shorter."""
    rest = iter(items)
    while chunk := tuple(islice(rest, size)):
        yield chunk


def in_this_process(work: Work[Item, Result], chunks: Iterable[tuple[Item, ...]]) -> Iterator[tuple[Result, ...]]:
    """The result of each chunk."""
    for chunk in chunks:
        yield work(chunk)


def in_processes(
    work: Work[Item, Result],
    chunks: Iterable[tuple[Item, ...]],
    jobs: int,
    lost: Callable[[Item, str], Result],
) -> Iterator[tuple[Result, ...]]:
    """The result of each chunk, in order, from `jobs` processes started afresh (spawn). work: can be pickled.

    When a process dies, each item of its chunk is tried by itself; of one that ends its process again, the result
    is `lost(item, how)`. The processes end when the iterator does, also by KeyboardInterrupt.
    """
    workers: list[_Worker[Item]] = []
    done: dict[int, tuple[Result, ...]] = {}
    numbered = enumerate(chunks)
    turn, last = 0, None
    try:
        while True:
            while last is None and len(workers) < jobs:
                workers.append(_start(work))
                if not _give(workers[-1], numbered):
                    last = True
            for worker in workers:
                if last is None and worker.number is None and _room(workers, done, turn, jobs):
                    last = None if _give(worker, numbered) else True
            busy = [worker for worker in workers if worker.number is not None]
            if not busy and turn not in done:
                return
            if turn not in done:
                ready = wait([worker.connection for worker in busy])
                for worker in busy:
                    if worker.connection in ready and worker.number is not None:
                        number = worker.number
                        done[number] = _taken(worker, workers, work, lost)
            while turn in done:
                yield done.pop(turn)
                turn += 1
    finally:
        _end(workers)


def _room(workers: list[_Worker[Item]], done: dict[int, Any], turn: int, jobs: int) -> bool:
    """Whether another chunk may be begun: results that wait for an earlier one take memory."""
    begun = max([*(w.number for w in workers if w.number is not None), *done, turn - 1])
    return begun - turn < AHEAD * jobs


def _give(worker: _Worker[Item], numbered: Iterator[tuple[int, tuple[Item, ...]]]) -> bool:
    """Hands the worker the next chunk; False when there is none."""
    following = next(numbered, None)
    if following is None:
        return False
    worker.number, worker.chunk = following
    with suppress(OSError):  # it died between two chunks; that is noticed when its result is taken
        worker.connection.send(worker.chunk)
    return True


def _taken(
    worker: _Worker[Item], workers: list[_Worker[Item]], work: Work[Item, Result], lost: Callable[[Item, str], Result]
) -> tuple[Result, ...]:
    """The result of the worker's chunk, whose turn to work is then over."""
    chunk = worker.chunk
    worker.number, worker.chunk = None, ()
    try:
        result: tuple[Result, ...] = worker.connection.recv()
        return result
    except (EOFError, OSError):
        workers.remove(worker)
        _end([worker])
    found: list[Result] = []
    for item in chunk:
        alone = _start(work)
        workers.append(alone)
        try:
            alone.connection.send((item,))
            found += alone.connection.recv()
        except (EOFError, OSError):
            alone.process.join(GRACE)
            found.append(lost(item, _how(alone.process.exitcode)))
        workers.remove(alone)
        _end([alone])
    return tuple(found)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _start(work: Work[Item, Result]) -> _Worker[Item]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, work), daemon=True)
    with _interrupts_held():
        process.start()
    there.close()
    return _Worker(process, here)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Interrupts wait meanwhile, and in a process that is started here until it can take them without a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection[Any, Any], work: Callable[[Any], Any]) -> None:
    """The life of a worker: chunks in, results out, until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, _interrupted)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        while True:
            connection.send(work(connection.recv()))


def _interrupted(number: int, frame: object) -> None:
    """The first interrupt ends the work with what it has started; a second one must not disturb that."""
    del number, frame
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end(workers: list[_Worker[Item]]) -> None:
    for worker in workers:
        worker.connection.close()
        if worker.number is not None and worker.process.is_alive() and worker.process.pid is not None:
            with suppress(OSError):
                if os.name == "posix":
                    os.kill(worker.process.pid, signal.SIGINT)
                else:
                    worker.process.terminate()
    for worker in workers:
        worker.process.join(GRACE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.process.close()
