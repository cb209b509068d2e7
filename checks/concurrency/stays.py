"""Properties of leaving a region, decided for a few processes at once.

A small space says in which ways an execution may stay in the region for ever.  Each way counts only with an execution
of all variables that ends where it may stay, which the checker decides.  Executions that end at rest in the region are
those that other properties have found; where a crash is asked for, it may come when all is at rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
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
    ``holds`` is None when no way of staying is confirmed and a variable was forgotten on which steps depend: what
    leaves with it forgotten may not with all.
    """
    form = one.form
    assert isinstance(form, Leaves)
    lifecycle = semantics.lifecycle
    asked = both(form.region, Quiet())
    gone = left_out_most(lifecycle, scenario, asked)
    automaton = abstracted_still(lifecycle, scenario, asked, gone)
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
    executions = {_named(each.key): each.steps for each in known.violations if each.steps}
    ruled_out = {_named(key) for key in known.impossible}
    circling = set(map(tuple, _ways(judge, variables, stay.circling >> shift).tolist()))
    found: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    impossible: list[Mapping[str, str]] = []
    for name, (way, count) in sorted(ways.items()):
        key = dict(name)
        steps = _staying(checker, one, key, executions.get(name))
        if steps is not None:
            found.append(Violation(key, count, steps))
        elif name in ruled_out and tuple(way) not in circling:
            impossible.append(key)
        elif way:
            unconfirmed.append(key)
    holds = False if found else None
    if not (found or unconfirmed or explored.truncated):
        whole = abstracted_still(lifecycle, scenario, asked, ())
        holds = True if set(whole.names).isdisjoint(gone) else None
    return Decision(
        one.id, bound, holds, stay.inside, tuple(found), tuple(unconfirmed),
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


def _staying(
    checker: Checker, one: Property, key: Mapping[str, str], steps: tuple[LaneStep, ...] | None
) -> tuple[LaneStep, ...] | None:
    """*steps* if they may stay where they end, as *key* says, or with a crash and a restart behind; None if not."""
    assert isinstance(one.form, Leaves)
    if steps is None:
        return None
    behind = _restarts(checker, one, steps) if one.form.after is not None else ()
    for more in ((), *behind):
        if not checker.faults_of_trace(plain(checker.semantics, key, (*steps, *more), stays=True), one):
            return (*steps, *more)
    return None


def _restarts(checker: Checker, one: Property, steps: tuple[LaneStep, ...]) -> Iterator[tuple[LaneStep, ...]]:
    """The ways on from the end of *steps* by a crash and the recovery that follows, the shortest first.

    They end where all is quiet again, in the same way of staying.
    """
    semantics = checker.semantics
    moves = Moves(semantics, replace(checker.scenario, processes=1, kinds=frozenset({"recovery"})))
    variables = [roles(semantics.lifecycle)[role] for role in one.key]  # type: ignore[index]
    last = steps[-1].after
    lanes = 1 + max((step.lane for step in steps if step.lane is not None), default=-1)
    seen: set[Configuration] = set()
    waiting: deque[tuple[Configuration, tuple[LaneStep, ...]]] = deque([((last, ()), ())])
    while waiting:
        place, way = waiting.popleft()
        for step, after in moves.successors(place):
            if (step.kind == "crash") is not (not way) or after in seen:
                continue
            seen.add(after)
            taken = LaneStep(
                lanes if way else None, step.row, place[0], after[0], step.process, step.after if way else END_FAILED,
                step.exception, step.label,
            )  # fmt: skip
            waiting.append((after, (*way, taken)))
            if checker.meaning.quiet(after) and all(after[0][each] == last[each] for each in variables):
                yield (*way, taken)
