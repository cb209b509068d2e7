"""A space together with what a property remembers of the past (its *ghost*), explored exactly."""

from __future__ import annotations

from checks.graph.view import Moment, View
from checks.past import NOTHING, Ghost, Past, Remembers, remembers
from model.explore import Step

__all__ = ["Product", "Remembers", "remembers"]


class Product:
    """The reachable pairs of configuration and ghost: ``nodes``, ``edges`` with the ghost in the moment of the step."""

    def __init__(self, view: View, what: Remembers) -> None:
        self.view = view
        self.what = what
        self.past = Past(view.lifecycle, what, view.space.scenario.name)
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
        during, settled, records = self.past.during, self.past.settled, self.view.records
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
                moment = during(ghost, step, records[here], records[to])
                node = (to, settled(moment, idle=idle[to]))
                number = numbers.get(node)
                if number is None:
                    number = numbers[node] = len(self.nodes)
                    self.nodes.append(node)
                    self.parents.append((position, step))
                leaving.append((step, number, moment))
            self.edges.append(leaving)
            position += 1

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
