"""Every choice of a few operations, each with that many processes in flight: where all of them at once do not fit.

From each record that one process at a time leads to (of any operation), the processes of the chosen operations run, any
number of times and any of them twice, with at most as many in flight as operations were chosen.  Every race of that
many operations from such a record is in one of these small spaces.  Operations that start the same way count as one,
and those that do nothing but look are left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from checks.concurrency.abstraction import abstracted, left_out_most
from checks.concurrency.automaton import END
from checks.concurrency.confirm import Confirmer, LaneStep
from checks.concurrency.decide import Decision, Violation, decide_together, joined
from checks.concurrency.exact import Explored, explore_from
from checks.concurrency.judge import Flags, of_step
from checks.concurrency.paths import PathStep, paths
from checks.concurrency.records import Ints
from checks.concurrency.relation import NEVER, Relation
from checks.concurrency.seen import Seen, violations
from checks.concurrency.visited import Visited
from checks.graph.arrays import distinct
from checks.properties.definition import Property
from checks.properties.formula import And
from checks.workers import workers
from model.lifecycle import Lifecycle, Scenario
from model.semantics import Semantics

#: Configurations at which the search of one choice stops; none of the shipped tables comes near.
LIMIT = 40_000_000
#: Choices that a worker takes at a time.
BATCH = 8

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a batch of choices came to: how many, configurations and steps in all, the most in one, choices cut short.

    ``met`` has, for each property, the keys that were met, each with the first choice that met it.
    """

    choices: int
    states: int
    transitions: int
    most: int
    cut: int
    met: tuple[Mapping[Key, tuple[int, ...]], ...]


