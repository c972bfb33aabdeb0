"""What a formula may refer to while it is lowered, and how what is wrong with it gets its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from dlcli.errors import Diagnostic, HomeworkError, Label, OperationError, Place
from dlcli.language.constants import Constant
from dlcli.language.tree import Call, Name, Span, Tree
from dlcli.lowering.builder import Builder, apply_loss
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Operation
from dlcli.ops.shapes import shown


@dataclass
class Scope:
    """What a formula may refer to while it is lowered.

    place: where a span of the formula stands in the file. constants: exact values of the scalars in
    `constants`, which settings may use. later: quantities defined further down, with their places.
    columns: samples are columns of matrices. convention: of the weights of cells.
    hidden: operations that only definitions use may be called. places: node -> place, for errors found when
    values are known. defined: name -> where it is declared.
    """

    builder: Builder
    place: Callable[[Span], Place | None] = lambda _span: None
    constants: Mapping[str, Constant] = field(default_factory=dict)
    later: Mapping[str, Place] = field(default_factory=dict)
    columns: bool = False
    convention: str = "column"
    hidden: bool = False
    places: dict[int, Place | None] = field(default_factory=dict)
    defined: Mapping[str, Place] = field(default_factory=dict)

    def refuse(self, code: str, message: str, span: Span, help: str | None = None) -> NoReturn:
        """Raises HomeworkError with the place of the span."""
        raise HomeworkError(Diagnostic(code, message, self.place(span), help=help))

    def apply(
        self,
        operation: str | Operation,
        operands: list[int],
        settings: Mapping[str, Any],
        tree: Tree,
        *trees: Tree,
    ) -> int:
        """The node of an operation; `trees` are the operands' formulas, to blame them singly."""
        record = OPERATIONS[operation] if isinstance(operation, str) else operation
        try:
            if record.reduction is not None:
                number = apply_loss(self.builder, record, operands, settings, self.columns)
            else:
                number = self.builder.apply(record, operands, settings)
        except OperationError as error:
            blamed = tree
            if error.operand is not None and error.operand < len(trees):
                blamed = trees[error.operand]
            elif error.setting is not None:
                blamed = _setting_tree(tree, record, error.setting)
            labels = self._operands(operands, trees) if error.code.startswith("E2") else ()
            raise self.blame(error, blamed, labels) from None
        for node in range(number, -1, -1):  # the parts that a loss is made of stand at the same place
            if node in self.places or self.builder.nodes[node].operation is None:
                break
            self.places[node] = self.place(tree.span)
        return number

    def _operands(self, numbers: list[int], trees: tuple[Tree, ...]) -> tuple[Label, ...]:
        """Where the operands of an operation are declared, and their shapes; of the first two with a name."""
        named = {
            tree.name: Label(self.defined[tree.name], f"{tree.name} has shape {shown(self.builder.shape(number))}")
            for number, tree in zip(numbers, trees, strict=False)
            if isinstance(tree, Name) and tree.name in self.defined
        }
        return tuple(named.values())[:2]

    def blame(self, error: OperationError, tree: Tree, labels: tuple[Label, ...] = ()) -> HomeworkError:
        help = error.help or "`dlcli ops NAME` prints what an operation takes"
        return HomeworkError(Diagnostic(error.code, error.message, self.place(tree.span), labels, help))


def _setting_tree(tree: Tree, record: Operation, name: str) -> Tree:
    """Where a call gives this setting; the call itself where it does not."""
    if not isinstance(tree, Call):
        return tree
    first = 1 if record.variadic else len(record.operands)
    by_position = dict(zip((setting.name for setting in record.settings), tree.arguments[first:], strict=False))
    return dict(tree.keywords).get(name) or by_position.get(name) or tree
