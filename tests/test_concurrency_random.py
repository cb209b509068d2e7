"""Random small machines with two requests at once: what is decided is what the definitions say of every configuration.

The definitions are read here word for word, over the plain product of two processes, one configuration at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import networkx as nx
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_checks_random import MACHINES, machines

from checks.anatomy import Anatomy
from checks.concurrency.verdicts import verify_concurrent
from checks.expectations import Expectations
from checks.verdict import Outcome
from model.explore import Configuration, Space, Step, explore
from model.lifecycle import Lifecycle, Record, Scenario, Text, holds
from model.program import FAILED, FINISHED, Acquire, Entry, Save, Wait
from model.semantics import Semantics

#: One way of violating a property.
Key = tuple[tuple[str, str], ...]

WORDS = Text("", "")
REQUESTS = frozenset({"request"})
SCENARIOS = {
    one.name: one
    for one in (
        Scenario("two", WORDS, 2, REQUESTS, fail=True, crash=False, lose=False),
        Scenario("calm", WORDS, 2, REQUESTS, fail=False, crash=False, lose=False),
        Scenario("swept", WORDS, 2, REQUESTS | {"periodic"}, fail=True, crash=False, lose=False),
        Scenario("crashing", WORDS, 2, REQUESTS | {"recovery"}, fail=True, crash=True, lose=False),
        Scenario("lossy", WORDS, 2, REQUESTS, fail=True, crash=False, lose=True),
    )
}
#: More than this takes the plain product, or the definitions, too long.
MOST = 6_000


@st.composite
def busy_machines(draw: st.DrawFn) -> Lifecycle:
    """A random machine that something can start, in which OPEN counts as deleted, with a periodic task of one save.

    In some of them a request takes the lock at first, or when its message arrives, and holds it to its end.
    """
    lifecycle: Lifecycle = draw(machines())
    if draw(st.booleans()):
        lifecycle = locked(lifecycle)
    lock, frame = lifecycle.compare_variable, lifecycle.index("frame")
    values = {variable: st.integers(0, len(lifecycle.variables[variable].values) - 1) for variable in (0, lock)}
    present = lifecycle.predicates["present"][0]
    expect = draw(st.none() | st.frozensets(values[lock], min_size=1))
    written = {
        0: draw(st.none() | values[0]),
        lock: draw(st.none() | values[lock]),
        frame: draw(st.sampled_from([None, 2])),
    }
    ways = [
        lifecycle.missing,
        *([] if expect is None else [lifecycle.refused, *(name for name, _ in lifecycle.special)]),
    ]
    act = Save(
        "sweep/turn/act", "sweep", "motor", False, None,
        tuple((variable, value) for variable, value in written.items() if value is not None),
        expect, (), None, FINISHED, tuple((name, FAILED) for name in ways),
    )  # fmt: skip
    when = ((*present, (lock, draw(st.frozensets(values[lock], min_size=1)))),)
    sweep = Entry("sweep/guard", "sweep", "periodic", when, (), (), len(lifecycle.instructions))
    rows = (
        replace(lifecycle.rows["remove/guard"], id=sweep.row, operation="sweep", kind="periodic"),
        replace(lifecycle.rows["remove/press/mark"], id=act.row, operation="sweep"),
    )
    entries = [
        replace(entry, when=(*entry.when, (*present, (lock, frozenset({0}))))) if entry.row == "open/guard" else entry
        for entry in lifecycle.entries
    ]
    periodic = replace(lifecycle.operations["remove"], name="sweep", kind="periodic")
    return replace(
        lifecycle,
        entries=(*entries, sweep),
        instructions=(*lifecycle.instructions, act),
        operations={**lifecycle.operations, "sweep": periodic},
        rows={**lifecycle.rows, **{row.id: row for row in rows}},
        predicates={**lifecycle.predicates, "deleted": (((0, frozenset({1})),),)},
        scenarios={**lifecycle.scenarios, **SCENARIOS},
    )


def locked(lifecycle: Lifecycle) -> Lifecycle:
    """The machine whose requests take the lock, at the start or when their message arrives."""
    made = list(lifecycle.instructions)
    (wait,) = (number for number, one in enumerate(made) if isinstance(one, Wait))
    message = made[wait]
    assert isinstance(message, Wait)
    at_once, later = len(made), len(made) + 1
    held = [replace(one, holds=True) for one in made[:wait]]
    takes = [Acquire("open/turn/lock", "open", "motor", False, None, next=to) for to in (0, message.next)]
    entries = tuple(
        replace(entry, next=at_once) if entry.kind == "request" and entry.next == 0 else entry
        for entry in lifecycle.entries
    )
    return replace(
        lifecycle, instructions=(*held, replace(message, next=later), *made[wait + 1 :], *takes), entries=entries
    )


class Definitions:
    """What each property says of the configurations and steps of *space*."""

    def __init__(self, lifecycle: Lifecycle, space: Space) -> None:
        self.lifecycle, self.space, self.anatomy = lifecycle, space, Anatomy(lifecycle)

    def true(self, name: str, record: Record) -> bool:
        return holds(self.lifecycle.predicates[name], record)

    def quiet(self, configuration: Configuration) -> bool:
        record, controls = configuration
        return not controls and all(holds((one.available,), record) for one in self.lifecycle.services)

    def values(self, record: Record, *variables: int) -> Key:
        named = (
            (self.lifecycle.variables[one].name, self.lifecycle.variables[one].values[record[one]]) for one in variables
        )
        return tuple(sorted(named))

    def state(self, record: Record) -> Key:
        return self.values(record, 0, self.lifecycle.compare_variable)

    def steps(self) -> Iterator[tuple[Record, Step, Record]]:
        for number, leaving in enumerate(self.space.edges):
            for step, to in leaving:
                yield self.space.configurations[number][0], step, self.space.configurations[to][0]

    def rest(self) -> set[Key]:
        return {
            self.state(record)
            for record, controls in self.space.configurations
            if self.quiet((record, controls)) and self.true("present", record) and not self.true("rest", record)
        }

    def exclusive(self) -> set[Key]:
        controls = self.space.semantics.controls
        return {
            self.values(record, 0)
            for record, flying in self.space.configurations
            if self.true("present", record)
            and self.true("rest", record)
            and any(self.anatomy.pending[controls[one].point] for one in flying)
        }

    def stable(self) -> set[Key]:
        return {
            (("row", step.row),)
            for before, step, after in self.steps()
            if self.true("present", before) and self.true("present", after) and before[0] != after[0]
            if not self.true("rest", after) and not self.true("failed", after)
        }

    def final(self) -> set[Key]:
        return {
            (("row", step.row),)
            for before, step, after in self.steps()
            if self.true("gone", before) and not self.true("gone", after)
        }

    def delete_wins(self) -> set[Key]:
        """The failed state counts as an end where the step is of an operation that may mark a delete, or a recovery."""
        deleters = self.anatomy.markers(self.lifecycle.predicates["deleting"])
        return {
            (("row", step.row),)
            for before, step, after in self.steps()
            if self.true("present", before) and self.true("deleting", before)
            if not any(self.true(name, after) for name in ("deleting", "deleted", "gone"))
            if not (self.true("failed", after) and (self.of(step) & deleters or "recovery" in self.kinds(step)))
        }

    def spares(self) -> set[Key]:
        return {
            (("row", step.row),)
            for before, step, after in self.steps()
            if self.true("present", before)
            and not any(self.true(name, before) for name in ("deleted", "deleting", "failed"))
            and self.kinds(step) & {"event", "periodic", "recovery"}
            and not self.kinds(step) & {"request", "admin"}
            and (self.true("deleted", after) or self.true("gone", after))
        }

    def of(self, step: Step) -> frozenset[str]:
        """The operations of which a process may take *step*."""
        if step.process < 0:
            return frozenset({self.lifecycle.rows[step.row].operation} if step.row in self.lifecycle.rows else ())
        return self.anatomy.origins[self.space.semantics.controls[step.process].point]

    def kinds(self, step: Step) -> frozenset[str]:
        return frozenset(self.lifecycle.operations[name].kind for name in self.of(step))

    def terminates(self) -> set[Key]:
        return {self.state(self.space.configurations[number][0]) for number in self._stays()}

    def recovers(self) -> set[Key]:
        """Where nothing has started since the crash but what restores the service."""
        met = {(0, False)}
        waiting = list(met)
        for number, crashed in waiting:
            for step, to in self.space.edges[number]:
                starts = step.process < 0 and step.kind not in ("crash", "recovery")
                after = (to, step.kind == "crash" or (crashed and not starts))
                if after not in met:
                    met.add(after)
                    waiting.append(after)
        return {self.state(self.space.configurations[one][0]) for one in self._stays() if (one, True) in met}

    def lingers(self) -> set[Key]:
        """Where an execution may be at rest with a task, and all that must happen only leads to where there is one."""
        graph, inside = self._forced()
        left = {number for number in graph if not inside.issuperset({number, *nx.descendants(graph, number)})}
        still = (self.space.configurations[number] for number in inside - left)
        return {self.state(record) for record, controls in still if self.quiet((record, controls))}

    def _stays(self) -> set[int]:
        """Where an execution may come to rest with a task for ever, though all that must happen does.

        Machines go forward, so that only what starts again and again goes round: there it is at rest now and then.
        """
        graph, inside = self._forced()
        stuck = (component for component in nx.attracting_components(graph) if component <= inside)
        return {one for component in stuck for one in component if self.quiet(self.space.configurations[one])}

    def _forced(self) -> tuple[nx.DiGraph[int], set[int]]:
        """The configurations with a task, and what must happen there.

        That is what a process does that does not fail, a recovery, a periodic task.
        """
        graph: nx.DiGraph[int] = nx.DiGraph()
        inside = {
            number
            for number, (record, _) in enumerate(self.space.configurations)
            if self.true("present", record) and not self.true("rest", record)
        }
        graph.add_nodes_from(inside)
        graph.add_edges_from(
            (number, to)
            for number in inside
            for step, to in self.space.edges[number]
            if step.kind in ("recovery", "periodic") or (step.process >= 0 and not step.spontaneous)
        )
        return graph, inside


DEFINED: dict[str, Callable[[Definitions], set[Key]]] = {
    "rest": Definitions.rest,
    "exclusive": Definitions.exclusive,
    "terminates": Definitions.terminates,
    "recovers": Definitions.recovers,
    "delete-wins": Definitions.delete_wins,
    "spares": Definitions.spares,
    "final": Definitions.final,
    "stable": Definitions.stable,
}


def plain_product(lifecycle: Lifecycle, scenario: Scenario) -> Space:
    space = explore(Semantics(lifecycle), scenario, limit=MOST)
    assume(not space.truncated)
    return space


@given(busy_machines(), st.sampled_from(sorted(SCENARIOS)))
@settings(max_examples=MACHINES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_at_once_are_decided_as_the_definitions_say(lifecycle: Lifecycle, name: str) -> None:
    definitions = Definitions(lifecycle, plain_product(lifecycle, SCENARIOS[name]))
    for verdict in verify_concurrent(lifecycle, [name], list(DEFINED), Expectations()).verdicts:
        expected = DEFINED[verdict.property](definitions)
        found = {tuple(sorted(finding.key.items())) for finding in verdict.findings}
        # A rest with a task that only leads to another one is where no task ends, too.
        most = definitions.lingers() if verdict.property == "terminates" else expected
        # A violation that was met with variables left out, and is not confirmed, is counted beside those that are.
        said = re.search(r"(\d+) further classes were met only with variables left out, not confirmed", verdict.bound)
        assert found <= most, verdict.property
        assert len(expected - found) <= (int(said[1]) if said else 0), verdict.property
        told = Outcome.VIOLATED if expected else Outcome.HOLDS
        assert verdict.outcome is told or (said and verdict.outcome is Outcome.UNDECIDED), verdict.property
        assert verdict.checked is not False
