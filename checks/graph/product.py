"""A space together with what a property remembers of the past (its *ghost*), explored exactly.

The ghost holds the phase and the truth with which the newest request started (-1: nobody is in flight, or the property
does not ask), whether a service has crashed since then, and how far a round trip has come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.graph.view import Ghost, Moment, View, counted
from checks.properties.formula import Crashed, Formula, Kept, NotUndone, atoms
from model.explore import Step
from model.lifecycle import Conjunction, Record, holds
from model.semantics import END_FAILED, END_FINISHED

NOTHING: Ghost = (-1, -1, 0, 0)


@dataclass(frozen=True, slots=True)
class Trip:
    """A round trip: ``undone`` and then ``undoes``; where ``kept`` held before it must hold after."""

    undone: str
    undoes: str
    kept: Conjunction


@dataclass(frozen=True, slots=True)
class Remembers:
    """Which parts of the ghost a property asks for."""

    phase: bool = False
    truth: bool = False
    crashed: bool = False
    trips: bool = False


def remembers(formulas: Iterable[Formula]) -> Remembers:
    """What the atoms of *formulas* ask of the past."""
    asked = [atom for formula in formulas for atom in atoms(formula)]
    return Remembers(
        Kept("phase") in asked,
        Kept("truth") in asked,
        any(isinstance(atom, Crashed) for atom in asked),
        any(isinstance(atom, NotUndone) for atom in asked),
    )


def trips(view: View) -> tuple[Trip, ...]:
    """Every round trip of the tables."""
    return tuple(
        Trip(undone, operation.name, kept)
        for operation in view.lifecycle.operations.values()
        if operation.restores is not None
        for undone in operation.undoes
        for kept in operation.restores
    )


class Product:
    """The reachable pairs of configuration and ghost: ``nodes``, ``edges`` with the ghost in the moment of the step."""

    def __init__(self, view: View, what: Remembers) -> None:
        self.view = view
        self.what = what
        self.trips = trips(view) if what.trips else ()
        self.nodes: list[tuple[int, Ghost]] = []
        self.edges: list[list[tuple[Step, int, Ghost]]] = []
        self.parents: list[tuple[int, Step] | None] = []
        if what == Remembers():
            self._same()
        else:
            self._explore()

    def _same(self) -> None:
        space = self.view.space
        self.nodes = [(number, NOTHING) for number in range(len(space.configurations))]
        self.edges = [[(step, to, NOTHING) for step, to in leaving] for leaving in space.edges]
        self.parents = space.parents

    def _explore(self) -> None:
        space = self.view.space
        roots = [number for number, parent in enumerate(space.parents) if parent is None]
        numbers = {(number, NOTHING): position for position, number in enumerate(roots)}
        self.nodes = list(numbers)
        self.parents = [None] * len(self.nodes)
        idle = [not controls for _, controls in space.configurations]
        position = 0
        while position < len(self.nodes):
            here, ghost = self.nodes[position]
            leaving: list[tuple[Step, int, Ghost]] = []
            for step, to in space.edges[here]:
                during = self.advance(ghost, step, here, to)
                settled = during
                if idle[to] or during[3] < 0:
                    settled = (-1, -1, during[2], max(during[3], 0)) if idle[to] else (*during[:3], 0)
                node = (to, settled)
                number = numbers.get(node)
                if number is None:
                    number = numbers[node] = len(self.nodes)
                    self.nodes.append(node)
                    self.parents.append((position, step))
                leaving.append((step, number, during))
            self.edges.append(leaving)
            position += 1

    def advance(self, ghost: Ghost, step: Step, before: int, after: int) -> Ghost:
        """The ghost in the moment of *step*."""
        phase, truth, crashed, trip = ghost
        what, view = self.what, self.view
        if step.kind == "crash":
            return (phase, truth, int(what.crashed), trip)
        if counted(step):
            record = view.records[before]
            phase = record[view.roles["phase"]] if what.phase else -1
            truth = record[view.roles["truth"]] if what.truth and "truth" in view.roles else -1
            crashed = 0
            trip = self._departs(trip, step, record) if what.trips else 0
        if trip > 0 and step.after in (END_FINISHED, END_FAILED) and step.row != "loss":
            trip = self._arrives(trip, step, view.records[after])
        return (phase, truth, crashed, trip)

    def _departs(self, trip: int, step: Step, record: Record) -> int:
        """The stage after a start: ``2i + 1`` the undone operation of trip i, ``2i + 2`` the one that undoes it."""
        operation = self.view.lifecycle.rows[step.row].operation
        if trip % 2 == 1 and self.trips[trip // 2].undoes == operation:
            return trip + 1
        for number, one in enumerate(self.trips):
            if one.undone == operation and holds((one.kept,), record):
                return 2 * number + 1
        return 0

    def _arrives(self, trip: int, step: Step, record: Record) -> int:
        if step.after == END_FAILED:
            return 0
        if trip % 2 == 1:
            return trip
        return 0 if holds((self.trips[trip // 2 - 1].kept,), record) else -1

    def moment(self, node: int) -> Moment:
        """The configuration of *node* as a moment without a step."""
        number, ghost = self.nodes[node]
        return Moment(number, number, None, ghost)

    def path(self, node: int) -> list[tuple[Step, int]]:
        """The shortest way to *node*: steps with the configuration that each leads to."""
        way: list[tuple[Step, int]] = []
        while (parent := self.parents[node]) is not None:
            way.append((parent[1], self.nodes[node][0]))
            node = parent[0]
        way.reverse()
        return way

    def root(self, node: int) -> int:
        """The configuration in which the way to *node* starts."""
        while (parent := self.parents[node]) is not None:
            node = parent[0]
        return self.nodes[node][0]
