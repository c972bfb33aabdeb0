"""Code that loops, floods, escapes, lies or breaks things ends as a clear result and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dlcli.isolation import Call, Limits, Reply, conversation, run
from dlcli.isolation.process import MECHANISMS
from tests.isolated import MIB, asked, nothing_left

__all__ = ["nothing_left"]
pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform != "linux", reason="what contains the code is Linux's own"),
]

NOT_PERMITTED = "[Errno 1] Operation not permitted"
DENIED = "[Errno 13] Permission denied"
SHORT = {"cpu_seconds": 1, "wall_seconds": 60.0}

STOPPED: dict[str, tuple[str, dict[str, Any], str]] = {
    "an endless loop": ("while True: pass", SHORT, "stopped after 1 s of CPU time"),
    "a loop that catches all": (
        "while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        SHORT,
        "stopped after 1 s of CPU time",
    ),
    "a loop that ignores signals": (
        "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n    while True: pass",
        SHORT,
        "stopped after 1 s of CPU time",
    ),
    "sleep": ("import time; time.sleep(60)", {"wall_seconds": 0.5}, "stopped after 0.5 s"),
    "a stopped process": ("import os, signal; os.kill(os.getpid(), 19)", {"wall_seconds": 0.5}, "stopped after 0.5 s"),
    "os._exit": ("import os; os._exit(0)", {}, "ended the process before it answered"),
    "suicide": ("import os; os.kill(os.getpid(), 9)", {}, "was killed by the system, most likely for want of memory"),
    "a crash": ("import ctypes; ctypes.string_at(0)", {}, "crashed (SIGSEGV)"),
    "abort": ("import os; os.abort()", {}, "crashed (SIGABRT)"),
    "closed pipes": ("import os; os.closerange(0, 256)", {}, "ended the process before it answered"),
    "closed pipes and a loop": ("import os, time; os.closerange(0, 256); time.sleep(60)", {}, "closed its connection"),
    "files without end": (
        "import time\n    for i in range(99): open(str(i), 'wb').write(bytes(10**6)); time.sleep(0.02)",
        {"folder": 2 * MIB},
        "stopped: it wrote more than 2.1 MB of files",
    ),
}


@pytest.mark.parametrize("case", STOPPED)
def test_stopped(case: str) -> None:
    code, limits, message = STOPPED[case]
    reply = asked(f"def f():\n    {code}\n", **limits)
    assert (reply.status, reply.values) == ("stopped", None)
    assert reply.message.startswith(message)


def test_what_was_printed_before_a_stop_is_kept() -> None:
    reply = asked("import os\ndef f():\n    print('x' * 10**5 + 'last words')\n    os._exit(3)\n", printed=MIB)
    assert reply.status == "stopped"
    assert reply.printed == "x" * 10**5 + "last words\n"


def test_calls_after_a_stop_say_which_end_the_earlier_one_took() -> None:
    source = "def f(): return 1\ndef g():\n    import os; os._exit(0)\n"
    first, second, third = run(source, "s.py", [Call("f"), Call("g"), Call("f")]).replies
    assert (first.values, second.status, third.status) == (1.0, "stopped", "stopped")
    assert third.message == "was not called: an earlier call ended the process before it answered"


RAISED = {
    "20 GB": ("import numpy as np; np.ones((50000, 50000))", "Unable to allocate 18.6 GiB"),
    "bytes without end": ("b = b'x'\n    while True: b += b", "ran out of memory in line "),
    "a fork": ("import os; os.fork()", NOT_PERMITTED),
    "a process of its own": ("import multiprocessing as m; m.Process(target=print).start()", NOT_PERMITTED),
    "a program": ("import subprocess; subprocess.run(['/bin/true'])", NOT_PERMITTED),
    "another session": ("import os; os.setsid()", NOT_PERMITTED),
    "threads without end": (
        "import threading, time\n    for i in range(99): threading.Thread(target=time.sleep, args=(9,)).start()",
        "can't start new thread",
    ),
    "a signal to all": ("import os; os.kill(-1, 9)", NOT_PERMITTED),
    "a signal to the parent": ("import os; os.kill(os.getppid(), 9)", NOT_PERMITTED),
    "a signal to its group": ("import os; os.kill(0, 9)", NOT_PERMITTED),
    "the limits of another": ("import os, resource as r; r.prlimit(os.getppid(), r.RLIMIT_CPU, (1, 1))", NOT_PERMITTED),
    "its own limits": ("import resource as r; r.setrlimit(r.RLIMIT_CPU, (99, 99))", "raised ValueError in line "),
    "a socket": ("import socket; socket.create_connection(('127.0.0.1', 80))", DENIED),
    "a datagram": ("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", DENIED),
    "a local socket": ("import socket; socket.socket(socket.AF_UNIX)", DENIED),
    "a listing of /proc": ("import os; os.listdir('/proc')", f"{DENIED}: '/proc'"),
    "its parent's environment": ("import os; open(f'/proc/{os.getppid()}/environ')", DENIED),
    "its own memory": ("open('/proc/self/mem', 'r+b')", DENIED),
    "the users": ("open('/etc/passwd')", f"{DENIED}: '/etc/passwd'"),
    "a link to the users": ("import os; os.symlink('/etc/passwd', 'x')", DENIED),
    "a large file": ("open('x', 'wb').write(bytes(2 * 10**6))", "[Errno 27] File too large"),
    "open files without end": ("[open('x', 'w') for _ in range(99)] + [0]\n    open('y')", "Too many open files"),
    "other rights": ("import os; os.chmod('.', 0)", NOT_PERMITTED),
    "root": ("import os; os.setuid(0)", NOT_PERMITTED),
}


@pytest.fixture(scope="module")
def raised() -> dict[str, Reply]:
    """For each row of RAISED, what came of a function with its code; all in one worker."""
    code = "".join(f"def f{number}():\n    {code}\n    return 1\n" for number, (code, _) in enumerate(RAISED.values()))
    limits = Limits(memory=256 * MIB, file_size=MIB, processes=8, open_files=32)
    result = run(code, "student.py", [Call(f"f{number}") for number in range(len(RAISED))], limits)
    return dict(zip(RAISED, result.replies, strict=True))


@pytest.mark.parametrize("case", RAISED)
def test_raised(case: str, raised: dict[str, Reply]) -> None:
    reply = raised[case]
    assert reply.status == "raised"
    assert RAISED[case][1] in reply.message
    assert reply.line is not None or "PermissionError" in reply.message


ON_A_FILE = {
    "read": "open(PATH).read()",
    "overwritten": "open(PATH, 'w')",
    "emptied while it is read": "os.open(PATH, os.O_RDONLY | os.O_TRUNC)",
    "emptied": "os.truncate(PATH, 0)",
    "removed": "os.unlink(PATH)",
    "renamed": "os.rename(PATH, PATH + '2')",
    "replaced": "os.rename('student.py', PATH)",
    "made another's": "os.chmod(PATH, 0o777)",
    "dated": "os.utime(PATH, (0, 0))",
    "linked": "os.link(PATH, 'x')",
    "added to": "open(PATH + '2', 'w')",
}


@pytest.mark.parametrize("without", [(), ("user",), ("landlock", "user")], ids=["all", "root", "without Landlock"])
def test_a_file_outside_can_neither_be_read_nor_changed(without: tuple[str, ...], tmp_path: Path) -> None:
    """Nor without a user of its own, or, but for reading, without Landlock."""
    paths = [tmp_path / f"{number}.yaml" for number in range(len(ON_A_FILE))]
    before = []
    for path in paths:
        path.write_text("answer: 42", encoding="utf-8")
        path.chmod(0o666)
        before.append(path.stat())
    code = [f"def f{i}(PATH={str(paths[i])!r}):\n    {how}\n    return 1\n" for i, how in enumerate(ON_A_FILE.values())]
    mechanisms = set(MECHANISMS) - set(without)
    with conversation("import os\n" + "".join(code), "student.py", mechanisms=mechanisms) as worker:
        replies = [worker.ask(Call(f"f{number}")) for number in range(len(paths))]
    for how, reply, path, state in zip(ON_A_FILE, replies, paths, before, strict=True):
        if how == "read" and "landlock" in without:
            assert reply.status == "returned"
        else:
            assert (how, reply.status) == (how, "raised")
            assert "Error in line " in reply.message
            assert "[Errno" in reply.message
        after = path.stat()
        assert path.read_text(encoding="utf-8") == "answer: 42"
        assert (state.st_mode, state.st_mtime_ns, state.st_ino) == (after.st_mode, after.st_mtime_ns, after.st_ino)
    assert sorted(tmp_path.glob("*.yaml*")) == sorted(paths)


def test_100_mb_of_output_are_read_and_cut() -> None:
    source = "def f():\n    for _ in range(100): print('x' * 10**6, end='')\n    return 1\n"
    reply = asked(source, printed=1000)
    assert (reply.status, reply.values) == ("returned", 1.0)
    assert reply.printed == "x" * 1000 + "\n… (99,999,000 more bytes)"


def test_files_in_its_own_folder_can_be_written_and_are_gone_afterwards() -> None:
    source = "def f():\n    open('a', 'w').write('1.5')\n    os.rename('a', 'b')\n    return float(open('b').read())\n"
    assert asked("import os\n" + source).values == 1.5


def test_nothing_of_this_process_is_in_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "42")
    source = """
        import os, sys
        def f():
            held = []
            for descriptor in range(0, 64):
                try: held.append(os.fstat(descriptor).st_mode)
                except OSError: pass
            loaded = [name for name in sys.modules if name.startswith(("dlcli", "sympy", "rich", "click"))]
            print(sorted(os.environ), loaded, sys.path)
            return len(held)
    """
    held = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(held, True)
    with socket.socket() as listening:
        listening.set_inheritable(True)
        reply = asked(source)
    os.close(held)
    assert reply.values == 5.0  # input, output, error, requests, replies
    assert "SECRET" not in reply.printed
    assert "[] [" in reply.printed


def test_all_limits_are_the_systems_own() -> None:
    source = """
        import resource as r
        def f():
            names = ("CPU", "AS", "FSIZE", "NOFILE", "NPROC", "CORE")
            limits = {name: r.getrlimit(getattr(r, "RLIMIT_" + name)) for name in names}
            assert all(hard - soft in (0, 1) and soft >= 0 for soft, hard in limits.values()), limits
            return {name: soft for name, (soft, hard) in limits.items()}
    """
    limits = Limits(cpu_seconds=3, file_size=12345, open_files=40, memory=512 * MIB, processes=7)
    result = run(dedent(source), "s.py", [Call("f")], limits)
    values = result.replies[0].values
    assert isinstance(values, dict)
    assert (values["FSIZE"], values["NOFILE"], values["CORE"]) == (12345, 40, 0)
    assert 3 <= values["CPU"] <= 7
    assert 512 * MIB < values["AS"] < 8192 * MIB
    assert 7 < values["NPROC"] < 100_000
