"""Which mutants a comparison with the source notices: what it compares of a row is altered as the row is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks.conformance.source.compare import compare
from checks.conformance.source.facts import SourceFacts
from checks.mutation.mutants import Mutant, mutated
from model.lifecycle import Condition, Lifecycle, Row
from model.program import Operand, Save


def noticed_by_source(lifecycle: Lifecycle, facts: SourceFacts, mutants: Iterable[Mutant]) -> Iterator[Mutant]:
    """Those of *mutants* whose saves, or whose guards, the source with these *facts* does not have."""
    usual = compare(lifecycle, facts)
    for mutant in mutants:
        altered = as_told(lifecycle, mutant)
        if altered is not None and compare(altered, facts) != usual:
            yield mutant


def as_told(lifecycle: Lifecycle, mutant: Mutant) -> Lifecycle | None:
    """*lifecycle* with its rows and guards as *mutant* makes them; None when they tell the same."""
    changed = mutated(lifecycle, mutant)
    row = lifecycle.rows[mutant.row]
    pairs = zip(lifecycle.instructions, changed.instructions, strict=True)
    own = [(before, after) for before, after in pairs if before.row == row.id and before != after]
    for before, after in own:
        if isinstance(before, Save):
            told = _row(lifecycle, row, before, after) if isinstance(after, Save) else None
            if told != row:
                rows = {name: one for name, one in lifecycle.rows.items() if name != row.id}
                return replace(lifecycle, rows=rows if told is None else {**rows, row.id: told})
    entries = _whens(changed, row)
    if row.instruction != "guard" or entries == _whens(lifecycle, row):
        return None
    operation = lifecycle.operations[row.operation]
    guards = tuple(
        replace(guard, when=next(iter(entries))) if guard.row == row.id else guard
        for guard in operation.guards
        if entries or guard.row != row.id
    )
    operations = {**lifecycle.operations, operation.name: replace(operation, guards=guards)}
    return replace(lifecycle, operations=operations)


def _whens(lifecycle: Lifecycle, row: Row) -> set[Condition]:
    """The conditions over the record under which *row* starts something."""
    return {
        tuple(
            tuple((variable, values) for variable, values in tests if isinstance(variable, int))  # type: ignore[misc]
            for tests in entry.when
        )
        for entry in lifecycle.entries
        if entry.row == row.id
    }


def _row(lifecycle: Lifecycle, row: Row, before: Save, after: Save) -> Row:
    """*row* with what differs from *before* to *after*."""
    expect = row.expect
    if before.expect != after.expect:
        values = lifecycle.variables[lifecycle.compare_variable].values
        expect = None if after.expect is None else frozenset(values[number] for number in after.expect)
    was = {_name(lifecycle, variable): _text(lifecycle, variable, operand) for variable, operand in before.writes}
    now = {_name(lifecycle, variable): _text(lifecycle, variable, operand) for variable, operand in after.writes}
    writes = tuple(
        (name, text if was.get(name) == now.get(name) else now[name])
        for name, text in row.writes
        if name in now or name not in was
    )
    return replace(row, expect=expect, writes=writes)


def _name(lifecycle: Lifecycle, variable: int) -> str:
    return lifecycle.variables[variable].name


def _text(lifecycle: Lifecycle, variable: int, operand: Operand) -> str:
    if isinstance(operand, int):
        return lifecycle.variables[variable].values[operand]
    return f"${_name(lifecycle, operand[1]) if isinstance(operand[1], int) else operand[1]}"
