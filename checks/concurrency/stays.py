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
from checks.concurrency.abstraction import abstracted_still, left_out_still
from checks.concurrency.confirm import LaneStep
from checks.concurrency.decide import Decision, Violation
from checks.concurrency.evidence import plain
from checks.concurrency.exact import explore
from checks.concurrency.judge import Judge, Moments
from checks.concurrency.leaves import staying
from checks.properties.definition import Leaves, Property
from checks.properties.formula import Quiet, both, roles
from model.explore import Configuration, Moves
from model.lifecycle import Scenario
from model.semantics import END_FAILED, Semantics


def decide_leaving(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    known: Iterable[Violation],
    limit: int | None = None,
) -> Decision:
    """Decides *one*, a ``Leaves``, for at most *bound* processes; *known* are executions that may end in the region.

    ``holds`` is None when no way of staying is confirmed: what leaves with variables forgotten may not with all.
    """
    form = one.form
    assert isinstance(form, Leaves)
    lifecycle = semantics.lifecycle
    asked = both(form.region, Quiet())
    automaton = abstracted_still(lifecycle, scenario, asked, left_out_still(lifecycle, scenario, asked))
    explored = explore(automaton, bound, limit)
    records = explored.relation.records
    judge = Judge(lifecycle, automaton, records, asked)
    every = np.arange(len(records), dtype=np.int64)
    yes, no = np.ones(len(every), bool), np.zeros(len(every), bool)
    moments = Moments(every, every, yes, no, np.zeros(len(every), np.int64))
    stay = staying(explored, judge.holds(form.region, moments), judge.holds(Quiet(), moments))
    met = np.concatenate([stay.resting, stay.circling]) >> (explored.packing.bits * explored.packing.slots)
    variables = [roles(lifecycle)[role] for role in one.key]  # type: ignore[index]
    columns = np.array([judge.column(variable)[met] for variable in variables]).T
    ways, counts = np.unique(columns.reshape(-1, len(variables)), axis=0, return_counts=True)
    checker = Checker(semantics, replace(scenario, processes=bound))
    before = _crash_and_return(semantics, scenario) if form.after is not None else ()
    executions = {_named(each.key): each.steps for each in known if each.steps}
    found: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    for way, count in zip(ways.tolist(), counts.tolist(), strict=True):
        key = {
            lifecycle.variables[variable].name: lifecycle.variables[variable].values[value]
            for variable, value in zip(variables, way, strict=True)
        }
        steps = executions.get(_named(key))
        if steps is not None:
            steps = (*before, *_shifted(steps, len(before)))
        if steps is not None and not checker.faults_of_trace(plain(semantics, key, steps, stays=True), one):
            found.append(Violation(key, count, steps))
        else:
            unconfirmed.append(key)
    return Decision(
        one.id, bound, False if found else None, stay.inside, tuple(found), tuple(unconfirmed),
        explored.states, explored.transitions, automaton.names,
    )  # fmt: skip


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
