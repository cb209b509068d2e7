"""Forged evidence is refused: real evidence of small lifecycles, changed so that it claims what is not so.

Where a change makes no forgery, the test says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.anatomy import Anatomy
from checks.certificate import Certificates, closed_set
from checks.checker import Checker
from checks.closed import FORGETS, Closed
from checks.concurrency.automaton import assemble
from checks.concurrency.certificate import faults_of_pairs
from checks.graph.product import Product, Remembers, remembers
from checks.graph.search import decide
from checks.graph.view import View
from checks.past import NOTHING
from checks.properties.catalogue import PROPERTIES, asked, formulas, properties
from checks.properties.definition import Always, Leaves, OfTables, Possible, Property
from checks.ranks import ranks
from checks.verdict import Outcome
from checks.verify import verify
from model.explore import explore
from model.lifecycle import Lifecycle, Scenario
from model.program import FINISHED, Call, Choose, Entry, Save
from model.semantics import Semantics
from model.tables_reader import read_tables

LIFECYCLES = Path(__file__).parent / "lifecycles"
BY_ID = {one.id: one for one in PROPERTIES}
Trace = Mapping[str, Any]
few = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@cache
def lifecycle_of(name: str) -> Lifecycle:
    return silent() if name == "silent" else read_tables(LIFECYCLES / name)


def silent() -> Lifecycle:
    """A door that opens where opening it fails, and keeps its task."""
    door = lifecycle_of("door")
    made = tuple(
        replace(one, writes=((0, 1),)) if isinstance(one, Save) and one.row.startswith("policies/jams") else one
        for one in door.instructions
    )
    return replace(door, instructions=made)


@cache
def checker_of(name: str, scenario: str) -> Checker:
    lifecycle = lifecycle_of(name)
    return Checker(Semantics(lifecycle), lifecycle.scenarios[scenario])


@cache
def traces() -> list[tuple[Checker, Property, Trace]]:
    """Every trace of the door, one of what a failed operation leaves, and some from states out of context."""
    found: list[tuple[Checker, Property, Trace]] = []
    for name, scenario, wanted, most in (
        ("door", None, None, 99),
        ("volume", "calm", ["deletable"], 2),
        ("silent", "sequential", ["fails-visibly"], 1),
    ):
        for verdict in verify(lifecycle_of(name), scenario and [scenario], wanted, z3=False).verdicts:
            shown = verdict.evidence.get("traces", ())[:most]
            found += [(checker_of(name, verdict.scenario), BY_ID[verdict.property], trace) for trace in shown]
    return found


def product_of(lifecycle: Lifecycle, scenario: Scenario, one: Property, what: Remembers | None = None) -> Product:
    view = View(explore(Semantics(lifecycle), scenario), Anatomy(lifecycle))
    return Product(view, remembers(formulas(one)) if what is None else what)


def refused(product: Product, one: Property, evidence: Mapping[str, Any]) -> list[str]:
    return Closed(product.view.semantics, product.view.space.scenario, evidence).faults(one, evidence)


# -- traces -----------------------------------------------------------------------------------------------------------


def test_the_real_traces_are_accepted() -> None:
    kinds = {type(one.form) for _, one, _ in traces()}
    assert kinds == {Always, Leaves, Possible}
    assert any(trace["anywhere"] for _, _, trace in traces())
    assert any("operation" in trace["key"] for _, _, trace in traces())
    assert [faults for checker, one, trace in traces() if (faults := checker.faults_of_trace(trace, one))] == []


def cut(one: Property, trace: Trace, first: int, last: int) -> Trace:
    """*trace* from step *first* on to *last*, with the claim to stay at its end where that is asked."""
    start = trace["start"] if first == 0 else trace["steps"][first - 1][1:]
    cycle = last - first if isinstance(one.form, Leaves) else None
    return {**trace, "start": start, "steps": trace["steps"][first:last], "cycle": cycle}


@few
@given(st.data())
def test_a_trace_that_lacks_its_beginning_a_step_or_its_end_is_refused(data: st.DataObject) -> None:
    """Each trace is the shortest of its key: no part of it, but the whole, shows what the key says.

    One that shows where executions stay ends where all is at rest: what stays there stays from where its task is on.
    """
    checker, one, trace = data.draw(st.sampled_from([each for each in traces() if each[2]["steps"]]))
    count = whole = len(trace["steps"])
    if isinstance(one.form, Leaves):
        lock = checker.semantics.lifecycle.compare_variable
        others = [number for number, (_, record, _) in enumerate(trace["steps"], 1) if not record[lock]]
        whole = max(others, default=0) + 1
    assert checker.faults_of_trace(cut(one, trace, 0, data.draw(st.integers(0, whole - 1))), one)
    late = data.draw(st.integers(1, count))
    assert "it does not start at the start" in checker.faults_of_trace(cut(one, trace, late, count), one)
    gap = data.draw(st.integers(0, count - (2 if isinstance(one.form, Leaves) else 1)))
    gone = {**trace, "steps": [*trace["steps"][:gap], *trace["steps"][gap + 1 :]]}
    assert checker.faults_of_trace({**gone, "cycle": cut(one, trace, 1, count)["cycle"]}, one)


@few
@given(st.data())
def test_a_trace_with_another_row_record_or_process_is_refused(data: st.DataObject) -> None:
    checker, one, trace = data.draw(st.sampled_from([each for each in traces() if each[2]["steps"]]))
    number = data.draw(st.integers(0, len(trace["steps"]) - 1))
    row, record, inflight = trace["steps"][number]
    variables = checker.semantics.lifecycle.variables
    column = data.draw(st.integers(0, len(record) - 1))
    value = data.draw(st.sampled_from([v for v in range(-1, len(variables[column].values) + 1) if v != record[column]]))
    others = sorted(set(checker.semantics.lifecycle.rows) - {row})
    for forged in (
        [data.draw(st.sampled_from(others)), record, inflight],
        [row, [*record[:column], value, *record[column + 1 :]], inflight],
        [row, record, inflight[1:] if inflight else [[0, [], []]]],
    ):
        steps = [*trace["steps"][:number], forged, *trace["steps"][number + 1 :]]
        assert checker.faults_of_trace({**trace, "steps": steps}, one), forged


def test_a_key_that_the_trace_does_not_end_in_is_refused() -> None:
    """Another value, another operation accused, a name too many or, where all variables are known, one too few."""
    wrong = ["its key is not that of its violation"]
    for checker, one, trace in traces():
        lifecycle, key = checker.semantics.lifecycle, trace["key"]
        for name in key:
            legal = lifecycle.operations if name == "operation" else lifecycle.variables[lifecycle.index(name)].values
            for other in set(legal) - {key[name]}:
                assert checker.faults_of_trace({**trace, "key": {**key, name: other}}, one) == wrong
            fewer = {each: key[each] for each in key if each != name}
            assert checker.faults_of_trace({**trace, "key": fewer}, one) == wrong
        assert checker.faults_of_trace({**trace, "key": {**key, "colour": "red"}}, one) == wrong


def test_several_requests_are_told_apart_by_the_row_of_the_step() -> None:
    """A step that violates is accused by its row, when it is the last one of the trace."""
    checker, one, trace = next(each for each in traces() if "operation" in each[2]["key"])
    last = trace["steps"][-1][0]
    assert checker.faults_of_trace({**trace, "key": {"row": last}}, one) == []
    for row in set(checker.semantics.lifecycle.rows) - {last}:
        assert checker.faults_of_trace({**trace, "key": {"row": row}}, one) == ["its key is not that of its violation"]


def test_what_must_be_left_needs_a_place_to_stay() -> None:
    """The reviewer's case: a trace of `terminates` in the middle of a task, which says nothing of staying."""
    of_end = [each for each in traces() if isinstance(each[1].form, Leaves)]
    assert of_end
    for checker, one, trace in of_end:
        count = len(trace["steps"])
        assert checker.faults_of_trace({**trace, "cycle": None}, one) == ["it does not say where it stays"]
        for cycle in (-1, count + 1, "0", None if count == 1 else count - 1):
            assert checker.faults_of_trace({**trace, "cycle": cycle}, one), cycle


