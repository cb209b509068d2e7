"""Strongly connected components of a graph in compressed rows, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def components(heads: Ints, to: Small) -> Small:
    """For each node the number of its component; those of node ``n`` lead to ``to[heads[n]:heads[n + 1]]``.

    Tarjan, Depth-first search and linear graph algorithms, SIAM Journal on Computing 1, 1972, without recursion.
    Components are numbered in the order in which they are finished, so a step never leads to a higher number.
    Linear in nodes and edges.
    """
    size = len(heads) - 1
    index = np.zeros(size, np.int32)
    low = np.zeros(size, np.int32)
    found = np.full(size, -1, np.int32)
    following = heads[:-1].copy()
    stack = np.empty(size, np.int32)
    path = np.empty(size, np.int32)
    high, count, number = 0, 0, 0
    for root in range(size):
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
    return found
