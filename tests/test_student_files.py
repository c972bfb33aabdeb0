"""Hand-written student files judge the judges: each right one is right, each wrong one is wrong, by outside witnesses.

The witnesses are `dlcli.solve` and finite differences of the losses in tests/students/losses.py.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import dlcli
from dlcli.solution import Solution
from tests.students.losses import LOSSES

STUDENTS = Path(__file__).parent / "students"
INDEX: dict[str, dict[str, Any]] = yaml.safe_load((STUDENTS / "index.yaml").read_text(encoding="utf-8"))
FILES = sorted(path.relative_to(STUDENTS).as_posix() for path in STUDENTS.rglob("*.py") if path.parent != STUDENTS)
REPAIRS: dict[str, list[list[str]]] = yaml.safe_load((STUDENTS / "repairs.yaml").read_text(encoding="utf-8"))
MISTAKES = frozenset((STUDENTS / "mistake_names.txt").read_text(encoding="utf-8").split())
LEAVES = ("input", "weight", "bias", "target", "constant")
EXACT = 1e-9
WRONG = 1e-4


@cache
def solved(homework: str) -> Solution:
    return dlcli.solve(STUDENTS / "homework" / f"{homework}.yaml")


@cache
def parameters(homework: str) -> Mapping[str, Any]:
    """What dlcli hands to a student's function: float64 arrays, plain floats for scalars."""
    graph = solved(homework).graph
    leaves = {n: graph.values[k] for n, k in graph.names.items() if graph.nodes[k].role in LEAVES}
    return {name: array.copy() if array.ndim else float(array) for name, array in leaves.items()}


def fresh(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.array(value) if isinstance(value, np.ndarray) else value for name, value in point.items()}


def second_point(homework: str) -> dict[str, Any]:
    """Weights and inputs drawn at random, of the same shapes; targets, masks and hyper-parameters as they are."""
    graph, stream = solved(homework).graph, np.random.default_rng(20)
    drawn = fresh(parameters(homework))
    for name, value in drawn.items():
        if graph.nodes[graph.names[name]].role in ("input", "weight", "bias"):
            drawn[name] = stream.normal(size=value.shape) if isinstance(value, np.ndarray) else float(stream.normal())
    return drawn


