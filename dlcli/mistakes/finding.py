"""What a diagnosis says: the mistakes that explain wrong gradients, in words and as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dlcli.mistakes.mistake import Mistake
from dlcli.mistakes.structure import Structure

DISCREET = {"tensor-scaled": "The right gradients are multiplied by a factor."}


@dataclass(frozen=True)
class Finding:
    """A mistake that explains the numbers.

    where: layers or quantities, "" for everywhere; sentence: for the student; distance: norm(given -
    explained)/norm(given); explains: the quantities whose gradients it explains.
    """

    id: str
    where: str
    sentence: str
    distance: float
    explains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with given gradients.

    wrong: quantities whose gradient is not the right one; findings: mistakes of which each alone explains all of
    them, the most likely first ("either … or …"), or, with `together`, mistakes that explain them only together;
    also: ids of further mistakes that would explain the same numbers; structure: what can be said where nothing is
    named; complete: whether the whole catalogue was searched.
    """

    wrong: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    together: bool = False
    also: tuple[str, ...] = ()
    structure: Structure | None = None
    complete: bool = True

    @property
    def sentence(self) -> str:
        """All of it in words; "" where nothing is wrong."""
        return self._said([finding.sentence for finding in self.findings], discreet=False)

    @property
    def discreet(self) -> str:
        """The same without factors that would make the right gradients of the wrong ones."""
        return self._said([DISCREET.get(f.id, f.sentence) for f in self.findings], discreet=True)

    def _said(self, texts: list[str], discreet: bool) -> str:
        if not self.wrong:
            return ""
        if self.structure is not None:
            text = self.structure.discreet if discreet else self.structure.text
        elif self.together:
            text = "Several mistakes come together. " + " ".join(texts)
        elif len(texts) > 1:
            text = "Either: " + " Or: ".join(texts)
        else:
            text = texts[0]
        if self.also:
            text += f" The same numbers come out of {', '.join(self.also)}."
        return text if self.complete else f"{text} Not every mistake was tried: the network is large."


def finding_of(row: Mistake, where: str, words: Mapping[str, str], gap: float, explains: Iterable[str]) -> Finding:
    """The finding of a row of the catalogue at a place."""
    return Finding(row.id, where, row.sentence.format(where=where, **words), gap, tuple(explains))


def grouped(found: Iterable[Finding]) -> list[Finding]:
    """One finding a mistake, its places joined, the likely mistakes first; none that a more general one includes."""
    by_id: dict[str, list[Finding]] = {}
    for finding in found:
        by_id.setdefault(finding.id, []).append(finding)
    merged = []
    for name, findings in by_id.items():
        if any(general in by_id for general in INCLUDED_IN.get(name, ())):
            continue
        places = list(dict.fromkeys(f.where for f in findings))
        first = min(findings, key=lambda f: f.distance)
        merged.append(replace(first, where=" or ".join(filter(None, places))) if "" not in places else first)
    return sorted(merged, key=lambda finding: RARITY.get(finding.id, 1))


# A mistake -> those that make it superfluous where they explain the same numbers: more general ones, or likelier.
INCLUDED_IN: Mapping[str, tuple[str, ...]] = {
    "sign-one-tensor": ("sign-everywhere",),
    "mean-missing-on-weights": ("mean-missing",),
    "mean-missing-on-biases": ("mean-missing",),
    "mean-extra-on-weights": ("mean-extra",),
    "mean-extra-on-biases": ("mean-extra",),
    "mean-extra-per-layer": ("mean-extra",),
    "path-missing": ("gradient-overwritten",),
    "error-not-passed-down": ("weight-gradient-zero",),
    "derivative-of-another-activation": ("activation-derivative-missing", "activation-derivative-missing-in-one-layer"),
}

# 0: made often; 1: the others; 2: explains numbers by chance more often than it is made
RARITY: Mapping[str, int] = {
    **dict.fromkeys(
        (
            "mean-missing", "mean-extra", "sign-everywhere", "activation-derivative-missing",
            "activation-derivative-missing-in-one-layer", "l2-missing", "bias-forgotten", "weight-gradient-transposed",
            "weights-not-transposed", "weights-skipped", "input-forgotten",
        ), 0,
    ),
    **dict.fromkeys(
        (
            "integer-truncation", "tensors-swapped", "derivative-of-another-activation", "broadcast-column",
            "mean-over-entries", "gradient-clipped", "path-missing", "path-counted-twice", "overflow-without-shift",
            "convolution-shifted", "error-not-passed-down", "bias-full-sum", "relu-mask-from-gradient",
            "cache-of-another-layer", "bias-derivative-alone", "learning-rate-included",
        ), 2,
    ),
}  # fmt: skip