def test_only_what_is_asked_of_staying_may_claim_to_stay() -> None:
    checker, one, trace = next(each for each in traces() if isinstance(each[1].form, Always))
    claim = {**trace, "cycle": len(trace["steps"])}
    assert checker.faults_of_trace(claim, one) == ["it claims to stay, which nobody asks"]


def test_a_task_in_the_middle_need_not_stay() -> None:
    checker = checker_of("door", "calm")
    trace = _run(checker, ["open/guard", "open/press/request"])
    key = {"position": "SHUT", "motion": "OPENING"}
    faults = checker.faults_of_trace({**trace, "cycle": 2, "key": key}, BY_ID["terminates"])
    assert faults == ["it need not stay where it claims to stay"]


def test_a_state_out_of_context_is_taken_only_where_all_states_are_asked() -> None:
    door = lifecycle_of("door")
    jammed = [[2, 1, *door.initial[2:]], []]
    for scenario in door.scenarios.values():
        checker = Checker(Semantics(door), scenario)
        for one in properties(door):
            if not isinstance(one.form, OfTables):
                trace = {"start": jammed, "steps": [], "cycle": 0 if isinstance(one.form, Leaves) else None}
                assert checker.faults_of_trace({**trace, "anywhere": True}, one), (one.id, scenario.name)
    (checker, one, trace) = next(each for each in traces() if each[2]["anywhere"])
    assert checker.faults_of_trace({**trace, "anywhere": False}, one) == ["it does not start at the start"]
    record, _ = trace["start"]
    odd = {**trace, "start": [[*record[:-1], record[-1] ^ 1], []]}
    assert "it does not start at the start" in checker.faults_of_trace(odd, one)
    worse = replace(checker.scenario, crash=True)
    assert Checker(checker.semantics, worse).faults_of_trace(trace, one)


