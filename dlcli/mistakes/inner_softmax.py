"""Other derivatives of a softmax inside a network, by itself or over the keys of attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Rule
from dlcli.mistakes.anatomy import place_name
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mutant, Mutants, rule_at
from dlcli.ops.operation import Array


def inner_softmax(rule: Callable[[Edge, Array], Array]) -> Mutants:
    """Other derivatives of a softmax that is not the output's, by itself or in attention; rule(edge, shares)."""

    def mutants(context: Context) -> Iterator[Mutant]:
        graph, outputs = context.clean.graph, {output.place[0] for output in context.parts.outputs}
        for number in sorted(context.clean.users):
            operation = graph.nodes[number].operation
            if operation is None or number in outputs:
                continue
            if operation.name == "softmax" and (number, 0) in context.clean.parts:
                alteration = Alteration(rules={(number, 0): lambda edge: rule(edge, edge.result)})
                yield Mutant(alteration, place_name(graph, number))
            places = [
                (number, p) for p in (0, 1) if operation.name == "attention" and (number, p) in context.clean.parts
            ]
            if places:
                yield Mutant(rule_at(places, _in_attention(rule)), place_name(graph, number))

    return mutants


def _in_attention(rule: Callable[[Edge, Array], Array]) -> Rule:
    """The way to queries and keys by another derivative of the softmax over the keys."""

    def through(edge: Edge) -> Array:
        q, k, v, *masks = edge.operands
        operation, settings = edge.node.operation, edge.node.settings
        assert operation is not None
        identity = np.broadcast_to(np.eye(k.shape[-2]), (*k.shape[:-1], k.shape[-2]))
        seen = {**settings, "output": (*settings["queries"][:-1], k.shape[-2])}
        shares = np.asarray(operation.forward(q, k, identity, *masks, **seen))
        rows = q.reshape(settings["queries"])
        by_share = edge.cotangent.reshape((*settings["queries"][:-1], v.shape[-1])) @ np.swapaxes(v, -1, -2)
        scores = rule(replace(edge, cotangent=by_share), shares) / np.sqrt(q.shape[-1])
        return (scores @ k).reshape(q.shape) if edge.position == 0 else np.asarray(np.swapaxes(scores, -1, -2) @ rows)

    return through
