"""The data that the page's script reads: states, guards, steps and configurations as numbers, in a few flat lists."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

from model.conditions import assigned
from model.explore import completed
from model.lifecycle import Guard, Lifecycle
from model.network import Network, build_network
from model.questions.allowed import ASKED
from model.questions.outcomes import alone, outcomes
from model.semantics import Semantics
from model.space import Edge, all_states
from model.state import State
from render.page.packing import DIGITS, written
from render.page.steps import SCENARIO

Thing = TypeVar("Thing", bound=Hashable)


class Numbers(Generic[Thing]):
    """Things by number, in the order in which they were first seen."""

    def __init__(self, things: Iterable[Thing] = ()) -> None:
        self._numbers: dict[Thing, int] = {}
        for thing in things:
            self.of(thing)

    def of(self, thing: Thing) -> int:
        """The number of *thing*."""
        return self._numbers.setdefault(thing, len(self._numbers))

    @property
    def things(self) -> list[Thing]:
        """Every thing, by number."""
        return list(self._numbers)


def embedded(lifecycle: Lifecycle, edges: tuple[Edge, ...]) -> dict[str, Any]:
    """Everything but the figures; a state is the number of its triple, counted with the last variable fastest."""
    rows = Numbers(lifecycle.rows)
    return {
        "digits": DIGITS,
        "variables": [
            {"name": name, "values": [[value.name, value.wire] for value in lifecycle.values[name]]}
            for name in lifecycle.state_variables
        ],
        "rows": [[row.id, row.operation] for row in lifecycle.rows.values()],
        "operations": {name: one.kind for name, one in lifecycle.operations.items()},
        "status": _statuses(lifecycle),
        "guards": [
            {"operation": name, **_guard(lifecycle, guard)}
            for name, operation in sorted(lifecycle.operations.items())
            if operation.kind in ASKED
            for guard in operation.guards
        ],
        "edges": _edges(lifecycle, edges, rows),
        "network": _network(lifecycle, build_network(lifecycle, SCENARIO), rows),
        "restart": _restarts(lifecycle, rows),
    }


def dumped(data: Any) -> str:
    """*data* as JSON that may stand in an element ``script``: it contains no ``<``, so nothing can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def number_of(lifecycle: Lifecycle, state: State) -> int:
    """The number of *state* in the order of the tables."""
    number = 0
    for name, value in zip(lifecycle.state_variables, state, strict=True):
        number = number * len(lifecycle.values[name]) + value
    return number


def _statuses(lifecycle: Lifecycle) -> list[list[str | None]]:
    first, second = lifecycle.variables[:2]
    return [[lifecycle.status.get((one, other)) for other in second.values] for one in first.values]


def _guard(lifecycle: Lifecycle, guard: Guard) -> dict[str, Any]:
    """For each conjunction the values of each state variable (null: any), and what else it asks for in words."""
    width = len(lifecycle.state_variables)
    present = {variable: values for tests in lifecycle.predicates["present"] for variable, values in tests}
    when = []
    for conjunction in guard.when:
        tests = dict(conjunction)
        if any(variable in tests and not tests[variable] & values for variable, values in present.items()):
            continue
        needs = [
            f"{lifecycle.variables[variable].name}: "
            + " | ".join(lifecycle.variables[variable].values[value] for value in sorted(values))
            for variable, values in conjunction
            if variable >= width and variable not in present
        ]
        when.append([*(sorted(tests[v]) if v in tests else None for v in range(width)), needs])
    return {"when": when, "checks": guard.checks}


def _edges(lifecycle: Lifecycle, edges: tuple[Edge, ...], rows: Numbers[str]) -> dict[str, Any]:
    """The edges by where they come from, five numbers each.

    They are the distance from the start of the edge before, where it leads, kind, taken (1 or 0), and its list of rows.
    """
    kinds: Numbers[str] = Numbers()
    lists: Numbers[tuple[int, ...]] = Numbers()
    flat: list[int] = []
    last = 0
    for edge in sorted(edges, key=lambda edge: edge.source):
        start = number_of(lifecycle, edge.source)
        induced = lists.of(tuple(rows.of(row) for row in edge.rows))
        flat += [start - last, number_of(lifecycle, edge.target), kinds.of(edge.kind), int(edge.taken), induced]
        last = start
    return {"kinds": kinds.things, "rows": lists.things, "flat": written(flat)}


def _network(lifecycle: Lifecycle, network: Network, rows: Numbers[str]) -> dict[str, Any]:
    """The configurations: the state of each, plus one (0: nothing there yet), flags, how many steps leave; the steps.

    Flags are 1 for nothing in flight, 2 for a destroyed record.  A step is a sign (row, kind, exception, label) and the
    distance from its configuration to the next, twice, and one more if it leads back.
    """
    signs: Numbers[tuple[int, str, str | None, str | None]] = Numbers()
    steps: list[int] = []
    for number, leaving in enumerate(network.leaving):
        for arrow in leaving:
            distance = arrow.target - number
            sign = signs.of((rows.of(arrow.row), arrow.kind, arrow.exception, arrow.label))
            steps += [sign, 2 * abs(distance) + (distance < 0)]
    return {
        "scenario": network.scenario,
        "states": written(0 if state is None else number_of(lifecycle, state) + 1 for state in network.states),
        "flags": "".join(str(idle + 2 * gone) for idle, gone in zip(network.idle, network.gone, strict=True)),
        "leaving": written(len(leaving) for leaving in network.leaving),
        "signs": signs.things,
        "steps": written(steps),
    }


def _restarts(lifecycle: Lifecycle, rows: Numbers[str]) -> list[list[list[Any]]]:
    """For each state what recovery makes of it: state, flags (1 destroyed, 2 after a failure), rows that wrote.

    Empty where nothing recovers.
    """
    recovery = frozenset(name for name, operation in lifecycle.operations.items() if operation.kind == "recovery")
    semantics = Semantics(lifecycle)
    made: list[list[list[Any]]] = []
    for state in all_states(lifecycle) if recovery else ():
        record = completed(lifecycle, state)
        for service in lifecycle.services:
            record = assigned(service.crash_set, record)
        made.append(
            [
                [
                    number_of(lifecycle, outcome.state),
                    outcome.destroyed + 2 * outcome.failures,
                    [rows.of(row) for row in outcome.rows if lifecycle.rows[row].writes],
                ]
                for outcome in outcomes(alone(lifecycle, record, recovery, semantics))
            ]
        )
    return made
