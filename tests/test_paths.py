"""Paths are real, shortest, counted, and their absence has a reason."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest

from model.explore import Space, explore
from model.lifecycle import Lifecycle
from model.network import Network, network_of
from model.paths import Question, Search
from model.semantics import Semantics
from model.state import parse_pattern


@pytest.fixture(scope="module")
def space(door: Lifecycle) -> Space:
    return explore(Semantics(door), door.scenarios["crash"])


@pytest.fixture(scope="module")
def network(space: Space) -> Network:
    return network_of(space)


def ask(door: Lifecycle, source: str | None, target: str, **rest: object) -> Question:
    return Question(
        None if source is None else parse_pattern(door, source),
        parse_pattern(door, target),
        **rest,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [("shut/none", "open/none"), ("shut/none", "jammed"), ("open", "jammed/removing"), ("shut/opening", "jammed/none")],
)
def test_length_and_count_agree_with_networkx(door: Lifecycle, network: Network, source: str, target: str) -> None:
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.states)))
    for number, leaving in enumerate(network.leaving):
        for arrow in leaving:
            graph.add_edge(number, arrow.target)
    search = Search(door, network, ask(door, source, target))
    starts = search.starts
    goals = [n for n in range(len(network.states)) if search.is_goal(n)]
    for start in starts:
        graph.add_edge("start", start)
    lengths = nx.single_source_shortest_path_length(graph, "start")
    nearest = min(lengths.get(goal, 10**9) for goal in goals)
    answer = search.answer(3)
    if nearest == 10**9:
        assert answer.reason
        return
    assert answer.length == nearest - 1
    count = 0
    for goal in goals:
        if lengths.get(goal) == nearest:
            for nodes in nx.all_shortest_paths(nx.DiGraph(graph), "start", goal):
                ways = 1
                for before, after in pairwise(nodes[1:]):
                    ways *= graph.number_of_edges(before, after)
                count += ways
    assert answer.count == count
    assert len(answer.paths[0].steps) == answer.length


def test_every_step_of_a_path_is_a_step_of_some_configuration(door: Lifecycle, network: Network) -> None:
    answer = Search(door, network, ask(door, "shut/none", "jammed/none")).answer(10)
    assert len(answer.paths) > 1
    steps = {
        (network.states[number], arrow.row, network.states[arrow.target])
        for number, leaving in enumerate(network.leaving)
        for arrow in leaving
    }
    for path in answer.paths:
        before = path.start
        for step in path.steps:
            assert (before, step.row, step.state) in steps
            before = step.state
    lengths = [len(path.steps) for path in answer.paths]
    assert lengths == sorted(lengths)
    assert len(set(answer.paths)) == len(answer.paths)


def test_avoiding_via_and_kinds(door: Lifecycle, network: Network) -> None:
    avoided = Search(door, network, ask(door, "shut/none", "open", avoid=(parse_pattern(door, "*/opening"),))).answer(1)
    assert avoided.paths == ()
    assert "avoid" in str(avoided.reason)
    via = Search(door, network, ask(door, "shut/none", "jammed/none", via=("recover",))).answer(1)
    assert any(step.operation == "recover" for step in via.paths[0].steps)
    kinds = Search(door, network, ask(door, "shut/none", "jammed", kinds=frozenset({"request", "step"}))).answer(1)
    assert "another kind" in str(kinds.reason)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("open/opening", "open/none", "ever reaches the state to start from"),
        ("shut/none", "open/opening", "ever reaches the state to go to"),
        ("open/none", "shut/none", "nothing leads from there"),
    ],
)
def test_no_path_has_a_reason(door: Lifecycle, network: Network, source: str, target: str, words: str) -> None:
    answer = Search(door, network, ask(door, source, target)).answer(1)
    assert answer.paths == ()
    assert words in str(answer.reason)
