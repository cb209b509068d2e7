"""Conjunctions over the record: whether one holds, what two have in common, what must hold before an assignment."""

from __future__ import annotations

from model.lifecycle import Record
from model.program import Tests

#: A conjunction over the record: variable number -> the value numbers that it may have.
When = tuple[tuple[int, frozenset[int]], ...]
#: ``(variable, value)`` or ``(variable, -1 - other)``: a copy of the variable numbered *other*.
Assignments = tuple[tuple[int, int], ...]


def passes(when: When, record: Record) -> bool:
    """Whether *record* passes every test of *when*."""
    return all(record[variable] in values for variable, values in when)


def assigned(assign: Assignments, record: Record) -> Record:
    """*record* after *assign*; copies read the values from before."""
    if not assign:
        return record
    changed = list(record)
    for variable, value in assign:
        changed[variable] = value if value >= 0 else record[-1 - value]
    return tuple(changed)


def meet(first: Tests | When, second: Tests | When) -> When | None:
    """The conjunction of two conjunctions over the record; None when nothing can pass it."""
    met: dict[int, frozenset[int]] = {}
    for variable, values in (*first, *second):
        assert isinstance(variable, int)
        narrowed: frozenset[int] = met[variable] & values if variable in met else values
        if not narrowed:
            return None
        met[variable] = narrowed
    return tuple(sorted(met.items()))


def before(when: When, assign: Assignments, tests: When) -> When | None:
    """What must hold before *assign* for *when* to hold then and *tests* after it; None when nothing can."""
    assigned_values = dict(assign)
    earlier: When | None = when
    for variable, values in tests:
        value = assigned_values.get(variable)
        if value is None:
            earlier = None if earlier is None else meet(earlier, ((variable, values),))
        elif value < 0:
            earlier = None if earlier is None else meet(earlier, ((-1 - value, values),))
        elif value not in values:
            return None
    return earlier
