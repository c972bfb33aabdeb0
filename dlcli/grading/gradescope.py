"""An autograder for Gradescope: a zip with the homework, dlcli itself and two scripts, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from itertools import count
from pathlib import Path, PurePosixPath

from dlcli.errors import Diagnostic, Source, UsageError
from dlcli.spec import read_source
from dlcli.spec.events import compose
from dlcli.spec.load import HOMEWORK_FILES
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.report import Report

LIBRARIES = ("click", "numpy", "PyYAML", "rich", "sympy")
HOMEWORK = "homework"  # the folder of the homework in the zip
NAME = "homework.txt"  # the name of the homework's own file
EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of every file: the first that a zip can hold
SCRIPT, FILE = 0o755, 0o644

SETUP = """\
#!/usr/bin/env bash
# Run once, when the platform builds the image: Python 3.11 or newer, and the libraries that dlcli needs.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
python=""
for name in python3.13 python3.12 python3.11 python3; do
    if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python="$name"
        break
    fi
done
if [ -z "$python" ]; then
    apt-get update
    apt-get install --yes python3.11 python3.11-venv
    python=python3.11
fi
"$python" -m venv "$root/venv"
"$root/venv/bin/python" -m pip install --requirement "$root/source/requirements.txt"
chmod -R go-rwx "$root/source/homework"
"""

RUN = """\
#!/usr/bin/env bash
# Run for each submission: marks it and writes results/results.json.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
python="$root/venv/bin/python"
[ -x "$python" ] || python="${PYTHON:-python3}"
export PYTHONPATH="$root/source" PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1
chmod -R go-rwx "$root/source/homework"
exec "$python" -m dlcli.cli.gradescope_submission "$root"
"""


def autograder(source: Source, folder: Path | None) -> bytes:
    """The zip: setup.sh, run_autograder, requirements.txt, dlcli's own files, the homework with its value files.

    folder: of the homework. The libraries have the versions of this process, so that marks do not depend on when the
    image was built. Raises HomeworkError, and UsageError (E427) where a value file cannot be read.
    """
    files: dict[str, tuple[bytes, int]] = {
        "setup.sh": (SETUP.encode(), SCRIPT),
        "run_autograder": (RUN.encode(), SCRIPT),
        "requirements.txt": ("".join(f"{name}=={version(name)}\n" for name in LIBRARIES).encode(), FILE),
    }
    beside = _value_files(source, folder)
    for name, content in beside.items():
        files[f"{HOMEWORK}/{name}"] = (content, FILE)
    own = next(name for name in _own_names() if name.casefold() not in map(str.casefold, beside))
    files[f"{HOMEWORK}/{own}"] = (source.text.encode("utf-8", "surrogatepass"), FILE)
    files[NAME] = (own.encode(), FILE)
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        if inside.parts[0] != "problems":
            files[f"dlcli/{inside.as_posix()}"] = (path.read_bytes(), FILE)
    return zipped(files)


def _own_names() -> Iterator[str]:
    """Names for the homework's own file: the first that no file beside it has."""
    yield "homework.yaml"
    yield from (f"homework-{number}.yaml" for number in count(2))


def zipped(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """A zip of name -> (content, permissions): sorted, without dates, not compressed, so that no library matters."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, (content, permissions) in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, whatever this system is: the permissions count
            entry.external_attr = (0o100000 | permissions) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _value_files(source: Source, folder: Path | None) -> dict[str, bytes]:
    """The files that the homework names, by their paths beside it; with those that the problems of an exam name."""
    report = Report(source)
    root = compose(report)
    report.stop_if_wrong()
    found: dict[str, bytes] = {}
    for name in _named(root):
        if folder is None:
            message = f"the homework comes from standard input, so `{name}` cannot be found"
            raise UsageError(Diagnostic("E427", message, help="give the path of the homework"))
        inside = PurePosixPath(name.replace("\\", "/"))
        path = folder / inside
        try:
            found[inside.as_posix()] = path.read_bytes()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(Diagnostic("E427", f"`{name}` cannot be read: {reason}", file=name)) from None
        if path.suffix.lower() in HOMEWORK_FILES[0]:
            own = _value_files(read_source(path), path.parent)
            found |= {(inside.parent / other).as_posix(): content for other, content in own.items()}
    return found


def _named(node: Node | None) -> Iterator[str]:
    if isinstance(node, Items):
        for item in node.items:
            yield from _named(item)
    elif isinstance(node, Pairs):
        for key, value in node.pairs:
            if key.text == "file" and isinstance(value, Scalar) and not value.is_null:
                yield value.text
            yield from _named(value)
