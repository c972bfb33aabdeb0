"""Which mistake explains one wrong number: an entry of a gradient, read off with a tolerance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dlcli.mistakes.context import Context
from dlcli.mistakes.finding import Finding, finding_of, grouped
from dlcli.mistakes.search import BUDGET, Search

Entry = tuple[int, ...]
NEARBY = 4096  # entries of a quantity up to which a number is looked for among them


def diagnose_entry(
    context: Context, name: str, entry: Entry | None, value: float, tolerance: float, budget: int = BUDGET
) -> tuple[Finding, ...]:
    """The mistakes that give `value` for dloss/d`name` at an entry (counted from 0; None of a single number).

    A mistake counts where it comes within the tolerance and the right number does not; the likely ones come first.
    Raises KeyError for a quantity that the graph does not have.
    """
    context = _asked(context, name)
    place: Entry = () if entry is None else entry
    right = context.clean.gradients[name][place]
    if np.ndim(right) or not abs(float(right) - value) > tolerance or not np.isfinite(value):
        return ()
    search = Search(context, (name,), budget)
    found = [
        finding_of(c.row, c.mutant.where, c.mutant.words, _relative(value, float(c.gradients[name][place])), (name,))
        for c in search.candidates()
        if abs(float(c.gradients[name][place]) - value) <= tolerance
    ]
    found += [
        Finding(mistake, name, text, _relative(value, number), (name,))
        for mistake, text, number in _numbers(context, name, place)
        if abs(number - value) <= tolerance
    ]
    return tuple(grouped(found))


def _asked(context: Context, name: str) -> Context:
    """The network differentiated by `name` as well."""
    if name in context.graph.wrt:
        return context
    if name not in context.graph.names:
        raise KeyError(name)
    return replace(context, graph=replace(context.graph, wrt=(*context.graph.wrt, name)))


def _relative(value: float, number: float) -> float:
    return abs(value - number) / abs(value) if value else abs(number)


def _numbers(context: Context, name: str, place: Entry) -> Iterator[tuple[str, str, float]]:
    """Mistakes with one number, whatever the network: id, sentence, the number that comes out."""
    gradient = context.clean.gradients[name]
    right, own = float(gradient[place]), float(context.clean.values[context.graph.names[name]][place])
    shown = f"dloss/d{name}" + (f"[{', '.join(map(str, place))}]" if place else "")
    yield "factor-two-extra", f"This is twice {shown}: a factor 2 is there once too often.", 2 * right
    yield "factor-two-missing", f"This is half of {shown}: a factor 2 is missing.", right / 2
    if context.samples > 1:
        m = context.samples
        yield "mean-missing", f"This is {m} times {shown}: it is not divided by the {m} samples.", m * right
        yield "mean-extra", f"This is {shown} divided by {m}: the samples are averaged once too often.", right / m
    if context.learning_rate is not None:
        after = own - context.learning_rate * right
        yield "updated-weight", f"This is {name} after the step, not its gradient.", after
    yield "value-for-gradient", f"This is the value of {name}, not the gradient by it.", own
    if gradient.size <= NEARBY:
        for other in np.ndindex(gradient.shape):
            if other != place:
                text = f"This is the gradient at another entry: [{', '.join(map(str, other))}]."
                yield "another-entry", text, float(gradient[other])
    for other_name, other_gradient in context.clean.gradients.items():
        if other_name != name and other_gradient.shape == gradient.shape:
            text = f"This is the gradient by {other_name}, not by {name}."
            yield "another-quantity", text, float(other_gradient[place])