def test_no_trace_shows_what_is_asked_of_the_tables() -> None:
    checker, _, trace = traces()[0]
    for one in properties(checker.semantics.lifecycle):
        if isinstance(one.form, OfTables):
            assert "it does not end in a violation" in checker.faults_of_trace(trace, one)


def test_what_z3_says_of_a_violation_is_that_there_is_no_other() -> None:
    """It takes no trace itself, and says so."""
    (found,) = verify(lifecycle_of("door"), ["sequential"], ["rest"]).verdicts
    (said,) = [engine.detail for engine in found.engines if engine.name == "z3"]
    assert said.startswith("no violation but those listed")
    assert said.endswith("is shown by its trace, which the checker replays")
    (found,) = verify(lifecycle_of("door"), ["calm"], ["rest"]).verdicts
    assert not any("trace" in engine.detail for engine in found.engines)


# -- executions that go round -----------------------------------------------------------------------------------------


def _run(checker: Checker, rows: list[str]) -> dict[str, Any]:
    """The execution that takes *rows*; the first where one may be taken in several ways."""
    semantics = checker.semantics
    place = (semantics.lifecycle.initial, ())
    steps = []
    for row in rows:
        place = next(to for _, to in checker.steps(place, row))
        controls = [semantics.controls[number] for number in place[1]]
        steps.append([row, list(place[0]), [[each.point, each.memory, each.dirty] for each in controls]])
    return {"start": [list(semantics.lifecycle.initial), []], "steps": steps}


def going_round(service: str = "motor") -> Lifecycle:
    """A door whose lamp is switched on again and again."""
    door = lifecycle_of("door")
    made = tuple(
        replace(one, next=number, service=service, raised=tuple((name, number) for name, _ in one.raised))
        if isinstance(one, Call) and one.row == "open/turn/lamp_on"
        else one
        for number, one in enumerate(door.instructions)
    )
    return replace(door, instructions=made)


OPENS = ["open/guard", "open/press/request", "open/press/cast"]
KEY = {"position": "SHUT", "motion": "OPENING"}


def _round(lifecycle: Lifecycle, scenario: Scenario, before: list[str], again: list[str]) -> list[str]:
    checker = Checker(Semantics(lifecycle), scenario)
    trace = _run(checker, [*before, *again])
    return checker.faults_of_trace({**trace, "key": KEY, "cycle": len(before)}, BY_ID["terminates"])


@pytest.fixture
def alone() -> Scenario:
    return replace(lifecycle_of("door").scenarios["sequential"], fail=False)


def turns(lifecycle: Lifecycle) -> list[str]:
    """The rows by which the motor gets to its lamp."""
    checker = Checker(Semantics(lifecycle), lifecycle.scenarios["calm"])
    place, rows = (lifecycle.initial, ()), []
    while "open/turn/lamp_on" not in rows:
        step, place = next(each for each in checker.steps(place) if not rows or each[0].process >= 0)
        rows.append("open/guard" if not rows else step.row)
        if len(rows) == 1:
            place = next(to for _, to in checker.steps((lifecycle.initial, ()), "open/guard"))
    return rows


