"""A space with variables forgotten, as a map of the full lifecycle: what is possible there, and how far a goal is.

Every step of the full lifecycle is, with those variables left out, a step of the smaller one (:mod:`model.forget`); so
a distance there never exceeds the distance in the full lifecycle (an abstract space as heuristic: Edelkamp, "Planning
with pattern databases", 2001).  The converse is not so; what :mod:`checks.values` shows to be impossible is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from checks.graph.product import Product
from checks.meaning import Place
from checks.past import Ghost
from checks.values import Values
from model.program import Choose, Read
from model.semantics import Semantics

Node = tuple[Place, Ghost]
#: What is common to a configuration and its counterparts in the smaller space.
Common = tuple[tuple[int, ...], tuple[int, ...], Ghost]
Numbers = npt.NDArray[np.int64]
#: No parent; the parent of a start.
NOBODY, START = -1, -2
#: No execution of the full lifecycle gets there; or only the smaller one has such a configuration.
IMPOSSIBLE, BETWEEN = -1, -2


class _Along:
    """Edges in one direction: of each node those that it leads to."""

    def __init__(self, sources: Numbers, targets: Numbers, size: int) -> None:
        order = np.argsort(sources, kind="stable")
        self.targets = targets[order]
        self.first = np.searchsorted(sources[order], np.arange(size + 1))

    def fresh(self, nodes: Numbers, parents: Numbers) -> Numbers:
        """The nodes that *nodes* lead to and that have no parent yet; now they have one."""
        counts = self.first[nodes + 1] - self.first[nodes]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        found = self.targets[np.arange(total) + np.repeat(self.first[nodes] - (ends - counts), counts)]
        new = parents[found] == NOBODY
        found = found[new]
        parents[found] = np.repeat(nodes, counts)[new]
        return np.unique(found)


class Projection:
    """*product*, a space of a smaller lifecycle, beside the *full* one whose *values* are known."""

    def __init__(self, full: Semantics, product: Product, values: Values) -> None:
        self.full, self.product, self.values = full, product, values
        lifecycle, instructions = full.lifecycle, product.view.lifecycle.instructions
        self.kept = [
            number for number, variable in enumerate(product.view.lifecycle.variables)
            if variable.values == lifecycle.variables[number].values
        ]  # fmt: skip
        # What was put in the place of an instruction that tests what is forgotten stands where that stood.
        self.origin = list(range(len(instructions)))
        for point, one in enumerate(instructions[: len(lifecycle.instructions)]):
            if isinstance(one, Choose):
                for _, option in one.options:
                    if option >= len(lifecycle.instructions):
                        self.origin[option] = point
        self._numbers: dict[Common, int] = {}
        self._measure()

    def _measure(self) -> None:
        """The steps of the smaller space that are possible, backwards, in arrays."""
        product, size = self.product, len(self.product)
        controls = product.view.semantics.controls
        # Only the smaller lifecycle stands before a look that the full one takes at once with what came before.
        between = np.array([self._looks(control.point) for control in controls])
        sources, targets = product.source, product.target
        free = product.view.which(lambda step: step.process >= 0 and bool(between[step.process]))[product.step]
        places = self._places(between)
        self.between = places == BETWEEN
        able = self._able(sources, targets, places)
        self.depth, self.parents = _tree(self.product, sources, targets, able, free)
        self.possible = self.depth >= 0
        self.able = able & self.possible[sources]
        self._costly = _Along(targets[self.able & ~free], sources[self.able & ~free], size)
        self._free = _Along(targets[self.able & free], sources[self.able & free], size)

    def _looks(self, point: int) -> bool:
        if point < len(self.full.lifecycle.instructions):
            return False
        one = self.product.view.lifecycle.instructions[point]
        return isinstance(one, Read) and not one.refresh and not one.asks

    def _places(self, between: npt.NDArray[np.bool_]) -> Numbers:
        """The number of the place of each node, by the values of the full lifecycle."""
        view, known = self.product.view, frozenset(self.kept)
        points = [self.origin[control.point] if control.point >= 0 else -1 for control in view.semantics.controls]
        answers: list[int] = []
        commons: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        for record, inflight in view.space.configurations:
            there = tuple(sorted(points[control] for control in inflight))
            commons.append((tuple(record[variable] for variable in self.kept), there))
            answers.append(
                BETWEEN if any(between[control] for control in inflight) else self.values.number(record, there, known)
            )
        numbered = [
            self._numbers.setdefault((*commons[configuration], ghost), len(self._numbers))
            for configuration, ghost in self.product
        ]
        self.commons = np.array(numbered, dtype=np.int64)
        found: Numbers = np.array(answers, dtype=np.int64)[self.product.configuration]
        return found

    def _able(self, sources: Numbers, targets: Numbers, places: Numbers) -> npt.NDArray[np.bool_]:
        """Which steps may be steps of the full lifecycle; of what is between, nothing is known."""
        before, after = places[sources], places[targets]
        steps, size = self.values.steps, len(self.values.numbers)
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
            number = self._numbers.get(self.common(node))
            known = -1 if number is None else int(least[number])
            return distance if known < 0 else known

        return of

    def common(self, node: Node) -> Common:
        """What *node* has in common with its counterparts."""
        (record, inflight), ghost = node
        points = sorted(self.full.controls[control].point for control in inflight)
        return tuple(record[variable] for variable in self.kept), tuple(points), ghost

    def number(self, node: Node) -> int:
        """The number of what *node* has in common with its counterparts; -1 when it has none."""
        return self._numbers.get(self.common(node), -1)


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
