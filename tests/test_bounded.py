"""The lengths of counterexamples, by z3 and by the graph search; what z3 finds is an execution."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from checks import bounded
from checks.bounded import ENGINE, as_trace, comparable, shown_lengths, with_lengths
from checks.checker import Checker
from checks.keys import coordinates
from checks.properties.catalogue import PROPERTIES, asked, properties
from checks.properties.definition import Property
from checks.smt.bounded import TooMany, shortest
from checks.verdict import Outcome, Report, Verdict, fails
from checks.verify import verify
from model.explore import explore
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics
from model.tables_reader import read_tables

DOOR = Path(__file__).parent / "lifecycles" / "door"
BY_ID = {one.id: one for one in PROPERTIES}


@cache
def door() -> Lifecycle:
    return read_tables(DOOR)


@cache
def report() -> Report:
    return verify(door(), z3=False)


def lengths(most: int) -> dict[tuple[str, str], Verdict]:
    found = with_lengths(report(), door(), most)
    return {(verdict.property, verdict.scenario): verdict for verdict in found.verdicts}


def said(verdict: Verdict) -> str:
    (engine,) = [engine for engine in verdict.engines if engine.name == ENGINE]
    return engine.detail


def test_a_door_that_jams_is_found_after_six_steps_and_no_fewer() -> None:
    """Guard, request, cast, lock, a lamp that fails, jammed."""
    found = lengths(30)["rest", "sequential"]
    assert said(found).startswith("no execution of fewer than 6 steps violates it, and one of 6 does")
    assert not found.disagreement


def test_both_engines_find_the_same_lengths_in_every_scenario() -> None:
    found = lengths(30)
    unrolled = {where: verdict for where, verdict in found.items() if verdict.engines[-1].name == ENGINE}
    assert {scenario for _, scenario in unrolled} == {"sequential", "crash", "lost"}
    for verdict in unrolled.values():
        assert verdict.engines[-1].outcome is Outcome.VIOLATED
        assert not verdict.disagreement
        assert f"one of {min(shown_lengths(verdict).values())} does" in said(verdict)


def test_a_depth_that_is_too_small_says_so_and_is_no_difference() -> None:
    found = lengths(5)["rest", "sequential"]
    assert found.engines[-1].outcome is Outcome.UNDECIDED
    assert said(found) == "no execution of up to 5 steps violates it"
    assert not fails(replace(found, expected=None))


def test_every_way_of_violating_is_found_with_its_length() -> None:
    """A lost message leaves its task: each of the states in which that can be, as early as it can be."""
    lost = door().scenarios["lost"]
    (verdict,) = (one for one in report().verdicts if (one.property, one.scenario) == ("rest", "lost"))
    shown = {tuple(value for _, value in names): length for names, length in shown_lengths(verdict).items()}
    found: dict[tuple[str, ...], int] = {}
    for one, key, execution in shortest(door(), lost, [BY_ID["rest"]], 12):
        where = coordinates(door(), one)
        values = tuple(door().variables[variable].values[value] for variable, value in zip(where, key, strict=True))
        assert values not in found
        found[values] = len(execution.steps)
    assert found == shown
    assert len(found) > 3
    assert found["SHUT", "OPENING"] == 3


def test_behind_the_depth_for_each_key_only_the_shortest_is_looked_for() -> None:
    lost = door().scenarios["lost"]
    every = [len(execution.steps) for _, _, execution in shortest(door(), lost, [BY_ID["rest"]], 12)]
    some = [len(execution.steps) for _, _, execution in shortest(door(), lost, [BY_ID["rest"]], 12, each=3)]
    assert some == [length for length in every if length <= 3]
    first = [len(execution.steps) for _, _, execution in shortest(door(), lost, [BY_ID["rest"]], 12, each=1)]
    assert set(first) == {min(every)}


@pytest.mark.parametrize("property_id", ["rest", "terminates"])
def test_a_length_that_differs_fails(property_id: str) -> None:
    """A trace with a step more than needed: what the graph search would say if it were not breadth first."""
    (verdict,) = (one for one in report().verdicts if (one.property, one.scenario) == (property_id, "sequential"))
    longer = [{**trace, "steps": [*trace["steps"], trace["steps"][-1]]} for trace in verdict.evidence["traces"]]
    wrong = replace(verdict, evidence={**verdict.evidence, "traces": longer})
    (found,) = with_lengths(replace(report(), verdicts=(wrong,)), door(), 30).verdicts
    assert "z3 finds 6 steps, the graph search 7 steps" in found.disagreement
    assert fails(found)


@pytest.mark.parametrize("property_id", ["terminates", "recovers"])
def test_where_recovery_still_runs_z3_counts_to_its_end(property_id: str) -> None:
    """What is shown ends no later; were it longer than the execution to its end, it would not be the shortest."""
    verdict = next(one for one in report().verdicts if (one.property, one.scenario) == (property_id, "crash"))
    (found,) = with_lengths(replace(report(), verdicts=(verdict,)), door(), 30).verdicts
    assert "where the one shown ends as soon as nothing can avert it" in said(found)
    assert not found.disagreement
    (end,) = {int(word) for word in said(found).split(" and one of ")[1].split()[:1]}
    longer = [
        {**trace, "steps": [*trace["steps"], *trace["steps"][-1:] * (end + 1)]} for trace in verdict.evidence["traces"]
    ]
    wrong = replace(verdict, evidence={**verdict.evidence, "traces": longer})
    (found,) = with_lengths(replace(report(), verdicts=(wrong,)), door(), 40).verdicts
    assert "steps to the end, the graph search" in found.disagreement
    without = {**verdict.evidence, "traces": verdict.evidence["traces"][:0]}
    (found,) = with_lengths(replace(report(), verdicts=(replace(verdict, evidence=without),)), door(), 30).verdicts
    assert found.engines == verdict.engines  # nothing is shown: there is no length to compare


def test_a_way_that_the_graph_search_leaves_out_fails() -> None:
    (verdict,) = (one for one in report().verdicts if (one.property, one.scenario) == ("rest", "lost"))
    without = {**verdict.evidence, "traces": verdict.evidence["traces"][1:]}
    (found,) = with_lengths(replace(report(), verdicts=(replace(verdict, evidence=without),)), door(), 30).verdicts
    assert "the graph search none" in found.disagreement


def test_a_counterexample_that_z3_does_not_find_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "shortest", lambda *_: iter(()))
    found = lengths(30)["rest", "sequential"]
    assert "z3 finds none, the graph search 6 steps" in found.disagreement


def test_an_execution_that_the_tables_do_not_allow_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    def forged(*arguments: object) -> object:
        for one, key, execution in shortest(*arguments):  # type: ignore[arg-type]
            row, _, standing = execution.steps[-1]
            yield one, key, replace(execution, steps=(*execution.steps[:-1], (row, door().initial, standing)))

    monkeypatch.setattr(bounded, "shortest", forged)
    assert "what z3 found is refuted" in lengths(30)["rest", "sequential"].disagreement


def _brute(one: Property, scenario: Scenario) -> int:
    """The length of the shortest execution that violates *one*, by looking at one after the other."""
    checker = Checker(Semantics(door()), scenario)
    space = explore(checker.semantics, scenario)
    plain = [
        [list(record), [[c.point, c.memory, c.dirty] for c in (space.semantics.controls[n] for n in inflight)]]
        for record, inflight in space.configurations
    ]
    start = [list(door().initial), []]
    layer: list[tuple[int, list[list[object]]]] = [(0, [])]
    for length in range(1, 20):
        onward = []
        for node, way in layer:
            for step, to in space.edges[node]:
                steps = [*way, [step.row, *plain[to]]]
                if not checker.faults_of_trace({"start": start, "steps": steps}, one):
                    return length
                onward.append((to, steps))
        layer = list({node: (node, way) for node, way in onward}.values())
    raise AssertionError(one.id)


@pytest.mark.parametrize("scenario", ["sequential", "lost"])
def test_the_length_is_that_of_the_shortest_of_all_executions(scenario: str) -> None:
    where = door().scenarios[scenario]
    one, _, execution = next(shortest(door(), where, [BY_ID["rest"]], 20))
    assert one.id == "rest"
    assert len(execution.steps) == _brute(one, where)
    assert Checker(Semantics(door()), where).faults_of_trace(as_trace(door(), execution, one), one) == []


def test_nothing_is_found_of_what_holds() -> None:
    calm = door().scenarios["calm"]
    every = [one for one in properties(door()) if asked(one, calm) and comparable(one)]
    assert len(every) > 3
    assert list(shortest(door(), calm, every, 12)) == []


def test_more_processes_than_there_are_slots_for_are_not_overlooked() -> None:
    pair = door().scenarios["pair"]
    with pytest.raises(TooMany):
        list(shortest(door(), pair, [BY_ID["final"]], 6, slots=1))
    assert list(shortest(door(), pair, [BY_ID["final"]], 6, slots=2)) == []
