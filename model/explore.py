"""The configuration space of a scenario, explored exactly, one configuration at a time.

For one request at a time (and what runs beside it: recovery, the outside) this is thousands of configurations and
plain Python is fastest.  Several requests at once are explored over arrays in ``checks``; both apply the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from model.conditions import Assignments, When, assigned, passes
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


#: A step that changes the record, and where the process stands then: the step, the assignments, what comes of it.
_Way = tuple[Step, Assignments, tuple[int, ...]]
#: A step that starts a process, the record after it, and where the process stands then.
_Started = tuple[Step, Record, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Stand:
    """One control, made ready: the ways on from it by the values of the variables that its rules test.

    ``waits``: it is a message on its way; ``holds``: it holds the lock; ``service`` runs it.
    """

    waits: bool
    holds: bool
    service: str
    tested: tuple[int, ...]
    rules: tuple[tuple[When, bool, _Way], ...]
    known: dict[tuple[int, ...], list[tuple[bool, _Way]]]


class Moves:
    """The successors of a configuration under a scenario.

    Steps are made once and shared, and what a control or a record allows is looked up where it was met before.
    """

    def __init__(self, semantics: Semantics, scenario: Scenario) -> None:
        self.semantics = semantics
        self.lifecycle: Lifecycle = semantics.lifecycle
        self.scenario = scenario
        self._kinds = {row.id: row.kind for row in self.lifecycle.rows.values()}
        self._steps = self._starting()
        self._by_pair: dict[tuple[int, int], list[tuple[Start, Step]]] = {}
        self._stands: dict[int, _Stand] = {}
        self._started: dict[Record, tuple[list[_Started], list[_Started]]] = {}
        self._crashes = tuple(
            (service, Step(f"crash/{service.name}", "crash", -1, END_FAILED))
            for service in self.lifecycle.services
            if service.crash_when is not None and scenario.crash
        )
        self._left: dict[tuple[str, tuple[int, ...]], tuple[bool, tuple[int, ...]]] = {}

    def _starting(self) -> list[tuple[Start, Step]]:
        starts = [start for start in self.semantics.starts if start.kind in self.scenario.kinds]
        return [(start, Step(start.row, start.kind, -1, start.to, also=start.also)) for start in starts]

    def _likely(self, record: Record) -> list[tuple[Start, Step]]:
        """The starts that pass what they test of the two variables that guards test most: few are left to be tried."""
        pair = (0, self.lifecycle.compare_variable)
        values = (record[pair[0]], record[pair[1]])
        known = self._by_pair.get(values)
        if known is None:
            known = self._by_pair[values] = [
                (start, step)
                for start, step in self._steps
                if passes(tuple(test for test in start.when if test[0] in pair), record)
            ]
        return known

    def _stand(self, control: int) -> _Stand:
        known = self._stands.get(control)
        if known is None:
            instruction = self.semantics.instruction(control)
            rules = [rule for rule in self.semantics.rules(control) if self.scenario.fail or not rule.spontaneous]
            ways = [
                (rule.when, rule.acquires, (self._step(rule, control), rule.assign, _alive(rule.to))) for rule in rules
            ]
            waits = isinstance(instruction, Wait)
            if self.scenario.lose and waits:
                ways.append(((), False, (Step("loss", "failure", control, END_FAILED, spontaneous=True), (), ())))
            known = self._stands[control] = _Stand(
                waits,
                instruction is not None and instruction.holds,
                "" if instruction is None else instruction.service,
                tuple(sorted({variable for rule in rules for variable, _ in rule.when})),
                tuple(ways),
                {},
            )
        return known

    def _step(self, rule: Rule, control: int) -> Step:
        kind = self._kinds[rule.row] if rule.exception is None else "failure"
        return Step(rule.row, kind, control, rule.to, rule.exception, rule.spontaneous, rule.label, rule.also)

    def successors(self, configuration: Configuration) -> list[tuple[Step, Configuration]]:
        """Every step from *configuration*, with where it leads; the order is fixed by the tables."""
        record, controls = configuration
        found: list[tuple[Step, Configuration]] = []
        for position, control in enumerate(controls):
            if position and controls[position - 1] == control:
                continue
            others = controls[:position] + controls[position + 1 :]
            stand = self._stand(control)
            values = tuple([record[variable] for variable in stand.tested])
            ways = stand.known.get(values)
            if ways is None:
                ways = stand.known[values] = [(takes, way) for when, takes, way in stand.rules if passes(when, record)]
            for acquires, (step, assign, alive) in ways:
                if not acquires or not any(self._stand(one).holds for one in controls):
                    found.append((step, (assigned(assign, record), _joined(others, alive))))
        patient = self.scenario.patient and not all(self._stand(control).waits for control in controls)
        for step, after, alive in self._starts(record)[self._full(controls)]:
            if not (patient and step.kind == "recovery"):
                found.append((step, (after, _joined(controls, alive))))
        for service, step in self._crashes:
            killed, left = self._survivors(service.name, controls)
            if (killed or service.crash_set) and passes(service.crash_when or (), record):
                found.append((step, (assigned(service.crash_set, record), left)))
        return found

    def _full(self, controls: tuple[int, ...]) -> bool:
        """Whether nothing starts any more beside *controls* but what needs no room."""
        return self.scenario.processes is not None and len(controls) >= self.scenario.processes

    def _starts(self, record: Record) -> tuple[list[_Started], list[_Started]]:
        """Every start that *record* passes, and those of them that need no room."""
        known = self._started.get(record)
        if known is None:
            every = [
                (step, assigned(start.assign, record), _alive(start.to))
                for start, step in self._likely(record)
                if passes(start.when, record)
            ]
            known = self._started[record] = (every, [one for one in every if one[0].kind in UNBOUNDED])
        return known

    def _survivors(self, service: str, controls: tuple[int, ...]) -> tuple[bool, tuple[int, ...]]:
        """Whether the crash of *service* kills one of *controls*, and what is left of them."""
        known = self._left.get((service, controls))
        if known is None:
            left: list[int] = []
            stands = [(control, self._stand(control)) for control in controls]
            killed = [control for control, stand in stands if stand.service == service and not stand.waits]
            for control in controls:
                left += _alive(self.semantics.killed(control)) if control in killed else (control,)
            known = self._left[service, controls] = (bool(killed), tuple(sorted(left)))
        return known


def _alive(control: int) -> tuple[int, ...]:
    """The process at *control*, unless it has ended."""
    return () if control in (END_FINISHED, END_FAILED) else (control,)


def _joined(others: tuple[int, ...], alive: tuple[int, ...]) -> tuple[int, ...]:
    if not others or not alive:
        return others or alive
    return tuple(sorted(others + alive))


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
    known: Space | None = None,
) -> Space:
    """Every configuration reachable from *initial* (the lifecycle's own start by default), breadth first.

    ``limit`` bounds the number of configurations; a space cut short says so in ``truncated``.  ``known`` is the whole
    space of the same scenario, which may fail where this one does not: its configurations are starts, too, come before
    the others, and are not explored again.
    """
    moves = Moves(semantics, scenario)
    starts = list(initial) if initial is not None else [(semantics.lifecycle.initial, ())]
    configurations = list(dict.fromkeys([*known.configurations, *starts] if known is not None else starts))
    numbers = {configuration: number for number, configuration in enumerate(configurations)}
    parents: list[tuple[int, Step] | None] = [None] * len(configurations)
    edges: list[list[tuple[Step, int]]] = []
    if known is not None:
        edges += [[way for way in leaving if scenario.fail or not way[0].spontaneous] for leaving in known.edges]
    truncated = False
    position = len(edges)
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
