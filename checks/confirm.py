"""Confirms violations that were found with variables forgotten: the shortest execution of the full lifecycle.

What is found in a smaller space may be an artefact of what was forgotten.  Every step of the full lifecycle is, with
those variables left out, a step of the smaller one (:mod:`model.forget`); so the distance to a violation there never
exceeds the distance in the full lifecycle, and a best-first search led by it finds a shortest execution (A*: Hart,
Nilsson, Raphael, "A formal basis for the heuristic determination of minimum cost paths", 1968; the use of an abstract
space as heuristic: Edelkamp, "Planning with pattern databases", 2001).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checks.graph.product import Product
from checks.keys import Key, coordinates, key
from checks.meaning import Meaning, Moment, Place
from checks.past import NOTHING, Past
from checks.projection import START, Node, Places, Projection
from checks.properties.definition import Always, Leaves, Possible, Property
from model.explore import Moves, Space, Step
from model.lifecycle import Scenario
from model.semantics import Semantics

#: Configurations that one search may look at.
LIMIT = 20_000
#: Violations as near as each other of which the ways are followed before it is searched.
TRIES = 4

#: Whether a configuration (with no step), or a step, violates the property in the way that is looked for.
Violates = Callable[[Moment], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: a space of one execution, or nothing, within the limit or for certain."""

    line: Space | None
    exhausted: bool = False


#: The layer of nodes before, the one of them that comes before, and the step; None at the start.
Behind = tuple[dict[Node, Any], Node, Step] | None


