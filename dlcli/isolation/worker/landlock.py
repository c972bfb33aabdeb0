"""Landlock: which files a Linux process may still reach (https://docs.kernel.org/userspace-api/landlock.html)."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
VERSION_FLAG, PATH_BENEATH = 1, 1

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8, 1 << 14
OF_FILES = 1 << 0 | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15
RIGHTS_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP = 0b11  # bind and connect, from version 4
SCOPES = 0b11  # abstract Unix sockets and signals, from version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments))


def version() -> int:
    """The version of the kernel's Landlock interface, 0 if there is none."""
    return max(_call(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_FLAG)), 0)


def restrict(readable: Iterable[str], listable: Iterable[str], writable: str) -> int:
    """Confines this thread and its later children for good; the version in force, 0 if the kernel refuses.

    `readable` files and folders may be read, `listable` folders listed; in the folder `writable` files may be made,
    changed and removed. Nothing may be executed. Needs no_new_privs. Paths that do not exist are passed over.
    """
    found = version()
    if not found:
        return 0
    rights = RIGHTS_BY_VERSION[max(known for known in RIGHTS_BY_VERSION if known <= found)]
    rules = _Ruleset(rights, TCP, SCOPES)
    size = 8 if found < 4 else 16 if found < 6 else 24
    ruleset = _call(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return 0
    try:
        for path in readable:
            _allow(ruleset, path, (READ_FILE | READ_DIR) & rights)
        for path in listable:
            _allow(ruleset, path, READ_DIR & rights)
        _allow(ruleset, os.devnull, (READ_FILE | WRITE_FILE) & rights)
        _allow(ruleset, writable, (READ_FILE | READ_DIR | WRITE_FILE | MAKE_REG | REMOVE_FILE | TRUNCATE) & rights)
        return found if _call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0 else 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    if sys.platform != "linux":
        return
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if os.path.isdir(path) else rights & OF_FILES
        rule = _PathBeneath(allowed, place)
        _call(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(place)
