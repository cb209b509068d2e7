"""Where an explored space exercises a property, where it violates it, and the shortest ways there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from checks.concurrency.exact import Explored
from checks.concurrency.judge import Judge, Moments, of_step
from checks.concurrency.paths import PathStep, Way, paths, rows_of
from checks.concurrency.records import Ints
from checks.properties.definition import Always, Property
from checks.properties.formula import Formula, Pending, atoms, roles
from model.lifecycle import Lifecycle

#: How often, the first configuration (its level and itself), and the step that violates with the place that takes it.
Found = tuple[int, tuple[int, int], tuple[int, PathStep] | None]


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
