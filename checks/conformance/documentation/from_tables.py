"""What the tables say, in the form in which a page is held against it."""

from __future__ import annotations

from checks.conformance.documentation.said import NULL, DocumentedOperation, Names
from model.conditions import assigned, passes
from model.explore import Configuration, completed, explore
from model.lifecycle import Conjunction, Lifecycle, Operation, Record, Scenario, Text, holds, may_be_present
from model.semantics import END_FAILED, END_FINISHED, Semantics

ASKED = "request"
TERMINAL = "terminal"
QUIET = Scenario("quiet", Text("", ""), 1, frozenset(), fail=False, crash=False, lose=False)
"""One request, and nothing fails."""


def documented_operations(lifecycle: Lifecycle) -> tuple[DocumentedOperation, ...]:
    """Every operation that a user can ask for, by name; its moves are those of one request alone that succeeds.

    A request starts from each state that its guard admits and in which the vm_state says what the guest does.
    """
    semantics = Semantics(lifecycle)
    asked = [operation for operation in lifecycle.operations.values() if operation.kind == ASKED and operation.guards]
    return tuple(_documented(lifecycle, operation, semantics) for operation in sorted(asked, key=lambda one: one.name))


def names_of(lifecycle: Lifecycle) -> Names:
    """The constants of *lifecycle*, and the statuses of the API as other words for the vm_states at rest."""
    vm, task = lifecycle.state_variables[:2]
    states = frozenset(value.name for value in lifecycle.values[vm])
    tasks = frozenset(value.name for value in lifecycle.values[task]) - {NULL}
    aliases = {status: state for (state, at), status in lifecycle.status.items() if at == NULL and status not in states}
    gone = frozenset(value.name for value in lifecycle.values[vm] if value.group == TERMINAL)
    return Names(states, tasks, aliases, frozenset(), gone)


def _documented(lifecycle: Lifecycle, operation: Operation, semantics: Semantics) -> DocumentedOperation:
    existing = [one for guard in operation.guards for one in guard.when if may_be_present(lifecycle, one)]
    vm_states, task_states = (_admitted(lifecycle, existing, variable) for variable in (0, 1))
    moves = _moves(lifecycle, operation, semantics) if existing else _first_moves(lifecycle, operation, semantics)
    source = operation.guards[0].source
    return DocumentedOperation(operation.name, _commands(operation), vm_states, task_states, moves, source)


def _commands(operation: Operation) -> frozenset[str]:
    """The name itself, and the words of the command line without the program, the noun and the options."""
    words = [word for word in (operation.command or "").split()[2:] if not word.startswith("-")]
    return frozenset({operation.name, " ".join(words)} - {""})


def _admitted(lifecycle: Lifecycle, conjunctions: list[Conjunction], variable: int) -> frozenset[str] | None:
    """The constants of *variable* that some conjunction admits; None when one of them does not test it."""
    values = lifecycle.variables[variable].values
    admitted: set[str] = set()
    for conjunction in conjunctions:
        tested = dict(conjunction).get(variable)
        if tested is None:
            return None
        admitted.update(values[number] for number in tested)
    return frozenset(admitted)


def _moves(lifecycle: Lifecycle, operation: Operation, semantics: Semantics) -> frozenset[tuple[str, str]]:
    """Each vm_state in which the guard admits an instance at rest, with each in which the request leaves it."""
    vm, power = lifecycle.values[lifecycle.state_variables[0]], lifecycle.variables[2].values
    rest = lifecycle.variables[1].values.index(NULL)
    conflict = lifecycle.predicates.get("conflict", ())
    moves: set[tuple[str, str]] = set()
    for before, value in enumerate(vm):
        for seen in range(len(power)) if value.group != TERMINAL else ():
            record = completed(lifecycle, (before, rest, seen))
            if not holds(conflict, record):
                moves |= {(value.name, vm[end[0]].name) for end in _ends(operation, record, semantics)}
    return frozenset(moves)


def _first_moves(lifecycle: Lifecycle, operation: Operation, semantics: Semantics) -> frozenset[tuple[str, str]]:
    """The moves of an operation that makes the instance: from the vm_state with which it is made."""
    names = lifecycle.variables[0].values
    initial = lifecycle.initial
    return frozenset((names[initial[0]], names[end[0]]) for end in _ends(operation, initial, semantics))


def _ends(operation: Operation, record: Record, semantics: Semantics) -> list[Record]:
    """The records in which one request of *operation*, started on *record*, can end when nothing fails."""
    starts: list[Configuration] = []
    for start in semantics.starts:
        if start.operation == operation.name and passes(start.when, record):
            ended = start.to in {END_FINISHED, END_FAILED}
            starts.append((assigned(start.assign, record), () if ended else (start.to,)))
    if not starts:
        return []
    return [after for after, controls in explore(semantics, QUIET, starts).configurations if not controls]
