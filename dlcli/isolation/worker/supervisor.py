"""The parent of the code's process: it waits for the end, ends all that is left, and removes the folder.

The exit code says how it ended (`ENDINGS`); the code under watch cannot reach this process to change it.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dlcli.isolation.worker.confinement import PR_SET_DUMPABLE, PR_SET_SUBREAPER, passing_user, prctl
from dlcli.isolation.worker.folder import folder_size, remove_folder
from dlcli.isolation.worker.frames import read_frame

# Exit codes; a signal that ended the worker is SIGNALLED + its number.
ENDED, ASKED, CPU_TIME, FOLDER, LEFT = 10, 11, 12, 13, 14
SIGNALLED = 100
WATCH = 0.1  # seconds between two looks at the folder
PATIENCE = 5.0  # seconds until killed processes must be gone
LONGEST_SETTINGS = 64 * 2**20


def main() -> None:
    """Runs a worker with the settings that come as the first message on standard input."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)  # what the code prints goes to standard error, so replies have a pipe to themselves
    os.close(null)
    first = read_frame(requests, LONGEST_SETTINGS)
    if first is None:
        return
    settings = first[0]
    if sys.platform == "win32":
        _work(requests, replies, settings, None)
    else:
        _supervise(requests, replies, settings)


def _work(requests: int, replies: int, settings: Mapping[str, Any], user: int | None) -> None:
    from dlcli.isolation.worker.session import serve

    serve(requests, replies, settings, user)


def _supervise(requests: int, replies: int, settings: Mapping[str, Any]) -> None:
    if sys.platform == "win32":
        return
    prctl(PR_SET_SUBREAPER, 1)  # orphans of the worker become children of this process
    prctl(PR_SET_DUMPABLE, 0)
    user = None
    if os.geteuid() == 0 and "user" in settings["mechanisms"]:
        user = passing_user(os.getpid())
        for path in (settings["folder"], os.path.join(settings["folder"], settings["file"])):
            os.chown(path, user, user)
    asked, ask = os.pipe()
    os.set_blocking(ask, False)
    signal.set_wakeup_fd(ask, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(asked)
            os.close(ask)
            os.setsid()
            _work(requests, replies, settings, user)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    null = os.open(os.devnull, os.O_RDWR)
    os.close(replies)
    os.dup2(null, 1)
    os.dup2(null, 2)
    code = _watch(worker, (requests, asked), settings)
    gone = _end_all(worker)
    remove_folder(settings["folder"])
    os._exit(code if gone else LEFT)


def _watch(worker: int, ends: tuple[int, int], settings: Mapping[str, Any]) -> int:
    """The exit code for how the worker ended, or for why it must."""
    if sys.platform == "win32":
        return ENDED
    limits = settings["limits"]
    poll = select.poll()
    poll.register(ends[0], 0)  # the requests: reports only that the other end is closed
    poll.register(ends[1], select.POLLIN)  # a signal
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):  # an older kernel: the end is noticed at the next look
            poll.register(os.pidfd_open(worker), select.POLLIN)
    while True:
        found, status, usage = os.wait4(worker, os.WNOHANG)
        if found:
            if os.WIFEXITED(status):
                return ENDED
            number = os.WTERMSIG(status)
            spent = usage.ru_utime + usage.ru_stime
            if number == signal.SIGXCPU or (number == signal.SIGKILL and spent >= limits["cpu_seconds"]):
                return CPU_TIME
            return SIGNALLED + number
        ending = None
        if folder_size(settings["folder"], limits["folder"]) > limits["folder"]:
            ending = FOLDER
        elif any(descriptor in ends for descriptor, _ in poll.poll(WATCH * 1000)):
            ending = ASKED
        if ending is not None:
            _signal(worker, signal.SIGKILL)
            return ending


def _end_all(worker: int) -> bool:
    """Whether no process is left of the worker and of all that it started."""
    if sys.platform == "win32":
        return False
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            _signal(-worker, number)
            for process in _descendants(os.getpid()):
                _signal(process, number)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return True
        time.sleep(0.002)
    return False


def _signal(process: int, number: int) -> None:
    with suppress(OSError):  # it is gone
        os.kill(process, number)


def _descendants(ancestor: int) -> list[int]:
    """The processes below this one, in whatever session they are; none where the system has no /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    for name in names:
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(name))
    found, waiting = [], [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
