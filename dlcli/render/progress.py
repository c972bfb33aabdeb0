"""A progress bar on standard error, after half a second, on a terminal only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from dlcli.render.console import is_terminal, progress_console

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 0.5  # seconds before the bar appears
LONGEST_NAME = 40  # characters of a file's name beside the bar


@dataclass
class Bar:
    """A bar that a timer brings up, on a terminal only; a lock keeps the two threads apart."""

    total: int
    doing: str
    stream: TextIO
    patience: float = PATIENCE
    _done: int = 0
    _begin: float = field(default_factory=monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _timer: threading.Timer | None = None
    _shown: Progress | None = None

    def start(self, name: str) -> None:
        """Work on a file begins."""
        if not is_terminal(self.stream):
            return
        with self._lock:
            text = name if len(name) <= LONGEST_NAME else "..." + name[-LONGEST_NAME:]
            if self._shown is not None:
                self._shown.update(self._shown.task_ids[0], description=self._text(text), completed=self._done)
            else:
                wait = max(0.0, self.patience - (monotonic() - self._begin))
                self._timer = threading.Timer(wait, self._show, [text])
                self._timer.daemon = True
                self._timer.start()

    def finish(self, hide: bool) -> None:
        """Work on a file ends; `hide` takes the bar away, so that something can be printed."""
        with self._lock:
            self._done += 1
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if hide and self._shown is not None:
                self._shown.stop()
                self._shown = None

    def advance(self) -> None:
        """One more part of the work that goes on is done."""
        with self._lock:
            self._done += 1
            if self._shown is not None:
                self._shown.update(self._shown.task_ids[0], completed=self._done)

    def _text(self, name: str) -> str:
        return f"{self.doing} {name}"

    def _show(self, name: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._timer is not threading.current_thread():
                return
            self._timer = None
            self._shown = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=progress_console(self.stream),
                transient=True,
            )
            self._shown.add_task(self._text(name), total=self.total, completed=self._done)
            self._shown.start()


@contextmanager
def progress(total: int, doing: str, stream: TextIO, patience: float = PATIENCE) -> Iterator[Bar]:
    """A bar over so many files, gone at the end whatever happens."""
    bar = Bar(total, doing, stream, patience)
    try:
        yield bar
    finally:
        bar.finish(hide=True)
