"""What a property remembers of the past: the *ghost*, as it changes with each step.

The ghost holds the phase and the truth with which the newest request started (-1: nobody is in flight, or the property
does not ask), whether a service has crashed since then, how far a round trip has come, and what the run in flight
promises as long as nothing fails on its way and nothing disturbs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from checks.properties.formula import (
    Crashed,
    Formula,
    Kept,
    NotUndone,
    Promised,
    RoundTrip,
    Undelivered,
    atoms,
    roles,
)
from model.conditions import passes
from model.lifecycle import Condition, Conjunction, Lifecycle, Record, holds
from model.semantics import END_FAILED, END_FINISHED

#: phase, truth, crashed, stage of a round trip, promise
Ghost = tuple[int, ...]
#: The stage of a round trip that has just ended well.
RESTORED = -1
NOTHING: Ghost = (-1, -1, 0, 0, 0)
#: Kinds of steps that begin nothing that a scenario counts.
UNCOUNTED = frozenset({"recovery", "outside", "crash", "failure"})


class Taken(Protocol):
    """What the past must know of a step; :class:`model.explore.Step` is one."""

    @property
    def row(self) -> str:
        """The row of the step."""

    @property
    def kind(self) -> str:
        """The kind of the step."""

    @property
    def process(self) -> int:
        """The control before the step, -1 for what no process in flight does."""

    @property
    def after(self) -> int:
        """The control after the step."""

    @property
    def exception(self) -> str | None:
        """The failure that the step is, if it is one."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A round trip: ``undone`` and then ``undoes``; where ``kept`` held before it must hold after."""

    undone: str
    undoes: str
    kept: Conjunction


@dataclass(frozen=True, slots=True)
class Remembers:
    """Which parts of the ghost a property asks for."""

    phase: bool = False
    truth: bool = False
    crashed: bool = False
    trips: bool = False
    promises: bool = False


#: The parts of the ghost, in their order.
PARTS = ("phase", "truth", "crashed", "trips", "promises")


def remembers(formulas: Iterable[Formula]) -> Remembers:
    """What the atoms of *formulas* ask of the past."""
    asked = [atom for formula in formulas for atom in atoms(formula)]
    return Remembers(
        Kept("phase") in asked,
        Kept("truth") in asked,
        any(isinstance(atom, Crashed) for atom in asked),
        any(isinstance(atom, (RoundTrip, NotUndone)) for atom in asked),
        any(isinstance(atom, (Promised, Undelivered)) for atom in asked),
    )


def together(asked: Iterable[Remembers]) -> Remembers:
    """Everything that one of *asked* remembers."""
    every = list(asked)
    return Remembers(*(any(getattr(one, name) for one in every) for name in PARTS))


def trips(lifecycle: Lifecycle) -> tuple[Trip, ...]:
    """Every round trip of the tables."""
    return tuple(
        Trip(undone, operation.name, kept)
        for operation in lifecycle.operations.values()
        if operation.restores is not None
        for undone in operation.undoes
        for kept in operation.restores
    )


#: Every part of the ghost.
EVERYTHING = Remembers(phase=True, truth=True, crashed=True, trips=True, promises=True)


