"""Two formulas of free symbols: equal, different or undecided, and what decided it.

In this order: the same graph of parts; a difference that float64 proves; quotients of polynomials; 50 digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from dlcli.equivalence.ancestry import reachable
from dlcli.equivalence.definitions import FormulaError
from dlcli.equivalence.digits import DigitBalls, lost
from dlcli.equivalence.digits import text as digits_text
from dlcli.equivalence.evaluation import Evaluation, Missing
from dlcli.equivalence.floats import FloatBalls
from dlcli.equivalence.formulas import Formula, formula_of, shape_text
from dlcli.equivalence.points import COUNT, point_text, points
from dlcli.equivalence.quotients import compare_quotients
from dlcli.equivalence.records import Allowance, Counterexample, Judgement, Limits, Point, SpentError
from dlcli.equivalence.scalars import Scalar, Scalars
from dlcli.language import to_text
from dlcli.language.tree import Tree
from dlcli.questions.records import REAL, Domain

FIRST = 4  # points at which float64 may prove a difference before anything else is tried
FEWEST = 4  # points in the domain of both that make two formulas equal
USUAL = Limits()
PRECISIONS = (200, 600, 2400)  # bits; the first holds 50 digits and 10 to lose
AGREED = -132.0  # log2 of the relative error up to which numbers count as known to 40 digits
NOTHING = 500.0  # bits: what is 0 but for an error below 2**-500 is 0


class Pair(NamedTuple):
    """An entry of the given formula, of the expected one, and their difference, in which equal parts cancel."""

    given: Scalar
    expected: Scalar
    difference: Scalar


def equivalent(
    given: Tree, accepted: Sequence[Tree], variables: Mapping[str, Domain], limits: Limits = USUAL
) -> Judgement:
    """Whether a formula equals one of those that are accepted, as functions of their symbols.

    variables: the domain of each symbol; one that is not listed is real. Equal are formulas that agree wherever both
    are defined, and are so at the same points but for single ones (x/x is 1). Of several that are accepted (there is
    one at least) the first equal one decides; else one that is undecided; else the first.
    """
    found = [_one(given, tree, variables, limits) for tree in accepted]
    for verdict in ("equal", "undecided"):
        for judgement in found:
            if judgement.verdict == verdict:
                return judgement
    return found[0]


def _one(given: Tree, expected: Tree, variables: Mapping[str, Domain], limits: Limits) -> Judgement:
    within = Scalars(Allowance(limits.steps))
    try:
        right = formula_of(expected, within, variables)
    except (FormulaError, SpentError) as error:
        return Judgement("undecided", f"the expected formula cannot be compared: {str(error) or 'it is too long'}")
    try:
        yours = formula_of(given, within, variables)
        return _Comparison(yours, right, variables, limits).judged()
    except FormulaError as error:
        return Judgement("undecided", f"the formula cannot be computed: {error}")
    except SpentError:
        return Judgement("undecided", "the formula is too long, or its numbers too large, to be compared")


class _Comparison:
    """Two formulas with what is known of both."""

    def __init__(self, given: Formula, expected: Formula, variables: Mapping[str, Domain], limits: Limits) -> None:
        self.given, self.expected, self.variables, self.limits = given, expected, variables, limits
        self.pairs = [Pair(a, b, a - b) for a, b in zip(given.entries, expected.entries, strict=False) if a is not b]
        self.nodes = reachable(node for pair in self.pairs for node in pair)
        names = {node.parts[0] for node in self.nodes if node.kind == "name"}
        known = {n.parts[0] for n in reachable(expected.entries) if n.kind == "name"} | set(variables)
        self.extra = sorted(names - known)
        self.domains = {name: variables.get(name, REAL) for name in sorted(names)}

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The points at which the formulas are compared."""
        return points(self.domains, self.nodes)

    def judged(self) -> Judgement:
        if self.given.shape != self.expected.shape:
            is_, should = shape_text(self.given.shape), shape_text(self.expected.shape)
            return Judgement("different", f"the formula gives {is_}, but {should} is asked for")
        if not self.pairs:
            return self._equal("it is the same formula", 0)
        sure = self._by_floats()
        if sure is not None:
            return sure
        algebra = self._by_algebra()
        return algebra if algebra is not None else self._by_digits()

    def _equal(self, how: str, count: int) -> Judgement:
        return Judgement("equal", how, None, count, self._exceptions())

    def _different(self, point: Point, pair: Pair, values: tuple[Any, Any], count: int) -> Judgement:
        """values: of both, as numbers of `digits`, or why there is none."""
        texts = _texts(*values)
        entry = self._entry(pair)
        example = Counterexample(point_text(point), texts[0], texts[1], point, entry)
        how = "the values differ" if None not in texts else "only one of the two has a value"
        if self.extra:
            listed = ", ".join(f"`{name}`" for name in self.extra)
            how += f"; the formula contains {listed}, which the right one does not"
        return Judgement("different", how, example, count)

    def _entry(self, pair: Pair) -> str:
        shape = self.given.shape
        if not shape:
            return ""
        number = next(
            k for k, both in enumerate(zip(self.given.entries, self.expected.entries, strict=True)) if both == pair[:2]
        )
        place = []
        for size in reversed(shape):
            number, index = divmod(number, size)
            place.append(index)
        return str(list(reversed(place)))

    def _by_floats(self) -> Judgement | None:
        evaluation = Evaluation(self.nodes, FloatBalls())
        for number, point in enumerate(self.points[:FIRST] if len(self.points) <= COUNT else self.points):
            found = evaluation.at(point)
            for pair in self.pairs:
                values = [found[node] for node in pair]
                gap = values[-1]
                if any(isinstance(value, Missing) for value in values) or isinstance(gap, Missing):
                    continue
                if abs(gap[0]) > 1.001 * gap[1]:
                    return self._different(point, pair, self._values(pair, point), number + 1)
        return None

    def _values(self, pair: Pair, point: Point) -> tuple[Any, Any]:
        """Both values at a point to be shown."""
        allowance = Allowance(self.limits.work)
        try:
            found = Evaluation(reachable(pair[:2]), DigitBalls(PRECISIONS[0], allowance)).at(point)
        except SpentError:
            return Missing.UNKNOWN, Missing.UNKNOWN
        return found[pair.given], found[pair.expected]

    def _by_algebra(self) -> Judgement | None:
        allowance = Allowance(self.limits.terms)
        rational = True
        for pair in self.pairs:
            compared = compare_quotients(pair.given, pair.expected, reachable(pair[:2]), allowance)
            if compared is None or (not compared.equal and not compared.rational):
                return None
            if not compared.equal:
                return self._unequal()
            rational = rational and compared.rational
        kind = "quotients of polynomials" if rational else "algebra"
        return self._equal(f"shown by {kind}", 0)

    def _unequal(self) -> Judgement | None:
        """Different quotients of polynomials, with a point at which they differ; None where whole numbers of a
        bounded domain may make them agree all the same."""
        bounded = [d for d in self.domains.values() if d.integer and max(-d.low, d.high) < float("inf")]
        if bounded:
            return None
        judged = self._by_digits()
        if judged.verdict == "different":
            return replace(
                judged, how="different quotients of polynomials" + judged.how.removeprefix("the values differ")
            )
        return Judgement("different", "they are different quotients of polynomials", None, 0)

    def _by_digits(self) -> Judgement:
        allowance = Allowance(self.limits.work)
        agreed = 0
        poles: list[tuple[Point, Pair, tuple[Any, Any]]] = []
        spent = False
        for point in self.points:
            try:
                outcome = self._at(point, allowance)
            except SpentError:
                spent = True
                break
            if outcome is None:
                agreed += 1
            elif outcome != "skipped":
                pair, values = outcome
                if Missing.POLE in values:
                    poles.append((point, pair, values))
                    continue
                return self._different(point, pair, values, agreed + 1)
        enough = 1 if not self.domains else FEWEST
        finite = any(d.integer for d in self.domains.values()) and len(self.points) < FEWEST
        if agreed >= enough or (finite and agreed and agreed == len(self.points)):
            at = "" if not self.domains else f" at {agreed} point{'s' * (agreed != 1)}"
            judged = self._equal(f"they agree to 50 digits{at}", agreed)
            return replace(judged, remarks=judged.remarks or tuple(_exception(point) for point, _, _ in poles[:1]))
        if poles and not agreed:
            return self._different(*poles[0], count=len(poles))
        if spent:
            return Judgement("undecided", "the formula takes too long to be computed", None, agreed)
        if agreed:
            return Judgement(
                "undecided", f"both have a value at {agreed} of {len(self.points)} points only", None, agreed
            )
        return Judgement("undecided", "at none of the points do both have a value that can be computed", None, 0)

    def _at(self, point: Point, allowance: Allowance) -> Any:
        """None where all pairs agree; "skipped" where nothing can be said; else a pair that differs and its values."""
        doubtful = self.pairs
        skipped = False
        for bits in PRECISIONS:
            final = bits == PRECISIONS[-1]
            balls = DigitBalls(bits, allowance, final)
            nodes = self.nodes if doubtful is self.pairs else reachable(node for pair in doubtful for node in pair)
            found = Evaluation(nodes, balls).at(point)
            left = []
            for pair in doubtful:
                a, b, gap = (found[node] for node in pair)
                if Missing.UNKNOWN in (a, b):
                    left.append(pair)
                elif isinstance(a, Missing) or isinstance(b, Missing):
                    if isinstance(a, Missing) and isinstance(b, Missing):
                        skipped = True
                    else:
                        return pair, (a, b)
                elif isinstance(gap, Missing):
                    left.append(pair)
                elif balls.sign(gap):
                    return pair, (a, b)
                elif lost(a, b) > AGREED and max(a[1], b[1]) >= -NOTHING:
                    left.append(pair)
            if not left:
                return "skipped" if skipped else None
            doubtful = left
        return "skipped"

    def _exceptions(self) -> tuple[str, ...]:
        """Where the formula divides by 0 and the expected one does not."""
        shared = {part for _, node in self.expected.divisors for part in _bases(node)}
        found = []
        for tree, node in self.given.divisors:
            fresh = [part for part in _bases(node) if part not in shared]
            if fresh and self._vanishes(fresh):
                found.append(
                    f"yours has no value where {_clipped(to_text(tree))} is 0; there the right formula has one"
                )
                shared |= set(fresh)
        return tuple(found[:3])

    def _vanishes(self, parts: Sequence[Scalar]) -> bool:
        """Whether a part has both signs at the points, and so is 0 somewhere between them."""
        nodes = reachable(parts)
        names = {node.parts[0] for node in nodes if node.kind == "name"}
        where = points({name: self.variables.get(name, REAL) for name in names}, ())
        balls = FloatBalls()
        values = [Evaluation(nodes, balls).at(point) for point in where]
        for part in parts:
            signs = {balls.sign(v) for v in (found[part] for found in values) if not isinstance(v, Missing)}
            if 0 in signs or {1, -1} <= signs:
                return True
        return False


def _bases(node: Scalar) -> tuple[Scalar, ...]:
    """The factors of a divisor."""
    if node.kind == "product":
        return tuple(part for part, exponent in node.parts if exponent > 0)
    if node.kind == "sum" and node.parts[0] == 0 and len(node.parts) == 2:
        return _bases(node.parts[1][1])
    if node.kind == "sum":
        return (node.within.total(((1 / Fraction(node.parts[1][0]), node),)),)
    return (node,)


def _exception(point: Point) -> str:
    return f"yours has no value at {point_text(point)}; there the right formula has one"


def _texts(a: Any, b: Any) -> tuple[str | None, str | None]:
    """Both values with as many digits as it takes to tell them apart."""
    missing = isinstance(a, Missing), isinstance(b, Missing)
    if any(missing):
        return None if missing[0] else digits_text(a, 6), None if missing[1] else digits_text(b, 6)
    for digits in (5, 8, 12, 17, 25, 40):
        texts = digits_text(a, digits), digits_text(b, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _clipped(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
