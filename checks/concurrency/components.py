"""Strongly connected components of a graph in compressed rows, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


def components(heads: Ints, to: Small) -> Small:
    """For each node the number of its component; those of node ``n`` lead to ``to[heads[n]:heads[n + 1]]``.

    Tarjan, Depth-first search and linear graph algorithms, SIAM Journal on Computing 1, 1972, without recursion.
    Components are numbered in the order in which they are finished, so a step never leads to a higher number.
    Linear in nodes and edges.
    """
    size = len(heads) - 1
    found = np.full(size, -1, np.int32)
    index, low = np.zeros(size, np.int32), np.zeros(size, np.int32)
    _number(heads, to, heads[:-1].copy(), index, low, np.empty(size, np.int32), np.empty(size, np.int32), found)
    return found


@njit(cache=True, nogil=True)
def _number(
    heads: Ints, to: Small, following: Ints, index: Small, low: Small, stack: Small, path: Small, found: Small
) -> None:
    """Writes the numbers of the components to *found*, which is -1; *index* and *low* are 0, the others room.

    They are made outside: to compile what makes an array takes longer than to compile the rest.
    """
    high, count, number = 0, 0, 0
    for root in range(len(found)):
        if index[root]:
            continue
        depth = 1
        path[0] = root
        count += 1
        index[root] = low[root] = count
        stack[high] = root
        high += 1
        while depth:
            node = path[depth - 1]
            if following[node] < heads[node + 1]:
                target = to[following[node]]
                following[node] += 1
                if not index[target]:
                    count += 1
                    index[target] = low[target] = count
                    stack[high] = target
                    high += 1
                    path[depth] = target
                    depth += 1
                elif found[target] < 0:
                    low[node] = min(low[node], index[target])
                continue
            depth -= 1
            if depth:
                low[path[depth - 1]] = min(low[path[depth - 1]], low[node])
            if low[node] == index[node]:
                while True:
                    high -= 1
                    member = stack[high]
                    found[member] = number
                    if member == node:
                        break
                number += 1
