"""Properties of leaving a region, decided for a few processes at once.

A small space says in which ways an execution may stay in the region for ever.  Each way counts only with an execution
of all variables that ends where it may stay, which the checker decides.  Executions that end at rest in the region are
those that other properties have found; those of a crash may be preceded by one that nothing remembers but the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from checks.checker import Checker
from checks.concurrency.abstraction import abstracted_still, left_out_most
from checks.concurrency.confirm import LaneStep
from checks.concurrency.decide import Decision, Violation
from checks.concurrency.evidence import plain
from checks.concurrency.exact import explore
from checks.concurrency.judge import Judge, Moments
from checks.concurrency.leaves import staying
from checks.concurrency.records import Ints
from checks.properties.definition import Leaves, Property
from checks.properties.formula import Quiet, both, roles
from model.explore import Configuration, Moves
from model.lifecycle import Lifecycle, Scenario
from model.semantics import END_FAILED, Semantics

#: Configurations at which the search for where executions may stay stops: its edges would no longer fit into 2 GiB.
LIMIT = 8_000_000


def decide_leaving(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    known: Decision,
    limit: int | None = LIMIT,
) -> Decision:
    """Decides *one*, a ``Leaves``, for at most *bound* processes.

    *known* has decided in which ways all may come to rest in the region: its executions are tried, whatever the small
    space says of them, and what it has shown impossible is not a way of staying at rest.
    ``holds`` is None when no way of staying is confirmed: what leaves with variables forgotten may not with all.
    """
    form = one.form
    assert isinstance(form, Leaves)
    lifecycle = semantics.lifecycle
    asked = both(form.region, Quiet())
    automaton = abstracted_still(lifecycle, scenario, asked, left_out_most(lifecycle, scenario, asked))
    explored = explore(automaton, bound, limit)
    records = explored.relation.records
    judge = Judge(lifecycle, automaton, records, asked)
    every = np.arange(len(records), dtype=np.int64)
    yes, no = np.ones(len(every), bool), np.zeros(len(every), bool)
    moments = Moments(every, every, yes, no, np.zeros(len(every), np.int64))
    stay = staying(explored, judge.holds(form.region, moments), judge.holds(Quiet(), moments))
    shift = explored.packing.bits * explored.packing.slots
    variables = [roles(lifecycle)[role] for role in one.key]  # type: ignore[index]
    met = _ways(judge, variables, np.concatenate([stay.resting, stay.circling]) >> shift)
    distinct, counts = np.unique(met, axis=0, return_counts=True)
    ways = {
        _named(_key(lifecycle, variables, way)): (way, count)
        for way, count in zip(distinct.tolist(), counts.tolist(), strict=True)
    }
    for each in known.violations:
        ways.setdefault(_named(each.key), ([], each.count))
    checker = Checker(semantics, replace(scenario, processes=bound))
    before = _crash_and_return(semantics, scenario) if form.after is not None else ()
    executions = {_named(each.key): each.steps for each in known.violations if each.steps}
    ruled_out = {_named(key) for key in known.impossible}
    circling = set(map(tuple, _ways(judge, variables, stay.circling >> shift).tolist()))
    found: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    impossible: list[Mapping[str, str]] = []
    for name, (way, count) in sorted(ways.items()):
        key = dict(name)
        steps = executions.get(name)
        if steps is not None:
            steps = (*before, *_shifted(steps, len(before)))
        if steps is not None and not checker.faults_of_trace(plain(semantics, key, steps, stays=True), one):
            found.append(Violation(key, count, steps))
        elif name in ruled_out and tuple(way) not in circling:
            impossible.append(key)
        elif way:
            unconfirmed.append(key)
    return Decision(
        one.id, bound, False if found else None, stay.inside, tuple(found), tuple(unconfirmed),
        explored.states, explored.transitions, automaton.names, impossible=tuple(impossible),
        cut=explored.truncated,
    )  # fmt: skip


def _key(lifecycle: Lifecycle, variables: list[int], way: list[int]) -> Mapping[str, str]:
    """A way of staying, by the names of its variables and values."""
    return {
        lifecycle.variables[variable].name: lifecycle.variables[variable].values[value]
        for variable, value in zip(variables, way, strict=True)
    }


def _ways(judge: Judge, variables: list[int], records: Ints) -> Ints:
    """For each of *records* the values of *variables*, a row a record."""
    columns: Ints = np.array([judge.column(variable)[records] for variable in variables])
    return columns.T.reshape(-1, len(variables))


def _named(key: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(key.items()))


def _shifted(steps: Iterable[LaneStep], lanes: int) -> tuple[LaneStep, ...]:
    """*steps* with their lanes behind *lanes* others."""
    return tuple(step if step.lane is None else replace(step, lane=step.lane + lanes) for step in steps)


def _crash_and_return(semantics: Semantics, scenario: Scenario) -> tuple[LaneStep, ...]:
    """A shortest execution that begins with a crash and comes back to the start; empty when there is none."""
    moves = Moves(semantics, replace(scenario, processes=1, kinds=frozenset({"recovery"})))
    start: Configuration = (semantics.lifecycle.initial, ())
    ways: dict[Configuration, tuple[LaneStep, ...]] = {}
    waiting: list[tuple[Configuration, tuple[LaneStep, ...]]] = [(start, ())]
    for place, way in waiting:
        for step, after in moves.successors(place):
            if (not way and step.kind != "crash") or after in ways:
                continue
            lane = None if step.kind == "crash" else next((each.lane for each in way if each.lane is not None), 0)
            taken = LaneStep(
                lane, step.row, place[0], after[0], step.process, END_FAILED if lane is None else step.after,
                step.exception, step.label,
            )  # fmt: skip
            ways[after] = (*way, taken)
            if after == start:
                return ways[after]
            waiting.append((after, ways[after]))
    return ()
