"""Checks evidence, and nothing else: no search, no solver, no graph library.

``traces``: each is an execution (it starts at the start, every step is one that the tables allow, and leads to what is
written there), it ends in a violation of the property, and what it claims to stay in for ever it can stay in.
``closed``: a set of configurations with the start, closed under every step.  The only thing that this file shares with
the engines is the table of rules (:meth:`model.semantics.Semantics.rules`), as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model.lifecycle import Lifecycle, Record, Scenario, holds
from model.program import Acquire, Wait
from model.semantics import END_FAILED, END_FINISHED, Rule, Semantics

Place = tuple[Record, tuple[int, ...]]
ENDS = (END_FINISHED, END_FAILED)


def next_places(semantics: Semantics, scenario: Scenario, place: Place) -> Iterator[tuple[str, Place, bool]]:
    """Every step from *place*: its row, where it leads, and whether fairness forces it."""
    record, controls = place
    for position, control in enumerate(controls):
        others = controls[:position] + controls[position + 1 :]
        instruction = semantics.instruction(control)
        if isinstance(instruction, Acquire) and any(_holds(semantics, other) for other in others):
            continue
        for rule in semantics.rules(control):
            if _allows(rule, record) and (scenario.fail or not rule.spontaneous):
                yield rule.row, _joined(_written(record, rule.assign), others, rule.to), not rule.spontaneous
        if scenario.lose and isinstance(instruction, Wait):
            yield "loss", (record, others), False
    for start in semantics.starts:
        beside = start.kind in ("recovery", "outside")
        if scenario.patient and start.kind == "recovery":
            beside = all(isinstance(semantics.instruction(control), Wait) for control in controls)
            if not beside:
                continue
        room = beside or scenario.processes is None or len(controls) < scenario.processes
        if start.kind in scenario.kinds and room and all(record[v] in values for v, values in start.when):
            forced = start.kind in ("recovery", "periodic")
            yield start.row, _joined(_written(record, start.assign), controls, start.to), forced
    if scenario.crash:
        for service in semantics.lifecycle.services:
            if service.crash_when is not None and holds((service.crash_when,), record):
                left = [_survives(semantics, control, service.name) for control in controls]
                after = tuple(sorted(control for control in left if control not in ENDS))
                yield f"crash/{service.name}", (_written(record, service.crash_set), after), False


def _allows(rule: Rule, record: Record) -> bool:
    return all(record[variable] in values for variable, values in rule.when)


def _written(record: Record, assign: Sequence[tuple[int, int]]) -> Record:
    new = list(record)
    for variable, value in assign:
        new[variable] = value if value >= 0 else record[-1 - value]
    return tuple(new)


def _joined(record: Record, others: tuple[int, ...], to: int) -> Place:
    return record, others if to in ENDS else tuple(sorted((*others, to)))


def _holds(semantics: Semantics, control: int) -> bool:
    instruction = semantics.instruction(control)
    return instruction is not None and instruction.holds


def _survives(semantics: Semantics, control: int, service: str) -> int:
    instruction = semantics.instruction(control)
    if instruction is None or instruction.service != service or isinstance(instruction, Wait):
        return control
    return semantics.killed(control)


def _place(semantics: Semantics, plain: Sequence[Any]) -> Place:
    record, inflight = plain
    controls = [semantics.number(point, dict(memory), dict(dirty)) for point, memory, dirty in inflight]
    return tuple(record), tuple(sorted(controls))


def faults_of_trace(
    lifecycle: Lifecycle, semantics: Semantics, scenario: Scenario, trace: Mapping[str, Any]
) -> list[str]:
    """What is wrong with *trace*: empty when it is an execution, with the cycle that it claims."""
    place = _place(semantics, trace["start"])
    faults = [] if place == (lifecycle.initial, ()) or trace.get("anywhere") else ["it does not start at the start"]
    places = [place]
    for number, (row, *plain) in enumerate(trace["steps"]):
        after = _place(semantics, plain)
        if not any(name == row and to == after for name, to, _ in next_places(semantics, scenario, place)):
            faults.append(f"step {number + 1} ({row}) is not one that the tables allow")
        places.append(after)
        place = after
    cycle = trace.get("cycle")
    if cycle is not None and cycle == len(trace["steps"]):
        if _escapes(lifecycle, semantics, scenario, place):
            faults.append("it need not stay where it claims to stay")
    elif cycle is not None and places[cycle] != place:
        faults.append("its cycle does not come back")
    return faults


def _escapes(lifecycle: Lifecycle, semantics: Semantics, scenario: Scenario, place: Place) -> bool:
    """Whether forced steps alone lead from *place* to rest: a closed set of places with no rest is a trap."""
    seen = {place}
    todo = [place]
    while todo:
        here = todo.pop()
        if holds(lifecycle.predicates["rest"], here[0]) or holds(lifecycle.predicates["gone"], here[0]):
            return True
        for _, to, forced in next_places(semantics, scenario, here):
            if forced and to not in seen:
                seen.add(to)
                todo.append(to)
    return False


def faults_of_closed(
    lifecycle: Lifecycle, semantics: Semantics, scenario: Scenario, places: Sequence[Sequence[Any]]
) -> list[str]:
    """What is wrong with a set that claims to contain the start and to be closed under every step."""
    closed = {_place(semantics, plain) for plain in places}
    faults = [] if (lifecycle.initial, ()) in closed else ["the start is not in it"]
    for place in closed:
        for row, to, _ in next_places(semantics, scenario, place):
            if to not in closed:
                return [*faults, f"{row} leads out of it"]
    return faults