class Past:
    """How the ghost of *what* changes along the steps of *lifecycle* in *scenario*, which asks for some promises.

    A round trip i is at ``2i + 1`` when the undone operation has started and at ``2i + 2`` when the one that undoes it
    has; behind the stages stands one value for each trip that has just ended in something else, and -1 is one that has
    just ended well.  Likewise promise i is ``i + 1``, then comes a run that owes nothing any more, then one value for
    each promise that was just broken.
    """

    def __init__(self, lifecycle: Lifecycle, what: Remembers, scenario: str = "") -> None:
        self.lifecycle, self.what = lifecycle, what
        self.roles = roles(lifecycle)
        self.trips = trips(lifecycle) if what.trips else ()
        self.promises = lifecycle.promises if what.promises else ()
        self.stages = 2 * len(self.trips)
        self.owes_nothing = len(self.promises) + 1
        self._starts: dict[str, list[tuple[int, Conjunction]]] = {}
        for number, one in enumerate(self.promises):
            if scenario in one.scenarios:
                self._starts.setdefault(one.operation, []).append((number, one.start))
        self._numbers = {name: number for number, name in enumerate(lifecycle.operations)}
        self._failing = frozenset(row.id for row in lifecycle.rows.values() if row.kind == "failure")

    @staticmethod
    def looks(step: Taken) -> bool:
        """Whether it looks at the records before and after *step*: only where something starts or ends."""
        return step.kind not in ("outside", "crash") if step.process < 0 else step.after in (END_FINISHED, END_FAILED)

    @property
    def reads(self) -> frozenset[int]:
        """The variables of a record that it looks at, before a step or after it."""
        asked = {"phase": self.what.phase, "truth": self.what.truth}
        found = {variable for role, variable in self.roles.items() if asked.get(role)}
        conditions: list[Condition] = [(trip.kept,) for trip in self.trips]
        conditions += [(promise.start, *promise.end) for promise in self.promises]
        return frozenset(found | {variable for condition in conditions for tests in condition for variable, _ in tests})

    def during(self, ghost: Ghost, step: Taken, before: Record, after: Record) -> Ghost:
        """The ghost in the moment of *step*, which leads from the record *before* to *after*."""
        phase, truth, crashed, trip, promise = ghost
        what = self.what
        if what.promises:
            promise = self._promise(promise, step, before, after)
        if step.kind == "crash":
            return (phase, truth, int(what.crashed), 0, promise)
        if step.process < 0 and step.kind not in UNCOUNTED:
            phase = before[self.roles["phase"]] if what.phase else -1
            truth = before[self.roles["truth"]] if what.truth and "truth" in self.roles else -1
            crashed = 0
            trip = self._departs(trip, step, before) if what.trips else 0
        counts = step.process >= 0 or step.kind not in UNCOUNTED
        if trip > 0 and counts and step.after in (END_FINISHED, END_FAILED) and step.row != "loss":
            trip = self._arrives(trip, step, after)
        return (phase, truth, crashed, trip, promise)

    def settled(self, during: Ghost, *, idle: bool) -> Ghost:
        """The ghost after the step; what was asked for one request is forgotten when nothing is in flight."""
        phase, truth, crashed, trip, promise = during
        trip = trip if 0 < trip <= self.stages else 0
        if idle:
            return (-1, -1, crashed, trip, 0)
        return (phase, truth, crashed, trip, min(promise, self.owes_nothing) if self.what.promises else 0)

    def returned(self, during: Ghost) -> bool:
        """Whether a round trip has just ended."""
        return during[3] == RESTORED or during[3] > self.stages

    def unrestored(self, during: Ghost) -> bool:
        """Whether a round trip has just ended in something else."""
        return during[3] > self.stages

    def owed(self, during: Ghost, step: Taken | None) -> bool:
        """Whether *step* ends a run that has promised something."""
        return step is not None and step.after == END_FINISHED and during[4] not in (0, self.owes_nothing)

    def broken(self, during: Ghost) -> bool:
        """Whether a promise was just broken."""
        return during[4] > self.owes_nothing

    def accused(self, during: Ghost, operations: frozenset[str]) -> int:
        """The number of the operation that did not restore, or did not leave, what it should have.

        Where none did, the first of *operations*, to which the step may belong; -1: there is none.
        """
        if self.unrestored(during):
            return self._numbers[self.trips[during[3] - self.stages - 1].undoes]
        if self.broken(during):
            return self._numbers[self.promises[during[4] - self.owes_nothing - 1].operation]
        return min((self._numbers[name] for name in operations), default=-1)

    def _departs(self, trip: int, step: Taken, record: Record) -> int:
        """The stage after a start."""
        operation = self.lifecycle.rows[step.row].operation
        if trip % 2 == 1 and self.trips[trip // 2].undoes == operation:
            return trip + 1
        for number, one in enumerate(self.trips):
            if one.undone == operation and holds((one.kept,), record):
                return 2 * number + 1
        return 0

    def _arrives(self, trip: int, step: Taken, record: Record) -> int:
        if step.after == END_FAILED:
            return 0
        if trip % 2 == 1:
            return trip
        number = trip // 2 - 1
        return RESTORED if holds((self.trips[number].kept,), record) else self.stages + 1 + number

    def _promise(self, promise: int, step: Taken, before: Record, after: Record) -> int:
        """What is promised after *step*: a start promises, unless something is in flight; whatever disturbs ends it."""
        if step.process < 0:
            if step.kind in ("outside", "crash"):
                return min(promise, 1) * self.owes_nothing
            if promise:
                return self.owes_nothing
            promise = self._promised(step, before)
        if step.exception is not None or step.row in self._failing or step.after == END_FAILED:
            return self.owes_nothing
        if step.after == END_FINISHED and 0 < promise < self.owes_nothing:
            kept = holds(self.promises[promise - 1].end, after)
            return promise if kept else self.owes_nothing + promise
        return promise

    def _promised(self, step: Taken, record: Record) -> int:
        for number, start in self._starts.get(self.lifecycle.rows[step.row].operation, ()):
            if passes(start, record):
                return number + 1
        return self.owes_nothing
