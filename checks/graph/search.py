"""Decides each form of property by graph search, with a witness for each way in which it is violated.

Violations are told apart by the property's key; of each way the breadth-first first, hence shortest, is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from checks.graph.arrays import Backwards, Flags, Ints, attractor, closed_components, distances, distinct, parts, rounds
from checks.graph.everywhere import Everywhere, applies, everywhere
from checks.graph.product import Product
from checks.graph.view import Moments, View
from checks.keys import ACCUSED, Key, coordinates, key
from checks.past import NOTHING
from checks.properties.definition import Always, Leaves, Possible, Property
from checks.verdict import Outcome
from model.explore import Space, Step
from model.program import Wait


@dataclass(slots=True)
class Witness:
    """One way of violating: the path, where it starts, how many show it, the cycle it may end in, and all nodes.

    ``edges`` are the steps that violate, where steps are asked, each from one of the nodes; ``space`` is the space that
    the path runs in, when it is not that of the product.
    """

    count: int
    start: int
    path: list[tuple[Step, int]]
    cycle: int | None = None
    nodes: list[int] = field(default_factory=list)
    edges: Ints | None = None
    space: Space | None = None


@dataclass(slots=True)
class Decision:
    """What the graph engine decided; for Possible with the distance of each node to the goal (-1: none).

    ``everywhere``: from where the goal was looked for, when that was not only from what is reachable.
    """

    outcome: Outcome
    exercised: int
    witnesses: dict[Key, Witness] = field(default_factory=dict)
    distances: Ints | None = None
    everywhere: Everywhere | None = None


def decide(view: View, product: Product, one: Property, without: frozenset[str] = frozenset()) -> Decision:
    """Decide *one* on *product*; *without* drops assumptions by their ids."""
    match one.form:
        case Always():
            return _always(view, product, one, one.form)
        case Leaves():
            return _leaves(view, product, one, one.form, without)
        case Possible():
            return _possible(view, product, one, one.form, without)
        case _:
            raise TypeError(one.form)


def _decision(exercised: int, witnesses: dict[Key, Witness]) -> Decision:
    return Decision(Outcome.VIOLATED if witnesses else Outcome.HOLDS, exercised, witnesses)


def _always(view: View, product: Product, one: Property, form: Always) -> Decision:
    moments = product.moments(steps=form.of_steps)
    exercised = int(np.count_nonzero(view.holds(form.premise, moments)))
    bad = np.flatnonzero(view.holds(form.bad, moments))
    witnesses: dict[Key, Witness] = {}
    for told, at in _told_apart(view, one, moments, bad).items():
        if form.of_steps:
            witnesses[told] = _witness(product, product.source[at])
            witnesses[told].path.append(product.taken(at[0]))
            witnesses[told].edges = at
        else:
            witnesses[told] = _witness(product, at)
    return _decision(exercised, witnesses)


def _told_apart(view: View, one: Property, moments: Moments, at: Ints) -> dict[Key, Ints]:
    """Those of *moments* that are numbered *at*, by the key of *one*, in the order in which they begin."""
    where = coordinates(view.lifecycle, one)
    # Whose step it is matters only where somebody is accused.
    steps = moments.step[at] if ACCUSED in where else np.full(len(at), -1)
    columns = (view.record[moments.after[at]], moments.ghost[at], steps + 1)
    sizes = (len(view.distinct), len(moments.ghosts), len(view.steps) + 1)
    numbers, inverse = np.unique(np.ravel_multi_index(columns, sizes), return_inverse=True)
    known: dict[Key, int] = {}
    labels = []
    for record, ghost, step in zip(*np.unravel_index(numbers, sizes), strict=True):
        operations = view.operations_of(view.steps[step - 1]) if step else frozenset[str]()
        told = key(view.past, where, view.distinct[record], moments.ghosts[ghost], operations)
        labels.append(known.setdefault(told, len(known)))
    keys = list(known)
    return {keys[label]: found for label, found in parts(at, np.array(labels, np.int64)[inverse])}


def _witness(product: Product, nodes: Ints) -> Witness:
    """The way to the first of *nodes*."""
    return Witness(len(nodes), product.root(nodes[0]), product.path(nodes[0]), None, nodes.tolist())


def forced(view: View, without: frozenset[str]) -> Callable[[Step], bool]:
    """Whether fairness forces a step that stays enabled to be taken: the assumptions, as a function of a step."""

    def takes(step: Step) -> bool:
        if step.process < 0:
            return (step.kind == "recovery" and "return" not in without) or (
                step.kind == "periodic" and "periodic" not in without
            )
        if step.spontaneous:
            return False
        if isinstance(view.semantics.instruction(step.process), Wait):
            return "delivery" not in without
        return "progress" not in without

    return takes


def _leaves(view: View, product: Product, one: Property, form: Leaves, without: frozenset[str]) -> Decision:
    nodes = product.moments(steps=False)
    inside = view.holds(form.region, nodes)
    asked = inside if form.after is None else inside & view.holds(form.after, nodes)
    taken = inside[product.source] & view.which(forced(view, without))[product.step]
    within = taken & inside[product.target]
    sources, targets = product.source[within], product.target[within]
    leaving = distinct(product.source[taken & ~within])
    trapped = inside & (distances(leaving, Backwards(sources, targets, len(product))) < 0)
    staying = trapped[sources]
    witnesses: dict[Key, Witness] = {}
    recurrent = _recurrent(view, product, trapped, sources[staying], targets[staying])
    for told, at in _told_apart(view, one, nodes, recurrent[asked[recurrent]]).items():
        witnesses[told] = _witness(product, at)
        witnesses[told].cycle = len(witnesses[told].path)
    for cycle in _livelocks(view, product, inside, without):
        if asked[cycle[0]]:
            ((told, _),) = _told_apart(view, one, nodes, cycle[:1]).items()
            if told not in witnesses:
                way = product.path(cycle[0])
                round_ = _round(product, int(cycle[0]), frozenset(cycle.tolist()))
                witnesses[told] = Witness(len(cycle), product.root(cycle[0]), way + round_, len(way))
    return _decision(int(np.count_nonzero(asked)), witnesses)


def _recurrent(view: View, product: Product, trapped: Flags, sources: Ints, targets: Ints) -> Ints:
    """The trapped nodes in which an execution may stay: of each closed component the quiet nodes, or its first."""
    found: list[Ints] = []
    for component in closed_components(sources, targets, np.flatnonzero(trapped), len(product)):
        still = component[view.quiet[product.configuration[component]]]
        found.append(still if len(still) else component[:1])
    return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)


def _livelocks(view: View, product: Product, inside: Flags, without: frozenset[str]) -> list[Ints]:
    """Cycles that no assumption excludes: of steps of processes that do not fail of themselves."""

    def goes_on(step: Step) -> bool:
        runs = step.process >= 0 and (not step.spontaneous or "finite-failures" in without)
        return runs or (step.kind in ("crash", "recovery") and "finite-crashes" in without)

    edges = view.which(goes_on)[product.step] & inside[product.source] & inside[product.target]
    return rounds(product.source[edges], product.target[edges], len(product))


def _round(product: Product, node: int, component: frozenset[int]) -> list[tuple[Step, int]]:
    """The steps of a shortest cycle through *node* within *component*."""
    parents: dict[int, int] = {}
    layer = [node]
    while layer:
        further = []
        for here in layer:
            for edge in range(product.first[here], product.first[here + 1]):
                to = int(product.target[edge])
                if to == node:
                    way, at = [product.taken(edge)], here
                    while at != node:
                        way.append(product.taken(parents[at]))
                        at = int(product.source[parents[at]])
                    way.reverse()
                    return way
                if to in component and to not in parents:
                    parents[to] = edge
                    further.append(to)
        layer = further
    return []


def _possible(view: View, product: Product, one: Property, form: Possible, without: frozenset[str]) -> Decision:
    nodes = product.moments(steps=False)
    premise, goal = view.holds(form.premise, nodes), view.holds(form.goal, nodes)
    cooperates = "cooperation" not in without

    def helps(step: Step) -> bool:
        return step.kind in form.kinds if step.process < 0 else not step.spontaneous

    def hinders(step: Step) -> bool:
        return not cooperates and not helps(step) and (step.spontaneous or step.kind in ("failure", "crash"))

    helping, hindering = (
        Backwards(product.source[edges], product.target[edges], len(product))
        for edges in (view.which(helps)[product.step], view.which(hinders)[product.step])
    )
    ways = attractor(np.flatnonzero(goal), helping, hindering)
    stuck = np.flatnonzero(premise & (ways < 0))
    witnesses = {told: _witness(product, at) for told, at in _told_apart(view, one, nodes, stuck).items()}
    exercised = int(np.count_nonzero(premise))
    found = everywhere(view.space, form) if cooperates and applies(form, view.space.scenario) else None
    if found is not None:
        exercised += _elsewhere(view, one, found, witnesses)
    decision = _decision(exercised, witnesses)
    decision.distances, decision.everywhere = ways, found
    return decision


def _elsewhere(view: View, one: Property, found: Everywhere, witnesses: dict[Key, Witness]) -> int:
    """Adds the states from which the goal is not possible, reachable or not; how many were asked."""
    where = coordinates(view.lifecycle, one)
    asked = np.flatnonzero(found.premise[view.size : found.asked]) + view.size
    for number in asked.tolist():
        if number not in found.distances:
            told = key(view.past, where, found.space.configurations[number][0], NOTHING, frozenset())
            known = witnesses.setdefault(told, Witness(0, number, [], space=found.space))
            known.count += 1
    return len(asked)
