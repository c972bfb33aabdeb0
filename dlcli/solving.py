"""From a path to records: load, check, solve, gradcheck. What the commands and the Python interface call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dlcli.comparison import Comparison
from dlcli.domains import outside_domains
from dlcli.engines.evaluation import forward
from dlcli.engines.rounding import Rounding, rounding_effect
from dlcli.errors import Diagnostic, HomeworkError, UsageError, did_you_mean
from dlcli.fusion import bypassed, fuse
from dlcli.graph import Graph
from dlcli.homework_files import PathLike, folder_of, named_file
from dlcli.lowering import Lowered, lower
from dlcli.ops.operation import Array
from dlcli.solution import Point, Solution, StepResult
from dlcli.spec import expected_code, read_source
from dlcli.spec import load as load_spec
from dlcli.spec.records import Spec
from dlcli.symbols import POINTS, at_point, symbols

if TYPE_CHECKING:
    from dlcli.training import Plan, Training

MOST_TRIALS = 200  # random points tried to find some inside the domains of all operations


@dataclass(frozen=True)
class Checked:
    """A homework that can be computed: its spec, its graph, advice, the value of every node.

    Of a homework with symbols the numbers are a random point's, and `others` are further points.
    plan: how its weights are trained; None without a loss or an optimizer.
    """

    spec: Spec
    graph: Graph
    warnings: tuple[Diagnostic, ...]
    values: tuple[Array, ...]
    lowered: Lowered
    others: tuple[Checked, ...] = ()
    plan: Plan | None = None


def load(path: PathLike) -> Spec:
    """The homework file as records. `-` reads standard input, `exam.yaml::P1` one problem of an exam.

    Raises HomeworkError with every error found.
    """
    file, problem = named_file(path)
    return load_spec(read_source(file), folder_of(file), problem)


def check(path: PathLike, wrt: Sequence[str] = ()) -> Checked:
    """The homework read, its shapes settled and its forward pass run, without SymPy. Raises HomeworkError.

    wrt replaces the file's own choice of what to differentiate by; an unknown name raises UsageError.
    """
    file, problem = named_file(path)
    source = read_source(file)
    try:
        return check_spec(load_spec(source, folder_of(file), problem), wrt)
    except HomeworkError as error:
        expected = expected_code(source) if problem is None else None
        if expected is not None and {d.code for d in error.diagnostics} == {expected}:
            error.expected = expected
        raise


def check_spec(spec: Spec, wrt: Sequence[str] = ()) -> Checked:
    """As `check`, of a file that has been read. Raises HomeworkError, also where the file expected another error."""
    if not symbols(spec):
        return _check_numbers(spec, wrt)
    first, *others = _points(spec, wrt)
    return replace(first, others=tuple(others))


def _points(spec: Spec, wrt: Sequence[str]) -> list[Checked]:
    """The homework at random points inside the domains of its operations."""
    found: list[Checked] = []
    for trial in range(MOST_TRIALS):
        try:
            found.append(_check_numbers(at_point(spec, trial), wrt))
        except HomeworkError as error:
            outside = all(d.code == "E310" for d in error.diagnostics)
            if not outside or (trial == MOST_TRIALS - 1 and not found):
                raise
        if len(found) == POINTS:
            break
    return found


def _check_numbers(spec: Spec, wrt: Sequence[str]) -> Checked:
    lowered = lower(spec)
    graph = _with_wrt(lowered.graph, wrt)
    values = forward(fuse(graph))
    plan = None
    if spec.optimizer is not None:
        from dlcli.training import plan_training

        plan = plan_training(lowered)
    warnings = lowered.advice + outside_domains(lowered, graph, values)
    if spec.expect is not None:
        message = f"the file expects {spec.expect}, but there is no error"
        help = "leave `expect` out, or put the mistake back"
        raise HomeworkError(Diagnostic("E130", message, spec.expect_place, help=help))
    return Checked(spec, graph, warnings, tuple(values), lowered, plan=plan)


def solve(
    path: PathLike, *, wrt: Sequence[str] = (), expand: bool = False, full: bool = False, answers: bool = False
) -> Solution:
    """Every value and gradient of a homework, by every witness, compared.

    wrt: names to differentiate by in place of the file's; expand: also formulas in inputs and weights alone;
    full: finite differences at every entry of however large an array; answers: also what the questions ask for.
    Raises HomeworkError where the file cannot be used, UsageError for an unknown name in wrt.
    """
    checked = check(path, wrt)
    solution = solve_checked(checked, expand=expand, full=full)
    return replace(solution, answers=_answers(checked)) if answers else solution


def _answers(checked: Checked) -> dict[str, Array]:
    """What each question asks for; nothing of a homework with symbols, whose values are those of a random point."""
    if "questions" not in checked.spec.extra or checked.spec.symbols:
        return {}
    from dlcli.questions.key import answer_key

    key = answer_key(checked.lowered, checked.graph)
    return {question: expected.value for question, expected in key.expected.items()}


def solve_checked(checked: Checked, *, expand: bool = False, full: bool = False) -> Solution:
    """As `solve`, of a homework that has been checked."""
    unknown = checked.spec.symbols
    if not unknown:
        return _solve_numbers(checked, expand, full)
    solutions = [
        _solve_numbers(point, expand or number == 0, full) for number, point in enumerate((checked, *checked.others))
    ]
    points = tuple(
        Point(
            {name: solution.graph.values[solution.graph.names[name]] for name in unknown}, solution.comparison.verdict
        )
        for solution in solutions
    )
    return replace(solutions[0], points=points)


def _solve_numbers(checked: Checked, expand: bool, full: bool) -> Solution:
    from dlcli.engines.symbolic import exact_sweep
    from dlcli.engines.symbolic.formulas import formulas

    spec, graph, lowered = checked.spec, checked.graph, checked.lowered
    fused = fuse(graph)
    values = checked.values
    computed = {
        name: number
        for equation in graph.equations
        for name, number in zip(equation.names, equation.nodes, strict=True)
    }
    exact = exact_sweep(fused)
    comparison = Comparison(())
    texts = formulas(graph, expand)
    if graph.loss is not None and graph.wrt:
        passed_by = bypassed(graph, fused)
        rest = tuple(n for n in graph.wrt if n not in passed_by)
        comparison = compared(replace(graph, wrt=rest), fused, values, full)
        if passed_by:
            whole = fuse(graph, passed_by)
            more = compared(replace(graph, wrt=passed_by), whole, forward(whole), full)
            exact_more = exact_sweep(whole).gradients
            exact = replace(exact, gradients=exact.gradients | {n: t for n, t in exact_more.items() if n in passed_by})
            comparison = replace(comparison, tensors=comparison.tensors + more.tensors)
        found = {t.name: t for t in comparison.tensors}
        comparison = replace(
            comparison,
            tensors=tuple(
                replace(found[n], exact=exact.gradients.get(n), formula=texts.gradients.get(n)) for n in graph.wrt
            ),
        )
    return Solution(
        file=spec.name,
        title=spec.title,
        graph=graph,
        values={name: values[number] for name, number in computed.items()},
        exact={name: exact.values[name] for name in computed if name in exact.values},
        loss=None if graph.loss is None else float(values[graph.loss]),
        comparison=comparison,
        deltas=texts.deltas,
        expanded=texts.expanded,
        step=_step(checked.plan, comparison),
        warnings=checked.warnings,
        parameters=sum(int(np.prod(graph.nodes[graph.names[name]].shape)) for name in lowered.trained),
        index_base=spec.index_base,
    )


def compared(
    graph: Graph,
    fused: Graph,
    values: Sequence[Array],
    full: bool = False,
    given: Mapping[str, Array] | None = None,
) -> Comparison:
    """The gradients by graph.wrt, compared; with many more digits where 50 do not decide.

    graph: as the file gives it; fused: in stable forms, with the values of its nodes. full: differences at every
    entry; given: gradients from elsewhere that are judged in place of backprop's, one for each of graph.wrt.
    """
    from dlcli.adjudication import compare
    from dlcli.engines.symbolic import LARGEST_BY_DIGITS, scalar_operations, symbolic
    from dlcli.engines.symbolic.numbers import MANY_DIGITS, more_digits

    if not graph.wrt:
        return Comparison(())
    fused = replace(fused, wrt=graph.wrt)
    rounding = rounding_effect(fused, values)
    evaluation, by_definition = symbolic(graph, fused)
    comparison = compare(fused, values, evaluation, rounding, full=full, given=given)
    unsure = ("inconclusive",) if given is not None else ("inconclusive", "fail")
    if comparison.verdict in unsure and scalar_operations(graph) <= LARGEST_BY_DIGITS:
        with more_digits(MANY_DIGITS):
            evaluation, by_definition = symbolic(graph, fused)
        comparison = compare(fused, values, evaluation, rounding, full=full, given=given)
    return replace(comparison, disputed=disputed_values(graph, fused, values, by_definition, rounding))


def train(path: PathLike, steps: int, *, shuffle: int | None = None) -> Training:
    """The weights of a homework trained by its optimizer, and the loss after each step.

    shuffle: a seed for the order of the samples, with `batch_size`. Raises HomeworkError where the file cannot
    be used or has no optimizer, loss or weights, UsageError for steps below 1.
    """
    if steps < 1:
        raise UsageError(Diagnostic("E305", f"{steps} steps train nothing", help="take 1 or more"))
    from dlcli.training import train as run_training

    return run_training(training_plan(check(path)), steps, shuffle)


def training_plan(checked: Checked) -> Plan:
    """The plan of a homework that is to be trained. Raises HomeworkError with all that it lacks."""
    spec, missing = checked.spec, []
    if checked.graph.loss is None:
        missing.append(("`loss`", "add `loss:`, for example `loss: half_squared_error`"))
    if not checked.lowered.trained:
        missing.append(("weights", "declare what is trained under `weights`"))
    if spec.optimizer is None:
        missing.append(("`optimizer`", "add `optimizer: {sgd: {learning_rate: 0.1}}`"))
    if missing or checked.plan is None:
        raise HomeworkError(
            *(
                Diagnostic("E107", f"training needs {what}, but the file has none", help=help, file=spec.name)
                for what, help in missing
            )
        )
    return checked.plan


def disputed_values(
    graph: Graph, fused: Graph, values: Sequence[Array], by_definition: dict[int, Array], rounding: Rounding
) -> tuple[str, ...]:
    """The first quantity whose value by NumPy is not the value of its textbook formula, in words.

    values: of the fused graph's nodes. Compared at 1e-9 of the quantity's largest entry and 64 times what rounding
    can do: rounding is far below, a wrong formula far above.
    """
    for number, node in enumerate(fused.nodes):
        rerouted = node.name is None and node.operands != graph.nodes[number].operands
        if node.operation is None or number not in by_definition or rerouted:
            continue
        ours, theirs = values[number], by_definition[number]
        known = np.isfinite(theirs) & np.isfinite(ours)
        scale = max([1e-300, *(float(np.max(np.abs(values[o]), initial=0.0)) for o in (number, *node.operands))])
        gap = np.where(known, np.abs(np.where(known, ours, 0.0) - np.where(known, theirs, 0.0)), 0.0)
        gap = np.where(gap > 1e-9 * scale + 64 * rounding.values[number], gap, 0.0)
        if gap.any():
            place = np.unravel_index(int(np.argmax(gap)), gap.shape)
            return (
                f"the forward pass of {node.operation.name} disagrees with its definition at {graph.label(number)}: "
                f"{float(ours[place]):.12g} by NumPy, {float(theirs[place]):.12g} by the textbook formula",
            )
    return ()


def _with_wrt(graph: Graph, wrt: Sequence[str]) -> Graph:
    for name in wrt:
        if name not in graph.names:
            help = did_you_mean(name, list(graph.names)) or "known: " + ", ".join(graph.names)
            raise UsageError(Diagnostic("E103", f"--wrt: unknown name `{name}`", help=help))
        if graph.nodes[graph.names[name]].role == "constant":
            message = f"--wrt: `{name}` is a constant: it is never differentiated"
            raise UsageError(Diagnostic("E108", message, help="declare it under `weights` or `inputs`"))
    return replace(graph, wrt=tuple(dict.fromkeys(wrt))) if wrt else graph


def _step(plan: Plan | None, comparison: Comparison) -> StepResult | None:
    """The weights after one optimizer step."""
    if plan is None:
        return None
    gradients = {tensor.name: tensor.backprop for tensor in comparison.tensors}
    from dlcli.training import first_step

    return StepResult(plan.optimizer.name, first_step(plan, gradients), {})
