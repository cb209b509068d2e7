"""The transition system as text: a claimed invariant, and every step as a guarded assignment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from model.lifecycle import Lifecycle, Promise, Scenario, Service
from model.program import Acquire, Entry, Instruction, Wait, at_once

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


class System:
    """The steps of *lifecycle* under *scenarios*, over one symbolic record and the processes of a group."""

    def __init__(
        self, lifecycle: Lifecycle, scenarios: Sequence[Phase], claimed: Candidate, anatomy: Anatomy, slots: int = 1
    ) -> None:
        self.lifecycle, self.scenarios, self.claimed, self.anatomy = lifecycle, scenarios, claimed, anatomy
        self.script = Script()
        self.reader = Reader(lifecycle, self.script)
        self.past = Past(self.reader, self.script, claimed.remembers, self._asks)
        self.record, memory, dirty = self.reader.fresh("")
        most = max((len(group) for group in claimed.groups), default=slots)
        self.locals = [Local(memory, dirty)]
        for slot in range(1, most):
            suffix = f"_{slot}"
            self.locals.append(Local(self.reader.fresh_memory(suffix), self.reader.fresh_dirty(suffix)))
        self.scenario_width = bits(len(scenarios))
        self.scenario = self.script.declare("scenario", len(scenarios))
        #: For each group of points: where the processes stand, and the number of the set of records.
        self.groups: dict[tuple[int, ...], list[tuple[tuple[Stand, ...], int]]] = {}
        numbers: dict[tuple[Cube, ...], int] = {}
        for stands, cubes in claimed.groups.items():
            number = numbers.setdefault(cubes, len(numbers))
            self.groups.setdefault(tuple(stand.point for stand in stands), []).append((stands, number))
        self._cubes = list(numbers)
        self._invariants: dict[tuple[int, ...], str] = {}
        self._insides: dict[tuple[Any, ...], str] = {}
        self._processes: dict[tuple[int, int], Process] = {}
        self._steps: dict[tuple[int, int], list[Transition]] = {}
        self._begun: dict[tuple[int, bool], list[Transition]] = {}
        self._ghosts: dict[tuple[int, bool], tuple[Term, ...]] = {}
        self._crashing: dict[int, list[tuple[Service, Transition]]] = {}
        self._numbers = 0
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
        return tuple(self._process(point, slot) for slot, point in enumerate(points))

    def _process(self, point: int, slot: int) -> Process:
        known = self._processes.get((point, slot))
        if known is None:
            local = self.locals[slot]
            dirty = {variable: local.dirty[variable] for variable in sorted(self.reader.dirty_at[point])}
            known = self._processes[point, slot] = Process(point, Local(local.memory, dirty))
        return known

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
        record = tuple(record)
        found: list[str] = []
        for stands, number in groups:
            inside = self._inside(number, record, ghost, scenario)
            orders = permutations(stands) if alike else (stands,)
            for order in orders:
                if all(stand.point == process.point for stand, process in zip(order, ordered, strict=True)):
                    places = [self.stands(stand, one.local) for stand, one in zip(order, ordered, strict=True)]
                    found.append(self.script.define(conjunction([*places, inside])))
        return disjunction(found)

    def _inside(self, number: int, record: tuple[Term, ...], ghost: tuple[Term, ...], scenario: Term) -> str:
        """Whether *scenario*, *record* and *ghost* are in one of the cubes of set *number*.

        Most steps leave most terms as they are, and many groups have the same records.
        """
        key = (number, record, ghost, scenario)
        known = self._insides.get(key)
        if known is None:
            among = disjunction(self.cube(cube, record, ghost, scenario) for cube in self._cubes[number])
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
        processes = self.processes(points)
        instructions = [self.lifecycle.instructions[point] for point in points]
        for position, process in enumerate(processes):
            others = processes[:position] + processes[position + 1 :]
            if isinstance(instructions[position], Acquire) and any(
                other.holds for place, other in enumerate(instructions) if place != position
            ):
                continue
            for step in self._moves(process, position):
                yield _beside(step, points, position, others)
        still = all(isinstance(one, Wait) for one in instructions)
        for step in self._starts(len(points), still=still):
            yield _beside(step, points, -1, processes)
        yield from self._crashes(points, processes, instructions)

    def kept(self, step: Transition) -> str:
        """Whether the claim contains what *step* leads to."""
        return self.claim(step.record, step.processes, self.settled(step), step.scenario)

    def settled(self, step: Transition) -> tuple[Term, ...]:
        """What is remembered of the past after *step*."""
        key = (step.number, bool(step.processes))
        known = self._ghosts.get(key)
        if known is None:
            known = self._ghosts[key] = self.past.settled(step, step.ghost)
        return known

    def _operations(self, step: Transition) -> frozenset[str]:
        """The operations of which *step* may be."""
        if step.mover >= 0:
            return self.anatomy.origins[step.points[step.mover]]
        row = self.lifecycle.rows.get(step.row)
        return frozenset() if row is None else frozenset({row.operation})

    def _moves(self, process: Process, slot: int) -> list[Transition]:
        """Every step of *process*, which stands in *slot* of its group, as if it were alone."""
        key = (process.point, slot)
        known = self._steps.get(key)
        if known is None:
            instruction = self.lifecycle.instructions[process.point]
            alone = [
                self._moved(process.point, outcome)
                for first in self.reader.outcomes(process.point, self.record, process.local)
                for outcome in self._moment(first, instruction)
            ]
            if isinstance(instruction, Wait):
                lossy = self.among([phase.scenario.lose for phase in self.scenarios])
                alone.append(
                    Transition(
                        (process.point,), lossy, tuple(self.record), (), "loss", "loss", 0, -2, spontaneous=True,
                    )
                )  # fmt: skip
            known = self._steps[key] = self._numbered(alone)
        return known

    def _numbered(self, steps: Iterable[Transition]) -> list[Transition]:
        """Those of *steps* that are possible at all, each with its number and the ghost in its moment."""
        made: list[Transition] = []
        for step in steps:
            if step.guard != FALSE:
                known = replace(step, operations=self._operations(step), number=self._numbers)
                made.append(replace(known, ghost=self.past.during(known)))
                self._numbers += 1
        return made

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

    def _moved(self, point: int, outcome: Outcome) -> Transition:
        fails = self.among([phase.scenario.fail for phase in self.scenarios]) if outcome.spontaneous else TRUE
        record = tuple(outcome.assign.get(variable, term) for variable, term in enumerate(self.record))
        return Transition(
            (point,), conjunction([outcome.guard, fails]), record, _left(outcome), outcome.row, "step", 0,
            outcome.target, outcome.spontaneous, outcome.exception,
        )  # fmt: skip

    def _starts(self, inflight: int, *, still: bool) -> list[Transition]:
        """Every start beside *inflight* processes, not named; *still*: all of them wait for a service."""
        key = (inflight, still)
        known = self._begun.get(key)
        if known is None:
            known = self._begun[key] = self._numbered(self._started(inflight, still=still))
        return known

    def _started(self, inflight: int, *, still: bool) -> Iterator[Transition]:
        for entry in self.lifecycle.entries:
            free = [
                phase.admits(entry.kind, still=still)
                and (entry.kind in BESIDE or inflight < (phase.scenario.processes or inflight + 1))
                for phase in self.scenarios
            ]
            if not any(free):
                continue
            for outcome in self._moment(self.reader.start(entry, self.record), entry):
                record = tuple(outcome.assign.get(variable, term) for variable, term in enumerate(self.record))
                guard = conjunction([outcome.guard, self.among(free)])
                yield Transition(
                    UNNAMED * inflight, guard, record, _left(outcome), entry.row, entry.kind, -1, outcome.target,
                )  # fmt: skip

    def _crashes(
        self, points: tuple[int, ...], processes: tuple[Process, ...], instructions: list[Instruction]
    ) -> Iterator[Transition]:
        for service, alone in self._crash(len(points)):
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
                yield _beside(alone, points, -1, tuple(left))

    def _crash(self, inflight: int) -> list[tuple[Service, Transition]]:
        """The crash of each service that may crash, beside *inflight* processes that are not named."""
        known = self._crashing.get(inflight)
        if known is None:
            known = self._crashing[inflight] = list(self._crashed(inflight))
        return known

    def _crashed(self, inflight: int) -> Iterator[tuple[Service, Transition]]:
        crashes = self.among([phase.scenario.crash and not phase.disturbed for phase in self.scenarios])
        later: Term = self.scenario
        for number, one in enumerate(self.scenarios):
            if one.after is not None:
                here = self.script.member(self.scenario, frozenset({number}), self.scenario_width, len(self.scenarios))
                later = self.script.choice(here, one.after, later, self.scenario_width)
        for service in self.lifecycle.services:
            if service.crash_when is not None:
                assign = dict(service.crash_set)
                record = tuple(assign.get(variable, term) for variable, term in enumerate(self.record))
                when = conjunction([crashes, self.reader.tests(service.crash_when, self.record, {})])
                alone = Transition(
                    UNNAMED * inflight, when, record, (), f"crash/{service.name}", "crash", -1, -2, scenario=later,
                )  # fmt: skip
                for step in self._numbered([alone]):
                    yield service, step


def _left(outcome: Outcome) -> tuple[Process, ...]:
    return (Process(outcome.target, outcome.local),) if outcome.target >= 0 else ()


def _beside(alone: Transition, points: tuple[int, ...], mover: int, others: tuple[Process, ...]) -> Transition:
    """The step *alone* from the group at *points*, of which *others* stay as they are."""
    return Transition(
        points, alone.guard, alone.record, (*others, *alone.processes), alone.row, alone.kind, mover, alone.target,
        alone.spontaneous, alone.exception, alone.ghost, alone.scenario, alone.operations, alone.number,
    )  # fmt: skip


@cache
def _values(mask: int) -> frozenset[int]:
    return frozenset(position for position in range(mask.bit_length()) if mask >> position & 1)
