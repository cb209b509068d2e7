"""What the start of nova-compute makes of each (vm_state, task_state, power_state), as executed Nova 34.0.0 does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from model.explore import Configuration, Space, explore
from model.lifecycle import Lifecycle, Record
from model.semantics import Semantics
from model.tables_reader import read_tables

TABLES = Path(__file__).parents[1] / "model" / "tables"

GONE = ("gone", "gone")
OF_BUILDING = {"SCHEDULING", "NETWORKING", "BLOCK_DEVICE_MAPPING", "SPAWNING"}
OF_REBUILDING = {"REBUILDING", "REBUILD_BLOCK_DEVICE_MAPPING", "REBUILD_SPAWNING"}
CLEARED = {
    "IMAGE_SNAPSHOT_PENDING",
    "IMAGE_SNAPSHOT",
    "IMAGE_PENDING_UPLOAD",
    "IMAGE_UPLOADING",
    "RESIZE_PREP",
    "RESIZE_MIGRATING",
    "MIGRATING",
}
NEVER_HANDLED = {
    "IMAGE_BACKUP",
    "UPDATING_PASSWORD",
    "RESIZE_MIGRATED",
    "RESIZE_FINISH",
    "RESIZE_REVERTING",
    "RESIZE_CONFIRMING",
    "SUSPENDING",
    "RESUMING",
    "RESCUING",
    "UNRESCUING",
    "SOFT_DELETING",
    "RESTORING",
    "SHELVING",
    "SHELVING_IMAGE_PENDING_UPLOAD",
    "SHELVING_IMAGE_UPLOADING",
    "SHELVING_OFFLOADING",
    "UNSHELVING",
}


def expected(vm: str, task: str, power: str) -> tuple[str, str]:
    """(vm_state, task_state) after a start at which no step fails; the guest is as power_state says."""
    unchanged, running = (vm, task), power == "RUNNING"
    if vm == "SOFT_DELETED" or (vm == "ERROR" and task not in ("DELETING", "RESIZE_MIGRATING")):
        return unchanged
    if vm == "DELETED":
        return GONE
    if vm == "BUILDING" or task in OF_BUILDING:
        return ("ERROR", "None")
    if task in OF_REBUILDING:
        return ("ERROR", "None") if vm in ("ACTIVE", "STOPPED") else unchanged
    if task in CLEARED:
        return (vm, "None")
    rebooted = ("RESCUED" if vm == "RESCUED" else "ACTIVE", "None")
    match task:
        case "DELETING":
            return GONE
        case "POWERING_OFF":
            return ("STOPPED", "None")
        case "POWERING_ON":
            return ("ACTIVE", "None")
        case "REBOOTING" | "REBOOT_STARTED" | "REBOOTING_HARD" | "REBOOT_STARTED_HARD":
            return ("ACTIVE", "None") if running else rebooted
        case "REBOOT_PENDING":
            return rebooted if vm == "ACTIVE" else unchanged
        case "REBOOT_PENDING_HARD":
            return rebooted if vm in ("ACTIVE", "STOPPED", "PAUSED", "SUSPENDED") else unchanged
        case "PAUSING":
            return ("ACTIVE", "None") if running else unchanged
        case "UNPAUSING":
            return ("ACTIVE", "None") if power in ("RUNNING", "PAUSED") else unchanged
        case _:
            assert task == "None" or task in NEVER_HANDLED
            return unchanged


@pytest.fixture(scope="module")
def semantics() -> Semantics:
    return Semantics(read_tables(TABLES))


def numbered(lifecycle: Lifecycle, values: dict[str, str]) -> Record:
    """The record with *values*, the rest as before anything has happened."""
    record = list(lifecycle.initial)
    for name, value in values.items():
        number = lifecycle.index(name)
        record[number] = lifecycle.variables[number].values.index(value)
    return tuple(record)


def value(lifecycle: Lifecycle, record: Record, name: str) -> str:
    number = lifecycle.index(name)
    return lifecycle.variables[number].values[record[number]]


def crashed(lifecycle: Lifecycle, vm: str, task: str, power: str, **other: str) -> Configuration:
    """An instance in the given state whose nova-compute has died; nothing is in flight."""
    values = {"vm_state": vm, "task_state": task, "power_state": power, "guest": power}
    fixed = {"row": "PRESENT", "host": "SET", "launched": "YES", "compute": "DOWN"}
    return numbered(lifecycle, {**fixed, **values, **other}), ()


def started(semantics: Semantics, initial: Configuration, *, fail: bool = False) -> Space:
    """Everything that starting nova-compute may do."""
    scenario = replace(
        semantics.lifecycle.scenarios["crash"], kinds=frozenset({"recovery"}), crash=False, fail=fail, lose=False
    )
    return explore(semantics, scenario, [initial])


def at_rest(semantics: Semantics, space: Space) -> Iterable[Record]:
    """The records with nothing in flight in which the service is up again."""
    for record, controls in space.configurations:
        if not controls and value(semantics.lifecycle, record, "compute") == "UP":
            yield record


def outcomes(semantics: Semantics, space: Space) -> set[tuple[str, str]]:
    """(vm_state, task_state) of each record at rest, or ``GONE``."""
    lifecycle = semantics.lifecycle
    return {
        GONE
        if value(lifecycle, record, "row") == "DESTROYED"
        else (value(lifecycle, record, "vm_state"), value(lifecycle, record, "task_state"))
        for record in at_rest(semantics, space)
    }


def test_every_triple_ends_as_in_executed_nova(semantics: Semantics) -> None:
    lifecycle = semantics.lifecycle
    vms, tasks, powers = (lifecycle.variables[number].values for number in range(3))
    assert (len(vms), len(tasks), len(powers)) == (12, 43, 6)
    wrong = []
    for vm in vms:
        for task in tasks:
            for power in powers:
                found = outcomes(semantics, started(semantics, crashed(lifecycle, vm, task, power)))
                if found != {expected(vm, task, power)}:
                    wrong.append(((vm, task, power), found, expected(vm, task, power)))
    assert wrong == []


@pytest.mark.parametrize("task", sorted(NEVER_HANDLED))
@pytest.mark.parametrize("vm", ["ACTIVE", "STOPPED", "PAUSED", "SUSPENDED", "RESCUED", "RESIZED", "SHELVED"])
def test_a_task_that_no_branch_names_survives_unless_plugging_fails(semantics: Semantics, vm: str, task: str) -> None:
    initial = crashed(semantics.lifecycle, vm, task, "SHUTDOWN")
    assert outcomes(semantics, started(semantics, initial, fail=True)) == {(vm, task), ("ERROR", task)}


@pytest.mark.parametrize("vm", ["SHELVED_OFFLOADED", "ACTIVE", "ERROR"])
@pytest.mark.parametrize("task", ["UNSHELVING", "SPAWNING", "DELETING", "None"])
def test_without_a_host_nothing_is_loaded(semantics: Semantics, vm: str, task: str) -> None:
    initial = crashed(semantics.lifecycle, vm, task, "NOSTATE", host="UNSET")
    assert outcomes(semantics, started(semantics, initial, fail=True)) == {(vm, task)}


@pytest.mark.parametrize("task", ["SCHEDULING", "None"])
def test_a_build_not_yet_claimed_is_given_up_if_placement_knows_of_it(semantics: Semantics, task: str) -> None:
    initial = crashed(semantics.lifecycle, "BUILDING", task, "NOSTATE", host="UNSET", launched="NO")
    assert outcomes(semantics, started(semantics, initial)) == {("ERROR", "None"), ("BUILDING", task)}


def test_a_repeated_delete_that_fails_leaves_error_with_its_task(semantics: Semantics) -> None:
    initial = crashed(semantics.lifecycle, "ACTIVE", "DELETING", "RUNNING")
    assert outcomes(semantics, started(semantics, initial, fail=True)) == {
        GONE,
        ("ERROR", "DELETING"),
        ("ERROR", "None"),
    }


def test_a_guest_that_should_run_is_resumed_or_left_or_put_into_error(semantics: Semantics) -> None:
    lifecycle = semantics.lifecycle
    initial = crashed(lifecycle, "ACTIVE", "None", "RUNNING", guest="SHUTDOWN")
    space = started(semantics, initial)
    assert {value(lifecycle, record, "guest") for record in at_rest(semantics, space)} == {"RUNNING", "SHUTDOWN"}
    assert outcomes(semantics, started(semantics, initial, fail=True)) == {("ACTIVE", "None"), ("ERROR", "None")}


def test_an_exception_that_nothing_catches_leaves_the_service_down(semantics: Semantics) -> None:
    lifecycle = semantics.lifecycle
    initial = crashed(lifecycle, "ACTIVE", "REBOOT_PENDING_HARD", "SHUTDOWN")
    space = started(semantics, initial, fail=True)
    down = [
        record
        for record, controls in space.configurations
        if not controls and value(lifecycle, record, "compute") == "DOWN"
    ]
    assert {value(lifecycle, record, "vm_state") for record in down} == {"ACTIVE", "ERROR"}
    assert {value(lifecycle, record, "task_state") for record in down} == {"REBOOT_PENDING_HARD", "None"}
