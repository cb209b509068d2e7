"""What a state becomes: after a restart of a service, after a run of the synchronisation, by any one process alone."""

from __future__ import annotations

from dataclasses import dataclass

from model.conditions import assigned, passes
from model.explore import Configuration, Space, completed, explore
from model.lifecycle import Lifecycle, Record, Scenario, Text
from model.semantics import END_FAILED, END_FINISHED, Semantics
from model.state import State, state_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way that it may end: the state, whether the record is destroyed, and the rows that led there."""

    state: State
    destroyed: bool
    failures: bool
    rows: tuple[str, ...]


def alone(
    lifecycle: Lifecycle, record: Record, operations: frozenset[str], semantics: Semantics | None = None
) -> Space:
    """The space of one process of *operations*, started on *record* alone; every step may fail.

    Where no guard lets it start, the record itself is all there is.
    """
    semantics = semantics or Semantics(lifecycle)
    quiet = Scenario("alone", Text("", ""), 1, frozenset(), fail=True, crash=False, lose=False)
    starts: list[Configuration] = []
    for start in semantics.starts:
        if start.operation in operations and passes(start.when, record):
            ended = start.to in (END_FINISHED, END_FAILED)
            starts.append((assigned(start.assign, record), () if ended else (start.to,)))
    return explore(semantics, quiet, starts or [(record, ())])


def outcomes(space: Space) -> tuple[Outcome, ...]:
    """How *space* may end, shortest way first: one outcome for each final state and fate of the record."""
    lifecycle = space.semantics.lifecycle
    gone = lifecycle.predicates["gone"]
    found: dict[tuple[State, bool], Outcome] = {}
    for number, (record, controls) in enumerate(space.configurations):
        if controls:
            continue
        destroyed = any(all(record[v] in values for v, values in conjunction) for conjunction in gone)
        steps = space.path(number)
        rows = tuple(step.row for step, _ in steps)
        failed = any(step.exception is not None for step, _ in steps)
        key = (state_of(lifecycle, record), destroyed)
        if key not in found:
            found[key] = Outcome(*key, failed, rows)
    return tuple(found.values())


def restart(lifecycle: Lifecycle, state: State, semantics: Semantics | None = None) -> tuple[Outcome, ...]:
    """What start-up recovery makes of *state*, with nothing in flight: every outcome, the failing ones too."""
    record = completed(lifecycle, state)
    for service in lifecycle.services:
        record = assigned(service.crash_set, record)
    recovery = frozenset(name for name, operation in lifecycle.operations.items() if operation.kind == "recovery")
    return outcomes(alone(lifecycle, record, recovery, semantics))


def synchronised(
    lifecycle: Lifecycle, state: State, seen: int, semantics: Semantics | None = None
) -> tuple[Outcome, ...]:
    """What one run of the synchronisation makes of *state* when the driver reports value number *seen*."""
    record = list(completed(lifecycle, state))
    for truth in lifecycle.observed.values():
        record[truth] = seen
    operations = frozenset(
        name
        for name, operation in lifecycle.operations.items()
        if operation.family == "sync" and operation.kind == "periodic"
    )
    return outcomes(alone(lifecycle, tuple(record), operations, semantics))
