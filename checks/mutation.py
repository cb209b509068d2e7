"""Deletes and alters the tables step by step, and asks of each mutant whether some check notices it.

A mutant is a lifecycle with one instruction or one guard changed everywhere where its row stands.  It is *caught* when
a verdict or a set of findings differs from those of the tables as they are; what survives is listed with its row and
its change.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from checks.verdict import Report
from checks.verify import verify
from model.explore import UNBOUNDED
from model.lifecycle import Lifecycle
from model.program import FAILED, Call, Choose, Dirty, Entry, Instruction, Read, Save, Tests, Writes

Print_ = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the row, and in words what is done to it.

    ``delete`` (the step does nothing; the guard's start is gone), ``drop expect``, ``narrow expect``, ``change value``,
    ``omit VARIABLE`` of what is written, ``elsewhere`` (another service writes the report), ``escape`` (no handler
    catches what the step raises), ``never fails``, ``never`` and ``always`` of a condition, ``without LABEL`` of a
    choice, ``drop guard``, ``without VARIABLE`` of a guard, ``revive`` (what changes the record at once brings a
    destroyed row back).
    """

    row: str
    change: str


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a mutant was noticed, and by which properties."""

    mutant: Mutant
    caught: bool
    properties: tuple[str, ...]


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
        case Dirty():
            yield "delete"
        case Read(condition=condition) if condition is not None:
            yield "never"
            yield "always"
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
        case Read(), _:
            return replace(one, condition=((),) if change == "always" else ())
        case Choose(options=options), _:
            return replace(one, options=tuple(option for option in options if f"without {option[0]}" != change))
        case _:
            return one


def fingerprint(report: Report) -> Print_:
    """What a mutant is compared by: every verdict with every finding's key."""
    made: set[tuple[str, ...]] = set()
    for verdict in report.verdicts:
        made.add((verdict.property, verdict.scenario, verdict.outcome.value))
        for finding in verdict.findings:
            made.add((verdict.property, verdict.scenario, *map(str, finding.key.values())))
    return frozenset(made)


def mutate(
    lifecycle: Lifecycle, scenarios: tuple[str, ...], sample: int | None = None, workers: int = 2
) -> list[Result]:
    """Try every mutant (or *sample* of them, always the same) in *scenarios*, with the graph engine alone."""
    chosen = list(mutants(lifecycle))
    if sample is not None and sample < len(chosen):
        chosen = sorted(random.Random(0).sample(chosen, sample), key=lambda mutant: (mutant.row, mutant.change))  # noqa: S311
    usual = fingerprint(verify(lifecycle, scenarios, z3=False))
    one = partial(_try, lifecycle, scenarios, usual)
    if workers == 1:
        return [one(mutant) for mutant in chosen]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(one, chosen, chunksize=4))


def _try(lifecycle: Lifecycle, scenarios: tuple[str, ...], usual: Print_, mutant: Mutant) -> Result:
    try:
        found = fingerprint(verify(mutated(lifecycle, mutant), scenarios, z3=False))
    except (KeyError, AssertionError) as error:
        return Result(mutant, caught=True, properties=(type(error).__name__,))
    differing = usual ^ found
    return Result(mutant, bool(differing), tuple(sorted({entry[0] for entry in differing})))


def lines(results: Iterable[Result]) -> Iterator[str]:
    """*results* as text: a line for each row with what was caught and what survived, then the rate."""
    rows: dict[str, list[Result]] = {}
    for result in results:
        rows.setdefault(result.mutant.row, []).append(result)
    for row, own in rows.items():
        survived = [one.mutant.change for one in own if not one.caught]
        by = sorted({name for one in own for name in one.properties})
        said = f"{row}: {len(own) - len(survived)} of {len(own)} caught"
        said += f" by {', '.join(by)}" if by else ""
        yield said + (f"; survived: {', '.join(survived)}" if survived else "")
    total = [result for own in rows.values() for result in own]
    caught = sum(result.caught for result in total)
    noticed = sum(any(result.caught for result in own) for own in rows.values())
    rate = f"{caught / len(total):.0%}" if total else "none"
    yield f"{caught} of {len(total)} mutants caught ({rate}); {noticed} of {len(rows)} rows noticed"
    by_change: Counter[str] = Counter()
    for result in total:
        if not result.caught:
            by_change[result.mutant.change.split(" ")[0]] += 1
    if by_change:
        yield "survivors: " + ", ".join(f"{count} {change}" for change, count in by_change.most_common())
