"""Which requests pass their guard in a state, and what else each asks for."""

from __future__ import annotations

from dataclasses import dataclass

from model.lifecycle import Guard, Lifecycle, Operation, may_be_present
from model.state import State

#: Kinds of operations that somebody asks for.
ASKED = frozenset({"request", "admin"})


@dataclass(frozen=True, slots=True)
class Allowed:
    """An operation whose guard a state passes: what else must hold (variable, values), further checks, the source."""

    operation: str
    actor: str
    action: str | None
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    checks: tuple[str, ...]
    source: str


def allowed(lifecycle: Lifecycle, state: State) -> tuple[Allowed, ...]:
    """Every request whose guard *state* passes, by name."""
    found = []
    for operation in lifecycle.operations.values():
        if operation.kind not in ASKED:
            continue
        for guard in operation.guards:
            needs = passing(lifecycle, guard, state)
            if needs is not None:
                source = guard.source
                found.append(Allowed(operation.name, operation.actor, operation.action, needs, guard.checks, source))
                break
    return tuple(sorted(found, key=lambda one: one.operation))


def passing(lifecycle: Lifecycle, guard: Guard, state: State) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """What *guard* asks for beyond *state*; None when the state fails it (or there would have to be no instance)."""
    for conjunction in guard.when:
        if not may_be_present(lifecycle, conjunction):
            continue
        if all(state[variable] in values for variable, values in conjunction if variable < len(state)):
            present = {variable for tests in lifecycle.predicates["present"] for variable, _ in tests}
            return tuple(
                (
                    lifecycle.variables[variable].name,
                    tuple(lifecycle.variables[variable].values[n] for n in sorted(values)),
                )
                for variable, values in conjunction
                if variable >= len(state) and variable not in present
            )
    return None


@dataclass(frozen=True, slots=True)
class Cell:
    """For an operation and a value of the first variable: the values of the second that pass; ``every`` if all."""

    values: tuple[str, ...]
    every: bool


def matrix(lifecycle: Lifecycle) -> dict[str, dict[str, Cell]]:
    """Operation -> value of the first variable -> the values of the second with which the guard passes."""
    first, second = lifecycle.variables[0], lifecycle.variables[1]
    made: dict[str, dict[str, Cell]] = {}
    for name, operation in sorted(lifecycle.operations.items()):
        if operation.kind not in ASKED:
            continue
        made[name] = {value: _cell(lifecycle, operation, number) for number, value in enumerate(first.values)}
    assert second.values
    return made


def _cell(lifecycle: Lifecycle, operation: Operation, number: int) -> Cell:
    second = lifecycle.variables[1]
    passes: set[int] = set()
    every = frozenset(range(len(second.values)))
    for guard in operation.guards:
        for conjunction in guard.when:
            tests = dict(conjunction)
            if may_be_present(lifecycle, conjunction) and number in tests.get(0, {number}):
                passes |= tests.get(1, every)
    return Cell(tuple(second.values[value] for value in sorted(passes)), passes == every)
