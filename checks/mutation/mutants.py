"""Mutants of the tables: one row deleted or altered, everywhere where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from model.explore import UNBOUNDED
from model.lifecycle import Lifecycle
from model.program import (
    FAILED,
    FINISHED,
    Acquire,
    Call,
    Choose,
    Dirty,
    Entry,
    Instruction,
    Read,
    Save,
    Tests,
    Wait,
    Writes,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the row, and in words what is done to it.

    ``delete`` (the step does nothing; the message is not sent; the lock is not taken; the guard's start is gone),
    ``drop expect``, ``narrow expect``, ``change value``, ``omit VARIABLE`` of what is written, ``elsewhere`` (another
    service writes the report), ``escape`` (no handler catches what the step raises), ``never fails``, ``never`` and
    ``always`` of a condition, ``stale`` (what is looked at is the old copy), ``without LABEL`` of a choice, ``drop
    guard``, ``without VARIABLE`` of a guard, ``revive`` (what changes the record at once brings a destroyed row back).
    """

    row: str
    change: str


def mutants(lifecycle: Lifecycle) -> Iterator[Mutant]:
    """Every mutant of *lifecycle* that changes something, in the order of its rows."""
    instructions: dict[str, list[Instruction]] = {}
    for instruction in lifecycle.instructions:
        instructions.setdefault(instruction.row, []).append(instruction)
    entries: dict[str, list[Entry]] = {}
    for entry in lifecycle.entries:
        entries.setdefault(entry.row, []).append(entry)
    for row in sorted(lifecycle.rows):
        if row in instructions:
            changes = dict.fromkeys(change for one in instructions[row] for change in _changes(lifecycle, one))
            for change in changes:
                if any(_changed(lifecycle, one, change) != one for one in instructions[row]):
                    yield Mutant(row, change)
        elif row in entries:
            for change in _guard_changes(lifecycle, entries[row]):
                # without its guard, what nobody asks for would start without end
                if lifecycle.rows[row].kind not in UNBOUNDED and any(
                    _widened(lifecycle, one, change) != one.when for one in entries[row]
                ):
                    yield Mutant(row, change)
            yield Mutant(row, "delete")
            if any(one.writes for one in entries[row]):
                yield Mutant(row, "revive")


def _changes(lifecycle: Lifecycle, one: Instruction) -> Iterator[str]:
    names = [variable.name for variable in lifecycle.variables]
    match one:
        case Save(expect=expect, writes=writes, raised=raised):
            yield "delete"
            if expect is not None:
                yield "drop expect"
                if len(expect) > 1:
                    yield "narrow expect"
            if writes:
                yield "change value"
            if len(writes) > 1:
                yield from (f"omit {names[variable]}" for variable, _ in writes)
            if any(target != FAILED for _, target in raised):
                yield "escape"
            if any(variable in lifecycle.observed for variable, _ in writes):
                yield "elsewhere"
        case Call(raised=raised):
            yield "delete"
            if raised:
                yield "never fails"
            if any(target != FAILED for _, target in raised):
                yield "escape"
        case Dirty() | Wait() | Acquire():
            yield "delete"
        case Read(condition=condition, refresh=refresh, asks=asks):
            yield from ("delete",) if condition is None else ("never", "always")
            if refresh or asks:
                yield "stale"
        case Choose(options=options) if len(options) > 1:
            yield from (f"without {label}" for label, _ in options)
        case _:
            pass


def _guard_changes(lifecycle: Lifecycle, entries: Iterable[Entry]) -> Iterator[str]:
    yield "drop guard"
    present = {variable for tests in lifecycle.predicates["present"] for variable, _ in tests}
    tested = {variable for entry in entries for tests in entry.when for variable, _ in tests}
    for variable in sorted(number for number in tested - present if isinstance(number, int)):
        yield f"without {lifecycle.variables[variable].name}"


