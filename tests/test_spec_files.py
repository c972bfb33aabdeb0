"""Arrays from files beside the homework: what is read, and what is refused with which words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.errors import HomeworkError, Source
from dlcli.spec import files, load
from dlcli.spec.files import FileError, load_array


def refusal(folder: Path | None, name: str, key: str | None = None) -> FileError:
    with pytest.raises(FileError) as caught:
        load_array(folder, name, key)
    assert caught.value.help
    return caught.value


@pytest.mark.parametrize("kind", ["float64", "float32", "int16", "uint8", "bool", "float16"])
def test_npy_numbers_become_float64(tmp_path: Path, kind: str) -> None:
    given = np.array([[0, 1], [1, 0]], dtype=kind)
    np.save(tmp_path / "a.npy", given)
    array = load_array(tmp_path, "a.npy", None)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, given.astype(float))


def test_fortran_order_and_scalars_keep_their_shape(tmp_path: Path) -> None:
    given = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.save(tmp_path / "a.npy", given)
    np.save(tmp_path / "s.npy", np.float64(3))
    np.testing.assert_array_equal(load_array(tmp_path, "a.npy", None), given)
    assert load_array(tmp_path, "s.npy", None).shape == ()


def test_npz_gives_the_array_of_the_key_or_the_only_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", W1=np.zeros(2), W2=np.ones(3))
    np.savez_compressed(tmp_path / "one.npz", W=np.ones((2, 2)))
    assert load_array(tmp_path, "two.npz", "W2").tolist() == [1, 1, 1]
    assert load_array(tmp_path, "one.npz", None).shape == (2, 2)


def test_npz_asks_for_a_key_and_suggests_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", weights=np.zeros(2), bias=np.ones(3))
    found = refusal(tmp_path, "two.npz")
    assert (found.code, str(found)) == ("E324", "two.npz holds several arrays (weights, bias); which one?")
    found = refusal(tmp_path, "two.npz", "weigths")
    assert str(found) == "two.npz holds no array `weigths`; it holds weights, bias"
    assert (found.help, found.about) == ("did you mean 'weights'?", "key")


def test_npz_without_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "none.npz")
    assert str(refusal(tmp_path, "none.npz")) == "none.npz holds no array"


@pytest.mark.parametrize("save", [np.save, np.savez])
def test_pickled_objects_are_never_loaded(tmp_path: Path, save: Any) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    name = "a.npy" if save is np.save else "a.npz"
    save(tmp_path / name, np.array([Trap()], dtype=object))
    found = refusal(tmp_path, name)
    assert (found.code, str(found)) == (
        "E323",
        f"{name} holds pickled Python objects, which dlcli never loads",
    )
    assert not (tmp_path / "sprung").exists()


def test_complex_and_text_entries_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", np.array([1j]))
    np.save(tmp_path / "t.npy", np.array(["a"]))
    np.save(tmp_path / "r.npy", np.zeros(2, dtype=[("x", "f8")]))
    assert str(refusal(tmp_path, "c.npy")) == "c.npy holds complex numbers"
    assert "entries, not numbers" in str(refusal(tmp_path, "t.npy"))
    assert refusal(tmp_path, "r.npy").code == "E325"


@pytest.mark.parametrize(("bad", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_numbers_that_are_not_finite_are_named_with_their_place(tmp_path: Path, bad: float, shown: str) -> None:
    np.save(tmp_path / "a.npy", np.array([[1, 2], [3, bad]]))
    found = refusal(tmp_path, "a.npy")
    assert (found.code, str(found)) == ("E303", f"a.npy holds {shown} at [1, 1]")


def test_empty_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((0, 3)))
    (tmp_path / "b.csv").write_text("")
    assert str(refusal(tmp_path, "a.npy")) == "a.npy is empty: its shape is (0, 3)"
    assert str(refusal(tmp_path, "b.csv")) == "b.csv is empty"


def claimed(shape: tuple[int, ...], version: tuple[int, int] = (1, 0)) -> bytes:
    stream = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    if version == (1, 0):
        np.lib.format.write_array_header_1_0(stream, header)
    else:
        np.lib.format.write_array_header_2_0(stream, header)
    return stream.getvalue()


def test_size_is_checked_before_memory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(claimed((10**6, 10**6)))
    assert str(refusal(tmp_path, "a.npy")) == "a.npy has 1,000,000,000,000 numbers, more than 50,000,000"
    (tmp_path / "b.npy").write_bytes(claimed((4_000_000,), (2, 0)))
    assert str(refusal(tmp_path, "b.npy")) == "b.npy is damaged: it ends before its last number"


def test_large_csv_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as stream:
        stream.truncate(files.MAX_CSV_BYTES + 1)
    assert str(refusal(tmp_path, "a.csv")) == "a.csv is larger than 1,000 MB"


def test_archive_member_that_claims_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 10)
    np.savez(tmp_path / "a.npz", W=np.zeros(5_000))
    assert str(refusal(tmp_path, "a.npz")) == "`W` in a.npz has more than 10 numbers"


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\x10\x00{'descr': 3}   \n"]
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    (tmp_path / "a.npz").write_bytes(content)
    assert str(refusal(tmp_path, "a.npy")) == "a.npy is damaged or not what its ending says"
    assert str(refusal(tmp_path, "a.npz")) == "a.npz is damaged or not an .npz file"


def test_unknown_npy_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x03\x00" + b"\0" * 20)
    assert str(refusal(tmp_path, "a.npy")) == "a.npy is in version 3.0 of the .npy format"


def test_archive_member_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("W.npy", claimed((100,)) + b"\0" * 10)
    assert "damaged" in str(refusal(tmp_path, "a.npz"))
    np.savez_compressed(tmp_path / "b.npz", W=np.random.RandomState(0).rand(1000))
    data = bytearray((tmp_path / "b.npz").read_bytes())
    data[200:300] = b"\0" * 100
    (tmp_path / "b.npz").write_bytes(data)
    assert refusal(tmp_path, "b.npz").code == "E326"
    np.savez(tmp_path / "c.npz", W=np.zeros(3))
    (tmp_path / "c.npz").write_bytes(b"xxxx" + (tmp_path / "c.npz").read_bytes()[4:])
    assert str(refusal(tmp_path, "c.npz")) == "c.npz is damaged or protected by a password"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1,2\n3,4\n", (2, 2)),
        ("1\n2\n3\n", (3,)),
        ("1,2,3\n", (3,)),
        ("5\n", ()),
        ('\ufeff1, 2\r\n"3",4e-1\r\n', (2, 2)),
    ],
)
def test_csv_shapes(tmp_path: Path, text: str, shape: tuple[int, ...]) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert load_array(tmp_path, "a.csv", None).shape == shape


@pytest.mark.parametrize(
    ("text", "code", "message", "help"),
    [
        ("x1,x2\n1,2\n", "E325", "a.csv, line 1, column 1: `x1` is not a number", "delete the header line"),
        ("1;2\n3;4\n", "E325", "a.csv, line 1, column 1: `1;2` is not a number", "by commas"),
        ("1\t2\n", "E325", "a.csv, line 1, column 1: `1\t2` is not a number", "not by tabs"),
        ("1,2\n3,x\n", "E325", "a.csv, line 2, column 2: `x` is not a number", "decimal point"),
        ("1,2\n3,\n", "E325", "a.csv, line 2, column 2: a number is missing", "every entry"),
        ("1,2\n3\n", "E205", "a.csv has 1 numbers in line 2, but 2 in its first row", "as many"),
        ("1,nan\n", "E303", "a.csv holds nan at [1]", "finite"),
        ("1_0\n", "E325", "a.csv is no table of numbers", "one row a line"),
    ],
)
def test_csv_mistakes_are_found(tmp_path: Path, text: str, code: str, message: str, help: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    found = refusal(tmp_path, "a.csv")
    assert (found.code, str(found)) == (code, message)
    assert help in found.help


def test_csv_with_an_endless_entry_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x" * 200_000)
    assert str(refusal(tmp_path, "a.csv")) == "a.csv is no table of numbers"


def test_csv_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1,\xff\n")
    assert str(refusal(tmp_path, "a.csv")) == "a.csv is not UTF-8 text"


def test_files_stay_in_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "homework"
    (inside / "data").mkdir(parents=True)
    np.save(tmp_path / "out.npy", np.zeros(2))
    np.save(inside / "data" / "in.npy", np.zeros(2))
    (inside / "link.npy").symlink_to(tmp_path / "out.npy")
    (inside / "fine.npy").symlink_to(inside / "data" / "in.npy")
    assert load_array(inside, "data/in.npy", None).shape == (2,)
    assert load_array(inside, "fine.npy", None).shape == (2,)
    for name, message in {
        "../out.npy": "climbs out of the homework's folder",
        "data/../../out.npy": "climbs out",
        "..\\out.npy": "climbs out",
        str(tmp_path / "out.npy"): "is an absolute path",
        "C:\\out.npy": "is an absolute path",
        "\\\\host\\out.npy": "is an absolute path",
        "link.npy": "is a link that leads out",
    }.items():
        found = refusal(inside, name)
        assert found.code == "E321"
        assert message in str(found)


def test_missing_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    np.save(tmp_path / "weights.npy", np.zeros(2))
    (tmp_path / "sub.npy").mkdir()
    (tmp_path / "notes.txt").write_text("1")
    (tmp_path / "loop.npy").symlink_to(tmp_path / "loop.npy")
    found = refusal(tmp_path, "wieghts.npy")
    assert (found.code, str(found)) == ("E320", "there is no file wieghts.npy beside the homework")
    assert found.help == "did you mean 'weights.npy'?"
    assert "is a folder" in str(refusal(tmp_path, "sub.npy"))
    assert "is not a .npy, .npz or .csv file" in str(refusal(tmp_path, "notes.txt"))
    assert refusal(tmp_path, "loop.npy").code == "E320"
    assert "the name of a file is missing" in str(refusal(tmp_path, ""))
    assert "it belongs into the folder" in refusal(tmp_path, "nowhere/zzz.npy").help
    assert "`key` picks an array of an .npz file" in str(refusal(tmp_path, "weights.npy", "W"))


def test_unreadable_file_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", np.zeros(2))

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    assert str(refusal(tmp_path, "a.npy")) == "a.npy cannot be read: permission denied"


def test_without_a_folder_files_are_refused() -> None:
    found = refusal(None, "a.npy")
    assert (found.code, "standard input" in str(found)) == ("E321", True)


def test_all_sections_take_files_and_errors_point_at_the_entry(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.arange(4.0), y=np.ones((2, 2)))
    text = "".join(f"{s}: {{{s[0]}: {{file: d.npz, key: x}}}}\n" for s in ("inputs", "weights", "targets", "constants"))
    spec = load(Source("h.yaml", text + "loss: i"), tmp_path)
    for declaration in spec.declarations.values():
        assert declaration.value is not None
        assert (declaration.value.origin, declaration.shape, declaration.value.exact) == ("file", (4,), None)
        assert not declaration.value.array.flags.writeable
    with pytest.raises(HomeworkError) as caught:
        load(Source("h.yaml", "inputs:\n  a: {file: d.npz, key: z}\n  b: {file: e.npz}\nloss: a"), tmp_path)
    places = [(d.code, d.place.line, d.place.column) for d in caught.value.diagnostics if d.place]
    assert places == [("E324", 2, 25), ("E320", 3, 13)]
