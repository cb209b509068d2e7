"""Edges as arrays: backwards from a goal, layer by layer, and the components in which one can go round.

The layers are those of breadth-first search; components are strongly connected (Tarjan 1972).  All is linear in the
nodes and edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import networkx as nx

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


def distinct(numbers: Ints) -> Ints:
    """*numbers*, each once, in order.

    By sorting: NumPy's own ``unique`` of integers hashes since 2.3, which took ten to thirty times as long.
    """
    ordered = np.sort(numbers)
    if not len(ordered):
        return ordered
    kept = np.empty(len(ordered), bool)
    kept[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
    return ordered[kept]


class Backwards:
    """Edges against their direction: of each node those before it."""

    def __init__(self, sources: Ints | Small, targets: Ints | Small, size: int) -> None:
        order = np.argsort(targets, kind="stable")
        self.size = size
        self.sources: Ints | Small = sources[order]
        self.first = np.zeros(size + 1, np.int64)
        np.cumsum(np.bincount(targets, minlength=size), out=self.first[1:])

    def leading(self, nodes: Ints) -> Ints:
        """The nodes from which an edge leads to one of *nodes*, once for each edge."""
        starts, counts = self.first[nodes], self.first[nodes + 1] - self.first[nodes]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        found = self.sources[np.arange(total) + np.repeat(starts - (ends - counts), counts)]
        leading: Ints = found.astype(np.int64, copy=False)
        return leading

    def before(self, nodes: Ints, seen: Flags) -> Ints:
        """The nodes before *nodes* that are not *seen*, which are seen from now on; in order."""
        found = self.leading(nodes)
        fresh = found[~seen[found]]
        seen[fresh] = True
        return distinct(fresh)


def layers(goals: Ints, costly: Backwards, free: Backwards | None = None) -> Iterator[Ints]:
    """The nodes at each distance to *goals*, from 0 on: how many of the *costly* edges must be taken on the way."""
    seen = np.zeros(costly.size, dtype=bool)
    seen[goals] = True
    layer = goals
    while layer.size:
        more = layer
        while free is not None and (more := free.before(more, seen)).size:
            layer = np.concatenate([layer, more])
        yield layer
        layer = costly.before(layer, seen)


def distances(goals: Ints, costly: Backwards, free: Backwards | None = None) -> Ints:
    """The distance of each node to *goals*, as :func:`layers` has it; -1 from where they cannot be reached."""
    found = np.full(costly.size, -1, dtype=np.int64)
    for distance, layer in enumerate(layers(goals, costly, free)):
        found[layer] = distance
    return found


def attractor(goals: Ints, helping: Backwards, hindering: Backwards) -> Ints:
    """The distance of each node to *goals* by *helping* edges, whichever of the *hindering* are taken; -1: none.

    A node with hindering edges waits for all of them to lead to what has a distance: the attractor of a game
    (E. Grädel, W. Thomas, T. Wilke, "Automata, Logics, and Infinite Games", 2002, chapter 2).
    """
    found = np.full(helping.size, -1, dtype=np.int64)
    found[goals] = 0
    left = np.bincount(hindering.sources, minlength=helping.size)
    helped = np.zeros(helping.size, dtype=bool)
    layer, distance = goals, 0
    while layer.size:
        distance += 1
        helps, hinders = helping.leading(layer), hindering.leading(layer)
        helped[helps] = True
        np.subtract.at(left, hinders, 1)
        touched = distinct(np.concatenate([helps, hinders]))
        layer = touched[(found[touched] < 0) & helped[touched] & (left[touched] == 0)]
        found[layer] = distance
    return found


def closed_components(sources: Ints, targets: Ints, nodes: Ints, size: int) -> list[Ints]:
    """The components among *nodes*, to which the edges belong, that no edge leaves: each in order, by their first."""
    inner = np.bincount(sources, minlength=size) > 0
    ends = nodes[~inner[nodes]]
    # What leads to an end is in no closed component; of the rest, which is little, the components are looked for.
    left = distances(ends, Backwards(sources, targets, size)) < 0
    kept = left[sources]
    every = _components(sources[kept], targets[kept], nodes[left[nodes]])
    found = [one for one, graph in every if not any(to not in one for node in one for to in graph[node])]
    return _ordered([*({end} for end in ends.tolist()), *found])


def rounds(sources: Ints, targets: Ints, size: int) -> list[Ints]:
    """The components with an edge within them, each in order, by their first nodes."""
    edges = Backwards(sources, targets, size)
    ends = np.flatnonzero(np.bincount(sources, minlength=size) == 0)
    lasting = attractor(ends, edges, edges) < 0
    kept = lasting[sources] & lasting[targets]
    every = _components(sources[kept], targets[kept], np.flatnonzero(lasting))
    return _ordered(one for one, graph in every if len(one) > 1 or any(node in graph[node] for node in one))


def _components(sources: Ints, targets: Ints, nodes: Ints) -> Iterator[tuple[set[int], nx.DiGraph]]:
    if not len(nodes):
        return
    import networkx as nx  # most often nothing goes round, and nothing is left to look at

    graph = nx.DiGraph()
    graph.add_nodes_from(nodes.tolist())
    graph.add_edges_from(zip(sources.tolist(), targets.tolist(), strict=True))
    for component in nx.strongly_connected_components(graph):
        yield component, graph


def _ordered(components: Iterable[set[int]]) -> list[Ints]:
    return [np.array(one, np.int64) for one in sorted(sorted(component) for component in components)]


def parts(items: Ints, labels: Ints) -> list[tuple[int, Ints]]:
    """*items*, which are in order, by their *labels*: the labels with what belongs to each, by the first of these."""
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    split = [part for part in np.split(order, cuts) if len(part)]
    return [(int(labels[part[0]]), items[part]) for part in sorted(split, key=lambda part: int(part[0]))]