def lessens(lifecycle: Lifecycle, mutant: Mutant) -> bool:
    """Whether *mutant* can only take steps away: of its executions each is one of *lifecycle*."""
    if lifecycle.rows[mutant.row].instruction == "guard":
        return mutant.change == "delete"
    if mutant.change == "delete":
        own = [one for one in lifecycle.instructions if one.row == mutant.row]
        return all(isinstance(one, Call) and not any((*one.effects, *one.failing)) for one in own)
    return mutant.change == "never fails" or mutant.change.startswith("without ")


def mutated(lifecycle: Lifecycle, mutant: Mutant) -> Lifecycle:
    """*lifecycle* with *mutant* applied."""
    kept = [entry for entry in lifecycle.entries if entry.row != mutant.row]
    own = [entry for entry in lifecycle.entries if entry.row == mutant.row]
    if mutant.change == "delete":
        own = []
    elif mutant.change == "revive":
        own = [replace(entry, writes=_revived(lifecycle, entry)) for entry in own]
    elif own:
        own = [replace(entry, when=_widened(lifecycle, entry, mutant.change)) for entry in own]
    instructions = tuple(
        _changed(lifecycle, one, mutant.change) if one.row == mutant.row else one for one in lifecycle.instructions
    )
    return replace(lifecycle, entries=(*kept, *own), instructions=instructions)


def _widened(lifecycle: Lifecycle, entry: Entry, change: str) -> tuple[Tests, ...]:
    if change == "drop guard":
        return lifecycle.predicates["present"]
    variable = lifecycle.index(change.removeprefix("without "))
    return tuple(dict.fromkeys(tuple(test for test in tests if test[0] != variable) for tests in entry.when))


def _revived(lifecycle: Lifecycle, entry: Entry) -> Writes:
    """What *entry* writes, and what makes a row present."""
    there = {variable: min(values) for variable, values in lifecycle.predicates["present"][0]}
    return tuple(sorted({**dict(entry.writes), **there}.items()))


def _changed(lifecycle: Lifecycle, one: Instruction, change: str) -> Instruction:
    match one, change:
        case Save(writes=writes), "change value":
            variable, operand = writes[0]
            size = len(lifecycle.variables[variable].values)
            value = (operand + 1) % size if isinstance(operand, int) else 0
            return replace(one, writes=((variable, value), *writes[1:]))
        case Save(), "drop expect":
            return replace(one, expect=None)
        case Save(expect=expect), "narrow expect" if expect is not None:
            return replace(one, expect=expect - {min(expect)})
        case ((Save(raised=raised) | Call(raised=raised)), "escape"):
            return replace(one, raised=tuple((exception, FAILED) for exception, _ in raised))
        case Save(), "elsewhere":
            return replace(
                one, service=next(service.name for service in lifecycle.services if service.crash_when is None)
            )
        case Call(), "never fails":
            return replace(one, raised=())
        case Save(writes=writes), _ if change.startswith("omit "):
            variable = lifecycle.index(change.removeprefix("omit "))
            return replace(one, writes=tuple(write for write in writes if write[0] != variable))
        case ((Save() | Dirty()), _):
            return Dirty(one.row, one.operation, one.service, one.holds, one.killed, (), one.next)
        case Call(), _:
            return replace(one, effects=((),), failing=((),), raised=())
        case Read(), "stale":
            return replace(one, refresh=False, asks=False)
        case Read(condition=condition), _ if condition is not None:
            return replace(one, condition=((),) if change == "always" else ())
        case Read(then=then), _:
            return Dirty(one.row, one.operation, one.service, one.holds, one.killed, (), then)
        case Acquire(next=after), _:
            return Dirty(one.row, one.operation, one.service, one.holds, one.killed, (), after)
        case Wait(), _:
            return replace(one, next=FINISHED)
        case Choose(options=options), _:
            return replace(one, options=tuple(option for option in options if f"without {option[0]}" != change))
        case _:
            return one