def test_a_process_that_goes_round_is_a_violation_and_found(alone: Scenario) -> None:
    lifecycle = going_round()
    assert _round(lifecycle, alone, turns(lifecycle), ["open/turn/lamp_on"]) == []
    (found,) = verify(lifecycle, ["calm"], ["terminates"], z3=False).verdicts
    assert (found.outcome, found.checked) == (Outcome.VIOLATED, True)


def test_a_process_that_may_choose_to_go_round_is_found_going_round() -> None:
    """It need not stay, since it may choose to go on: what is shown is a real round."""
    door = lifecycle_of("door")
    at, call = next((n, one) for n, one in enumerate(door.instructions) if one.row == "open/turn/lamp_on")
    assert isinstance(call, Call)
    made = list(door.instructions)
    choice = (("again", at), ("on", call.next))
    made.append(Choose(call.row, call.operation, call.service, call.holds, call.killed, choice))
    made[at] = replace(call, next=len(made) - 1)
    (found,) = verify(replace(door, instructions=tuple(made)), ["calm"], ["terminates"], z3=False).verdicts
    assert (found.outcome, found.checked) == (Outcome.VIOLATED, True)
    assert [len(trace["steps"]) - trace["cycle"] for trace in found.evidence["traces"]] == [1]


def test_a_round_that_leaves_out_a_process_is_refused(alone: Scenario) -> None:
    """The other process, which removes the door, may go on all the time."""
    lifecycle, two = going_round(), replace(alone, processes=2)
    before = turns(lifecycle)
    assert _round(lifecycle, two, before, ["open/turn/lamp_on"]) == []
    faults = _round(lifecycle, two, [*before, "remove/guard"], ["open/turn/lamp_on"])
    assert faults == ["its cycle leaves out what fairness forces"]


def test_a_round_that_leaves_out_a_recovery_is_refused() -> None:
    lifecycle = going_round("panel")
    crash = lifecycle.scenarios["crash"]
    before = turns(lifecycle)
    assert _round(lifecycle, crash, before, ["open/turn/lamp_on"]) == []
    faults = _round(lifecycle, crash, [*before, "crash/motor"], ["open/turn/lamp_on"])
    assert faults == ["its cycle leaves out what fairness forces"]


def test_a_round_that_leaves_out_a_periodic_task_is_refused(alone: Scenario) -> None:
    """It is not full, so that the task may run; a round in which it runs, and does nothing, is one."""
    lifecycle = sweeping(going_round(), ((), ()))
    two = replace(alone, processes=2, kinds=alone.kinds | {"periodic"})
    before = turns(lifecycle)
    faults = _round(lifecycle, two, before, ["open/turn/lamp_on"])
    assert faults == ["its cycle leaves out what fairness forces"]
    assert _round(lifecycle, two, before, ["open/turn/lamp_on", "open/sweep"]) == []


def test_a_round_that_fails_each_time_is_refused() -> None:
    """Steps fail only finitely often: what is tried again succeeds in the end."""
    lifecycle = going_round()
    made = tuple(
        replace(one, next=lifecycle_of("door").instructions[number].next)  # type: ignore[union-attr, call-arg]
        if one.row == "open/turn/lamp_on"
        else one
        for number, one in enumerate(lifecycle.instructions)
    )
    lifecycle = replace(lifecycle, instructions=made)
    before = turns(going_round())[:-1]
    checker = Checker(Semantics(lifecycle), lifecycle.scenarios["sequential"])
    trace = _run(checker, before)
    there = checker._place(trace["steps"][-1][1:])
    again = [move for move, to in checker.steps(there, "open/turn/lamp_on") if to == there]
    assert [move.forced for move in again] == [False]
    trace["steps"].append(["open/turn/lamp_on", *trace["steps"][-1][1:]])
    faults = checker.faults_of_trace({**trace, "key": KEY, "cycle": len(before)}, BY_ID["terminates"])
    assert faults == ["its cycle fails, loses or dies in each round"]


# -- ranks ------------------------------------------------------------------------------------------------------------

Writes = tuple[tuple[int, int], ...]


