"""A class on a Dask cluster: a real scheduler, two workers, one of them killed half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dlcli.errors import UsageError
from tests.test_grade_class_run import class_csv, command, environment

PATIENCE = 60.0


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address, and its workers."""

    address: str
    workers: tuple[subprocess.Popen[bytes], ...]


def dask(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environment(OMP_NUM_THREADS="1"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    file = tmp_path / "scheduler.json"
    own = ["--scheduler-file", str(file)]
    started = [dask("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *own)]
    try:
        deadline = time.monotonic() + PATIENCE
        while not (file.exists() and file.read_text()):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        folder = ["--local-directory", str(tmp_path / "dask")]
        quiet = ["--no-nanny", "--no-dashboard", "--nthreads", "1"]
        started += [dask("distributed.cli.dask_worker", *own, *folder, *quiet, "--name", f"w{k}") for k in range(2)]
        address = json.loads(file.read_text())["address"]
        while workers(address) < 2:
            assert time.monotonic() < deadline, "the workers did not start"
        yield Cluster(address, tuple(started[1:]))
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def workers(address: str) -> int:
    """How many workers the scheduler has."""
    script = (
        "import sys, distributed; client = distributed.Client(sys.argv[1], timeout=30)\n"
        "print(len(client.scheduler_info(n_workers=-1)['workers']))"
    )
    done = subprocess.run([sys.executable, "-c", script, address], env=environment(), capture_output=True, check=False)
    return int(done.stdout or 0)


def test_marks_are_those_of_one_process_though_a_worker_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    homework, answers = class_csv(tmp_path, 400)
    here, there = tmp_path / "here.json", tmp_path / "there.json"
    subprocess.run(
        command("grade", homework, answers, "-o", here, "--jobs", 1, "--exit-zero", "--quiet"),
        env=environment(),
        check=True,
    )
    journal = tmp_path / "there.json.journal"
    arguments = command("grade", homework, answers, "-o", there, "--cluster", cluster.address, "--exit-zero", "--quiet")
    process = subprocess.Popen(arguments, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not (journal.exists() and journal.stat().st_size > here.stat().st_size // 4):
        time.sleep(0.001)
    assert process.poll() is None, process.communicate()
    cluster.workers[0].send_signal(signal.SIGKILL)
    printed, told = process.communicate(timeout=2 * PATIENCE)
    assert (process.returncode, printed, told) == (0, b"", b"")
    assert there.read_bytes() == here.read_bytes()
    assert workers(cluster.address) == 1


def test_workers_with_other_versions_are_refused(cluster: Cluster) -> None:
    from dlcli.grading.cluster import on_cluster

    def answer() -> dict[str, str]:
        return {"numpy": str(os.getpid())}

    with pytest.raises(UsageError, match=r"E426: the worker tcp://.* does not have the programs of this one: it has"):
        list(on_cluster(tuple, [(1,)], cluster.address, lambda item, how: item, answer))


@pytest.mark.parametrize(
    ("address", "why"),
    [("nonsense://127.0.0.1:9", "an address is tcp://host:port"), ("tcp://127.0.0.1:9", "Connection refused")],
)
def test_a_cluster_that_does_not_answer_is_told(address: str, why: str, tmp_path: Path) -> None:
    homework, answers = class_csv(tmp_path, 2)
    done = subprocess.run(
        command("grade", homework, answers, "--cluster", address, "--quiet"),
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        f"error[E426]: no Dask scheduler answers at `{address}`: {why}\n"
        "  = help: give the address that `dask scheduler` prints\n"
    )
