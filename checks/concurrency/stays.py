"""Properties of leaving a region, decided for a few processes at once.

A small space says in which ways an execution may stay in the region for ever.  Each way counts only with an execution
of all variables that ends where it may stay, which the checker decides.  Executions that end at rest in the region are
those that other properties have found; where a crash is asked for, it may come when all is at rest.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

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
from checks.properties.formula import Formula, Quiet, both, roles
from model.explore import Configuration, Moves
from model.lifecycle import Lifecycle, Scenario
from model.semantics import END_FAILED, Semantics

#: Configurations at which the search for where executions may stay stops: its edges would no longer fit into 2 GiB.
LIMIT = 8_000_000


#: A region of records, and the roles of the variables that tell one way of staying there from another.
Region = tuple[Formula, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Ways:
    """In which ways executions may stay, as a small space has it: how often it has each, and which go round.

    A way is the values of the variables of the region's key.  ``inside`` counts the configurations of the region,
    ``states`` and ``transitions`` those of the space, over the variables ``kept``; ``whole`` when it has all of it.
    """

    counts: Mapping[tuple[int, ...], int]
    circling: frozenset[tuple[int, ...]]
    inside: int
    states: int
    transitions: int
    kept: tuple[str, ...]
    whole: bool


def region_of(one: Property) -> Region:
    """Where *one*, a ``Leaves``, may stay."""
    assert isinstance(one.form, Leaves)
    return one.form.region, one.key


def ways_of_staying(
    lifecycle: Lifecycle, scenario: Scenario, where: Region, bound: int, limit: int | None = LIMIT
) -> Ways:
    """The ways of staying *where* at most *bound* processes may.

    The search stops at *limit* configurations.  Most of its time is spent in compiled loops, which other threads need
    not wait for.
    """
    region, key = where
    asked = both(region, Quiet())
    automaton = abstracted_still(lifecycle, scenario, asked, left_out_most(lifecycle, scenario, asked))
    explored = explore(automaton, bound, limit)
    records = explored.relation.records
    judge = Judge(lifecycle, automaton, records, asked)
    every = np.arange(len(records), dtype=np.int64)
    yes, no = np.ones(len(every), bool), np.zeros(len(every), bool)
    moments = Moments(every, every, yes, no, np.zeros(len(every), np.int64))
    stay = staying(explored, judge.holds(region, moments), judge.holds(Quiet(), moments))
    columns = [judge.column(variable) for variable in _variables(lifecycle, key)]

    def ways(configurations: Ints) -> list[tuple[int, ...]]:
        record = configurations >> (explored.packing.bits * explored.packing.slots)
        return list(zip(*(column[record].tolist() for column in columns), strict=True))

    circling = ways(stay.circling)
    return Ways(
        Counter(ways(stay.resting) + circling), frozenset(circling), stay.inside,
        explored.states, explored.transitions, automaton.names, not explored.truncated,
    )  # fmt: skip


def decide_leaving(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    known: Decision,
    met: Ways | None = None,
) -> Decision:
    """Decides *one*, a ``Leaves``, for at most *bound* processes, by the ways of staying that are *met*.

    They are looked for here when they are not given.
    *known* has decided in which ways all may come to rest in the region: its executions are tried, whatever the small
    space says of them, and what it has shown impossible is not a way of staying at rest.
    ``holds`` is None when no way of staying is confirmed and a variable was forgotten on which steps depend: what
    leaves with it forgotten may not with all.
    """
    form = one.form
    assert isinstance(form, Leaves)
    lifecycle = semantics.lifecycle
    met = met or ways_of_staying(lifecycle, scenario, region_of(one), bound)
    variables = _variables(lifecycle, one.key)
    ways = {_named(_key(lifecycle, variables, way)): (way, count) for way, count in met.counts.items()}
    for each in known.violations:
        ways.setdefault(_named(each.key), ((), each.count))
    checker = Checker(semantics, replace(scenario, processes=bound))
    executions = {_named(each.key): each.steps for each in known.violations if each.steps}
    ruled_out = {_named(key) for key in known.impossible}
    found: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    impossible: list[Mapping[str, str]] = []
    for name, (way, count) in sorted(ways.items()):
        key = dict(name)
        steps = _staying(checker, one, key, executions.get(name))
        if steps is not None:
            found.append(Violation(key, count, steps))
        elif name in ruled_out and way not in met.circling:
            impossible.append(key)
        elif way:
            unconfirmed.append(key)
    holds = False if found else None
    if not (found or unconfirmed) and met.whole:
        asked = both(form.region, Quiet())
        needed = abstracted_still(lifecycle, scenario, asked, ()).names
        holds = True if set(needed).isdisjoint(left_out_most(lifecycle, scenario, asked)) else None
    return Decision(
        one.id, bound, holds, met.inside, tuple(found), tuple(unconfirmed),
        met.states, met.transitions, met.kept, impossible=tuple(impossible), cut=not met.whole,
    )  # fmt: skip


def _variables(lifecycle: Lifecycle, key: Iterable[str]) -> list[int]:
    """The variables that tell one way of staying from another."""
    return [roles(lifecycle)[role] for role in key]  # type: ignore[index]


def _key(lifecycle: Lifecycle, variables: list[int], way: tuple[int, ...]) -> Mapping[str, str]:
    """A way of staying, by the names of its variables and values."""
    return {
        lifecycle.variables[variable].name: lifecycle.variables[variable].values[value]
        for variable, value in zip(variables, way, strict=True)
    }


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
    variables = _variables(semantics.lifecycle, one.key)
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
