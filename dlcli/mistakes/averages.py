"""Mistakes with the mean over samples: 1/m forgotten, taken twice, in some places only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dlcli.mistakes.altered_sweep import Alteration
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, data_multiplied, rule_at, times
from dlcli.mistakes.samples import samples_of

FAMILY = "mean and sum"
BATCH = ("batch of one",)


def weight_names(context: Context) -> list[str]:
    """The weights that multiply something, as far as they are differentiated by."""
    leaves = {context.clean.graph.nodes[p.leaf].name for p in context.parts.products}
    return [name for name in context.clean.graph.wrt if name in leaves]


def bias_names(context: Context) -> list[str]:
    """The biases, as far as they are differentiated by."""
    leaves = {context.clean.graph.nodes[b.leaf].name for b in context.parts.biases}
    return [name for name in context.clean.graph.wrt if name in leaves]


def _every(context: Context) -> list[str]:
    return list(context.clean.graph.wrt)


def _divides(context: Context) -> bool:
    """Whether the loss is an average over samples."""
    operations = (context.clean.graph.nodes[number].operation for number in context.clean.users)
    return any(operation is not None and operation.name == "mean" for operation in operations)


def _scaled(names: Callable[[Context], list[str]], other: Callable[[Context], list[str]], power: int) -> Mutants:
    """Gradients of some quantities times m**power; `other` quantities must stay as they are."""

    def mutants(context: Context) -> Iterator[Mutant]:
        chosen = names(context)
        if not chosen or (names is not _every and not other(context)) or (power > 0 and not _means(context)):
            return
        for factor in _counts(context):
            words = {"m": str(factor), "what": "the biases" if names is bias_names else "the weights"}
            for alteration in data_multiplied(context, dict.fromkeys(chosen, float(factor) ** power)):
                yield Mutant(alteration, words=words)
            for name in chosen if names is not _every and len(chosen) > 1 else ():
                for alteration in data_multiplied(context, {name: float(factor) ** power}):
                    yield Mutant(alteration, name, words | {"what": name})

    return mutants


def _means(context: Context) -> bool:
    return _divides(context) or context.samples == 1 or samples_of(context.clean) != context.samples


def _counts(context: Context) -> list[int]:
    """How many samples there are; where the loss is a mean over entries, also how many entries."""
    return list(dict.fromkeys((context.samples, *(n for n in _averaged(context) if n % context.samples == 0))))


def _averaged(context: Context) -> list[int]:
    nodes = (context.clean.graph.nodes[number] for number in context.clean.users)
    return [int(n.settings["count"]) for n in nodes if n.operation and n.operation.name == "mean"]


def _again_per_layer(context: Context) -> Iterator[Mutant]:
    products = context.parts.products
    places = [(p.node, p.data) for p in products if (p.node, p.data) in context.clean.parts]
    if not places:
        return
    down = rule_at(places, times(1 / context.samples))
    words = {"m": str(context.samples)}
    yield Mutant(down, words=words)
    for alteration in data_multiplied(context, dict.fromkeys(_every(context), 1 / context.samples)):
        yield Mutant(Alteration(rules=dict(alteration.rules) | dict(down.rules), final=alteration.final), words=words)


def _over_entries(context: Context) -> Iterator[Mutant]:
    graph = context.clean.graph
    for number in context.parts.losses:
        shape = graph.nodes[graph.nodes[number].operands[0]].shape
        outputs = shape[-1] if len(shape) > 1 or (shape and context.samples == 1) else 1
        if outputs < 2:
            continue
        for factor in (1 / outputs, float(outputs)):
            for alteration in data_multiplied(context, dict.fromkeys(_every(context), factor)):
                yield Mutant(alteration, words={"outputs": str(outputs)})


RECORDS = (
    Mistake(
        "mean-missing", FAMILY,
        "the gradients are not divided by the number of samples, though the loss is a mean",
        "every gradient is m times too large",
        "This is what comes out if the sum over the {m} samples is not divided by {m}.",
        _scaled(_every, _every, 1), hidden=BATCH,
    ),
    Mistake(
        "mean-extra", FAMILY,
        "the gradients are divided by the number of samples once too often, or the loss is a sum",
        "every gradient is m times too small",
        "This is what comes out if the gradients are divided by the number of samples, {m}, once too often.",
        _scaled(_every, _every, -1), hidden=BATCH,
    ),
    Mistake(
        "mean-missing-on-weights", FAMILY,
        "1/m is forgotten in the gradients of the weights, not in those of the biases",
        "weights m times too large, biases right",
        "This is what comes out if the gradient of {what} is not divided by {m}, as the others are.",
        _scaled(weight_names, bias_names, 1), hidden=BATCH,
    ),
    Mistake(
        "mean-missing-on-biases", FAMILY,
        "1/m is forgotten in the gradients of the biases, not in those of the weights",
        "biases m times too large, weights right",
        "This is what comes out if the gradient of {what} is not divided by {m}, as the others are.",
        _scaled(bias_names, weight_names, 1), hidden=BATCH,
    ),
    Mistake(
        "mean-extra-on-weights", FAMILY,
        "the gradients of the weights are divided by m once more than those of the biases",
        "weights m times too small, biases right",
        "This is what comes out if the gradient of {what} is divided by {m} once too often.",
        _scaled(weight_names, bias_names, -1), hidden=BATCH,
    ),
    Mistake(
        "mean-extra-on-biases", FAMILY,
        "the gradients of the biases are means over the samples where they should be sums",
        "biases m times too small, weights right",
        "This is what comes out if the gradient of {what} is a mean over the {m} samples: the deltas, which hold 1/{m} "
        "already, are to be summed.",
        _scaled(bias_names, weight_names, -1), hidden=BATCH,
    ),
    Mistake(
        "mean-extra-per-layer", FAMILY,
        "delta is divided by m again at every layer on the way down",
        "right at the top (or m times too small), m times smaller with each layer below",
        "This is what comes out if delta is divided by {m} again at every layer.",
        _again_per_layer, hidden=BATCH,
    ),
    Mistake(
        "mean-over-entries", FAMILY,
        "divided by samples times outputs where the loss divides by samples, or the other way round",
        "every gradient off by the number of outputs",
        "This is what comes out if the loss is averaged over the {outputs} outputs where it should be summed, or "
        "summed where it should be averaged.",
        _over_entries,
    ),
)  # fmt: skip
