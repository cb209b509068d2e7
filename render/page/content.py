"""What the page says of each value and each operation, gathered from the tables; the template only sets it in type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from model.lifecycle import Condition, Lifecycle, Operation, Row, Value
from model.program import Call, Read, Save
from model.space import Edge
from model.state import State

Restarts = Mapping[State, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on a variable; ``but`` says that the values are those which do not pass."""

    variable: str
    values: tuple[str, ...]
    but: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """How one operation comes to a value or leaves it: the values at the other end, and the rows that do it."""

    operation: str
    values: tuple[str, ...]
    rows: tuple[str, ...]
    taken: bool


@dataclass(frozen=True, slots=True)
class Became:
    """What a restart leaves, for which values of the other variable."""

    outcomes: tuple[str, ...]
    where: tuple[str, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """Everything about one value of a state variable."""

    variable: str
    value: Value
    other: str
    statuses: tuple[tuple[str, tuple[str, ...], bool], ...]
    arrivals: tuple[Passage, ...]
    departures: tuple[Passage, ...]
    allowed: tuple[tuple[str, Test | None], ...]
    restarts: tuple[Became, ...]


@dataclass(frozen=True, slots=True)
class RowEntry:
    """A row, with what follows each exception that it may raise: a row's id, or None where the process ends."""

    row: Row
    raised: tuple[tuple[str, tuple[str | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """Everything about one operation; ``guards`` are its guards with their conditions, alternatives apart."""

    operation: Operation
    guards: tuple[tuple[str, tuple[tuple[Test, ...], ...], tuple[str, ...], str | None, str], ...]
    procedures: tuple[tuple[str, tuple[RowEntry, ...]], ...]


def value_entries(
    lifecycle: Lifecycle, edges: tuple[Edge, ...], restarts: Restarts
) -> dict[str, tuple[ValueEntry, ...]]:
    """For each state variable its values, in the order of the tables."""
    return {
        name: tuple(
            _value(lifecycle, position, number, edges, restarts) for number in range(len(lifecycle.values[name]))
        )
        for position, name in enumerate(lifecycle.state_variables)
    }


def operation_entries(lifecycle: Lifecycle) -> dict[str, tuple[OperationEntry, ...]]:
    """For each family its operations; families and operations by name, those that are asked for before the others."""
    raised = _raised(lifecycle)
    families: dict[str, list[OperationEntry]] = {}
    for name in sorted(lifecycle.operations):
        operation = lifecycle.operations[name]
        entry = OperationEntry(operation, _guards(lifecycle, operation), procedures(lifecycle, name, raised))
        families.setdefault(operation.family, []).append(entry)
    return {family: tuple(families[family]) for family in sorted(families)}


def shared_procedures(lifecycle: Lifecycle) -> dict[str, tuple[tuple[str, tuple[RowEntry, ...]], ...]]:
    """The rows that belong to no operation: what several share."""
    owners = sorted({row.operation for row in lifecycle.rows.values()} - set(lifecycle.operations))
    raised = _raised(lifecycle)
    return {owner: procedures(lifecycle, owner, raised) for owner in owners}


Raised = dict[str, dict[str, set[str | None]]]


def procedures(lifecycle: Lifecycle, owner: str, raised: Raised) -> tuple[tuple[str, tuple[RowEntry, ...]], ...]:
    """The procedures of *owner* with their rows, in the order of the table."""
    found: dict[str, list[RowEntry]] = {}
    rows = (row for row in lifecycle.rows.values() if row.operation == owner and row.instruction != "guard")
    for row in sorted(rows, key=lambda row: (int(row.place.rpartition(":")[2] or 0), row.id)):
        failures = tuple(
            (exception, tuple(sorted(after, key=str))) for exception, after in sorted(raised.get(row.id, {}).items())
        )
        found.setdefault(row.procedure, []).append(RowEntry(row, failures))
    return tuple((name, tuple(rows)) for name, rows in found.items())


def _raised(lifecycle: Lifecycle) -> Raised:
    """Row -> exception -> the rows that follow it (None: the process ends)."""
    made: Raised = {}
    for instruction in lifecycle.instructions:
        if isinstance(instruction, Save | Call | Read):
            for exception, target in instruction.raised:
                after = lifecycle.instructions[target].row if target >= 0 else None
                made.setdefault(instruction.row, {}).setdefault(exception, set()).add(after)
    return made


def tests(lifecycle: Lifecycle, condition: Condition) -> tuple[tuple[Test, ...], ...]:
    """*condition* by names; a set of more than half of the values is said by what is not in it."""
    return tuple(
        tuple(_test(lifecycle, variable, values) for variable, values in conjunction) for conjunction in condition
    )


def _test(lifecycle: Lifecycle, variable: int, values: Iterable[int]) -> Test:
    known = lifecycle.variables[variable]
    passing = set(values)
    but = len(passing) > 6 and 2 * len(passing) > len(known.values)
    shown = tuple(name for number, name in enumerate(known.values) if (number in passing) is not but)
    return Test(known.name, shown, but)


def _guards(
    lifecycle: Lifecycle, operation: Operation
) -> tuple[tuple[str, tuple[tuple[Test, ...], ...], tuple[str, ...], str | None, str], ...]:
    return tuple(
        (guard.row, tests(lifecycle, guard.when), guard.checks, guard.condition, guard.source)
        for guard in operation.guards
    )


def _value(
    lifecycle: Lifecycle, position: int, number: int, edges: tuple[Edge, ...], restarts: Restarts
) -> ValueEntry:
    name = lifecycle.state_variables[position]
    other = lifecycle.state_variables[1 if position == 0 else 0]
    arrivals = [e for e in edges if e.target[position] == number and e.source[position] != number]
    departures = [e for e in edges if e.source[position] == number and e.target[position] != number]
    return ValueEntry(
        name,
        lifecycle.values[name][number],
        other,
        _statuses(lifecycle, position, number) if position < 2 else (),
        _passages(lifecycle, [(edge, edge.source[position]) for edge in arrivals], position),
        _passages(lifecycle, [(edge, edge.target[position]) for edge in departures], position),
        _allowed(lifecycle, position, number) if position < 2 else (),
        _restarts(lifecycle, position, number, restarts),
    )


def _statuses(lifecycle: Lifecycle, position: int, number: int) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
    """The public statuses, the commonest first, each with the values of the other variable that give it."""
    others = lifecycle.variables[1 - position].values
    mine = lifecycle.variables[position].values[number]
    found: dict[str, list[str]] = {}
    for other in others:
        status = lifecycle.status.get((mine, other) if position == 0 else (other, mine))
        if status is not None:
            found.setdefault(status, []).append(other)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((status, tuple(values), len(values) == len(others)) for status, values in ordered)


def _passages(lifecycle: Lifecycle, ends: list[tuple[Edge, int]], position: int) -> tuple[Passage, ...]:
    """By operation; of an operation that some execution takes, only what is taken is told."""
    values = lifecycle.variables[position].values
    found: dict[str, list[tuple[Edge, int, str]]] = {}
    for edge, end in ends:
        for row in edge.rows:
            found.setdefault(lifecycle.rows[row].operation, []).append((edge, end, row))
    made = []
    for operation, uses in sorted(found.items()):
        taken = any(edge.taken for edge, _, _ in uses)
        told = [use for use in uses if use[0].taken or not taken]
        numbers = sorted({end for _, end, _ in told})
        rows = tuple(sorted({row for _, _, row in told}))
        made.append(Passage(operation, tuple(values[one] for one in numbers), rows, taken))
    return tuple(sorted(made, key=lambda one: not one.taken))


def _allowed(lifecycle: Lifecycle, position: int, number: int) -> tuple[tuple[str, Test | None], ...]:
    """The requests that pass their guard with the value, each with the values of the other variable (None: any)."""
    from model.questions.allowed import ASKED

    other = 1 - position
    every = set(range(len(lifecycle.variables[other].values)))
    made: list[tuple[str, Test | None]] = []
    present = {variable: values for one in lifecycle.predicates["present"] for variable, values in one}
    for name, operation in sorted(lifecycle.operations.items()):
        passing: set[int] = set()
        for guard in operation.guards if operation.kind in ASKED else ():
            for conjunction in guard.when:
                asked = dict(conjunction)
                exists = all(variable not in asked or asked[variable] & values for variable, values in present.items())
                if exists and number in asked.get(position, {number}):
                    passing |= asked.get(other, every)
        if passing:
            made.append((name, None if passing == every else _test(lifecycle, other, passing)))
    return tuple(made)


def _restarts(lifecycle: Lifecycle, position: int, number: int, restarts: Restarts) -> tuple[Became, ...]:
    """What a restart leaves of the states with the value: outcomes, and with which values of the other variable."""
    other = 1 if position == 0 else 0
    names = lifecycle.variables[other].values
    seen: dict[int, set[str]] = {}
    for state, found in restarts.items():
        if state[position] == number:
            seen.setdefault(state[other], set()).update(found)
    grouped: dict[tuple[str, ...], list[int]] = {}
    for value, found_here in sorted(seen.items()):
        grouped.setdefault(tuple(sorted(found_here)), []).append(value)
    return tuple(
        Became(found, tuple(names[value] for value in values), len(values) == len(names))
        for found, values in sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
    )
