"""In which order to stack the items of a column so that few lines cross: a local search by moving a few at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Item:
    """One item: the bars at the left and at the right that it is joined to, and the items that its lanes lead to."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    lanes: tuple[int, ...]


def arrange(items: list[Item], bars: tuple[tuple[str, ...], tuple[str, ...]]) -> list[int]:
    """The numbers of the items from above to below.

    Starts from the given order and moves single items, and pairs of neighbours, as long as that lowers the cost
    (steepest descent, so a local optimum); deterministic. Quadratic in the items for each round.
    """
    order = list(range(len(items)))
    best = _cost(order, items, bars)
    improved = True
    while improved:
        improved = False
        chosen = order
        for length in (1, 2, 3):
            for start in range(len(order) - length + 1):
                moved, rest = order[start : start + length], order[:start] + order[start + length :]
                for place in range(len(rest) + 1):
                    candidate = rest[:place] + moved + rest[place:]
                    cost = _cost(candidate, items, bars)
                    if cost < best - 1e-9:
                        best, chosen, improved = cost, candidate, True
        order = chosen
    return order


def _cost(order: list[int], items: list[Item], bars: tuple[tuple[str, ...], tuple[str, ...]]) -> float:
    """Crossings, bars that would overlap (worst of all), the length of lanes, and the distance from the given order."""
    at = {item: place for place, item in enumerate(order)}
    cost = sum(abs(place - item) for item, place in at.items()) * 0.01
    for side, names in enumerate(bars):
        spans = []
        for name in names:
            places = [at[i] for i, item in enumerate(items) if name in (item.right if side else item.left)]
            if places:
                spans.append((min(places), max(places)))
        cost += sum(100.0 * max(0, above[1] - below[0]) for above, below in combinations(spans, 2))
        cost += sum(0.02 * (last - first) for first, last in spans)
    runs = [(at[i], at[target]) for i, item in enumerate(items) for target in item.lanes]
    for start, stop in runs:
        low, high = min(start, stop), max(start, stop)
        cost += 0.3 * (high - low) + sum(len(items[order[place]].right) for place in range(low + 1, high)) * 2.0
        cost += 0.5 if stop < start else 0.0
    for (a, b), (c, d) in combinations([(min(run), max(run)) for run in runs], 2):
        if a < c < b < d or c < a < d < b:
            cost += 1.0
    return cost
