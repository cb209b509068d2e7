"""Shortest ways through an explored space, one lane a process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import overload

import numpy as np

from checks.concurrency.automaton import END, Automaton
from checks.concurrency.exact import PIECE, Explored, steps
from checks.concurrency.records import Ints
from checks.graph.arrays import distinct


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step: the lane that takes it (None: a crash, of ``service``), its rows, and the record before and after.

    Records are over the variables of the automaton.  ``starts`` and ``ends`` say whether the lane begins or is over;
    ``over`` are the lanes that a crash ends.
    """

    lane: int | None
    rows: tuple[str, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    starts: bool
    ends: bool
    service: str = ""
    over: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Link:
    parent: int
    slot: int | None
    rule: int | None
    crash: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """A way from the start, and the place of each lane at its end (END for those that are over)."""

    steps: tuple[PathStep, ...]
    lanes: tuple[int, ...]


def paths(explored: Explored, targets: Iterable[tuple[int, int]]) -> Sequence[Way]:
    """For each target, given as its level and the packed configuration, a shortest way to it from the start.

    A way is walked when it is looked at.

    Backwards, level after level: only what may lead to a configuration that is looked for is expanded again.
    """
    wanted = list(targets)
    backwards = _Backwards(explored)
    levels: list[set[int]] = [set() for _ in explored.levels]
    for level, packed in wanted:
        levels[level].add(packed)
    links: dict[int, _Link] = {}
    for level in range(len(levels) - 1, 0, -1):
        missing = np.array(sorted(levels[level]), np.int64)
        if not len(missing):
            continue
        _link(explored, backwards.before(missing, explored.levels[level - 1]), missing, links)
        levels[level - 1] |= {links[packed].parent for packed in levels[level]}
    return _Walks(explored, [packed for _, packed in wanted], links)


class _Backwards:
    """The steps of one process by where they lead."""

    def __init__(self, explored: Explored) -> None:
        relation = explored.relation
        self.relation, self.packing = relation, explored.packing
        pairs = relation.pairs
        position, step = relation.steps(pairs)
        after = relation.record[step].astype(np.int64) * relation.width + relation.rules.to[relation.rule[step]]
        order = np.argsort(after, kind="stable")
        self.after, self.pair = after[order], pairs[position[order]]
        every = np.arange(len(relation.records), dtype=np.int64)
        self.crashed = [relation.crashed(index, every) for index in range(len(relation.automaton.crashes))]

    def before(self, missing: Ints, level: Ints) -> Ints:
        """Those of *level* from which a step may lead to one of *missing*."""
        record, places = self.packing.unpack(missing)
        found = []
        for slot, stands in enumerate(places):
            wanted = record * self.relation.width + stands
            first = np.searchsorted(self.after, wanted)
            count = np.searchsorted(self.after, wanted, side="right") - first
            position = np.repeat(np.arange(len(missing)), count)
            pair = self.pair[np.arange(len(position)) + np.repeat(first - (np.cumsum(count) - count), count)]
            stood = [
                pair % self.relation.width if number == slot else column[position]
                for number, column in enumerate(places)
            ]
            found.append(self.packing.pack(pair // self.relation.width, stood))
        candidates = distinct(np.concatenate(found))
        hit = np.zeros(len(level), bool)
        if len(candidates):  # none when only a crash leads there
            hit |= candidates[np.minimum(np.searchsorted(candidates, level), len(candidates) - 1)] == level
        for crashed in self.crashed:
            kills = np.isin(crashed, record)
            hit |= kills[level >> (self.packing.bits * self.packing.slots)]
        found_there: Ints = level[hit]
        return found_there


def _link(explored: Explored, before: Ints, missing: Ints, links: dict[int, _Link]) -> None:
    open_ = set(missing.tolist())
    for first in range(0, len(before), PIECE):
        piece = before[first : first + PIECE]
        for leaving in steps(explored.relation, explored.packing, explored.bound, piece):
            places = np.minimum(np.searchsorted(missing, leaving.after), len(missing) - 1)
            for hit in np.flatnonzero(missing[places] == leaving.after):
                packed = int(leaving.after[hit])
                if packed in open_:
                    open_.discard(packed)
                    rule = None if leaving.rule is None else int(leaving.rule[hit])
                    links[packed] = _Link(int(piece[leaving.position[hit]]), leaving.slot, rule, leaving.crash)
        if not open_:
            return


@dataclass(frozen=True, slots=True)
class _Walks(Sequence[Way]):
    explored: Explored
    targets: list[int]
    links: dict[int, _Link]

    def __len__(self) -> int:
        return len(self.targets)

    @overload
    def __getitem__(self, number: int) -> Way: ...
    @overload
    def __getitem__(self, number: slice) -> list[Way]: ...
    def __getitem__(self, number: int | slice) -> Way | list[Way]:
        if isinstance(number, slice):
            return [_walk(self.explored, packed, self.links) for packed in self.targets[number]]
        return _walk(self.explored, self.targets[number], self.links)


def _walk(explored: Explored, packed: int, links: dict[int, _Link]) -> Way:
    chain: list[tuple[int, _Link]] = []
    while packed in links:
        chain.append((packed, links[packed]))
        packed = links[packed].parent
    lanes: list[int] = []
    walked = []
    for child, link in reversed(chain):
        walked.append(_step(explored, link, child, lanes))
    return Way(tuple(walked), tuple(lanes))


def _step(explored: Explored, link: _Link, child: int, lanes: list[int]) -> PathStep:
    relation, packing = explored.relation, explored.packing
    (number, places), (then, reached) = packing.unpack_one(link.parent), packing.unpack_one(child)
    before, after = relation.records.record(number), relation.records.record(then)
    if link.rule is None or link.slot is None:
        assert link.crash is not None
        service = relation.automaton.crashes[link.crash].service
        stood = tuple(lanes)
        lanes[:] = _survivors(relation.automaton, service, lanes, reached, relation.empty)
        over = tuple(lane for lane, place in enumerate(stood) if place != END and lanes[lane] == END)
        return PathStep(None, (), before, after, False, False, service, over)
    group = places[link.slot]
    to = int(relation.rules.to[link.rule])
    if group == relation.empty:
        lane = len(lanes)
        lanes.append(to)
    else:
        lane = lanes.index(group)
        lanes[lane] = to
    ends = to == relation.empty
    if ends:
        lanes[lane] = END
    rows = rows_of(relation.automaton, group, link.rule - int(relation.rules.heads[group]))
    return PathStep(lane, rows, before, after, group == relation.empty, ends)


def _survivors(automaton: Automaton, service: str, lanes: list[int], after: list[int], empty: int) -> list[int]:
    """Where each lane stands after *service* died, given where the processes stand then in any order."""
    heirs = [
        automaton.places[place].heirs if place != END and automaton.places[place].service == service else (place,)
        for place in lanes
    ]
    wanted = sorted(place for place in after if place != empty)
    return next(
        list(choice) for choice in product(*heirs) if sorted(place for place in choice if place != END) == wanted
    )


def rows_of(automaton: Automaton, group: int, number: int) -> tuple[str, ...]:
    """The rows of move *number* of place *group*, or of that origin when *group* is the empty slot."""
    if group == len(automaton.places):
        return automaton.origins[number].rows
    return automaton.places[group].moves[number].rows
