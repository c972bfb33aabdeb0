"""What a stream can show: width, letters, colours."""

from __future__ import annotations

import io

import pytest

from dlcli.render.console import Medium, file_medium, medium, painted, rendered


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def pipe(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def test_terminal_has_width_and_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "93")
    assert medium(Terminal()) == Medium(width=93, encoding="utf-8", letters=True, color=True)


def test_pipe_has_neither() -> None:
    assert medium(pipe("utf-8")) == Medium(width=None, encoding="utf-8", letters=True, color=False)


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_environment_turns_colours_off(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    assert not medium(Terminal()).color
    assert medium(Terminal(), color="always").color


def test_color_option_decides() -> None:
    assert medium(pipe("utf-8"), color="always").color
    assert not medium(Terminal(), color="never").color


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_encodings_without_the_letters_get_plain_ones(encoding: str) -> None:
    found = medium(pipe(encoding))
    assert (found.encoding, found.letters) == (encoding, False)


def test_ascii_option_makes_everything_ascii() -> None:
    assert medium(Terminal(), plain=True).encoding == "ascii"
    assert file_medium(plain=True) == Medium(encoding="ascii", letters=False)


def test_painted_text_says_the_same_without_colours() -> None:
    assert painted("FAIL", "red", Medium(color=True)) == "\x1b[1;31mFAIL\x1b[0m"
    assert painted("FAIL", "red", Medium()) == "FAIL"


def test_rendering_asks_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "10")
    from rich.text import Text

    assert rendered(Medium(width=10), Text("a long line that nobody wraps", style="red")) == (
        "a long line that nobody wraps\n"
    )
