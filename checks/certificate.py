"""Certificates of what holds, as data: where every process may stand and with which records, and what decreases.

``groups`` are cubes of records for each group of processes: for each variable a bit mask of its values, all
combinations of which are meant.  Behind the variables stand the parts of the past, each shifted by one (0: nobody), and
a last coordinate: the distance to the goal, for what must be possible (0 in all others), shifted by one (0: none).
``ranks`` fall with every step that a process is forced to take.  Properties that remember the same of the past share
one set, which is made and checked once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from checks.candidate import Cube, as_cubes, merged
from checks.closed import Closed
from checks.graph.product import Product
from checks.graph.search import Decision
from checks.past import PARTS, Remembers
from checks.properties.definition import Always, Leaves, Possible, Property
from model.lifecycle import Lifecycle
from model.program import Call, Instruction, targets


class Certificates:
    """The certificates of one scenario."""

    def __init__(self) -> None:
        self._known: dict[Remembers, tuple[dict[str, Any], Closed]] = {}

    def checked(self, product: Product, one: Property, decision: Decision) -> tuple[dict[str, Any], list[str] | None]:
        """The certificate that *one* holds in *product*, and what the checker says against it; None: not checked."""
        kind = {Always: "invariant", Leaves: "ranking", Possible: "distance"}[type(one.form)]
        view = product.view
        if view.disturbed is not None:
            return {"kind": f"bounded {kind}", "configurations": len(product)}, None
        known = self._known.get(product.what)
        if known is None or isinstance(one.form, Possible):
            claimed = closed_set(product, decision)
            known = claimed, Closed(view.semantics, view.space.scenario, claimed)
        if not isinstance(one.form, Possible):
            self._known[product.what] = known
        claimed, closed = known
        evidence = {"kind": kind, **claimed}
        if isinstance(one.form, Leaves):
            evidence["ranks"] = ranks(view.lifecycle)
        return evidence, closed.faults(one, evidence)


def closed_set(product: Product, decision: Decision) -> dict[str, Any]:
    """The nodes of *product* as cubes, with the distances of *decision* if it has any."""
    controls = product.view.semantics.controls
    distances = np.full(len(product), -1) if decision.distances is None else decision.distances
    cubes: dict[tuple[int, ...], list[Cube]] = {}
    nodes = as_cubes(product, lambda ghost: tuple(1 << part + 1 for part in ghost))
    for (_, inflight, record, ghost), distance in zip(nodes, distances.tolist(), strict=True):
        cubes.setdefault(inflight, []).append((*record, *ghost, 1 << distance + 1))
    return {
        "remembers": [getattr(product.what, name) for name in PARTS],
        "groups": [
            {
                "processes": [[controls[c].point, controls[c].memory, controls[c].dirty] for c in inflight],
                "cubes": [list(cube) for cube in merged(found)],
            }
            for inflight, found in cubes.items()
        ],
    }


def ranks(lifecycle: Lifecycle) -> list[int]:
    """For each point the length of the longest way on from it, by steps that do not fail of themselves."""
    instructions = lifecycle.instructions
    after = [_onward(one) for one in instructions]
    found = [0] * len(instructions)
    for _ in instructions:
        longer = [max((found[target] + 1 for target in following), default=0) for following in after]
        if longer == found:
            break
        found = longer
    return found


def _onward(one: Instruction) -> list[int]:
    if isinstance(one, Call):
        return [one.next] if one.next >= 0 else []
    return [target for target in targets(replace(one, killed=None)) if target >= 0]
