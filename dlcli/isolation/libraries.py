"""Where the worker's interpreter finds its libraries, and which of their files the code may read."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Collection
from pathlib import Path


def package_folders(imports: Collection[str]) -> list[str]:
    """The folders in which NumPy and the further packages lie, as this process finds them."""
    folders = []
    for name in ("numpy", *sorted(imports)):
        for place in _places(name):
            folder = os.path.dirname(place)
            if folder not in folders:
                folders.append(folder)
    return folders


def _places(package: str) -> list[str]:
    """The folders, or the one file, of a top-level package; none if there is no such package."""
    try:
        found = importlib.util.find_spec(package.partition(".")[0])
    except (ImportError, ValueError):
        return []
    if found is None:
        return []
    if found.submodule_search_locations is not None:
        return [os.path.realpath(place) for place in found.submodule_search_locations]
    return [os.path.realpath(found.origin)] if found.has_location and found.origin else []


def libraries(packages: Collection[str], imports: Collection[str]) -> tuple[list[str], list[str]]:
    """What code needs to read: files and folders whole, and folders of which only the names.

    Of the folder that installed packages share only NumPy is readable, unless `imports` names more: a package may need
    any other.
    """
    readable = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo"]
    readable += ["/dev/zero", "/dev/urandom", "/dev/random", "/nix/store", "/gnu/store"]
    listable = []
    for name in ("stdlib", "platstdlib"):
        folder = os.path.realpath(sysconfig.get_path(name))
        listable.append(folder)
        if os.path.isdir(folder):
            readable += [
                os.path.join(folder, entry)
                for entry in os.listdir(folder)
                if entry not in ("site-packages", "dist-packages")
            ]
    shared = {"/usr/local/lib", os.path.join(os.path.realpath(sys.base_prefix), "lib")}
    shared |= {path for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if path}
    readable += [str(path) for folder in sorted(shared) for path in Path(folder).glob("*.so*")]
    for name in ("numpy", *sorted(imports)):
        for place in _places(name):
            readable += [place, f"{place}.libs"]
    if imports:
        readable += [folder for folder in packages if Path(folder).name in ("site-packages", "dist-packages")]
    return list(dict.fromkeys(readable)), list(dict.fromkeys(listable))
