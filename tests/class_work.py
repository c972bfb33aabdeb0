"""Work of a class run without a grader: what the processes that mark do with each submission, by its name."""

from __future__ import annotations

import os
from fractions import Fraction

from dlcli.grading import class_run
from dlcli.grading.journal import Marked, Record, record_of
from dlcli.grading.records import Graded, Mark
from dlcli.grading.submissions import Submission


def work(chunk: tuple[Submission, ...]) -> tuple[Record, ...]:
    """One point a sheet; the process ends when it meets a file called `deadly`."""
    found = []
    for submission in chunk:
        if "deadly" in submission.file:
            os._exit(7)
        mark = Mark("a", "correct", Fraction(1), Fraction(1), given=(submission.data or b"").decode())
        found.append(record_of(Marked(Graded(submission.stem, submission.file, "graded", (mark,), Fraction(1)), {})))
    return tuple(found)


def lost(submission: Submission, how: str) -> Record:
    """The record of a submission whose process ended."""
    return class_run.lost(submission, Fraction(1), how)


def interrupted(chunk: tuple[Submission, ...]) -> tuple[Record, ...]:
    """Ctrl-C at the third sheet."""
    if any(submission.file == "s2" for submission in chunk):
        raise KeyboardInterrupt
    return work(chunk)
