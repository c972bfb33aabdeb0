"""What students handed in, as it is found on disk: one record a student, not yet understood."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from dlcli.answers.classes import ClassFile, read_class
from dlcli.answers.records import Sheet
from dlcli.answers.sheets import read_sheet
from dlcli.errors import Diagnostic, UsageError, did_you_mean

ENDINGS = (".yaml", ".yml")
LARGEST = 11_000_000  # bytes that are read of an answer file; what is larger than 10 MB is refused by its reader
LARGEST_CLASS = 101_000_000
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Submission:
    """One student's answers. file: as reports name it; folder: where files of code lie; None refuses them.

    data: the bytes of an answer file; sheet: the row of a class file; error: why there is neither.
    """

    file: str
    folder: str | None = None
    data: bytes | None = None
    sheet: Sheet | None = None
    error: str | None = None

    def read(self, ids: Collection[str]) -> Sheet:
        """The sheet; one with an error where the file could not be read."""
        if self.sheet is not None:
            return self.sheet
        if self.data is None:
            return Sheet(self.stem, self.file, error=self.error)
        return read_sheet(self.data, self.file, ids)

    @property
    def stem(self) -> str:
        """The name that a student has by the file's name."""
        return self.sheet.student if self.sheet is not None else PurePath(self.file).stem

    @property
    def fingerprint(self) -> bytes:
        """What makes two submissions the same: the name of the file and all that stands in it."""
        what = repr(self.sheet).encode("utf-8", "surrogatepass") if self.sheet is not None else self.data or b""
        parts = (self.file.encode("utf-8", "surrogatepass"), what, (self.error or "").encode("utf-8", "surrogatepass"))
        digest = hashlib.sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()


def answer_files(paths: Sequence[str], homework: Sequence[str]) -> list[str]:
    """The files that the paths name, in the order given, those of a folder (*.yaml, *.yml) by name, each once.

    homework: its own file, and those of an exam's problems; they are none of the answers when they lie in such a
    folder. Raises UsageError (E420, E421).
    """
    own = {_identity(file) for file in homework}
    found: dict[str, str] = {}
    errors: list[Diagnostic] = []
    for path in paths:
        if path == STANDARD_INPUT:
            found.setdefault(path, path)
            continue
        problem = _problem(path)
        if problem is not None:
            errors.append(problem)
            continue
        inside = [path]
        if os.path.isdir(path):
            inside = [file for file in _inside(path) if _identity(file) not in own and not _leads_out(file, path)]
            if not inside:
                help = f"answers are *.yaml or *.yml; `dlcli template {homework[0]}` writes a blank one"
                errors.append(Diagnostic("E420", f"there are no answer files in the folder `{path}`", help=help))
        elif _identity(path) in own:
            errors.append(Diagnostic("E421", f"`{path}` is the homework itself", help="name the answer files after it"))
        for file in inside:
            found.setdefault(_identity(file), file)
    if errors:
        raise UsageError(*errors)
    return list(found.values())


def _leads_out(file: str, folder: str) -> bool:
    """Whether a file in a folder of answers is a link to one outside, which no student may hand in."""
    return os.path.islink(file) and not _identity(file).startswith(os.path.join(os.path.realpath(folder), ""))


def is_class_file(path: str) -> bool:
    return path.lower().endswith(".csv")


def read_class_file(path: str, ids: Collection[str]) -> ClassFile:
    """The students of one CSV. Raises UsageError (E420, E421) where it cannot be used as a whole."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_CLASS)
    except OSError as error:
        raise UsageError(Diagnostic("E421", _unreadable(path, error), file=path)) from None
    found = read_class(data, path, ids)
    if found.error is not None:
        help = "the first row is `student` and the ids of the questions; `dlcli template HOMEWORK --csv` writes it"
        raise UsageError(Diagnostic("E421", f"`{path}`: {found.error}", file=path, help=help))
    if not len(found):
        raise UsageError(Diagnostic("E420", f"`{path}` has no students, only a header", file=path))
    return found


def submissions(files: Iterable[str], classes: Mapping[str, ClassFile]) -> Iterator[Submission]:
    """Each student's submission, in order; a file or row is read when its turn comes."""
    for path in files:
        if path in classes:
            yield from (Submission(path, sheet=sheet) for sheet in classes[path])
        else:
            yield read_submission(path)


def read_submission(path: str) -> Submission:
    """The bytes of an answer file, or why they cannot be read."""
    try:
        if path == STANDARD_INPUT:
            return Submission("<stdin>", None, sys.stdin.buffer.read(LARGEST))
        if not os.path.isfile(path):
            return Submission(path, error="this is not an ordinary file")
        with open(path, "rb") as file:
            return Submission(path, str(Path(path).resolve().parent), file.read(LARGEST))
    except OSError as error:
        return Submission(path, error=_unreadable(path, error))


def _unreadable(path: str, error: OSError) -> str:
    return f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}"


def _identity(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def _problem(path: str) -> Diagnostic | None:
    if "\0" not in path and os.path.exists(path):
        return None
    shown = path.replace("\0", "?")
    help = "check the path"
    parent = Path(shown).parent
    if parent.is_dir():
        near = did_you_mean(Path(shown).name, [entry.name for entry in parent.iterdir()])
        help = near or help
    return Diagnostic("E421", f"there is no file or folder `{shown}`", help=help)


def _inside(folder: str) -> list[str]:
    """The answer files of a folder and its folders, hidden ones left out."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            os.path.join(parent, name) for name in names if name.lower().endswith(ENDINGS) and not name.startswith(".")
        ]
    return sorted(found)
