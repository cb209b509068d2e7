"""The configuration space of a scenario, explored exactly, one configuration at a time.

For one request at a time (and what runs beside it: recovery, the outside) this is thousands of configurations and
plain Python is fastest.  Several requests at once are explored over arrays in ``checks``; both apply the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from model.conditions import assigned, passes
from model.lifecycle import Lifecycle, Record, Scenario, holds
from model.program import Wait
from model.semantics import END_FAILED, END_FINISHED, Rule, Semantics, Start

#: The record and the controls of the processes in flight, sorted.
Configuration = tuple[Record, tuple[int, ...]]

#: Kinds of processes that start whatever is in flight: they belong to the surroundings.  All others start only while
#: fewer processes are in flight (recovery among them) than the scenario's bound.
UNBOUNDED = frozenset({"recovery", "outside"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step from one configuration to the next: the row, what it was, and where the process stood before and after.

    ``kind`` is that of an edge; ``process`` is the control before the step (-1 for a process that starts, a crash or a
    loss); ``exception`` the failure, if it is one; ``spontaneous`` a failure that only some scenarios allow; ``also``
    the rows that happen in the same moment.
    """

    row: str
    kind: str
    process: int
    after: int
    exception: str | None = None
    spontaneous: bool = False
    label: str | None = None
    also: tuple[str, ...] = ()


class Moves:
    """The successors of a configuration under a scenario."""

    def __init__(self, semantics: Semantics, scenario: Scenario) -> None:
        self.semantics = semantics
        self.lifecycle: Lifecycle = semantics.lifecycle
        self.scenario = scenario
        self._kinds = {row.id: row.kind for row in self.lifecycle.rows.values()}
        self._starts: tuple[Start, ...] = tuple(start for start in semantics.starts if start.kind in scenario.kinds)
        self._by_first = self._index()
        self._static: dict[int, tuple[bool, bool, str]] = {}

    def _index(self) -> dict[int, tuple[Start, ...]]:
        """Starts by the value of the record's first variable, so that few guards are tried."""
        count = len(self.lifecycle.variables[0].values)
        return {
            value: tuple(
                start
                for start in self._starts
                if all(value in values for variable, values in start.when if variable == 0)
            )
            for value in range(count)
        }

    def static(self, control: int) -> tuple[bool, bool, str]:
        """Whether *control* is a message on its way, whether it holds the lock, and its service."""
        known = self._static.get(control)
        if known is None:
            instruction = self.semantics.instruction(control)
            known = (
                (False, False, "")
                if instruction is None
                else (isinstance(instruction, Wait), instruction.holds, instruction.service)
            )
            self._static[control] = known
        return known

    def successors(self, configuration: Configuration) -> Iterator[tuple[Step, Configuration]]:
        """Every step from *configuration*, with where it leads; the order is fixed by the tables."""
        record, controls = configuration
        locked = any(self.static(control)[1] for control in controls)
        for position, control in enumerate(controls):
            if position and controls[position - 1] == control:
                continue
            others = controls[:position] + controls[position + 1 :]
            for rule in self.semantics.rules(control):
                if rule.spontaneous and not self.scenario.fail:
                    continue
                if rule.acquires and locked:
                    continue
                if passes(rule.when, record):
                    yield self._step(rule, control), self._next(record, others, rule.assign, rule.to)
            if self.scenario.lose and self.static(control)[0]:
                yield Step("loss", "failure", control, END_FAILED, spontaneous=True), (record, others)
        yield from self._start(record, controls)
        if self.scenario.crash:
            yield from self._crash(record, controls)

    def _step(self, rule: Rule, control: int) -> Step:
        kind = self._kinds[rule.row]
        if rule.exception is not None:
            kind = "failure"
        return Step(rule.row, kind, control, rule.to, rule.exception, rule.spontaneous, rule.label, rule.also)

    def _next(
        self, record: Record, others: tuple[int, ...], assign: tuple[tuple[int, int], ...], to: int
    ) -> Configuration:
        if to in (END_FINISHED, END_FAILED):
            return assigned(assign, record), others
        return assigned(assign, record), tuple(sorted((*others, to)))

    def _start(self, record: Record, controls: tuple[int, ...]) -> Iterator[tuple[Step, Configuration]]:
        bound = self.scenario.processes
        patient = self.scenario.patient and not all(self.static(control)[0] for control in controls)
        for start in self._by_first[record[0]]:
            if start.kind not in UNBOUNDED and bound is not None and len(controls) >= bound:
                continue
            if patient and start.kind == "recovery":
                continue
            if passes(start.when, record):
                after = assigned(start.assign, record)
                step = Step(start.row, start.kind, -1, start.to, also=start.also)
                if start.to in (END_FINISHED, END_FAILED):
                    yield step, (after, controls)
                else:
                    yield step, (after, tuple(sorted((*controls, start.to))))

    def _crash(self, record: Record, controls: tuple[int, ...]) -> Iterator[tuple[Step, Configuration]]:
        for service in self.lifecycle.services:
            if service.crash_when is None or not passes(service.crash_when, record):
                continue
            survivors: list[int] = []
            killed = False
            for control in controls:
                waiting, _, runs = self.static(control)
                if runs != service.name or waiting:
                    survivors.append(control)
                    continue
                killed = True
                heir = self.semantics.killed(control)
                if heir not in (END_FINISHED, END_FAILED):
                    survivors.append(heir)
            if not killed and not service.crash_set:
                continue
            after = assigned(service.crash_set, record)
            yield Step(f"crash/{service.name}", "crash", -1, END_FAILED), (after, tuple(sorted(survivors)))


