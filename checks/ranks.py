"""Ranks: a number for each node of a region, which shows that every fair execution leaves it.

They are what :meth:`checks.closed.Closed.faults` asks for: no step that may be taken again and again raises the rank,
and while it stays as it is, one process (or recovery) may step that lowers it, so that fairness forces it to.  Found
layer by layer, as Z. Manna and A. Pnueli ("Adequate proof principles for invariance and liveness properties of
concurrent programs", 1984) have it for weak fairness.
"""

from __future__ import annotations

import numpy as np

from checks.graph.arrays import Backwards, Flags, Ints, distances
from checks.graph.product import Product
from checks.graph.search import forced
from checks.graph.view import View
from checks.properties.definition import Leaves
from model.explore import Step


def ranks(product: Product, form: Leaves) -> Ints | None:
    """The rank of each node of *product* that the region of *form* holds, once it is asked; -1 for all others.

    None when there are none: executions may stay, or what makes them leave is not one process after the other.
    """
    view, nodes = product.view, product.moments(steps=False)
    region = view.holds(form.region, nodes)
    asked = region if form.after is None else region & view.holds(form.after, nodes)
    inside = region[product.source] & region[product.target]
    onward = Backwards(product.target[inside], product.source[inside], len(product))
    alive = distances(np.flatnonzero(asked), onward) >= 0
    found = np.full(len(product), -1, np.int64)
    must, may = view.which(forced(view, frozenset()))[product.step], view.which(_repeats)[product.step]
    movers = _movers(view)[product.step]
    free = _exits(product, alive, movers)
    found[free] = 0
    alive &= ~free
    rank = 0
    while alive.any():
        rank += 1
        layer = _layer(product, alive, must, may, movers)
        if not layer.any():
            return None
        found[layer] = rank
        alive &= ~layer
    return found


def _repeats(step: Step) -> bool:
    """Whether *step* may be taken infinitely often: failures, losses and crashes are not."""
    return step.kind != "crash" and (step.process < 0 or not step.spontaneous)


def _movers(view: View) -> Ints:
    """Who takes each step, as a number: the control of the process, or one below 0 for the row of what starts."""
    rows: dict[str, int] = {}
    return np.array(
        [step.process if step.process >= 0 else rows.setdefault(step.row, -1 - len(rows)) for step in view.steps],
        np.int64,
    )


def _exits(product: Product, alive: Flags, movers: Ints) -> Flags:
    """Where a periodic task may run that never leads from one of *alive* to another."""
    periodic = product.view.which(lambda step: step.kind == "periodic")[product.step] & alive[product.source]
    futile = np.unique(movers[periodic & alive[product.target]])
    found = np.zeros(len(product), bool)
    found[product.source[periodic & ~np.isin(movers, futile)]] = True
    return found


def _layer(product: Product, alive: Flags, must: Flags, may: Flags, movers: Ints) -> Flags:
    """Those of *alive* from which no step leads to another, but some is forced; else those that one mover moves on."""
    source, target = product.source, product.target
    inner = alive[source] & alive[target]
    layer = np.zeros(len(product), bool)
    layer[source[must]] = True
    layer &= alive
    layer[source[inner & may]] = False
    if layer.any():
        return layer
    able = must & alive[source]
    for mover in np.unique(movers[able]).tolist():
        steps = able & (movers == mover)
        layer = np.zeros(len(product), bool)
        layer[source[steps]] = True
        layer[source[steps & alive[target]]] = False
        while (out := inner & may & layer[source] & ~layer[target]).any():
            layer[source[out]] = False
        if layer.any():
            return layer
    return layer
