"""Which homework files paths mean: files, folders of them, and single problems of an exam."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dlcli.errors import HomeworkError
from dlcli.spec import SEPARATOR, divided, problem_ids, read_source

PathLike = str | os.PathLike[str]


def named_file(path: PathLike) -> tuple[str, str | None]:
    """The file that a path names, and the problem of it where the path is `exam.yaml::P1`."""
    name = os.fspath(path)
    return divided(name) if SEPARATOR in name and not os.path.exists(name) else (name, None)


def folder_of(file: PathLike) -> Path | None:
    """Where the files are that a homework names; None for standard input."""
    return None if str(file) == "-" else Path(file).resolve().parent


def find_homework(paths: Iterable[PathLike]) -> list[str]:
    """The files named, and those in the folders named, recursively: *.yaml and *.yml in order of their names."""
    found: list[str] = []
    for path in paths:
        if str(path) != "-" and Path(path).is_dir():
            for folder, folders, files in os.walk(path):
                folders.sort()
                found += [os.path.join(folder, f) for f in sorted(files) if f.endswith((".yaml", ".yml"))]
        else:
            found.append(str(path))
    return found


def each_problem(paths: Iterable[PathLike]) -> list[str]:
    """The paths, with `exam.yaml::P1` and so on in place of an exam.

    An exam whose list of problems is wrong, and what cannot be read, stay as they are: whoever reads them tells why.
    """
    found: list[str] = []
    for path in map(str, paths):
        ids: tuple[str, ...] = ()
        if path != "-" and os.path.isfile(path):
            try:
                ids = problem_ids(read_source(path))
            except HomeworkError:
                ids = ()
        found += [f"{path}{SEPARATOR}{problem}" for problem in ids] or [path]
    return found
