"""The state space: all states, honest edges, one projection."""

from __future__ import annotations

import networkx as nx
import pytest

from model.explore import explore
from model.graph import state_graph
from model.lifecycle import Lifecycle
from model.network import build_network
from model.semantics import Semantics
from model.space import build_space
from model.state import parse_state, state_name


@pytest.fixture(scope="module")
def graph(nova: Lifecycle) -> nx.MultiDiGraph:
    return state_graph(nova)


def test_every_state_is_a_node(graph: nx.MultiDiGraph) -> None:
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.number_of_nodes() == 12 * 43 * 6


def test_nodes_and_edges_say_what_the_issue_asks(graph: nx.MultiDiGraph, nova: Lifecycle) -> None:
    node = graph.nodes["ACTIVE/None/RUNNING"]
    assert node == {"reachable": True, "resting": True, "status": "ACTIVE", "group": "stable"}
    assert graph.nodes["ACTIVE/POWERING_OFF/RUNNING"]["group"] == "transitional"
    assert graph.nodes["DELETED/None/NOSTATE"]["group"] == "terminal"
    assert not graph.nodes["RESCUED/SCHEDULING/CRASHED"]["reachable"]
    for _, _, attributes in graph.edges(data=True):
        assert attributes["rows"]
        assert all(row in nova.rows for row in attributes["rows"])
        assert attributes["kind"] in {"request", "step", "failure"}
        assert attributes["actors"]


def test_taken_edges_join_reachable_states(graph: nx.MultiDiGraph) -> None:
    for source, target, attributes in graph.edges(data=True):
        if attributes["taken"]:
            assert graph.nodes[source]["reachable"]
            assert graph.nodes[target]["reachable"]


def test_a_stop_is_there_by_its_rows(graph: nx.MultiDiGraph) -> None:
    request = list(graph["ACTIVE/None/RUNNING"]["ACTIVE/POWERING_OFF/RUNNING"].values())
    assert any("stop/force_stop/request" in edge["rows"] and edge["kind"] == "request" for edge in request)
    done = list(graph["ACTIVE/POWERING_OFF/RUNNING"]["STOPPED/None/SHUTDOWN"].values())
    assert any("stop/stop_instance/stopped" in edge["rows"] for edge in done)


def test_unreachable_states_have_edges_of_what_the_rows_would_do(graph: nx.MultiDiGraph) -> None:
    assert not graph.nodes["RESCUED/None/CRASHED"]["reachable"]
    assert graph.out_degree("RESCUED/None/CRASHED") > 0


def test_the_projection_is_that_of_the_exact_space(nova: Lifecycle) -> None:
    space = build_space(nova)
    exact = explore(Semantics(nova), nova.scenarios["sequential"])
    assert space.configurations == len(exact.configurations)
    assert space.steps == sum(len(leaving) for leaving in exact.edges)
    network = build_network(nova)
    assert {
        state for state, gone in zip(network.states, network.gone, strict=True) if state and not gone
    } == space.reached


def test_a_second_lifecycle_needs_no_code(door: Lifecycle) -> None:
    graph = state_graph(door)
    assert graph.number_of_nodes() == 3 * 3 * 2
    assert graph.nodes["OPEN/None/LIT"]["resting"]
    assert state_name(door, parse_state(door, "open/none/lit")) == "OPEN/None/LIT"