class _Ruled:
    """What a property says of records, and of steps, whatever the choice: judged once each."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self._cases: Flags = np.zeros((4, 0), bool)
        self._judged = np.zeros(0, bool)
        self._pair = self._rule = np.empty(0, np.int64)

    def cases(self) -> Flags:
        """Whether a configuration violates the property: a row a case, a column a record; see :meth:`Seen.cases`."""
        if self._cases.shape[1] < len(self.seen.explored.relation.records):
            self._cases = self.seen.cases()[0]
        return self._cases

    def steps(self, pairs: Ints) -> Ints:
        """The rules by which a process steps from one of *pairs* and violates the property; each once."""
        relation = self.seen.explored.relation
        if len(self._judged) < len(relation.heads):
            self._judged = np.concatenate([self._judged, np.zeros(len(relation.heads) - len(self._judged), bool)])
        fresh = pairs[~self._judged[pairs]]
        if len(fresh):
            self._judged[fresh] = True
            pair, _, _, rule = self.seen.bad_steps(fresh)
            self._pair, self._rule = np.append(self._pair, pair), np.append(self._rule, rule)
        met = np.zeros(len(relation.heads), bool)
        met[pairs] = True
        return distinct(self._rule[met[self._pair] & (relation.refused[self._rule] & NEVER == 0)])


class Chooser:
    """The reduced automaton of a scenario, its operations by how they start, and the records to start from."""

    def __init__(self, semantics: Semantics, scenario: Scenario, wanted: Sequence[Property]) -> None:
        self.semantics, self.scenario, self.wanted = semantics, scenario, wanted
        lifecycle = semantics.lifecycle
        self.formula = And(tuple(joined(one) for one in wanted))
        self.automaton = abstracted(lifecycle, scenario, self.formula, left_out_most(lifecycle, scenario, self.formula))
        self.relation = Relation(self.automaton)
        self.visited = Visited(self.relation)
        self.alone = explore_from(self.relation, np.zeros(1, np.int64), 1)
        met = []
        for packed in self.alone.levels:
            record, places = self.alone.packing.unpack(packed)
            met.append(record[places[0] == self.relation.empty])
        self.records = distinct(np.concatenate(met))
        self._ruled = [_Ruled(Seen(lifecycle, self.alone, one, self.formula)) for one in wanted]
        starting: dict[str, set[int]] = {}
        for number, origin in enumerate(self.automaton.origins):
            for row in origin.rows if origin.to != END or origin.assign else ():
                starting.setdefault(row.split("/")[0], set()).add(number)
        self.operations = sorted(set(map(frozenset, starting.values())), key=sorted)

    def explored(self, choice: tuple[int, ...], bound: int, *, keep: bool = True) -> Explored:
        """The space of *choice*, operations by number; without *keep*, only what its set of configurations tells."""
        self.relation.only(frozenset().union(*(self.operations[number] for number in choice)))
        return explore_from(self.relation, self.records, bound, LIMIT, visited=self.visited, keep=keep)

    def look(self, choices: Sequence[tuple[int, ...]], bound: int) -> Looked:
        """Explores each of *choices*."""
        met: tuple[dict[Key, tuple[int, ...]], ...] = tuple({} for _ in self.wanted)
        states, transitions, most, cut = 0, 0, 0, 0
        for choice in choices:
            explored = self.explored(choice, bound, keep=False)
            states, transitions = states + explored.states, transitions + explored.transitions
            most, cut = max(most, explored.states), cut + explored.truncated
            for keys, known in zip(self._ways(explored), met, strict=True):
                for key in keys:
                    known.setdefault(key, choice)
        return Looked(len(choices), states, transitions, most, cut, met)

    def _ways(self, explored: Explored) -> Iterator[set[Key]]:
        """For each property the ways in which *explored* violates it."""
        cases = explored.visited.cases[: len(self.relation.records)] >> np.arange(4)[:, None] & 1 != 0
        for ruled in self._ruled:
            if of_step(ruled.seen.bad):
                rules = ruled.steps(explored.visited.pairs)
                yield {key for rule in rules.tolist() for key in ruled.seen.keys_of(rule)}
            else:
                records = np.flatnonzero((ruled.cases() & cases).any(axis=0))
                yield set(map(tuple, np.array([column[records] for column in ruled.seen.columns()]).T.tolist()))

    def execution(self, one: Property, key: Key, choice: tuple[int, ...], bound: int) -> tuple[int, Violation | None]:
        """How often *choice* violates *one* in the way *key*, with an execution if some path to it is one."""
        seen = Seen(self.semantics.lifecycle, self.explored(choice, bound), one, self.formula)
        for shown in violations([seen])[0]:
            if shown.key == seen.named(key):
                for way in shown.ways:
                    steps = self._run(way)
                    if steps is not None:
                        return shown.count, Violation(shown.key, shown.count, steps)
                return shown.count, None
        raise KeyError(key)

    def _run(self, way: tuple[PathStep, ...]) -> tuple[LaneStep, ...] | None:
        """An execution: one process at a time to where *way* begins, then *way*; None for a way without a step."""
        if not way:
            return None
        self.relation.only(range(len(self.automaton.origins)))
        for level, packed in enumerate(self.alone.levels):
            record, places = self.alone.packing.unpack(packed)
            for hit in np.flatnonzero(places[0] == self.relation.empty):
                if self.relation.records.record(int(record[hit])) == way[0].before:
                    before = paths(self.alone, [(level, int(packed[hit]))])[0]
                    lanes = len(before.lanes)
                    after = [step if step.lane is None else replace(step, lane=step.lane + lanes) for step in way]
                    confirmer = Confirmer(self.semantics, self.scenario, self.automaton.names)
                    return confirmer.confirm((*before.steps, *after))
        raise KeyError(way[0].before)


_WORKERS: list[Chooser] = []


def _prepare(lifecycle: Lifecycle, scenario: Scenario, wanted: Sequence[Property]) -> None:
    _WORKERS[:] = [Chooser(Semantics(lifecycle), scenario, wanted)]


def _look(choices: Sequence[tuple[int, ...]], bound: int) -> Looked:
    return _WORKERS[0].look(choices, bound)


def decide_choices(
    semantics: Semantics,
    scenario: Scenario,
    wanted: Sequence[Property],
    bound: int,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Decision, ...]:
    """Decides each of *wanted* for every choice of *bound* operations, and for two of all operations at once.

    What two processes violate, more violate too; the choices add the ways that two do not show.  Uses all processors.
    """
    say(f"two at once, before every choice of {bound}")
    pairs = decide_together(semantics, replace(scenario, processes=2), wanted, 2)
    chooser = Chooser(semantics, scenario, wanted)
    choices = list(combinations(range(len(chooser.operations)), min(bound, len(chooser.operations))))
    looked = []
    done = 0
    for batch in _in_parallel(semantics.lifecycle, scenario, wanted, choices, bound):
        looked.append(batch)
        done += batch.choices
        states = sum(each.states for each in looked)
        say(f"{done:,} of {len(choices):,} choices of {bound} operations, {states:,} configurations")
    cut = sum(each.cut for each in looked)
    scope = (
        f"every choice of {bound} of {len(chooser.operations)} operations ({len(choices):,} choices), from each of "
        f"{len(chooser.records)} records that one request at a time leads to; the largest space has "
        f"{max((each.most for each in looked), default=0):,} configurations" + f"; {cut} cut short" * bool(cut)
    )
    decided = []
    for number, (one, pair) in enumerate(zip(wanted, pairs, strict=True)):
        met: dict[Key, tuple[int, ...]] = {}
        for each in looked:
            for key, choice in each.met[number].items():
                met[key] = min(choice, met.get(key, choice))
        decided.append(_joined(chooser, one, pair, met, bound, scope, looked))
    return tuple(decided)


def _in_parallel(
    lifecycle: Lifecycle, scenario: Scenario, wanted: Sequence[Property], choices: list[tuple[int, ...]], bound: int
) -> Iterator[Looked]:
    """What the batches of *choices* come to, as they are done; when this is interrupted, the workers end at once."""
    with workers(min(os.cpu_count() or 1, 4), _prepare, (lifecycle, scenario, wanted)) as pool:
        waiting = [pool.submit(_look, choices[first : first + BATCH], bound) for first in range(0, len(choices), BATCH)]
        for one in as_completed(waiting):
            yield one.result()


def _joined(
    chooser: Chooser,
    one: Property,
    pair: Decision,
    met: Mapping[Key, tuple[int, ...]],
    bound: int,
    scope: str,
    looked: Sequence[Looked],
) -> Decision:
    """The decision on pairs, with the ways that only *bound* processes show."""
    known = [dict(each.key) for each in pair.violations] + [dict(each) for each in pair.unconfirmed]
    names = Seen(chooser.semantics.lifecycle, chooser.alone, one, chooser.formula)
    shown, unconfirmed = list(pair.violations), list(pair.unconfirmed)
    for key, choice in sorted(met.items()):
        named = names.named(key)
        if dict(named) not in known:
            _, found = chooser.execution(one, key, choice, bound)
            if found is None:
                unconfirmed.append(named)
            else:
                shown.append(found)
    undecided = pair.holds is None or unconfirmed or any(each.cut for each in looked)
    return replace(
        pair,
        bound=bound,
        holds=False if shown else (None if undecided else True),
        violations=tuple(shown),
        unconfirmed=tuple(unconfirmed),
        states=sum(each.states for each in looked),
        transitions=sum(each.transitions for each in looked),
        scope=scope,
    )
