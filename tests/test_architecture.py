"""The shape of the package: imports point down, files stay short, text is never evaluated."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dlcli

PACKAGE = Path(dlcli.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "problems" not in path.relative_to(PACKAGE).parts)

GRADED = ("csv", "feedback", "github", "gradescope", "json", "junit", "markdown", "table", "words")

# From the lowest layer to the highest; a module belongs to the longest name that it is or lies under.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("ops", "isolation"),
    ("layers", "language"),
    ("graph", "spec", "codes"),
    ("lowering", "homework_files"),
    ("engines", "fusion", "optimizers"),
    ("samples",),
    ("training",),
    ("laws", "symbols", "domains", "resolution"),
    ("comparison",),
    ("adjudication", "callable_check", "callable_judgement", "mistakes"),
    ("solution",),
    ("questions", "answers"),
    ("equivalence",),
    ("solving", "problem_bank"),
    ("questions.witnesses",),
    ("inspection", "entry_names", "entry_ladder", "evidence", "step_errors", "self_check", "probing"),
    ("file_check", "student_code.records"),
    ("render",),
    ("gradient_check",),
    ("student_code",),
    ("grading",),
    (*(f"render.graded_{form}" for form in GRADED), "render.answer_template", "render.homework_review"),
    ("cli",),
    ("__init__", "__main__"),
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}

LONGEST_FILE = 350
FORBIDDEN = {"eval", "exec", "sympify", "parse_expr", "S", "nsimplify", "compile", "lambdify", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill"}


def module_name(path: Path) -> str:
    """`spec.loading` of dlcli/spec/loading.py; `ops` of dlcli/ops/__init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def layer(module: str) -> str:
    """The table's name for a module."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in HEIGHT:
            return name
    raise KeyError(module)


def imported_modules(path: Path) -> list[tuple[str, int]]:
    """Modules of dlcli that a file imports anywhere in it, without the leading `dlcli.`, with their lines."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            if node.module == "dlcli":
                found += [
                    (f"dlcli.{alias.name}" if exists(alias.name) else "dlcli.__init__", node.lineno)
                    for alias in node.names
                ]
            elif node.module:
                found.append((node.module, node.lineno))
    return [(name.removeprefix("dlcli."), line) for name, line in found if name.startswith("dlcli.")]


def exists(module: str) -> bool:
    return (PACKAGE / module).is_dir() or (PACKAGE / f"{module}.py").exists()


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_every_module_has_its_place_in_the_table(path: Path) -> None:
    assert layer(module_name(path)) in HEIGHT


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_point_down(path: Path) -> None:
    own = layer(module_name(path))
    for imported, line in imported_modules(path):
        if own in ("__init__", "__main__") or (imported == "__init__" and own in ("cli", "render")):
            continue  # the version is a constant of the package itself
        other = layer(imported)
        below = HEIGHT[other] < HEIGHT[own] or other == own
        beside = HEIGHT[other] == HEIGHT[own] and own != other
        assert below or beside, f"{path}:{line}: {own} imports {other}, which stands above it"


def test_modules_of_one_height_do_not_import_each_other_in_a_circle() -> None:
    edges: dict[str, set[str]] = {}
    for path in SOURCES:
        own = layer(module_name(path))
        for imported, _ in imported_modules(path):
            other = layer(imported)
            if other != own and HEIGHT[other] == HEIGHT[own]:
                edges.setdefault(own, set()).add(other)
    for own, others in edges.items():
        for other in others:
            assert own not in edges.get(other, set()), f"{own} and {other} import each other"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_nothing_evaluates_text(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else ""
            if isinstance(called, ast.Attribute) and called.attr != "compile":
                name = called.attr
            assert name not in FORBIDDEN, f"{path}:{node.lineno}: calls {name}"
            for keyword in node.keywords:
                assert not (
                    keyword.arg == "allow_pickle" and isinstance(keyword.value, ast.Constant) and keyword.value.value
                ), f"{path}:{node.lineno}: reads pickled objects"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                assert alias.name not in FORBIDDEN_MODULES, f"{path}:{node.lineno}: imports {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in FORBIDDEN_MODULES, f"{path}:{node.lineno}: imports {node.module}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_module_is_short_and_says_what_lives_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE, f"{path} is longer than {LONGEST_FILE} lines"
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, f"{path} has no docstring"
    assert docstring.split("\n")[0].endswith((".", ":")), f"{path}: the first docstring line is a sentence"


def modules_loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `code`."""
    script = f"{code}\nimport sys\nprint(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_dlcli_loads_nothing_heavy() -> None:
    loaded = modules_loaded_by("import dlcli")
    assert not loaded & {"numpy", "sympy", "rich", "click", "yaml"}


@pytest.mark.parametrize("module", ["dlcli.spec", "dlcli.ops", "dlcli.lowering", "dlcli.engines.reverse"])
def test_sympy_is_loaded_by_the_symbolic_engine_alone(module: str) -> None:
    assert "sympy" not in modules_loaded_by(f"import {module}")


def test_the_group_of_commands_loads_neither_numpy_nor_sympy_nor_rich() -> None:
    assert not modules_loaded_by("import dlcli.cli.main") & {"numpy", "sympy", "rich", "yaml"}


def test_ops_import_numpy_and_errors_only() -> None:
    for path in (PACKAGE / "ops").glob("*.py"):
        for imported, line in imported_modules(path):
            assert imported.split(".")[0] in ("ops", "errors"), f"{path}:{line}: imports {imported}"


def test_the_symbolic_engine_reads_no_vjp() -> None:
    """So its agreement with the backward pass means something."""
    for path in (PACKAGE / "engines").rglob("*.py"):
        if "symbolic" in path.relative_to(PACKAGE).as_posix():
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                assert not (isinstance(node, ast.Attribute) and node.attr == "vjp"), f"{path}:{node.lineno}"
