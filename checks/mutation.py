"""Deletes and alters the tables step by step, and asks of each mutant whether some check notices it.

A mutant is a lifecycle with one instruction changed everywhere where its row stands.  It is *caught* when a verdict or
a set of findings differs from those of the tables as they are; what survives is listed with its row and its change.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from checks.verdict import Report
from checks.verify import verify
from model.explore import UNBOUNDED
from model.lifecycle import Lifecycle
from model.program import Call, Dirty, Instruction, Read, Save

Print_ = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the row, and in words what is done to it."""

    row: str
    change: str


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a mutant was noticed, and by which properties."""

    mutant: Mutant
    caught: bool
    properties: tuple[str, ...]


def mutants(lifecycle: Lifecycle) -> Iterator[Mutant]:
    """Every mutant of *lifecycle*, in the order of its rows."""
    kinds: dict[str, Instruction] = {one.row: one for one in reversed(lifecycle.instructions)}
    for row in sorted(lifecycle.rows):
        match kinds.get(row):
            case Save(expect=expect, writes=writes):
                yield Mutant(row, "delete")
                if expect is not None:
                    yield Mutant(row, "drop expect")
                if writes:
                    yield Mutant(row, "change value")
            case Dirty() | Call():
                yield Mutant(row, "delete")
            case Read(condition=condition) if condition is not None:
                yield Mutant(row, "never")
                yield Mutant(row, "always")
            case None if any(entry.row == row for entry in lifecycle.entries):
                if lifecycle.rows[row].kind not in UNBOUNDED:  # without its guard it would start without end
                    yield Mutant(row, "drop guard")
                yield Mutant(row, "delete")
            case _:
                pass


def mutated(lifecycle: Lifecycle, mutant: Mutant) -> Lifecycle:
    """*lifecycle* with *mutant* applied."""
    entries = lifecycle.entries
    if mutant.row.split("/")[-1].startswith("guard"):
        present = lifecycle.predicates["present"]
        changed = [] if mutant.change == "delete" else [
            replace(entry, when=present) for entry in entries if entry.row == mutant.row
        ]  # fmt: skip
        entries = (*(entry for entry in entries if entry.row != mutant.row), *changed)
    instructions = tuple(
        _changed(lifecycle, one, mutant.change) if one.row == mutant.row else one for one in lifecycle.instructions
    )
    return replace(lifecycle, entries=entries, instructions=instructions)


def _changed(lifecycle: Lifecycle, one: Instruction, change: str) -> Instruction:
    match one, change:
        case Save(writes=writes), "change value":
            variable, operand = writes[0]
            size = len(lifecycle.variables[variable].values)
            value = (operand + 1) % size if isinstance(operand, int) else 0
            return replace(one, writes=((variable, value), *writes[1:]))
        case Save(), "drop expect":
            return replace(one, expect=None)
        case (Save() | Dirty()), _:
            return Dirty(one.row, one.operation, one.service, one.holds, one.killed, (), one.next)
        case Call(), _:
            return replace(one, effects=((),), failing=((),), raised=())
        case Read(), _:
            return replace(one, condition=((),) if change == "always" else ())
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
        return Result(mutant, True, (type(error).__name__,))
    differing = usual ^ found
    return Result(mutant, bool(differing), tuple(sorted({entry[0] for entry in differing})))
