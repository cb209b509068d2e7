"""What the programs say without being run: who may stand at a control point, and what may still come from there.

These are the parts of the definitions of the atoms that speak of processes (``Pending``, ``ByMarker``, ``Kind``);
they are read from the instructions, so that every engine means the same by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from model.lifecycle import Conjunction, Lifecycle
from model.program import Dirty, Instruction, Save, targets


@dataclass(frozen=True)
class Anatomy:
    """Facts about the control points of *lifecycle*, each computed once, in time linear in the instructions."""

    lifecycle: Lifecycle

    @cached_property
    def states(self) -> frozenset[int]:
        """The numbers of the state variables."""
        return frozenset(self.lifecycle.index(name) for name in self.lifecycle.state_variables)

    @cached_property
    def origins(self) -> tuple[frozenset[str], ...]:
        """For each point, the operations of which a process may stand there."""
        made: list[set[str]] = [set() for _ in self.lifecycle.instructions]
        for entry in self.lifecycle.entries:
            for point in self._reach([entry.next]):
                made[point].add(entry.operation)
        return tuple(frozenset(operations) for operations in made)

    @cached_property
    def kinds(self) -> tuple[frozenset[str], ...]:
        """For each point, the kinds of the operations of which a process may stand there."""
        return tuple(
            frozenset(self.lifecycle.operations[name].kind for name in operations) for operations in self.origins
        )

    @cached_property
    def pending(self) -> tuple[bool, ...]:
        """For each point, whether its process has made a save of its own and may still write a state variable."""
        instructions = self.lifecycle.instructions
        fresh: set[int] = set()
        todo = [entry.next for entry in self.lifecycle.entries]
        while todo:
            point = todo.pop()
            if point < 0 or point in fresh:
                continue
            fresh.add(point)
            instruction = instructions[point]
            todo += self._unwritten(instruction)
        writers = [number for number, one in enumerate(instructions) if self.writes(one)]
        backwards: list[list[int]] = [[] for _ in instructions]
        for number, one in enumerate(instructions):
            for target in targets(one):
                if target >= 0:
                    backwards[target].append(number)
        able: set[int] = set()
        todo = list(writers)
        while todo:
            point = todo.pop()
            if point not in able:
                able.add(point)
                todo += backwards[point]
        return tuple(point in able and point not in fresh for point in range(len(instructions)))

    def _unwritten(self, instruction: Instruction) -> Iterable[int]:
        """The targets of *instruction* that are reached without having written a state variable."""
        if isinstance(instruction, Save) and self.writes(instruction):
            killed = () if instruction.killed is None else (instruction.killed,)
            return [*(target for _, target in instruction.raised), *killed]
        return targets(instruction)

    def writes(self, instruction: Instruction) -> bool:
        """Whether *instruction* is a save that names a state variable."""
        return isinstance(instruction, Save) and any(variable in self.states for variable, _ in instruction.writes)

    def markers(self, condition: tuple[Conjunction, ...]) -> frozenset[str]:
        """The operations of which a process may itself write a value of the lock that satisfies *condition*."""
        known = self._markers.get(condition)
        if known is None:
            known = self._markers[condition] = self._marking(condition)
        return known

    @cached_property
    def _markers(self) -> dict[tuple[Conjunction, ...], frozenset[str]]:
        return {}

    def _marking(self, condition: tuple[Conjunction, ...]) -> frozenset[str]:
        lock = self.lifecycle.compare_variable
        wanted: set[int] = set()
        for conjunction in condition:
            for variable, values in conjunction:
                if variable == lock:
                    wanted |= values
        found: set[str] = set()
        for number, one in enumerate(self.lifecycle.instructions):
            if isinstance(one, (Save, Dirty)) and any(
                variable == lock and operand in wanted for variable, operand in one.writes
            ):
                found |= self.origins[number]
        return frozenset(found)

    def _reach(self, starts: Iterable[int]) -> set[int]:
        seen: set[int] = set()
        todo = [point for point in starts if point >= 0]
        while todo:
            point = todo.pop()
            if point in seen:
                continue
            seen.add(point)
            todo += [target for target in targets(self.lifecycle.instructions[point]) if target >= 0]
        return seen
