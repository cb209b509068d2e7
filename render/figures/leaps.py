"""Leaps: what one run of one operation, from nothing in flight to nothing in flight, makes of the first state variable.

They are found in the explored space of one request at a time (taken) and, for states at rest that no execution
reaches, by running each operation on them alone (allowed by the abstraction only).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from model.cache import cached
from model.conditions import assigned, passes
from model.explore import Configuration, completed, explore
from model.lifecycle import Lifecycle, Record, Scenario, Text, holds
from model.network import Arrow, Network, network_of
from model.semantics import END_FAILED, END_FINISHED, Semantics
from model.state import state_of
from render.figures.endings import key, resting_states, scenario_name

#: Stand-ins for a value of the variable: no record yet, and a record destroyed in a state that is not terminal.
NOWHERE = "nowhere"
GONE = "gone"


@dataclass(frozen=True, slots=True)
class Leap:
    """That ``operation`` leads from one value of the first state variable to another, or back to the same.

    ``failed`` when only runs in which some step fails do so; ``taken`` when some execution does; ``rows`` are the rows
    that write on such runs, sorted.
    """

    source: str
    target: str
    operation: str
    failed: bool
    taken: bool
    rows: tuple[str, ...]


def leaps(lifecycle: Lifecycle) -> tuple[Leap, ...]:
    """Every leap, by source and target in the order of the tables, then by operation."""
    return cached("leaps", key(lifecycle, Path(__file__)), lambda: _build(lifecycle))


def _build(lifecycle: Lifecycle) -> tuple[Leap, ...]:
    scenario = lifecycle.scenarios[scenario_name(lifecycle)]
    semantics = Semantics(lifecycle)
    space = explore(semantics, scenario)
    network = network_of(space)
    idle = [number for number, (_, controls) in enumerate(space.configurations) if not controls]
    met = {state_of(lifecycle, space.configurations[number][0]) for number in idle}
    starts = [(number, arrow) for number in idle if not network.gone[number] for arrow in network.leaving[number]]
    found = _found(lifecycle, network, starts, taken=True)
    others = _others(lifecycle, semantics, [space.configurations[number][0] for number in idle], scenario)
    for pair, leap in _single(lifecycle, semantics, others, scenario.kinds, taken=True).items():
        found.setdefault(pair, leap)
    unmet = [completed(lifecycle, state) for state in resting_states(lifecycle) if state not in met]
    for pair, leap in _single(lifecycle, semantics, unmet, frozenset(), taken=False).items():
        found.setdefault(pair, leap)
    order = [NOWHERE, *(value.name for value in lifecycle.values[lifecycle.state_variables[0]]), GONE]
    return tuple(
        sorted(found.values(), key=lambda leap: (order.index(leap.source), order.index(leap.target), leap.operation))
    )


def _others(lifecycle: Lifecycle, semantics: Semantics, idle: list[Record], scenario: Scenario) -> list[Record]:
    """Records at rest that executions reach when things happen outside, too: one for each content of what is stored.

    Where nothing is known to happen outside they are those of ``idle``.
    """
    stored = [number for number, variable in enumerate(lifecycle.variables) if variable.stored]
    first: dict[tuple[int, ...], Record] = {}
    for record in idle:
        if holds(lifecycle.predicates["present"], record):
            first.setdefault(tuple(record[number] for number in stored), record)
    outside = replace(scenario, kinds=frozenset({"outside"}))
    space = explore(semantics, outside, [(record, ()) for record in first.values()])
    return [record for record, controls in space.configurations if not controls]


def _single(
    lifecycle: Lifecycle, semantics: Semantics, records: list[Record], known: frozenset[str], *, taken: bool
) -> dict[tuple[str, str, str], Leap]:
    """The leaps of one run alone from each record, by operations of other kinds than those that are ``known``."""
    quiet = Scenario("alone", Text("", ""), 1, frozenset(), fail=True, crash=False, lose=False)
    begun: list[tuple[Configuration, Configuration, str]] = []
    for record in records:
        for start in semantics.starts:
            if start.kind not in known | {"outside", "recovery"} and passes(start.when, record):
                ended = start.to in (END_FINISHED, END_FAILED)
                after = (assigned(start.assign, record), () if ended else (start.to,))
                begun.append(((record, ()), after, start.row))
    space = explore(semantics, quiet, [one for pair in begun for one in pair[:2]])
    network = network_of(space)
    starts = [
        (space.numbers[before], Arrow(row, "step", None, None, space.numbers[after])) for before, after, row in begun
    ]
    return _found(lifecycle, network, starts, taken=taken)


def _found(
    lifecycle: Lifecycle, network: Network, starts: list[tuple[int, Arrow]], *, taken: bool
) -> dict[tuple[str, str, str], Leap]:
    """The leaps of the runs that begin with a configuration at rest and a step from it."""
    clean: dict[tuple[str, str, str], set[str]] = {}
    failing: dict[tuple[str, str, str], set[str]] = {}
    groups: dict[tuple[int, str], list[Arrow]] = {}
    for start, arrow in starts:
        row = lifecycle.rows.get(arrow.row)
        if row is not None:
            groups.setdefault((start, row.operation), []).append(arrow)
    for (start, operation), arrows in groups.items():
        for found, allow in ((clean, False), (failing, True)):
            ends, rows = _runs(lifecycle, network, start, arrows, allow=allow)
            for source, target in ends:
                found.setdefault((source, target, operation), set()).update(rows.get(target, ()))
    return {
        pair: Leap(*pair, failed=pair not in clean, taken=taken, rows=tuple(sorted(clean.get(pair, rows))))
        for pair, rows in failing.items()
    }


def _runs(
    lifecycle: Lifecycle, network: Network, start: int, arrows: list[Arrow], *, allow: bool
) -> tuple[set[tuple[str, str]], dict[str, set[str]]]:
    """Where runs that begin with ``arrows`` lead (source and target), and the rows that write each value on them.

    A transitional value on the way ends a leap and begins one. With ``allow``, steps may fail.
    """
    ends: set[tuple[str, str]] = set()
    rows: dict[str, set[str]] = {}
    whence = _place(lifecycle, network, start)
    todo: list[tuple[str, str, Arrow]] = [(whence, whence, arrow) for arrow in arrows]
    seen: set[tuple[int, str]] = set()
    while todo:
        source, place, arrow = todo.pop()
        here = _place(lifecycle, network, arrow.target)
        if here != place:
            rows.setdefault(here, set()).add(arrow.row)
        idle = network.idle[arrow.target]
        if here != source and not idle and _transitional(lifecycle, here):
            ends.add((source, here))
            source = here
        if (arrow.target, source) in seen:
            continue
        seen.add((arrow.target, source))
        if idle:
            ends.add((source, here))
            continue
        todo.extend(
            (source, here, onward) for onward in network.leaving[arrow.target] if allow or onward.exception is None
        )
    return ends, rows


def _place(lifecycle: Lifecycle, network: Network, number: int) -> str:
    state = network.states[number]
    if state is None:
        return NOWHERE
    value = lifecycle.values[lifecycle.state_variables[0]][state[0]]
    return GONE if network.gone[number] and value.group != "terminal" else value.name


def _transitional(lifecycle: Lifecycle, name: str) -> bool:
    return any(v.name == name and v.group == "transitional" for v in lifecycle.values[lifecycle.state_variables[0]])
