"""Properties over arrays: a formula on many configurations, or on many steps, at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.anatomy import Anatomy
from checks.concurrency.automaton import Automaton, Marks
from checks.concurrency.records import Ints, Records
from checks.properties.formula import (
    And,
    BesideGuest,
    ByMarker,
    Changed,
    Formula,
    Is,
    Kind,
    Not,
    Or,
    Pending,
    Quiet,
    Same,
    atoms,
    roles,
)
from checks.properties.formula import reads as looks_at
from model.lifecycle import Condition, Lifecycle
from model.semantics import Semantics

Flags = npt.NDArray[np.bool_]

#: Atoms that speak of the step's process, not of the record.
OF_PROCESS = (Kind, ByMarker, BesideGuest)


def judgeable(formula: Formula) -> bool:
    """Whether *formula* speaks only of the record, of what is in flight, and of the process that steps."""
    known = (Is, Quiet, Pending, Same, Changed, *OF_PROCESS)
    return all(isinstance(atom, known) for atom in atoms(formula))


def of_step(formula: Formula) -> bool:
    """Whether *formula* speaks of a step, not only of a configuration."""
    return any(
        isinstance(atom, (Changed, *OF_PROCESS)) or (isinstance(atom, (Is, Quiet, Pending, Same)) and atom.after)
        for atom in atoms(formula)
    )


def reads(formula: Formula, lifecycle: Lifecycle) -> tuple[str, ...]:
    """The names of the variables that *formula* reads, in the order of the record."""
    return tuple(lifecycle.variables[variable].name for variable in sorted(looks_at(formula, lifecycle)))


def marks_of(formula: Formula, semantics: Semantics) -> Marks:
    """Bit *n* of a step: atom *n* of those of :data:`OF_PROCESS` is true of it; a pending place is marked."""
    lifecycle, anatomy = semantics.lifecycle, Anatomy(semantics.lifecycle)
    wanted = [atom for atom in dict.fromkeys(atoms(formula)) if isinstance(atom, OF_PROCESS)]
    speaks = any(isinstance(atom, Pending) for atom in atoms(formula))
    markers = {atom: anatomy.markers(lifecycle.predicates[atom.name]) for atom in wanted if isinstance(atom, ByMarker)}
    crashable = {service.name for service in lifecycle.services if service.crash_when is not None}

    def bits(kinds: frozenset[str], operations: frozenset[str], *, beside: bool) -> int:
        found = 0
        for number, atom in enumerate(wanted):
            match atom:
                case Kind(kinds=asked):
                    true = bool(kinds & asked)
                case ByMarker():
                    true = bool(operations & markers[atom])
                case _:
                    true = beside
            found |= true << number
        return found

    def step(control: int) -> int:
        point = semantics.controls[control].point
        service = lifecycle.instructions[point].service
        return bits(anatomy.kinds[point], anatomy.origins[point], beside=service in crashable)

    def origin(row: str) -> int:
        operation = lifecycle.rows[row].operation
        return bits(frozenset({lifecycle.operations[operation].kind}), frozenset({operation}), beside=True)

    def place(control: int) -> int:
        return int(anatomy.pending[semantics.controls[control].point])

    return Marks(step if wanted else _unmarked, place if speaks else _unmarked, origin if wanted else _unmarked)


def _unmarked(_: object) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Moments:
    """Configurations or steps, a column each: records before and after, and what else formulas speak of."""

    before: Ints
    after: Ints
    idle: Flags
    pending: Flags
    mark: Ints


class Judge:
    """Evaluates formulas of *lifecycle* over the records of one exploration of *automaton*."""

    def __init__(self, lifecycle: Lifecycle, automaton: Automaton, records: Records, formula: Formula) -> None:
        self.lifecycle = lifecycle
        self.automaton = automaton
        self.records = records
        self.wanted = [atom for atom in dict.fromkeys(atoms(formula)) if isinstance(atom, OF_PROCESS)]

    def condition(self, condition: Condition, records: Ints) -> Flags:
        """*condition*, which must read no variable that was left out, on records by number."""
        if len(records) > len(self.records):
            every = np.arange(len(self.records), dtype=np.int64)
            there: Flags = self.condition(condition, every)[records]
            return there
        found = np.zeros(len(records), bool)
        for tests in condition:
            passed = np.ones(len(records), bool)
            for variable, values in tests:
                column = self.automaton.names.index(self.lifecycle.variables[variable].name)
                lookup = np.zeros(self.automaton.sizes[column], bool)
                lookup[list(values)] = True
                passed &= lookup[self.records.values[column, records]]
            found |= passed
        return found

    def column(self, variable: int) -> Ints:
        """The values of a variable of the lifecycle, by record."""
        values: Ints = self.records.values[self.automaton.names.index(self.lifecycle.variables[variable].name)]
        return values

    def holds(self, formula: Formula, moments: Moments) -> Flags:
        """*formula* on each moment."""
        match formula:
            case And(formulas=inner):
                return self._all(inner, moments, np.logical_and, start=True)
            case Or(formulas=inner):
                return self._all(inner, moments, np.logical_or, start=False)
            case Not(formula=one):
                return ~self.holds(one, moments)
            case Is(name=name, after=after):
                return self.condition(self.lifecycle.predicates[name], moments.after if after else moments.before)
            case Quiet():
                found = moments.idle
                for service in self.lifecycle.services:
                    if service.available:
                        found = found & self.condition((service.available,), moments.before)
                return found
            case Pending():
                return moments.pending
            case Same(first=first, second=second, after=after):
                chosen = moments.after if after else moments.before
                same: Flags = (
                    self.column(roles(self.lifecycle)[first])[chosen]
                    == self.column(roles(self.lifecycle)[second])[chosen]
                )
                return same
            case Changed(role=role):
                column = self.column(roles(self.lifecycle)[role])
                changed: Flags = column[moments.before] != column[moments.after]
                return changed
            case _ if formula in self.wanted:
                return (moments.mark >> self.wanted.index(formula) & 1).astype(bool)
            case _:
                raise TypeError(formula)

    def _all(
        self, inner: tuple[Formula, ...], moments: Moments, join: Callable[[Flags, Flags], Flags], *, start: bool
    ) -> Flags:
        found = np.full(len(moments.before), start)
        for one in inner:
            found = join(found, self.holds(one, moments))
        return found
