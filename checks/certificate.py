"""Certificates of what holds, as data: where every process may stand and with which records, and what decreases.

``groups`` are cubes of records for each group of processes: for each variable a bit mask of its values, all
combinations of which are meant.  Behind the variables stand the parts of the past, each shifted by one (0:
nobody), and a last
coordinate: the distance to the goal, for what must be possible (0 in all others), shifted by one (0: none).
``ranks`` fall with every step that a process is forced to take.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checks.candidate import Cube, merged
from checks.graph.product import Product
from checks.graph.search import Decision
from checks.past import PARTS
from checks.properties.definition import Always, Leaves, Possible, Property
from model.lifecycle import Lifecycle
from model.program import Call, Instruction, targets


def certificate(product: Product, one: Property, decision: Decision) -> dict[str, Any]:
    """The certificate that *one* holds in *product*."""
    kind = {Always: "invariant", Leaves: "ranking", Possible: "distance"}[type(one.form)]
    view = product.view
    if view.disturbed is not None:
        return {"kind": f"bounded {kind}", "configurations": len(product.nodes)}
    controls = view.semantics.controls
    distances = decision.ranks if isinstance(one.form, Possible) else {}
    cubes: dict[tuple[int, ...], list[Cube]] = {}
    for number, ghost in product.nodes:
        record, inflight = view.space.configurations[number]
        masks = (*(1 << value for value in record), *(1 << part + 1 for part in ghost))
        cubes.setdefault(inflight, []).append((*masks, 1 << distances.get(number, -1) + 1))
    what = product.what
    return {
        "kind": kind,
        "remembers": [getattr(what, name) for name in PARTS],
        "groups": [
            {
                "processes": [[controls[c].point, controls[c].memory, controls[c].dirty] for c in inflight],
                "cubes": [list(cube) for cube in merged(found)],
            }
            for inflight, found in cubes.items()
        ],
        **({"ranks": ranks(view.lifecycle)} if isinstance(one.form, Leaves) else {}),
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
