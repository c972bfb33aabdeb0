"""Which modules the code may import: by its text before it runs, and by name while it runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType, SimpleNamespace


class ForbiddenImportError(ImportError):
    """The code asked for a module that it may not import."""


def is_allowed(module: str, extra: Collection[str]) -> bool:
    """Whether a module belongs to the standard library, to NumPy, or to one of the packages named in `extra`."""
    package = module.partition(".")[0]
    return package == "numpy" or package in sys.stdlib_module_names or package in extra


def refusal(module: str, line: int | None, extra: Collection[str]) -> str:
    """The predicate that tells a student so."""
    allowed = ["the standard library", "numpy", *sorted(extra)]
    where = f" in line {line}" if line else ""
    return f"imports `{module}`{where}, which is not allowed; allowed are {', '.join(allowed[:-1])} and {allowed[-1]}"


def forbidden_imports(tree: ast.Module, extra: Collection[str]) -> Iterator[tuple[str, int]]:
    """The modules that import statements name and that may not be imported, each with its line.

    Statements under `if __name__ == "__main__":` never run here and are passed over.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = ["." * node.level + (node.module or "")]
        for module in modules:
            if module.startswith(".") or not is_allowed(module, extra):
                yield module, node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.If) and _is_main_guard(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _is_main_guard(test: ast.expr) -> bool:
    return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")


def guard(file: str, extra: Collection[str]) -> None:
    """From now on an import from the code in `file` raises ForbiddenImportError unless it is allowed.

    What allowed packages import for themselves is not looked at.
    """

    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        if not is_allowed(name, extra):
            importer = _importer(sys._getframe(1))
            if importer is not None and importer.f_code.co_filename == file:
                raise ForbiddenImportError(refusal(name, importer.f_lineno, extra))
        return None

    sys.meta_path.insert(0, SimpleNamespace(find_spec=find_spec))


def _importer(frame: FrameType | None) -> FrameType | None:
    """The nearest caller outside the import system."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen importlib") and "importlib" not in file.replace("\\", "/").split("/")[-2:]:
            return frame
        frame = frame.f_back
    return None
