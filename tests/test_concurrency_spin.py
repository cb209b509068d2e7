"""Spin counts the same states and steps on the exported model, and finds the same invariants violated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.spin import spin
from checks.concurrency.automaton import END, Automaton, Move, Origin, Place
from checks.concurrency.decide import joined
from checks.concurrency.exact import explore
from checks.concurrency.seen import Seen, violations
from checks.export.promela import configuration, promela
from checks.export.scenario import exportable, scenario_automaton, scenario_model
from checks.properties.catalogue import properties
from model.tables_reader import read_tables

VALUES = {"task": ("free", "busy"), "phase": ("new", "up", "down")}


def machine(*, careful: bool) -> Automaton:
    """Two kinds of processes that take ``task``; a careless one does not look whether it still has it."""
    free, busy = frozenset({0}), frozenset({1})
    finish = ((0, busy),) if careful else ()
    take = Move(((0, free),), ((0, 1),), 1, False, ("a/take",))
    refused = Move(((0, busy),), (), END, False, ("a/no",))
    up = Move(finish, ((0, 0), (1, 1)), END, False, ("a/up",))
    hand_over = Move((), (), 2, False, ("a/wait",))
    lock = Move((), (), 3, True, ("b/lock",))
    down = Move((), ((0, 0), (1, 2)), END, False, ("b/down",))
    lost = Move((), (), END, False, ("b/lost",))
    places = (
        Place((take, refused), False, None, ()),
        Place((up, hand_over), False, None, ()),
        Place((lock,), False, None, ()),
        Place((down, lost), True, None, (), 1),
    )
    origins = (
        Origin(((0, free),), (), 0, False, ("a/guard",)),
        Origin(((1, frozenset({1})),), (), 2, False, ("b/guard",)),
    )
    return Automaton(("task", "phase"), (2, 3), (0, 0), places, origins, (), None)


def test_names_cannot_break_out_of_a_comment() -> None:
    model = promela(machine(careful=True), 1, {**VALUES, "task": ("*/ assert(0); /*", "x\n")}, {})
    assert "assert(0)" not in model


@pytest.mark.spin
@pytest.mark.parametrize("bound", [1, 2, 3])
@pytest.mark.parametrize("careful", [True, False])
def test_spin_counts_the_same(*, bound: int, careful: bool, tmp_path: Path) -> None:
    automaton = machine(careful=careful)
    bad = {
        "rest": configuration(automaton.names, (((0, frozenset({1})),),), idle=True, marked=False),
        "alone": configuration(automaton.names, (((0, frozenset({1})),),), idle=False, marked=True),
    }
    explored = explore(automaton, bound, ordered=True)
    record, places = explored.packing.unpack(np.concatenate(explored.levels))
    busy = explored.relation.records.values[0, record] == 1
    idle = np.all([stands == explored.relation.empty for stands in places], axis=0)
    marked = np.any([stands == 3 for stands in places], axis=0)
    for name, violated in (("rest", (busy & idle).any()), ("alone", (busy & marked).any())):
        folder = tmp_path / name
        folder.mkdir()
        counted = spin(promela(automaton, bound, VALUES, {name: bad[name]}), folder)
        assert (counted.states, counted.transitions) == (explored.states, explored.transitions)
        assert (counted.errors > 0) == bool(violated)


#: Small lifecycles and their scenarios: crashes with and without patience, lost messages, an administrator.
SCENARIOS = [
    ("door", "crash"),
    ("door", "lost"),
    ("door", "pair"),
    ("lamp", "outside"),
    ("volume", "crash"),
    ("volume", "admin"),
]


@pytest.mark.spin
@pytest.mark.parametrize("bound", [1, 2])
@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_spin_counts_the_same_in_a_scenario(*, name: str, scenario: str, bound: int, tmp_path: Path) -> None:
    lifecycle = read_tables(Path(__file__).parent / "lifecycles" / name)
    explored = explore(scenario_automaton(lifecycle, scenario), bound, ordered=True)
    counted = spin(scenario_model(lifecycle, scenario, (), bound), tmp_path)
    assert (counted.states, counted.errors) == (explored.states, 0)
    assert explored.states > bound


@pytest.mark.spin
@pytest.mark.parametrize("bound", [1, 2])
@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_spin_reaches_the_same_verdict_in_a_scenario(*, name: str, scenario: str, bound: int, tmp_path: Path) -> None:
    lifecycle = read_tables(Path(__file__).parent / "lifecycles" / name)
    asked = [one for one in properties(lifecycle) if one.id in ("rest", "exclusive") and exportable(one)]
    assert asked
    for one in asked:
        explored = explore(scenario_automaton(lifecycle, scenario, (one,)), bound)
        seen = Seen(lifecycle, explored, one, joined(one))
        folder = tmp_path / one.id
        folder.mkdir()
        counted = spin(scenario_model(lifecycle, scenario, (one,), bound), folder)
        assert (counted.errors > 0) == bool(violations([seen])[0])
