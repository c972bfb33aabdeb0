"""The progress bar: on a terminal only, after a while, gone at the end."""

from __future__ import annotations

import io
import time

from dlcli.render.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def wait_for(text: str, stream: io.StringIO) -> None:
    for _ in range(500):
        if text in stream.getvalue():
            return
        time.sleep(0.01)
    raise AssertionError(f"{text!r} did not appear in {stream.getvalue()!r}")


def test_bar_appears_when_work_takes_long() -> None:
    stream = Terminal()
    with progress(3, "checking", stream, patience=0) as bar:
        bar.start("a.yaml")
        wait_for("checking a.yaml", stream)
        bar.finish(hide=False)
        bar.start("b.yaml")
        wait_for("checking b.yaml", stream)
        bar.finish(hide=True)
        before = stream.getvalue()
    assert "0/3" in before
    assert stream.getvalue() == before


def test_long_name_is_shortened() -> None:
    stream = Terminal()
    with progress(1, "checking", stream, patience=0) as bar:
        bar.start("x" * 100 + "/end.yaml")
        wait_for("/end.yaml", stream)
    assert "x" * 60 not in stream.getvalue()


def test_quick_work_shows_nothing() -> None:
    stream = Terminal()
    with progress(2, "checking", stream, patience=60) as bar:
        for name in ("a", "b"):
            bar.start(name)
            bar.finish(hide=True)
    assert stream.getvalue() == ""


def test_pipe_sees_nothing() -> None:
    stream = io.StringIO()
    with progress(1, "checking", stream, patience=0) as bar:
        bar.start("a")
        bar.finish(hide=True)
    assert stream.getvalue() == ""


def test_bar_goes_when_the_work_fails() -> None:
    stream = Terminal()
    try:
        with progress(1, "checking", stream, patience=0) as bar:
            bar.start("a")
            wait_for("checking a", stream)
            raise RuntimeError
    except RuntimeError:
        assert stream.getvalue().endswith("\x1b[2K") or "\x1b[?25h" in stream.getvalue()
