"""500 random networks: the gradients that dlcli reports against forward-mode dual numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dlcli
from tests.conftest import relative_difference
from tests.oracle.networks import exercised, random_network

CHUNK, CHUNKS = 20, 25
ACCURACY = 1e-10


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_networks_agree_with_dual_numbers(chunk: int, tmp_path: Path) -> None:
    faults = []
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        network = random_network(seed)
        path = tmp_path / f"network_{seed}.yaml"
        path.write_text(network.yaml_text, encoding="utf-8")
        solution = dlcli.solve(path)
        problems = []
        if solution.verdict != "pass":
            problems.append(f"verdict {solution.verdict}")
        if solution.loss is None or abs(solution.loss - network.loss) > ACCURACY * abs(network.loss):
            problems.append(f"loss {solution.loss}, not {network.loss}")
        tensors = {tensor.name: tensor for tensor in solution.comparison.tensors}
        if set(tensors) != set(network.gradients):
            problems.append(f"gradients of {sorted(tensors)}, not of {sorted(network.gradients)}")
        for name, tensor in tensors.items():
            witnesses = {
                "backprop": tensor.backprop,
                "symbolic": tensor.symbolic,
                "complex step": tensor.complex_step,
                "finite difference": tensor.finite_difference,
            }
            for witness, found in witnesses.items():
                if found is None:
                    problems.append(f"{name}: no {witness}")
                elif np.shape(found) != network.gradients[name].shape:
                    problems.append(f"{name}: {witness} has shape {np.shape(found)}")
                elif witness != "finite difference":
                    difference = relative_difference(found, network.gradients[name])
                    if not difference < ACCURACY:
                        problems.append(f"{name}: {witness} is off by {difference:.1e}")
        faults += [f"network {seed}: {problem}" for problem in problems]
    assert not faults, "\n".join(faults)


def test_at_least_95_percent_of_all_entries_are_exercised() -> None:
    counts = [exercised(random_network(seed)) for seed in range(CHUNK * CHUNKS)]
    assert sum(alive for alive, _ in counts) >= 0.95 * sum(entries for _, entries in counts)


@pytest.mark.parametrize("seed", range(0, CHUNK * CHUNKS, 25))
def test_dlcli_reports_as_many_entries_exercised_as_are_not_zero(seed: int, tmp_path: Path) -> None:
    network = random_network(seed)
    path = tmp_path / "network.yaml"
    path.write_text(network.yaml_text, encoding="utf-8")
    comparison = dlcli.solve(path).comparison
    assert (comparison.exercised, comparison.entries) == exercised(network)


@pytest.mark.parametrize("seed", range(0, CHUNK * CHUNKS, 50))
def test_values_of_named_quantities_agree_with_dual_numbers(seed: int, tmp_path: Path) -> None:
    network = random_network(seed)
    path = tmp_path / "network.yaml"
    path.write_text(network.yaml_text, encoding="utf-8")
    values = dlcli.solve(path).values
    compared = 0
    for name, value in values.items():
        if name in network.values:
            np.testing.assert_allclose(value, network.values[name], rtol=1e-12, atol=1e-14, err_msg=name)
            compared += 1
    assert compared > 0


def test_the_same_number_gives_the_same_network() -> None:
    assert random_network(17).yaml_text == random_network(17).yaml_text
