"""Where executions of several processes may stay: over arrays, and by the graph search one configuration at a time."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.anatomy import Anatomy
from checks.concurrency.abstraction import abstracted_still
from checks.concurrency.components import components
from checks.concurrency.decide import decide_together
from checks.concurrency.exact import explore
from checks.concurrency.judge import Judge, Moments
from checks.concurrency.leaves import Staying, staying
from checks.concurrency.stays import decide_leaving
from checks.graph.product import Product, remembers
from checks.graph.search import decide
from checks.graph.view import View
from checks.properties.catalogue import formulas, properties
from checks.properties.definition import Leaves, Property
from checks.properties.formula import Quiet, both, roles
from model import explore as scalar
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics


def terminates(lifecycle: Lifecycle) -> Property:
    return next(one for one in properties(lifecycle) if one.id == "terminates")


def by_search(lifecycle: Lifecycle, scenario: Scenario) -> tuple[int, set[tuple[str, ...]]]:
    """How many configurations are in the region, and the states in which executions may come to rest there."""
    one = terminates(lifecycle)
    space = scalar.explore(Semantics(lifecycle), scenario)
    view = View(space, Anatomy(lifecycle))
    found = decide(view, Product(view, remembers(formulas(one))), one)
    resting = {key for key, witness in found.witnesses.items() if witness.cycle == len(witness.path)}
    return found.exercised, {tuple(map(str, key)) for key in resting}


def over_arrays(lifecycle: Lifecycle, scenario: Scenario) -> tuple[Staying, set[tuple[str, ...]]]:
    one = terminates(lifecycle)
    assert isinstance(one.form, Leaves)
    asked = both(one.form.region, Quiet())
    automaton = abstracted_still(lifecycle, scenario, asked, ())
    explored = explore(automaton, scenario.processes or 1)
    judge = Judge(lifecycle, automaton, explored.relation.records, asked)
    every = np.arange(len(explored.relation.records), dtype=np.int64)
    moments = Moments(every, every, every >= 0, every < 0, np.zeros(len(every), np.int64))
    stay = staying(explored, judge.holds(one.form.region, moments), judge.holds(Quiet(), moments))
    records = stay.resting >> (explored.packing.bits * explored.packing.slots)
    columns = [judge.column(roles(lifecycle)[role])[records] for role in one.key]  # type: ignore[index]
    return stay, {tuple(map(str, key)) for key in np.array(columns).T.tolist()}


@pytest.mark.parametrize("name", ["sequential", "calm", "crash", "lost"])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_both_find_where_the_door_may_stay(door: Lifecycle, name: str, processes: int) -> None:
    scenario = replace(door.scenarios[name], processes=processes)
    inside, expected = by_search(door, scenario)
    stay, found = over_arrays(door, scenario)
    assert found == expected
    assert 0 < stay.inside <= inside


def test_both_find_where_an_instance_may_stay(nova: Lifecycle) -> None:
    for name in ("sequential", "lost"):
        inside, expected = by_search(nova, nova.scenarios[name])
        stay, found = over_arrays(nova, nova.scenarios[name])
        assert found == expected
        assert 0 < stay.inside <= inside


def test_no_way_of_staying_counts_without_an_execution(door: Lifecycle) -> None:
    scenario = replace(door.scenarios["lost"], processes=2)
    _, expected = by_search(door, scenario)
    rest = next(one for one in properties(door) if one.id == "rest")
    semantics = Semantics(door)
    known = decide_together(semantics, scenario, [rest], 2)[0]
    assert known.violations
    decision = decide_leaving(semantics, scenario, terminates(door), 2, replace(known, violations=()))
    assert expected
    assert decision.holds is None
    assert not decision.violations
    assert len(decision.unconfirmed) >= len(expected)
    decision = decide_leaving(semantics, scenario, terminates(door), 2, known)
    assert decision.holds is False
    assert len(decision.violations) == len(expected)
    ruled_out = replace(known, violations=(), impossible=tuple(each.key for each in decision.violations))
    decision = decide_leaving(semantics, scenario, terminates(door), 2, ruled_out)
    assert len(decision.impossible) == len(expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12).flatmap(lambda size: st.tuples(st.just(size), st.lists(
    st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=30))))  # fmt: skip
def test_components_are_those_of_networkx(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    size, edges = drawn
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(edges)
    ordered = sorted(edges)
    heads = np.searchsorted([source for source, _ in ordered], np.arange(size + 1)).astype(np.int64)
    found = components(heads, np.array([target for _, target in ordered], np.int32))
    members = {frozenset(np.flatnonzero(found == number).tolist()) for number in set(found.tolist())}
    assert members == set(map(frozenset, nx.strongly_connected_components(graph)))
    assert all(found[source] >= found[target] for source, target in edges)
