"""Every guard of Nova's API, as read from its source, is a guard of some operation in the tables, and says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.lifecycle import Guard, Lifecycle

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"

#: The guards that no row represents, each with the reason.
EXCEPTIONS: dict[str, str] = {}
COUNT = 39
COUNT_REJECTING = 4


def facts(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return found


def function(source: str) -> tuple[str, str]:
    """The file and the last part of the qualified name that *source* cites."""
    file, _, name = source.partition(":")
    return file, name.rpartition(".")[2]


def accepted(nova: Lifecycle, guard: Guard, variable: str) -> frozenset[str]:
    """The values of *variable* with which *guard* may let a request pass."""
    number = nova.index(variable)
    values = nova.variables[number].values
    passing: set[str] = set()
    for conjunction in guard.when:
        tests = dict(conjunction)
        passing.update(values[index] for index in tests.get(number, frozenset(range(len(values)))))
    return frozenset(passing)


def citing(nova: Lifecycle, fact: dict[str, Any]) -> Iterator[tuple[str, Guard]]:
    """The guards that cite the function of *fact*, each with its operation."""
    for name, operation in nova.operations.items():
        for guard in operation.guards:
            if function(guard.source) == (fact["file"], fact["api_function"]):
                yield name, guard


def every(nova: Lifecycle, variable: str) -> frozenset[str]:
    return frozenset(nova.variables[nova.index(variable)].values)


def names(values: list[str | None]) -> frozenset[str]:
    return frozenset("None" if value is None else value for value in values)


def differences(nova: Lifecycle, fact: dict[str, Any], guard: Guard) -> list[str]:
    """What *guard* says otherwise than *fact*."""
    wanted = {
        "vm_state": every(nova, "vm_state") if fact["vm_states"] is None else names(fact["vm_states"]),
        "task_state": every(nova, "task_state") if fact["task_states"] == "any" else names(fact["task_states"]),
        "launched": frozenset({"YES"}) if fact["must_have_launched"] else every(nova, "launched"),
    }
    if "check_instance_host" in fact["other_decorators"]:
        wanted["host"] = frozenset({"SET"})
    return [
        f"{variable} {sorted(accepted(nova, guard, variable))} instead of {sorted(values)}"
        for variable, values in wanted.items()
        if accepted(nova, guard, variable) != values
    ]


def test_every_guard_of_the_source_is_represented(nova: Lifecycle) -> None:
    found = facts("guards.json")
    assert len(found) == COUNT
    missing: list[str] = []
    for fact in found:
        if fact["api_function"] in EXCEPTIONS:
            continue
        candidates = list(citing(nova, fact))
        if any(not differences(nova, fact, guard) for _, guard in candidates):
            continue
        where = f"{fact['operation']} ({fact['file']}:{fact['line']} {fact['api_function']})"
        missing += [f"{where}: {name} has {'; '.join(differences(nova, fact, guard))}" for name, guard in candidates]
        if not candidates:
            missing.append(f"{where}: no guard cites it")
    assert not missing, f"{len(missing)} of {COUNT} guards are not represented:\n" + "\n".join(missing)


def test_every_rejecting_guard_is_represented(nova: Lifecycle) -> None:
    found = facts("guards_reject.json")
    assert len(found) == COUNT_REJECTING
    missing: list[str] = []
    for fact in found:
        wanted = every(nova, "task_state") - names(fact["task_states"])
        if not any(
            accepted(nova, guard, "task_state") == wanted
            and accepted(nova, guard, "vm_state") == every(nova, "vm_state")
            for _, guard in citing(nova, fact)
        ):
            missing.append(f"{fact['operation']} ({fact['file']}:{fact['line']} {fact['api_function']})")
    assert not missing, "not represented:\n" + "\n".join(missing)


def test_no_guard_of_the_api_is_made_up(nova: Lifecycle) -> None:
    """A guard that cites a function of the facts must be one of them: no second, different guard beside it."""
    found = {(fact["file"], fact["api_function"]): fact for fact in facts("guards.json")}
    wrong: list[str] = []
    for name, operation in nova.operations.items():
        for guard in operation.guards:
            fact = found.get(function(guard.source))
            if fact is not None and (said := differences(nova, fact, guard)):
                wrong.append(f"{name}: {'; '.join(said)}")
    assert not wrong, "\n".join(wrong)


def test_exceptions_are_needed(nova: Lifecycle) -> None:
    for fact in facts("guards.json"):
        if fact["api_function"] in EXCEPTIONS:
            assert all(differences(nova, fact, guard) for _, guard in citing(nova, fact)), fact["api_function"]
