"""What is computed over arrays, against definitions word for word: of graphs, and of formulas."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.anatomy import Anatomy
from checks.certificate import closed_set
from checks.closed import Closed
from checks.graph.arrays import Backwards, attractor, closed_components, distances, parts, rounds
from checks.graph.everywhere import every_state
from checks.graph.product import Product
from checks.graph.view import View
from checks.meaning import Meaning, Moment
from checks.past import EVERYTHING, NOTHING, Past, Remembers
from checks.properties.catalogue import PROPERTIES, formulas
from checks.properties.formula import applicable, atoms
from model.explore import explore
from model.lifecycle import Lifecycle
from model.semantics import Semantics
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"
CASES = [("door", "sequential"), ("door", "crash"), ("door", "lost"), ("lamp", "sequential"), ("lamp", "outside")]
SIZE = 9
Edges = list[tuple[int, int]]
edges = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), max_size=24)
nodes = st.sets(st.integers(0, SIZE - 1))


def backwards(listed: Edges) -> Backwards:
    return Backwards(*columns(listed), SIZE)


def columns(listed: Edges) -> tuple[np.ndarray, np.ndarray]:
    made = np.array(listed, np.int64).reshape(-1, 2)
    return made[:, 0], made[:, 1]


@given(edges, edges, nodes)
def test_distances_count_the_costly_edges(costly: Edges, free: Edges, goals: set[int]) -> None:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(SIZE))
    graph.add_edges_from(((target, source) for source, target in costly), weight=1)
    graph.add_edges_from(((target, source) for source, target in free), weight=0)
    expected = nx.multi_source_dijkstra_path_length(graph, goals) if goals else {}
    found = distances(np.array(sorted(goals), np.int64), backwards(costly), backwards(free))
    assert found.tolist() == [expected.get(node, -1) for node in range(SIZE)]


@given(edges, edges, nodes)
def test_an_attractor_is_the_least_fixpoint(helping: Edges, hindering: Edges, goals: set[int]) -> None:
    won = set(goals)
    while more := {
        node
        for node in set(range(SIZE)) - won
        if any(source == node and target in won for source, target in helping)
        and all(target in won for source, target in hindering if source == node)
    }:
        won |= more
    found = attractor(np.array(sorted(goals), np.int64), backwards(helping), backwards(hindering))
    assert set(np.flatnonzero(found >= 0).tolist()) == won


@given(edges)
def test_components_are_those_of_the_definition(listed: Edges) -> None:
    graph = nx.DiGraph(listed)
    graph.add_nodes_from(range(SIZE))
    every = [sorted(one) for one in nx.strongly_connected_components(graph)]
    going_round = [one for one in every if len(one) > 1 or graph.has_edge(one[0], one[0])]
    closed = [one for one in every if all(to in one for node in one for to in graph[node])]
    assert [one.tolist() for one in rounds(*columns(listed), SIZE)] == sorted(going_round)
    assert [one.tolist() for one in closed_components(*columns(listed), np.arange(SIZE), SIZE)] == sorted(closed)


def test_parts_come_by_their_first() -> None:
    assert [(label, items.tolist()) for label, items in parts(np.array([3, 5, 8]), np.array([7, 2, 7]))] == [
        (7, [3, 8]),
        (2, [5]),
    ]


@cache
def view(name: str, scenario: str) -> View:
    lifecycle = read_tables(LIFECYCLES / name)
    return View(explore(Semantics(lifecycle), lifecycle.scenarios[scenario]), Anatomy(lifecycle))


def conditions(lifecycle: Lifecycle) -> list[object]:
    """Every formula of the properties and every atom of theirs that the lifecycle has words for."""
    whole = [formula for one in PROPERTIES for formula in formulas(one) if applicable(formula, lifecycle)]
    return list(dict.fromkeys([*whole, *(atom for formula in whole for atom in atoms(formula))]))


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_a_product_is_what_the_past_says_step_by_step(name: str, scenario: str) -> None:
    """Breadth first over plain pairs, a step at a time."""
    here = view(name, scenario)
    configurations, past = here.space.configurations, Past(here.lifecycle, EVERYTHING, scenario)
    order = {(0, NOTHING): 0}
    steps, todo = [], list(order)
    while todo:
        further = []
        for number, ghost in todo:
            for step, to in here.space.edges[number]:
                during = past.during(ghost, step, configurations[number][0], configurations[to][0])
                node = (to, past.settled(during, idle=not configurations[to][1]))
                if node not in order:
                    order[node] = len(order)
                    further.append(node)
                steps.append((order[number, ghost], step, order[node], during))
        todo = further
    product = Product(here, EVERYTHING)
    assert list(product) == list(order)
    listed = zip(product.source, product.step, product.target, product.during, strict=True)
    assert [(a, here.steps[step], b, product.ghosts[during]) for a, step, b, during in listed] == steps


@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_formulas_over_arrays_mean_the_same(name: str, scenario: str, *, steps: bool) -> None:
    here = view(name, scenario)
    product, meaning = Product(here, EVERYTHING), Meaning(here.semantics)
    moments = product.moments(steps=steps)
    places = here.space.configurations
    rows = zip(moments.before, moments.after, moments.step, moments.ghost, strict=True)
    plain = [
        Moment(places[before], places[after], here.steps[step] if steps else None, product.ghosts[ghost])
        for before, after, step, ghost in rows
    ]
    for formula in conditions(here.lifecycle):
        assert here.holds(formula, moments).tolist() == [meaning.true(formula, one) for one in plain], formula


@pytest.mark.parametrize("what", [Remembers(), EVERYTHING])
@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_only_the_whole_space_is_closed(name: str, scenario: str, what: Remembers) -> None:
    """Of what is reachable nothing can be left out: what lacks a cube lacks the start, or is left by some step."""
    product = Product(view(name, scenario), what)
    claimed = closed_set(product)

    def fault(groups: list[dict[str, object]]) -> str:
        where = product.view
        return Closed(where.semantics, where.space.scenario, {**claimed, "groups": groups}).fault

    groups = claimed["groups"]
    assert fault(groups) == ""
    for number in range(0, len(groups), 1 + len(groups) // 12):
        fewer = {**groups[number], "cubes": groups[number]["cubes"][1:]}
        assert fault([*groups[:number], fewer, *groups[number + 1 :]])


@pytest.mark.parametrize("name", ["door", "lamp"])
def test_a_space_goes_on_from_a_known_one_as_if_from_the_start(name: str) -> None:
    space = view(name, "sequential").space
    calm, starts = replace(space.scenario, fail=False), every_state(space.semantics.lifecycle)
    quick = explore(space.semantics, calm, starts, known=space)
    plain = explore(space.semantics, calm, [*space.configurations, *starts])
    assert (quick.configurations, quick.edges, quick.parents) == (plain.configurations, plain.edges, plain.parents)
