"""The Gradescope autograder, run with the platform's folders."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.class_samples import HOMEWORK
from tests.conftest import Run

ANSWERS = "answers:\n  a: 0.46257\n  b: 7\n"


@pytest.fixture
def uploaded(run: Run, tmp_path: Path) -> Path:
    """The platform's root, with the zip unpacked where the platform unpacks it."""
    np.savez(tmp_path / "numbers.npz", w2=np.array(0.07))
    homework = tmp_path / "exercise.yaml"
    homework.write_text(HOMEWORK.replace("w2: 0.07", "w2: {file: numbers.npz, key: w2}"), encoding="utf-8")
    archive = tmp_path / "autograder.zip"
    result = run("gradescope", str(homework), "-o", str(archive))
    assert (result.exit_code, result.output) == (0, "")
    root = tmp_path / "autograder"
    for folder in ("source", "submission", "results"):
        (root / folder).mkdir(parents=True)
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            path = Path(opened.extract(entry, root / "source"))
            path.chmod(entry.external_attr >> 16 & 0o777)
    return root


def autograde(root: Path) -> dict[str, Any]:
    """The results of the submission; nothing of this checkout is on Python's path."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"AUTOGRADER_ROOT": str(root), "PYTHON": sys.executable}
    done = subprocess.run(
        [str(root / "source" / "run_autograder")], cwd=root, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    found: dict[str, Any] = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    assert [path.name for path in (root / "results").iterdir()] == ["results.json"]
    return found


def test_submission_is_marked(uploaded: Path) -> None:
    (uploaded / "submission" / "mine.yaml").write_text(ANSWERS, encoding="utf-8")
    found = autograde(uploaded)
    assert found["score"] == 1.0
    assert [(test["number"], test["score"], test["max_score"], test["status"]) for test in found["tests"]] == [
        ("1", 1.0, 1.0, "passed"), ("2", 0.0, 2.0, "failed"), ("3", 0.0, 4.0, "failed"),
        ("4", 0.0, 1.0, "failed"), ("5", 0.0, 2.0, "failed"), ("6", 0.0, 0.0, "failed"),
    ]  # fmt: skip
    assert "1.3877" not in json.dumps(found)


def test_it_is_the_packed_dlcli_that_marks(uploaded: Path) -> None:
    (uploaded / "submission" / "mine.yaml").write_text(ANSWERS, encoding="utf-8")
    package = uploaded / "source" / "dlcli" / "__init__.py"
    package.write_text(package.read_text(encoding="utf-8").replace('__version__ = "', '__version__ = "packed-'))
    assert autograde(uploaded)["extra_data"]["versions"]["dlcli"].startswith("packed-")


def test_answers_yaml_is_preferred_and_folders_are_searched(uploaded: Path) -> None:
    folder = uploaded / "submission" / "week 7"
    folder.mkdir()
    (folder / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    (uploaded / "submission" / "draft.yaml").write_text("a: 1\n", encoding="utf-8")
    assert autograde(uploaded)["score"] == 1.0


def test_no_answer_file_is_told_to_the_student(uploaded: Path) -> None:
    (uploaded / "submission" / "notes.txt").write_text("a: 1", encoding="utf-8")
    found = autograde(uploaded)
    assert (found["score"], found["tests"]) == (0.0, [])
    assert found["output"] == "Hand in one answer file, `answers.yaml`. There is none."


def test_several_answer_files_are_told_to_the_student(uploaded: Path) -> None:
    for name in ("a.yaml", "b.yml", ".c.yaml"):
        (uploaded / "submission" / name).write_text(ANSWERS, encoding="utf-8")
    assert autograde(uploaded)["output"].endswith("There are 2 of them: a.yaml, b.yml.")


def test_a_link_to_the_key_is_no_answer_file(uploaded: Path) -> None:
    (uploaded / "submission" / "answers.yaml").symlink_to(uploaded / "source" / "homework" / "homework.yaml")
    assert autograde(uploaded)["output"].endswith("There is none.")


def test_broken_sheet_is_a_result(uploaded: Path) -> None:
    (uploaded / "submission" / "answers.yaml").write_bytes(b"\x00\x01\x02")
    found = autograde(uploaded)
    assert (found["score"], found["tests"]) == (0.0, [])
    assert "not text" in found["output"]


def test_code_of_a_student_runs_there(uploaded: Path) -> None:
    homework = uploaded / "source" / "homework" / "homework.yaml"
    homework.write_text(homework.read_text(encoding="utf-8") + "  - {id: s, code: backward, points: 3}\n")
    code = """
        import numpy as np
        def backward(x1, x2, w1, w2, b, y):
            slope = 1/(1 + np.exp(-(w1*x1 + w2*x2 + b))) - y
            return {"w1": slope*x1, "w2": slope*x2, "b": slope}
    """
    lines = [line[8:] for line in code.splitlines()]
    (uploaded / "submission" / "s.py").write_text("\n".join(lines), encoding="utf-8")
    (uploaded / "submission" / "answers.yaml").write_text("answers:\n  s: {file: s.py}\n", encoding="utf-8")
    assert autograde(uploaded)["tests"][-1]["score"] == 3.0


def test_zip_is_the_same_every_time(run: Run, tmp_path: Path) -> None:
    (tmp_path / "homework.yaml").write_text(HOMEWORK, encoding="utf-8")
    found = []
    for name in ("a.zip", "b.zip"):
        run("gradescope", str(tmp_path / "homework.yaml"), "-o", str(tmp_path / name))
        found.append((tmp_path / name).read_bytes())
    assert found[0] == found[1]
    with zipfile.ZipFile(io.BytesIO(found[0])) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert {"setup.sh", "run_autograder", "requirements.txt", "homework/homework.yaml", "dlcli/__init__.py"} <= set(
            names
        )
        assert not [name for name in names if "__pycache__" in name or name.startswith("dlcli/problems/")]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert f"numpy=={version('numpy')}\n" in archive.read("requirements.txt").decode()


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_script_is_correct_shell(uploaded: Path, script: str) -> None:
    path = uploaded / "source" / script
    assert os.access(path, os.X_OK)
    done = subprocess.run(["bash", "-n", str(path)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_homework_that_cannot_be_graded_makes_no_zip(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_text("inputs: {x: 1}\nnetwork:\n  - y = x*x\n", encoding="utf-8")
    result = run("gradescope", str(path), "-o", str(tmp_path / "a.zip"))
    assert (result.exit_code, "error[E407]" in result.stderr) == (2, True)
    assert not (tmp_path / "a.zip").exists()
