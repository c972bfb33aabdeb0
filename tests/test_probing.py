"""`dlcli gradcheck --probe`: what a homework's numbers cannot show, against networks where that is known by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlcli.probing import Probe, probe
from dlcli.solving import check
from tests.conftest import Homework, Run

BATCH = """
inputs: {x: [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.9], [0.2, 2.0]]}
weights:
  W1: [[0.8, -0.3], [0.4, 0.7], [-0.6, 0.5]]
  b1: [0.1, -0.2, 0.3]
  W2: [[0.5, -0.9, 0.3], [0.2, 0.6, -0.4]]
  b2: [0.05, -0.1]
targets: {y: [0, 1, 1, 0]}
network:
  - dense: {weights: W1, bias: b1, activation: tanh}
  - dense: {weights: W2, bias: b2, activation: softmax}
loss: cross_entropy
"""


def hidden(found: Probe) -> dict[str, str]:
    return {item.mistake.id: item.reason for item in found.hidden}


def probed(homework: Homework, text: str) -> Probe:
    return probe(check(homework(text)))


def test_a_batch_of_generic_numbers_hides_next_to_nothing(homework: Homework) -> None:
    found = probed(homework, BATCH)
    assert found.applicable >= 30
    assert set(hidden(found)) <= {"overflow-without-shift", "learning-rate-included", "weights-updated-before-use"}
    assert found.generic.verdict == "pass"


def test_one_sample_hides_every_mistake_of_averaging(homework: Homework) -> None:
    text = BATCH.replace("[[0.5, -1.2], [1.5, 0.3], [-0.7, 0.9], [0.2, 2.0]]", "[[0.5, -1.2]]")
    found = hidden(probed(homework, text.replace("[0, 1, 1, 0]", "[0]")))
    assert found["mean-missing"] == "there is one sample only, so that a sum and a mean are the same"
    assert found["mean-extra"] == found["mean-missing"]


def test_a_penalty_with_factor_zero_hides_its_mistakes(homework: Homework) -> None:
    text = "constants: {lam: 0}\n" + BATCH.replace("loss: cross_entropy", "loss: cross_entropy(a2, y) + lam*l2(W1)")
    found = probed(homework, text)
    assert hidden(found)["l2-missing"] == "the penalty's factor is 0"
    assert "l2-missing" not in {item.mistake.id for item in found.still_hidden}


def test_symmetric_weights_hide_a_transposed_product(homework: Homework) -> None:
    text = """
    inputs: {x: [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.9]]}
    weights: {W1: [[0.8, 0.4], [0.4, -0.7]], W2: [[0.5, 0.2], [0.2, 0.6]]}
    targets: {y: [[0.1, 0.4], [0.3, -0.2], [0.8, 0.5]]}
    network:
      - dense: {weights: W1, bias: none, activation: tanh}
      - dense: {weights: W2, bias: none}
    loss: mse
    """
    found = probed(homework, text)
    assert hidden(found)["weights-not-transposed"] == "the square weight matrices are symmetric"
    assert "weights-not-transposed" not in {item.mistake.id for item in found.still_hidden}


def test_report_names_mistakes_by_reason(run: Run, homework: Homework) -> None:
    text = "inputs: {x: 2}\nweights: {w: 3}\ntargets: {y: 1}\nnetwork:\n  - z = w*x\nloss: square(z - y)\n"
    result = run("gradcheck", str(homework(text)), "--probe")
    assert result.exit_code == 0
    assert "homework.yaml: probe\n  at generic numbers of the same shapes: ✓ PASS; all exercised\n" in result.stdout
    assert "    there is one sample only, so that a sum and a mean are the same: mean-missing" in result.stdout


def test_json_carries_the_probe(run: Run, homework: Homework) -> None:
    text = "inputs: {x: 2}\nweights: {w: 3}\ntargets: {y: 1}\nnetwork:\n  - z = w*x\nloss: square(z - y)\n"
    document = json.loads(run("gradcheck", str(homework(text)), "--probe", "--format", "json").stdout)
    found = document["results"][0]["probe"]
    assert found["verdict"] == "pass"
    assert {"id": "mean-missing", "reason": "there is one sample only, so that a sum and a mean are the same"} in found[
        "hidden"
    ]
    assert found["applicable"] > len(found["hidden"])


@pytest.mark.parametrize("name", ["feedforward/cse471", "classification/softmax-gradient", "convolution/pooling"])
def test_bundled_problems_pass_at_generic_numbers(name: str) -> None:
    found = probe(check(Path(__file__).parents[1] / "problems" / f"{name}.yaml"))
    assert found.generic.verdict in ("pass", "kink")
    assert found.applicable > 0