def sweeping(lifecycle: Lifecycle, task: tuple[tuple[tuple[int, frozenset[int]], ...], Writes]) -> Lifecycle:
    """*lifecycle* with a periodic task that is over in one moment: where it runs, and what it writes."""
    when, writes = task
    present = lifecycle.predicates["present"][0]
    entry = Entry("open/sweep", "open", "periodic", ((*present, *when),), (), writes, FINISHED)
    row = replace(lifecycle.rows["open/guard"], id="open/sweep", kind="periodic")
    return replace(lifecycle, entries=(*lifecycle.entries, entry), rows={**lifecycle.rows, "open/sweep": row})


def swept(scenario: str) -> Scenario:
    known = lifecycle_of("door").scenarios[scenario]
    return replace(known, kinds=known.kinds | {"periodic"})


@pytest.mark.parametrize("scenario", ["sequential", "lost"])
def test_a_periodic_task_that_writes_nothing_is_no_way_out(scenario: str) -> None:
    """The reviewer's case: it may always run, so that some step is forced, and the task stays for all that."""
    one = BY_ID["terminates"]
    product = product_of(sweeping(lifecycle_of("door"), ((), ())), swept(scenario), one)
    assert decide(product.view, product, one).outcome is Outcome.VIOLATED
    assert isinstance(one.form, Leaves)
    assert ranks(product, one.form) is None
    for forged in (np.zeros(len(product), np.int64), np.arange(len(product)), np.arange(len(product))[::-1]):
        assert refused(product, one, closed_set(product, forged))


def test_a_periodic_task_that_ends_every_task_is_a_way_out() -> None:
    """It runs where nothing is in flight, again and again, whatever else begins meanwhile."""
    one, door = BY_ID["terminates"], lifecycle_of("door")
    busy = ((door.compare_variable, frozenset({1, 2})),)
    product = product_of(sweeping(door, (busy, ((door.compare_variable, 0),))), swept("lost"), one)
    decision = decide(product.view, product, one)
    assert decision.outcome is Outcome.HOLDS
    evidence, faults = Certificates().checked(product, one, decision)
    assert (evidence["kind"], faults) == ("ranking", [])


@few
@given(st.data())
def test_what_is_violated_has_no_ranks(data: st.DataObject) -> None:
    """For any periodic task: ranks are found, and accepted, only where no execution stays."""
    door, one = lifecycle_of("door"), BY_ID["terminates"]
    lock = door.compare_variable

    def values(variable: int) -> st.SearchStrategy[int]:
        return st.integers(0, len(door.variables[variable].values) - 1)

    when = ((lock, data.draw(st.frozensets(values(lock), min_size=1))),)
    writes = tuple((variable, data.draw(values(variable))) for variable in (0, lock) if data.draw(st.booleans()))
    scenario = data.draw(st.sampled_from(["calm", "sequential", "lost", "crash"]))
    product = product_of(sweeping(door, (when, writes)), swept(scenario), one)
    outcome = decide(product.view, product, one).outcome
    assert isinstance(one.form, Leaves)
    found = ranks(product, one.form)
    if found is None:
        # Executions need not leave by one process after the other; that nothing is shown then is no forgery.
        forged = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=len(product), max_size=len(product))))
        assert outcome is Outcome.HOLDS or refused(product, one, closed_set(product, forged))
    else:
        assert outcome is Outcome.HOLDS
        assert refused(product, one, closed_set(product, found)) == []


def test_what_changes_there_and_back_outside_does_not_keep_a_task() -> None:
    """The process may go on all the time: weak fairness is enough, though the bulb flickers for ever."""
    lamp, one = lifecycle_of("lamp"), BY_ID["terminates"]
    bulb = lamp.index("bulb")
    rows = dict(lamp.rows)
    entries = list(lamp.entries)
    for value in (0, 1):
        row = f"burns-out/{value}"
        rows[row] = replace(next(iter(rows.values())), id=row, operation="burns-out", kind="outside")
        when = ((*lamp.predicates["present"][0], (bulb, frozenset({value}))),)
        entries.append(Entry(row, "burns-out", "outside", when, (), ((bulb, 1 - value),), FINISHED))
    product = product_of(replace(lamp, rows=rows, entries=tuple(entries)), lamp.scenarios["outside"], one)
    evidence, faults = Certificates().checked(product, one, decide(product.view, product, one))
    assert (evidence["kind"], faults) == ("ranking", [])
    lower = [
        {**group, "cubes": [[*cube[:-1], min(4, cube[-1])] for cube in group["cubes"]]} for group in evidence["groups"]
    ]
    assert refused(product, one, {**evidence, "groups": lower})


