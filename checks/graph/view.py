"""A scenario's space as arrays, and formulas evaluated on many of its configurations or steps at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from checks.anatomy import Anatomy
from checks.graph.arrays import Flags, Ints
from checks.past import EVERYTHING, Ghost, Past
from checks.properties.formula import (
    And,
    BesideGuest,
    ByMarker,
    Changed,
    Crashed,
    Fails,
    Formula,
    Is,
    Kept,
    Kind,
    Not,
    NotUndone,
    Or,
    Pending,
    Promised,
    Quiet,
    Role,
    RoundTrip,
    Same,
    Undelivered,
    roles,
)
from model.explore import Space, Step
from model.lifecycle import Record, holds
from model.semantics import END_FAILED


@dataclass(frozen=True, slots=True)
class Moments:
    """Configurations (``after`` is ``before``, ``step`` is -1) or steps, in columns; all by number.

    ``ghost`` is what is remembered in the moment, a number into ``ghosts``.
    """

    before: Ints
    after: Ints
    step: Ints
    ghost: Ints
    ghosts: Sequence[Ghost]


class View:
    """The space of a scenario: its edges by ``source``, ``target`` and ``taken`` (a number into ``steps``).

    Those of configuration n are ``first[n]`` to ``first[n + 1]``.  Predicates are evaluated once for each distinct
    record, what speaks of a step once for each distinct step.
    """

    def __init__(self, space: Space, anatomy: Anatomy, disturbed: list[bool] | None = None) -> None:
        self.space = space
        self.disturbed = disturbed
        self.anatomy = anatomy
        self.semantics = space.semantics
        self.lifecycle = space.semantics.lifecycle
        self.roles: dict[Role, int] = roles(self.lifecycle)
        self.past = Past(self.lifecycle, EVERYTHING)
        self.size = len(space.configurations)
        self._number_edges()
        self._predicates: dict[str, Flags] = {}

    def _number_edges(self) -> None:
        edges = self.space.edges
        self.first = np.zeros(self.size + 1, np.int64)
        np.cumsum([len(leaving) for leaving in edges], out=self.first[1 : len(edges) + 1])
        self.first[len(edges) + 1 :] = self.first[len(edges)]
        self.source = np.repeat(np.arange(self.size), np.diff(self.first))
        self.target: Ints = np.array([to for leaving in edges for _, to in leaving], np.int64)
        numbers: dict[int, int] = {}
        self.steps: list[Step] = []
        taken: list[int] = []
        for leaving in edges:
            for step, _ in leaving:
                number = numbers.setdefault(id(step), len(self.steps))
                if number == len(self.steps):
                    self.steps.append(step)
                taken.append(number)
        self.taken: Ints = np.array(taken, np.int64)

    # -- configurations -----------------------------------------------------------------------------------------------

    @cached_property
    def records(self) -> list[Record]:
        """The record of each configuration."""
        return [record for record, _ in self.space.configurations]

    @cached_property
    def _numbered(self) -> tuple[list[Record], Ints]:
        numbers: dict[Record, int] = {}
        found = [numbers.setdefault(record, len(numbers)) for record in self.records]
        return list(numbers), np.array(found, np.int64)

    @property
    def distinct(self) -> list[Record]:
        """The distinct records."""
        return self._numbered[0]

    @property
    def record(self) -> Ints:
        """The number of the record of each configuration, into :attr:`distinct`."""
        return self._numbered[1]

    @cached_property
    def columns(self) -> Ints:
        """The values of each variable: a row a variable, a column a configuration."""
        width = len(self.lifecycle.variables)
        values: Ints = np.array(self.distinct, np.int64).reshape(-1, width).T[:, self.record]
        return values

    def alike(self, variables: Iterable[int]) -> Ints:
        """A number for each configuration, equal for those that agree in *variables*."""
        chosen = sorted(variables)
        numbers: dict[Record, int] = {}
        of_record = [numbers.setdefault(tuple(record[one] for one in chosen), len(numbers)) for record in self.distinct]
        found: Ints = np.array(of_record, np.int64)[self.record]
        return found

    def where(self, test: Callable[[Record], bool]) -> Flags:
        """The configurations whose record passes *test*."""
        passed: Flags = np.array([test(record) for record in self.distinct], bool)[self.record]
        return passed

    def predicate(self, name: str) -> Flags:
        """Predicate *name* on each configuration."""
        known = self._predicates.get(name)
        if known is None:
            condition = self.lifecycle.predicates[name]
            known = self._predicates[name] = self.where(lambda record: holds(condition, record))
        return known

    @cached_property
    def idle(self) -> Flags:
        """Whether nothing is in flight, for each configuration."""
        return np.array([not controls for _, controls in self.space.configurations], bool)

    @cached_property
    def quiet(self) -> Flags:
        """Whether nothing is in flight and every service is available, for each configuration."""
        needed = [(service.available,) for service in self.lifecycle.services if service.available]
        return self.idle & self.where(lambda record: all(holds(condition, record) for condition in needed))

    @cached_property
    def pending(self) -> Flags:
        """Whether a process is in flight that saved and may still write the state, for each configuration."""
        points, controls = self.anatomy.pending, self.semantics.controls
        memo: dict[tuple[int, ...], bool] = {}
        found: list[bool] = []
        for _, inflight in self.space.configurations:
            if inflight not in memo:
                memo[inflight] = any(points[controls[control].point] for control in inflight)
            found.append(memo[inflight])
        return np.array(found, bool)

    # -- steps --------------------------------------------------------------------------------------------------------

    def which(self, test: Callable[[Step], bool]) -> Flags:
        """The distinct steps that pass *test*; one more at the end, which is none, does not."""
        return np.array([*(test(step) for step in self.steps), False], bool)

    def kind_of(self, step: Step) -> frozenset[str]:
        """The kinds of which the process of *step* may be."""
        if step.process < 0:
            return frozenset({step.kind})
        return self.anatomy.kinds[self.semantics.controls[step.process].point]

    def operations_of(self, step: Step) -> frozenset[str]:
        """The operations of which the process of *step* may be."""
        if step.process >= 0:
            return self.anatomy.origins[self.semantics.controls[step.process].point]
        row = self.lifecycle.rows.get(step.row)
        return frozenset({row.operation}) if row is not None else frozenset()

    def crashable(self, step: Step) -> bool:
        """Whether *step* runs in a service that can crash, or is no step of a process at all."""
        if step.process < 0:
            return True
        instruction = self.semantics.instruction(step.process)
        return instruction is not None and any(
            service.name == instruction.service and service.crash_when is not None
            for service in self.lifecycle.services
        )

    # -- formulas -----------------------------------------------------------------------------------------------------

    def holds(self, formula: Formula, moments: Moments) -> Flags:
        """*formula* on each of *moments*."""
        match formula:
            case And(formulas=inner):
                return self._joined(np.logical_and, np.ones(len(moments.after), bool), inner, moments)
            case Or(formulas=inner):
                return self._joined(np.logical_or, np.zeros(len(moments.after), bool), inner, moments)
            case Not(formula=one):
                return ~self.holds(one, moments)
            case Is(name=name, after=after):
                found = self.predicate(name)
            case Quiet(after=after):
                found = self.quiet
            case Pending(after=after):
                found = self.pending
            case Same(first=first, second=second, after=after):
                found = self.columns[self.roles[first]] == self.columns[self.roles[second]]
            case Changed(role=role):
                column = self.columns[self.roles[role]]
                changed: Flags = column[moments.before] != column[moments.after]
                return changed
            case Kind() | Fails() | BesideGuest() | ByMarker():
                stepped: Flags = self.which(self._of_step(formula))[moments.step]
                return stepped
            case _:
                return self._of_past(formula, moments)
        at: Flags = found[moments.after if after else moments.before]
        return at

    def _joined(
        self, join: Callable[[Flags, Flags], Flags], found: Flags, formulas: Iterable[Formula], moments: Moments
    ) -> Flags:
        for one in formulas:
            found = join(found, self.holds(one, moments))
        return found

    def _of_step(self, formula: Formula) -> Callable[[Step], bool]:
        match formula:
            case Kind(kinds=kinds):
                return lambda step: bool(self.kind_of(step) & kinds)
            case Fails():
                return lambda step: step.process >= 0 and step.after == END_FAILED and step.row != "loss"
            case BesideGuest():
                return self.crashable
            case ByMarker(name=name):
                markers = self.anatomy.markers(self.lifecycle.predicates[name])
                return lambda step: bool(self.operations_of(step) & markers)
            case _:
                raise TypeError(formula)

    def _of_past(self, formula: Formula, moments: Moments) -> Flags:
        if isinstance(formula, Promised):
            width = len(self.steps) + 1
            pairs, inverse = np.unique(moments.ghost * width + moments.step + 1, return_inverse=True)
            known = [None, *self.steps]
            owed = [self.past.owed(moments.ghosts[pair // width], known[pair % width]) for pair in pairs.tolist()]
            return np.array(owed, bool)[inverse]
        if isinstance(formula, Kept):
            position = ("phase", "truth").index(formula.role)
            then = np.array([ghost[position] for ghost in moments.ghosts], np.int64)[moments.ghost]
            kept: Flags = (then == -1) | (then == self.columns[self.roles[formula.role]][moments.after])
            return kept
        match formula:
            case Crashed():
                remembered = [ghost[2] == 1 for ghost in moments.ghosts]
            case RoundTrip():
                remembered = [self.past.returned(ghost) for ghost in moments.ghosts]
            case NotUndone():
                remembered = [self.past.unrestored(ghost) for ghost in moments.ghosts]
            case Undelivered():
                remembered = [self.past.broken(ghost) for ghost in moments.ghosts]
            case _:
                raise TypeError(formula)
        return np.array(remembered, bool)[moments.ghost]
