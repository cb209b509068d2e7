"""One step of the system, symbolically, and the phase of a scenario in which it may be taken."""

from __future__ import annotations

from dataclasses import dataclass

from checks.smt.steps import Local, Outcome
from checks.smt.text import Term
from model.lifecycle import Scenario

#: Kinds of processes that start whatever is in flight.
BESIDE = frozenset({"recovery", "outside"})
#: The point of a process of which it does not matter where it stands.
UNNAMED = (-1,)


@dataclass(frozen=True, slots=True)
class Process:
    """One process, symbolically: its point and its private part."""

    point: int
    local: Local


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the system from the group at ``points``: when it may be taken, and what it leaves.

    ``mover`` is the position of the process that steps (-1: a start, a crash); ``kind`` is that of the operation that
    starts, ``crash``, ``loss`` or ``step``; ``operations`` are those of which it may be.  ``ghost`` is what is
    remembered of the past in the moment of the step.  ``number`` is the same for what is the same step beside other
    processes.
    """

    points: tuple[int, ...]
    guard: str
    record: tuple[Term, ...]
    processes: tuple[Process, ...]
    row: str
    kind: str
    mover: int
    target: int = 0
    spontaneous: bool = False
    exception: str | None = None
    ghost: tuple[Term, ...] = ()
    scenario: Term = "scenario"
    operations: frozenset[str] = frozenset()
    number: int = -1


@dataclass(frozen=True, slots=True)
class Phase:
    """A scenario, or the part of it before or after its one crash; ``after`` is the phase that follows."""

    scenario: Scenario
    disturbed: bool = False
    after: int | None = None

    def admits(self, kind: str, *, still: bool) -> bool:
        """Whether a process of *kind* may start; *still* says that all others wait for a service."""
        if self.scenario.patient and kind == "recovery" and not still:
            return False
        return kind in self.scenario.kinds and (not self.disturbed or kind == "recovery")


def left_by(outcome: Outcome) -> tuple[Process, ...]:
    """What *outcome* leaves of its process: nothing when it ends."""
    return (Process(outcome.target, outcome.local),) if outcome.target >= 0 else ()


def beside(alone: Transition, points: tuple[int, ...], mover: int, others: tuple[Process, ...]) -> Transition:
    """The step *alone* from the group at *points*, of which *others* stay as they are."""
    return Transition(
        points, alone.guard, alone.record, (*others, *alone.processes), alone.row, alone.kind, mover, alone.target,
        alone.spontaneous, alone.exception, alone.ghost, alone.scenario, alone.operations, alone.number,
    )  # fmt: skip
