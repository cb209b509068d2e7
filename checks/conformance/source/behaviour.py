"""Whether the tables' recovery and synchronisation do to every state what the source does to it.

The source is interpreted without the methods that it calls, the tables are executed with theirs.  So where the source
only writes, its result must be one of the tables' results; where it does nothing, leaving the state alone must be one;
and where it calls a method that acts, the tables must have a result other than the state itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.conformance.source.facts import Place, Recovery, SourceFacts
from model.conditions import assigned
from model.explore import completed
from model.lifecycle import Lifecycle, Record
from model.questions.outcomes import Outcome, alone, outcomes
from model.semantics import Semantics

NO_TASK = "None"
# What these do is told by the writes that follow them, or they only act on the guest.
BESIDE = ("_set_migration_status", "live_migration_abort", "_resume_guests_state", "driver.")
SYNCHRONISES = "ComputeManager._query_driver_power_state_and_sync"
HERE = ("host", "SET")
DESTROYED = ("destroyed", "destroyed")
Pair = tuple[str, str]


def recovery_differences(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[tuple[str, Place, str, str]]:
    """Each state that recovery treats differently: its name, where recovery stands, what each side makes of it."""
    place = facts.recovery[0].place if facts.recovery else Place("", "", 0)
    semantics = Semantics(lifecycle)
    recovery = frozenset(name for name, operation in lifecycle.operations.items() if operation.kind == "recovery")
    for cell in facts.recovered:
        task = NO_TASK if cell.task_state is None else cell.task_state
        state = _numbers(lifecycle, cell.vm_state, task, cell.power_state)
        if state is None:
            continue
        record = completed(lifecycle, state)
        for service in lifecycle.services:
            record = assigned(service.crash_set, record)
        record = _as_interpreted(lifecycle, record, state[2])
        ends = _ends(lifecycle, outcomes(alone(lifecycle, record, recovery, semantics)))
        for outcome in cell.outcomes:
            if not _allowed(cell, outcome, ends):
                name = f"{cell.vm_state}/{task}/{cell.power_state}"
                yield name, place, _pairs(ends), ", ".join(outcome) or "left as it is"


def synchronisation_differences(lifecycle: Lifecycle, facts: SourceFacts) -> Iterator[tuple[str, str, str]]:
    """Each (vm_state, power_state) that one side corrects and the other does not."""
    semantics = Semantics(lifecycle)
    cited = {row.operation for row in lifecycle.rows.values() if row.source.endswith(SYNCHRONISES)}
    periodic = frozenset(name for name in cited if lifecycle.operations[name].kind == "periodic")
    for cell in facts.synchronisation:
        state = _numbers(lifecycle, cell.vm_state, NO_TASK, cell.power_state)
        if state is None:
            continue
        record = _as_interpreted(lifecycle, completed(lifecycle, state), state[2])
        reached = outcomes(alone(lifecycle, record, periodic, semantics))
        ends = _ends(lifecycle, reached)
        acts = any(each.destroyed or each.state != state for each in reached)
        if acts != bool(cell.actions):
            source = " or ".join(cell.actions) or "nothing"
            yield f"{cell.vm_state}/{cell.power_state}", _pairs(ends), source


def _as_interpreted(lifecycle: Lifecycle, record: Record, reported: int) -> Record:
    """*record* as the source was interpreted: the instance is on this host, and the driver reports its power."""
    variable, value = HERE
    numbers = list(record)
    for index, each in enumerate(lifecycle.variables):
        if each.name == variable:
            numbers[index] = each.values.index(value)
    for truth in lifecycle.observed.values():
        numbers[truth] = reported
    return tuple(numbers)


def _numbers(lifecycle: Lifecycle, *names: str) -> tuple[int, int, int] | None:
    """The state of *names* as numbers, None when the tables lack one of them."""
    found = []
    for variable, name in zip(lifecycle.variables[:3], names, strict=True):
        if name not in variable.values:
            return None
        found.append(variable.values.index(name))
    return found[0], found[1], found[2]


def _ends(lifecycle: Lifecycle, outcomes: tuple[Outcome, ...]) -> set[Pair]:
    vms, tasks = (variable.values for variable in lifecycle.variables[:2])
    return {DESTROYED if each.destroyed else (vms[each.state[0]], tasks[each.state[1]]) for each in outcomes}


def _allowed(cell: Recovery, outcome: tuple[str, ...], ends: set[Pair]) -> bool:
    end = {"vm_state": cell.vm_state, "task_state": str(cell.task_state)}
    calls = []
    for step in outcome:
        variable, is_write, value = step.partition("=")
        if is_write:
            end[variable] = value
        elif not step.startswith(BESIDE):
            calls.append(step)
    if calls:
        return bool(ends - {(cell.vm_state, str(cell.task_state))})
    return (end["vm_state"], end["task_state"]) in ends


def _pairs(ends: set[Pair]) -> str:
    return " or ".join(f"({vm}, {task})" for vm, task in sorted(ends)) or "nothing"
