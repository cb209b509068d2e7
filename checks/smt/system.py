"""The transition system as text: a claimed invariant, and every step as a guarded assignment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from checks.anatomy import Anatomy
from checks.candidate import Candidate
from checks.properties.formula import roles
from checks.smt.claim import Claim
from checks.smt.past import Past
from checks.smt.steps import Local, Outcome, Reader
from checks.smt.text import FALSE, TRUE, Script, Term, bits, conjunction
from checks.smt.transition import BESIDE, UNNAMED, Phase, Process, Transition, beside, left_by
from model.lifecycle import Lifecycle, Promise, Service
from model.program import Acquire, Entry, Instruction, Wait, at_once


class System:
    """The steps of *lifecycle* under *scenarios*, over one symbolic record and the processes of a group."""

    def __init__(
        self, lifecycle: Lifecycle, scenarios: Sequence[Phase], claimed: Candidate, anatomy: Anatomy, slots: int = 1
    ) -> None:
        self.lifecycle, self.scenarios, self.anatomy = lifecycle, scenarios, anatomy
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
        self.claim = Claim(claimed, self.script, self.reader, self.past, len(scenarios))
        self._invariants: dict[tuple[int, ...], str] = {}
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
            claim = self.claim.holds(self.record, self.processes(points), tuple(self.past.terms))
            known = self._invariants[points] = self.script.define(claim)
        return known

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
                yield beside(step, points, position, others)
        still = all(isinstance(one, Wait) for one in instructions)
        for step in self._starts(len(points), still=still):
            yield beside(step, points, -1, processes)
        yield from self._crashes(points, processes, instructions)

    def kept(self, step: Transition) -> str:
        """Whether the claim contains what *step* leads to."""
        return self.claim.holds(step.record, step.processes, self.settled(step), step.scenario)

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
            (point,), conjunction([outcome.guard, fails]), record, left_by(outcome), outcome.row, "step", 0,
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
                    UNNAMED * inflight, guard, record, left_by(outcome), entry.row, entry.kind, -1, outcome.target,
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
                yield beside(alone, points, -1, tuple(left))

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
