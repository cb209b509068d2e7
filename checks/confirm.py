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

import numpy as np
import numpy.typing as npt

from checks.graph.product import Product
from checks.keys import Key, coordinates, key
from checks.meaning import Meaning, Moment, Place
from checks.past import NOTHING, Ghost, Past
from checks.properties.definition import Always, Leaves, Possible, Property
from model.explore import Moves, Space, Step
from model.lifecycle import Scenario
from model.program import Choose, Read
from model.semantics import Semantics

#: Configurations that one search may look at.
LIMIT = 2000

Node = tuple[Place, Ghost]
#: What is common to a configuration and its counterparts in the smaller space.
Common = tuple[tuple[int, ...], tuple[int, ...], Ghost]
#: Whether a configuration (with no step), or a step, violates the property in the way that is looked for.
Violates = Callable[[Moment], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: a space of one execution, or nothing, within the limit or for certain."""

    line: Space | None
    exhausted: bool = False


class _Backwards:
    """Edges against their direction: of each node those before it."""

    def __init__(self, edges: npt.NDArray[np.int64], size: int) -> None:
        order = np.argsort(edges[:, 0], kind="stable")
        self.sources = edges[order, 1]
        self.first = np.searchsorted(edges[order, 0], np.arange(size + 1))

    def before(self, nodes: npt.NDArray[np.int64], seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """The nodes before *nodes* that are not *seen*, which are seen from now on."""
        starts, counts = self.first[nodes], self.first[nodes + 1] - self.first[nodes]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        places = np.arange(total) + np.repeat(starts - (ends - counts), counts)
        found: npt.NDArray[np.int64] = np.unique(self.sources[places])
        fresh: npt.NDArray[np.int64] = found[~seen[found]]
        seen[fresh] = True
        return fresh


class Confirmer:
    """Searches in the full lifecycle for what was found in *product*, a space of a smaller one."""

    def __init__(self, full: Semantics, scenario: Scenario, product: Product) -> None:
        self.full, self.scenario, self.product = full, scenario, product
        self.moves = Moves(full, scenario)
        # Of what an operation promises, what the smaller lifecycle can tell.
        self.past = Past(replace(full.lifecycle, promises=product.view.lifecycle.promises), product.what, scenario.name)
        self.meaning = Meaning(full)
        smaller = product.view.lifecycle
        self.kept = [
            number for number, variable in enumerate(smaller.variables)
            if variable.values == full.lifecycle.variables[number].values
        ]  # fmt: skip
        self.origin = list(range(len(smaller.instructions)))
        for point, one in enumerate(smaller.instructions[: len(full.lifecycle.instructions)]):
            if isinstance(one, Choose):
                for _, option in one.options:
                    if option >= len(full.lifecycle.instructions):
                        self.origin[option] = point
        self._successors: dict[Place, list[tuple[Step, Place]]] = {}
        self._numbers: dict[Common, int] = {}
        self._project()

    # -- the smaller space --------------------------------------------------------------------------------------------

    def _project(self) -> None:
        """The smaller space backwards: for each node, in one array, the nodes from which a step leads to it."""
        view, controls = self.product.view, self.product.view.semantics.controls
        size = len(self.full.lifecycle.instructions)
        pairs = [
            (to, node, 1 - self._extra(step, size))
            for node, leaving in enumerate(self.product.edges)
            for step, to, _ in leaving
        ]
        edges = np.array(pairs, dtype=np.int64).reshape(-1, 3)
        self._costly = _Backwards(edges[edges[:, 2] == 1], len(self.product.nodes))
        self._free = _Backwards(edges[edges[:, 2] == 0], len(self.product.nodes))
        self._roots = np.array([parent is None for parent in self.product.parents])
        found: list[int] = []
        for configuration, ghost in self.product.nodes:
            record, inflight = view.space.configurations[configuration]
            points = sorted(self.origin[controls[control].point] for control in inflight)
            common = (tuple(record[v] for v in self.kept), tuple(points), ghost)
            found.append(self._numbers.setdefault(common, len(self._numbers)))
        self._common = np.array(found, dtype=np.int64)

    def _extra(self, step: Step, size: int) -> int:
        """1 for a look of the smaller lifecycle that the full one takes in the same moment as what came before."""
        view = self.product.view
        if step.process < 0 or view.semantics.controls[step.process].point < size:
            return 0
        one = view.semantics.instruction(step.process)
        return int(isinstance(one, Read) and not one.refresh and not one.asks)

    def distances(self, goals: Iterable[int]) -> Callable[[Node], int]:
        """Least distances to *goals*, as far as the start is; whatever is farther is at least as far as that."""
        seen = np.zeros(len(self.product.nodes), dtype=bool)
        least = np.full(len(self._numbers), -1, dtype=np.int64)
        layer = np.array(sorted(set(goals)), dtype=np.int64)
        distance = 0
        while layer.size:
            seen[layer] = True
            more = layer
            while (more := self._free.before(more, seen)).size:
                layer = np.concatenate([layer, more])
            here = self._common[layer]
            least[here[least[here] < 0]] = distance
            if self._roots[layer].any():
                break
            layer = self._costly.before(layer, seen)
            distance += 1

        def of(node: Node) -> int:
            number = self._numbers.get(self.common(node))
            known = -1 if number is None else int(least[number])
            return distance if known < 0 else known

        return of

    # -- the full lifecycle -------------------------------------------------------------------------------------------

    def common(self, node: Node) -> Common:
        """What *node* has in common with its counterparts."""
        (record, inflight), ghost = node
        points = sorted(self.full.controls[control].point for control in inflight)
        return tuple(record[variable] for variable in self.kept), tuple(points), ghost

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
        near = self.distances(goals)
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
        where = coordinates(self.full.lifecycle, one)
        true = self.meaning.true
        steps = isinstance(one.form, Always) and one.form.of_steps

        def here(moment: Moment) -> bool:
            if (moment.step is not None) is not steps:
                return False
            if key(self.meaning.past, where, moment.after[0], moment.ghost) != told:
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
