"""Small networks with generic numbers, one or more for each row of the catalogue of classic mistakes."""

from __future__ import annotations

from functools import cache

from dlcli.errors import Source
from dlcli.mistakes import Context
from dlcli.solving import check_spec
from dlcli.spec import load

NETWORKS = {
    "softmax": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7], [0.1, 1.4, -0.6]]}
targets: {y: [0, 2, 1, 2, 0]}
constants: {lambda: 0.3}
network:
  - dense: {units: 4, activation: relu, seed: 1, bias: [0.1, -0.2, 0.3, 0.05]}
  - dense: {units: 4, activation: tanh, seed: 2, bias: [0.2, 0.1, -0.3, 0.4]}
  - dense: {units: 3, activation: softmax, seed: 3, bias: [0.1, 0.4, -0.2]}
loss: cross_entropy(a3, y) + lambda/2*(l2(W1) + l2(W2) + l2(W3))
optimizer: {sgd: {learning_rate: 0.1}}
""",
    "probability": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7], [0.1, 1.4, -0.6]]}
targets: {y: [0, 1, 1, 0, 1]}
network:
  - dense: {units: 4, activation: sigmoid, seed: 1, bias: [0.1, -0.2, 0.3, 0.05]}
  - dense: {units: 4, activation: relu, seed: 5, bias: [0.2, 0.1, -0.3, 0.4]}
  - dense: {units: 4, activation: relu, seed: 6, bias: [0.3, -0.1, 0.2, 0.1]}
  - dense: {weights: [0.7, -0.4, 0.9, 0.6], bias: 0.2, activation: sigmoid}
loss: bce
""",
    "regression": """
inputs: {X: [[1.2, -0.7], [-0.4, 0.9], [0.8, 0.5], [-1.3, -0.2]]}
targets: {y: [[0.3, 1.2], [-0.8, 0.4], [1.5, -0.6], [0.2, 0.9]]}
constants: {lambda: 0.2}
network:
  - dense: {units: 4, activation: leaky_relu(slope=0.05), seed: 1, bias: [0.1, -0.2, 0.3, 0.05]}
  - dense: {units: 2, seed: 2, bias: [0.2, 0.7]}
loss: squared_error(a2, y) + lambda*l1(W1)
""",
    "column": """
inputs: {X: [[1.2, -0.7], [-0.4, 0.9], [0.8, 0.5]]}
targets: {y: [0.3, -0.8, 1.5]}
weights: {w: [0.6, -1.1], b: 0.4}
network:
  - p = X @ w + b
loss: mse(p, y)
""",
    "normalised": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7], [0.1, 1.4, -0.6]]}
targets: {y: [[0.3, 1.2], [-0.8, 0.4], [1.5, -0.6], [0.2, 0.9], [1.1, -0.5]]}
network:
  - dense: {units: 4, seed: 1, bias: none}
  - batchnorm: {gamma: [0.6, 1.7, -1.2, 0.9], beta: [0.1, -0.3, 0.2, 0.4]}
  - tanh
  - dense: {units: 3, seed: 4, bias: [0.3, -0.1, 0.2]}
  - layernorm: {gamma: [1.4, 0.7, -0.8], beta: [0.2, 0.1, -0.4]}
  - dense: {units: 2, seed: 2, bias: [0.2, 0.7]}
loss: mse
""",
    "dropped": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1]]}
targets: {y: [[0.3, 1.2], [-0.8, 0.4], [1.5, -0.6]]}
constants: {m: [[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]]}
network:
  - dense: {units: 4, activation: tanh, seed: 1, bias: [0.1, -0.2, 0.3, 0.05]}
  - dropout: {p: 0.3, mask: m}
  - dense: {units: 2, seed: 2, bias: [0.2, 0.7]}
loss: half_squared_error
""",
    "images": """
inputs: {X: {shape: [3, 1, 8, 8], init: xavier_normal, seed: 9}}
targets: {y: [0, 2, 1]}
network:
  - conv2d: {units: 2, size: 3, activation: relu, seed: 1, bias: [0.02, 0.05]}
  - maxpool2d: {size: 2}
  - avgpool2d: {size: [1, 3]}
  - flatten
  - dense: {units: 3, activation: softmax, seed: 2, bias: [0.1, -0.2, 0.3]}
loss: cross_entropy
""",
    "sequence": """
inputs: {X: [[[0.3, -1.2], [0.8, 0.5], [-0.4, 0.9], [1.1, 0.2]], [[-0.6, 0.7], [0.2, -0.9], [1.3, 0.4], [0.5, -0.3]],
  [[0.9, 0.1], [-1.0, 0.6], [0.4, -0.8], [-0.2, 1.2]]]}
targets: {y: [0.4, -0.9, 1.3]}
network:
  - rnn: {units: 3, seed: 1, bias: [0.1, -0.2, 0.3]}
  - dense: {weights: [0.7, -0.4, 0.9], bias: 0.2}
loss: mse
""",
    "margins": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7], [2.1, 1.4, -0.6]]}
