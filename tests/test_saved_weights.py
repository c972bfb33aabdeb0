"""Trained weights as files: read back they are the same, bit for bit."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from dlcli.lowering import lower
from dlcli.ops.operation import Array
from dlcli.render.saved_weights import SavingError, weights_homework, weights_npz
from dlcli.solving import check, load, train
from dlcli.spec.files import load_array
from tests.conftest import Homework

TAIL = "optimizer: {sgd: {learning_rate: 0.1}}\n"


def trained(path: Path) -> tuple[str, dict[str, Array]]:
    """The text of the homework with the weights after three steps, and these."""
    training = train(path, 3)
    weights = dict(training.last.weights)
    return weights_homework(lower(load(path)), weights, "new.yaml", path.parent), weights


FILES = {
    "flow": "inputs: {x: 2}\nweights: {w: 1/3, b: -1}  # start\nnetwork:\n  - z = w*x + b\nloss: z*z\n",
    "block": """\
        inputs: {x: [1, 2]}
        weights:
          # rows are units
          W:
            - [1, 2]
            - [3, 4]
          b: "1/2"
        network:
          - z = W @ x + b
        loss: sum(z*z)/100
        """,
    "described": """\
        inputs: {x: [1, 2]}
        weights:
          W:
            shape: [3, 2]
            init: normal
            std: 1
          b: {shape: [3], init: zeros}
        network:
          - z = W @ x + b
        loss: sum(z*z)/100
        """,
    "layers": """\
        inputs: {x: [[1, 2], [0, 1]]}
        targets: {t: [[1], [0]]}
        network:
          - dense: {units: 3, activation: tanh}
          - dense: {name: h, weights: [[1, 2, 3], [3, 4, 5]], bias: 0.5, activation: sigmoid}
          - dense: {name: o, weights: {init: he_normal, seed: 3}, units: 1, bias: none}
        loss: mse
        """,
    "layers and entries": """\
        inputs: {x: [[1, 2], [0, 1]]}
        targets: {t: [[1], [0]]}
        weights:
          W2: [[1, 2, 3]]
        network:
          - dense: {units: 3, activation: tanh}
          - dense: {activation: sigmoid}
        loss: mse
        """,
    "layers and entries in braces": """\
        inputs: {x: [[1, 2], [0, 1]]}
        targets: {t: [[1], [0]]}
        weights: {W2: [[1, 2, 3]]}
        network:
          - dense: {units: 3, activation: tanh}
          - dense: {activation: sigmoid}
        loss: mse
        """,
    "tied": """\
        inputs: {x: [1, 2]}
        weights: {W: [[1, 0.5], [0.25, 1]]}
        network:
          - dense: {weights: W, bias: none, activation: tanh}
          - dense: {weights: W, bias: none}
        loss: sum(a2*a2)
        """,
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_homework_with_the_weights_reads_back(homework: Homework, text: str) -> None:
    path = homework(dedent(text) + TAIL)
    new, weights = trained(path)
    again = check(homework(new, "new.yaml"))
    assert set(again.lowered.trained) == set(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(again.graph.values[again.graph.names[name]], array)
    assert new.endswith(TAIL) or "\nweights:\n" in new
    assert train(homework(new, "new.yaml"), 2).losses == train(path, 5).losses[3:]


def test_everything_else_stays_as_it_was(homework: Homework) -> None:
    text = "inputs: {x: 2}   # a comment\nweights: {w: 1, b: -1}  # start\nnetwork: [z = w*x + b]\nloss: z\n" + TAIL
    new, weights = trained(homework(text))
    assert new == text.replace("w: 1, b: -1", f"w: {float(weights['w'])!r}, b: {float(weights['b'])!r}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "inputs: {x: 2}\nweights: {w: &a 1, b: *a}\nnetwork: [z = w*x + b]\nloss: z*z\n",
            "several weights share one place in the text",
        ),
        (
            "{inputs: {x: [1, 2]}, network: [dense: {units: 2}], loss: sum(a1), optimizer: {sgd: {learning_rate: 1}}}#",
            "the new file would have an error: ",
        ),
    ],
)
def test_text_without_a_place_for_weights_is_refused(homework: Homework, text: str, message: str) -> None:
    with pytest.raises(SavingError) as caught:
        trained(homework(text + TAIL))
    assert str(caught.value).startswith(message)


def test_archive_reads_back_and_is_the_same_each_time(tmp_path: Path) -> None:
    weights = {"file": np.array([[0.1, 0.2]]), "w": np.array(1 / 3)}
    content = weights_npz(weights)
    assert content == weights_npz(weights)
    (tmp_path / "w.npz").write_bytes(content)
    for name, array in weights.items():
        found = load_array(tmp_path, "w.npz", name)
        assert found.shape == array.shape
        np.testing.assert_array_equal(found, array)
