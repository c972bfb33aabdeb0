"""Everything that the verdict on one entry rests on: witnesses, the ladder rung by rung, kinks, tolerances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.comparison import VERDICTS, TensorCheck
from dlcli.engines.evaluation import forward
from dlcli.engines.finite_difference import Differences, finite_differences
from dlcli.engines.reverse import magnitudes, sweep
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.stencil import stencil
from dlcli.entry_ladder import EntryLadder, NearestKink, entry_ladder, nearest_kink
from dlcli.fusion import bypassed, fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.resolution import cap_of, complex_step_error, resolution_of, tau_of
from dlcli.solution import Solution


@dataclass(frozen=True)
class Slope:
    """A slope and its error bar; nan and inf where there is none."""

    value: float
    error: float


@dataclass(frozen=True)
class Tolerances:
    """What the gap between backprop a and the reference r is held against; the letters of the rule.

    size S: sum of the absolute terms of the gradient entry; rounding N: what rounding in the forward pass can
    change it by; resolution R = 64 eps S + 8 N; tau = 1e-7 max(|a|, |r|) + R + 4 times the smallest normal
    number; cap: the widest error bar of a difference that decides; gap: |a - r|; reference: "symbolic",
    "complex step", "finite difference" or None; error: of the reference.
    """

    size: float
    rounding: float
    resolution: float
    tau: float
    cap: float
    gap: float
    reference: str | None
    value: float
    error: float


@dataclass(frozen=True)
class EntryEvidence:
    """One entry of one gradient.

    entry: its position, from 0; point: the quantity's value there; backprop, symbolic, complex_step,
    difference: the slopes that were compared, None where a witness did not look; sampled: the ladder here was
    climbed for this evidence, the check itself did not include the entry; noise: of the loss, one standard deviation;
    stands_on_kink: a side changes at the point itself; called: what the slope that is judged is called.
    """

    name: str
    entry: tuple[int, ...]
    index_base: int
    verdict: str
    reason: str
    vacuous: bool
    coarse: bool
    point: float
    loss_name: str
    loss: float
    backprop: float
    symbolic: float | None
    complex_step: float | None
    difference: Slope | None
    sampled: bool
    first_step: float
    ladder: EntryLadder
    noise: float
    right: Slope
    left: Slope
    kink: NearestKink | None
    stands_on_kink: bool
    tolerances: Tolerances
    called: str = "backprop"


def entry_evidence(solution: Solution, name: str, entry: tuple[int, ...]) -> EntryEvidence:
    """The evidence for one entry, counted from 0, of a gradient in the solution's comparison.

    Verdict and slopes are those of the comparison; the rest is computed again for this entry. Of a homework with
    symbols it is the evidence at the first random point. Raises KeyError for a name that was not compared.
    """
    tensor = {t.name: t for t in solution.comparison.tensors}[name]
    graph, values = judged_graph(solution.graph, name)
    root = graph.names[name]
    flat = int(np.ravel_multi_index(entry, tensor.shape))
    rounding = rounding_effect(graph, values)
    assert graph.loss is not None
    witness = finite_differences(graph, values, also={name: np.array([flat])}, only=(name,), changes=rounding.values)[
        name
    ]
    found = witness.differences
    points = stencil(graph, values, root)
    at_point = bool(found.at_kink[entry])
    cotangents = sweep(graph, values, [graph.names[n] for n in graph.wrt], every=True)
    sizes = magnitudes(graph, values, cotangents)[name]
    difference = _difference(tensor, entry)
    climbed = Slope(float(found.central[entry]), float(found.central_error[entry]))
    known = difference or climbed
    first = float(found.first_step[entry])
    return EntryEvidence(
        name=name,
        entry=entry,
        index_base=solution.index_base,
        verdict=VERDICTS[int(tensor.verdicts[entry])],
        reason=tensor.reasons.get(entry, ""),
        vacuous=bool(tensor.vacuous[entry]),
        coarse=bool(tensor.coarse[entry]),
        point=float(values[root][entry]),
        loss_name=graph.loss_name,
        loss=float(values[graph.loss]),
        backprop=float(tensor.backprop[entry]),
        symbolic=_looked(tensor, "symbolic", entry),
        complex_step=_looked(tensor, "complex_step", entry),
        difference=difference,
        sampled=difference is None and bool(np.isfinite(climbed.error)),
        first_step=first,
        ladder=entry_ladder(points, flat, first, witness.noise, known.value, known.error),
        noise=witness.noise,
        right=Slope(float(found.right[entry]), float(found.right_error[entry])),
        left=Slope(float(found.left[entry]), float(found.left_error[entry])),
        kink=nearest_kink(points, flat, first, at_point),
        stands_on_kink=at_point,
        tolerances=_tolerances(tensor, found, entry, sizes, rounding.gradients[name], float(values[graph.loss])),
        called="given" if tensor.methods.get("backprop") == "given" else "backprop",
    )


def judged_graph(graph: Graph, name: str) -> tuple[Graph, Sequence[Array]]:
    """The network in the stable forms in which the gradient by `name` was judged, and the value of each node."""
    fused = fuse(graph)
    passed_by = bypassed(graph, fused)
    if name in passed_by:
        whole = fuse(graph, passed_by)
        return replace(whole, wrt=passed_by), forward(whole)
    return replace(fused, wrt=tuple(n for n in graph.wrt if n not in passed_by)), forward(fused)


def _looked(tensor: TensorCheck, witness: str, entry: tuple[int, ...]) -> float | None:
    values: Array | None = getattr(tensor, witness)
    mask = tensor.looked.get(witness)
    if values is None or (mask is not None and not mask[entry]):
        return None
    return float(values[entry])


def _difference(tensor: TensorCheck, entry: tuple[int, ...]) -> Slope | None:
    value = _looked(tensor, "finite_difference", entry)
    return None if value is None or tensor.error_bar is None else Slope(value, float(tensor.error_bar[entry]))


def reference_values(tensor: TensorCheck) -> Array:
    """The slopes that backprop is held against: symbolic, else by complex step, else by differences; else nan."""
    found = np.full(tensor.shape, np.nan)
    for values in (tensor.symbolic, tensor.complex_step, tensor.finite_difference):
        if values is not None:
            found = np.where(np.isnan(found), values, found)
    return found


def _tolerances(
    tensor: TensorCheck, found: Differences, entry: tuple[int, ...], sizes: Array, rounding: Array, loss: float
) -> Tolerances:
    a, references = tensor.backprop, reference_values(tensor)
    larger = np.fmax(np.abs(a), np.where(np.isfinite(references), np.abs(references), 0.0))
    with np.errstate(all="ignore"):
        resolution = resolution_of(sizes, rounding)
        tau = tau_of(larger, resolution)
        cap = cap_of(np.abs(references), found.first_step, loss)
        gap = float(np.abs(a[entry] - references[entry]))
    difference = _difference(tensor, entry)
    underflow = float(complex_step_error(found.reach)[entry])
    named = {
        "symbolic": (_looked(tensor, "symbolic", entry), 0.0),
        "complex step": (_looked(tensor, "complex_step", entry), underflow),
        "finite difference": (None, np.inf) if difference is None else (difference.value, difference.error),
    }
    decided = next((k for k, (value, _) in named.items() if value is not None and not np.isnan(value)), None)
    return Tolerances(
        size=float(sizes[entry]),
        rounding=float(rounding[entry]),
        resolution=float(resolution[entry]),
        tau=float(tau[entry]),
        cap=float(cap[entry]),
        gap=gap,
        reference=decided,
        value=float(references[entry]),
        error=named[decided][1] if decided else np.inf,
    )
