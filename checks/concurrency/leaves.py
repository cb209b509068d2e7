"""Where executions of several processes may stay for ever in a region of records, under fairness.

The same question as :func:`checks.graph.search._leaves` asks of one process, over arrays.  A configuration of the
region is trapped when no steps that fairness forces lead out of it; an execution may stay in a set of trapped
configurations that forced steps do not leave, and in a cycle of steps of processes that do not fail.

What is looked at must be reduced without delay: a process that is stuck must be seen to be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.concurrency.components import components
from checks.concurrency.exact import PIECE, Explored, steps
from checks.concurrency.judge import Flags
from checks.concurrency.records import Ints
from checks.graph.arrays import Backwards, layers

Small = npt.NDArray[np.int32]
#: The bit that marks a step which nothing forces to happen.
UNFORCED = 1


@dataclass(frozen=True, slots=True)
class Staying:
    """Configurations of the region in which an execution may stay: where it comes to rest, and where it goes round.

    ``inside`` counts the configurations of the region.
    """

    inside: int
    resting: Ints
    circling: Ints


def staying(explored: Explored, region: Flags, quiet: Flags) -> Staying:
    """Where executions may stay in *region*; it and *quiet* (every service is available) are by record."""
    packing = explored.packing
    every = np.sort(np.concatenate(explored.levels))
    nodes = every[region[every >> (packing.bits * packing.slots)]]
    escaped, source, target, runs = _forced(explored, nodes)
    for layer in layers(np.flatnonzero(escaped), Backwards(source, target, len(nodes))):
        escaped[layer] = True
    circling = _circles(len(nodes), source[runs], target[runs])
    kept = ~(escaped[source] | escaped[target])
    resting = _closed(len(nodes), source[kept], target[kept], ~escaped)
    record, places = packing.unpack(nodes)
    still = np.all([stands == explored.relation.empty for stands in places], axis=0) & quiet[record]
    return Staying(len(nodes), nodes[_chosen(resting, still)], nodes[circling])


def _forced(explored: Explored, nodes: Ints) -> tuple[Flags, Small, Small, Flags]:
    """The forced steps of *nodes*: from which they lead out; from and to which, and whether a process steps."""
    relation = explored.relation
    out = np.zeros(len(nodes), bool)
    found: list[tuple[Small, Small, Flags]] = []
    for first in range(0, len(nodes), PIECE):
        piece = nodes[first : first + PIECE]
        for leaving in steps(relation, explored.packing, explored.bound, piece):
            if leaving.rule is None:
                continue
            forced = np.flatnonzero(relation.rules.mark[leaving.rule] & UNFORCED == 0)
            after, rule = leaving.after[forced], leaving.rule[forced]
            at = np.minimum(np.searchsorted(nodes, after), len(nodes) - 1)
            inside = nodes[at] == after
            source = (leaving.position[forced] + first).astype(np.int32)
            out[source[~inside]] = True
            runs = rule < relation.rules.heads[relation.empty]
            found.append((source[inside], at[inside].astype(np.int32), runs[inside]))
    empty = np.empty(0, np.int32)
    found.append((empty, empty, np.empty(0, bool)))
    sources, targets, moves = zip(*found, strict=True)
    return out, np.concatenate(sources), np.concatenate(targets), np.concatenate(moves)


def _rows(size: int, source: Small, target: Small) -> tuple[Ints, Small]:
    """The edges by their source, in compressed rows."""
    order = np.argsort(source, kind="stable")
    heads = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=size), out=heads[1:])
    return heads, target[order]


def _circles(size: int, source: Small, target: Small) -> Flags:
    """The nodes of cycles."""
    component = components(*_rows(size, source, target))
    common = np.bincount(component, minlength=1) > 1
    circling: Flags = common[component] if size else np.zeros(0, bool)
    circling[source[source == target]] = True
    return circling


def _closed(size: int, source: Small, target: Small, trapped: Flags) -> Small:
    """The closed component of each *trapped* node, by number; -1 for those that edges lead on from, and the others."""
    component = components(*_rows(size, source, target))
    left = np.zeros(int(component.max(initial=-1)) + 1, bool)
    left[component[source[component[source] != component[target]]]] = True
    return np.where(trapped & ~left[component], component, -1) if size else component


def _chosen(component: Small, still: Flags) -> Ints:
    """Of each component the nodes that are *still*, or else its first."""
    members = np.flatnonzero(component >= 0)
    quiet = np.zeros(int(component.max(initial=-1)) + 1, bool)
    quiet[component[members[still[members]]]] = True
    first = np.zeros(len(component), bool)
    first[members[np.unique(component[members], return_index=True)[1]]] = True
    chosen: Ints = members[np.where(quiet[component[members]], still[members], first[members])]
    return chosen
