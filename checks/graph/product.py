"""A space together with what a property remembers of the past (its *ghost*), explored exactly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from checks.graph.arrays import Ints
from checks.graph.view import Moments, View
from checks.past import NOTHING, Ghost, Past, Remembers, remembers
from model.explore import Step

__all__ = ["Product", "Remembers", "remembers"]


class Product:
    """The reachable pairs of configuration and ghost, in the order in which breadth-first search meets them.

    A node is ``configuration`` and ``ghost`` (a number into ``ghosts``); an edge is ``source``, ``target``, ``step`` (a
    number into the steps of the view) and ``during``, the ghost in the moment of the step; those of node n are
    ``first[n]`` to ``first[n + 1]``.
    """

    def __init__(self, view: View, what: Remembers) -> None:
        self.view = view
        self.what = what
        self.past = Past(view.lifecycle, what, view.space.scenario.name)
        self.ghosts: list[Ghost] = [NOTHING]
        self.roots = np.array([n for n, parent in enumerate(view.space.parents) if parent is None], np.int64)
        if what == Remembers():
            self.configuration: Ints = np.arange(view.size)
            self.ghost: Ints = np.zeros(view.size, np.int64)
            self.first, self.source, self.target, self.step = view.first, view.source, view.target, view.taken
            self.during: Ints = np.zeros(len(self.source), np.int64)
        else:
            _Exploration(self).run()

    def __len__(self) -> int:
        return len(self.configuration)

    def __iter__(self) -> Iterator[tuple[int, Ghost]]:
        """Each node: its configuration and its ghost."""
        for configuration, ghost in zip(self.configuration.tolist(), self.ghost.tolist(), strict=True):
            yield configuration, self.ghosts[ghost]

    def moments(self, *, steps: bool) -> Moments:
        """Every node as a moment without a step, or every edge."""
        if steps:
            before, after = self.configuration[self.source], self.configuration[self.target]
            return Moments(before, after, self.step, self.during, self.ghosts)
        return Moments(self.configuration, self.configuration, np.full(len(self), -1), self.ghost, self.ghosts)

    @cached_property
    def arrival(self) -> Ints:
        """The edge by which each node was first met, -1 for the roots."""
        found = np.full(len(self), -1, np.int64)
        found[self.target[::-1]] = np.arange(len(self.target))[::-1]
        found[: len(self.roots)] = -1
        return found

    def taken(self, edge: int) -> tuple[Step, int]:
        """The step of *edge* and the configuration that it leads to."""
        return self.view.steps[self.step[edge]], int(self.configuration[self.target[edge]])

    def path(self, node: int) -> list[tuple[Step, int]]:
        """The shortest way to *node*: steps with the configuration that each leads to."""
        way: list[tuple[Step, int]] = []
        while (edge := self.arrival[node]) >= 0:
            way.append(self.taken(edge))
            node = self.source[edge]
        way.reverse()
        return way

    def root(self, node: int) -> int:
        """The configuration in which the way to *node* starts."""
        while (edge := self.arrival[node]) >= 0:
            node = self.source[edge]
        return int(self.configuration[node])


class _Exploration:
    """Explores a product one breadth-first layer at a time.

    The past looks at a step and, of some steps, at some variables of the records before and after them: edges that
    agree in these are of one *kind*, and it is asked once for each ghost and kind.
    """

    def __init__(self, product: Product) -> None:
        self.product, self.view, self.past = product, product.view, product.past
        view = self.view
        self.numbers: dict[Ghost, int] = {NOTHING: 0}
        alike, looks = view.alike(product.past.reads), view.which(product.past.looks)[view.taken]
        before, after = alike[view.source] * looks, alike[view.target] * looks
        columns = (view.taken, before, after, view.idle[view.target].astype(np.int64))
        codes = np.ravel_multi_index(columns, (len(view.steps) + 1, view.size, view.size, 2))
        _, chosen, self.kind = np.unique(codes, return_index=True, return_inverse=True)
        self.chosen: list[int] = chosen.tolist()
        self.known: dict[int, tuple[int, int]] = {}
        self.codes: Ints = np.empty(0, np.int64)
        self.order: Ints = np.empty(0, np.int64)

    def run(self) -> None:
        """Fill in the product."""
        product, view = self.product, self.view
        nodes: list[tuple[Ints, Ints]] = []
        edges: list[tuple[Ints, Ints, Ints, Ints]] = []
        counts: list[Ints] = []
        layer = self._add(product.roots)
        base = 0
        while len(layer):
            ghost, here = layer // view.size, layer % view.size
            nodes.append((here, ghost))
            count = view.first[here + 1] - view.first[here]
            counts.append(count)
            ends = np.cumsum(count)
            edge = np.arange(int(ends[-1])) + np.repeat(view.first[here] - (ends - count), count)
            during, settled = self._after(np.repeat(ghost, count), edge)
            codes = settled * view.size + view.target[edge]
            source = base + np.repeat(np.arange(len(layer)), count)
            base += len(layer)
            layer = self._add(codes)
            edges.append((source, self._numbered(codes), view.taken[edge], during))
        product.configuration, product.ghost = map(np.concatenate, zip(*nodes, strict=True))
        product.source, product.target, product.step, product.during = map(np.concatenate, zip(*edges, strict=True))
        product.first = np.concatenate([[0], np.cumsum(np.concatenate(counts))])

    def _after(self, ghosts: Ints, edges: Ints) -> tuple[Ints, Ints]:
        """The ghosts in the moment of each edge, and behind it."""
        asked, inverse = np.unique(ghosts * len(self.chosen) + self.kind[edges], return_inverse=True)
        pairs = [self.known.get(one) or self._ask(one) for one in asked.tolist()]
        found: Ints = np.array(pairs, np.int64).reshape(-1, 2)[inverse]
        return found[:, 0], found[:, 1]

    def _ask(self, asked: int) -> tuple[int, int]:
        view = self.view
        ghost, edge = self.product.ghosts[asked // len(self.chosen)], self.chosen[asked % len(self.chosen)]
        source, target = view.source[edge], view.target[edge]
        step = view.steps[view.taken[edge]]
        during = self.past.during(ghost, step, view.records[source], view.records[target])
        settled = self.past.settled(during, idle=bool(view.idle[target]))
        found = self.known[asked] = (self._number(during), self._number(settled))
        return found

    def _number(self, ghost: Ghost) -> int:
        known = self.numbers.get(ghost)
        if known is None:
            known = self.numbers[ghost] = len(self.product.ghosts)
            self.product.ghosts.append(ghost)
        return known

    def _add(self, codes: Ints) -> Ints:
        """Those of *codes* that are new, each once, in order; they are numbered on from the last."""
        distinct, at = np.unique(codes, return_index=True)
        fresh = ~_among(distinct, self.codes)
        new: Ints = codes[np.sort(at[fresh])]
        numbers = np.arange(len(self.codes), len(self.codes) + len(new))
        joined = np.concatenate([self.codes, new])
        order = np.argsort(joined, kind="stable")
        self.codes, self.order = joined[order], np.concatenate([self.order, numbers])[order]
        return new

    def _numbered(self, codes: Ints) -> Ints:
        """The numbers of *codes*, which were all added."""
        numbers: Ints = self.order[np.searchsorted(self.codes, codes)]
        return numbers


def _among(codes: Ints, known: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each of *codes* is one of *known*, which are in order."""
    if not len(known):
        return np.zeros(len(codes), bool)
    at = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = known[at] == codes
    return found
