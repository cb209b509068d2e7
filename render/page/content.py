"""What the page says of each value and each operation in its own text; the template only sets it in type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model.lifecycle import Condition, Lifecycle, Operation, Row, Value
from model.program import Call, Read, Save


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on a variable; ``but`` says that the values are those which do not pass."""

    variable: str
    values: tuple[str, ...]
    but: bool = False


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """One value of a state variable: public statuses, the values of ``other`` that give each, whether all do."""

    value: Value
    other: str
    statuses: tuple[tuple[str, tuple[str, ...], bool], ...]


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


def value_entries(lifecycle: Lifecycle) -> dict[str, tuple[ValueEntry, ...]]:
    """For each state variable its values, in the order of the tables."""
    made: dict[str, tuple[ValueEntry, ...]] = {}
    for position, name in enumerate(lifecycle.state_variables):
        other = lifecycle.state_variables[1 if position == 0 else 0]
        made[name] = tuple(
            ValueEntry(value, other, _statuses(lifecycle, position, number) if position < 2 else ())
            for number, value in enumerate(lifecycle.values[name])
        )
    return made


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
