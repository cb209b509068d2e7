"""Properties of several processes at once: decided exactly for k, and for any number where the closure can.

First a small space is explored in which the variables are forgotten that only mirror others.  What holds there holds;
what is violated there is confirmed by a real execution, and only if that fails is the larger space explored, for the
operations of the path.  A verdict is therefore exact, and every violation comes with an execution of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.concurrency.automaton import Automaton, assemble
from checks.concurrency.closure import close
from checks.concurrency.confirm import LaneStep, confirm
from checks.concurrency.exact import Explored, explore
from checks.concurrency.forget import forget
from checks.concurrency.judge import Judge, Moments, judgeable, marks_of, of_step, reads
from checks.concurrency.paths import PathStep, Way, paths, rows_of
from checks.concurrency.records import Ints
from checks.concurrency.reduce import reduce, simplify
from checks.properties.definition import Always, Property
from checks.properties.formula import And, Formula, Pending, Quiet, atoms, roles
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
    shows.  ``states`` and ``transitions`` are those of the space explored, over the variables ``kept``.
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


def mirrors(lifecycle: Lifecycle, read: Iterable[str]) -> tuple[str, ...]:
    """The variables with values of a state variable, but for the phase and the lock and what is *read*."""
    spared = {lifecycle.variables[roles(lifecycle)["phase"]].name, lifecycle.variables[lifecycle.compare_variable].name}
    states = [set(lifecycle.variables[lifecycle.index(name)].values) for name in lifecycle.state_variables]
    return tuple(
        variable.name
        for variable in lifecycle.variables
        if variable.name not in {*spared, *read} and any(values <= set(variable.values) for values in states)
    )


def abstracted(semantics: Semantics, scenario: Scenario, formula: Formula, gone: Iterable[str]) -> Automaton:
    """The reduced automaton for *formula*, with the variables *gone* forgotten."""
    automaton = assemble(semantics, scenario, marks_of(formula, semantics))
    return reduce(forget(simplify(automaton), gone), reads(formula, semantics.lifecycle))


def decide(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    bound: int,
    limit: int | None = None,
    *,
    thorough: bool = False,
) -> Decision:
    """Decides *one*, an ``Always``, for at most *bound* processes in flight.

    *thorough* looks for another execution when the shortest path of the small space has none, key by key; without it
    such a key is left unconfirmed, unless no violation at all is confirmed.

    ValueError when it speaks of more than records and processes; ``holds`` is None when *limit* configurations did not
    suffice.
    """
    if not isinstance(one.form, Always) or not (judgeable(one.form.bad) and judgeable(one.form.premise)):
        raise ValueError(f"{one.id} is not about single configurations or steps")
    both = _joined(one.form)
    gone = mirrors(semantics.lifecycle, reads(both, semantics.lifecycle))
    automaton = abstracted(semantics, scenario, both, gone)
    explored = explore(automaton, bound, limit)
    seen = _Seen(semantics.lifecycle, explored, one, both)
    violations: list[Violation] = []
    unconfirmed: list[Mapping[str, str]] = []
    found = seen.violations()
    confirmed = [confirm(semantics, scenario, automaton.names, path) for _, _, path in found]
    for (key, count, path), direct in zip(found, confirmed, strict=True):
        steps = direct
        if steps is None and (thorough or not any(confirmed)):
            steps = _again(semantics, scenario, one, both, bound, path, key, limit)
        if steps is None:
            unconfirmed.append(key)
        else:
            violations.append(Violation(key, count, steps))
    holds = None if explored.truncated or (unconfirmed and not violations) else not violations
    return Decision(
        one.id, bound, False if violations else holds, seen.exercised, tuple(violations), tuple(unconfirmed),
        explored.states, explored.transitions, automaton.names,
    )  # fmt: skip


def decide_any(semantics: Semantics, scenario: Scenario, one: Property) -> Decision:
    """Decides *one* for any number of processes, by the closure; ``holds`` is True or None.

    The closure knows what one process can meet, so a property that asks for nothing in flight is beyond it.
    """
    if not isinstance(one.form, Always) or not (judgeable(one.form.bad) and judgeable(one.form.premise)):
        raise ValueError(f"{one.id} is not about single configurations or steps")
    both = _joined(one.form)
    lifecycle = semantics.lifecycle
    kept = {lifecycle.variables[variable].name for tests in lifecycle.predicates["gone"] for variable, _ in tests}
    kept |= {lifecycle.variables[roles(lifecycle)[role]].name for role in ("phase", "lock")}
    kept |= set(reads(both, lifecycle))
    gone = [variable.name for variable in lifecycle.variables if variable.name not in kept]
    automaton = abstracted(semantics, scenario, both, gone)
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
    return Decision(
        one.id, None, True if decidable and not bad.any() else None, exercised, (), (), closure.size, 0, automaton.names
    )


def _joined(form: Always) -> Formula:
    return And((form.bad, form.premise))


#: How often, the first configuration (its level and itself), and the step that violates with the place that takes it.
Found = tuple[int, tuple[int, int], tuple[int, PathStep] | None]


class _Seen:
    """The moments of an explored space at which a property is exercised, and violated."""

    def __init__(self, lifecycle: Lifecycle, explored: Explored, one: Property, both: Formula) -> None:
        assert isinstance(one.form, Always)
        self.lifecycle = lifecycle
        self.explored = explored
        self.one = one
        self.bad, self.premise = one.form.bad, one.form.premise
        self.automaton = explored.relation.automaton
        self.judge = Judge(lifecycle, self.automaton, explored.relation.records, both)
        self.pending = np.array([bool(place.mark) for place in self.automaton.places] + [False])
        self.speaks = any(isinstance(atom, Pending) for atom in atoms(both))
        self.exercised = 0

    def violations(self) -> list[tuple[Mapping[str, str], int, tuple[PathStep, ...]]]:
        """The ways in which the property is violated, by key, with how often and a shortest path."""
        found = self._steps() if of_step(self.bad) else self._configurations()
        keys = sorted(found, key=lambda key: (found[key][1][0], key))
        walked = paths(self.explored, [found[key][1] for key in keys])
        return [
            (self._named(key), found[key][0], self._ended(path, found[key][2]))
            for key, path in zip(keys, walked, strict=True)
        ]

    def _ended(self, path: Way, last: tuple[int, PathStep] | None) -> tuple[PathStep, ...]:
        """*path* with the step that violates, if it is a step that does, in the lane of its place."""
        if last is None:
            return path.steps
        place, step = last
        lane = len(path.lanes) if step.starts else path.lanes.index(place)
        return (*path.steps, replace(step, lane=lane))

    def _named(self, key: tuple[int, ...]) -> Mapping[str, str]:
        named = {}
        for role, value in zip(self.one.key, key, strict=True):
            variable = self.lifecycle.variables[roles(self.lifecycle)[role]]  # type: ignore[index]
            named[variable.name] = variable.values[value]
        return named

    def _columns(self) -> list[Ints]:
        return [self.judge.column(roles(self.lifecycle)[role]) for role in self.one.key]  # type: ignore[index]

    def _configurations(self) -> dict[tuple[int, ...], Found]:
        found: dict[tuple[int, ...], Found] = {}
        empty = self.explored.relation.empty
        columns = self._columns()
        every = np.arange(len(self.explored.relation.records), dtype=np.int64)
        table = []
        for idle in (False, True):
            for pending in (False, True):
                flags = np.full(len(every), idle), np.full(len(every), pending)
                moments = Moments(every, every, *flags, np.zeros(len(every), np.int64))
                table.append((self.judge.holds(self.bad, moments), self.judge.holds(self.premise, moments)))
        bad, premise = (np.array([row[which] for row in table]) for which in (0, 1))
        for level, packed in enumerate(self.explored.levels):
            record, places = self.explored.packing.unpack(packed)
            idle = places[0] == empty
            case = idle * 2
            if self.speaks:
                case = case + np.any([self.pending[stands] for stands in places], axis=0)
            self.exercised += int(premise[case, record].sum())
            hits = np.flatnonzero(bad[case, record])
            if not len(hits):
                continue
            keys = np.array([column[record[hits]] for column in columns]).T
            distinct, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
            for key, position, count in zip(distinct.tolist(), first, counts, strict=True):
                before = found.get(tuple(key))
                target = before[1] if before else (level, int(packed[hits[position]]))
                found[tuple(key)] = ((before[0] if before else 0) + int(count), target, None)
        return found

    def _steps(self) -> dict[tuple[int, ...], Found]:
        relation = self.explored.relation
        pairs = relation.pairs
        position, step = relation.steps(pairs)
        pair = pairs[position]
        before, after = pair // relation.width, relation.record[step].astype(np.int64)
        rule = relation.rule[step].astype(np.int64)
        no = np.zeros(len(pair), bool)
        moments = Moments(before, after, no, no, relation.rules.mark[rule])
        self.exercised = int(self.judge.holds(self.premise, moments).sum())
        hits = np.flatnonzero(self.judge.holds(self.bad, moments))
        keys = np.array([column[before[hits]] for column in self._columns()]).T
        first = self._first(pair[hits])
        found: dict[tuple[int, ...], Found] = {}
        for hit, key in zip(hits.tolist(), keys.tolist(), strict=True):
            target = first.get(int(pair[hit]))
            if target is None:
                continue
            known = found.get(tuple(key))
            if known is None or target < known[1]:
                group = int(pair[hit] % relation.width)
                rows = rows_of(self.automaton, group, int(rule[hit] - relation.rules.heads[group]))
                ends = int(relation.rules.to[rule[hit]]) == relation.empty
                last = PathStep(
                    None, rows, relation.records.record(int(before[hit])), relation.records.record(int(after[hit])),
                    group == relation.empty, ends,
                )  # fmt: skip
                found[tuple(key)] = ((known[0] if known else 0) + 1, target, (group, last))
            else:
                found[tuple(key)] = (known[0] + 1, known[1], known[2])
        return found

    def _first(self, pairs: Ints) -> dict[int, tuple[int, int]]:
        """For each of *pairs* the first configuration that it is part of."""
        relation = self.explored.relation
        missing = set(pairs.tolist())
        wanted = np.zeros(len(relation.heads), bool)
        wanted[pairs] = True
        found: dict[int, tuple[int, int]] = {}
        for level, packed in enumerate(self.explored.levels):
            if not missing:
                break
            record, places = self.explored.packing.unpack(packed)
            for stands in places:
                pair = record * relation.width + stands
                hits = np.flatnonzero(wanted[pair])
                distinct, first = np.unique(pair[hits], return_index=True)
                for one, position in zip(distinct.tolist(), first, strict=True):
                    if one in missing:
                        missing.discard(one)
                        found[one] = (level, int(packed[hits[position]]))
                wanted[distinct] = False
        return found


def _again(
    semantics: Semantics,
    scenario: Scenario,
    one: Property,
    both: Formula,
    bound: int,
    path: tuple[PathStep, ...],
    key: Mapping[str, str],
    limit: int | None,
) -> tuple[LaneStep, ...] | None:
    """An execution that shows *key*, among the operations of *path*, in the space with nothing forgotten."""
    operations = {row.split("/")[0] for step in path for row in step.rows if step.starts}
    automaton = abstracted(semantics, scenario, both, ())
    chosen = tuple(origin for origin in automaton.origins if {row.split("/")[0] for row in origin.rows} & operations)
    smaller = reduce(replace(automaton, origins=chosen), reads(both, semantics.lifecycle))
    explored = explore(smaller, bound, limit)
    for other, _, way in _Seen(semantics.lifecycle, explored, one, both).violations():
        if other == key:
            return confirm(semantics, scenario, smaller.names, way)
    return None
