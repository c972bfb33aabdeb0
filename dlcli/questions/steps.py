"""The world after steps of the optimizer."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from dlcli.errors import HomeworkError
from dlcli.optimizers import optimizer_step
from dlcli.questions.world import World
from dlcli.training import Plan, plan_training, training_steps


class StepError(Exception):
    """A step cannot be taken."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


def stepped(world: World, count: int) -> World:
    """The world with the weights after so many steps. Raises StepError."""
    plan = _plan(world)
    if count == 1 and plan.samples is None:
        gradients = {name: world.slope(name) for name in plan.weights}
        optimizer = plan.optimizer
        weights = {name: world.value(name) for name in plan.weights}
        after = optimizer_step(optimizer.name, weights, gradients, plan.state, optimizer.settings, optimizer.taken + 1)[
            0
        ]
        return replace(world, held={}, slopes={}, held_nodes={}).with_values(after)
    step = deque(training_steps(plan, count, None), maxlen=1).pop()
    if step.trouble is not None or step.number < count:
        raise StepError(f"training diverges: {step.trouble}", "lower the learning rate")
    return replace(world, held={}, slopes={}, held_nodes={}).with_values(dict(step.weights))


def _plan(world: World) -> Plan:
    """The plan of training from this world's numbers."""
    lowered = world.lowered
    if world.optimizer is not None:
        lowered = replace(lowered, spec=replace(lowered.spec, optimizer=world.optimizer))
    if lowered.spec.optimizer is None:
        raise StepError("step(…) needs an optimizer", "add `optimizer: {sgd: {learning_rate: 0.1}}`")
    if lowered.graph.loss is None:
        raise StepError("step(…) needs a loss", "add `loss:`")
    try:
        plan = plan_training(replace(lowered, graph=world.graph))
    except HomeworkError as error:
        raise StepError(error.diagnostics[0].message, error.diagnostics[0].help) from None
    assert plan is not None
    return plan
