"""Training: forward pass, reverse sweep and optimizer step, again and again, over all samples or batches of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dlcli.engines.evaluation import ancestors, forward
from dlcli.engines.reverse import backprop
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.lowering import Lowered
from dlcli.ops.operation import Array
from dlcli.optimizers import State, optimizer_step, starting_state
from dlcli.samples import Samples, batch_graph, find_samples
from dlcli.spec.records import Optimizer

EDGE = 100.0  # exp is the first to overflow, at 709; what is infinite at smaller operands is a pole


@dataclass(frozen=True)
class Plan:
    """What training needs of a homework with loss and optimizer.

    graph: of all samples, in its stable form, differentiated by the weights. samples: None without
    `batch_size`; then each step takes all of them. batches: batch size -> graph of so many samples.
    """

    graph: Graph
    optimizer: Optimizer
    weights: Mapping[str, Array]
    state: State
    samples: Samples | None
    batches: Mapping[int, Graph]


@dataclass(frozen=True)
class Step:
    """After a step: the loss over all samples, the weights, and the gradients that the step used.

    Step 0 is before training and has no gradients. trouble: why the loss or a weight is not finite.
    """

    number: int
    loss: float
    weights: Mapping[str, Array]
    gradients: Mapping[str, Array]
    trouble: str | None = None


@dataclass(frozen=True)
class Training:
    """A run: losses[t] after step t. `last` is the last step whose loss and weights are finite.

    asked: how many steps were wanted; trouble: why it ended before; interrupted: by whoever started it.
    """

    plan: Plan
    asked: int
    losses: tuple[float, ...]
    last: Step
    trouble: str | None = None
    interrupted: bool = False
    shuffle: int | None = None

    @property
    def status(self) -> str:
        """finished, diverged or interrupted."""
        return "diverged" if self.trouble else "interrupted" if self.interrupted else "finished"


def plan_training(lowered: Lowered) -> Plan | None:
    """The plan of a homework, None when it has no loss or no optimizer.

    Raises HomeworkError where `state` or `batch_size` do not fit the weights or the samples.
    """
    optimizer = lowered.spec.optimizer
    if optimizer is None or lowered.graph.loss is None:
        return None
    graph = _stable(lowered.graph, lowered.trained)
    weights = {name: graph.values[graph.names[name]] for name in lowered.trained}
    state = starting_state(optimizer, weights)
    samples = find_samples(lowered, optimizer)
    batches: dict[int, Graph] = {}
    if samples is not None:
        for size in {samples.size, samples.count % samples.size} - {0}:
            batches[size] = _stable(batch_graph(lowered.spec, samples, range(size)), lowered.trained)
    return Plan(graph, optimizer, weights, state, samples, batches)


def training_steps(plan: Plan, count: int, shuffle: int | None = None) -> Iterator[Step]:
    """Step 0 and the steps 1 to count, one after the other; ends after the first that is in trouble.

    shuffle: a seed; each pass over the samples takes them in another order then.
    """
    weights, state = plan.weights, plan.state
    graph = _with_leaves(plan.graph, weights)
    values = forward(graph)
    step = Step(0, _loss(graph, values), weights, {}, trouble(graph, values, {}))
    yield step
    rows = _rows(plan.samples, shuffle)
    for number in range(1, count + 1):
        if step.trouble is not None:
            return
        gradients = _gradients(plan, weights, values, next(rows))
        moment = number + plan.optimizer.taken
        weights, state = optimizer_step(plan.optimizer.name, weights, gradients, state, plan.optimizer.settings, moment)
        graph = _with_leaves(plan.graph, weights)
        values = forward(graph)
        step = Step(number, _loss(graph, values), weights, gradients, trouble(graph, values, gradients))
        yield step


def first_step(plan: Plan, known: Mapping[str, Array]) -> dict[str, Array]:
    """The weights after one step. known: gradients over all samples, used where the step takes all of them."""
    gradients = known
    if plan.samples is not None or not plan.weights.keys() <= known.keys():
        gradients = _gradients(plan, plan.weights, forward(plan.graph), next(_rows(plan.samples, None)))
    optimizer = plan.optimizer
    moment = optimizer.taken + 1
    return optimizer_step(optimizer.name, plan.weights, gradients, plan.state, optimizer.settings, moment)[0]


def train(
    plan: Plan, count: int, shuffle: int | None = None, after: Callable[[Step], None] = lambda step: None
) -> Training:
    """The run of so many steps; `after` is called after each. Interrupted it is what was done until then."""
    losses: list[float] = []
    last: Step | None = None
    why: str | None = None
    interrupted = False
    try:
        for step in training_steps(plan, count, shuffle):
            why = step.trouble
            if why is None or last is None:
                last = step
            losses.append(step.loss)
            after(step)
    except KeyboardInterrupt:
        if last is None:
            raise
        interrupted = len(losses) <= count
    assert last is not None
    return Training(plan, count, tuple(losses), last, why, interrupted, shuffle)


def trouble(graph: Graph, values: list[Array], gradients: Mapping[str, Array]) -> str | None:
    """What is not finite first, in words; None where loss and weights are finite.

    values: of the graph's nodes; gradients: those that led to its weights.
    """
    assert graph.loss is not None
    weights = {name: values[graph.names[name]] for name in graph.wrt}
    if np.isfinite(values[graph.loss]) and all(np.isfinite(w).all() for w in weights.values()):
        return None
    for name, gradient in gradients.items():
        if not np.isfinite(gradient).all():
            return f"the gradient of {name} is {_odd(gradient)}"
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            return f"the weight {name} is {_odd(weight)}"
    needed = ancestors(graph, graph.loss)
    for number in sorted(needed):
        node = graph.nodes[number]
        if np.isfinite(values[number]).all() or node.operation is None:
            continue
        operands = [values[o] for o in node.operands]
        for domain in node.operation.domain:
            with np.errstate(all="ignore"):
                inside = np.asarray(domain.inside(*operands, **node.settings))
            if not inside.all():
                blamed = node.operands[domain.operand]
                value = values[blamed]
                worst = float(value[~inside][0] if inside.shape == value.shape else value.reshape(-1)[0])
                return f"{node.operation.name} is undefined at {graph.label(blamed)} = {worst:.6g}, as {domain.text}"
        largest = max((float(np.max(np.abs(x), initial=0.0)) for x in operands), default=0.0)
        called = f"{node.name} is {_odd(values[number])}: " if node.name is not None else ""
        does = "overflows" if largest > EDGE else "is at the edge of its domain"
        return f"{called}{node.operation.name} {does}, with operands up to {largest:.3g}"
    return f"the loss is {_odd(values[graph.loss])}"


def _odd(array: Array) -> str:
    return str(float(array[~np.isfinite(array)].reshape(-1)[0]))


def _stable(graph: Graph, trained: tuple[str, ...]) -> Graph:
    return fuse(replace(graph, wrt=trained))


def _with_leaves(graph: Graph, leaves: Mapping[str, Array]) -> Graph:
    return replace(graph, values={**graph.values, **{graph.names[name]: array for name, array in leaves.items()}})


def _loss(graph: Graph, values: list[Array]) -> float:
    assert graph.loss is not None
    return float(values[graph.loss])


def _gradients(plan: Plan, weights: Mapping[str, Array], values: list[Array], rows: Array | None) -> dict[str, Array]:
    """dloss/dw of every weight over the samples in `rows`; None: over all, whose forward pass gave `values`."""
    graph = plan.graph
    if rows is not None:
        assert plan.samples is not None
        graph = _with_leaves(plan.batches[len(rows)], {**weights, **plan.samples.of(graph, rows)})
        values = forward(graph)
    return dict(backprop(graph, values).gradients)


def _rows(samples: Samples | None, shuffle: int | None) -> Iterator[Array | None]:
    """The numbers of the samples of each step, without end; None for all of them."""
    if samples is None:
        while True:
            yield None
    draws = None if shuffle is None else np.random.RandomState(shuffle)
    while True:
        order = np.arange(samples.count) if draws is None else draws.permutation(samples.count)
        for start in range(0, samples.count, samples.size):
            yield order[start : start + samples.size]
