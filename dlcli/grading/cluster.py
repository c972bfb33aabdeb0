"""Chunks of work on a Dask cluster, results in the order of the chunks. Needs the extra `cluster`."""

from __future__ import annotations

import logging
import re
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dlcli.errors import Diagnostic, UsageError
from dlcli.grading.processes import Item, Result, Work

AHEAD = 4  # chunks a thread of the cluster that are on their way
PATIENCE = 20.0  # seconds for the scheduler to answer


def on_cluster(
    work: Work[Item, Result],
    chunks: Iterable[tuple[Item, ...]],
    address: str,
    lost: Callable[[Item, str], Result],
    versions: Callable[[], Mapping[str, str]],
) -> Iterator[tuple[Result, ...]]:
    """The result of each chunk, in order, from the workers of a scheduler (`tcp://host:8786`).

    The work of a worker that goes away is done by another one. Of an item that ends several workers the result is
    `lost(item, how)`. versions: asked of each worker and compared with this process, because other versions may
    mark otherwise. Raises UsageError (E426).
    """
    try:
        import distributed
    except ImportError:
        message = "--cluster needs the package distributed (Dask), which is not installed"
        raise UsageError(Diagnostic("E426", message, help="pip install 'dlcli[cluster]'")) from None
    _reached(address)
    for name in ("distributed.client", "distributed.scheduler", "distributed.core"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # dlcli says itself what is wrong
    connect: Any = distributed.Client
    try:
        client = connect(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise _silent(address, error) from None
    try:
        threads = _threads(client, address, versions)
        yield from _in_order(client, work, chunks, AHEAD * threads, lost, distributed.KilledWorker)
    finally:
        client.close(timeout=PATIENCE)


def _reached(address: str) -> None:
    """Raises UsageError where nobody listens: Dask itself tries for a long time."""
    host = re.fullmatch(r"(?:(?:tcp|tls)://)?\[?([^\[\]/]+?)\]?:([0-9]{1,5})/?", address)
    try:
        if host is None:
            raise ValueError("an address is tcp://host:port")
        socket.create_connection((host[1], int(host[2])), PATIENCE).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _silent(address, error) from None


def _silent(address: str, error: Exception) -> UsageError:
    why = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0][:200]
    message = f"no Dask scheduler answers at `{address}`: {why}"
    return UsageError(Diagnostic("E426", message, help="give the address that `dask scheduler` prints"))


def _threads(client: Any, address: str, versions: Callable[[], Mapping[str, str]]) -> int:
    """Threads of all workers. Raises UsageError where there are none, or some with other versions."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        message = f"the cluster at `{address}` has no workers"
        raise UsageError(Diagnostic("E426", message, help=f"start some: dask worker {address}"))
    own = versions()
    try:
        found = client.run(versions, on_error="return")
    except Exception as error:  # whatever a worker of another version makes of the question
        found = {address: error}
    for worker, theirs in found.items():
        if theirs != own:
            said = f"it answers {theirs}" if isinstance(theirs, Exception) else f"it has {_listed(theirs)}"
            message = f"the worker {worker} does not have the programs of this one: {said[:300]}"
            raise UsageError(Diagnostic("E426", message, help=f"install {_listed(own)} there"))
    return sum(worker["nthreads"] for worker in workers.values())


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _in_order(
    client: Any,
    work: Work[Item, Result],
    chunks: Iterable[tuple[Item, ...]],
    ahead: int,
    lost: Callable[[Item, str], Result],
    killed: type[Exception],
) -> Iterator[tuple[Result, ...]]:
    def taken(chunk: tuple[Item, ...], future: Any) -> tuple[Result, ...]:
        try:
            result: tuple[Result, ...] = future.result()
        except killed:
            if len(chunk) == 1:
                return (lost(chunk[0], "ended several workers of the cluster"),)
            alone = [client.submit(work, (item,), pure=False) for item in chunk]
            return tuple(r for item, f in zip(chunk, alone, strict=True) for r in taken((item,), f))
        return result

    on_their_way: deque[tuple[tuple[Item, ...], Any]] = deque()
    for chunk in chunks:
        on_their_way.append((chunk, client.submit(work, chunk, pure=False)))
        if len(on_their_way) >= ahead:
            yield taken(*on_their_way.popleft())
    while on_their_way:
        yield taken(*on_their_way.popleft())
