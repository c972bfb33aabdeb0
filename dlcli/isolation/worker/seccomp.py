"""A filter of system calls: no sockets, programs, processes, signals to others, or changes of files' attributes.

Linux on x86-64 and 64-bit ARM (https://docs.kernel.org/userspace-api/seccomp_filter.html). What is not listed is
allowed: a list of what may be called would break with every release of the C library.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

# The numbers on x86-64 and on 64-bit ARM; -1 where a system has no such call.
REFUSED: dict[str, tuple[int, int]] = {
    "socket": (41, 198), "fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "setsid": (112, 157), "setpgid": (109, 154), "setpriority": (141, 140), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "ioprio_set": (251, 30),
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "acct": (163, 89),
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54),
    "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466),
    "file_setattr": (469, 469), "truncate": (76, 45),
}  # fmt: skip
ABSENT = {"clone3": (435, 435), "openat2": (437, 437)}  # their flags lie in memory; the C library has other ways
CHANGES_OF_FILES = {
    "creat": (85, -1), "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1), "symlinkat": (266, 36),
    "unlink": (87, -1), "unlinkat": (263, 35), "rename": (82, -1), "renameat": (264, 38), "renameat2": (316, 276),
    "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "mknod": (133, -1), "mknodat": (259, 33),
}  # fmt: skip
OWN_PROCESS_ONLY = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261), "sched_setaffinity": (203, 122)}
CLONE, OPEN, OPENAT, SECCOMP = (56, 220), (2, -1), (257, 56), (317, 277)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

LOAD, AND, EQUAL, ANY_BIT, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x45, 0x35, 0x06  # of the BPF machine
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
CLONE_THREAD = 0x00010000
ACCESS_MODE, CREATE, EMPTY = 0o3, 0o100, 0o1000  # flags of open
Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


def _argument(position: int) -> Instruction:
    """Loads the low half of an argument; both architectures are little-endian."""
    return (LOAD, 0, 0, 16 + 8 * position)


def _answer(number: int) -> Instruction:
    return (RETURN, 0, 0, ERRNO | number if number else ALLOW)


def program(column: int, architecture: int, process: int, read_only: bool) -> list[Instruction]:
    """The filter for one architecture and the process with the number `process`.

    `read_only` refuses every change of a file as well, for kernels that cannot confine changes to a folder.
    """
    refused = _answer(errno.EPERM), _answer(errno.EACCES)
    blocks: list[tuple[tuple[int, int], list[Instruction]]] = []
    names = REFUSED | CHANGES_OF_FILES if read_only else REFUSED
    blocks += [(numbers, [refused[name == "socket"]]) for name, numbers in names.items()]
    blocks += [(numbers, [_answer(errno.ENOSYS)]) for numbers in ABSENT.values()]
    blocks += [
        (numbers, [_argument(0), (EQUAL, 2, 0, process), (EQUAL, 1, 0, 0), refused[0], _answer(0)])
        for name, numbers in OWN_PROCESS_ONLY.items()
        if name.startswith(("prlimit", "sched"))  # there, 0 is the caller; of kill it is the caller's group
    ]
    blocks += [
        (numbers, [_argument(0), (EQUAL, 1, 0, process), refused[0], _answer(0)])
        for name, numbers in OWN_PROCESS_ONLY.items()
        if name.endswith("kill")
    ]
    blocks.append((CLONE, [_argument(0), (ANY_BIT, 1, 0, CLONE_THREAD), refused[0], _answer(0)]))
    for numbers, position in ((OPEN, 1), (OPENAT, 2)):
        if read_only:
            flags = [_argument(position), (ANY_BIT, 0, 1, ACCESS_MODE | CREATE | EMPTY), refused[1], _answer(0)]
        else:  # reading and emptying a file at once needs no right to write it before version 3 of Landlock
            flags = [
                _argument(position),
                (AND, 0, 0, ACCESS_MODE | EMPTY),
                (EQUAL, 0, 1, EMPTY),
                refused[1],
                _answer(0),
            ]
        blocks.append((numbers, flags))
    instructions: list[Instruction] = [
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),
    ]
    if column == 0:
        instructions += [(AT_LEAST, 0, 1, 0x40000000), _answer(errno.ENOSYS)]  # the x32 numbers
    for numbers, body in blocks:
        if numbers[column] >= 0:
            instructions += [(EQUAL, 0, len(body), numbers[column]), *body]
    return [*instructions, _answer(0)]


def is_known() -> bool:
    """Whether there is a filter for this machine, and the kernel takes filters."""
    if sys.platform != "linux":
        return False
    known = os.uname().machine in ARCHITECTURES and sys.maxsize > 2**32
    return known and os.path.exists("/proc/sys/kernel/seccomp/actions_avail")


def restrict(read_only: bool) -> bool:
    """Whether the filter is in force, for all threads of this process and for good. Needs no_new_privs."""
    if sys.platform != "linux" or not is_known():
        return False
    column, architecture = ARCHITECTURES[os.uname().machine]
    instructions = program(column, architecture, os.getpid(), read_only)
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    held = ctypes.create_string_buffer(packed, len(packed))
    description = struct.pack("@HP", len(instructions), ctypes.addressof(held))
    set_mode_filter, all_threads = ctypes.c_uint(1), ctypes.c_uint(1)
    system = ctypes.CDLL(None, use_errno=True)
    return bool(system.syscall(ctypes.c_long(SECCOMP[column]), set_mode_filter, all_threads, description) == 0)
