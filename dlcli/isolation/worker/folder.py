"""A folder that hostile code may have filled: its size, and its removal whatever it holds."""

from __future__ import annotations

import os
import shutil
import sys

BLOCK = 4096  # an empty file takes room as well


def folder_size(folder: str, enough: int) -> int:
    """The bytes below a folder, counted no further than `enough`; files that vanish meanwhile count nothing."""
    total, waiting = 0, [folder]
    while waiting and total <= enough:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    total += BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
                    if total > enough:
                        break
        except OSError:
            continue
    return total


def remove_folder(folder: str) -> bool:
    """Whether the folder is gone. Works for trees deeper than any path may be long, and for closed folders in it."""
    try:
        if sys.platform == "win32":
            shutil.rmtree(folder, ignore_errors=True)
        else:
            os.chmod(folder, 0o700)
            _empty(os.open(folder, os.O_RDONLY))
            os.rmdir(folder)
    except OSError:
        pass  # what is left is seen below
    return not os.path.lexists(folder)


def _empty(here: int) -> None:
    """Removes all that a folder holds, by a walk down and up again with one folder open at a time."""
    if sys.platform == "win32":
        return
    names: list[str] = []  # of the folders from the first one to this
    try:
        while True:
            below = None
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        below = entry.name
                        break
                    os.unlink(entry.name, dir_fd=here)
            if below is not None:
                os.chmod(below, 0o700, dir_fd=here)
                names.append(below)
                target = os.open(below, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=here)
            elif names:
                target = os.open("..", os.O_RDONLY, dir_fd=here)
                os.rmdir(names.pop(), dir_fd=target)
            else:
                return
            os.close(here)
            here = target
    finally:
        os.close(here)