def imported(name: str | Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"student_{Path(name).stem}", STUDENTS / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def differences(loss: Callable[..., Any], point: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """The gradient of a loss by central differences of steps 1e-3 and 5e-4, extrapolated: an error of about 1e-9."""
    gradients = {}
    for name in names:
        value = np.asarray(point[name], dtype=float)
        gradient = np.zeros(value.shape)
        for entry in np.ndindex(value.shape):
            slopes = []
            for step in (1e-3, 5e-4):
                ends = []
                for sign in (1, -1):
                    moved = value.copy()
                    moved[entry] += sign * step
                    ends.append(loss(**{**point, name: moved if moved.ndim else float(moved)}))
                slopes.append((ends[0] - ends[1]) / (2 * step))
            gradient[entry] = (4 * slopes[1] - slopes[0]) / 3
        gradients[name] = gradient
    return gradients


def distance(found: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    """The largest relative distance of a tensor; inf for nan, for a missing tensor and for another shape."""
    worst = 0.0
    for name, wanted in expected.items():
        if name not in found or np.shape(found[name]) != np.shape(wanted):
            return np.inf
        gap = float(np.linalg.norm(np.asarray(found[name], dtype=float) - wanted))
        worst = max(worst, gap / float(np.linalg.norm(wanted)) if np.isfinite(gap) else np.inf)
    return worst


def key(homework: str) -> dict[str, Any]:
    return {t.name: t.backprop for t in solved(homework).comparison.tensors}


@pytest.mark.parametrize("homework", sorted(LOSSES))
def test_homework_passes_with_every_entry_exercised(homework: str) -> None:
    solution = solved(homework)
    assert solution.verdict == "pass"
    assert solution.comparison.exercised == solution.comparison.entries


@pytest.mark.parametrize("homework", sorted(LOSSES))
def test_homework_has_the_loss_that_plain_numpy_gives(homework: str) -> None:
    assert LOSSES[homework](**parameters(homework)) == pytest.approx(solved(homework).loss, rel=1e-12)


@pytest.mark.parametrize("homework", sorted(LOSSES))
def test_key_agrees_with_differences_of_the_plain_loss(homework: str) -> None:
    expected = key(homework)
    assert distance(differences(LOSSES[homework], parameters(homework), list(expected)), expected) < 1e-6


@pytest.mark.parametrize("name", sorted(INDEX["right"]))
def test_right_file_agrees_with_the_key(name: str) -> None:
    homework = INDEX["right"][name]
    assert distance(imported(f"right/{name}.py").backward(**fresh(parameters(homework))), key(homework)) < EXACT


@pytest.mark.parametrize("name", sorted(INDEX["right"]))
def test_right_file_agrees_with_differences_at_a_second_point(name: str) -> None:
    homework = INDEX["right"][name]
    point = second_point(homework)
    expected = differences(LOSSES[homework], point, list(key(homework)))
    assert distance(imported(f"right/{name}.py").backward(**fresh(point)), expected) < 1e-5


@pytest.mark.parametrize("name", sorted(INDEX["wrong"]))
def test_wrong_file_differs_from_the_key(name: str) -> None:
    homework = INDEX["wrong"][name]["homework"]
    expected = key(homework)
    found = imported(f"wrong/{name}.py").backward(**fresh(parameters(homework)))
    assert {n: np.shape(found[n]) for n in expected} == {n: np.shape(g) for n, g in expected.items()}
    assert distance(found, expected) > WRONG


@pytest.mark.parametrize("name", sorted(INDEX["wrong"]))
def test_wrong_file_is_right_once_its_one_mistake_is_repaired(name: str, tmp_path: Path) -> None:
    homework = INDEX["wrong"][name]["homework"]
    text = (STUDENTS / f"wrong/{name}.py").read_text(encoding="utf-8")
    for found, instead in REPAIRS[name]:
        assert found in text
        text = text.replace(found, instead)
    repaired = tmp_path / f"{name}.py"
    repaired.write_text(text, encoding="utf-8")
    assert distance(imported(repaired).backward(**fresh(parameters(homework))), key(homework)) < EXACT


@pytest.mark.parametrize("name", sorted(INDEX["forward"]))
def test_forward_file_is_what_the_index_says(name: str) -> None:
    entry = INDEX["forward"][name]
    solution = solved(entry["homework"])
    found = dict(imported(f"forward/{name}.py").forward(**fresh(parameters(entry["homework"]))))
    wanted: dict[str, Any] = {"loss": solution.loss} | {n: solution.values[n] for n in found if n != "loss"}
    wrong = [n for n in wanted if not np.allclose(found[n], wanted[n], rtol=EXACT, atol=0)]
    assert wrong == entry["wrong"]


@pytest.mark.parametrize("name", sorted(INDEX["alone"]))
def test_file_that_stands_alone_is_what_the_index_says(name: str) -> None:
    module = imported(f"alone/{name}.py")
    point = module.example()
    found = module.backward(**fresh(point))
    expected = differences(module.loss, point, list(found))
    assert (distance(found, expected) < 1e-6) == INDEX["alone"][name]["right"]
    assert INDEX["alone"][name]["right"] or distance(found, expected) > WRONG


@pytest.mark.parametrize("name", sorted(INDEX["right"]))
def test_right_file_changes_no_argument(name: str) -> None:
    point = fresh(parameters(INDEX["right"][name]))
    imported(f"right/{name}.py").backward(**point)
    assert all(np.array_equal(value, parameters(INDEX["right"][name])[n]) for n, value in point.items())


@pytest.mark.parametrize("name", FILES)
def test_file_imports_numpy_and_the_standard_library_only(name: str) -> None:
    tree = ast.parse((STUDENTS / name).read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert found <= {"numpy", *sys.stdlib_module_names}


def test_every_file_is_in_the_index_once() -> None:
    assert sorted(f"{kind}/{name}.py" for kind, names in INDEX.items() for name in names) == FILES


@pytest.mark.parametrize("name", sorted(INDEX["wrong"]))
def test_wrong_file_has_names_of_the_list_and_a_docstring(name: str) -> None:
    assert INDEX["wrong"][name]["ids"]
    assert set(INDEX["wrong"][name]["ids"]) <= MISTAKES
    docstring = ast.get_docstring(ast.parse((STUDENTS / f"wrong/{name}.py").read_text(encoding="utf-8")))
    assert docstring is not None
    assert "https://" in docstring or "no published case cited" in docstring


def test_wrong_files_cover_many_mistakes_and_cite_many_published_ones() -> None:
    ids = [i for entry in INDEX["wrong"].values() for i in entry["ids"]]
    cited = [n for n in INDEX["wrong"] if "https://" in (STUDENTS / f"wrong/{n}.py").read_text(encoding="utf-8")]
    assert len(set(ids)) >= 70
    assert max(ids.count(i) for i in ids) <= 3
    assert len(cited) >= 20
