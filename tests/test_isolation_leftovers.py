"""No process, folder, file descriptor or thread is left, however the code, the worker or dlcli itself ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from dlcli.errors import DlcliError
from dlcli.isolation import Call, Limits, conversation, process, run
from dlcli.isolation.worker.folder import folder_size, remove_folder
from tests.isolated import asked, nothing_left, processes_of, within

__all__ = ["nothing_left"]
pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

HALF_CONFINED = ("seccomp", "landlock")  # without these, code can start processes

CHILDREN = {
    "a child that stays": "if os.fork() == 0: time.sleep(60); os._exit(0)",
    "an orphan": "if os.fork() == 0:\n        if os.fork(): os._exit(0)\n        time.sleep(60)\n    os.wait()",
    "an orphan in a session of its own": (
        "if os.fork() == 0:\n        os.setsid()\n        if os.fork(): os._exit(0)\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN); os.closerange(0, 64); time.sleep(60)\n    os.wait()"
    ),
    "a program": (
        "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], start_new_session=True)"
    ),
    "forks within a bound": "for _ in range(5): os.fork()\n    time.sleep(0.05)",
    "a copy that goes on": "os.fork()",
}


@pytest.mark.parametrize("case", CHILDREN)
def test_no_child_outlives_its_worker_where_the_system_cannot_refuse_it(case: str) -> None:
    source = f"import os, signal, subprocess, sys, time\ndef f():\n    {CHILDREN[case]}\n    return 1.0\n"
    reply = asked(source, without=(*HALF_CONFINED, "user"), processes=64)
    assert (reply.status, reply.values) == ("returned", 1.0)


def test_the_number_of_processes_is_limited_where_the_system_cannot_refuse_them() -> None:
    source = "import os, time\ndef f():\n    for _ in range(40):\n        if os.fork() == 0: time.sleep(60)\n"
    reply = asked(source, without=HALF_CONFINED, processes=10)
    assert reply.message == "raised BlockingIOError in line 4: [Errno 11] Resource temporarily unavailable"


def test_code_that_kills_its_supervisor_is_stopped_all_the_same() -> None:
    source = "import os, time\ndef f():\n    os.kill(os.getppid(), 9)\n    time.sleep(60)\n"
    reply = asked(source, without=(*HALF_CONFINED, "user"), wall_seconds=2.0)
    assert reply.status == "stopped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_dlcli_is_the_end_of_its_worker(number: signal.Signals, tmp_path: Path) -> None:
    marker, folders = f"DLCLI_WORKER_{os.getpid()}_{tmp_path.name}", tmp_path / "killed"
    folders.mkdir()
    source = "def f():\\n    open('begun', 'w')\\n    while True: pass\\n"
    script = f"""
        import tempfile
        from dlcli.isolation import Call, Limits, process, run
        process.MARKER, tempfile.tempdir = {marker!r}, {str(folders)!r}
        run("{source}", "s.py", [Call("f")], Limits(cpu_seconds=60, wall_seconds=60))
    """
    started = subprocess.Popen([sys.executable, "-c", dedent(script)], stderr=subprocess.PIPE)
    assert within(30, lambda: any(folders.glob("*/begun")))
    assert len(processes_of(marker)) == 2  # the supervisor and the worker
    started.send_signal(number)
    _, errors = started.communicate(timeout=30)
    assert (b"KeyboardInterrupt" in errors) == (number == signal.SIGINT)
    assert within(10, lambda: processes_of(marker) == [])
    assert within(10, lambda: list(folders.iterdir()) == [])


def test_an_exception_between_two_calls_ends_the_worker() -> None:
    def interrupted() -> None:
        with conversation("def f(): return 1\n", "s.py") as worker:
            worker.ask(Call("f"))
            raise OSError("the caller's own")

    with pytest.raises(OSError, match="the caller's own"):
        interrupted()


def test_many_workers_leak_neither_descriptors_nor_threads() -> None:
    run("def f(): return 1\n", "s.py", [Call("f")])
    before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for ending in ("return 1", "import os; os._exit(1)", "open('x', 'w').write('x')", "import os; os.close(3)") * 4:
        asked(f"def f():\n    {ending}\n")
    assert len(os.listdir("/proc/self/fd")) == before
    assert threading.active_count() == threads


def test_a_large_argument_that_is_never_read_holds_nothing_up() -> None:
    import numpy as np

    source = "import os, time\ndef f(): return 1\ndef g():\n    time.sleep(60)\n"
    with conversation(source, "s.py", Limits(wall_seconds=1.0)) as worker:
        assert worker.ask(Call("g")).message == "stopped after 1 s"
    stopped = "import os\nos.kill(os.getpid(), 19)\n"
    with conversation(stopped, "s.py", Limits(wall_seconds=1.0)) as worker:
        assert worker.ask(Call("f", {"x": np.zeros(10**6)})).message == "stopped after 1 s"


def test_wall_clock_time_is_that_of_all_calls_together() -> None:
    source = "import time\ndef f():\n    time.sleep(0.4)\n    return 1\n"
    replies = run(source, "s.py", [Call("f")] * 4, Limits(wall_seconds=1.0)).replies
    assert [reply.status for reply in replies][:1] == ["returned"]
    assert replies[-1].status == "stopped"
    assert sum(reply.seconds for reply in replies) >= 1.0


@pytest.mark.parametrize(
    ("interpreter", "why"),
    [("/bin/false", "it ended at once"), ("/no/such/python", "No such file"), ("/bin/ls", "Try .*help")],
)
def test_an_interpreter_that_does_not_start_is_an_error_and_no_verdict(
    interpreter: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.sys, "executable", interpreter)
    with pytest.raises(DlcliError, match=f"E450: the process for students' code did not start: .*{why}"):
        run("def f(): return 1\n", "s.py", [Call("f")])


def deep(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def closed(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_bytes(bytes(10_000))
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)


def links(folder: Path) -> None:
    (folder / "up").symlink_to("..")
    (folder / "nowhere").symlink_to("/no/such")
    os.mkfifo(folder / "pipe")


@pytest.mark.parametrize("fill", [deep, closed, links])
def test_a_folder_is_removed_whatever_it_holds(fill: Callable[[Path], None]) -> None:
    folder = Path(tempfile.mkdtemp())
    kept = folder.parent / "kept"
    kept.write_text("x", encoding="utf-8")
    fill(folder)
    assert remove_folder(str(folder))
    assert not folder.exists()
    assert kept.exists()
    kept.unlink()
    assert remove_folder(str(folder))


def test_the_size_of_a_folder_is_counted_no_further_than_needed(tmp_path: Path) -> None:
    folder = tmp_path / "sized"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "file").write_bytes(bytes(50_000))
    assert folder_size(str(folder), 10**6) == 50_000 + 2 * 4096
    assert folder_size(str(folder), 10) == 4096
    assert folder_size(str(tmp_path / "none"), 10) == 0
