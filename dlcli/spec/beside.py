"""Files that a homework names: beside it or below it, never above it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from dlcli.errors import did_you_mean


class FileError(Exception):
    """A named file cannot be used; the reader gives it a place: the value of the key `about`."""

    def __init__(self, code: str, message: str, help: str, about: str = "file") -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.about = code, message, help, about


def located(folder: Path | None, name: str, endings: tuple[str, ...], kind: tuple[str, str]) -> Path:
    """The path of a file in the homework's folder or below.

    folder: None for a homework from standard input; kind: what the endings stand for, and how one gets such a file.
    Raises FileError (E320, E321, E322).
    """
    if folder is None:
        help = "write its contents into the homework, or give dlcli the homework as a file"
        raise FileError("E321", f"{name} is looked for beside the homework file, but that came by standard input", help)
    help = "put it into the folder of the homework file, and write its name alone"
    windows = PureWindowsPath(name)
    if not name or "\0" in name:
        raise FileError("E320", "the name of a file is missing here", f"write for example `file: name{endings[0]}`")
    if PurePosixPath(name).is_absolute() or windows.drive or windows.root:
        raise FileError("E321", f"{name} is an absolute path, which works on one machine only", help)
    if ".." in windows.parts:
        raise FileError("E321", f"{name} climbs out of the homework's folder", help)
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        found, is_folder = path.is_file(), path.is_dir()
    except (OSError, RuntimeError):
        raise FileError("E320", f"there is no usable file {name}", "check the name") from None
    if not inside:
        raise FileError("E321", f"{name} is a link that leads out of the homework's folder", help)
    if is_folder:
        raise FileError("E320", f"{name} is a folder, not {kind[0]}", "name a file in it")
    if not found:
        beside = (
            sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in endings) if path.parent.is_dir() else []
        )
        help = did_you_mean(path.name, beside) or "it belongs into the folder of the homework file"
        raise FileError("E320", f"there is no file {name} beside the homework", help)
    if path.suffix.lower() not in endings:
        raise FileError("E322", f"{name} is not {kind[0]}", kind[1])
    return path
