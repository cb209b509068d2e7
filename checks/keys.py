"""The key by which violations of a property are told apart: values of roles, and the operation that is accused."""

from __future__ import annotations

from collections.abc import Sequence

from checks.past import Ghost, Past
from checks.properties.definition import OPERATION, Property
from checks.properties.formula import roles
from model.lifecycle import Lifecycle, Record

Key = tuple[int, ...]
#: In the place of a variable's number: the operation that is accused.
ACCUSED = -1


def coordinates(lifecycle: Lifecycle, one: Property) -> tuple[int, ...]:
    """The variables of the key of *one*, each once, in its order, without the roles that *lifecycle* does not have."""
    told_by: dict[str, tuple[int, ...]] = {role: (variable,) for role, variable in roles(lifecycle).items()}
    told_by |= {
        name: tuple(sorted({variable for tests in condition for variable, _ in tests}))
        for name, condition in lifecycle.predicates.items()
    }
    told_by[OPERATION] = (ACCUSED,)
    return tuple(dict.fromkeys(variable for name in one.key for variable in told_by.get(name, ())))


def key(
    past: Past, where: Sequence[int], record: Record, ghost: Ghost, operations: frozenset[str] = frozenset()
) -> Key:
    """The values at the coordinates *where*; *ghost* is that of the moment, *operations* are those of its step."""
    return tuple(past.accused(ghost, operations) if variable == ACCUSED else record[variable] for variable in where)


def named(lifecycle: Lifecycle, where: Sequence[int], values: Key) -> dict[str, str]:
    """The key *values* by names."""
    names = tuple(lifecycle.operations)
    return {
        OPERATION if variable == ACCUSED else lifecycle.variables[variable].name: (
            names[value] if variable == ACCUSED else lifecycle.variables[variable].values[value]
        )
        for variable, value in zip(where, values, strict=True)
    }


def size(lifecycle: Lifecycle, variable: int) -> int:
    """How many values the coordinate *variable* has."""
    return len(lifecycle.operations) if variable == ACCUSED else len(lifecycle.variables[variable].values)