@dataclass(slots=True)
class Space:
    """An explored space: every configuration with its number, every step, and the step by which each was first met."""

    scenario: Scenario
    semantics: Semantics
    configurations: list[Configuration]
    numbers: dict[Configuration, int]
    edges: list[list[tuple[Step, int]]]
    parents: list[tuple[int, Step] | None]
    truncated: bool = field(default=False)

    def path(self, number: int) -> list[tuple[Step, int]]:
        """The shortest way from an initial configuration to *number*: steps with where each leads."""
        way: list[tuple[Step, int]] = []
        while (parent := self.parents[number]) is not None:
            way.append((parent[1], number))
            number = parent[0]
        way.reverse()
        return way


def explore(
    semantics: Semantics,
    scenario: Scenario,
    initial: Iterable[Configuration] | None = None,
    limit: int | None = None,
) -> Space:
    """Every configuration reachable from *initial* (the lifecycle's own start by default), breadth first.

    ``limit`` bounds the number of configurations; a space cut short says so in ``truncated``.
    """
    moves = Moves(semantics, scenario)
    starts = list(initial) if initial is not None else [(semantics.lifecycle.initial, ())]
    configurations = list(dict.fromkeys(starts))
    numbers = {configuration: number for number, configuration in enumerate(configurations)}
    parents: list[tuple[int, Step] | None] = [None] * len(configurations)
    edges: list[list[tuple[Step, int]]] = []
    truncated = False
    position = 0
    while position < len(configurations):
        if limit is not None and len(configurations) > limit:
            truncated = True
            break
        leaving: list[tuple[Step, int]] = []
        for step, configuration in moves.successors(configurations[position]):
            number = numbers.get(configuration)
            if number is None:
                number = numbers[configuration] = len(configurations)
                configurations.append(configuration)
                parents.append((position, step))
            leaving.append((step, number))
        edges.append(leaving)
        position += 1
    return Space(scenario, semantics, configurations, numbers, edges, parents, truncated)


def completed(lifecycle: Lifecycle, state: tuple[int, ...]) -> Record:
    """The record of which only the *state* is known: the other variables by the first default rule that fits."""
    record = list(lifecycle.initial)
    record[: len(state)] = state
    given: set[int] = set()
    for rule in lifecycle.defaults:
        if holds((rule.when,), tuple(record)):
            for variable, value in rule.set:
                if variable not in given:
                    record[variable] = value
                    given.add(variable)
    return tuple(record)
