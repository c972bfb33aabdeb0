"""A class run: the same bytes whatever the number of processes, whatever ends them, and however often."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from dlcli.errors import UsageError
from dlcli.grading.class_run import Assignment, homework_of, marked, run_class
from dlcli.grading.journal import Journal, Marked, graded_record, read_graded
from dlcli.grading.processes import chunked, in_processes, in_this_process
from dlcli.grading.submissions import Submission, answer_files, read_submission
from tests.class_samples import HOMEWORK, VERSIONS, graded, unreadable, write_class
from tests.class_work import interrupted, lost, work

ROOT = Path(__file__).parents[1]
ASSIGNMENT = Assignment("homework.yaml", HOMEWORK, None)
KILLS = int(os.environ.get("DLCLI_KILLS", "3"))


def sheets(*names: str) -> list[Submission]:
    return [Submission(name, data=name.encode()) for name in names]


def run_with(journal: Journal, submitted: Sequence[Submission], execute=in_this_process, job=work, chunk: int = 2):  # type: ignore[no-untyped-def]
    return run_class(ASSIGNMENT, submitted, journal, execute, job, chunk, VERSIONS)


def in_two(job, chunks):  # type: ignore[no-untyped-def]
    return in_processes(job, chunks, 2, lost)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "dlcli", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {"PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "100"} | more


def processes_with(marker: str) -> list[int]:
    """Processes that have the marker in their environment."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if marker.encode() in file.read_bytes():
                found.append(int(file.parent.name))
    return found


def gone(marker: str, patience: float = 60) -> bool:
    """Whether all of them end."""
    deadline = time.monotonic() + patience
    while processes_with(marker):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_record_survives_the_journal() -> None:
    for one in (graded("bob", reveal=True), unreadable("eve"), graded("\ud800\u202e\x00\n")):
        assert read_graded(json.loads(json.dumps(graded_record(one)))) == one


def test_results_come_in_order_from_processes() -> None:
    numbers = list(range(100))
    found = list(in_processes(partial(map_tuple, 3), chunked(numbers, 7), 3, lost_number))
    assert [n for chunk in found for n in chunk] == [3 * n for n in numbers]


def map_tuple(factor: int, chunk: tuple[int, ...]) -> tuple[int, ...]:
    time.sleep(0.01 * (chunk[0] % 3))
    return tuple(factor * n for n in chunk)


def lost_number(number: int, how: str) -> int:
    raise AssertionError(f"{number} was lost: {how}")


def test_work_is_not_begun_far_ahead_of_what_is_taken() -> None:
    drawn = []

    def numbers() -> Iterator[int]:
        for n in range(1000):
            drawn.append(n)
            yield n

    results = in_processes(partial(map_tuple, 1), chunked(numbers(), 1), 2, lost_number)
    next(results)
    assert len(drawn) <= 12
    results.close()  # type: ignore[attr-defined]


def test_a_sheet_that_ends_its_process_costs_itself_alone() -> None:
    with Journal(None) as journal:
        results = run_with(journal, sheets("s1", "s2", "deadly", "s3", "s4"), in_two, chunk=3)
        assert [one.status for one in results] == ["graded", "graded", "error", "graded", "graded"]
        assert [one.student for one in results] == ["s1", "s2", "deadly", "s3", "s4"]
        assert "the process that marked it ended with code 7" in (results[2].message or "")
        assert list(results.faults) == [2]


def test_what_the_journal_holds_is_not_marked_again(tmp_path: Path) -> None:
    path = str(tmp_path / "j")
    with Journal(path) as journal:
        run_with(journal, sheets("s1", "s2"))
    with Journal(path, resume=True) as journal:
        results = run_with(journal, sheets("s2", "s3", "s1"), job=only("s3"))
        assert [one.student for one in results] == ["s2", "s3", "s1"]
    with Journal(path) as journal:
        assert len(journal) == 0


def only(name: str):  # type: ignore[no-untyped-def]
    def job(chunk: tuple[Submission, ...]):  # type: ignore[no-untyped-def]
        assert [submission.file for submission in chunk] == [name]
        return work(chunk)

    return job


def test_a_changed_sheet_or_version_is_marked_again(tmp_path: Path) -> None:
    path = str(tmp_path / "j")
    with Journal(path) as journal:
        run_with(journal, sheets("s1"))
    changed = [Submission("s1", data=b"other")]
    with Journal(path, resume=True) as journal:
        assert run_with(journal, changed)[0].marks[0].given == "other"
        assert len(journal) == 2
        run_class(ASSIGNMENT, sheets("s1"), journal, in_this_process, work, 1, VERSIONS | {"numpy": "9"})
        assert len(journal) == 3
        reveal = Assignment("homework.yaml", HOMEWORK, None, reveal=True)
        run_class(reveal, sheets("s1"), journal, in_this_process, work, 1, VERSIONS)
        assert len(journal) == 4


