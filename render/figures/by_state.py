"""Who may ask for what: operations crossed with the values of the first state variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.questions.allowed import Cell as Allowed
from model.questions.allowed import matrix
from render.figure import Cell, CellKind, Header, Matrix
from render.figures.words import listed, operation_link, value_link

if TYPE_CHECKING:
    from model.lifecycle import Lifecycle


def operations_by_state(lifecycle: Lifecycle) -> Matrix:
    """The operations that somebody may ask for, by family, against each value of the first state variable.

    A full mark: whatever the second variable is; a half one: with the values that its tooltip names.
    """
    first, second = lifecycle.state_variables[:2]
    known = matrix(lifecycle)
    order = sorted(known, key=lambda name: (_families(lifecycle).index(lifecycle.operations[name].family), name))
    values = [value.name for value in lifecycle.values[first]]
    rest = _rest(lifecycle)
    never = [name for name in order if not any(cell.values for cell in known[name].values())]
    return Matrix(
        "operations-by-state",
        f"Which operation passes its guard in which {first}",
        f"Rows are operations, columns are values of {first}. The guard is judged on {first} and {second}; "
        "further conditions are named with each operation.",
        tuple(
            Header(name, name, operation_link(name), lifecycle.operations[name].meaning.en) for name in order
        ),
        tuple(
            Header(value.name, value.name, value_link(first, value.name), value.meaning.en)
            for value in lifecycle.values[first]
        ),
        tuple(tuple(_cell(name, value, known[name][value], first, second, rest) for value in values) for name in order),
        ("operation", first),
        (
            (CellKind.YES, f"whatever {second} is"),
            (CellKind.CHANGED, f"at rest only ({' or '.join(sorted(rest))})"),
            (CellKind.PARTLY, f"with some values of {second}"),
            (CellKind.NO, "refused"),
        ),
        (f"Only where there is no record yet: {listed(never)}.",) if never else (),
    )  # fmt: skip


def _families(lifecycle: Lifecycle) -> list[str]:
    return list(dict.fromkeys(operation.family for operation in lifecycle.operations.values()))


def _rest(lifecycle: Lifecycle) -> frozenset[str]:
    """The values of the second variable with which something is at rest."""
    second = lifecycle.variables[1]
    return frozenset(
        second.values[number]
        for conjunction in lifecycle.predicates["rest"]
        for variable, values in conjunction
        if variable == 1
        for number in values
    )


def _cell(operation: str, value: str, cell: Allowed, first: str, second: str, rest: frozenset[str]) -> Cell:
    where = f"{operation} in {first} {value}"
    link = operation_link(operation)
    if not cell.values:
        return Cell(CellKind.NO, "", link, f"{where}: refused")
    if cell.every:
        return Cell(CellKind.YES, "", link, f"{where}: whatever {second} is")
    kind = CellKind.CHANGED if set(cell.values) <= rest else CellKind.PARTLY
    return Cell(kind, "", link, f"{where}: with {second} {', '.join(cell.values)}")