class Confirmer:
    """Searches in the full lifecycle for what was found in *product*, a space of a smaller one."""

    def __init__(self, full: Semantics, scenario: Scenario, product: Product, places: Places) -> None:
        self.full, self.scenario = full, scenario
        self.projection = Projection(places, product)
        self.moves = Moves(full, scenario)
        # Of what an operation promises, what the smaller lifecycle can tell.
        self.past = Past(replace(full.lifecycle, promises=product.view.lifecycle.promises), product.what, scenario.name)
        self.meaning = Meaning(full, past=self.past)
        self._successors: dict[Place, list[tuple[Step, Place]]] = {}
        start: dict[Node, Behind] = {((full.lifecycle.initial, ()), NOTHING): None}
        #: Of each node of the smaller space: where the shortest way to it leads in the full lifecycle.
        self._behind = {int(root): start for root in np.flatnonzero(self.projection.parents == START)}

    # -- the full lifecycle -------------------------------------------------------------------------------------------

    def successors(self, place: Place) -> list[tuple[Step, Place]]:
        """Every step of the full lifecycle from *place*."""
        known = self._successors.get(place)
        if known is None:
            known = self._successors[place] = list(self.moves.successors(place))
        return known

    def search(self, goals: Iterable[int], violates: Violates, limit: int = LIMIT, *, deep: bool = False) -> Search:
        """A shortest execution that ends as *violates* says; *goals* are its counterparts in the smaller space.

        ``deep``: *violates* is expensive, and asked only of what is a counterpart of a goal.
        """
        near = self.projection.distances(goals)
        start: Node = ((self.full.lifecycle.initial, ()), NOTHING)
        parents: dict[Node, tuple[Node, Step] | None] = {start: None}
        steps: dict[Node, int] = {start: 0}
        heap: list[tuple[int, int, int, Node]] = [(near(start), 0, 0, start)]
        closed: set[Node] = set()
        count = 0
        while heap:
            _, _, _, node = heapq.heappop(heap)
            if node in closed:
                continue
            closed.add(node)
            if len(closed) > limit:
                return Search(None)
            place, ghost = node
            distance = near(node) if deep else 0
            if (distance == 0 or not deep) and violates(Moment(place, place, None, ghost)):
                return Search(self._line(self._way(parents, node)))
            behind = steps[node] + 1
            for step, after in self.successors(place):
                during = self.past.during(ghost, step, place[0], after[0])
                if violates(Moment(place, after, step, during)):
                    return Search(self._line([*self._way(parents, node), (step, after)]))
                to: Node = (after, self.past.settled(during, idle=not after[1]))
                if behind < steps.get(to, behind + 1):
                    steps[to], parents[to] = behind, (node, step)
                    closed.discard(to)
                    count += 1
                    heapq.heappush(heap, (behind + near(to), -behind, count, to))
        return Search(None, exhausted=True)

    def follow(self, goals: Iterable[int], violates: Violates) -> Space | None:
        """The execution along the shortest way of the smaller space to one of *goals*, when it ends as *violates* says.

        It is a shortest one: no way of the smaller space is longer than its counterparts.
        """
        depth = self.projection.depth
        nearest = sorted(goals, key=lambda node: (depth[node], node))
        for goal in nearest[:TRIES]:
            if depth[goal] > depth[nearest[0]]:
                break
            reached = self._reach(goal)
            for node in reached:
                place, ghost = node
                if violates(Moment(place, place, None, ghost)):
                    return self._line(_back(reached, node))
                for step, after in self.successors(place):
                    if violates(Moment(place, after, step, self.past.during(ghost, step, place[0], after[0]))):
                        return self._line([*_back(reached, node), (step, after)])
        return None

    def _reach(self, goal: int) -> dict[Node, Behind]:
        """Where the shortest way to *goal* leads in the full lifecycle, with what is behind each."""
        projection = self.projection
        way = [goal]
        while way[-1] not in self._behind:
            way.append(int(projection.parents[way[-1]]))
        while len(way) > 1:
            before, number = way.pop(), way[-1]
            reached = self._behind[before]
            if not projection.between[number]:
                wanted = int(projection.commons[number])
                after: dict[Node, Behind] = {}
                for node in reached:
                    place, ghost = node
                    for step, to in self.successors(place):
                        during = self.past.during(ghost, step, place[0], to[0])
                        there: Node = (to, self.past.settled(during, idle=not to[1]))
                        if there not in after and projection.number(there) == wanted:
                            after[there] = (reached, node, step)
                reached = after
            self._behind[number] = reached
        return self._behind[goal]

    def prefix(self, line: Space, violates: Violates) -> Space | None:
        """The shortest beginning of *line* that ends as *violates* says; None when there is none."""
        ghost = NOTHING
        way: list[tuple[Step, Place]] = []
        for number, place in enumerate(line.configurations):
            if violates(Moment(place, place, None, ghost)):
                return self._line(way)
            for step, to in line.edges[number]:
                after = line.configurations[to]
                ghost = self.past.settled(self.past.during(ghost, step, place[0], after[0]), idle=not after[1])
                way.append((step, after))
        return None

    def _way(self, parents: dict[Node, tuple[Node, Step] | None], node: Node) -> list[tuple[Step, Place]]:
        way: list[tuple[Step, Place]] = []
        while (parent := parents[node]) is not None:
            way.append((parent[1], node[0]))
            node = parent[0]
        way.reverse()
        return way

    def _line(self, way: list[tuple[Step, Place]]) -> Space:
        configurations = [(self.full.lifecycle.initial, ()), *(place for _, place in way)]
        edges = [[(step, number + 1)] for number, (step, _) in enumerate(way)]
        parents: list[tuple[int, Step] | None] = [None, *((number, step) for number, (step, _) in enumerate(way))]
        return Space(self.scenario, self.full, configurations, {}, [*edges, []], parents)

    # -- what is looked for -------------------------------------------------------------------------------------------

    def violation(self, one: Property, told: Key) -> Violates:
        """Whether a moment violates *one* in the way called *told*; liveness: whether nothing forces it to end."""
        # Told apart by what the smaller lifecycle has.
        where = coordinates(self.projection.product.view.lifecycle, one)
        true = self.meaning.true
        steps = isinstance(one.form, Always) and one.form.of_steps

        def here(moment: Moment) -> bool:
            if (moment.step is not None) is not steps:
                return False
            if (
                key(self.meaning.past, where, moment.after[0], moment.ghost, self.meaning.operations(moment.step))
                != told
            ):
                return False
            match one.form:
                case Always(bad=bad):
                    return true(bad, moment)
                case Leaves(region=region, after=after):
                    return (after is None or true(after, moment)) and not any(
                        not true(region, Moment(place, place)) for place in self.forced(moment.before)
                    )
                case Possible(premise=premise, goal=goal, kinds=kinds):
                    able = self.able(moment.before, kinds)
                    return true(premise, moment) and not any(true(goal, Moment(place, place)) for place in able)
                case _:
                    raise TypeError(one.form)

        return here

    def forced(self, place: Place) -> Iterator[Place]:
        """Everywhere that steps which fairness forces lead to from *place*, itself first."""
        return self._closure(
            place, lambda step: step.kind in ("recovery", "periodic") or (step.process >= 0 and not step.spontaneous)
        )

    def able(self, place: Place, kinds: frozenset[str]) -> Iterator[Place]:
        """Everywhere that processes, and starts of *kinds*, can lead to from *place* when nothing fails."""
        return self._closure(place, lambda step: step.kind in kinds if step.process < 0 else not step.spontaneous)

    def _closure(self, place: Place, follows: Callable[[Step], bool]) -> Iterator[Place]:
        seen, todo = {place}, [place]
        while todo:
            here = todo.pop()
            yield here
            for step, after in self.successors(here):
                if after not in seen and follows(step):
                    seen.add(after)
                    todo.append(after)


def _back(reached: dict[Node, Behind], node: Node) -> list[tuple[Step, Place]]:
    """The way from the start to *node*, one of *reached*."""
    way: list[tuple[Step, Place]] = []
    while (behind := reached[node]) is not None:
        way.append((behind[2], node[0]))
        reached, node = behind[0], behind[1]
    way.reverse()
    return way
