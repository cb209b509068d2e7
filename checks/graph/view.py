"""A scenario's space as the formulas see it: each atom evaluated on configurations and on steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from checks.anatomy import Anatomy
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


@dataclass(slots=True)
class Moment:
    """One step: configurations by number before and after, the step, and the ghost after it."""

    before: int
    after: int
    step: Step | None
    ghost: Ghost


Test = Callable[[Moment], bool]


class View:
    """The space of a scenario, with each predicate evaluated once for each distinct record."""

    def __init__(self, space: Space, anatomy: Anatomy, disturbed: list[bool] | None = None) -> None:
        self.space = space
        self.disturbed = disturbed
        self.anatomy = anatomy
        self.semantics = space.semantics
        self.lifecycle = space.semantics.lifecycle
        self.roles: dict[Role, int] = roles(self.lifecycle)
        self.past = Past(self.lifecycle, EVERYTHING)
        self._predicates: dict[str, list[bool]] = {}

    @cached_property
    def records(self) -> list[Record]:
        """The record of each configuration."""
        return [record for record, _ in self.space.configurations]

    def predicate(self, name: str) -> list[bool]:
        """Predicate *name* on each configuration."""
        known = self._predicates.get(name)
        if known is None:
            condition = self.lifecycle.predicates[name]
            memo: dict[Record, bool] = {}
            known = []
            for record in self.records:
                value = memo.get(record)
                if value is None:
                    value = memo[record] = holds(condition, record)
                known.append(value)
            self._predicates[name] = known
        return known

    @cached_property
    def quiet(self) -> list[bool]:
        """Whether nothing is in flight and every service is available, for each configuration."""
        needed = [(service.available,) for service in self.lifecycle.services if service.available]
        memo: dict[Record, bool] = {}
        made = []
        for record, controls in self.space.configurations:
            if controls:
                made.append(False)
                continue
            if record not in memo:
                memo[record] = all(holds(condition, record) for condition in needed)
            made.append(memo[record])
        return made

    @cached_property
    def pending(self) -> list[bool]:
        """Whether a process is in flight that saved and may still write the state, for each configuration."""
        points = self.anatomy.pending
        controls = self.semantics.controls
        return [
            any(points[controls[control].point] for control in inflight) for _, inflight in self.space.configurations
        ]

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

    def compile(self, formula: Formula) -> Test:
        """*formula* as a function of a moment."""
        match formula:
            case And(formulas=inner):
                tests = tuple(self.compile(one) for one in inner)
                return lambda moment: all(test(moment) for test in tests)
            case Or(formulas=inner):
                tests = tuple(self.compile(one) for one in inner)
                return lambda moment: any(test(moment) for test in tests)
            case Not(formula=one):
                inverse = self.compile(one)
                return lambda moment: not inverse(moment)
            case Is(name=name, after=after):
                return _at(self.predicate(name), after=after)
            case Quiet(after=after):
                return _at(self.quiet, after=after)
            case Pending(after=after):
                return _at(self.pending, after=after)
            case Same(first=first, second=second, after=after):
                left, right = self.roles[first], self.roles[second]
                return _at([record[left] == record[right] for record in self.records], after=after)
            case Changed(role=role):
                variable, records = self.roles[role], self.records
                return lambda moment: records[moment.before][variable] != records[moment.after][variable]
            case _:
                return self._step_test(formula)

    def _step_test(self, formula: Formula) -> Test:
        match formula:
            case Kind(kinds=kinds):
                return lambda moment: moment.step is not None and bool(self.kind_of(moment.step) & kinds)
            case Fails():
                return lambda moment: (
                    moment.step is not None and moment.step.process >= 0 and moment.step.after == END_FAILED
                    and moment.step.row != "loss"
                )  # fmt: skip
            case BesideGuest():
                return lambda moment: moment.step is not None and self.crashable(moment.step)
            case ByMarker(name=name):
                markers = self.anatomy.markers(self.lifecycle.predicates[name])
                return lambda moment: moment.step is not None and bool(self.operations_of(moment.step) & markers)
            case Kept(role=role):
                variable, records = self.roles[role], self.records
                position = ("phase", "truth").index(role)
                return lambda moment: moment.ghost[position] in (-1, records[moment.after][variable])
            case Crashed():
                return lambda moment: moment.ghost[2] == 1
            case RoundTrip():
                return lambda moment: self.past.returned(moment.ghost)
            case NotUndone():
                return lambda moment: self.past.unrestored(moment.ghost)
            case Promised():
                return lambda moment: self.past.owed(moment.ghost, moment.step)
            case Undelivered():
                return lambda moment: self.past.broken(moment.ghost)
            case _:
                raise TypeError(formula)


def _at(values: list[bool], *, after: bool) -> Test:
    if after:
        return lambda moment: values[moment.after]
    return lambda moment: values[moment.before]
