"""A worker process from start to end: its interpreter, environment, folder and pipes. Knows nothing of calls."""

from __future__ import annotations

import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dlcli.isolation.calls import Limits
from dlcli.isolation.libraries import libraries, package_folders
from dlcli.isolation.worker import supervisor
from dlcli.isolation.worker.folder import remove_folder
from dlcli.isolation.worker.frames import FrameError, read_frame, write_frame

MARKER = "DLCLI_WORKER"
MECHANISMS = ("user", "limits", "landlock", "seccomp", "namespace")
GRACE = 10.0  # seconds for a supervisor to end everything
WAITING = 64  # messages and pieces of output that may wait to be read

# As -I, but with the hash seed of the environment: the same code gives the same output in every run.
FLAGS = ("-P", "-s", "-S", "-B", "-u", "-X", "utf8")

# Packages of these names exist in the worker, but hold nothing except the worker's own modules.
BOOTSTRAP = """
import sys, types
for name in ("dlcli", "dlcli.isolation", "dlcli.isolation.worker"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [sys.argv[1]] if name.endswith("worker") else []
sys.path += sys.argv[3:]
from dlcli.isolation.worker.supervisor import main
main()
"""


@dataclass(frozen=True)
class Process:
    """A running worker.

    `received` yields ("reply", message), ("garbled", why), ("printed", bytes), and ("closed", name) at the end of each
    of the pipes `replies` and `printed`. `end(patience)` waits so many seconds for it to end by itself, ends it with
    all that it started, and returns the exit code: see `worker.supervisor`.
    """

    folder: str
    received: queue.Queue[tuple[str, Any]]
    send: Callable[[dict[str, Any], bytes], None]
    end: Callable[[float], int]


@contextmanager
def running(
    text: str, name: str, limits: Limits, imports: Collection[str], mechanisms: Collection[str]
) -> Iterator[Process]:
    """A worker that has the text; when the block is left, however that is, no process and no folder of it remains.

    Raises OSError when the system starts no process.
    """
    folder = os.path.realpath(tempfile.mkdtemp(prefix="dlcli-"))
    try:
        file = file_name(name)
        Path(folder, file).write_text(text, encoding="utf-8", newline="\n")
        marker = f"{MARKER}={secrets.token_hex(8)}"
        packages = package_folders(imports)
        started = subprocess.Popen(
            [sys.executable, *FLAGS, "-c", BOOTSTRAP, str(Path(supervisor.__file__).parent), marker, *packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=folder,
            env=environment(folder),
            start_new_session=True,
        )
        received: queue.Queue[tuple[str, Any]] = queue.Queue(WAITING)
        threads: list[threading.Thread] = []
        codes: list[int] = []

        def send(header: dict[str, Any], body: bytes) -> None:
            threads.append(_writing(started, header, body))

        def end(patience: float) -> int:
            if not codes:
                codes.append(_end(started, threads, received, marker, patience))
            return codes[0]

        try:
            threads += _reading(started, received, limits.reply)
            readable, listable = libraries(packages, imports)
            settings: dict[str, Any] = {
                "text": text,
                "file": file,
                "folder": folder,
                "limits": asdict(limits),
                "imports": sorted({name.partition(".")[0] for name in imports}),
                "readable": readable,
                "listable": listable,
                "mechanisms": sorted(mechanisms),
            }
            send(settings, b"")
            yield Process(folder, received, send, end)
        finally:
            end(0)
    finally:
        remove_folder(folder)


def file_name(name: str) -> str:
    """The name that the source has inside: its own where that is an ordinary one, `answer.py` otherwise."""
    own = name.replace("\\", "/").rpartition("/")[2]
    ordinary = own.endswith(".py") and own[:-3].replace("_", "").replace("-", "").isalnum() and own.isascii()
    return own if ordinary and len(own) < 100 else "answer.py"


def environment(folder: str) -> dict[str, str]:
    """The worker's whole environment: nothing of this process's own but where the system's libraries lie."""
    kept = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    counts = ("OPENBLAS_NUM", "OMP_NUM", "MKL_NUM", "BLIS_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM")
    return (
        {name: os.environ[name] for name in kept if name in os.environ}
        | {f"{library}_THREADS": "1" for library in counts}
        | dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), folder)
        | {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    )


def _writing(started: subprocess.Popen[bytes], header: dict[str, Any], body: bytes) -> threading.Thread:
    """A thread that writes a message: a worker that reads nothing must not hold up this process."""
    assert started.stdin is not None
    descriptor = started.stdin.fileno()

    def write() -> None:
        with suppress(OSError):  # the worker is gone, which the other pipes tell as well
            write_frame(descriptor, header, body)

    thread = threading.Thread(target=write, daemon=True, name="dlcli-worker-requests")
    thread.start()
    return thread


def _reading(
    started: subprocess.Popen[bytes], received: queue.Queue[tuple[str, Any]], longest: int
) -> list[threading.Thread]:
    """A thread for each pipe: not every system can wait for several pipes together."""
    assert started.stdout is not None
    assert started.stderr is not None
    replies, printed = started.stdout.fileno(), started.stderr.fileno()

    def read_replies() -> None:
        try:
            while (frame := read_frame(replies, longest)) is not None:
                received.put(("reply", frame))
        except (FrameError, OSError, MemoryError) as error:
            received.put(("garbled", str(error)))
        received.put(("closed", "replies"))

    def read_printed() -> None:
        with suppress(OSError):
            while part := os.read(printed, 2**16):
                received.put(("printed", part))
        received.put(("closed", "printed"))

    threads = [threading.Thread(target=read, daemon=True, name="dlcli-worker") for read in (read_replies, read_printed)]
    for thread in threads:
        thread.start()
    return threads


def _end(
    started: subprocess.Popen[bytes],
    threads: Sequence[threading.Thread],
    received: queue.Queue[tuple[str, Any]],
    marker: str,
    patience: float,
) -> int:
    """Ends the worker and all that it started; the exit code."""
    if patience:
        with suppress(subprocess.TimeoutExpired):
            started.wait(patience)
    if started.poll() is None:
        started.terminate()  # asks a supervisor to clear up; without one, this is the end of the worker
        with suppress(subprocess.TimeoutExpired):
            started.wait(GRACE)
    if started.poll() is None or started.returncode < 0 or started.returncode == supervisor.LEFT:
        _sweep(marker)
        started.kill()
        started.wait()
    deadline = time.monotonic() + GRACE
    while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
        with suppress(queue.Empty):
            received.get(timeout=0.01)
    for pipe in (started.stdin, started.stdout, started.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    return started.returncode


def _sweep(marker: str) -> None:
    """Kills what still bears the marker, for the case that the code ended its supervisor."""
    if sys.platform == "win32":
        return
    for _ in range(3):  # what was being started at the first look is found at the next
        for process in processes_with(marker):
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)


def processes_with(marker: str) -> list[int]:
    """The processes whose command line has this argument; none where the system has no /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if marker.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found
