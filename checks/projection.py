"""A space with variables forgotten, as a map of the full lifecycle: what is possible there, and how far a goal is.

Every step of the full lifecycle is, with those variables left out, a step of the smaller one (:mod:`model.forget`); so
a distance there never exceeds the distance in the full lifecycle (an abstract space as heuristic: Edelkamp, "Planning
with pattern databases", 2001).  The converse is not so; what :mod:`checks.values` shows to be impossible is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from checks.graph.arrays import Backwards, distinct
from checks.graph.product import Product
from checks.graph.view import View
from checks.meaning import Place
from checks.past import Ghost
from checks.values import Values
from model.program import Choose, Read
from model.semantics import Semantics

Node = tuple[Place, Ghost]
#: What a configuration and its counterparts in the smaller space have in common: what is kept, and points of programs.
Common = tuple[tuple[int, ...], tuple[int, ...]]
Numbers = npt.NDArray[np.int64]
#: No parent; the parent of a start.
NOBODY, START = -1, -2
#: No execution of the full lifecycle gets there; or only the smaller one has such a configuration.
IMPOSSIBLE, BETWEEN = -1, -2


class _Along:
    """Edges in one direction: of each node those that it leads to."""

    def __init__(self, sources: Numbers, targets: Numbers, size: int) -> None:
        self.edges = Backwards(targets, sources, size)

    def fresh(self, nodes: Numbers, parents: Numbers) -> Numbers:
        """The nodes that *nodes* lead to and that have no parent yet; now they have one."""
        counts = self.edges.first[nodes + 1] - self.edges.first[nodes]
        found = self.edges.leading(nodes)
        new = parents[found] == NOBODY
        found = found[new]
        parents[found] = np.repeat(nodes, counts)[new]
        return distinct(found)


class Places:
    """Where each configuration of the smaller space of *view* is in the full lifecycle, whose *values* are known.

    ``commons`` number what configurations have in common with their counterparts, ``places`` are by *values*; both in
    the order of the configurations.
    """

    def __init__(self, full: Semantics, view: View, values: Values) -> None:
        self.full, self.view, self.values = full, view, values
        lifecycle, smaller = full.lifecycle, view.lifecycle
        self.kept = [
            number for number, variable in enumerate(smaller.variables)
            if variable.values == lifecycle.variables[number].values
        ]  # fmt: skip
        origin = self._origin()
        controls = view.semantics.controls
        # Only the smaller lifecycle stands before a look that the full one takes at once with what came before.
        self.between = np.array([self._looks(control.point) for control in controls])
        points = [origin[control.point] if control.point >= 0 else -1 for control in controls]
        kept = [tuple([record[variable] for variable in self.kept]) for record in view.distinct]
        loose = [(values.loose.kept(record), values.loose.sets(record, self.kept)) for record in view.distinct]
        standing: dict[tuple[int, ...], tuple[bool, tuple[int, ...]]] = {}
        self._numbers: dict[Common, int] = {}
        commons: list[int] = []
        places: list[int] = []
        for number, (_, inflight) in zip(view.record.tolist(), view.space.configurations, strict=True):
            if inflight not in standing:
                looks = any(self.between[control] for control in inflight)
                standing[inflight] = looks, tuple(sorted(points[control] for control in inflight))
            looks, there = standing[inflight]
            commons.append(self._numbers.setdefault((kept[number], there), len(self._numbers)))
            record, sets = loose[number]
            places.append(BETWEEN if looks else values.number(record, there, sets))
        self.commons: Numbers = np.array(commons, dtype=np.int64)
        self.places: Numbers = np.array(places, dtype=np.int64)

    def _origin(self) -> list[int]:
        """For each point of the smaller lifecycle the one of the full lifecycle in the place of which it was put."""
        instructions, size = self.view.lifecycle.instructions, len(self.full.lifecycle.instructions)
        origin = list(range(len(instructions)))
        for point, one in enumerate(instructions[:size]):
            if isinstance(one, Choose):
                for _, option in one.options:
                    if option >= size:
                        origin[option] = point
        return origin

    def _looks(self, point: int) -> bool:
        if point < len(self.full.lifecycle.instructions):
            return False
        one = self.view.lifecycle.instructions[point]
        return isinstance(one, Read) and not one.refresh and not one.asks

    def number(self, place: Place) -> int:
        """The number of what *place*, a configuration of the full lifecycle, has in common; -1 when it has none."""
        record, inflight = place
        points = tuple(sorted([self.full.controls[control].point for control in inflight]))
        return self._numbers.get((tuple([record[variable] for variable in self.kept]), points), -1)


class Projection:
    """*product*, over the space of *places*: what of it is possible in the full lifecycle, and how far a goal is."""

    def __init__(self, places: Places, product: Product) -> None:
        self.places, self.product = places, product
        distinct, self.commons = np.unique(
            places.commons[product.configuration] * len(product.ghosts) + product.ghost, return_inverse=True
        )
        self._numbers = dict(zip(distinct.tolist(), range(len(distinct)), strict=True))
        self._ghosts = {ghost: number for number, ghost in enumerate(product.ghosts)}
        there = places.places[product.configuration]
        self.between = there == BETWEEN
        sources, targets, size = product.source, product.target, len(product)
        free = product.view.which(lambda step: step.process >= 0 and bool(places.between[step.process]))[product.step]
        able = self._able(sources, targets, there)
        self.depth, self.parents = _tree(product, sources, targets, able, free)
        self.possible = self.depth >= 0
        self.able = able & self.possible[sources]
        self._costly = _Along(targets[self.able & ~free], sources[self.able & ~free], size)
        self._free = _Along(targets[self.able & free], sources[self.able & free], size)

    def _able(self, sources: Numbers, targets: Numbers, places: Numbers) -> npt.NDArray[np.bool_]:
        """Which steps may be steps of the full lifecycle; of what is between, nothing is known."""
        before, after = places[sources], places[targets]
        steps, size = self.places.values.steps, len(self.places.values.numbers)
        wanted = before * size + after
        near = np.minimum(np.searchsorted(steps, wanted), len(steps) - 1)
        known = steps[near] == wanted if len(steps) else np.zeros(len(wanted), dtype=bool)
        either = (before == BETWEEN) | (after == BETWEEN)
        found: npt.NDArray[np.bool_] = (before != IMPOSSIBLE) & (after != IMPOSSIBLE) & (either | known)
        return found

    def distances(self, goals: Iterable[int]) -> Callable[[Node], int]:
        """Least distances to *goals*, as far as the start is; whatever is farther is at least as far as that."""
        parents = np.full(len(self.product), NOBODY)
        least = np.full(len(self._numbers), -1, dtype=np.int64)
        layer = np.array(sorted(set(goals)), dtype=np.int64)
        parents[layer] = START
        distance = 0
        while layer.size:
            more = layer
            while (more := self._free.fresh(more, parents)).size:
                layer = np.concatenate([layer, more])
            here = self.commons[layer]
            least[here[least[here] < 0]] = distance
            if not self.depth[layer].all():
                break
            layer = self._costly.fresh(layer, parents)
            distance += 1

        def of(node: Node) -> int:
            number = self.number(node)
            known = -1 if number < 0 else int(least[number])
            return distance if known < 0 else known

        return of

    def number(self, node: Node) -> int:
        """The number of what *node* has in common with its counterparts; -1 when it has none."""
        place, ghost = node
        common, past = self.places.number(place), self._ghosts.get(ghost, -1)
        return -1 if common < 0 or past < 0 else self._numbers.get(common * len(self._ghosts) + past, -1)


def _tree(
    product: Product, sources: Numbers, targets: Numbers, able: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_]
) -> tuple[Numbers, Numbers]:
    """The distance of each node from the starts, by steps that the full lifecycle takes; and a parent on the way.

    A *free* step takes no step there.  -1 is the distance of what cannot be reached.
    """
    size = len(product)
    costly = _Along(sources[able & ~free], targets[able & ~free], size)
    at_once = _Along(sources[able & free], targets[able & free], size)
    depth, parents = np.full(size, -1), np.full(size, NOBODY)
    layer = np.arange(len(product.roots))
    parents[layer] = START
    distance = 0
    while layer.size:
        more = layer
        while (more := at_once.fresh(more, parents)).size:
            layer = np.concatenate([layer, more])
        depth[layer] = distance
        layer = costly.fresh(layer, parents)
        distance += 1
    return depth, parents
