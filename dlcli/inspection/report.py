"""The whole inspection of a network: one record or the reason to skip it for each section."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from dlcli.inspection.approximation import Approximation, approximation
from dlcli.inspection.gradient_flow import Dead, GradientFlow, Saturation, dead_units, gradient_flow, saturation
from dlcli.inspection.gradient_routes import Route, routes
from dlcli.inspection.initial_variance import LayerVariance, initial_variance
from dlcli.inspection.jacobians import Jacobians, jacobians
from dlcli.inspection.linear_regions import LinearRegions, linear_regions
from dlcli.inspection.passes import Passes, passes
from dlcli.inspection.redundancy import Collapsed, EqualUnits, collapsed, equal_units
from dlcli.inspection.section import Skipped, subject
from dlcli.inspection.weight_layers import weight_layers
from dlcli.inspection.work import Work, work
from dlcli.solving import Checked


@dataclass(frozen=True)
class Inspection:
    """The sections in the order in which they are printed."""

    work: Work
    jacobians: Jacobians | Skipped
    passes: Passes | Skipped
    gradient_flow: GradientFlow | Skipped
    saturation: tuple[Saturation, ...] | Skipped
    dead_units: tuple[Dead, ...] | Skipped
    routes: tuple[Route, ...] | Skipped
    collapsed: tuple[Collapsed, ...] | Skipped
    equal_units: tuple[EqualUnits, ...] | Skipped
    initial_variance: tuple[LayerVariance, ...] | Skipped
    linear_regions: LinearRegions | Skipped
    approximation: Approximation | Skipped


def inspect(checked: Checked, clock: Callable[[], float] = perf_counter) -> Inspection:
    """The report on a homework that has been checked; `clock` times the passes."""
    with np.errstate(all="ignore"):
        network = subject(checked)
        layers = weight_layers(network)
        return Inspection(
            work=work(network),
            jacobians=jacobians(network),
            passes=passes(network, clock),
            gradient_flow=gradient_flow(network, layers),
            saturation=saturation(network, layers),
            dead_units=dead_units(network, layers),
            routes=routes(network),
            collapsed=collapsed(network, layers),
            equal_units=equal_units(network, layers),
            initial_variance=initial_variance(network, layers),
            linear_regions=linear_regions(network, layers),
            approximation=approximation(network, layers),
        )
