"""What one training step does to the weights."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.ops.operation import Array


def sgd_step(weights: Mapping[str, Array], gradients: Mapping[str, Array], learning_rate: float) -> dict[str, Array]:
    """w - learning_rate * dloss/dw for every weight, all from gradients at the old weights."""
    return {name: weights[name] - learning_rate * gradients[name] for name in weights}
