"""The state space: every state, reachable or not, and the rows that lead from one to another.

It is the projection of configuration spaces.  The part that some execution reaches is projected from the scenario's
space; the rest shows what the rows would do in states that no execution reaches, each taken on its own with nothing in
flight (the other variables by the tables' defaults).  Paths are searched over configurations (:mod:`model.paths`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from model.cache import cached
from model.explore import Configuration, Space, Step, completed, explore
from model.forget import assumed
from model.lifecycle import Lifecycle, holds
from model.semantics import Semantics
from model.state import State, state_of, states


class Edge(NamedTuple):
    """A change of state: the rows that induce it, by kind, and whether some execution takes it."""

    source: State
    target: State
    rows: tuple[str, ...]
    kind: str
    taken: bool


@dataclass(frozen=True, slots=True)
class StateSpace:
    """All states and edges of one scenario; ``resting`` are the states reached with nothing in flight."""

    scenario: str
    reached: frozenset[State]
    resting: frozenset[State]
    edges: tuple[Edge, ...]
    configurations: int
    steps: int


def all_states(lifecycle: Lifecycle) -> Iterator[State]:
    """Every state, in the order of the tables."""
    counts = [len(lifecycle.values[name]) for name in lifecycle.state_variables]
    return states(tuple(tuple(range(count)) for count in counts))


def build_space(lifecycle: Lifecycle, scenario: str = "sequential") -> StateSpace:
    """The state space of *lifecycle* as *scenario* looks at it; built once for each content of the tables."""
    return cached(f"space-{scenario}", f"{lifecycle.digest}\0{lifecycle.release}", lambda: _build(lifecycle, scenario))


def _build(lifecycle: Lifecycle, scenario: str) -> StateSpace:
    lifecycle = assumed(lifecycle, scenario)
    semantics = Semantics(lifecycle)
    assumptions = lifecycle.scenarios[scenario]
    reached_space = explore(semantics, assumptions)
    present = lifecycle.predicates["present"]
    reached: set[State] = set()
    resting: set[State] = set()
    for record, controls in reached_space.configurations:
        if holds(present, record):
            reached.add(state_of(lifecycle, record))
            if not controls:
                resting.add(state_of(lifecycle, record))
    taken = _project(lifecycle, reached_space)
    starts: list[Configuration] = [(completed(lifecycle, state), ()) for state in all_states(lifecycle)]
    possible = _project(lifecycle, explore(semantics, assumptions, starts))
    edges = [
        Edge(source, target, tuple(sorted(rows)), kind, taken=(source, target, kind) in taken)
        for (source, target, kind), rows in sorted({**possible, **_merged(possible, taken)}.items())
    ]
    return StateSpace(
        scenario,
        frozenset(reached),
        frozenset(resting),
        tuple(edges),
        len(reached_space.configurations),
        sum(len(leaving) for leaving in reached_space.edges),
    )


Projection = dict[tuple[State, State, str], set[str]]


def _merged(possible: Projection, taken: Projection) -> Projection:
    return {key: rows | possible.get(key, set()) for key, rows in taken.items()}


def _project(lifecycle: Lifecycle, space: Space) -> Projection:
    """The changes of state in *space*: (from, to, kind) -> rows; a step that changes no state leaves no edge."""
    present = lifecycle.predicates["present"]
    width = len(lifecycle.state_variables)
    made: Projection = {}
    for number, leaving in enumerate(space.edges):
        before = space.configurations[number][0]
        for step, target in leaving:
            after = space.configurations[target][0]
            if before[:width] != after[:width] and holds(present, before):
                key = (before[:width], after[:width], edge_kind(lifecycle, step))
                made.setdefault(key, set()).add(step.row)
    return made


def edge_kind(lifecycle: Lifecycle, step: Step) -> str:
    """The edge's kind: request, step, failure, event, periodic, recovery, admin, outside, crash."""
    row = lifecycle.rows.get(step.row)
    if row is None or step.kind != "step":
        return step.kind
    if row.service == "api" and row.instruction == "save":
        operation = lifecycle.operations.get(row.operation)
        return operation.kind if operation is not None else "request"
    return step.kind