# -- closed sets ------------------------------------------------------------------------------------------------------


def _cubes(evidence: Mapping[str, Any]) -> Iterator[tuple[int, int, int, int]]:
    """Each value of each coordinate, but the last, of each cube."""
    for number, group in enumerate(evidence["groups"]):
        for place, cube in enumerate(group["cubes"]):
            for column, mask in enumerate(cube[:-1]):
                for bit in range(mask.bit_length()):
                    if mask >> bit & 1:
                        yield number, place, column, bit


@few
@given(st.data())
def test_a_set_that_lacks_members_is_refused(data: st.DataObject) -> None:
    """Each member is where some execution leads: none can be left out."""
    name, scenario = data.draw(st.sampled_from([("door", "calm"), ("lamp", "sequential")]))
    one = data.draw(st.sampled_from([BY_ID["rest"], BY_ID["stable"], BY_ID["fails-visibly"]]))
    product = product_of(lifecycle_of(name), lifecycle_of(name).scenarios[scenario], one)
    evidence = closed_set(product)
    assert refused(product, one, evidence) == []
    number, place, column, bit = data.draw(st.sampled_from(list(_cubes(evidence))))
    groups = [{**group, "cubes": [list(cube) for cube in group["cubes"]]} for group in evidence["groups"]]
    groups[number]["cubes"][place][column] &= ~(1 << bit)
    groups[number]["cubes"] = [cube for cube in groups[number]["cubes"] if all(cube)]
    assert refused(product, one, {**evidence, "groups": groups})


def _alias(lifecycle: Lifecycle) -> list[int]:
    """No record, but of the number of the first one: a value too small, and the next too large by a whole round."""
    record = list(lifecycle.initial)
    at = next(place for place in range(len(record) - 1) if record[place] > 0)
    record[at] -= 1
    record[at + 1] += len(lifecycle.variables[at + 1].values)
    return record


def test_a_member_that_is_no_configuration_is_refused() -> None:
    """It would have the number of the start, and nothing could be done there: all would hold."""
    door, one = lifecycle_of("door"), BY_ID["rest"]
    product = product_of(door, door.scenarios["sequential"], one)
    cube = [*(1 << value for value in _alias(door)), *(1 << part + 1 for part in NOTHING), 1]
    forged = {"remembers": [False] * len(NOTHING), "groups": [{"processes": [], "cubes": [cube]}]}
    assert refused(product, one, forged) == ["it has a member that is no configuration"]
    for odd in (cube[:-1], [*cube[:-1], 0], [-1, *cube[1:]]):
        assert refused(product, one, {**forged, "groups": [{"processes": [], "cubes": [odd]}]})


def test_a_set_that_forgets_the_past_is_refused() -> None:
    """Of whom nothing is remembered, it cannot be said that anything has changed since."""
    forgetful = 0
    for name in ("door", "lamp"):
        lifecycle = lifecycle_of(name)
        for one in properties(lifecycle):
            if not isinstance(one.form, OfTables) and remembers(formulas(one)) != Remembers():
                for scenario in (each for each in lifecycle.scenarios.values() if each.processes == 1):
                    if asked(one, scenario):
                        product = product_of(lifecycle, scenario, one, Remembers())
                        assert refused(product, one, closed_set(product)) == [FORGETS], one.id
                        forgetful += 1
    assert forgetful


def test_steps_that_a_scenario_adds_lead_out() -> None:
    """What is closed where nothing fails is not where something does."""
    door, one = lifecycle_of("door"), BY_ID["rest"]
    calm = product_of(door, door.scenarios["calm"], one)
    for scenario in ("sequential", "crash", "pair"):
        evidence = closed_set(calm)
        assert Closed(calm.view.semantics, door.scenarios[scenario], evidence).fault.endswith("leads out of it")


# -- distances --------------------------------------------------------------------------------------------------------


