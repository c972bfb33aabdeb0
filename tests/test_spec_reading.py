"""Reading a file's bytes: every way in which there is no text, and the encodings that are understood."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dlcli.errors import Diagnostic, HomeworkError
from dlcli.spec import read_source, reading


def refusal(path: str | Path) -> Diagnostic:
    with pytest.raises(HomeworkError) as caught:
        read_source(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    return diagnostic


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"title: a\n", "title: a\n"),
        ("title: \u00e9\n".encode("utf-8-sig"), "title: \u00e9\n"),
        ("title: \u6f22\n".encode("utf-16"), "title: \u6f22\n"),
        (b"\xfe\xff" + "title: a".encode("utf-16-be"), "title: a"),
        (b"a: 1\r\nb: 2\r\n", "a: 1\r\nb: 2\r\n"),
    ],
)
def test_text_is_decoded_and_the_byte_order_mark_removed(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "h.yaml"
    path.write_bytes(data)
    source = read_source(path)
    assert source.text == text
    assert source.name == str(path)


def test_missing_file_suggests_a_similar_name(tmp_path: Path) -> None:
    (tmp_path / "homework.yaml").write_text("a: 1")
    found = refusal(tmp_path / "homwork.yaml")
    assert found.code == "E001"
    assert found.message == f"there is no file `{tmp_path / 'homwork.yaml'}`"
    assert found.help == f"did you mean '{tmp_path / 'homework.yaml'}'?"
    assert found.file == str(tmp_path / "homwork.yaml")


def test_missing_ending_is_found(tmp_path: Path) -> None:
    (tmp_path / "h.yaml").write_text("a: 1")
    assert refusal(tmp_path / "h").help == f"did you mean '{tmp_path / 'h.yaml'}'?"


def test_missing_file_lists_homework_nearby_or_names_the_bundled_ones(tmp_path: Path) -> None:
    assert refusal(tmp_path / "zzz").help == "`dlcli problems` lists the homework that comes with dlcli"
    (tmp_path / "exercise.yaml").write_text("a: 1")
    assert refusal(tmp_path / "zzz").help == "homework files there: exercise.yaml"


def test_missing_folder_is_named(tmp_path: Path) -> None:
    assert "there is no folder" in (refusal(tmp_path / "nowhere" / "h.yaml").help or "")


def test_folder_suggests_its_files_and_gradcheck(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.yaml").write_text("a: 1")
    found = refusal(tmp_path)
    assert found.code == "E002"
    assert "is a folder, not a homework file" in found.message
    assert "a.yaml, b.yaml, c.yaml, …" in (found.help or "")
    assert f"dlcli gradcheck {tmp_path}" in (found.help or "")


def test_folder_without_homework_suggests_gradcheck_only(tmp_path: Path) -> None:
    assert refusal(tmp_path).help == f"check all homework files in it with `dlcli gradcheck {tmp_path}`"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = refusal(tmp_path / "pipe")
    assert (found.code, "is not an ordinary file" in found.message) == ("E003", True)


def test_unreadable_file_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.yaml"
    path.write_text("a: 1")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    found = refusal(path)
    assert (found.code, found.message) == ("E003", f"`{path}` cannot be read: permission denied")


def test_path_with_a_zero_character_is_refused() -> None:
    found = refusal("a\0b")
    assert (found.code, found.message) == ("E001", "a path cannot contain the character U+0000")


@pytest.mark.parametrize("data", [b"", b"\n  \n", b"\xef\xbb\xbf\n"])
def test_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "h.yaml"
    path.write_bytes(data)
    found = refusal(path)
    assert (found.code, found.message) == ("E004", f"`{path}` is empty")


def test_binary_file_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_bytes(b"abc\0def")
    assert refusal(path).message == f"`{path}` is not text: byte 4 is 0"


def test_other_encoding_names_byte_and_line(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_bytes("a: 1\ntitle: \u00e9t\u00e9\n".encode("latin-1"))
    found = refusal(path)
    assert found.code == "E006"
    assert found.message == f"`{path}` is not UTF-8: byte 13 (line 2) fits no character"
    path.write_bytes(b"\xff\xfea\0b")
    assert "is not UTF-16: byte" in refusal(path).message


def test_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    found = refusal(path)
    assert (found.code, found.message) == ("E007", f"`{path}` is larger than 10 MB")


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"title: a")))
    source = read_source("-")
    assert (source.name, source.text) == ("<stdin>", "title: a")


def test_empty_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert refusal("-").message == "standard input is empty"


def test_standard_input_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(b"a" * (reading.MAX_BYTES + 100))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    found = refusal("-")
    assert (found.code, found.message) == ("E007", "standard input is larger than 10 MB")
    assert stream.tell() == reading.MAX_BYTES + 1
