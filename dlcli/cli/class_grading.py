"""What `dlcli grade` does: finds the answers, has them marked, writes the reports, settles the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TextIO

from dlcli.cli.class_reports import Wanted, refuse_several, write_reports
from dlcli.cli.main import INTERRUPTED, OWN_FAULT, PASSED, WRONG
from dlcli.cli.streams import keep_inputs, print_diagnostics, print_message
from dlcli.cli.versions import versions
from dlcli.errors import Diagnostic, UsageError, did_you_mean
from dlcli.grading import class_run
from dlcli.grading.class_report import FULL_MARKS, ClassReport, Threshold, class_report
from dlcli.grading.class_run import Assignment, Execute, homework_of, marked, run_class
from dlcli.grading.hand_marks import read_hand_marks
from dlcli.grading.homework import Homework
from dlcli.grading.journal import Journal, Record
from dlcli.grading.processes import in_processes, in_this_process
from dlcli.grading.submissions import Submission, answer_files, is_class_file, read_class_file, submissions
from dlcli.homework_files import folder_of, named_file
from dlcli.questions.records import Code
from dlcli.render.console import medium
from dlcli.render.graded_table import class_line
from dlcli.render.progress import progress
from dlcli.spec import read_source

CHUNK = 16  # sheets that a process gets at a time
ALONE = 64  # sheets that are marked faster here than by processes that have to start first
JOURNAL = ".journal"


@dataclass(frozen=True)
class Task:
    """What is marked, and by whom."""

    homework: str
    answers: tuple[str, ...]
    students: tuple[str, ...] = ()
    marks: str | None = None
    jobs: int | None = None
    cluster: str | None = None
    resume: bool = False
    reveal: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Exit:
    """What the exit code depends on."""

    fail_under: Threshold | None
    exit_zero: bool
    strict: bool

    def code(self, report: ClassReport) -> int:
        """The exit code of a class that has been graded."""
        if report.faults:
            return OWN_FAULT
        if self.exit_zero:
            return PASSED
        threshold = self.fail_under or FULL_MARKS
        enough = all(map(threshold.reached, report.students))
        return PASSED if enough and not (self.strict and report.undecided) else WRONG


def grade_class(task: Task, wanted: Wanted, ending: Exit, out: TextIO) -> int:
    """Marks and reports; the exit code."""
    file, problem = named_file(task.homework)
    source, folder = read_source(file), folder_of(file)
    beside = None if folder is None else str(folder)
    assignment = Assignment(source.name, source.text, beside, task.reveal, task.debug, problem)
    homework = homework_of(assignment)
    files = answer_files(task.answers, homework.files)
    inputs = [*homework.files, *files, *([task.marks] if task.marks else [])]
    for written in [wanted.output, *(path for _, path in wanted.reports)]:
        keep_inputs(written, inputs)
    classes = {path: read_class_file(path, homework.ids) for path in files if is_class_file(path)}
    if not wanted.quiet:
        advice = [Diagnostic("W922", text, file=path) for path, found in classes.items() for text in found.warnings]
        print_diagnostics([*_warnings(homework), *advice], plain=wanted.plain, color=wanted.color)
    by_hand = _hand_marks(task.marks, homework)
    count = sum(len(classes[path]) if path in classes else 1 for path in files)
    submitted = _chosen(submissions(files, classes), task.students, homework)
    if count > 1 and not task.students:
        refuse_several(wanted)
    path = None if wanted.output is None else wanted.output + JOURNAL
    run = Run(assignment, homework, submitted, count, by_hand)
    with Journal(path, task.resume) as journal:
        try:
            report = _report(task, run, journal)
        except KeyboardInterrupt:
            kept = f"; `{path}` keeps them, and --resume goes on" if path is not None else ""
            print_message(f"interrupted after {len(journal)} of {count} students{kept}\n")
            return INTERRUPTED
        _tell(report, run, wanted, task.debug)
        write_reports(report, wanted, task.reveal, out)
        code = ending.code(report)
        if not report.faults:
            journal.remove()
    return code


def _warnings(homework: Homework) -> list[Diagnostic]:
    """The advice about the homework, without that about keys which grading uses."""
    return [warning for warning in homework.warnings if warning.code != "W901"]


@dataclass(frozen=True)
class Run:
    """What a run starts from. submitted: count of them at most; by_hand: student -> question -> points."""

    assignment: Assignment
    homework: Homework
    submitted: Iterator[Submission]
    count: int
    by_hand: Mapping[str, Mapping[str, Fraction]]


def _report(task: Task, run: Run, journal: Journal) -> ClassReport:
    """Everyone's marks."""
    execute, chunk = _executor(task, run.homework, run.count)
    programs = versions()
    work = partial(marked, run.assignment)
    with progress(run.count, "grading", sys.stderr) as bar:
        bar.start(run.homework.name)
        results = run_class(run.assignment, run.submitted, journal, execute, work, chunk, programs, bar.advance)
    results = results.with_points(run.by_hand)
    return class_report(run.homework, results, programs, results.faults)


