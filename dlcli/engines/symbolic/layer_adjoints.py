"""The adjoints of softmax, of the class losses and of layers, said briefly.

Where the textbook has a formula, that: `(softmax(z) - y)/n`. Where it would fill lines, the operation stays
closed: `conv2d_dx(delta_y, w)` is the gradient by conv2d's input x, from the cotangent delta_y and the kernel w.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dlcli.engines.symbolic.node_trees import Keywords, keywords_of
from dlcli.engines.symbolic.trees import (
    filled,
    integers,
    is_constant,
    is_number,
    negated,
    number_tree,
    product,
    shape_list,
    sum_of,
    unfilled,
)
from dlcli.graph import Node
from dlcli.language.tree import Binary, Call, Name, Number, Tree
from dlcli.ops.operation import Shape


@dataclass(frozen=True)
class Step:
    """One node on the way back: itself, its operands and their shapes, the cotangent of each of its results.

    probabilities: names of targets whose rows add up to 1.
    """

    node: Node
    result: Tree
    operands: tuple[Tree, ...]
    shapes: tuple[Shape, ...]
    cotangents: tuple[Tree, ...]
    probabilities: frozenset[str] = frozenset()

    @property
    def cotangent(self) -> Tree:
        """The cotangent of the only result."""
        return self.cotangents[0]


Parts = Sequence[Tree | None]


def _softmax(step: Step) -> Parts:
    """y*(g - sum(g*y)), the Jacobian diag(y) - y y^T times g; divided by the temperature."""
    g, y = step.cotangent, step.result
    if len(step.node.shape) == 1 and isinstance(g, Name):
        mixed: Tree = Binary("@", g, y)
    else:
        mixed = _summed(product(g, y), _axes(step), len(step.node.shape), keep=True)
    found = product(y, sum_of([g, negated(mixed)]))
    temperature = step.node.settings["temperature"]
    return [found if temperature == 1 else Binary("/", found, number_tree(temperature))]


def _log_softmax(step: Step) -> Parts:
    g = step.cotangent
    probabilities = Call("softmax", step.operands, keywords_of(step.node, step.shapes))
    return [sum_of([g, negated(product(probabilities, _summed(g, _axes(step), len(step.node.shape), keep=True)))])]


def _cross_entropy(step: Step) -> Parts | None:
    """-y/p, for class numbers of a one-hot y."""
    p, y = step.operands
    shares = _one_hot(step) if step.node.settings["labels"] else y
    by_target = None if step.node.settings["labels"] else product(_by_sample(step), negated(Call("log", (p,))))
    return [negated(product(_by_sample(step), Binary("/", shares, p))), by_target]


def _softmax_cross_entropy(step: Step) -> Parts | None:
    """softmax(z) - y; softmax(z) times the sum of y where that may be other than 1."""
    z, y = step.operands
    rank = len(step.shapes[0])
    axis: Keywords = (("axis", number_tree(rank - 1)),) if rank > 1 else ()
    likely: Tree = Call("softmax", (z,), axis)
    if step.node.settings["labels"]:
        return [product(_by_sample(step), sum_of([likely, negated(_one_hot(step))])), None]
    if not (isinstance(y, Name) and y.name in step.probabilities):
        likely = product(_summed(y, (rank - 1,), rank, keep=True), likely)
    by_target = product(_by_sample(step), negated(Call("log_softmax", (z,), axis)))
    return [product(_by_sample(step), sum_of([likely, negated(y)])), by_target]


def _one_hot(step: Step) -> Tree:
    return Call("onehot", (step.operands[1], number_tree(step.shapes[0][-1])))


def _by_sample(step: Step) -> Tree:
    """The cotangents of the samples, so shaped that they multiply rows."""
    g = unfilled(step.cotangent)
    plain = is_constant(g) or g is not step.cotangent or not step.node.shape
    return g if plain else Call("reshape", (g, shape_list((*step.node.shape, 1))))


def _dropout(step: Step) -> Parts | None:
    if len(step.operands) < 3:
        return [_closed(step, "x", step.operands[1:]), _closed(step, "p", step.operands[:2])]
    x, p, mask = step.operands
    kept = number_tree(1 - p.value) if isinstance(p, Number) else Binary("-", number_tree(1), p)
    found = product(step.cotangent, mask)
    by_p = product(product(step.cotangent, step.result), Binary("/", number_tree(1), kept))
    return [
        found if is_number(kept, 1) else Binary("/", found, kept),
        Call("sum", (by_p,)),
        Binary("/", product(step.cotangent, x), kept),
    ]


def _batchnorm(step: Step) -> Parts:
    x, gamma, *population = step.operands
    rank = len(step.shapes[0])
    channels = tuple(axis for axis in range(rank) if rank == 1 or axis != 1)
    beta = _summed(filled(step.cotangent, step.node.shape), channels, rank)
    names = ("x", "gamma", "beta", "mean", "var")
    if len(population) > 1 and rank <= 2:
        deviation = _deviation(step)
        centred = Binary("-", x, population[1])
        scale = Binary("/", product(step.cotangent, centred), deviation)
        by_mean = negated(_summed(Binary("/", product(step.cotangent, gamma), deviation), channels, rank))
        return [
            Binary("/", product(step.cotangent, gamma), deviation),
            _summed(scale, channels, rank),
            beta,
            by_mean,
            _closed(step, "var", (x, gamma, *population[1:])),
        ]
    if population[1:]:
        taken = (x, gamma, *population[1:])
        parts: list[Tree | None] = [_closed(step, name, taken) for name in names]
        parts[2] = beta
        return parts
    return [_closed(step, "x", (x, gamma)), _closed(step, "gamma", (x,)), beta]


def _deviation(step: Step) -> Tree:
    """sqrt(var + eps)."""
    variance, eps = step.operands[4], step.node.settings["eps"]
    return Call("sqrt", (variance if eps == 0 else sum_of([variance, number_tree(eps)]),))


def _layernorm(step: Step) -> Parts:
    x, gamma, _ = step.operands
    rank = len(step.node.shape)
    beta = _summed(filled(step.cotangent, step.node.shape), tuple(range(rank - 1)), rank)
    return [_closed(step, "x", (x, gamma)), _closed(step, "gamma", (x,)), beta]


def _convolution(step: Step) -> Parts:
    """Linear in x and in w: each gradient needs the other. The bias has one number a channel."""
    x, w, *_ = step.operands
    assert step.node.operation is not None
    rank = len(step.node.shape)
    channel = rank - (3 if step.node.operation.name == "conv2d" else 2)
    alone = len(step.shapes) > 2 and step.shapes[2] == ()
    bias = _summed(
        filled(step.cotangent, step.node.shape), tuple(a for a in range(rank) if alone or a != channel), rank
    )
    return [_closed(step, "x", (w,)), _closed(step, "w", (x,)), bias][: len(step.operands)]


def _maxpool(step: Step) -> Parts:
    return [_closed(step, "x", step.operands)]


def _avgpool(step: Step) -> Parts:
    return [_closed(step, "x", ())]


def _every_operand(step: Step) -> Parts:
    """Closed by every operand: attention and the cells with gates."""
    assert step.node.operation is not None
    return [_closed(step, name, step.operands) for name in step.node.operation.operands[: len(step.operands)]]


def _closed(step: Step, by: str, taken: Sequence[Tree]) -> Tree:
    """`conv2d_dx(delta_y, w, stride=2)`: the gradient by one operand, from cotangents and what it needs."""
    assert step.node.operation is not None
    keywords: Keywords = keywords_of(step.node, step.shapes)
    if step.node.operation.family == "layers":
        keywords = tuple((key, value) for key, value in keywords if key != "axis")
    return Call(f"{step.node.operation.name}_d{by}", (*step.cotangents, *taken), keywords)


def _summed(tree: Tree, axes: Sequence[int], rank: int, keep: bool = False) -> Tree:
    """The sum over these of `rank` axes; `sum(tree)` where they are all and need not be kept."""
    if not axes:
        return tree
    if len(axes) == rank and (not keep or rank == 1):
        return Call("sum", (tree,))
    kept: Keywords = (("keepdims", Name("True")),) if keep else ()
    return Call("sum", (tree,), (("axis", integers(axes)), *kept))


def _axes(step: Step) -> tuple[int, ...]:
    return tuple(axis % len(step.node.shape) for axis in step.node.settings["axes"])


LAYERS: Mapping[str, Callable[[Step], Parts | None]] = {
    "softmax": _softmax, "log_softmax": _log_softmax,
    "cross_entropy": _cross_entropy, "softmax_cross_entropy": _softmax_cross_entropy,
    "dropout": _dropout, "batchnorm": _batchnorm, "layernorm": _layernorm,
    "conv1d": _convolution, "conv2d": _convolution, "maxpool2d": _maxpool, "avgpool2d": _avgpool,
    "attention": _every_operand, "lstm_cell": _every_operand, "gru_cell": _every_operand,
}  # fmt: skip
