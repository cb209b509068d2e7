"""The transition system as text: a claimed invariant, and every step as a guarded assignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from typing import Any

from checks.anatomy import Anatomy
from checks.candidate import Candidate, Cube, Stand
from checks.properties.formula import roles
from checks.smt.past import Past
from checks.smt.steps import Local, Outcome, Reader
from checks.smt.text import FALSE, TRUE, Script, Term, bits, conjunction, disjunction, negation
from model.lifecycle import Lifecycle, Promise, Scenario
from model.program import Acquire, Entry, Instruction, Wait, at_once

#: Kinds of processes that start whatever is in flight.
BESIDE = frozenset({"recovery", "outside"})


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
    remembered of the past in the moment of the step.
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
    changes: bool = True
    ghost: tuple[Term, ...] = ()
    scenario: Term = "scenario"
    operations: frozenset[str] = frozenset()


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


class System:
    """The steps of *lifecycle* under *scenarios*, over one symbolic record and the processes of a group."""

    def __init__(self, lifecycle: Lifecycle, scenarios: Sequence[Phase], claimed: Candidate, anatomy: Anatomy) -> None:
        self.lifecycle, self.scenarios, self.claimed, self.anatomy = lifecycle, scenarios, claimed, anatomy
        self.script = Script()
        self.reader = Reader(lifecycle, self.script)
        self.past = Past(self.reader, self.script, claimed.remembers, self._asks)
        self.record, memory, dirty = self.reader.fresh("")
        most = max((len(group) for group in claimed.groups), default=0)
        self.locals = [Local(memory, dirty)]
        for slot in range(1, most):
            suffix = f"_{slot}"
            self.locals.append(Local(self.reader.fresh_memory(suffix), self.reader.fresh_dirty(suffix)))
        self.scenario_width = bits(len(scenarios))
        self.scenario = self.script.declare("scenario", len(scenarios))
        self.groups: dict[tuple[int, ...], list[tuple[tuple[Stand, ...], tuple[Cube, ...]]]] = {}
        for stands, cubes in claimed.groups.items():
            self.groups.setdefault(tuple(stand.point for stand in stands), []).append((stands, cubes))
        self._invariants: dict[tuple[int, ...], str] = {}
        self._insides: dict[tuple[Any, ...], str] = {}
        self.roles = roles(lifecycle)
        #: Whether a record has one of the listed keys: kept here by whoever asks.
        self.keys: dict[tuple[Term, ...], str] = {}

    def _asks(self, promise: Promise) -> str:
        """Whether the scenario is one in which *promise* is asked."""
        return self.among([phase.scenario.name in promise.scenarios for phase in self.scenarios])

    # -- the claim --------------------------------------------------------------------------------------------------

    def among(self, scenarios: Sequence[bool]) -> str:
        """Whether the scenario is one for which *scenarios* is true."""
        values = frozenset(number for number, flag in enumerate(scenarios) if flag)
        return self.script.member(self.scenario, values, self.scenario_width, len(self.scenarios))

    def processes(self, points: Sequence[int]) -> tuple[Process, ...]:
        """The symbolic processes of a group at *points*, each with what may be dirty there."""
        return tuple(
            Process(point, Local(local.memory, self._may_be_dirty(point, local)))
            for point, local in zip(points, self.locals, strict=False)
        )

    def _may_be_dirty(self, point: int, local: Local) -> Mapping[int, tuple[str, Term]]:
        return {variable: local.dirty[variable] for variable in sorted(self.reader.dirty_at[point])}

    def invariant(self, points: tuple[int, ...]) -> str:
        """The claim for the group at *points*, over the symbolic record and processes."""
        known = self._invariants.get(points)
        if known is None:
            claim = self.claim(self.record, self.processes(points), tuple(self.past.terms))
            known = self._invariants[points] = self.script.define(claim)
        return known

    def claim(
        self,
        record: Sequence[Term],
        processes: Sequence[Process],
        ghost: tuple[Term, ...],
        scenario: Term = "scenario",
    ) -> str:
        """Whether the claim contains *record* with *processes* and *ghost*, whatever the order of the processes."""
        ordered = sorted(processes, key=lambda process: process.point)
        groups = self.groups.get(tuple(process.point for process in ordered))
        if groups is None:
            return FALSE
        alike = len({process.point for process in ordered}) < len(ordered)
        found: list[str] = []
        for stands, cubes in groups:
            inside = self._inside(stands, cubes, tuple(record), ghost, scenario)
            orders = permutations(stands) if alike else (stands,)
            for order in orders:
                if all(stand.point == process.point for stand, process in zip(order, ordered, strict=True)):
                    places = [self.stands(stand, one.local) for stand, one in zip(order, ordered, strict=True)]
                    found.append(self.script.define(conjunction([*places, inside])))
        return disjunction(found)

    def _inside(
        self,
        stands: tuple[Stand, ...],
        cubes: tuple[Cube, ...],
        record: tuple[Term, ...],
        ghost: tuple[Term, ...],
        scenario: Term,
    ) -> str:
        """Whether *scenario*, *record* and *ghost* are in one of *cubes*; most steps leave most terms as they are."""
        key = (stands, record, ghost, scenario)
        known = self._insides.get(key)
        if known is None:
            among = disjunction(self.cube(cube, record, ghost, scenario) for cube in cubes)
            known = self._insides[key] = self.script.define(among)
        return known

    def cube(self, cube: Cube, record: Sequence[Term], ghost: tuple[Term, ...], scenario: Term) -> str:
        """Whether *scenario*, *record* and *ghost* are in *cube*."""
        scenarios = self.script.member(scenario, _values(cube[0]), self.scenario_width, len(self.scenarios))
        rest = (
            self.reader.is_one_of(variable, record[variable], _values(mask))
            for variable, mask in enumerate(cube[1 : 1 + len(self.reader.sizes)])
        )
        past = self.past.inside(cube[1 + len(self.reader.sizes) :] or (1,) * len(ghost), ghost)
        return self.script.define(conjunction([scenarios, *rest, past]))

    def stands(self, stand: Stand, local: Local) -> str:
        """Whether the private part *local* is as *stand* says."""
        parts = [
            self.reader.remembered_one_of(name, local.memory[name], frozenset({value})) for name, value in stand.memory
        ]
        for variable, value in stand.dirty:
            flag, term = local.dirty.get(variable, (FALSE, 0))
            parts += [flag, self.reader.is_one_of(variable, term, frozenset({value}))]
        parts += [negation(local.dirty[variable][0]) for variable in stand.clean if variable in local.dirty]
        return conjunction(parts)

    # -- the steps --------------------------------------------------------------------------------------------------

    def transitions(self, points: tuple[int, ...]) -> Iterator[Transition]:
        """Every step from the group at *points* that is possible at all."""
        for step in self._transitions(points):
            if step.guard != FALSE:
                known = replace(step, operations=self._operations(step))
                yield replace(known, ghost=self.past.during(known))

    def _operations(self, step: Transition) -> frozenset[str]:
        """The operations of which *step* may be."""
        if step.mover >= 0:
            return self.anatomy.origins[step.points[step.mover]]
        row = self.lifecycle.rows.get(step.row)
        return frozenset() if row is None else frozenset({row.operation})

    def kept(self, step: Transition) -> str:
        """Whether the claim contains what *step* leads to."""
        return self.claim(step.record, step.processes, self.past.settled(step, step.ghost), step.scenario)

    def _transitions(self, points: tuple[int, ...]) -> Iterator[Transition]:
        processes = self.processes(points)
        instructions = [self.lifecycle.instructions[point] for point in points]
        for position, point in enumerate(points):
            others = processes[:position] + processes[position + 1 :]
            instruction = instructions[position]
            if isinstance(instruction, Acquire) and any(
                other.holds for place, other in enumerate(instructions) if place != position
            ):
                continue
            for first in self.reader.outcomes(point, self.record, processes[position].local):
                for outcome in self._moment(first, instruction):
                    yield self._moved(points, position, outcome, others)
            if isinstance(instruction, Wait):
                lossy = self.among([phase.scenario.lose for phase in self.scenarios])
                yield Transition(
                    points, lossy, tuple(self.record), others, "loss", "loss", position, -2, spontaneous=True,
                    changes=False,
                )  # fmt: skip
        yield from self._starts(points, processes)
        yield from self._crashes(points, processes, instructions)

    def _moment(self, outcome: Outcome, last: Instruction | Entry) -> Iterator[Outcome]:
        """*outcome* with everything that happens in the same moment after it; *last* is what led there."""
        if outcome.target < 0 or not at_once(last, self.lifecycle.instructions[outcome.target]):
            yield outcome
            return
        record = [outcome.assign.get(variable, term) for variable, term in enumerate(self.record)]
        for after in self.reader.outcomes(outcome.target, record, outcome.local):
            guard = self.script.define(conjunction([outcome.guard, after.guard]))
            if guard != FALSE:
                joined = replace(
                    outcome, guard=guard, target=after.target, local=after.local,
                    exception=outcome.exception or after.exception,
                )  # fmt: skip
                yield from self._moment(joined, self.lifecycle.instructions[outcome.target])

    def _moved(
        self, points: tuple[int, ...], position: int, outcome: Outcome, others: tuple[Process, ...]
    ) -> Transition:
        fails = self.among([phase.scenario.fail for phase in self.scenarios]) if outcome.spontaneous else TRUE
        after = (*others, Process(outcome.target, outcome.local)) if outcome.target >= 0 else others
        record = tuple(outcome.assign.get(variable, term) for variable, term in enumerate(self.record))
        return Transition(
            points, conjunction([outcome.guard, fails]), record, after, outcome.row, "step", position, outcome.target,
            outcome.spontaneous, outcome.exception, bool(outcome.assign),
        )  # fmt: skip

    def _starts(self, points: tuple[int, ...], processes: tuple[Process, ...]) -> Iterator[Transition]:
        still = all(isinstance(self.lifecycle.instructions[point], Wait) for point in points)
        for entry in self.lifecycle.entries:
            free = [
                phase.admits(entry.kind, still=still)
                and (entry.kind in BESIDE or len(points) < (phase.scenario.processes or len(points) + 1))
                for phase in self.scenarios
            ]
            if not any(free):
                continue
            for outcome in self._moment(self.reader.start(entry, self.record), entry):
                after = (*processes, Process(outcome.target, outcome.local)) if outcome.target >= 0 else processes
                record = tuple(outcome.assign.get(variable, term) for variable, term in enumerate(self.record))
                guard = conjunction([outcome.guard, self.among(free)])
                yield Transition(
                    points, guard, record, after, entry.row, entry.kind, -1, outcome.target,
                    changes=bool(outcome.assign),
                )  # fmt: skip

    def _crashes(
        self, points: tuple[int, ...], processes: tuple[Process, ...], instructions: list[Instruction]
    ) -> Iterator[Transition]:
        crashes = self.among([phase.scenario.crash and not phase.disturbed for phase in self.scenarios])
        if crashes == FALSE:
            return
        phase: Term = self.scenario
        for number, one in enumerate(self.scenarios):
            if one.after is not None:
                here = self.script.member(self.scenario, frozenset({number}), self.scenario_width, len(self.scenarios))
                phase = self.script.choice(here, one.after, phase, self.scenario_width)
        for service in self.lifecycle.services:
            if service.crash_when is None:
                continue
            left: list[Process] = []
            killed = False
            for process, instruction in zip(processes, instructions, strict=True):
                if instruction.service != service.name or isinstance(instruction, Wait):
                    left.append(process)
                    continue
                killed = True
                if instruction.killed is not None and instruction.killed >= 0:
                    left.append(Process(instruction.killed, process.local))
            if killed or service.crash_set:
                assign = dict(service.crash_set)
                record = tuple(assign.get(variable, term) for variable, term in enumerate(self.record))
                when = conjunction([crashes, self.reader.tests(service.crash_when, self.record, {})])
                yield Transition(
                    points, when, record, tuple(left), f"crash/{service.name}", "crash", -1, -2, changes=bool(assign),
                    scenario=phase,
                )  # fmt: skip


@cache
def _values(mask: int) -> frozenset[int]:
    return frozenset(position for position in range(mask.bit_length()) if mask >> position & 1)
