"""Where an explored space exercises a property, where it violates it, and the shortest ways there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import overload

import numpy as np

from checks.concurrency.exact import Explored
from checks.concurrency.judge import Flags, Judge, Moments, of_step
from checks.concurrency.paths import PathStep, Way, paths, rows_of
from checks.concurrency.records import Ints
from checks.concurrency.relation import NEVER
from checks.graph.arrays import distinct
from checks.properties.definition import Always, Property
from checks.properties.formula import Formula, Pending, atoms, roles
from model.lifecycle import Lifecycle

#: How many of the moments that violate a property in one way are looked at, at most, for one that is an execution; of
#: steps, how many that begin in one state.
MOST = 3


@dataclass(slots=True)
class Found:
    """How often a property is violated in one way, and some of the moments, earliest first.

    A moment is a configuration (its level and itself), and the step that violates with the place that takes it.
    """

    count: int = 0
    moments: list[tuple[tuple[int, int], tuple[int, PathStep] | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shown:
    """One way in which a property is violated, how often, and some paths there, the shortest first."""

    key: Mapping[str, str]
    count: int
    ways: Sequence[tuple[PathStep, ...]]


class _Ways(Sequence[tuple[PathStep, ...]]):
    """The paths to *moments*, each walked when it is looked at, with the step that violates."""

    def __init__(
        self, seen: Seen, walks: Sequence[Way], first: int, lasts: Sequence[tuple[int, PathStep] | None]
    ) -> None:
        self.seen, self.walks, self.first, self.lasts = seen, walks, first, lasts

    def __len__(self) -> int:
        return len(self.lasts)

    @overload
    def __getitem__(self, number: int) -> tuple[PathStep, ...]: ...
    @overload
    def __getitem__(self, number: slice) -> list[tuple[PathStep, ...]]: ...
    def __getitem__(self, number: int | slice) -> tuple[PathStep, ...] | list[tuple[PathStep, ...]]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        return self.seen.ended(self.walks[self.first + range(len(self))[number]], self.lasts[number])


class Seen:
    """The moments of an explored space at which a property is exercised, and violated.

    ``formula`` is what the space was marked for: the property's own, or one that has it as a part.
    """

    def __init__(self, lifecycle: Lifecycle, explored: Explored, one: Property, formula: Formula) -> None:
        assert isinstance(one.form, Always)
        self.lifecycle = lifecycle
        self.explored = explored
        self.one = one
        self.bad, self.premise = one.form.bad, one.form.premise
        self.automaton = explored.relation.automaton
        self.judge = Judge(lifecycle, self.automaton, explored.relation.records, formula)
        self.pending = np.array([bool(place.mark) for place in self.automaton.places] + [False])
        self.speaks = any(isinstance(atom, Pending) for atom in atoms(one.form.bad))
        self.exercised = 0
        self.rows = tuple(lifecycle.rows)
        self._numbers = {row: number for number, row in enumerate(self.rows)}

    def found(self) -> dict[tuple[int, ...], Found]:
        """The ways in which the property is violated, by key, earliest first."""
        found = self._steps() if of_step(self.bad) else self._configurations()
        return dict(sorted(found.items(), key=lambda each: (each[1].moments[0][0][0], each[0])))

    def ended(self, path: Way, last: tuple[int, PathStep] | None) -> tuple[PathStep, ...]:
        """*path* with the step that violates, if it is a step that does, in the lane of its place."""
        if last is None:
            return path.steps
        place, step = last
        lane = len(path.lanes) if step.starts else path.lanes.index(place)
        return (*path.steps, replace(step, lane=lane))

    def named(self, key: tuple[int, ...]) -> Mapping[str, str]:
        """A way of violating, by the names of its variables and values; of a step, by its row."""
        if of_step(self.bad):
            return {"row": self.rows[key[0]]}
        named = {}
        for role, value in zip(self.one.key, key, strict=True):
            variable = self.lifecycle.variables[roles(self.lifecycle)[role]]  # type: ignore[index]
            named[variable.name] = variable.values[value]
        return named

    def columns(self) -> list[Ints]:
        """The values, by record, of the variables that tell one way of violating from another."""
        return [self.judge.column(roles(self.lifecycle)[role]) for role in self.one.key]  # type: ignore[index]

    def keys(self) -> tuple[list[list[int]], Ints]:
        """The values in which records may differ as ways of violating, in order; and for each record its number."""
        keys, numbers = np.unique(np.array(self.columns()), axis=1, return_inverse=True)
        return keys.T.tolist(), numbers.ravel()

    def cases(self) -> tuple[Flags, Flags]:
        """Whether a configuration violates, and exercises, the property: a row a case, a column a record.

        The cases are: something in flight, that with a pending place, nothing in flight, and both.
        """
        every = np.arange(len(self.explored.relation.records), dtype=np.int64)
        table = []
        for idle in (False, True):
            for pending in (False, True):
                flags = np.full(len(every), idle), np.full(len(every), pending)
                moments = Moments(every, every, *flags, np.zeros(len(every), np.int64))
                table.append((self.judge.holds(self.bad, moments), self.judge.holds(self.premise, moments)))
        return np.array([row[0] for row in table]), np.array([row[1] for row in table])

    def _configurations(self) -> dict[tuple[int, ...], Found]:
        found: dict[tuple[int, ...], Found] = {}
        empty = self.explored.relation.empty
        keys, numbers = self.keys()
        bad, premise = self.cases()
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
            which = numbers[record[hits]]
            counts = np.bincount(which)
            for number in np.flatnonzero(counts).tolist():
                one = found.setdefault(tuple(keys[number]), Found())
                count, room = int(counts[number]), MOST - len(one.moments)
                one.count += count
                if room:
                    there = np.flatnonzero(which == number)
                    chosen = there[np.arange(MOST) * count // MOST] if count > MOST else there
                    one.moments += [((level, int(packed[hits[position]])), None) for position in chosen[:room]]
        return found

    def bad_steps(self, pairs: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """The steps of *pairs* that violate the property: the pair, the record before and after, the rule of each."""
        relation = self.explored.relation
        position, step = relation.steps(pairs)
        pair = pairs[position]
        before, after = pair // relation.width, relation.record[step].astype(np.int64)
        rule = relation.rule[step].astype(np.int64)
        no = np.zeros(len(pair), bool)
        moments = Moments(before, after, no, no, relation.rules.mark[rule])
        self.exercised = int(self.judge.holds(self.premise, moments).sum())
        hits = np.flatnonzero(self.judge.holds(self.bad, moments))
        return pair[hits], before[hits], after[hits], rule[hits]

    def _steps(self) -> dict[tuple[int, ...], Found]:
        relation = self.explored.relation
        pair, before, after, rule = self.bad_steps(relation.pairs)
        hits = np.flatnonzero(relation.refused[rule] & NEVER == 0)
        first = self._first(pair[hits])
        _, states = self.keys()
        keys = {number: self.keys_of(number) for number in distinct(rule[hits]).tolist()}
        found: dict[tuple[int, ...], Found] = {}
        kept: Counter[tuple[tuple[int, ...], int]] = Counter()
        columns = zip(*(column[hits].tolist() for column in (pair, after, rule, states[before])), strict=True)
        met = [(target, *hit) for hit in columns if (target := first.get(hit[0])) is not None]
        for target, stands, then, number, state in sorted(met, key=itemgetter(0)):
            for key in keys[number]:
                one = found.setdefault(key, Found())
                one.count += 1
                kept[key, state] += 1
                if kept[key, state] <= MOST:
                    one.moments.append((target, self._last(stands, then, key)))
        return found

    def keys_of(self, rule: int) -> list[tuple[int, ...]]:
        """The ways of violating to which a step of *rule* belongs: its rows, of which a process takes one, by number.

        Which save writes over something tells more than the state in which it does.
        """
        heads = self.explored.relation.rules.heads
        group = int(np.searchsorted(heads, rule, side="right")) - 1
        return [(self._numbers[row],) for row in rows_of(self.automaton, group, rule - int(heads[group]))]

    def _last(self, pair: int, after: int, key: tuple[int, ...]) -> tuple[int, PathStep]:
        """The step from *pair* to *after*, by the row of *key*, in no lane yet, with the place that takes it."""
        relation = self.explored.relation
        before, group = divmod(pair, relation.width)
        records = relation.records.record(before), relation.records.record(after)
        # An execution is shown up to this step: what its process still does unseen is not followed to the end.
        return group, PathStep(None, (self.rows[key[0]],), *records, group == relation.empty, ends=False)

    def _first(self, pairs: Ints) -> dict[int, tuple[int, int]]:
        """For each of *pairs* the first configuration that it is part of."""
        relation = self.explored.relation
        wanted = np.zeros(len(relation.heads), bool)
        wanted[pairs] = True
        missing = np.count_nonzero(wanted)
        found: dict[int, tuple[int, int]] = {}
        for level, packed in enumerate(self.explored.levels):
            if not missing:
                break
            record, places = self.explored.packing.unpack(packed)
            for stands in places:
                pair = record * relation.width + stands
                hits = np.flatnonzero(wanted[pair])
                met, first = np.unique(pair[hits], return_index=True)
                wanted[met] = False
                missing -= met.size
                found |= {
                    one: (level, configuration)
                    for one, configuration in zip(met.tolist(), packed[hits[first]].tolist(), strict=True)
                }
        return found


def violations(seens: Sequence[Seen]) -> list[list[Shown]]:
    """For each of *seens*, all of one space, the ways in which its property is violated, the earliest first.

    The paths of all are found together, in one more expansion of the space.
    """
    found = [seen.found() for seen in seens]
    targets = [target for each in found for ways in each.values() for target, _ in ways.moments]
    walks: Sequence[Way] = paths(seens[0].explored, targets) if targets else ()
    shown: list[list[Shown]] = []
    first = 0
    for seen, each in zip(seens, found, strict=True):
        shown.append([])
        for key, ways in each.items():
            lasts = [last for _, last in ways.moments]
            shown[-1].append(Shown(seen.named(key), ways.count, _Ways(seen, walks, first, lasts)))
            first += len(lasts)
    return shown