def test_a_fault_is_tried_again_when_the_run_goes_on(tmp_path: Path) -> None:
    path = str(tmp_path / "j")
    with Journal(path) as journal:
        run_with(journal, sheets("deadly"), in_two)
    with Journal(path, resume=True) as journal:
        results = run_with(journal, sheets("deadly"), job=lambda chunk: tuple(lost(s, "now") for s in chunk))
        assert "now" in (results[0].message or "")


def test_journal_cut_anywhere_keeps_every_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(str(path)) as journal:
        run_with(journal, sheets("s1", "s2", "s3"))
    whole = path.read_bytes()
    ends = [k + 1 for k, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with Journal(str(path), resume=True) as journal:
            assert len(journal) == sum(end <= cut for end in ends)
        assert path.stat().st_size == max([end for end in ends if end <= cut], default=0)


def test_a_damaged_line_is_marked_again(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(str(path)) as journal:
        run_with(journal, sheets("s1", "s2", "s3"))
    lines = path.read_bytes().splitlines(keepends=True)
    for damaged in (
        b"\0" * 50 + b"\n",
        b"[]\n",
        b'{"key": 1}\n',
        lines[1].replace(b'"correct"', b'"great"'),
        b"\xff\n",
    ):
        path.write_bytes(lines[0] + damaged + lines[2])
        with Journal(str(path), resume=True) as journal:
            assert len(journal) == 2
            assert [one.student for one in run_with(journal, sheets("s1", "s2", "s3"), job=only("s2"))] == [
                "s1",
                "s2",
                "s3",
            ]


def test_one_run_at_a_time_writes_a_journal(tmp_path: Path) -> None:
    path = str(tmp_path / "j")
    with Journal(path), pytest.raises(UsageError, match=r"E425: another run is writing `.*/j`"):
        Journal(path)
    with Journal(path) as journal:
        assert len(journal) == 0


def test_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"E425: the journal of the run, `.*`, cannot be written: "):
        Journal(str(tmp_path / "file" / "j"))


def test_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    path = str(tmp_path / "j")
    with pytest.raises(KeyboardInterrupt), Journal(path) as journal:
        run_with(journal, sheets("s0", "s1", "s2", "s3"), job=interrupted, chunk=1)
    with Journal(path, resume=True) as journal:
        assert len(journal) == 2


def marked_one(assignment: Assignment, submission: Submission) -> Marked:
    """The sheet as the journal gives it back."""
    [record] = marked(assignment, (submission,))
    with Journal(None) as journal:
        journal.append("key", record)
        assert journal.faulty == ({"key"} if record.faulty else set())
        return journal.read("key")


def test_expected_values_stay_in_the_process_that_marks() -> None:
    hidden = marked_one(ASSIGNMENT, *sheets("x"))
    assert all(mark.expected is None for mark in hidden.graded.marks)
    reveal = Assignment("homework.yaml", HOMEWORK, None, reveal=True)
    shown = marked_one(reveal, Submission("x", data=b"a: 1\n"))
    assert [mark.id for mark in shown.graded.marks if mark.expected is not None][:3] == ["a", "b", "c"]


def test_a_fault_of_the_grader_is_told_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("W7")

    monkeypatch.setattr("dlcli.grading.class_run.mark_sheet", broken)
    found = marked_one(ASSIGNMENT, *sheets("x"))
    assert found.graded.status == "error"
    assert found.graded.message is not None
    assert found.graded.message.startswith("dlcli has made a mistake of its own here; this sheet has not been marked")
    assert found.fault == "KeyError: 'W7'"
    told = marked_one(Assignment("homework.yaml", HOMEWORK, None, debug=True), *sheets("x"))
    assert told.fault is not None
    assert "Traceback (most recent call last)" in told.fault


def test_changed_code_is_marked_again(tmp_path: Path) -> None:
    text = HOMEWORK + "  - {id: s, code: backward}\n"
    (tmp_path / "s.py").write_text("def backward(**given):\n    return {}\n")
    (tmp_path / "s.yaml").write_text("answers:\n  s: {file: s.py}\n")
    assignment = Assignment("homework.yaml", text, None)
    found = read_submission(str(tmp_path / "s.yaml"))
    seen: list[str] = []

    def job(chunk: tuple[Submission, ...]):  # type: ignore[no-untyped-def]
        seen.extend(submission.stem for submission in chunk)
        return marked(assignment, chunk)

    with Journal(str(tmp_path / "j")) as journal:
        for expected in (1, 1, 2):
            if expected == 2:
                (tmp_path / "s.py").write_text("def backward(**given):\n    return {'b': 1}\n")
            run_class(assignment, [found], journal, in_this_process, job, 1, VERSIONS)
            assert len(seen) == expected


def test_files_are_found_once_and_the_homework_is_none_of_them(tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path, 2)
    (answers / "deep").mkdir()
    (answers / "deep" / "z.YML").write_text("a: 1\n")
    (answers / ".hidden.yaml").write_text("a: 1\n")
    (answers / "notes.txt").write_text("a: 1\n")
    found = answer_files([str(answers / "s0001.yaml"), str(tmp_path)], [str(homework)])
    assert [Path(file).name for file in found] == ["s0001.yaml", "z.YML", "s0000.yaml"]


def test_homework_is_prepared_once_a_process() -> None:
    assert homework_of(ASSIGNMENT) is homework_of(Assignment("homework.yaml", HOMEWORK, None))


FORMS = ("json", "csv", "markdown", "junit", "github", "table")


def test_bytes_do_not_depend_on_the_number_of_jobs(tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path, 40)
    found = []
    for jobs in (1, 2, 3):
        files = {form: tmp_path / f"{jobs}.{form}" for form in FORMS}
        reports = [part for form, path in files.items() for part in ("--report", f"{form}={path}")]
        done = subprocess.run(
            command("grade", homework, answers, "--jobs", jobs, *reports),
            env=environment(), capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        found.append({form: path.read_bytes() for form, path in files.items()})
    assert found[0] == found[1] == found[2]
    assert all(len(content) > 500 for content in found[0].values())


def class_csv(folder: Path, count: int) -> tuple[Path, Path]:
    """The homework and a class of so many students in one file."""
    homework, _ = write_class(folder, 0)
    rows = ["student,a,b,i"]
    rows += [f"s{k:04},0.46257,{('-1.3877', '1.3877', '-1.38', 'x')[k % 4]},{'ABC'[k % 3]}" for k in range(count)]
    path = folder / "class.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return homework, path


def test_killed_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """kill -9 when the journal has grown by a random amount, again and again, then a run to the end."""
    homework, answers = class_csv(tmp_path, 600)
    undisturbed, output, journal = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "b.json.journal"
    subprocess.run(
        command("grade", homework, answers, "-o", undisturbed, "--quiet", "--exit-zero"), env=environment(), check=True
    )
    whole = undisturbed.stat().st_size
    draw = random.Random(7)
    resume: list[str] = []
    for number in range(KILLS):
        marker = f"DLCLI_RUN={uuid4().hex}"
        name, _, value = marker.partition("=")
        arguments = command("grade", homework, answers, "-o", output, "--quiet", "--jobs", 1 + number % 2, *resume)
        process = subprocess.Popen(arguments, env=environment(**{name: value}), stderr=subprocess.PIPE)
        before = journal.stat().st_size if journal.exists() else 0
        enough = before + draw.randrange(1, max(2, whole // (KILLS + 1)))
        while process.poll() is None and not (journal.exists() and journal.stat().st_size >= enough):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed"
        assert not output.exists()
        assert gone(marker), "processes stayed behind"
        lines = journal.read_bytes().split(b"\n")[:-1]
        assert lines
        for line in lines:
            json.loads(line)
        resume = ["--resume"]
    done = subprocess.run(
        command("grade", homework, answers, "-o", output, "--quiet", "--exit-zero", "--resume"),
        env=environment(), capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert output.read_bytes() == undisturbed.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("b.json*")) == ["b.json"]


def test_interrupted_run_ends_its_processes_and_can_go_on(tmp_path: Path) -> None:
    homework, answers = class_csv(tmp_path, 600)
    output, journal = tmp_path / "b.csv", tmp_path / "b.csv.journal"
    value = uuid4().hex
    process = subprocess.Popen(
        command("grade", homework, answers, "-o", output, "--jobs", 2),
        env=environment(DLCLI_RUN=value), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not (journal.exists() and journal.stat().st_size > 10_000):
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group
    printed, told = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, b"")
    assert b"interrupted after " in told
    assert b" of 600 students; `" in told
    assert b"Traceback" not in told
    assert gone(f"DLCLI_RUN={value}")
    assert not output.exists()
    subprocess.run(
        command("grade", homework, answers, "-o", output, "--resume", "--exit-zero"), env=environment(), check=True,
        capture_output=True,
    )  # fmt: skip
    assert output.read_text().count("\n") == 601


def limited() -> None:
    """No file of this process may be larger than 20,000 bytes: as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_full_disk_leaves_the_previous_result(tmp_path: Path) -> None:
    homework, answers = class_csv(tmp_path, 300)
    output = tmp_path / "grades.json"
    output.write_text("previous")
    arguments = command("grade", homework, answers, "-o", output, "--jobs", 1)
    done = subprocess.run(arguments, env=environment(), preexec_fn=limited, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"error[E425]: the journal of the run, `" in done.stderr
    assert b"cannot be written: file too large" in done.stderr
    assert b"Traceback" not in done.stderr
    assert output.read_text() == "previous"
    done = subprocess.run([*arguments, "--resume", "--exit-zero"], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0
    assert json.loads(output.read_text())["summary"]["students"] == 300
    assert sorted(path.name for path in tmp_path.glob("grades.json*")) == ["grades.json"]
