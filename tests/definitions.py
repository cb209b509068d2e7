"""What each property says, word for word, of a space that was explored one configuration at a time.

Plain, slow and written from the words of ``checks/properties/catalogue.py`` and ``formula.py`` alone: of the program
nothing is used but the space itself (:mod:`model.explore`) and the meaning of a step (:mod:`model.semantics`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple, TypeVar

import networkx as nx

from model.conditions import assigned, passes
from model.explore import Configuration, Space, Step, completed, explore
from model.lifecycle import Conjunction, Lifecycle, Promise, Record, holds
from model.program import Dirty, Save, targets
from model.semantics import END_FAILED, END_FINISHED, Semantics

#: One way of violating a property.
Key = tuple[tuple[str, str], ...]
#: What a definition remembers of the way to a configuration.
Memory = TypeVar("Memory", bound=Hashable)
ENDS = (END_FINISHED, END_FAILED)


class Violation(NamedTuple):
    """Where a property is violated: in a configuration with this record, or by a step that leads to it.

    ``accused`` is the operation that did it, where the words of the property name one.
    """

    record: Record
    step: Step | None = None
    accused: str = ""


class Definitions:
    """What each property says of the configurations and steps of *space*."""

    def __init__(self, lifecycle: Lifecycle, space: Space) -> None:
        self.lifecycle, self.space = lifecycle, space
        self.phase, self.lock = 0, lifecycle.compare_variable
        self.report, self.truth = next(iter(lifecycle.observed.items()))
        self._origins: dict[int, frozenset[str]] = {}
        self._pending: dict[int, bool] = {}

    # -- words --------------------------------------------------------------------------------------------------------

    def true(self, name: str, record: Record) -> bool:
        return holds(self.lifecycle.predicates[name], record)

    def quiet(self, configuration: Configuration) -> bool:
        """Nothing is in flight and every service takes messages."""
        record, controls = configuration
        return not controls and all(holds((one.available,), record) for one in self.lifecycle.services)

    def point(self, step: Step) -> int | None:
        """The point from which a process in flight takes *step*; None: it is no process in flight."""
        return self.space.semantics.controls[step.process].point if step.process >= 0 else None

    def of(self, step: Step) -> frozenset[str]:
        """The operations of which a process may take *step*."""
        point = self.point(step)
        if point is None:
            return frozenset({self.lifecycle.rows[step.row].operation} if step.row in self.lifecycle.rows else ())
        return self.origins(point)

    def origins(self, point: int) -> frozenset[str]:
        """The operations of which a process may stand at *point*."""
        if point not in self._origins:
            self._origins[point] = frozenset(
                entry.operation for entry in self.lifecycle.entries if point in self.beyond([entry.next])
            )
        return self._origins[point]

    def kinds(self, step: Step) -> frozenset[str]:
        """The kind of *step*: of a process in flight those of the operations of which it may be."""
        if step.process < 0:
            return frozenset({step.kind})
        return frozenset(self.lifecycle.operations[name].kind for name in self.of(step))

    def beyond(self, starts: Iterable[int], *, unsaved: bool = False) -> set[int]:
        """The points that a process at one of *starts* may get to; *unsaved*: without a save of a state variable."""
        found: set[int] = set()
        todo = [point for point in starts if point >= 0]
        while todo:
            point = todo.pop()
            if point in found:
                continue
            found.add(point)
            instruction = self.lifecycle.instructions[point]
            onward = list(targets(instruction))
            if unsaved and self.saves(point):
                assert isinstance(instruction, Save)
                onward = [target for _, target in instruction.raised]
                if instruction.killed is not None:
                    onward.append(instruction.killed)
            todo += [target for target in onward if target >= 0]
        return found

    def saves(self, point: int) -> bool:
        """Whether the instruction at *point* saves a state variable."""
        one = self.lifecycle.instructions[point]
        return isinstance(one, Save) and any(
            self.lifecycle.variables[variable].name in self.lifecycle.state_variables for variable, _ in one.writes
        )

    def pending(self, point: int) -> bool:
        """A process at *point* has made a save of its own, whatever its way, and may still write a state variable."""
        if point not in self._pending:
            fresh = self.beyond([entry.next for entry in self.lifecycle.entries], unsaved=True)
            self._pending[point] = point not in fresh and any(map(self.saves, self.beyond([point])))
        return self._pending[point]

    def markers(self, name: str) -> frozenset[str]:
        """The operations of which a process may itself write a value of the lock that satisfies the predicate."""
        wanted = {value for tests in self.lifecycle.predicates[name] for one, values in tests for value in values
                  if one == self.lock}  # fmt: skip
        return frozenset(
            name
            for point, one in enumerate(self.lifecycle.instructions)
            if isinstance(one, Save | Dirty) and any(v == self.lock and value in wanted for v, value in one.writes)
            for name in self.origins(point)
        )

    @staticmethod
    def begins(step: Step) -> bool:
        """Whether *step* begins what the scenario counts: neither a recovery nor what happens outside."""
        return step.process < 0 and step.kind not in ("recovery", "outside", "crash", "failure")

    @staticmethod
    def fails(step: Step) -> bool:
        """Whether *step* ends a process by an exception that nobody caught."""
        return step.process >= 0 and step.after == END_FAILED and step.row != "loss"

    # -- the space, and what is remembered on the way -----------------------------------------------------------------

    def steps(self) -> Iterator[tuple[Record, Step, Record]]:
        for number, leaving in enumerate(self.space.edges):
            for step, to in leaving:
                yield self.space.configurations[number][0], step, self.space.configurations[to][0]

    def histories(self, first: Memory, then: Callable[[Memory, Configuration, Step, Configuration], Memory]) -> dict[
        tuple[int, Memory], list[tuple[Step, tuple[int, Memory]]]
    ]:  # fmt: skip
        """Every configuration (by number) with each memory of a way to it, and the steps; in breadth-first order.

        The memory is *first* at the start; after each step it is what *then* makes of it.
        """
        places = self.space.configurations
        found: dict[tuple[int, Memory], list[tuple[Step, tuple[int, Memory]]]] = {(0, first): []}
        waiting = list(found)
        for node in waiting:
            number, memory = node
            for step, to in self.space.edges[number]:
                after = (to, then(memory, places[number], step, places[to]))
                found[node].append((step, after))
                if after not in found:
                    found[after] = []
                    waiting.append(after)
        return found

    def moments(
        self, first: Memory, then: Callable[[Memory, Configuration, Step, Configuration], Memory]
    ) -> Iterator[tuple[Memory, Configuration, Step, Configuration]]:
        """Every step, with each memory of a way to where it starts."""
        places = self.space.configurations
        for (number, memory), leaving in self.histories(first, then).items():
            for step, (to, _) in leaving:
                yield memory, places[number], step, places[to]

    # -- of configurations --------------------------------------------------------------------------------------------

    def at_rest(self) -> Iterator[Record]:
        """The records of what is there with nothing in flight and no task."""
        for record, controls in self.space.configurations:
            if self.true("present", record) and self.quiet((record, controls)) and self.true("rest", record):
                yield record

    def rest(self) -> set[Violation]:
        return {
            Violation(record)
            for record, controls in self.space.configurations
            if self.true("present", record) and self.quiet((record, controls)) and not self.true("rest", record)
        }

    def settles(self) -> set[Violation]:
        return {Violation(record) for record in self.at_rest() if self.true("passing", record)}

    def consistent(self) -> set[Violation]:
        return {Violation(record) for record in self.at_rest() if self.true("inconsistent", record)}

    def exclusive(self) -> set[Violation]:
        controls = self.space.semantics.controls
        return {
            Violation(record)
            for record, flying in self.space.configurations
            if self.true("present", record) and self.true("rest", record)
            if any(self.pending(controls[one].point) for one in flying)
        }

    # -- of steps -----------------------------------------------------------------------------------------------------

    def delete_wins(self) -> set[Violation]:
        """The failed state counts as an end where the step is of an operation that may mark a delete, or a recovery."""
        markers = self.markers("deleting")
        return {
            Violation(after, step)
            for before, step, after in self.steps()
            if self.true("present", before) and self.true("deleting", before)
            if not any(self.true(name, after) for name in ("deleting", "deleted", "gone"))
            if not (self.true("failed", after) and (self.of(step) & markers or "recovery" in self.kinds(step)))
            if "admin" not in self.kinds(step)
        }

    def spares(self) -> set[Violation]:
        return {
            Violation(after, step)
            for before, step, after in self.steps()
            if self.true("present", before)
            if not any(self.true(name, before) for name in ("deleted", "deleting", "failed"))
            if self.kinds(step) & {"event", "periodic", "recovery"} and not self.kinds(step) & {"request", "admin"}
            if self.true("deleted", after) or self.true("gone", after)
        }

    def final(self) -> set[Violation]:
        return {
            Violation(after, step)
            for before, step, after in self.steps()
            if self.true("gone", before) and not self.true("gone", after)
        }

    def stable(self) -> set[Violation]:
        return {
            Violation(after, step)
            for before, step, after in self.steps()
            if self.true("present", before) and self.true("present", after) and before[self.phase] != after[self.phase]
            if not self.true("rest", after) and not self.true("failed", after)
        }

    def power_from_compute(self) -> set[Violation]:
        """A service that can crash is one that runs beside the guests."""
        crashing = {one.name for one in self.lifecycle.services if one.crash_when is not None}
        return {
            Violation(after, step)
            for before, step, after in self.steps()
            if self.true("present", before) and before[self.report] != after[self.report]
            if (point := self.point(step)) is not None and self.lifecycle.instructions[point].service not in crashing
        }

    # -- of steps, and what was before --------------------------------------------------------------------------------

    def failures(self) -> Iterator[tuple[Record | None, Record, Step, Record]]:
        """Every step with which a process fails, and the record with which the newest request started (None: none)."""

        def newest(memory: Record | None, before: Configuration, step: Step, after: Configuration) -> Record | None:
            if not after[1]:
                return None
            if not self.begins(step):
                return memory
            # Nothing is looked at later but the phase and the truth.
            return tuple(value if one in (self.phase, self.truth) else -1 for one, value in enumerate(before[0]))

        for start, (before, _), step, (after, _) in self.moments(None, newest):
            if self.fails(step) and self.true("present", before):
                yield start, before, step, after

    def fails_visibly(self) -> set[Violation]:
        def rolled_back(start: Record | None, after: Record) -> bool:
            return self.true("rest", after) and (
                start is None or all(start[one] == after[one] for one in (self.phase, self.truth))
            )

        return {
            Violation(after, step, self.first(step))
            for start, _, step, after in self.failures()
            if not self.true("failed", after) and not self.true("gone", after) and not rolled_back(start, after)
        }

    def restores(self) -> set[Violation]:
        return {
            Violation(after, step, self.first(step))
            for start, _, step, after in self.failures()
            if self.true("rest", after) and not self.true("failed", after) and not self.true("gone", after)
            if start is not None and start[self.phase] != after[self.phase]
        }

    def first(self, step: Step) -> str:
        """The first operation, in the order of the tables, of which a process may take *step*."""
        return next((name for name in self.lifecycle.operations if name in self.of(step)), "")

    def undoes(self) -> set[Violation]:
        """Of what was so before the first of two runs, with nothing in between, all must be so after the second.

        The memory is the run in flight (its operation, what was so at its start, and the run straight before it), and
        behind it the last one that ended well with nothing since.
        """
        operations = self.lifecycle.operations
        kept = tuple(dict.fromkeys(tests for one in operations.values() for tests in one.restores or ()))
        Run = tuple[str, frozenset[Conjunction]]  # noqa: N806 - a type
        Two = tuple[tuple[Run, Run | None] | None, Run | None]  # noqa: N806 - a type

        def started(memory: Two, before: Configuration, step: Step) -> Two:
            if not self.begins(step):
                return memory
            so = frozenset(tests for tests in kept if holds((tests,), before[0]))
            return ((self.lifecycle.rows[step.row].operation, so), memory[1]), None

        def then(memory: Two, before: Configuration, step: Step, _after: Configuration) -> Two:
            now, last = started(memory, before, step)
            if step.after in ENDS and now is not None and (step.process >= 0 or self.begins(step)):
                return None, now[0] if step.after == END_FINISHED else None
            return now, last

        found: set[Violation] = set()
        for memory, before, step, after in self.moments((None, None), then):
            now, _ = started(memory, before, step)
            if now is None or step.after != END_FINISHED or not (step.process >= 0 or self.begins(step)):
                continue
            (undoing, _), last = now
            if last is None or last[0] not in operations[undoing].undoes:
                continue
            restores = operations[undoing].restores or ()
            if any(tests in last[1] and not holds((tests,), after[0]) for tests in restores):
                found.add(Violation(after[0], step, undoing))
        return found

    def delivers(self) -> set[Violation]:
        """The memory is what the run in flight has promised: none runs (None), or what it leaves (nothing: empty)."""
        scenario = self.space.scenario.name

        def promised(step: Step, record: Record) -> tuple[Promise, ...]:
            operation = self.lifecycle.rows[step.row].operation
            made = [
                one
                for one in self.lifecycle.promises
                if one.operation == operation and scenario in one.scenarios and holds((one.start,), record)
            ]
            return tuple(made[:1])

        def during(memory: tuple[Promise, ...] | None, before: Configuration, step: Step) -> tuple[Promise, ...] | None:
            if step.process < 0 and step.kind in ("outside", "crash"):
                return None if memory is None else ()
            if step.process < 0:
                memory = promised(step, before[0]) if memory is None else ()
            row = self.lifecycle.rows.get(step.row)
            if step.exception is not None or step.after == END_FAILED or (row is not None and row.kind == "failure"):
                return ()
            return memory

        def then(
            memory: tuple[Promise, ...] | None, before: Configuration, step: Step, after: Configuration
        ) -> tuple[Promise, ...] | None:
            return during(memory, before, step) if after[1] else None

        return {
            Violation(after[0], step, one.operation)
            for memory, before, step, after in self.moments(None, then)
            if step.after == END_FINISHED and not (step.process < 0 and step.kind in ("outside", "crash"))
            for one in during(memory, before, step) or ()
            if not holds(one.end, after[0])
        }

    # -- of executions ------------------------------------------------------------------------------------------------

    def terminates(self) -> set[Violation]:
        return self._stays(lambda _memory, _step: False, None)

    def recovers(self) -> set[Violation]:
        """Where a service has crashed since the newest request started."""

        def crashed(memory: bool, step: Step) -> bool:  # noqa: FBT001 - what is remembered
            return step.kind == "crash" or (memory and not self.begins(step))

        return self._stays(crashed, asked=True)

    def _stays(self, then: Callable[[bool, Step], bool], asked: bool | None) -> set[Violation]:  # noqa: FBT001
        """Where an execution may come to rest with a task for ever, though all that must happen does.

        Machines go forward, so that only what starts again and again goes round: there it is at rest now and then.
        Where it is not, the first place of the round stands for it.
        """
        nodes = self.histories(False, lambda memory, _before, step, _after: then(memory, step))
        order = {node: position for position, node in enumerate(nodes)}
        graph, inside = self._forced(nodes)
        found: set[Violation] = set()
        for component in nx.attracting_components(graph):
            if component <= inside:
                still = [node for node in component if self.quiet(self.space.configurations[node[0]])]
                for number, memory in still or [min(component, key=order.__getitem__)]:
                    if asked is None or memory is asked:
                        found.add(Violation(self.space.configurations[number][0]))
        return found

    def lingers(self) -> set[Violation]:
        """Where an execution may be at rest with a task, and all that must happen only leads to where there is one."""
        nodes = self.histories(False, lambda _memory, _before, _step, _after: False)
        graph, inside = self._forced(nodes)
        left = {node for node in graph if not inside.issuperset({node, *nx.descendants(graph, node)})}
        still = (self.space.configurations[number] for number, _ in inside - left)
        return {Violation(record) for record, controls in still if self.quiet((record, controls))}

    def _forced(
        self, nodes: dict[tuple[int, bool], list[tuple[Step, tuple[int, bool]]]]
    ) -> tuple[nx.DiGraph[tuple[int, bool]], set[tuple[int, bool]]]:
        """The places with a task, and what must happen there.

        That is what a process does that does not fail, a recovery, a periodic task.
        """
        inside = {
            node
            for node in nodes
            for record in [self.space.configurations[node[0]][0]]
            if self.true("present", record) and not self.true("rest", record)
        }
        graph: nx.DiGraph[tuple[int, bool]] = nx.DiGraph()
        graph.add_nodes_from(inside)
        graph.add_edges_from(
            (node, to)
            for node in inside
            for step, to in nodes[node]
            if step.kind in ("recovery", "periodic") or (step.process >= 0 and not step.spontaneous)
        )
        return graph, inside

    # -- of what is possible ------------------------------------------------------------------------------------------

    def deletable(self) -> set[Violation]:
        """From everywhere where it is asked; where only requests start and nothing dies, also from every state."""
        found = self._impossible(
            self.space,
            frozenset({"request", "recovery"}),
            lambda place: self.true("present", place[0]),
            lambda place: self.true("gone", place[0]),
        )
        scenario = self.space.scenario
        if scenario.kinds == {"request"} and not scenario.crash and not scenario.lose:
            sizes = [range(len(self.lifecycle.values[name])) for name in self.lifecycle.state_variables]
            starts = [(completed(self.lifecycle, state), ()) for state in product(*sizes)]
            calm = explore(self.space.semantics, replace(scenario, fail=False), starts)
            found |= self._impossible(
                calm,
                frozenset({"request"}),
                lambda place: place in starts and self.true("present", place[0]),
                lambda place: self.true("gone", place[0]),
            )
        return found

    def reconciles(self) -> set[Violation]:
        return self._impossible(
            self.space,
            frozenset({"event", "periodic", "recovery"}),
            lambda place: self.true("present", place[0]) and self.quiet(place) and self.true("rest", place[0])
            and self.true("conflict", place[0]),
            lambda place: not self.true("conflict", place[0]) or place[0][self.report] == place[0][self.truth]
            or self.true("gone", place[0]),
        )  # fmt: skip

    @staticmethod
    def _impossible(
        space: Space,
        kinds: frozenset[str],
        premise: Callable[[Configuration], bool],
        goal: Callable[[Configuration], bool],
    ) -> set[Violation]:
        """Where *premise* holds and no steps lead to *goal*: of processes that do not fail, or starts of *kinds*."""
        able = {number for number, place in enumerate(space.configurations) if goal(place)}
        grown = True
        while grown:
            more = {
                number
                for number, leaving in enumerate(space.edges)
                if number not in able
                and any(
                    to in able and (step.kind in kinds if step.process < 0 else not step.spontaneous)
                    for step, to in leaving
                )
            }
            able |= more
            grown = bool(more)
        return {
            Violation(place[0])
            for number, place in enumerate(space.configurations)
            if number not in able and premise(place)
        }

    # -- keys ---------------------------------------------------------------------------------------------------------

    def values(self, record: Record, *variables: int) -> Key:
        named = (
            (self.lifecycle.variables[one].name, self.lifecycle.variables[one].values[record[one]]) for one in variables
        )
        return tuple(sorted(named))

    def state(self, violation: Violation) -> Key:
        return self.values(violation.record, self.phase, self.lock)

    def keys(self, name: str) -> set[Key]:
        """The ways in which the property *name* is violated, told apart as one request at a time is."""
        tested = {one for tests in self.lifecycle.predicates.get("inconsistent", ()) for one, _ in tests}
        told_by: dict[str, tuple[int, ...]] = {
            "settles": (self.phase,),
            "consistent": (self.phase, *(tested - {self.phase})),
            "exclusive": (self.phase,),
            "final": (self.phase,),
            "restores": (self.phase,),
            "undoes": (self.phase,),
            "delivers": (self.phase, self.lock, self.report, self.truth),
            "power-from-compute": (self.report,),
            "reconciles": (self.phase, self.report, self.truth),
        }
        variables = told_by.get(name, (self.phase, self.lock))
        accuses = name in ("fails-visibly", "restores", "undoes", "delivers")
        return {
            tuple(
                sorted([
                    *self.values(one.record, *variables),
                    *([("operation", one.accused)] if accuses else []),
                ])
            )
            for one in DEFINED[name](self)
        }  # fmt: skip


DEFINED: dict[str, Callable[[Definitions], set[Violation]]] = {
    "rest": Definitions.rest,
    "settles": Definitions.settles,
    "consistent": Definitions.consistent,
    "exclusive": Definitions.exclusive,
    "terminates": Definitions.terminates,
    "deletable": Definitions.deletable,
    "delete-wins": Definitions.delete_wins,
    "spares": Definitions.spares,
    "final": Definitions.final,
    "recovers": Definitions.recovers,
    "stable": Definitions.stable,
    "fails-visibly": Definitions.fails_visibly,
    "restores": Definitions.restores,
    "undoes": Definitions.undoes,
    "delivers": Definitions.delivers,
    "power-from-compute": Definitions.power_from_compute,
    "reconciles": Definitions.reconciles,
}


# -- of tables ---------------------------------------------------------------------------------------------------------


def every_record(lifecycle: Lifecycle) -> list[Record]:
    return list(product(*(range(len(variable.values)) for variable in lifecycle.variables)))


def guards_agree(lifecycle: Lifecycle) -> set[Key]:
    """The guards that let some record pass which the first save refuses, though nothing happens in between.

    And the guards of a request that accept some of the marks that it sets on its way, and not all.
    """
    semantics = Semantics(lifecycle)
    found: set[Key] = set()
    for start in semantics.starts:
        if start.kind in ("request", "admin"):
            for record in every_record(lifecycle):
                if passes(start.when, record):
                    refused = _refusals(semantics, start.to, assigned(start.assign, record))
                    found |= {(("guard", start.row), ("save", row)) for row in refused}
    return found | _unrepeatable(lifecycle)


def _refusals(semantics: Semantics, control: int, record: Record) -> set[str]:
    """The first saves that refuse a process at *control* which goes on with *record*."""
    if control in ENDS:
        return set()
    saves = isinstance(semantics.instruction(control), Save)
    found: set[str] = set()
    for rule in semantics.rules(control):
        if rule.spontaneous or not passes(rule.when, record):
            continue
        if saves:
            found |= {rule.row} if rule.exception is not None else set()
        else:
            found |= _refusals(semantics, rule.to, assigned(rule.assign, record))
    return found


def _unrepeatable(lifecycle: Lifecycle) -> set[Key]:
    lock = lifecycle.compare_variable
    names = lifecycle.variables[lock].values
    found: set[Key] = set()
    for name, operation in lifecycle.operations.items():
        guards = [entry for entry in lifecycle.entries if entry.operation == name]
        accepted = {
            value
            for entry in guards
            for tests in entry.when
            for value in range(len(names))
            if all(value in values for variable, values in tests if variable == lock)
        }
        marks = {
            value
            for one in lifecycle.instructions
            if isinstance(one, Save | Dirty) and one.row.split("/")[0] == name
            for variable, value in one.writes
            if variable == lock and not holds(lifecycle.predicates["rest"], _with(lifecycle, lock, value))
        }
        if operation.kind == "request" and marks & accepted:
            found |= {
                (("guard", guards[0].row), (lifecycle.variables[lock].name, names[one])) for one in marks - accepted
            }
    return found


def _with(lifecycle: Lifecycle, variable: int, value: object) -> Record:
    assert isinstance(value, int)
    return tuple(value if number == variable else old for number, old in enumerate(lifecycle.initial))


def alive(lifecycle: Lifecycle, space: Space) -> set[Key]:
    """The rows that no process takes, even if others change the record at any moment; and the places without a way out.

    These are at rest in *space*, not gone, not terminal, and nothing that happens after them changes the phase.
    """
    dead = set(lifecycle.rows) - _conceivable(Semantics(lifecycle))
    return {(("row", row),) for row in dead} | _stuck(lifecycle, space)


def _conceivable(semantics: Semantics) -> set[str]:
    records = every_record(semantics.lifecycle)
    found: set[str] = set()
    met: set[int] = set(ENDS)
    todo: list[int] = []
    for start in semantics.starts:
        if any(passes(start.when, record) for record in records):
            found |= {start.row, *start.also}
            todo.append(start.to)
    while todo:
        control = todo.pop()
        if control in met:
            continue
        met.add(control)
        todo.append(semantics.killed(control))
        for rule in semantics.rules(control):
            if any(passes(rule.when, record) for record in records):
                found |= {rule.row, *rule.also}
                todo.append(rule.to)
    return found


def _stuck(lifecycle: Lifecycle, space: Space) -> set[Key]:
    definitions = Definitions(lifecycle, space)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(space.configurations)))
    graph.add_edges_from((number, to) for number, leaving in enumerate(space.edges) for _, to in leaving)
    phases = [record[0] for record, _ in space.configurations]
    changes = {number for number, to in graph.edges if phases[number] != phases[to]}
    free = changes.union(*(nx.ancestors(graph, number) for number in changes))
    groups = [one.group for one in lifecycle.values[lifecycle.state_variables[0]]]
    return {
        definitions.state(Violation(place[0]))
        for number, place in enumerate(space.configurations)
        if number not in free and definitions.quiet(place)
        if not definitions.true("gone", place[0]) and groups[place[0][0]] != "terminal"
    }