def _tell(report: ClassReport, run: Run, wanted: Wanted, debug: bool) -> None:
    """What the instructor should know beside the marks, on standard error."""
    advice = [
        Diagnostic("W921", f"{len(found)} sheets are of the student `{student}`: {', '.join(found[:3])}")
        for student, found in report.sheets.items()
        if len(found) > 1
    ]
    advice += [
        Diagnostic("W921", f"there are points by hand for `{student}`, but no answers")
        for student in run.by_hand
        if student not in report.sheets
    ]
    if not wanted.quiet:
        print_diagnostics(advice, plain=wanted.plain, color=wanted.color)
        if wanted.output is not None:
            on = medium(sys.stderr, plain=wanted.plain, color=wanted.color)
            print_message("".join(class_line(report, on)))
    for place, fault in report.faults.items():
        summary, _, trace = fault.partition("\n")
        shown = trace if debug else ""
        print_message(f"{shown}{class_run.OWN_FAULT}: {report.students[place].file} ({summary})\n")


def _executor(task: Task, homework: Homework, count: int) -> tuple[Execute, int]:
    """How the sheets are worked on, and how many at a time."""
    slow = any(isinstance(question.task, Code) for question in homework.questions)
    chunk = 1 if slow else CHUNK

    def lost(submission: Submission, how: str) -> Record:
        return class_run.lost(submission, homework.full_marks, how)

    if task.cluster is not None:
        from dlcli.grading.cluster import on_cluster

        address = task.cluster
        return (lambda work, chunks: on_cluster(work, chunks, address, lost, versions)), chunk
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = task.jobs or (cores if count > (2 if slow else ALONE) else 1)
    jobs = min(jobs, -(-count // chunk))
    if jobs == 1:
        return in_this_process, chunk
    return (lambda work, chunks: in_processes(work, chunks, jobs, lost)), chunk


def _chosen(found: Iterator[Submission], wanted: Sequence[str], homework: Homework) -> Iterator[Submission]:
    """The submissions of the students that were named, all without names. Raises UsageError (E422) at its end."""
    if not wanted:
        yield from found
        return
    names: dict[str, bool] = dict.fromkeys(wanted, False)
    others: dict[str, None] = {}
    for submission in found:
        student = submission.read(homework.ids).student
        if student in names:
            names[student] = True
            yield submission
        else:
            others[student] = None
    missing = [name for name, seen in names.items() if not seen]
    if missing:
        raise UsageError(*(_unknown_student(name, dict.fromkeys([*others, *names])) for name in missing))


def _unknown_student(name: str, known: dict[str, None]) -> Diagnostic:
    near = did_you_mean(name, {k: v for k, v in known.items() if k != name})
    return Diagnostic("E422", f"there are no answers of the student `{name}`", help=near)


def _hand_marks(path: str | None, homework: Homework) -> dict[str, dict[str, Fraction]]:
    if path is None:
        return {}
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(Diagnostic("E423", f"`{path}` cannot be read: {reason}", file=path)) from None
    return read_hand_marks(data, path, {q.id: q.points for q in homework.questions})
