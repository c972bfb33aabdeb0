"""The homework that comes with dlcli: where it lies, and what each file is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlcli.errors import Diagnostic, UsageError, did_you_mean

ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Problem:
    """A bundled homework: name (its path in the bank without ending), file, title and source for people."""

    name: str
    path: Path
    title: str | None
    source: str | None


def folder() -> Path:
    """`dlcli/problems` of an installed dlcli, `problems` beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "problems"
    return installed if installed.is_dir() else package.parent / "problems"


def names() -> dict[str, Path]:
    """Name -> file of every bundled homework, in order. Reads no file."""
    bank = folder()
    files = sorted(path for path in bank.rglob("*") if path.suffix in ENDINGS and path.is_file())
    return {path.relative_to(bank).with_suffix("").as_posix(): path for path in files}


def bundled() -> list[Problem]:
    """Every bundled homework with title and source."""
    return [_problem(name, path) for name, path in names().items()]


def find_problem(name: str) -> Problem:
    """The problem of this name, or of this last part of a name when no other has it.

    An ending is ignored. Raises UsageError with a suggestion.
    """
    known = names()
    wanted = name.removesuffix(".yaml").removesuffix(".yml")
    if wanted in known:
        return _problem(wanted, known[wanted])
    same_stem = [full for full in known if full.rpartition("/")[2] == wanted]
    if len(same_stem) == 1:
        return _problem(same_stem[0], known[same_stem[0]])
    if same_stem:
        help = "say which: " + ", ".join(same_stem)
        raise UsageError(Diagnostic("E001", f"several problems are called '{name}'", help=help))
    stems = [*known, *(full.rpartition("/")[2] for full in known)]
    help = did_you_mean(wanted, stems) or "`dlcli problems` lists them"
    raise UsageError(Diagnostic("E001", f"there is no problem '{name}'", help=help))


def companions(path: Path) -> list[Path]:
    """Files beside a homework that its `file:` keys name, as far as they exist."""
    bank = path.parent.resolve()
    found = []
    for key, value in _pairs(path):
        companion = (bank / value).resolve()
        if key == "file" and companion.is_relative_to(bank) and companion.is_file() and companion not in found:
            found.append(companion)
    return found


def _problem(name: str, path: Path) -> Problem:
    wanted: dict[str, str] = {}
    for key, value in _pairs(path, deep=False):
        if key in ("title", "source"):
            wanted.setdefault(key, " ".join(value.split()))
        if len(wanted) == 2:
            break
    return Problem(name, path, wanted.get("title"), wanted.get("source"))


def _pairs(path: Path, deep: bool = True) -> Iterator[tuple[str, str]]:
    """Keys with their texts, of the file's first level or of all; reading ends where it is asked no more."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    open_: list[list[str | None]] = []  # of each open mapping its current key, of each list nothing
    for event in yaml.parse(path.read_text(encoding="utf-8"), Loader=loader):
        mapping = open_[-1] if open_ else None
        if isinstance(event, yaml.ScalarEvent):
            if mapping and mapping[0] is not None:
                if deep or len(open_) == 1:
                    yield mapping[0], event.value
                mapping[0] = None
            elif mapping:
                mapping[0] = event.value
        elif isinstance(event, yaml.MappingStartEvent):
            open_.append([None])
        elif isinstance(event, yaml.SequenceStartEvent):
            open_.append([])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            open_.pop()
            if open_ and open_[-1]:
                open_[-1][0] = None
        elif isinstance(event, yaml.AliasEvent) and mapping:
            mapping[0] = None
