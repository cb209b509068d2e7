"""Properties of several processes at once: decided exactly for k, and for any number where the closure can.

First a small space is explored in which the variables are forgotten that only mirror others.  What holds there holds;
what is violated there is confirmed by a real execution, and only if that fails is the larger space explored, for the
operations of the path.  A verdict is therefore exact, and every violation comes with an execution of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.concurrency.automaton import Automaton, assemble
from checks.concurrency.certificate import faults_of_pairs
from checks.concurrency.closure import close
from checks.concurrency.confirm import LaneStep, confirm
from checks.concurrency.exact import Explored, explore
from checks.concurrency.judge import Judge, Moments, judgeable, marks_of, of_step, reads
from checks.concurrency.paths import PathStep
from checks.concurrency.reduce import reduce
from checks.concurrency.seen import Seen
from checks.properties.definition import Always, Property
from checks.properties.formula import And, Formula, Quiet, atoms, roles
from model.forget import forget
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a property is violated: the values that tell it from others, how often, and an execution."""

    key: Mapping[str, str]
    count: int
    steps: tuple[LaneStep, ...] | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for at most ``bound`` processes (None: any number).

    ``holds`` is None when this way of deciding cannot tell.  ``unconfirmed`` are keys that only the abstract space
    shows.  ``states`` and ``transitions`` are those of the space explored, over the variables ``kept``;
    ``scope`` says in words what was explored, when it was not all operations at once;
    ``checked`` whether the certificate of a closure is one.
    """

    property: str
    bound: int | None
    holds: bool | None
    exercised: int
    violations: tuple[Violation, ...]
    unconfirmed: tuple[Mapping[str, str], ...]
    states: int
    transitions: int
    kept: tuple[str, ...]
    scope: str = ""
    checked: bool | None = None


def mirrors(lifecycle: Lifecycle, read: Iterable[str]) -> tuple[str, ...]:
    """The variables with values of a state variable, but for the phase and the lock and what is *read*."""
    spared = {lifecycle.variables[roles(lifecycle)["phase"]].name, lifecycle.variables[lifecycle.compare_variable].name}
    states = [set(lifecycle.variables[lifecycle.index(name)].values) for name in lifecycle.state_variables]
    return tuple(
        variable.name
        for variable in lifecycle.variables
        if variable.name not in {*spared, *read} and any(values <= set(variable.values) for values in states)
    )


def left_out(lifecycle: Lifecycle, scenario: Scenario, formula: Formula) -> tuple[str, ...]:
    """The variables that are forgotten at first: those that only mirror others, and those that *scenario* forgets."""
    read = reads(formula, lifecycle)
    asked = {*mirrors(lifecycle, read), *scenario.forget} - set(read)
    return tuple(variable.name for variable in lifecycle.variables if variable.name in asked)


def abstracted(lifecycle: Lifecycle, scenario: Scenario, formula: Formula, gone: Iterable[str]) -> Automaton:
    """The reduced automaton for *formula*, with the variables *gone* forgotten."""
    semantics = Semantics(forget(lifecycle, gone))
    automaton = assemble(semantics, scenario, marks_of(formula, semantics))
    return reduce(automaton, reads(formula, lifecycle))


def decide(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    limit: int | None = None,
    *,
    thorough: bool = False,
) -> Decision:
    """Decides *one* as :func:`decide_together` does."""
    return decide_together(semantics, scenario, [one], bound, limit, thorough=thorough)[0]


def decide_together(
    semantics: Semantics,
    scenario: Scenario,
    wanted: Sequence[Property],
    bound: int,
    limit: int | None = None,
    *,
    thorough: bool = False,
) -> tuple[Decision, ...]:
    """Decides each of *wanted*, an ``Always``, for at most *bound* processes in flight, all in one space.

    *thorough* looks for another execution when none of some paths of the small space is one, key by key; without it
    such a key is left unconfirmed, unless no violation at all is confirmed.

    ValueError when one speaks of more than records and processes; ``holds`` is None when *limit* configurations did
    not suffice.
    """
    both = And(tuple(joined(one) for one in wanted))
    automaton = abstracted(semantics.lifecycle, scenario, both, left_out(semantics.lifecycle, scenario, both))
    explored = explore(automaton, bound, limit)
    return tuple(_decided(semantics, scenario, one, both, explored, limit, thorough=thorough) for one in wanted)


def _decided(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    both: Formula,
    explored: Explored,
    limit: int | None,
    *,
    thorough: bool,
) -> Decision:
    seen = Seen(semantics.lifecycle, explored, one, both)
    kept, bound = explored.relation.automaton.names, explored.bound
    violations: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    found = seen.violations()
    confirmed = [_first(semantics, scenario, kept, ways) for _, _, ways in found]
    for (key, count, ways), direct in zip(found, confirmed, strict=True):
        steps = direct
        if steps is None and (thorough or not any(confirmed)):
            steps = _again(semantics, scenario, one, bound, ways[0], key, limit)
        if steps is None:
            unconfirmed.append(key)
        else:
            violations.append(Violation(key, count, steps))
    holds = None if explored.truncated or (unconfirmed and not violations) else not violations
    return Decision(
        one.id, bound, False if violations else holds, seen.exercised, tuple(violations), tuple(unconfirmed),
        explored.states, explored.transitions, kept,
    )  # fmt: skip


def _first(
    semantics: Semantics, scenario: Scenario, kept: tuple[str, ...], ways: Iterable[tuple[PathStep, ...]]
) -> tuple[LaneStep, ...] | None:
    """An execution that follows the first of *ways* that has one."""
    tried = (confirm(semantics, scenario, kept, way) for way in ways)
    return next((steps for steps in tried if steps is not None), None)


def decide_any(semantics: Semantics, scenario: Scenario, one: Property) -> Decision:
    """Decides *one* for any number of processes, by the closure; ``holds`` is True or None.

    The closure knows what one process can meet, so a property that asks for nothing in flight is beyond it.
    """
    both = joined(one)
    assert isinstance(one.form, Always)
    lifecycle = semantics.lifecycle
    kept = {lifecycle.variables[variable].name for tests in lifecycle.predicates["gone"] for variable, _ in tests}
    kept |= {lifecycle.variables[roles(lifecycle)[role]].name for role in ("phase", "lock")}
    kept |= set(reads(both, lifecycle))
    gone = [variable.name for variable in lifecycle.variables if variable.name not in kept]
    automaton = abstracted(lifecycle, scenario, both, gone)
    closure = close(automaton)
    places, records = closure.pairs()
    pending = np.array([bool(place.mark) for place in automaton.places] + [False])
    judge = Judge(semantics.lifecycle, automaton, closure.records, both)
    if of_step(both):
        position, rule, after = closure.rules.apply(records, places)
        no = np.zeros(len(rule), bool)
        moments = Moments(records[position], after, no, no, closure.rules.mark[rule])
    else:
        no = np.zeros(len(records), bool)
        moments = Moments(records, records, no, pending[places], np.zeros(len(records), np.int64))
    bad = judge.holds(one.form.bad, moments)
    decidable = not any(isinstance(atom, Quiet) for atom in atoms(both))
    exercised = int(judge.holds(one.form.premise, moments).sum())
    holds = True if decidable and not bad.any() else None
    values = closure.records.values.T[: len(closure.bits)]
    checked = None if holds is None else not any(faults_of_pairs(automaton, values, (places, records)))
    return Decision(
        one.id, None, holds, exercised, (), (), closure.size, 0, automaton.names, checked=checked,
    )  # fmt: skip


def joined(one: Property) -> Formula:
    """What *one* says, as one formula; ValueError when it speaks of more than records and processes."""
    if not isinstance(one.form, Always) or not (judgeable(one.form.bad) and judgeable(one.form.premise)):
        raise ValueError(f"{one.id} is not about single configurations or steps")
    return And((one.form.bad, one.form.premise))


def _again(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    path: tuple[PathStep, ...],
    key: Mapping[str, str],
    limit: int | None,
) -> tuple[LaneStep, ...] | None:
    """An execution that shows *key*, among the operations of *path*, in the space with nothing forgotten."""
    operations = {row.split("/")[0] for step in path for row in step.rows if step.starts}
    both = joined(one)
    automaton = abstracted(semantics.lifecycle, scenario, both, ())
    chosen = tuple(origin for origin in automaton.origins if {row.split("/")[0] for row in origin.rows} & operations)
    smaller = reduce(replace(automaton, origins=chosen), reads(both, semantics.lifecycle))
    explored = explore(smaller, bound, limit)
    for other, _, ways in Seen(semantics.lifecycle, explored, one, both).violations():
        if other == key:
            return _first(semantics, scenario, smaller.names, ways)
    return None
