"""Power synchronisation against the table of 72 cells that running Nova 34.0.0's own function for each pair gave."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from model.conditions import passes
from model.explore import Space, completed, explore
from model.lifecycle import Lifecycle, Record, Scenario, Text
from model.semantics import Semantics

ALONE = Scenario("alone", Text("", ""), 1, frozenset(), fail=False, crash=False, lose=False)

#: The order of the columns below.
REPORTS = ("NOSTATE", "RUNNING", "PAUSED", "SHUTDOWN", "CRASHED", "SUSPENDED")
NOTHING: frozenset[str] = frozenset()
STOP = frozenset({"stop"})
FORCE = frozenset({"force_stop"})
#: stop, or delete where the old attribute shutdown_terminate is set
ENDED = frozenset({"stop", "delete"})
IGNORED = (NOTHING,) * 6
CALLS = {
    "ACTIVE": (NOTHING, NOTHING, NOTHING, ENDED, ENDED, STOP),
    "BUILDING": IGNORED,
    "PAUSED": (NOTHING, NOTHING, NOTHING, FORCE, FORCE, NOTHING),
    "SUSPENDED": IGNORED,
    "STOPPED": (NOTHING, FORCE, FORCE, NOTHING, NOTHING, FORCE),
    "RESCUED": IGNORED,
    "RESIZED": IGNORED,
    "SOFT_DELETED": IGNORED,
    "DELETED": IGNORED,
    "ERROR": IGNORED,
    "SHELVED": IGNORED,
    "SHELVED_OFFLOADED": IGNORED,
}
#: What the called request writes first.
FIRST_TASK = {"stop": "POWERING_OFF", "force_stop": "POWERING_OFF", "delete": "DELETING"}


SYNC = "power-sync/sync_instance_power_state/"
ASKED_AGAIN = "power-sync/stop_unexpected_shutdown/ask_driver_again"


@pytest.fixture(scope="module")
def steps(nova: Lifecycle) -> Semantics:
    """The step semantics of Nova, made once for all cells."""
    return Semantics(nova)


@dataclass(frozen=True)
class Outcome:
    """What one run of the synchronisation called, the task that each call set, and the reports of power it saved."""

    calls: frozenset[str]
    tasks: frozenset[str]
    saved: frozenset[str]
    other_writes: frozenset[str]


def record(lifecycle: Lifecycle, **given: str) -> Record:
    """A present row on a host, with *given* values; whatever is left out by the defaults of the tables."""
    given = {"host": "SET", "row": "PRESENT", "compute": "UP"} | given
    number = {name: lifecycle.variables[lifecycle.index(name)].values.index(value) for name, value in given.items()}
    made = list(completed(lifecycle, tuple(number[name] for name in lifecycle.state_variables)))
    for name, value in number.items():
        made[lifecycle.index(name)] = value
    return tuple(made)


def unexpectedly_off(lifecycle: Lifecycle, **given: str) -> Record:
    """An ACTIVE instance whose guest has shut down, which is what synchronisation would stop."""
    off = {"vm_state": "ACTIVE", "task_state": "None", "power_state": "RUNNING", "guest": "SHUTDOWN"}
    return record(lifecycle, **(off | given))


def read(lifecycle: Lifecycle, of: Record, name: str) -> str:
    """The value of variable *name* in record *of*."""
    variable = lifecycle.index(name)
    return lifecycle.variables[variable].values[of[variable]]


def starts(steps: Semantics, operation: str, judged: Record) -> list[int]:
    """The controls at which *operation* may start on *judged*."""
    return [one.to for one in steps.starts if one.operation == operation and passes(one.when, judged)]


def run(steps: Semantics, operation: str, judged: Record, found: Record | None = None) -> Space:
    """*operation* alone, started on *judged*, when the row is *found* by the time it reads it again."""
    (start,) = starts(steps, operation, judged)
    return explore(steps, ALONE, [(judged if found is None else found, (start,))])


def outcome(space: Space) -> Outcome:
    """What the processes of *space* called and saved on any way through it."""
    lifecycle = space.semantics.lifecycle
    calls: set[str] = set()
    tasks: set[str] = set()
    saved: set[str] = set()
    others: set[str] = set()
    for number, leaving in enumerate(space.edges):
        before = space.configurations[number][0]
        for step, target in leaving:
            after = space.configurations[target][0]
            row = lifecycle.rows[step.row]
            if step.row == SYNC + "power":
                saved.add(read(lifecycle, after, "power_state"))
                assert sum(one != two for one, two in zip(before, after, strict=True)) == 1
                continue
            for passed in (lifecycle.rows[one] for one in (step.row, *step.also)):
                if (passed.operation, passed.procedure) in (("power-sync", "stop"), ("stop", "force_stop")):
                    calls.add(passed.procedure)
            if row.operation == "delete":
                calls.add("delete")
            elif row.operation in ("power-sync", "lifecycle-event") and before != after:
                others.add(step.row)
            if read(lifecycle, before, "task_state") == "None" and before != after:
                tasks |= {read(lifecycle, after, "task_state")} - {"None"}
    if "stop" in calls:
        calls.discard("force_stop")  # a stop is its guard and then the same request
    return Outcome(frozenset(calls), frozenset(tasks), frozenset(saved), frozenset(others))


@pytest.mark.parametrize("vm_state", CALLS)
@pytest.mark.parametrize("column", range(6), ids=REPORTS)
def test_every_cell_calls_and_saves_what_nova_does(steps: Semantics, vm_state: str, column: int) -> None:
    reported, expected = REPORTS[column], CALLS[vm_state][column]
    for recorded in REPORTS:
        row = record(steps.lifecycle, vm_state=vm_state, task_state="None", power_state=recorded, guest=reported)
        found = outcome(run(steps, "power-sync", row))
        assert found.calls == expected
        assert found.tasks == {FIRST_TASK[call] for call in expected}
        assert found.saved == ({reported} if recorded != reported else NOTHING)
        assert found.other_writes == NOTHING


def test_the_table_has_a_cell_for_every_pair(nova: Lifecycle) -> None:
    assert set(CALLS) == {value.name for value in nova.values["vm_state"]}
    assert set(REPORTS) == {value.name for value in nova.values["power_state"]}
    assert sum(len(cells) for cells in CALLS.values()) == 72


def test_an_instance_with_a_task_is_not_even_listed(steps: Semantics) -> None:
    for task in steps.lifecycle.values["task_state"][1:]:
        assert starts(steps, "power-sync", unexpectedly_off(steps.lifecycle, task_state=task.name)) == []


@pytest.mark.parametrize("operation", ["power-sync", "lifecycle-event"])
def test_a_task_set_before_the_second_reading_is_left_alone(steps: Semantics, operation: str) -> None:
    judged = unexpectedly_off(steps.lifecycle)
    for task in steps.lifecycle.values["task_state"][1:]:
        found = unexpectedly_off(steps.lifecycle, task_state=task.name)
        assert outcome(run(steps, operation, judged, found)) == Outcome(NOTHING, NOTHING, NOTHING, NOTHING)


@pytest.mark.parametrize("operation", ["power-sync", "lifecycle-event"])
def test_a_row_destroyed_before_the_second_reading_is_left_alone(steps: Semantics, operation: str) -> None:
    judged = unexpectedly_off(steps.lifecycle)
    gone = unexpectedly_off(steps.lifecycle, row="DESTROYED")
    assert outcome(run(steps, operation, judged, gone)) == Outcome(NOTHING, NOTHING, NOTHING, NOTHING)


@pytest.mark.parametrize("vm_state", CALLS)
def test_a_lifecycle_event_does_the_same_for_what_events_report(steps: Semantics, vm_state: str) -> None:
    for reported in ("RUNNING", "PAUSED", "SHUTDOWN", "SUSPENDED"):
        row = record(steps.lifecycle, vm_state=vm_state, task_state="None", power_state="NOSTATE", guest=reported)
        found = outcome(run(steps, "lifecycle-event", row))
        assert found.calls == CALLS[vm_state][REPORTS.index(reported)]
        assert found.saved == {reported}


def test_no_lifecycle_event_reports_a_crash_or_nothing(steps: Semantics) -> None:
    for reported in ("NOSTATE", "CRASHED"):
        assert starts(steps, "lifecycle-event", unexpectedly_off(steps.lifecycle, guest=reported)) == []


def test_a_guest_that_runs_when_asked_again_is_not_stopped(steps: Semantics) -> None:
    """The second question to the driver bypasses its cache, from which ironic answers the first one."""
    space = run(steps, "power-sync", unexpectedly_off(steps.lifecycle))
    guest = steps.lifecycle.index("guest")
    running = steps.lifecycle.variables[guest].values.index("RUNNING")
    asking = [
        configuration
        for configuration, leaving in zip(space.configurations, space.edges, strict=True)
        if any(step.row == ASKED_AGAIN for step, _ in leaving)
    ]
    assert asking
    for found, controls in asking:
        started = (*found[:guest], running, *found[guest + 1 :])
        assert outcome(explore(steps, ALONE, [(started, controls)])).calls == NOTHING


def test_only_the_periodic_task_holds_the_lock_while_it_decides(steps: Semantics) -> None:
    holding = {}
    for operation in ("power-sync", "lifecycle-event"):
        space = run(steps, operation, unexpectedly_off(steps.lifecycle))
        standing = [steps.instruction(control) for _, controls in space.configurations for control in controls]
        holding[operation] = {one.holds for one in standing if one is not None and one.row.startswith(SYNC)}
    assert holding == {"power-sync": {True}, "lifecycle-event": {False}}


def test_the_power_that_is_saved_is_the_one_that_was_decided_on(steps: Semantics) -> None:
    """The driver is asked first; a guest that changes while the row is read again is seen only by the next pass."""
    space = run(steps, "power-sync", unexpectedly_off(steps.lifecycle))
    guest = steps.lifecycle.index("guest")
    running = steps.lifecycle.variables[guest].values.index("RUNNING")
    reading = [
        configuration
        for configuration, leaving in zip(space.configurations, space.edges, strict=True)
        if any(step.row == SYNC + "refresh" for step, _ in leaving)
    ]
    assert reading
    for found, controls in reading:
        started = (*found[:guest], running, *found[guest + 1 :])
        assert outcome(explore(steps, ALONE, [(started, controls)])).saved == {"SHUTDOWN"}
