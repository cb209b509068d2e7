"""The rows and words of a lifecycle's tables, in the form in which recordings are replayed against them.

A save writes its own fields and whatever the process has made dirty before. What a *set* made dirty is known from the
program: every way through it gives the row another set of fields. What a refused save left dirty is known only from the
recording, so replay follows that.
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.conformance.runs.vocabulary import Variable, Vocabulary
from model.lifecycle import Lifecycle
from model.program import Dirty, Instruction, Read, Save, targets
from model.rows import WriteRow

Fields = frozenset[tuple[str, str]]
PRESENCE, GONE = "row", "DESTROYED"
"""The variable that says whether the record exists, and its value when it does not any more."""
API_PREFIX = "os-"
"""With which some actions of the API begin, and their records do not."""
REMOVES_OTHER = "destroy_other_row"
RECORDED_AS = {"peer": "compute"}
"""Services that the tables tell apart and a recording cannot: both are the same program."""


def rows_of(lifecycle: Lifecycle) -> tuple[WriteRow, ...]:
    """Every row that a recording can show, in the order of the tables.

    A row stands several times when it can carry several sets of dirty fields, or runs in several operations (the
    shared failure idioms). Rows that neither name a variable of the state nor expect a value are left out: they are
    not recorded.

    A move between databases makes a second row of an instance, and the tables follow the one that is shown. A call of
    the name :data:`REMOVES_OTHER` removes the other one: it explains a recorded destroy.
    """
    carried = _dirty_fields(lifecycle)
    seen: set[tuple[str, str, str, Fields]] = set()
    found: list[WriteRow] = []
    for point, instruction in enumerate(lifecycle.instructions):
        if not isinstance(instruction, Save):
            continue
        for dirty in sorted(carried[point], key=sorted):
            row = _row(lifecycle, instruction, dirty)
            key = (row.id, row.operation, row.service, frozenset(row.writes.items()))
            if key not in seen and (row.writes or row.expect is not None):
                seen.add(key)
                found.append(row)
    for call in lifecycle.rows.values():
        if call.step == REMOVES_OTHER:
            service = RECORDED_AS.get(call.service, call.service)
            writes = {PRESENCE: GONE}
            found.append(WriteRow(call.id, call.operation, call.kind, service, call.source, None, writes, None))
    order = {name: position for position, name in enumerate(lifecycle.rows)}
    return tuple(sorted(found, key=lambda row: (order[row.id], row.operation)))


def keys_of(lifecycle: Lifecycle) -> dict[str, str]:
    """The key of each state variable in a recording: its name without ``_state``."""
    return {name: name.removesuffix("_state") for name in lifecycle.state_variables}


def vocabulary_of(lifecycle: Lifecycle, keys: Mapping[str, str], actions: Mapping[str, frozenset[str]]) -> Vocabulary:
    """The words of *lifecycle*; *keys* maps each state variable to its key in a recording."""
    variables = tuple(
        Variable(name, keys[name], {value.name: value.wire for value in lifecycle.values[name]})
        for name in lifecycle.state_variables
    )
    compared = lifecycle.variables[lifecycle.compare_variable].name
    return Vocabulary(
        variables, compared, lifecycle.state_variables[0], PRESENCE, actions, likely_operations(lifecycle)
    )


def likely_operations(lifecycle: Lifecycle) -> dict[str, frozenset[str]]:
    """The operations that a recorded request is most likely for: it bears their name, or that of their API action."""
    found: dict[str, set[str]] = {}
    for operation in lifecycle.operations.values():
        action = (operation.action or "").partition(" ")[0]
        names = {operation.name, operation.name.replace("-", "_"), action, action.removeprefix(API_PREFIX)}
        for name in names - {""}:
            found.setdefault(name, set()).add(operation.name)
    return {name: frozenset(operations) for name, operations in found.items()}


def _row(lifecycle: Lifecycle, save: Save, dirty: Fields) -> WriteRow:
    row = lifecycle.rows[save.row]
    own = dict(row.writes)
    presence = own.pop(PRESENCE, None)
    recorded = {**dict(dirty), **own}
    writes = {name: recorded[name] for name in lifecycle.state_variables if name in recorded}
    born = presence is not None and presence != GONE
    if presence == GONE:
        writes[PRESENCE] = presence
    return WriteRow(
        row.id,
        save.operation,
        row.kind,
        RECORDED_AS.get(save.service, save.service),
        row.source,
        row.expect,
        writes,
        frozenset() if born else None,
    )


def _dirty_fields(lifecycle: Lifecycle) -> list[set[Fields]]:
    """For each instruction, the sets of fields that a *set* can have left dirty when control arrives there."""
    arriving: list[set[Fields]] = [set() for _ in lifecycle.instructions]
    waiting: list[tuple[int, Fields]] = [(entry.next, frozenset()) for entry in lifecycle.entries]
    while waiting:
        point, dirty = waiting.pop()
        if point < 0 or dirty in arriving[point]:
            continue
        arriving[point].add(dirty)
        instruction = lifecycle.instructions[point]
        waiting += [(target, _after(lifecycle, instruction, target, dirty)) for target in targets(instruction)]
    return arriving


def _after(lifecycle: Lifecycle, instruction: Instruction, target: int, dirty: Fields) -> Fields:
    """What is dirty after *instruction* on its way to *target*: a save that took effect leaves nothing."""
    match instruction:
        case Dirty():
            own = dict(lifecycle.rows[instruction.row].writes)
            kept = {name: value for name, value in dirty if name not in own}
            return frozenset({**kept, **own}.items())
        case Save(next=after) if target == after:
            return frozenset()
        case Read(refresh=True, then=then, otherwise=otherwise) if target in {then, otherwise}:
            return frozenset()
        case _:
            return dirty