def unremovable() -> Lifecycle:
    """A door that a removal leaves where it is, once it is jammed."""
    door = lifecycle_of("door")
    entries = tuple(
        replace(entry, when=tuple((*tests, (0, frozenset({0, 1}))) for tests in entry.when))
        if entry.operation == "remove"
        else entry
        for entry in door.entries
    )
    return replace(door, entries=entries)


def test_a_distance_that_is_claimed_of_a_trap_is_refused() -> None:
    one, door = BY_ID["deletable"], unremovable()
    product = product_of(door, door.scenarios["lost"], one)
    decision = decide(product.view, product, one)
    assert decision.outcome is Outcome.VIOLATED
    assert decision.distances is not None
    stuck = decision.distances < 0
    far = int(decision.distances.max())
    for claimed in (-1, 0, 1, far + 1):
        forged = closed_set(product, np.where(stuck, claimed, decision.distances))
        assert refused(product, one, forged), claimed


@pytest.mark.parametrize("scenario", ["calm", "sequential"])
def test_each_state_must_have_its_way(scenario: str) -> None:
    """What is asked of every state is shown of each, reached or not."""
    one, door = BY_ID["deletable"], lifecycle_of("door")
    product = product_of(door, door.scenarios[scenario], one)
    evidence, faults = Certificates().checked(product, one, decide(product.view, product, one))
    assert faults == []
    near = evidence["everywhere"]
    states = [number for number, ((_, inflight), _) in enumerate(near) if not inflight]
    assert len(states) > 10
    lacking = []
    for number in states:
        distance = near[number][1]
        without = refused(product, one, {**evidence, "everywhere": [*near[:number], *near[number + 1 :]]})
        lacking += without
        if distance:
            there = [*near[:number], (near[number][0], 0), *near[number + 1 :]]
            assert refused(product, one, {**evidence, "everywhere": there}) == [
                "a configuration at distance 0 is not at the goal"
            ]
    # Those that are no state as the tables complete it are on the way, or behind it.
    assert "a state has no distance to the goal" in lacking
    assert len(lacking) >= 3 * 3 * 2
    assert refused(product, one, {**evidence, "everywhere": [(place, 1) for place, _ in near]})


def test_a_way_that_nobody_asks_for_that_fails_or_stops_early_is_refused() -> None:
    checker, form = checker_of("door", "sequential"), BY_ID["deletable"].form
    assert isinstance(form, Possible)
    rows = ["remove/guard", "remove/press/mark", "remove/press/cast", "remove/take_out/gone"]
    way = _run(checker, rows)
    assert checker.faults_of_way(way, form) == []
    assert checker.faults_of_way({**way, "steps": way["steps"][:-1]}, form) == ["it does not end at the goal"]
    assert checker.faults_of_way({**way, "start": way["steps"][-1][1:], "steps": []}, form) == ["nobody asks there"]
    for gap in range(len(rows)):
        assert checker.faults_of_way({**way, "steps": [*way["steps"][:gap], *way["steps"][gap + 1 :]]}, form)
    nobody = replace(form, kinds=frozenset())
    assert checker.faults_of_way(way, nobody) == ["step 1 (remove/guard) is not one that may be on the way"]


# -- pairs of record and place ----------------------------------------------------------------------------------------


def test_pairs_over_what_is_no_record_or_place_are_refused() -> None:
    door = lifecycle_of("door")
    automaton = assemble(Semantics(door), door.scenarios["pair"])
    none = np.empty(0, np.int64)
    forged = np.array([_alias(door)], np.int64)
    assert list(faults_of_pairs(automaton, forged, (none, none))) == ["a record has a value that its variable has not"]
    first = np.array([door.initial], np.int64)
    assert list(faults_of_pairs(automaton, first, (none, none)))
    for pair in ((len(automaton.places), 0), (-1, 0), (0, 1), (0, -1)):
        place, record = (np.array([number], np.int64) for number in pair)
        wrong = ["a pair has a place or a record that is not there"]
        assert list(faults_of_pairs(automaton, first, (place, record))) == wrong


def test_crashes_are_no_matter_of_pairs() -> None:
    door = lifecycle_of("door")
    automaton = assemble(Semantics(door), replace(door.scenarios["crash"], processes=None))
    none = np.empty(0, np.int64)
    faults = list(faults_of_pairs(automaton, np.array([door.initial], np.int64), (none, none)))
    assert faults == ["the certificate says nothing of crashes"]
