"""Decides each form of property by graph search, with a witness for each way in which it is violated.

Violations are told apart by the property's key; of each way the breadth-first first, hence shortest, is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import networkx as nx

from checks.graph.everywhere import Everywhere, applies, everywhere
from checks.graph.product import Product
from checks.graph.view import Moment, View
from checks.keys import Key, coordinates, key
from checks.meaning import Meaning
from checks.meaning import Moment as Moment_
from checks.past import NOTHING, Ghost
from checks.properties.definition import Always, Leaves, Possible, Property
from checks.verdict import Outcome
from model.explore import Space, Step


@dataclass(slots=True)
class Witness:
    """One way of violating: the path, where it starts, how many show it, the cycle it may end in, and all nodes.

    ``space``: the space that the path runs in, when it is not that of the product.
    """

    count: int
    start: int
    path: list[tuple[Step, int]]
    cycle: int | None = None
    nodes: list[int] = field(default_factory=list)
    space: Space | None = None


@dataclass(slots=True)
class Decision:
    """What the graph engine decided; ``ranks`` is the certificate's data for Leaves and Possible.

    ``everywhere``: from where the goal was looked for, when that was not only from what is reachable.
    """

    outcome: Outcome
    exercised: int
    witnesses: dict[Key, Witness] = field(default_factory=dict)
    ranks: dict[int, int] = field(default_factory=dict)
    everywhere: Everywhere | None = None


def key_of(view: View, one: Property) -> Callable[[int, Ghost], Key]:
    """How violations of *one* are told apart: the values of its key in a configuration, with the ghost there."""
    where, past, records = coordinates(view.lifecycle, one), view.past, view.records
    return lambda configuration, ghost: key(past, where, records[configuration], ghost)


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


def _always(view: View, product: Product, one: Property, form: Always) -> Decision:
    bad, premise = view.compile(form.bad), view.compile(form.premise)
    key_at = key_of(view, one)
    witnesses: dict[Key, Witness] = {}
    exercised = 0
    if not form.of_steps:
        for node in range(len(product.nodes)):
            moment = product.moment(node)
            if premise(moment):
                exercised += 1
            if bad(moment):
                _note(witnesses, key_at(moment.before, moment.ghost), product, node, None)
    else:
        for node, leaving in enumerate(product.edges):
            before = product.nodes[node][0]
            for step, to, ghost in leaving:
                after = product.nodes[to][0]
                moment = Moment(before, after, step, ghost)
                if premise(moment):
                    exercised += 1
                if bad(moment):
                    _note(witnesses, key_at(after, ghost), product, node, (step, after))
    return Decision(Outcome.VIOLATED if witnesses else Outcome.HOLDS, exercised, witnesses)


def _note(witnesses: dict[Key, Witness], key: Key, product: Product, node: int, last: tuple[Step, int] | None) -> None:
    known = witnesses.get(key)
    if known is not None:
        known.count += 1
        known.nodes.append(node)
        return
    way = product.path(node)
    if last is not None:
        way.append(last)
    witnesses[key] = Witness(1, product.root(node), way, None, [node])


def forced(view: View, without: frozenset[str]) -> Callable[[Step], bool]:
    """Whether fairness forces a step that stays enabled to be taken: the assumptions, as a function of a step."""
    waits = {number: view.space.semantics.instruction(number) for number in range(len(view.semantics.controls))}

    def takes(step: Step) -> bool:
        if step.process < 0:
            return (step.kind == "recovery" and "return" not in without) or (
                step.kind == "periodic" and "periodic" not in without
            )
        if step.spontaneous:
            return False
        if type(waits[step.process]).__name__ == "Wait":
            return "delivery" not in without
        return "progress" not in without

    return takes


def _leaves(view: View, product: Product, one: Property, form: Leaves, without: frozenset[str]) -> Decision:
    region = view.compile(form.region)
    after = None if form.after is None else view.compile(form.after)
    inside = [region(product.moment(node)) for node in range(len(product.nodes))]
    asked = [inside[node] and (after is None or after(product.moment(node))) for node in range(len(product.nodes))]
    takes = forced(view, without)
    backwards: dict[int, list[int]] = {}
    ranks: dict[int, int] = {}
    layer: list[int] = []
    onward: dict[int, list[int]] = {}
    for node, leaving in enumerate(product.edges):
        if not inside[node]:
            continue
        for step, to, _ in leaving:
            if takes(step):
                if not inside[to]:
                    ranks[node] = 1
                else:
                    backwards.setdefault(to, []).append(node)
                    onward.setdefault(node, []).append(to)
        if node in ranks:
            layer.append(node)
    _distances(layer, backwards, ranks)
    trapped = [node for node in range(len(product.nodes)) if inside[node] and node not in ranks]
    key_at = key_of(view, one)
    witnesses: dict[Key, Witness] = {}
    for node in _recurrent(trapped, onward, view, product):
        if asked[node]:
            here = product.nodes[node][0]
            _note(witnesses, key_at(here, NOTHING), product, node, None)
            witness = witnesses[key_at(here, NOTHING)]
            witness.cycle = len(witness.path)
    for cycle in _livelocks(product, inside, without):
        node = min(cycle)
        if asked[node]:
            here = product.nodes[node][0]
            told = key_at(here, NOTHING)
            if told not in witnesses:
                way = product.path(node)
                round_ = _round(product, node, cycle)
                witnesses[told] = Witness(len(cycle), product.root(node), way + round_, len(way))
    numbered = {product.nodes[node][0]: rank for node, rank in ranks.items() if asked[node]}
    return Decision(Outcome.VIOLATED if witnesses else Outcome.HOLDS, sum(asked), witnesses, numbered)


def _distances(layer: list[int], backwards: dict[int, list[int]], ranks: dict[int, int]) -> None:
    """Breadth first from *layer* against the edges; fills in *ranks*."""
    while layer:
        further: list[int] = []
        for node in layer:
            for before in backwards.get(node, ()):
                if before not in ranks:
                    ranks[before] = ranks[node] + 1
                    further.append(before)
        layer = further


def _recurrent(trapped: Iterable[int], onward: dict[int, list[int]], view: View, product: Product) -> list[int]:
    """The trapped nodes in which an execution may stay: of each closed component the quiet nodes, or its first."""
    graph = nx.DiGraph()
    graph.add_nodes_from(trapped)
    graph.add_edges_from((node, to) for node in list(graph) for to in onward.get(node, ()))
    found: list[int] = []
    for component in nx.strongly_connected_components(graph):
        if any(to not in component for node in component for to in graph[node]):
            continue
        still = [node for node in component if view.quiet[product.nodes[node][0]]]
        found += still or [min(component)]
    return sorted(found)


def _livelocks(product: Product, inside: list[bool], without: frozenset[str]) -> list[set[int]]:
    """Cycles that no assumption excludes: of steps of processes that do not fail of themselves."""
    onward: dict[int, list[int]] = {}
    for node, leaving in enumerate(product.edges):
        if inside[node]:
            for step, to, _ in leaving:
                runs = step.process >= 0 and (not step.spontaneous or "finite-failures" in without)
                dies = step.kind in ("crash", "recovery") and "finite-crashes" in without
                if inside[to] and (runs or dies):
                    onward.setdefault(node, []).append(to)
    graph = nx.DiGraph(_lasting(onward))
    return [
        component
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1 or any(node in graph[node] for node in component)
    ]


def _lasting(onward: dict[int, list[int]]) -> list[tuple[int, int]]:
    """The edges of *onward* from which one can go on for ever: what ends is peeled off (Kahn 1962)."""
    left = {node: len(after) for node, after in onward.items()}
    backwards: dict[int, list[int]] = {}
    for node, after in onward.items():
        for to in after:
            backwards.setdefault(to, []).append(node)
    todo = [node for node in backwards if node not in left]
    while todo:
        for before in backwards.get(todo.pop(), ()):
            left[before] -= 1
            if not left[before]:
                todo.append(before)
    return [(node, to) for node, after in onward.items() if left[node] for to in after if left.get(to)]


def _round(product: Product, node: int, component: set[int]) -> list[tuple[Step, int]]:
    """The steps of a shortest cycle through *node* within *component*."""
    parents: dict[int, tuple[int, Step]] = {}
    layer = [node]
    while layer:
        further = []
        for here in layer:
            for step, to, _ in product.edges[here]:
                if to == node:
                    way = [(step, product.nodes[to][0])]
                    at = here
                    while at != node:
                        back, by = parents[at]
                        way.append((by, product.nodes[at][0]))
                        at = back
                    way.reverse()
                    return way
                if to in component and to not in parents:
                    parents[to] = (here, step)
                    further.append(to)
        layer = further
    return []


def _possible(view: View, product: Product, one: Property, form: Possible, without: frozenset[str]) -> Decision:
    premise, goal = view.compile(form.premise), view.compile(form.goal)
    cooperates = "cooperation" not in without
    goals: list[int] = []
    helping: dict[int, list[int]] = {}
    hindering: dict[int, list[int]] = {}
    for node, leaving in enumerate(product.edges):
        if goal(product.moment(node)):
            goals.append(node)
        for step, to, _ in leaving:
            if (step.process >= 0 and not step.spontaneous) or (step.process < 0 and step.kind in form.kinds):
                helping.setdefault(to, []).append(node)
            elif not cooperates and (step.spontaneous or step.kind in ("failure", "crash")):
                hindering.setdefault(to, []).append(node)
    ranks = _attractor(goals, helping, hindering)
    key_at = key_of(view, one)
    witnesses: dict[Key, Witness] = {}
    exercised = 0
    for node in range(len(product.nodes)):
        moment = product.moment(node)
        if premise(moment):
            exercised += 1
            if node not in ranks:
                _note(witnesses, key_at(moment.before, NOTHING), product, node, None)
    numbered = {product.nodes[node][0]: rank for node, rank in ranks.items()}
    found = everywhere(view.space, form) if cooperates and applies(form, view.space.scenario) else None
    if found is not None:
        exercised += _elsewhere(view, one, form, found, witnesses)
    return Decision(Outcome.VIOLATED if witnesses else Outcome.HOLDS, exercised, witnesses, numbered, found)


def _attractor(goals: list[int], helping: dict[int, list[int]], hindering: dict[int, list[int]]) -> dict[int, int]:
    """From where *goals* are reached by helping edges whichever hindering edges are taken, with the distances.

    Both are given backwards.  A node with hindering edges waits for all of them to lead to what has a distance: the
    attractor of a game (E. Grädel, W. Thomas, T. Wilke, "Automata, Logics, and Infinite Games", 2002, chapter 2).
    """
    left = Counter(node for before in hindering.values() for node in before)
    ranks = dict.fromkeys(goals, 0)
    helped: set[int] = set()
    layer, distance = goals, 0
    while layer:
        distance += 1
        touched: list[int] = []
        for node in layer:
            touched += helping.get(node, ())
            helped.update(helping.get(node, ()))
            for before in hindering.get(node, ()):
                left[before] -= 1
                touched.append(before)
        layer = []
        for node in touched:
            if node not in ranks and node in helped and not left[node]:
                ranks[node] = distance
                layer.append(node)
    return ranks


def _elsewhere(view: View, one: Property, form: Possible, found: Everywhere, witnesses: dict[Key, Witness]) -> int:
    """Adds the states from which the goal is not possible, reachable or not; how many were asked."""
    reachable = len(view.space.configurations)
    where = coordinates(view.lifecycle, one)
    meaning = Meaning(view.semantics)
    asked = 0
    for number in range(reachable, found.asked):
        place = found.space.configurations[number]
        if meaning.true(form.premise, Moment_(place, place)):
            asked += 1
            if number not in found.distances:
                told = key(view.past, where, place[0], NOTHING)
                known = witnesses.setdefault(told, Witness(0, number, [], space=found.space))
                known.count += 1
    return asked
