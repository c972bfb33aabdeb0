"""The whole file: declarations to leaves, items to equations, loss and wrt found, everything checked by shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dlcli.errors import Diagnostic, HomeworkError, Label, Place, did_you_mean
from dlcli.graph import Equation, Graph, Role
from dlcli.language import names_in
from dlcli.language.constants import Constant
from dlcli.language.tree import Call, Name, Span, Tree
from dlcli.lowering.builder import Builder
from dlcli.lowering.expressions import known_names, lower_tree
from dlcli.lowering.layer_forms import expand
from dlcli.lowering.layers import Chain, Line, trained_names
from dlcli.lowering.scope import Scope
from dlcli.ops import find
from dlcli.spec.records import Declaration, EquationItem, Formula, LayerItem, Spec

ROLES: Mapping[str, Role] = {
    "inputs": "input",
    "weights": "weight",
    "targets": "target",
    "constants": "constant",
}


@dataclass(frozen=True)
class Lowered:
    """A graph, and where in the file its nodes come from."""

    spec: Spec
    graph: Graph
    places: Mapping[int, Place | None]
    advice: tuple[Diagnostic, ...]
    trained: tuple[str, ...]  # the weights, declared or in layers


@dataclass
class _State:
    spec: Spec
    builder: Builder
    chain: Chain
    scope: Scope
    equations: list[Equation]
    errors: list[Diagnostic]
    defined: dict[str, Place]


def lower(spec: Spec) -> Lowered:
    """The network of a homework file. Raises HomeworkError with every error found.

    After an equation that cannot be lowered those that use its quantity are passed over, so that one mistake is
    told once.
    """
    state = _start(spec)
    broken: set[str] = set()
    for item in spec.network:
        if state.errors and isinstance(item, LayerItem):
            raise HomeworkError(*state.errors)  # what the layer works on may be what is broken
        try:
            if isinstance(item, EquationItem):
                _equation(item, state, broken)
            else:
                _layer(item, state)
        except HomeworkError as error:
            state.errors += error.diagnostics
            if isinstance(item, LayerItem):
                raise HomeworkError(*state.errors) from None  # the rest hangs on this layer
            broken.update(item.names)
        except _SkippedError:
            assert isinstance(item, EquationItem)
            broken.update(item.names)
    loss, loss_name = None, "loss"
    try:
        loss, loss_name = _loss(state, broken)
    except HomeworkError as error:
        state.errors += error.diagnostics
    except _SkippedError:
        pass
    wrt = _wrt(state, broken)
    if state.errors:
        raise HomeworkError(*state.errors)
    graph = Graph(
        nodes=tuple(state.builder.nodes),
        values=state.builder.values,
        exact=state.builder.exact,
        names=state.builder.names,
        equations=tuple(state.equations),
        wrt=wrt,
        loss=loss,
        loss_name=loss_name,
    )
    trained = trained_names(state.chain, spec.declarations)
    return Lowered(spec, graph, state.scope.places, _advice(spec, graph), trained)


class _SkippedError(Exception):
    """An equation uses a quantity whose own equation had an error."""


def _start(spec: Spec) -> _State:
    builder, errors = Builder(), list[Diagnostic]()
    constants: dict[str, Constant] = {}
    for declaration in spec.declarations.values():
        value = declaration.value
        if value is None:
            message = f"`{declaration.name}` is declared without a value"
            errors.append(Diagnostic("E308", message, declaration.place, help="give it a number or an array"))
            continue
        builder.leaf(value.array, value.exact, name=declaration.name, role=ROLES[declaration.section])
        if declaration.section == "constants" and value.array.shape == ():
            constants[declaration.name] = Constant(float(value.array), value.exact)
    if errors:
        raise HomeworkError(*errors)
    places = {name: place for item in spec.network if isinstance(item, EquationItem)
              for name, place in zip(item.names, item.name_places, strict=True)}  # fmt: skip
    defined = {d.name: d.place for d in spec.declarations.values()}
    columns = spec.samples == "columns"
    scope = Scope(builder, constants=constants, columns=columns, later=dict(places), defined=defined)
    scope.convention = spec.convention
    inputs = [d.name for d in spec.declarations.values() if d.section == "inputs"]
    chain = Chain(spec, builder, inputs[0] if len(inputs) == 1 else None)
    return _State(spec, builder, chain, scope, [], [], defined)


def _equation(item: EquationItem, state: _State, broken: set[str]) -> None:
    for name, place in zip(item.names, item.name_places, strict=True):
        _define(name, place, state)
        state.scope.later = {n: p for n, p in state.scope.later.items() if n != name}
    count = _results(item)
    first = len(state.builder.nodes)
    number = _lower(item.formula.tree, item.formula, state, broken)
    if count > 1:
        _several(item, number, first, state)
        return
    record = state.builder.nodes[number].operation
    role: Role = "activation" if record is not None and record.family == "activations" else "quantity"
    number = state.builder.name(number, item.names[0], role)
    state.scope.places.setdefault(number, item.place)
    if role == "activation":
        _mark_pre_activation(number, state.builder)
    state.equations.append(Equation(item.names, item.formula.tree, (number,), first, role))
    state.chain.current = item.names[0]
    state.chain.came_from = (item.place, f"{item.names[0]} is computed here")


def _results(item: EquationItem) -> int:
    """How many quantities the equation computes; as many as it names. Raises HomeworkError (E106)."""
    tree, names = item.formula.tree, len(item.names)
    record = find(tree.name) if isinstance(tree, Call) else None
    count = 1 if record is None else record.results
    if count == names:
        return count
    what = f"`{tree.name}`" if isinstance(tree, Call) else "this formula"
    stand = f"{names} names stand" if names > 1 else "one name stands"
    gives = "one quantity" if count == 1 else f"{count} quantities"
    message = f"{stand} before the sign, but {what} gives {gives}"
    help = "write one equation a quantity" if record is None or count == 1 else record.about
    raise HomeworkError(Diagnostic("E106", message, item.place, help=help))


def _several(item: EquationItem, number: int, first: int, state: _State) -> None:
    """The quantities of an equation that names several: the entries along the first axis of its result."""
    builder, parts = state.builder, []
    for position, name in enumerate(item.names):
        part = builder.name(builder.apply("index", [number], {"items": (position,)}), name, "quantity")
        state.scope.places.setdefault(part, item.place)
        parts.append(part)
    state.equations.append(Equation(item.names, item.formula.tree, tuple(parts), first, "quantity"))
    state.chain.current = item.names[0]
    state.chain.came_from = (item.place, f"{item.names[0]} is computed here")


def _mark_pre_activation(number: int, builder: Builder) -> None:
    operand = builder.nodes[number].operands[0]
    if builder.nodes[operand].role == "quantity":
        builder.nodes[operand] = replace(builder.nodes[operand], role="pre-activation")


def _lower(tree: Tree, formula: Formula, state: _State, broken: set[str]) -> int:
    if broken and any(name.name in broken for name in names_in(tree)):
        raise _SkippedError
    state.scope.place = formula.written.part
    return lower_tree(tree, state.scope)


def _define(name: str, place: Place, state: _State) -> None:
    earlier = state.defined.get(name)
    if earlier is not None:
        raise HomeworkError(
            Diagnostic(
                "E104",
                f"`{name}` is defined twice",
                place,
                help="give one of them another name",
                labels=(Label(earlier, "defined here first"),),
            )
        )
    state.defined[name] = place


def _layer(item: LayerItem, state: _State) -> None:
    first = len(state.builder.nodes)
    for line in expand(item, state.chain):
        _define(line.name, item.places.get("name", item.kind_place), state)
        state.scope.later = {n: p for n, p in state.scope.later.items() if n != line.name}
        state.scope.place = _layer_place(line, item)
        number = lower_tree(line.tree, state.scope)
        number = state.builder.name(number, line.name, line.role, line.group)
        state.scope.places.setdefault(number, item.place)
        state.equations.append(Equation((line.name,), line.tree, (number,), first, line.role, line.group))
        first = len(state.builder.nodes)


def _layer_place(line: Line, item: LayerItem) -> Callable[[Span], Place]:
    def at(span: Span) -> Place:
        if line.formula is not None and span != (0, 0):
            return line.formula.written.part(span)
        return item.place

    return at


def _loss(state: _State, broken: set[str]) -> tuple[int | None, str]:
    """The node of the loss and its name."""
    spec, builder = state.spec, state.builder
    if spec.loss is None:
        if "loss" in builder.names:
            return _scalar(builder.names["loss"], "loss", spec.section_places.get("network"), state), "loss"
        return None, "loss"
    tree, formula = spec.loss.tree, spec.loss
    if isinstance(tree, Name) and tree.name in builder.names:
        return _scalar(builder.names[tree.name], tree.name, formula.written.place, state), tree.name
    if isinstance(tree, Name) and tree.name in broken:
        raise _SkippedError
    if isinstance(tree, Name):
        tree = _named_loss(tree, formula, state, broken)
    if "loss" in state.defined:
        message = "the loss is given twice: by the key `loss` and by a quantity called `loss`"
        label = Label(state.defined["loss"], "the quantity")
        raise HomeworkError(Diagnostic("E104", message, formula.written.place, labels=(label,), help="keep one"))
    first = len(builder.nodes)
    number = builder.name(_lower(tree, formula, state, broken), "loss", "loss")
    state.scope.places.setdefault(number, formula.written.place)
    state.equations.append(Equation(("loss",), tree, (number,), first, "loss"))
    return _scalar(number, "loss", formula.written.place, state), "loss"


def _named_loss(tree: Name, formula: Formula, state: _State, broken: set[str]) -> Tree:
    """`loss: bce` as a call on the last network item and the only target."""
    place = formula.written.place
    record = find(tree.name)
    if record is None or record.reduction is None:
        from dlcli.ops import OPERATIONS

        known = [n for n, r in OPERATIONS.items() if r.reduction is not None] + list(state.builder.names)
        what = "is no loss" if record is not None else "is neither a loss nor a quantity"
        help = did_you_mean(tree.name, known) or "`dlcli ops` lists the losses"
        raise HomeworkError(Diagnostic("E102", f"`{tree.name}` {what}", place, help=help))
    targets = [d for d in state.spec.declarations.values() if d.section == "targets"]
    if len(targets) != 1:
        names = " or ".join(d.name for d in targets)
        message = (
            f"which target does {tree.name} take: {names}?"
            if targets
            else f"{tree.name} needs a target, but none is declared"
        )
        example = targets[0].name if targets else "y"
        prediction = state.chain.current or "yhat"
        help = f"write `loss: {tree.name}({prediction}, {example})`"
        help += "" if targets else f" and declare {example} under `targets`"
        labels = tuple(Label(d.place, "a target") for d in targets)
        raise HomeworkError(Diagnostic("E109", message, place, help=help, labels=labels))
    if state.chain.current is None or not state.spec.network:
        raise HomeworkError(Diagnostic("E109", f"{tree.name} has no prediction: the network is empty", place))
    if state.chain.current in broken:
        raise _SkippedError
    span = tree.span
    return Call(tree.name, (Name(state.chain.current, span), Name(targets[0].name, span)), (), span, span)


def _scalar(number: int, name: str, place: Place | None, state: _State) -> int:
    shape = state.builder.shape(number)
    if shape != ():
        message = f"the loss must be a single number, but {name} has shape {shape}"
        help = (
            "reduce it: sum(…) or mean(…)" if name == "loss" else f"write `loss: mean({name})` or `loss: sum({name})`"
        )
        raise HomeworkError(Diagnostic("E209", message, place, help=help))
    return number


def _wrt(state: _State, broken: set[str]) -> tuple[str, ...]:
    spec, builder = state.spec, state.builder
    if spec.wrt is None:
        weights = trained_names(state.chain, spec.declarations)
        return weights or tuple(d.name for d in spec.declarations.values() if d.section == "inputs")
    names: list[str] = []
    for reference in spec.wrt:
        declaration = spec.declarations.get(reference.name)
        if reference.name not in builder.names:
            if reference.name not in broken:
                help = did_you_mean(reference.name, list(builder.names)) or known_names(builder.names)
                message = f"`wrt` names `{reference.name}`, which is no quantity"
                state.errors.append(Diagnostic("E103", message, reference.place, help=help))
        elif declaration is not None and declaration.section == "constants":
            message = f"`{reference.name}` is a constant: it is never differentiated"
            help = "declare it under `weights` or `inputs`"
            state.errors.append(Diagnostic("E108", message, reference.place, help=help))
        elif reference.name not in names:
            names.append(reference.name)
    return tuple(names)


def _advice(spec: Spec, graph: Graph) -> tuple[Diagnostic, ...]:
    """What is allowed but probably not meant."""
    used = {operand for node in graph.nodes for operand in node.operands} | {graph.loss}
    advice = list(spec.advice)
    for name, declaration in spec.declarations.items():
        if graph.names[name] not in used and declaration.section != "constants":
            kind = declaration.section.rstrip("s")
            message = f"the {kind} `{name}` is never used"
            advice.append(Diagnostic("W902", message, declaration.place, help=_used_help(declaration)))
    if graph.loss is None and any(d.section == "targets" for d in spec.declarations.values()):
        place = next(d.place for d in spec.declarations.values() if d.section == "targets")
        help = "add `loss:`, for example `loss: half_squared_error`"
        advice.append(Diagnostic("W903", "there is a target but no loss: only values are computed", place, help=help))
    return tuple(advice)


def _used_help(declaration: Declaration) -> str:
    return "its gradient is 0" if declaration.section == "weights" else "leave it out, or use it in an equation"
