"""What a property remembers of the past: the *ghost*, as it changes with each step.

The ghost holds the phase and the truth with which the newest request started (-1: nobody is in flight, or the property
does not ask), whether a service has crashed since then, and how far a round trip has come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from checks.properties.formula import Crashed, Formula, Kept, NotUndone, atoms, roles
from model.lifecycle import Conjunction, Lifecycle, Record, holds
from model.semantics import END_FAILED, END_FINISHED

#: phase, truth, crashed, stage of a round trip
Ghost = tuple[int, ...]
NOTHING: Ghost = (-1, -1, 0, 0)
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


def remembers(formulas: Iterable[Formula]) -> Remembers:
    """What the atoms of *formulas* ask of the past."""
    asked = [atom for formula in formulas for atom in atoms(formula)]
    return Remembers(
        Kept("phase") in asked,
        Kept("truth") in asked,
        any(isinstance(atom, Crashed) for atom in asked),
        any(isinstance(atom, NotUndone) for atom in asked),
    )


def together(asked: Iterable[Remembers]) -> Remembers:
    """Everything that one of *asked* remembers."""
    every = list(asked)
    return Remembers(
        any(one.phase for one in every), any(one.truth for one in every),
        any(one.crashed for one in every), any(one.trips for one in every),
    )  # fmt: skip


def trips(lifecycle: Lifecycle) -> tuple[Trip, ...]:
    """Every round trip of the tables."""
    return tuple(
        Trip(undone, operation.name, kept)
        for operation in lifecycle.operations.values()
        if operation.restores is not None
        for undone in operation.undoes
        for kept in operation.restores
    )


class Past:
    """How the ghost of *what* changes along the steps of *lifecycle*."""

    def __init__(self, lifecycle: Lifecycle, what: Remembers) -> None:
        self.lifecycle, self.what = lifecycle, what
        self.roles = roles(lifecycle)
        self.trips = trips(lifecycle) if what.trips else ()

    def during(self, ghost: Ghost, step: Taken, before: Record, after: Record) -> Ghost:
        """The ghost in the moment of *step*, which leads from the record *before* to *after*."""
        phase, truth, crashed, trip = ghost
        what = self.what
        if step.kind == "crash":
            return (phase, truth, int(what.crashed), 0)
        if step.process < 0 and step.kind not in UNCOUNTED:
            phase = before[self.roles["phase"]] if what.phase else -1
            truth = before[self.roles["truth"]] if what.truth and "truth" in self.roles else -1
            crashed = 0
            trip = self._departs(trip, step, before) if what.trips else 0
        counts = step.process >= 0 or step.kind not in UNCOUNTED
        if trip > 0 and counts and step.after in (END_FINISHED, END_FAILED) and step.row != "loss":
            trip = self._arrives(trip, step, after)
        return (phase, truth, crashed, trip)

    def settled(self, during: Ghost, *, idle: bool) -> Ghost:
        """The ghost after the step; what was asked for one request is forgotten when nothing is in flight."""
        if idle:
            return (-1, -1, during[2], max(during[3], 0))
        return during if during[3] >= 0 else (*during[:3], 0)

    def _departs(self, trip: int, step: Taken, record: Record) -> int:
        """The stage after a start: ``2i + 1`` the undone operation of trip i, ``2i + 2`` the one that undoes it."""
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
        return 0 if holds((self.trips[trip // 2 - 1].kept,), record) else -1
