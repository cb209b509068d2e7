"""A scenario's configuration space, reduced to what questions need: states, steps, and nothing in flight or something.

It is small, plain and kept between runs, so that a query needs no exploration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from model.cache import cached
from model.explore import Space, explore
from model.forget import assumed
from model.lifecycle import Lifecycle, holds
from model.semantics import Semantics
from model.space import edge_kind
from model.state import State, state_of


class Arrow(NamedTuple):
    """One step between configurations: row, kind, exception (if it is a failure), and the configuration it leads to."""

    row: str
    kind: str
    exception: str | None
    label: str | None
    target: int


@dataclass(frozen=True, slots=True)
class Network:
    """Configurations by number: the state of each (None: no instance yet), whether nothing is in flight, its steps."""

    scenario: str
    states: tuple[State | None, ...]
    idle: tuple[bool, ...]
    leaving: tuple[tuple[Arrow, ...], ...]
    gone: tuple[bool, ...]


def build_network(lifecycle: Lifecycle, scenario: str = "sequential") -> Network:
    """The network of *lifecycle* as *scenario* looks at it, numbered breadth first from the start (number 0)."""
    key = f"{lifecycle.digest}\0{lifecycle.release}"

    def build() -> Network:
        return network_of(explore(Semantics(assumed(lifecycle, scenario)), lifecycle.scenarios[scenario]))

    return cached(f"network-{scenario}", key, build)


def network_of(space: Space) -> Network:
    """The network of an explored *space*."""
    lifecycle = space.semantics.lifecycle
    present, gone = lifecycle.predicates["present"], lifecycle.predicates["gone"]
    known: dict[Arrow, Arrow] = {}
    leaving = []
    for steps in space.edges:
        arrows = []
        for step, target in steps:
            arrow = Arrow(step.row, edge_kind(lifecycle, step), step.exception, step.label, target)
            arrows.append(known.setdefault(arrow, arrow))
        leaving.append(tuple(arrows))
    return Network(
        space.scenario.name,
        tuple(
            state_of(lifecycle, record) if holds(present, record) or holds(gone, record) else None
            for record, _ in space.configurations
        ),
        tuple(not controls for _, controls in space.configurations),
        tuple(leaving),
        tuple(holds(gone, record) for record, _ in space.configurations),
    )
