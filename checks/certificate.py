"""Certificates of what holds, as data: where every process may stand and with which records, and what decreases.

``groups`` are cubes of records for each group of processes: for each variable a bit mask of its values, all
combinations of which are meant.  Behind the variables stand the parts of the past, each shifted by one (0: nobody), and
a last coordinate, shifted by one (0: none): the distance to the goal, for what must be possible, or the rank, for what
must be left (:mod:`checks.ranks`).  ``everywhere`` are distances from every state, where those are asked, too.
Properties that must always hold and remember the same of the past share one set, which is made and checked once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from checks.candidate import Cube, as_cubes, merged
from checks.closed import Closed
from checks.graph.arrays import Ints
from checks.graph.everywhere import Everywhere
from checks.graph.product import Product
from checks.graph.search import Decision
from checks.meaning import Meaning, Moment
from checks.past import PARTS, Remembers
from checks.properties.definition import Always, Leaves, Possible, Property
from checks.ranks import ranks
from model.explore import Configuration, Space, Step


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
        if isinstance(one.form, Always):
            if product.what not in self._known:
                claimed = closed_set(product)
                self._known[product.what] = claimed, Closed(view.semantics, view.space.scenario, claimed)
            claimed, closed = self._known[product.what]
            return {"kind": kind, **claimed}, closed.faults(one, claimed)
        numbers = ranks(product, one.form) if isinstance(one.form, Leaves) else decision.distances
        if numbers is None:
            return {"kind": f"no {kind}", "configurations": len(product)}, None
        evidence = {"kind": kind, **closed_set(product, numbers)}
        if isinstance(one.form, Possible) and decision.everywhere is not None:
            evidence["everywhere"] = list(_nearer(decision.everywhere, one.form))
        return evidence, Closed(view.semantics, view.space.scenario, evidence).faults(one, evidence)


def closed_set(product: Product, numbers: Ints | None = None) -> dict[str, Any]:
    """The nodes of *product* as cubes, with the *numbers*, ranks or distances, that they have (-1: none)."""
    controls = product.view.semantics.controls
    numbers = np.full(len(product), -1) if numbers is None else numbers
    cubes: dict[tuple[int, ...], list[Cube]] = {}
    nodes = as_cubes(product, lambda ghost: tuple(1 << part + 1 for part in ghost))
    for (_, inflight, record, ghost), number in zip(nodes, numbers.tolist(), strict=True):
        cubes.setdefault(inflight, []).append((*record, *ghost, 1 << number + 1))
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


def _nearer(found: Everywhere, form: Possible) -> Iterator[tuple[list[Any], int]]:
    """What leads to the goal, as plain data, with how many steps it is away."""
    space = found.space
    onward: list[list[int]] = [[] for _ in space.configurations]
    for number, leaving in enumerate(space.edges):
        for step, to in leaving:
            if _helps(step, form):
                onward[to].append(number)
    meaning = Meaning(space.semantics)
    near = (number for number, starts in found.distances.items() if starts == 0)
    places = ((number, space.configurations[number]) for number in near)
    layer = [number for number, place in places if meaning.true(form.goal, Moment(place, place))]
    seen, distance = set(layer), 0
    while layer:
        for number in layer:
            yield _plain(space, space.configurations[number]), distance
        layer = list(dict.fromkeys(one for number in layer for one in onward[number] if one not in seen))
        seen.update(layer)
        distance += 1


def _helps(step: Step, form: Possible) -> bool:
    return step.kind in form.kinds if step.process < 0 else not step.spontaneous


def _plain(space: Space, place: Configuration) -> list[Any]:
    record, inflight = place
    there = [space.semantics.controls[control] for control in inflight]
    return [list(record), [[one.point, one.memory, one.dirty] for one in there]]