targets: {y: [0, 2, 1, 3, 0]}
network:
  - dense: {units: 4, activation: tanh, seed: 1, bias: [0.1, -0.2, 0.3, 0.05]}
  - dense: {weights: [[3, -1, 1, 2], [1, 2, -1, 0.5], [-2, 1, 1, 1], [0.3, 0.2, -2, 1]], bias: [0.1, 0.2, 0.3, 0.4]}
loss: multiclass_hinge
""",
    "looking": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7]]}
weights:
  Q: [[0.5, -0.3], [0.8, 0.2], [-0.6, 0.4]]
  K: [[0.1, 0.7], [-0.5, 0.3], [0.9, -0.2]]
  V: [[0.6, 0.2], [0.3, -0.8], [-0.1, 0.5]]
targets: {y: [[0.3, 1.2], [-0.8, 0.4], [1.5, -0.6], [0.2, 0.9]]}
network:
  - q = X @ Q
  - k = X @ K
  - v = X @ V
  - o = attention(q, k, v)
loss: half_squared_error
""",
    "numbers": """
inputs: {x1: 0.7, x2: -1.2}
weights: {w03: 0.2, w04: -0.3, w05: 0.4, w13: 0.9, w14: -0.5, w23: 0.6, w24: 1.1, w35: 0.8, w45: -0.7}
targets: {y: 1}
network:
  - in3 = w03 + w13*x1 + w23*x2
  - a3 = sigmoid(in3)
  - in4 = w04 + w14*x1 + w24*x2
  - a4 = tanh(in4)
  - in5 = w05 + w35*a3 + w45*a4
  - yhat = sigmoid(in5)
loss: bce(yhat, y)
optimizer: {sgd: {learning_rate: 0.1}}
""",
    "skipping": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7]]}
targets: {y: [[0.3, 1.2, 0.1], [-0.8, 0.4, 0.6], [1.5, -0.6, -0.9], [0.2, 0.9, 0.5]]}
network:
  - dense: {name: h, units: 3, activation: tanh, seed: 1, bias: [0.1, -0.2, 0.3]}
  - dense: {name: g, units: 3, activation: tanh, seed: 2, bias: [0.2, 0.1, -0.3]}
  - r = h + g + h*g
loss: mse(r, y)
""",
    "square": """
inputs: {X: [[1.2, -0.7, 0.3], [-0.4, 0.9, 1.6], [0.8, 0.5, -1.1], [-1.3, -0.2, 0.7]]}
targets: {y: [[0.3, 1.2], [-0.8, 0.4], [1.5, -0.6], [0.2, 0.9]]}
network:
  - dense: {units: 4, activation: sigmoid, seed: 1, bias: [0.1, -0.2, 0.3, 0.05]}
  - dense: {units: 2, seed: 2, bias: [0.2, 0.7]}
loss: mse
""",
    "overflowing": """
inputs: {X: [[1.2, -0.7], [-0.4, 0.9], [0.8, 0.5]]}
targets: {y: [0, 2, 1]}
network:
  - dense: {weights: [[900, 10], [20, -1100], [300, 1500]], bias: [1, 2, 3], activation: softmax}
loss: cross_entropy
""",
}


@cache
def network(name: str) -> Context:
    """The network of this name, with its optimizer's learning rate."""
    checked = check_spec(load(Source(f"{name}.yaml", NETWORKS[name]), None))
    optimizer = checked.spec.optimizer
    return Context(checked.graph, checked.values, None if optimizer is None else optimizer.settings["learning_rate"])
