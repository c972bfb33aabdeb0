"""How a process gives up its rights, in order: the user, the limits, files, network and other processes.

Every step says whether it took hold, with a sentence where it did not; none raises.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

FIRST_FREE_USER, FREE_USERS = 61184, 4335  # numbers that systemd gives to passing users; no account has them

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 8, 36, 38
CAP_DAC_READ_SEARCH = 2
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIGKILL = 9

NO_LANDLOCK = "This system offers no Landlock: the code can read every file that {user} can read"
NO_FILTER = "This system refuses a filter of system calls: the code can start processes and signal those of {user}."
NO_NETWORK = "The network could not be closed off."
NO_LIBRARIES = "Python lies where only root can read: the code can import only what NumPy has loaded."
STILL_ROOT = "The code runs as root: the user could not be changed."


def prctl(option: int, value: int) -> bool:
    """Whether the kernel took a setting of this process; False where there is no such call."""
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        system = ctypes.CDLL(None, use_errno=True)
        return bool(system.prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def passing_user(process: int) -> int:
    """The number of a user without files and processes, another one for each process of some thousand."""
    return FIRST_FREE_USER + process % FREE_USERS


def confine(settings: Mapping[str, Any], user: int | None) -> dict[str, Any]:
    """Confines this process for good; the facts of `Containment`, as a dict.

    `settings` holds `limits`, `folder`, `readable`, `listable` and the names of the `mechanisms` to use. A process of
    root becomes `user`.
    """
    if sys.platform == "win32":
        return _facts(missing=["This system is Windows: only the wall clock and the sizes of replies are limited."])
    wanted, missing = set(settings["mechanisms"]), []
    try:
        import resource  # noqa: F401 (while the files of all these can be read)

        from dlcli.isolation.worker import landlock, seccomp
    except ImportError:
        wanted -= {"landlock", "seccomp", "namespace"}  # this Python has no ctypes
    tasks, namespace = _counted(user), 0
    if "namespace" in wanted and not ("seccomp" in wanted and seccomp.is_known()):
        namespace = _leave_network()
        tasks = 1 if namespace & CLONE_NEWUSER else tasks  # users' processes are counted anew in such a namespace
    changed = "user" in wanted and user is not None and _change_user(user, [*settings["readable"], settings["folder"]])
    is_user = os.geteuid() != 0
    if not is_user:
        missing.append(STILL_ROOT)
    account = "everyone" if changed else "this account" if is_user else "root"
    prctl(PR_SET_PDEATHSIG, SIGKILL)
    prctl(PR_SET_DUMPABLE, 0)
    limited = "limits" in wanted and _limit(settings["limits"], tasks if is_user else None, missing)
    confined = filtered = False
    if prctl(PR_SET_NO_NEW_PRIVS, 1):
        if "landlock" in wanted:
            confined = bool(landlock.restrict(settings["readable"], settings["listable"], "."))
        if "seccomp" in wanted:
            filtered = seccomp.restrict(read_only=not confined)
    if changed and not confined:
        _keep_capabilities(0)
        if not all(_is_reachable(path) for path in settings["readable"]):
            missing.append(NO_LIBRARIES)
    if not confined:
        missing.append(NO_LANDLOCK.format(user=account) + ("." if filtered else ", and change what it can change."))
    if not filtered:
        missing.append(NO_FILTER.format(user=account))
    if not (filtered or namespace):
        missing.append(NO_NETWORK)
    return _facts(confined, bool(filtered or namespace), filtered, is_user, limited, missing)


def _facts(
    files: bool = False,
    network: bool = False,
    processes: bool = False,
    user: bool = False,
    limits: bool = False,
    missing: list[str] | None = None,
) -> dict[str, Any]:
    known = {"files": files, "network": network, "processes": processes, "user": user, "limits": limits}
    return known | {"missing": missing or []}


def _change_user(user: int, libraries: list[str]) -> bool:
    """Whether root became `user`, who can still read the libraries; the right to that is kept where it needs one."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return False
    try:
        prctl(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    except (OSError, AttributeError):
        return False
    finally:
        prctl(PR_SET_KEEPCAPS, 0)
    reachable = all(_is_reachable(path) for path in libraries)
    _keep_capabilities(0 if reachable else 1 << CAP_DAC_READ_SEARCH)
    return True


def _is_reachable(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _keep_capabilities(bits: int) -> None:
    """Gives up all capabilities but these."""
    if sys.platform != "linux":
        return
    try:
        import ctypes
        import struct

        header = struct.pack("=Ii", 0x20080522, 0)  # version 3, this thread
        data = struct.pack("=6I", bits, bits, 0, 0, 0, 0)
        ctypes.CDLL(None, use_errno=True).capset(header, data)
    except (ImportError, OSError, AttributeError):
        return


def _limit(limits: Mapping[str, Any], tasks: int | None, missing: list[str]) -> bool:
    """Whether all of the system's limits are set, for whatever this process and its children do from now on.

    `tasks` are the processes and threads that the system already counts for this user, None where it counts none.
    """
    if sys.platform == "win32":
        return False
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(usage.ru_utime + usage.ru_stime + limits["cpu_seconds"])
    size = _address_space()
    wanted = {
        "CPU time": ("RLIMIT_CPU", seconds),
        "memory": ("RLIMIT_AS", None if size is None else size + limits["memory"]),
        "size of a file": ("RLIMIT_FSIZE", limits["file_size"]),
        "open files": ("RLIMIT_NOFILE", limits["open_files"]),
        "processes": ("RLIMIT_NPROC", None if tasks is None else tasks + 1 + limits["processes"]),
        "core files": ("RLIMIT_CORE", 0),
    }
    unset = []
    for what, (name, value) in wanted.items():
        try:
            if value is None:
                raise OSError
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            after = value + 1 if name == "RLIMIT_CPU" and hard == resource.RLIM_INFINITY else value
            resource.setrlimit(kind, (value, after))
        except (OSError, ValueError, AttributeError):
            unset.append(what)
    if unset:
        missing.append(f"Not limited by this system: {', '.join(unset)}.")
    return not unset


def _address_space() -> int | None:
    """The bytes of address space that this process has now, None where the system does not tell."""
    if sys.platform == "win32":
        return None
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * int(os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, AttributeError):
        return None


def _counted(user: int | None) -> int | None:
    """The processes and threads that count against the limit of the user whom the code will run as.

    That is none for a passing `user`; None where there is no limit, as for root, or the system does not tell.
    """
    if sys.platform == "win32" or os.geteuid() == 0:
        return None if user is None else 0
    total, own = 0, os.getuid()
    try:
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):  # it has ended
                if os.stat(f"/proc/{name}").st_uid == own:
                    total += len(os.listdir(f"/proc/{name}/task"))
    except OSError:
        return None
    return max(total, 1)


def _leave_network() -> int:
    """The kinds of namespace that this process made for itself so as to have a network without any device, or 0.

    Root needs no other user for that, and would only seem to become one.
    """
    if sys.platform == "win32":
        return 0
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET
    try:
        import ctypes

        return flags if ctypes.CDLL(None, use_errno=True).unshare(ctypes.c_int(flags)) == 0 else 0
    except (ImportError, OSError, AttributeError):
        return 0
