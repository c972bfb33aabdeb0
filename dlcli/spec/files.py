"""Arrays from .npy, .npz and .csv files beside the homework file; never from above it, never pickled."""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from dlcli.errors import did_you_mean
from dlcli.ops.operation import Array, Shape
from dlcli.spec.beside import FileError, located

MAX_ENTRIES = 50_000_000
MAX_CSV_BYTES = 1_000_000_000
ENDINGS = (".npy", ".npz", ".csv")
KINDS = "a .npy, .npz or .csv file", "save the array with numpy.save or as .csv"


def load_array(folder: Path | None, name: str, key: str | None) -> Array:
    """The float64 array of a file under `folder`; `key` picks one of an .npz. Raises FileError.

    A .csv of one column or one row is a vector, of a single number a scalar, else a matrix. Integers and
    truth values become floats; nan, inf, complex numbers and texts are refused.
    """
    path = located(folder, name, ENDINGS, KINDS)
    if key is not None and path.suffix.lower() != ".npz":
        raise FileError(
            "E324",
            f"`key` picks an array of an .npz file, but {name} is a {path.suffix} file",
            _NO_KEY,
            "key",
        )
    try:
        if path.suffix.lower() == ".csv":
            array = _csv(path, name)
        elif path.suffix.lower() == ".npy":
            with path.open("rb") as stream:
                array = _npy(stream, path.stat().st_size, name)
        else:
            array = _npz(path, name, key)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileError("E320", f"{name} cannot be read: {reason}", "check the file's permissions") from None
    return _numbers(array, name)


_NO_KEY = "leave `key` out"


def _npy(stream: IO[bytes], size: int, name: str) -> Array:
    """The array of an open .npy file of `size` bytes; its header is checked before anything is allocated."""
    try:
        version = npy.read_magic(stream)
        if version == (1, 0):
            shape, _, kind = npy.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, _, kind = npy.read_array_header_2_0(stream)
        else:
            raise FileError("E326", f"{name} is in version {version[0]}.{version[1]} of the .npy format", _SAVE)
        _check_kind(kind, name)
        _check_size(shape, name)
        if prod(shape) * kind.itemsize > size:
            raise FileError("E326", f"{name} is damaged: it ends before its last number", "save the array again")
        stream.seek(0)
        array = npy.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile, SyntaxError, MemoryError):
        raise FileError("E326", f"{name} is damaged or not what its ending says", "save the array again") from None
    return np.asarray(array)


def _npz(path: Path, name: str, key: str | None) -> Array:
    if not zipfile.is_zipfile(path):
        raise FileError("E326", f"{name} is damaged or not an .npz file", "save the arrays again with numpy.savez")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if not members:
                raise FileError("E324", f"{name} holds no array", "save the arrays again with numpy.savez")
            if key is None and len(members) > 1:
                listed = _listed(list(members))
                raise FileError("E324", f"{name} holds several arrays ({listed}); which one?", "add `key: …`")
            picked = next(iter(members)) if key is None else key
            if picked not in members:
                help = did_you_mean(picked, list(members)) or f"it holds {_listed(list(members))}"
                message = f"{name} holds no array `{picked}`; it holds {_listed(list(members))}"
                raise FileError("E324", message, help, "key")
            info = members[picked]
            if info.file_size > 16 * MAX_ENTRIES + 10_000:
                raise FileError("E327", f"`{picked}` in {name} has more than {MAX_ENTRIES:,} numbers", _LARGE)
            with archive.open(info) as stream:
                return _npy(stream, info.file_size, name)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        zlib.error,
    ):
        raise FileError("E326", f"{name} is damaged or protected by a password", "save the arrays again") from None


_SAVE = "save it again with numpy.save"
_LARGE = "give a smaller array"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")


def _check_kind(kind: np.dtype[Any], name: str) -> None:
    if kind.hasobject:
        message = f"{name} holds pickled Python objects, which dlcli never loads"
        raise FileError("E323", message, "save a plain numeric array: numpy.save(path, numpy.asarray(a, dtype=float))")
    if kind.kind == "c":
        raise FileError("E325", f"{name} holds complex numbers", "save the real part")
    if kind.kind not in "biuf":
        raise FileError("E325", f"{name} holds {kind} entries, not numbers", "save a plain numeric array")


def _check_size(shape: Shape, name: str) -> None:
    if prod(shape) > MAX_ENTRIES:
        raise FileError("E327", f"{name} has {prod(shape):,} numbers, more than {MAX_ENTRIES:,}", _LARGE)
    if 0 in shape:
        raise FileError("E206", f"{name} is empty: its shape is {shape}", "save at least one number")


def _numbers(array: Array, name: str) -> Array:
    with np.errstate(over="ignore"):  # float128 numbers beyond float64 become inf and are refused below
        numbers = np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)
    if not np.isfinite(numbers).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
        where = f" at {list(at)}" if at else ""
        raise FileError("E303", f"{name} holds {numbers[at]}{where}", "every value must be a finite number")
    return numbers


def _csv(path: Path, name: str) -> Array:
    if path.stat().st_size > MAX_CSV_BYTES:
        raise FileError("E327", f"{name} is larger than {MAX_CSV_BYTES // 1_000_000:,} MB", "save it as .npy")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty file, which is told below
            array = np.loadtxt(stream, delimiter=",", comments=None, ndmin=2, dtype=np.float64, quotechar='"')
    except UnicodeDecodeError:
        raise FileError("E326", f"{name} is not UTF-8 text", "save it as UTF-8, numbers separated by commas") from None
    except ValueError:
        raise _wrong_csv(path, name) from None
    if array.size == 0:
        raise FileError("E206", f"{name} is empty", "write numbers separated by commas, one row a line")
    _check_size(array.shape, name)
    if array.size == 1:
        return array.reshape(())
    return array.reshape(-1) if 1 in array.shape else array


def _wrong_csv(path: Path, name: str) -> FileError:
    """Where and why a .csv is no table of numbers."""
    width = 0
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        try:
            for row in rows:
                for column, entry in enumerate(row, 1):
                    if not _is_float(entry):
                        return _wrong_entry(name, entry, rows.line_num, column, row)
                if width and row and len(row) != width:
                    message = f"{name} has {len(row)} numbers in line {rows.line_num}, but {width} in its first row"
                    return FileError("E205", message, "give each row as many numbers")
                width = width or len(row)
        except csv.Error:
            pass  # too strange for the csv module: told in general below
    return FileError("E325", f"{name} is no table of numbers", "write numbers separated by commas, one row a line")


def _wrong_entry(name: str, entry: str, line: int, column: int, row: list[str]) -> FileError:
    shown = entry if len(entry) <= 40 else entry[:40] + "…"
    message = f"{name}, line {line}, column {column}: `{shown}` is not a number"
    if ";" in entry:
        return FileError("E325", message, "separate the numbers by commas, with decimal points, not by ;")
    if "\t" in entry:
        return FileError("E325", message, "separate the numbers by commas, not by tabs")
    if not entry.strip():
        return FileError("E325", f"{name}, line {line}, column {column}: a number is missing", "give every entry")
    if line == 1 and not any(map(_is_float, row)):
        return FileError("E325", message, "delete the header line; dlcli reads numbers only")
    return FileError("E325", message, "write a number with a decimal point")


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
