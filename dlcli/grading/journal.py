"""The journal of a class run: a line of JSON for each marked sheet, from which a run that was ended goes on."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from time import monotonic
from types import TracebackType
from typing import IO, Any, get_args

from dlcli.errors import Diagnostic, UsageError
from dlcli.grading.records import Graded, Mark, Verdict

BATCH = 64  # lines between two calls of fsync
PATIENCE = 1.0  # seconds between them at most
IN_MEMORY = 4_000_000  # bytes of a journal without a file before it goes to disk
VERDICTS = get_args(Verdict)


@dataclass(frozen=True)
class Marked:
    """One sheet marked. files: those of code that it depends on, path -> digest of the content, "" where missing.

    fault: what went wrong inside dlcli, None where nothing did.
    """

    graded: Graded
    files: Mapping[str, str]
    fault: str | None = None


@dataclass(frozen=True)
class Record:
    """A marked sheet as its line of the journal, made by the process that marked it. text: JSON without the key."""

    text: bytes
    faulty: bool


def record_of(marked: Marked) -> Record:
    """The record that `Journal.read` makes the sheet from again."""
    fields = {"files": dict(marked.files), "fault": marked.fault, "graded": graded_record(marked.graded)}
    return Record(json.dumps(fields, separators=(",", ":")).encode("ascii"), marked.fault is not None)


class Journal:
    """Marked sheets by key, in a file that only grows; without a path, in one that nobody sees.

    A line counts once its end is written: whatever ends the process, each line before it can be read. A last line
    without an end is cut off when a run goes on.
    """

    def __init__(self, path: str | None, resume: bool = False) -> None:
        """Opens the journal; empties it unless `resume`. Raises UsageError (E425)."""
        self.path = path
        self._offsets: dict[str, int] = {}
        self.faulty: set[str] = set()  # keys of the sheets that dlcli failed at
        self._unsynced, self._synced = 0, monotonic()
        self._file: IO[bytes]
        if path is None:
            self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by __exit__
            return
        with self._writing():
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600), "r+b")
        try:
            _lock(self._file, path)
            with self._writing():
                self._file.truncate(self._scan() if resume else 0)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file; an error that is under way is not replaced by one of closing."""
        with suppress(OSError) if kind is not None else self._writing():
            self._file.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Says which file the system does not let dlcli write."""
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            name = f"`{self.path}`" if self.path is not None else "a temporary file"
            message = f"the journal of the run, {name}, cannot be written: {reason}"
            help = "what was there before is unchanged; make room or name another -o FILE, and go on with --resume"
            raise UsageError(Diagnostic("E425", message, file=self.path, help=help)) from error

    def __contains__(self, key: str) -> bool:
        return key in self._offsets

    def __len__(self) -> int:
        return len(self._offsets)

    def append(self, key: str, record: Record) -> None:
        """One more line, on disk at the latest after the next BATCH lines or PATIENCE seconds. Raises UsageError."""
        line = b'{"key":' + json.dumps(key).encode("ascii") + b"," + record.text[1:] + b"\n"
        with self._writing():
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(line)
        self._offsets[key] = offset
        self._note(key, record.faulty)
        self._unsynced += 1
        if self._unsynced >= BATCH or monotonic() - self._synced > PATIENCE:
            self.sync()

    def sync(self) -> None:
        """Everything is on disk. Raises UsageError (E425)."""
        with self._writing():
            self._file.flush()
            if self.path is not None and self._unsynced:
                os.fsync(self._file.fileno())
        self._unsynced, self._synced = 0, monotonic()

    def read(self, key: str) -> Marked:
        """The sheet of a key. Raises KeyError."""
        self._file.seek(self._offsets[key])
        marked = _marked(self._file.readline())
        if marked is None:
            raise KeyError(key)
        return marked[1]

    def remove(self) -> None:
        """Deletes the file; what is open stays readable until it is closed, where the system allows that."""
        if self.path is not None and os.name == "posix":
            os.unlink(self.path)
        elif self.path is not None:
            self._file.close()
            os.unlink(self.path)

    def _note(self, key: str, faulty: bool) -> None:
        """A sheet that is marked again, and well, is no longer faulty."""
        (self.faulty.add if faulty else self.faulty.discard)(key)

    def _scan(self) -> int:
        """Notes where each line starts; the number of bytes up to the last whole line."""
        offset = whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            found = _marked(line)
            if found is not None:
                self._offsets[found[0]] = offset
                self._note(found[0], found[1].fault is not None)
            offset = whole = offset + len(line)
        return whole


def graded_record(graded: Graded) -> dict[str, Any]:
    """The record as JSON holds it, points as fractions; `read_graded` is its inverse."""
    return {
        "student": graded.student,
        "file": graded.file,
        "status": graded.status,
        "max_score": str(graded.max_score),
        "message": graded.message,
        "remarks": list(graded.remarks),
        "marks": [
            {
                "id": mark.id,
                "verdict": mark.verdict,
                "points": str(mark.points),
                "max_points": str(mark.max_points),
                "given": mark.given,
                "expected": mark.expected,
                "feedback": mark.feedback,
                "diagnosis": mark.diagnosis,
                "bonus": mark.bonus,
                "line": mark.line,
                "column": mark.column,
            }
            for mark in graded.marks
        ],
    }


def read_graded(record: Mapping[str, Any]) -> Graded:
    """The record that `graded_record` wrote. Raises KeyError, TypeError, ValueError for another."""
    status = record["status"]
    if status not in ("graded", "error") or any(mark["verdict"] not in VERDICTS for mark in record["marks"]):
        raise ValueError("not the record of a sheet")
    marks = tuple(
        Mark(**{**mark, "points": _fraction(mark["points"]), "max_points": _fraction(mark["max_points"])})
        for mark in record["marks"]
    )
    return Graded(
        student=record["student"],
        file=record["file"],
        status=status,
        marks=marks,
        max_score=_fraction(record["max_score"]),
        message=record["message"],
        remarks=tuple(record["remarks"]),
    )


@lru_cache(maxsize=1024)
def _fraction(text: str) -> Fraction:
    """Points as they were written: a class has few different ones, and reading one takes a while."""
    return Fraction(text)


def _marked(line: bytes) -> tuple[str, Marked] | None:
    """Key and sheet of a line; None of one that was damaged."""
    try:
        record = json.loads(line)
        return str(record["key"]), Marked(read_graded(record["graded"]), dict(record["files"]), record["fault"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ZeroDivisionError):
        return None


def _lock(file: IO[bytes], path: str) -> None:
    """One run at a time. The system gives the lock back when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"another run is writing `{path}`"
        help = "wait for it to end, or write the result to another file"
        raise UsageError(Diagnostic("E425", message, file=path, help=help)) from None
    except OSError:  # a file system without locks
        return
