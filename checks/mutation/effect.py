"""Whether a mutant changes any step of a space: where it changes none, nothing that is asked there can notice it.

Only the processes that stand at the mutated row, or at one that happens in the same moment before it, and the starts of
it, can step otherwise.  If each of them steps in every configuration of the space as before, then the space is closed
under the mutant's steps as well, and is the mutant's space; if some steps are gone and none is new, the mutant's space
is a part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import Enum
from functools import cached_property

from checks.anatomy import Anatomy
from model.explore import Moves, Space, Step
from model.lifecycle import Lifecycle
from model.liveness import liveness
from model.program import at_once, targets
from model.semantics import END_FAILED, END_FINISHED, Semantics


class Effect(Enum):
    """What a mutant does to a space: nothing, or it takes steps away and adds none, or it has steps of its own."""

    NONE = "changes no step"
    FEWER = "takes steps away"
    OTHER = "steps otherwise"


Facts = tuple[tuple[tuple[frozenset[str], bool, str] | None, ...], tuple[frozenset[str], ...]]
#: A step by what it does, whatever the numbers of controls are.
Told = tuple[object, ...]


class Footing:
    """A space with its configurations by the control at which a process stands in them."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.semantics = space.semantics
        self.lifecycle = space.semantics.lifecycle
        self.moves = Moves(space.semantics, space.scenario)

    @cached_property
    def at(self) -> dict[int, list[int]]:
        """For each control the configurations in which a process stands there; -1: nothing is in flight."""
        found: dict[int, list[int]] = {}
        for number, (_, controls) in enumerate(self.space.configurations):
            for control in controls or (-1,):
                found.setdefault(control, []).append(number)
        return found

    @cached_property
    def rows(self) -> frozenset[str]:
        """Every row that is taken in the space."""
        return frozenset(row for leaving in self.space.edges for step, _ in leaving for row in (step.row, *step.also))

    def effect(self, mutant: Lifecycle, row: str) -> Effect:
        """What *mutant*, in which *row* is altered, does to the space."""
        if len(mutant.instructions) != len(self.lifecycle.instructions):
            return Effect.OTHER
        (usual, markers), (facts, own) = self._usual, _facts(mutant, self._occupied)
        if own != markers or any(one not in (None, then) for one, then in zip(facts, usual, strict=True)):
            return Effect.OTHER
        if not self._carries_the_same(mutant, {p for p, one in zip(self._occupied, facts, strict=True) if one}):
            return Effect.OTHER
        semantics = Semantics(mutant)
        moves = Moves(semantics, self.space.scenario)
        points = _before(self.lifecycle, row)
        controls = [number for number, one in enumerate(self.semantics.controls) if one.point in points]
        touched = {number for control in controls for number in self.at.get(control, ())}
        if any(entry.row == row or entry.next in points for entry in (*self.lifecycle.entries, *mutant.entries)):
            touched |= self._startable()
        numbering = self._numbering(semantics)
        found = Effect.NONE
        for number in touched:
            before, after = self._steps(number, moves, semantics, numbering)
            if after - before:
                return Effect.OTHER
            found = Effect.FEWER if before - after else found
        return found

    @cached_property
    def _usual(self) -> Facts:
        return _facts(self.lifecycle, self._occupied)

    @cached_property
    def _occupied(self) -> list[int]:
        """The points at which a process stands in some configuration."""
        controls = self.semantics.controls
        return sorted({controls[control].point for control in self.at if control >= 0})

    @cached_property
    def _live(self) -> tuple[list[frozenset[str]], list[frozenset[int]]]:
        return liveness(self.lifecycle)

    def _carries_the_same(self, mutant: Lifecycle, points: set[int]) -> bool:
        """Whether processes of *mutant* at *points* carry what they carry here, no more and no less."""
        (names, fields), (own_names, own_fields) = self._live, liveness(mutant)
        if any(not own_names[point] <= names[point] or not own_fields[point] <= fields[point] for point in points):
            return False
        carried = [self.semantics.controls[control] for control in self.at if control >= 0]
        return all(
            {name for name, _ in one.memory} <= own_names[one.point]
            and {variable for variable, _ in one.dirty} <= own_fields[one.point]
            for one in carried
            if one.point in points
        )

    def _startable(self) -> set[int]:
        """The configurations in which something may start."""
        processes = self.space.scenario.processes
        return {
            number
            for number, (_, controls) in enumerate(self.space.configurations)
            if processes is None or len(controls) < processes or self.space.scenario.kinds & {"recovery", "outside"}
        }

    def _numbering(self, semantics: Semantics) -> Callable[[int], int]:
        """The number in *semantics* of a control of this space."""

        def number(control: int) -> int:
            if control in (END_FINISHED, END_FAILED):
                return control
            one = self.semantics.controls[control]
            return semantics.number(one.point, dict(one.memory), dict(one.dirty))

        return number

    def _steps(
        self, number: int, moves: Moves, semantics: Semantics, numbering: Callable[[int], int]
    ) -> tuple[Counter[Told], Counter[Told]]:
        """The steps from a configuration as they are, and the mutant's."""
        record, controls = self.space.configurations[number]
        place = (record, tuple(sorted(map(numbering, controls))))
        before = Counter(
            _told(self.semantics, step, to) for step, to in self.moves.successors(self.space.configurations[number])
        )
        return before, Counter(_told(semantics, step, to) for step, to in moves.successors(place))


def _told(semantics: Semantics, step: Step, to: tuple[tuple[int, ...], tuple[int, ...]]) -> Told:
    after = tuple(sorted((semantics.controls[control] for control in to[1]), key=repr))
    mover = semantics.controls[step.process] if step.process >= 0 else None
    return (
        step.row, step.kind, step.exception, step.spontaneous, step.also, mover, semantics.controls[step.after], to[0],
        after,
    )  # fmt: skip


def _before(lifecycle: Lifecycle, row: str) -> set[int]:
    """The points of *row*, and those from which it is reached in the same moment."""
    before: dict[int, list[int]] = {}
    for number, one in enumerate(lifecycle.instructions):
        for target in targets(one):
            if target >= 0 and at_once(one, lifecycle.instructions[target]):
                before.setdefault(target, []).append(number)
    found: set[int] = set()
    todo = [number for number, one in enumerate(lifecycle.instructions) if one.row == row]
    while todo:
        point = todo.pop()
        if point not in found:
            found.add(point)
            todo += before.get(point, ())
    return found


def _facts(lifecycle: Lifecycle, points: list[int]) -> Facts:
    """What properties ask of the programs of *lifecycle* at *points* (None where no process comes), and altogether."""
    anatomy = Anatomy(lifecycle)
    markers = tuple(anatomy.markers(condition) for condition in lifecycle.predicates.values())
    there = tuple(
        (anatomy.origins[point], anatomy.pending[point], lifecycle.instructions[point].service)
        if anatomy.origins[point]
        else None
        for point in points
    )
    return there, markers
